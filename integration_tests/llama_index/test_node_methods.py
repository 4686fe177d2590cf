"""Nodes without a query: by ids, by a filter, a number of them, and all of them in pages."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from llama_index.core.schema import IndexNode
from llama_index.core.vector_stores.types import FilterOperator

from integration_tests.conftest import Call
from integration_tests.core.search.search_support import await_scan
from integration_tests.llama_index.llama_index_support import (
    AHEAD,
    bare,
    by_id,
    filters,
    ids_of,
    open_store,
    text_node,
    where,
)
from integration_tests.servers import cursors
from redisvl_adapters.core import Compare, Operator
from redisvl_adapters.core.search import cursor_pages
from redisvl_adapters.errors import ArgumentError, FilterError
from redisvl_adapters.llama_index import RedisVectorStore

pytestmark = pytest.mark.sharded

NODES = [text_node(f"n{n}", f"text {n}", n=n, parity="even" if n % 2 == 0 else "odd") for n in range(25)]
ODD = filters(where("parity", "odd"))


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str, server: redis.Redis) -> AsyncIterator[RedisVectorStore]:
    """A store with nodes, half of them odd."""
    async with open_store(redis_url, index_name, storage) as store:
        await store.acreate(4)
        # While a new index is scanned, a walk has no cursor.
        await_scan(server, index_name)
        await store.async_add([*NODES, IndexNode(id_="x", text="x", index_id="other", embedding=AHEAD)])
        yield store


async def walk(call: Call, store: RedisVectorStore, *args: Any, **options: Any) -> list[Any]:
    """Return all that a walk yields."""
    if call.__name__ == "sync":
        return list(store.iterate(*args, **options))
    return [node async for node in store.aiterate(*args, **options)]


@pytest.mark.parametrize("limit", [0, 1, 5, 26, 1000])
async def test_a_limit_counts_the_nodes_returned(store: RedisVectorStore, call: Call, limit: int) -> None:
    assert len(await call(store, "get_nodes", limit=limit)) == min(limit, 26)
    odd = await call(store, "get_nodes", filters=ODD, limit=limit)
    assert len(odd) == min(limit, 12)
    assert {node.metadata["parity"] for node in odd} <= {"odd"}


async def test_of_the_ids_that_exist_the_first_ones_are_returned(store: RedisVectorStore, call: Call) -> None:
    ids = ["gone", "n7", "none", "n2", "n5", "n7"]
    assert [node.node_id for node in await call(store, "get_nodes", ids)] == ["n7", "n2", "n5", "n7"]
    assert [node.node_id for node in await call(store, "get_nodes", ids, limit=2)] == ["n7", "n2"]
    assert await ids_of(call, store, node_ids=ids, filters=ODD) == {"n7", "n5"}
    assert len(await call(store, "get_nodes", ids, ODD, limit=1)) == 1
    assert await call(store, "get_nodes", [], limit=3) == []


@pytest.mark.parametrize("limit", [-1, 1.5, "3", True], ids=repr)
async def test_a_limit_is_a_number_of_nodes(store: RedisVectorStore, call: Call, limit: Any) -> None:
    with pytest.raises(ArgumentError, match="limit is an integer from 0"):
        await call(store, "get_nodes", limit=limit)


@pytest.mark.parametrize("batch_size", [1, 4, 26, 500])
async def test_a_walk_yields_each_node_once(
    store: RedisVectorStore, call: Call, batch_size: int, server: redis.Redis, index_name: str
) -> None:
    found = await walk(call, store, batch_size=batch_size)
    assert len(found) == 26
    nodes = by_id(found)
    assert type(nodes.pop("x")) is IndexNode
    assert nodes == {node.node_id: bare(node) for node in NODES}
    odd = await walk(call, store, ODD, batch_size)
    assert sorted(node.metadata["n"] for node in odd) == [*range(1, 25, 2)]
    ours = await walk(call, store, filters=Compare("n", Operator.GTE, 20), batch_size=batch_size)
    assert sorted(node.metadata["n"] for node in ours) == [*range(20, 25)]
    assert cursors(server, index_name) == 0


async def test_a_walk_that_is_given_up_frees_its_cursor(
    store: RedisVectorStore, server: redis.Redis, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor_pages, "MAX_KEYS", 0)
    for node in store.iterate(batch_size=3):
        assert cursors(server, index_name) == 1
        assert node.node_id
        break
    gc.collect()  # nobody has the walk any more
    assert cursors(server, index_name) == 0
    walking: Any = store.aiterate(batch_size=3)
    assert (await anext(walking)).node_id
    assert cursors(server, index_name) == 1
    await walking.aclose()
    assert cursors(server, index_name) == 0


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_nodes_that_stay_come_while_others_are_deleted_and_written(store: RedisVectorStore, kind: str) -> None:
    seen: set[str] = set()

    async def meet(node: Any) -> None:
        seen.add(node.node_id)
        if node.metadata.get("parity") == "odd":
            await store.adelete_nodes([node.node_id])
            await store.async_add([text_node(f"new {node.node_id}", parity="new")])

    if kind == "sync":
        for node in store.iterate(batch_size=5):
            await meet(node)
    else:
        async for node in store.aiterate(batch_size=5):
            await meet(node)
    assert {node.node_id for node in NODES} <= seen
    assert await store.acount(ODD) == 0


async def test_there_is_nothing_to_walk_over_before_the_first_node(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    async with open_store(redis_url, index_name, storage) as store:
        assert await walk(call, store) == []
        assert await call(store, "get_nodes", limit=3) == []
        await call(store, "create", 4)
        assert await walk(call, store) == []


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "10", None, True, 1_000_001], ids=repr)
async def test_a_batch_size_is_a_positive_integer(call: Call, batch_size: Any) -> None:
    store = RedisVectorStore(index_name="docs", redis_url="redis://localhost:1")
    with pytest.raises(ArgumentError, match="batch_size is"):
        await walk(call, store, batch_size=batch_size)


async def test_a_filter_that_cannot_be_honoured_never_walks_over_everything(
    store: RedisVectorStore, call: Call
) -> None:
    wrong: list[Any] = [filters(where("n", "soon", FilterOperator.GT)), filters(where("m", 1, FilterOperator.NE)), "n"]
    for given in wrong:
        with pytest.raises(FilterError):
            await walk(call, store, given)
        with pytest.raises(FilterError):
            await call(store, "get_nodes", filters=given, limit=1)
