"""What the store refuses: with an error of this library, and before anything is written."""

from __future__ import annotations

import inspect
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from llama_index.core.schema import BaseNode, IndexNode, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import AHEAD, bare, ids_of, open_store, snapshot, text_node
from redisvl_adapters.errors import AdapterError, ArgumentError, RecordError, UnknownArgumentError
from redisvl_adapters.llama_index import RedisVectorStore


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """An empty store with two declared keys."""
    declared = {"year": "numeric", "colour": "tag"}
    async with open_store(redis_url, index_name, storage, metadata_schema=declared) as store:
        yield store


BAD_NODES: dict[str, BaseNode] = {
    "no embedding": TextNode(id_="bad", text="x"),
    "an empty embedding": text_node("bad", vector=[]),
    "a shorter vector": text_node("bad", vector=[1.0, 2.0]),
    "a longer vector": text_node("bad", vector=[1.0] * 5),
    "a NaN": text_node("bad", vector=[math.nan, 0, 0, 1]),
    "an infinity": text_node("bad", vector=[math.inf, 0, 0, 1]),
    "a number beyond float32": text_node("bad", vector=[1e39, 0, 0, 1]),
    "a zero vector": text_node("bad", vector=[0.0] * 4),
    "an empty id": text_node(""),
    "metadata that is an object": text_node("bad", thing=object()),
    "metadata that is bytes": text_node("bad", thing=b"bytes"),
    "metadata with NaN": text_node("bad", thing={"deep": [math.nan]}),
    "metadata with an int beyond 64 bits": text_node("bad", thing=2**64),
    "metadata with a complex number": text_node("bad", thing=1j),
    "metadata with a key that is a number": text_node("bad", thing={1: 2}),
    "metadata with a lone surrogate": text_node("bad", thing="\ud800"),
    "a text with a lone surrogate": text_node("bad", "\ud800"),
    "another type than the field's": text_node("bad", year="soon"),
    "an int beyond 64 bits": text_node("bad", year=2**64),
    "a list of numbers in a numeric field": text_node("bad", year=[1, 2]),
    "a number in a tag field": text_node("bad", colour=7),
    "an object that cannot be written down": IndexNode(
        id_="bad", text="x", index_id="i", obj=object(), embedding=AHEAD
    ),
}

# More than are written in one round trip.
GOOD_NODES = [text_node(f"good {place}", year=place, new_key=place) for place in range(600)]


@pytest.mark.parametrize("kind", BAD_NODES)
async def test_a_bad_node_is_refused_before_anything_is_written(
    store: RedisVectorStore, call: Call, server: redis.Redis, index_name: str, kind: str
) -> None:
    """llama-index 11 and 12: a part of the batch was written, and only the first node's dimension was checked."""
    kept = text_node("kept", year=1, colour="red")
    await call(store, "add", [kept])
    before = snapshot(server, index_name)
    with pytest.raises(RecordError) as refused:
        await call(store, "add", [*GOOD_NODES, BAD_NODES[kind], text_node("good too")])
    assert snapshot(server, index_name) == before
    assert await call(store, "get_nodes") == [bare(kept)]
    # The message says which one it is.
    assert "600" in str(refused.value)
    assert BAD_NODES[kind].node_id in str(refused.value)


@pytest.mark.parametrize("kind", BAD_NODES)
async def test_a_bad_node_in_the_first_add_leaves_nothing_behind(
    store: RedisVectorStore, call: Call, server: redis.Redis, index_name: str, kind: str
) -> None:
    first = text_node("good", year=1, colour="red", learnt=1)
    with pytest.raises(RecordError):
        await call(store, "add", [first, BAD_NODES[kind]])
    assert snapshot(server, index_name) == {}
    # Nor does the refused call bind later ones, by its dimensions or by the types of its metadata.
    other = text_node("other", vector=[1.0, 2.0], learnt="MMXX")
    await call(store, "add", [other])
    assert await call(store, "get_nodes") == [bare(other)]
    assert ("learnt", "string") in {(each.name, each.type) for each in store.vector_store_info("").metadata_info}


