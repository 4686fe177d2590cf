"""Sessions that langchain-redis and LlamaIndex's own chat store have written, copied by the same names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from llama_index.core.base.llms.types import ChatMessage
from ulid import ULID

from integration_tests.conftest import Call
from integration_tests.environments import make_environment, run_in
from redisvl_adapters import ArgumentError, ServerUnavailableError
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisChatMessageHistory
from redisvl_adapters.llama_index import RedisChatStore

LANGCHAIN = """
import sys
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_redis import RedisChatMessageHistory
url, prefix = sys.argv[1:]
for session, ttl in (("first:1", None), ("first", 1000)):
    history = RedisChatMessageHistory(session, redis_url=url, key_prefix=prefix, index_name=prefix + "index", ttl=ttl)
    history.add_message(SystemMessage("be kind"))
    history.add_message(HumanMessage("hello " + session))
    history.add_message(AIMessage("hi 🙂", additional_kwargs={"n": 1}))
"""
LLAMA_INDEX = """
import sys
from llama_index.core.llms import ChatMessage
from llama_index.storage.chat_store.redis import RedisChatStore
url, key = sys.argv[1:]
store = RedisChatStore(redis_url=url)
store.set_messages(key, [ChatMessage(role="system", content="be kind")])
store.add_message(key, ChatMessage("hello", additional_kwargs={"n": 1}))
store.add_message(key, ChatMessage(role="assistant", content="hi 🙂"))
"""


@pytest.fixture
def prefix(server: redis.Redis) -> Iterator[str]:
    """What the keys of a test start with."""
    name = f"test{ULID()}:".lower()
    yield name
    for index in server.execute_command("FT._LIST"):
        if index.decode().startswith(name):
            server.execute_command("FT.DROPINDEX", index)
    for key in server.scan_iter(f"{name}*", count=1000):
        server.unlink(key)


@pytest.fixture(scope="session", params=["langchain-redis==0.1.0", "langchain-redis==0.2.6"])
def langchain_redis(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with langchain-redis."""
    # With newer ones they fail, without saying so.
    client = "redis<6" if "0.1.0" in request.param else "redis<7"
    return make_environment(tmp_path_factory.mktemp("langchain-redis"), request.param, client)


@pytest.fixture(scope="session")
def llama_index_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with LlamaIndex's Redis chat store."""
    return make_environment(tmp_path_factory.mktemp("chat-store"), "llama-index-storage-chat-store-redis>=0.5")


async def messages_of(call: Call, history: RedisChatMessageHistory) -> list[BaseMessage]:
    return history.messages if call.__name__ == "sync" else await history.aget_messages()


async def test_sessions_of_langchain_redis(call: Call, redis_url: str, prefix: str, langchain_redis: Path) -> None:
    run_in(langchain_redis, LANGCHAIN, redis_url, prefix)
    history = RedisChatMessageHistory("any", redis_url=redis_url, prefix=f"{prefix}ours")
    copied = await call(history, "copy_from_langchain_redis", key_prefix=prefix)
    assert copied == {"first": 3, "first:1": 3}
    for session_id in copied:
        assert await messages_of(call, history.for_session(session_id)) == [
            SystemMessage("be kind"),
            HumanMessage(f"hello {session_id}"),
            AIMessage("hi 🙂", additional_kwargs={"n": 1}),
        ]
    assert await call(history, "copy_from_langchain_redis", key_prefix=prefix) == {}
    await history.aclose()


async def test_sessions_of_the_chat_store(call: Call, redis_url: str, prefix: str, llama_index_store: Path) -> None:
    key = f"{prefix}session {{1}}"
    run_in(llama_index_store, LLAMA_INDEX, redis_url, key)
    store = RedisChatStore(redis_url=redis_url, prefix=f"{prefix}ours")
    assert await call(store, "copy_from_llama_index", [key, "no session"]) == {key: 3}
    assert await call(store, "get_messages", key) == [
        ChatMessage(role="system", content="be kind"),
        ChatMessage("hello", additional_kwargs={"n": 1}),
        ChatMessage(role="assistant", content="hi 🙂"),
    ]
    assert await call(store, "copy_from_llama_index", [key]) == {}
    await store.aclose()


def put(server: redis.Redis, prefix: str, session_id: str, time: float, entry: Any, ttl: int | None = None) -> None:
    """Write a message as langchain-redis does."""
    key = f"{prefix}{session_id}:{time}"
    server.execute_command("JSON.SET", key, "$", json.dumps({"session_id": session_id, "timestamp": time, **entry}))
    if ttl is not None:
        server.expire(key, ttl)


def said(text: str, kind: str = "human") -> dict[str, Any]:
    return {"type": kind, "data": {"content": text, "additional_kwargs": {}, "type": kind}}


