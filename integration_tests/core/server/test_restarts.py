"""A server that restarts for five seconds is waited for by whoever asked for that, and by nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import HumanMessage
from langchain_core.outputs import Generation
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.schema import TextNode

from integration_tests.conftest import Call
from integration_tests.core.core_support import free_port, own_server
from redisvl_adapters import langchain, llama_index
from redisvl_adapters.errors import ServerUnavailableError

MODEL = DeterministicFakeEmbedding(size=4)
AWAY = 5.0
"""Seconds."""


class Server:
    """A server that keeps its data and can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._stack = ExitStack()

    def start(self) -> None:
        """Start it, with the data that it had."""
        kept = ("--dir", str(self._folder), "--appendonly", "yes")
        self._stack.enter_context(own_server(*kept, port=self.port))

    def stop(self) -> None:
        """Let it die at once."""
        self._stack.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, that runs."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def faces(server: Server) -> Iterator[dict[str, Any]]:
    """What writes to it and waits for it, by name."""
    given: dict[str, Any] = {"redis_url": f"redis://127.0.0.1:{server.port}", "retry": timedelta(seconds=15)}
    made: dict[str, Any] = {
        "store": langchain.RedisVectorStore(MODEL, index_name="docs", **given),
        "nodes": llama_index.RedisVectorStore(index_name="nodes", **given),
        "bytes": langchain.RedisByteStore(**given),
        "cache": langchain.RedisCache(**given),
        "semantic": langchain.RedisSemanticCache(MODEL, **given),
        "records": langchain.RedisRecordManager("docs", **given),
        "history": langchain.RedisChatMessageHistory("one", **given),
        "chats": llama_index.RedisChatStore(**given),
    }
    yield made
    for face in made.values():
        face.close()


def writes(faces: dict[str, Any], number: int) -> list[tuple[Any, str, tuple[Any, ...]]]:
    """Return one call of each, which writes something that has this number."""
    answer = [Generation(text=f"answer {number}")]
    return [
        (faces["store"], "add_texts", ([f"text {number}"],)),
        (faces["nodes"], "add", ([TextNode(text=f"text {number}", embedding=[1.0, 0, 0, 0])],)),
        (faces["bytes"], "mset", ([(str(number), b"value")],)),
        (faces["cache"], "update", (f"prompt {number}", "model", answer)),
        (faces["semantic"], "update", (f"prompt {number}", "model", answer)),
        (faces["records"], "update", ([str(number)],)),
        (faces["history"], "add_messages", ([HumanMessage(f"hello {number}")],)),
        (faces["chats"], "add_message", ("one", ChatMessage(content=f"hello {number}"))),
    ]


async def run_all(
    calls: list[tuple[Any, str, tuple[Any, ...]]], acalls: list[tuple[Any, str, tuple[Any, ...]]]
) -> None:
    """Make calls at the same time: some in threads, and the async twins of others."""
    twins = {"add": "async_add", "add_message": "async_add_message"}
    await asyncio.gather(
        *(asyncio.to_thread(getattr(face, name), *args) for face, name, args in calls),
        *(getattr(face, twins.get(name, f"a{name}"))(*args) for face, name, args in acalls),
    )


async def test_a_server_that_restarts_for_five_seconds_is_waited_for(server: Server, faces: dict[str, Any]) -> None:
    await run_all(writes(faces, 0), writes(faces, 1))
    server.stop()
    gone = time.monotonic()
    restart = threading.Timer(AWAY, server.start)
    restart.start()
    keys, akeys = asyncio.to_thread(lambda: set(faces["bytes"].yield_keys())), all_keys(faces["bytes"])
    found = await asyncio.gather(run_all(writes(faces, 2), writes(faces, 3)), keys, akeys)
    assert time.monotonic() - gone >= AWAY
    restart.join()
    for seen in found[1:]:
        assert {"0", "1"} <= seen <= {"0", "1", "2", "3"}
    assert faces["store"].count() == faces["nodes"].count() == 4
    assert set(faces["bytes"].yield_keys()) == {"0", "1", "2", "3"}
    for number in range(4):
        for cache in (faces["cache"], faces["semantic"]):
            assert cache.lookup(f"prompt {number}", "model")[0].text == f"answer {number}"
    assert set(faces["records"].list_keys()) == {"0", "1", "2", "3"}
    hellos = {f"hello {number}" for number in range(4)}
    assert sorted(message.content for message in faces["history"].messages) == sorted(hellos)
    assert sorted(message.content or "" for message in faces["chats"].get_messages("one")) == sorted(hellos)
    for face in faces.values():
        await face.aclose()


async def all_keys(store: langchain.RedisByteStore) -> set[str]:
    """Return the keys of a byte store, by its async twin."""
    return {key async for key in store.ayield_keys()}


@pytest.mark.parametrize("retry", [0, 2, timedelta(seconds=0.3)])
async def test_a_server_that_stays_away_is_told_in_time(call: Call, retry: Any) -> None:
    store = langchain.RedisByteStore(redis_url=f"redis://127.0.0.1:{free_port()}", retry=retry)
    began = time.monotonic()
    with pytest.raises(ServerUnavailableError, match="no Redis server answers"):
        await call(store, "mget", ["key"])
    took = time.monotonic() - began
    with pytest.raises(ServerUnavailableError, match="no Redis server answers"):
        list(store.yield_keys())
    await store.aclose()
    assert took < 2
    if isinstance(retry, timedelta):
        assert took >= retry.total_seconds()


async def test_a_server_that_hangs_is_given_up_when_the_time_is_over(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        store = langchain.RedisByteStore(redis_url=url, retry=0, socket_timeout=0.2)
        began = time.monotonic()
        with pytest.raises(ServerUnavailableError, match="Timeout reading"):
            await call(store, "mget", ["key"])
        assert 0.2 <= time.monotonic() - began < 2
        await store.aclose()
