"""Opening an index: created, overwritten, reopened, dropped, among neighbours, and over any connection."""

from __future__ import annotations

import asyncio
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
from llama_index.core.vector_stores.types import VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import (
    AHEAD,
    ask,
    filters,
    ids_of,
    open_store,
    snapshot,
    text_node,
    where,
)
from integration_tests.servers import aconnect, connect
from redisvl_adapters.errors import (
    ArgumentError,
    IndexNotFoundError,
    SchemaMismatchError,
    ServerUnavailableError,
)
from redisvl_adapters.llama_index import RedisVectorStore


@pytest.mark.parametrize("first", ["sync", "async"])
async def test_overwriting_happens_once_whoever_comes_first(
    redis_url: str, index_name: str, storage: str, first: str
) -> None:
    """llama-index 1: with overwrite=True, add and then the first async call wiped the data."""
    with open_store(redis_url, index_name, storage) as before:
        before.add([text_node("old", source="doc", n=1)])
    async with open_store(redis_url, index_name, storage, create="overwrite") as store:
        if first == "sync":
            store.add([text_node("new")])
            assert [node.node_id for node in await store.aget_nodes()] == ["new"]
            await store.async_add([text_node("newer")])
            assert store.count() == 2
        else:
            await store.async_add([text_node("new")])
            assert [node.node_id for node in store.get_nodes()] == ["new"]
            store.add([text_node("newer")])
            assert await store.acount() == 2
        assert await asyncio.gather(*(store.acount() for _ in range(5))) == [2] * 5


async def test_constructors_send_nothing(redis_url: str, index_name: str, server: redis.Redis) -> None:
    with open_store(redis_url, index_name) as store:
        store.add([text_node("a")])
    before = snapshot(server, index_name)
    open_store(redis_url, index_name, create="overwrite").close()
    open_store("redis://127.0.0.1:1", index_name).close()
    assert snapshot(server, index_name) == before


async def test_a_name_never_covers_its_neighbours(redis_url: str, index_name: str, storage: str, call: Call) -> None:
    """llama-index 4: prefix docs indexed docs2_*, and deleting index A destroyed store B."""
    names = [index_name, f"{index_name}2", f"{index_name}:2", f"{index_name}_2", f"{index_name}-"]
    for name in names:
        async with open_store(redis_url, name, storage) as store:
            await call(store, "add", [text_node("a", f"of {name}", source="doc", n=1)])
    for place, name in enumerate(names):
        async with open_store(redis_url, name, storage) as store:
            (node,) = await call(store, "get_nodes", filters=filters(where("n", 1)))
            assert node.get_content() == f"of {name}"
            assert (await ask(call, store)).ids == ["a"]
            await call(store, ("clear", "drop")[place % 2])
            await call(store, "delete", "doc")
            assert await call(store, "count") == 0
        for other in names[place + 1 :]:
            async with open_store(redis_url, other, storage) as store:
                assert await ids_of(call, store) == {"a"}


async def test_after_a_drop_the_store_goes_on(redis_url: str, index_name: str, storage: str, call: Call) -> None:
    """llama-index 14: after delete_index, add succeeded and queries said "no such index"."""
    async with open_store(redis_url, index_name, storage) as store, open_store(redis_url, index_name, storage) as other:
        await call(store, "add", [text_node("a", n=1)])
        assert await call(other, "count") == 1
        await call(store, "drop")
        assert (await ask(call, store)).ids == []
        for name, arguments in (("query", [VectorStoreQuery(AHEAD)]), ("get_nodes", [None, filters(where("n", 1))])):
            with pytest.raises(IndexNotFoundError, match=f"{index_name}.*somebody dropped it"):
                await call(other, name, *arguments)
        # Anew, and with other dimensions and types.
        await call(other, "add", [text_node("b", vector=[1.0, 2.0], n="text")])
        for each in (store, other):
            found = await ask(call, each, query_embedding=[1.0, 0.0], filters=filters(where("n", "text")))
            assert found.ids == ["b"]
        await call(store, "add", [text_node("c", vector=[1.0, 2.0], n="more")])
        assert await ids_of(call, other) == {"b", "c"}


DIFFERENT: dict[str, dict[str, Any]] = {
    "dims": {"dims": 8},
    "distance_metric": {"distance_metric": "l2"},
    "dtype": {"dtype": "float64"},
    "algorithm": {"algorithm": "flat"},
    "prefix": {"prefix": "elsewhere"},
    "year": {"metadata_schema": {"year": "tag"}},
}


OPERATIONS: dict[str, tuple[Any, ...]] = {
    "add": ([text_node("b")],),
    "query": (VectorStoreQuery(AHEAD),),
    "delete": ("doc",),
    "delete_nodes": (["a"],),
    "get_nodes": (),
    "clear": (),
    "count": (),
    "create": (),
}