async def test_a_vector_of_another_length_than_the_index_is_refused(
    store: RedisVectorStore, call: Call, server: redis.Redis, index_name: str
) -> None:
    """llama-index 12: a whole batch of another dimension was written and never found."""
    await call(store, "add", [text_node("a")])
    before = snapshot(server, index_name)
    with pytest.raises(RecordError, match="dimensions"):
        await call(store, "add", [text_node("b", vector=[1.0, 2.0]), text_node("c", vector=[1.0, 2.0])])
    assert snapshot(server, index_name) == before


@pytest.mark.parametrize("ttl", [0, -1, math.nan, math.inf, "1", True])
async def test_a_ttl_that_is_no_time_is_refused(store: RedisVectorStore, call: Call, ttl: Any) -> None:
    with pytest.raises(ArgumentError, match="ttl"):
        await call(store, "add", [text_node("a")], ttl=ttl)
    assert await ids_of(call, store) == set()


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "add": ([],),
    "async_add": ([],),
    "delete": ("doc",),
    "adelete": ("doc",),
    "delete_nodes": (["a"],),
    "adelete_nodes": (["a"],),
    "query": (VectorStoreQuery(query_embedding=AHEAD),),
    "aquery": (VectorStoreQuery(query_embedding=AHEAD),),
    "explain": (VectorStoreQuery(query_embedding=AHEAD),),
    "aexplain": (VectorStoreQuery(query_embedding=AHEAD),),
    "from_dict": ({"index_name": "x"},),
    "from_existing_index": ("x",),
    "afrom_existing_index": ("x",),
}
METHODS = sorted(
    {
        name
        for owner in RedisVectorStore.__mro__
        if owner.__module__.startswith("redisvl_adapters.")
        for name, member in vars(owner).items()
        if not name.startswith(("_", "model_")) and (inspect.isfunction(member) or isinstance(member, classmethod))
    }
    # The keys of a scope are anybody's.
    - {"class_name", "scoped"}
)


def test_every_operation_of_the_contract_has_both_twins() -> None:
    contract = {"delete", "delete_nodes", "get_nodes", "clear", "query", "count", "create", "drop", "close"}
    assert {"add", "async_add", "to_dict", "from_dict"} | contract | {f"a{name}" for name in contract} <= set(METHODS)


@pytest.mark.parametrize("name", METHODS)
async def test_a_method_refuses_an_unknown_keyword(redis_url: str, index_name: str, name: str) -> None:
    async def use(store: RedisVectorStore) -> None:
        made = getattr(store, name)(*ARGUMENTS.get(name, ()), bogus=1)
        if inspect.isawaitable(made):
            await made

    async with open_store(redis_url, index_name) as store:
        with pytest.raises(UnknownArgumentError, match="bogus"):
            await use(store)


def test_the_constructor_refuses_an_unknown_keyword(redis_url: str) -> None:
    options: Any = {"redis_url": redis_url, "index_name": "x", "indexname": "y"}
    with pytest.raises(UnknownArgumentError, match=r"indexname.*index_name"):
        RedisVectorStore(**options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"index_name": ""},
        {"index_name": 7},
        {"index_name": "x", "storage": "disk"},
        {"index_name": "x", "algorithm": "tree"},
        {"index_name": "x", "distance_metric": "euclid"},
        {"index_name": "x", "dtype": "float8"},
        {"index_name": "x", "dims": 0},
        {"index_name": "x", "ttl": -1},
        {"index_name": "x", "create": "maybe"},
        {"index_name": "x", "m": 4, "algorithm": "flat"},
        {"index_name": "x", "metadata_schema": {"year": "number"}},
        {"index_name": "x", "redis_url": "http://localhost"},
    ],
)
def test_the_constructor_refuses_values_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(AdapterError):
        RedisVectorStore(**options)


async def test_what_is_no_node_is_refused_by_an_index_that_looks_for_duplicates(
    store: RedisVectorStore, call: Call, server: redis.Redis, index_name: str
) -> None:
    await call(store, "add", [text_node("kept")])
    before = snapshot(server, index_name)
    for value, said in (([1], "node 0 is no node"), ([text_node("a"), None], "node 1 is no"), ("x", "nodes is a list")):
        with pytest.raises(ArgumentError, match=said):
            await call(store, "add", value)
    assert snapshot(server, index_name) == before