async def test_order_times_to_live_and_what_is_damaged(
    call: Call, server: redis.Redis, redis_url: str, prefix: str
) -> None:
    put(server, prefix, "s", 10.5, said("second"), ttl=500)
    put(server, prefix, "s", 9.5, said("first", "tool"), ttl=1000)
    put(server, prefix, "other", 1.0, said("x"))
    put(server, prefix, "damaged", 1.0, {"type": "human", "data": {"content": None}})
    put(server, prefix, "damaged", 2.0, {"type": "human"})
    put(server, prefix, "damaged", 3.0, said("whole"))
    server.set(f"{prefix}s:string", "x")
    server.execute_command("JSON.SET", f"{prefix}s:not one", "$", '{"session_id": "else"}')
    history = RedisChatMessageHistory("any", redis_url=redis_url, prefix=f"{prefix}ours", user_id="u")
    assert await call(history, "copy_from_langchain_redis", ["s", "none"], key_prefix=prefix) == {"s": 2}
    assert await messages_of(call, history.for_session("s")) == [
        ToolMessage("first", tool_call_id=""),
        HumanMessage("second"),
    ]
    lives = [server.ttl(key) for key in server.scan_iter(f"{prefix}ours*")]
    assert all(900 < left <= 1000 for left in lives)
    assert lives
    with pytest.warns(RuntimeWarning, match="2 messages of session 'damaged'"):
        assert await call(history, "copy_from_langchain_redis", ["damaged"], key_prefix=prefix) == {"damaged": 1}
    limited = RedisChatMessageHistory("any", redis_url=redis_url, prefix=f"{prefix}limited", max_messages=1, ttl=50)
    await call(limited, "copy_from_langchain_redis", ["s"], key_prefix=prefix)
    assert await messages_of(call, limited.for_session("s")) == [HumanMessage("second")]
    assert all(0 < server.ttl(key) <= 50 for key in server.scan_iter(f"{prefix}limited*"))
    for one in (history, limited):
        await one.aclose()


async def test_a_chat_store_of_damaged_messages(call: Call, server: redis.Redis, redis_url: str, prefix: str) -> None:
    server.rpush(f"{prefix}a", "{", ChatMessage("whole").model_dump_json())
    server.pexpire(f"{prefix}a", 900_000)
    server.set(f"{prefix}b", "x")
    store = RedisChatStore(redis_url=redis_url, prefix=f"{prefix}ours")
    with pytest.warns(RuntimeWarning, match="1 messages of session .* are damaged"):
        assert await call(store, "copy_from_llama_index", [f"{prefix}a", f"{prefix}b"]) == {f"{prefix}a": 1}
    assert all(800 < server.ttl(key) <= 900 for key in server.scan_iter(f"{prefix}ours*"))
    await store.aclose()


@pytest.fixture(scope="module")
def other_url() -> Iterator[str]:
    """A server that is not the one of the tests, and empty."""
    with EmbeddedRedis() as server:
        yield server.url


@pytest.mark.parametrize("kind", ["url", "client", "async client"])
async def test_sessions_on_another_server(
    call: Call, server: redis.Redis, redis_url: str, other_url: str, prefix: str, kind: str
) -> None:
    there = redis.Redis.from_url(other_url, decode_responses=True)
    apart = redis.asyncio.Redis.from_url(other_url)
    source: Any = {"url": other_url, "client": there, "async client": apart}[kind]
    put(there, prefix, "s", 1.0, said("there"), ttl=500)
    put(server, prefix, "s", 1.0, said("here"))
    put(server, prefix, "here alone", 1.0, said("here"))
    there.rpush(f"{prefix}list", ChatMessage("there").model_dump_json())
    server.rpush(f"{prefix}list", ChatMessage("here").model_dump_json())
    history = RedisChatMessageHistory("any", redis_url=redis_url, prefix=f"{prefix}ours")
    store = RedisChatStore(redis_url=redis_url, prefix=f"{prefix}store")
    assert await call(history, "copy_from_langchain_redis", key_prefix=prefix, source=source) == {"s": 1}
    assert await messages_of(call, history.for_session("s")) == [HumanMessage("there")]
    assert all(400 < server.ttl(key) <= 500 for key in server.scan_iter(f"{prefix}ours*"))
    assert await call(store, "copy_from_llama_index", [f"{prefix}list", "none"], source=source) == {f"{prefix}list": 1}
    assert await call(store, "get_messages", f"{prefix}list") == [ChatMessage("there")]
    # What is here already stays, nothing is written there, and what was given or is our own stays open.
    assert await call(history, "copy_from_langchain_redis", ["s"], key_prefix=prefix, source=source) == {}
    assert await call(history, "copy_from_langchain_redis", key_prefix=prefix) == {"here alone": 1}
    assert sorted(there.scan_iter(f"{prefix}*")) == [f"{prefix}list", f"{prefix}s:1.0"]
    assert await apart.ping()
    for one in (history, store):
        await one.aclose()
    there.close()
    await apart.aclose()


async def test_a_source_that_does_not_answer_is_named(call: Call, redis_url: str, prefix: str) -> None:
    history = RedisChatMessageHistory("any", redis_url=redis_url, prefix=prefix, retry=0)
    store = RedisChatStore(redis_url=redis_url, prefix=prefix, retry=0)
    nowhere = "redis://user:secret@localhost:1"
    for one, method, args in ((history, "copy_from_langchain_redis", ()), (store, "copy_from_llama_index", (["s"],))):
        with pytest.raises(ServerUnavailableError, match="localhost:1") as told:
            await call(one, method, *args, source=nowhere)
        assert "secret" not in str(told.value)
        await one.aclose()


def test_bad_arguments_are_refused() -> None:
    history = RedisChatMessageHistory("any", redis_url="redis://localhost:1")
    store = RedisChatStore(redis_url="redis://localhost:1")
    wrong: Any
    for wrong in ("s", [1]):
        with pytest.raises(ArgumentError, match="session_ids"):
            history.copy_from_langchain_redis(wrong)
        with pytest.raises(ArgumentError, match="keys"):
            store.copy_from_llama_index(wrong)
    with pytest.raises(ArgumentError, match="key_prefix"):
        history.copy_from_langchain_redis(key_prefix="")
    for wrong in (7, "localhost", "", ["redis://localhost"]):
        with pytest.raises(ArgumentError, match=r"source (is|starts)"):
            history.copy_from_langchain_redis(source=wrong)
        with pytest.raises(ArgumentError, match=r"source (is|starts)"):
            store.copy_from_llama_index([], source=wrong)