@pytest.mark.parametrize("name", [*DIFFERENT, "storage"])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_index_that_is_another_one_is_not_opened(
    redis_url: str, index_name: str, storage: str, call: Call, server: redis.Redis, name: str, operation: str
) -> None:
    """llama-index 17: an existing index with other dims or fields was accepted silently."""
    with open_store(redis_url, index_name, storage) as store:
        store.add([text_node("a", source="doc", year=1)])
    before = snapshot(server, index_name)
    different = DIFFERENT.get(name, {"storage": "json" if storage == "hash" else "hash"})
    async with open_store(redis_url, index_name, **{"storage": storage, **different}) as other:
        with pytest.raises(SchemaMismatchError, match=name):
            await call(other, operation, *OPERATIONS[operation])
    assert snapshot(server, index_name) == before


async def test_a_store_reads_from_the_index_what_it_was_not_told(redis_url: str, index_name: str, call: Call) -> None:
    made = {"prefix": f"{index_name}/own", "algorithm": "flat", "distance_metric": "l2", "dtype": "float64"}
    options: Any = {**made, "metadata_schema": {"day": "timestamp", "good": "bool"}}
    metadata: dict[str, Any] = {"day": "2024-01-01", "good": 1, "learnt": 1.5, "a.b": "x"}
    async with open_store(redis_url, index_name, "json", **options) as store:
        await call(store, "add", [text_node("a", **metadata)])
    async with RedisVectorStore(redis_url=redis_url, index_name=index_name, create="never") as store:
        given = filters(
            where("day", "2024-01-01T00:00:00Z"), where("good", "true"), where("learnt", 1.5), where("a.b", "x")
        )
        found = await ask(call, store, filters=given, query_embedding=[1.0, 0.0, 0.0, 3.0])
        assert found.ids == ["a"]
        assert found.similarities == pytest.approx([1 / 10])
        await call(store, "add", [text_node("b")])
        assert await ids_of(call, store) == {"a", "b"}


async def test_an_index_that_is_never_created_must_exist(
    redis_url: str, index_name: str, call: Call, server: redis.Redis
) -> None:
    async with open_store(redis_url, index_name, create="never") as store:
        for name, arguments in (("add", [[text_node("a")]]), ("get_nodes", []), ("create", [4])):
            with pytest.raises(IndexNotFoundError):
                await call(store, name, *arguments)
    assert snapshot(server, index_name) == {}


def test_a_store_survives_several_event_loops(redis_url: str, index_name: str, storage: str) -> None:
    """llama-index 15: a second ``asyncio.run`` failed."""

    async def add(node_id: str) -> int:
        await store.async_add([text_node(node_id)])
        return await store.acount()

    with open_store(redis_url, index_name, storage) as store:
        assert [asyncio.run(add(node_id)) for node_id in "abc"] == [1, 2, 3]
        assert store.count() == 3


async def test_either_kind_of_client_serves_both_kinds_of_calls(redis_url: str, index_name: str, storage: Any) -> None:
    with connect(redis_url, decode_responses=True) as client:
        async with RedisVectorStore(client=client, index_name=index_name, storage=storage) as store:
            await store.async_add([text_node("a")])
            assert store.count() == await store.acount() == 1
        assert client.ping()
    async with aconnect(redis_url) as aclient:
        async with RedisVectorStore(async_client=aclient, index_name=index_name, storage=storage) as store:
            store.add([text_node("b")])
            assert store.count() == await store.acount() == 2
        assert await aclient.ping()


@pytest.mark.parametrize("scheme", ["unix", "rediss"])
async def test_async_calls_go_where_and_how_the_url_says(index_name: str, scheme: str) -> None:
    """llama-index 15: async over TLS connected in plaintext, and unix:// raised a KeyError."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    with TemporaryDirectory() as folder:
        if scheme == "unix":
            server = await asyncio.start_unix_server(listen, f"{folder}/s")
            url = f"unix://user:secret@{folder}/s?db=0"
        else:
            server = await asyncio.start_server(listen, "127.0.0.1", 0)
            url = f"rediss://user:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        async with server, open_store(url, index_name) as store:
            with pytest.raises(ServerUnavailableError) as refused:
                await store.async_add([text_node("a")])
    assert "secret" not in str(refused.value)
    # A TLS handshake starts with byte 22, the Redis protocol with an asterisk.
    assert set(heard) == {b"*" if scheme == "unix" else b"\x16"}


async def test_a_server_that_is_not_there_is_named_without_its_password(index_name: str, call: Call) -> None:
    async with open_store("redis://user:secret@127.0.0.1:1/0", index_name) as store:
        with pytest.raises(ServerUnavailableError, match=r"127\.0\.0\.1:1") as refused:
            await call(store, "add", [text_node("a")])
        assert "secret" not in str(refused.value)


def test_a_url_and_a_client_are_not_both_given(server: redis.Redis, redis_url: str) -> None:
    with pytest.raises(ArgumentError):
        RedisVectorStore(index_name="x", redis_url=redis_url, client=server)
