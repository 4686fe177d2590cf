"""Queries: who is found, in which order, with which similarity, and what restricts the search."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from llama_index.core.vector_stores.types import FilterOperator, VectorStoreQuery, VectorStoreQueryMode

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import (
    AHEAD,
    ask,
    bare,
    filters,
    open_store,
    snapshot,
    text_node,
    turned,
    where,
)
from redisvl_adapters.errors import ArgumentError, FilterError, UnknownFieldWarning
from redisvl_adapters.llama_index import RedisVectorStore


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """An empty store."""
    async with open_store(redis_url, index_name, storage) as store:
        yield store


async def test_nodes_ids_and_similarities_belong_together_nearest_first(store: RedisVectorStore, call: Call) -> None:
    """llama-index 9: result.ids were Redis keys."""
    nodes = [text_node(f"n{step}", f"text {step}", vector=turned(step), step=step) for step in (3, 0, 4, 1, 2)]
    await call(store, "add", nodes)
    result = await ask(call, store, similarity_top_k=4)
    assert result.ids == ["n0", "n1", "n2", "n3"]
    assert [node.node_id for node in result.nodes] == result.ids
    assert result.nodes == [bare(nodes[place]) for place in (1, 3, 4, 0)]
    assert result.similarities == pytest.approx([1 / math.hypot(1, step / 10) for step in range(4)], abs=1e-6)
    assert all(type(similarity) is float for similarity in result.similarities)


# The vector of a node, and its similarity to [3, 4] in words of semantics.md.
EXPECTED: dict[str, dict[tuple[float, float], float]] = {
    "cosine": {(3, 4): 1, (4, -3): 0, (-3, -4): -1, (30, 40): 1, (4, 3): 0.96},
    "l2": {(3, 4): 1, (3, 5): 1 / 2, (0, 0): 1 / 26, (-30, -40): 1 / (1 + 55**2), (3000, 4000): 1 / (1 + 4995**2)},
    "ip": {(3, 4): 25, (0, 0): 0, (-3, -4): -25, (30, 40): 250, (4, -3): 0},
}


@pytest.mark.parametrize("metric", EXPECTED)
@pytest.mark.parametrize("algorithm", ["hnsw", "flat"])
async def test_similarities_are_larger_the_nearer_a_node_is(
    redis_url: str, index_name: str, storage: str, call: Call, metric: Any, algorithm: Any
) -> None:
    """llama-index 16: l2 similarities ran to -80, and a zero vector gave NaN."""
    expected = EXPECTED[metric]
    async with open_store(redis_url, index_name, storage, distance_metric=metric, algorithm=algorithm) as store:
        await call(store, "add", [text_node(str(vector), vector=list(vector)) for vector in expected])
        result = await ask(call, store, query_embedding=[3.0, 4.0])
    assert dict(zip(result.ids, result.similarities, strict=True)) == {
        str(vector): pytest.approx(similarity, rel=1e-5, abs=1e-6) for vector, similarity in expected.items()
    }
    assert result.similarities == sorted(result.similarities, reverse=True)
    assert not any(map(math.isnan, result.similarities))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
async def test_similarities_hold_for_every_dtype(
    redis_url: str, index_name: str, storage: str, call: Call, dtype: Any
) -> None:
    async with open_store(redis_url, index_name, storage, dtype=dtype) as store:
        await call(store, "add", [text_node(f"n{step}", vector=turned(step)) for step in range(0, 20, 5)])
        result = await ask(call, store)
    assert result.ids == ["n0", "n5", "n10", "n15"]
    expected = [1 / math.hypot(1, step / 10) for step in range(0, 20, 5)]
    assert result.similarities == pytest.approx(expected, abs=0.01)


async def test_lists_are_empty_and_never_none(store: RedisVectorStore, call: Call) -> None:
    async def expect_nothing(**parts: Any) -> None:
        result = await ask(call, store, **parts)
        assert (result.nodes, result.similarities, result.ids) == ([], [], [])

    await expect_nothing()
    with pytest.warns(UnknownFieldWarning, match="'any key' is not in index"):
        await expect_nothing(filters=filters(where("any key", 1)))
    await call(store, "add", [text_node("a", n=1)])
    await expect_nothing(similarity_top_k=0)
    await expect_nothing(node_ids=["gone"])
    await expect_nothing(doc_ids=["gone"])
    await expect_nothing(doc_ids=[])
    await expect_nothing(filters=filters(where("n", 2)))
    await expect_nothing(filters=filters(where("n", [], FilterOperator.IN)))
    await call(store, "clear")
    await expect_nothing()


async def test_top_k_counts_the_nodes_returned(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node(f"n{step}", vector=turned(step)) for step in range(30)])
    assert (await ask(call, store, similarity_top_k=25)).ids == [f"n{step}" for step in range(25)]
    assert len((await ask(call, store, similarity_top_k=1000)).ids) == 30
    default = await call(store, "query", VectorStoreQuery(query_embedding=AHEAD))
    assert default.ids == ["n0"]


async def test_doc_ids_node_ids_and_filters_restrict_together(store: RedisVectorStore, call: Call) -> None:
    """llama-index 8: node_ids and doc_ids of the query were ignored."""
    await call(
        store,
        "add",
        [
            text_node("a1", source="a", vector=turned(3), n=1),
            text_node("a2", source="a", vector=turned(2), n=2),
            text_node("b1", source="b", vector=turned(1), n=1),
            text_node("alone", vector=turned(0), n=1),
        ],
    )
    assert (await ask(call, store, doc_ids=["a"])).ids == ["a2", "a1"]
    assert (await ask(call, store, doc_ids=["a", "b"])).ids == ["b1", "a2", "a1"]
    assert (await ask(call, store, node_ids=["alone", "a1", "gone"])).ids == ["alone", "a1"]
    assert (await ask(call, store, node_ids=["alone", "a1"], doc_ids=["a"])).ids == ["a1"]
    ones = filters(where("n", 1))
    assert (await ask(call, store, filters=ones)).ids == ["alone", "b1", "a1"]
    assert (await ask(call, store, filters=ones, doc_ids=["a"])).ids == ["a1"]
    assert (await ask(call, store, filters=ones, node_ids=["a2", "b1"])).ids == ["b1"]
    assert (await ask(call, store, filters=ones, node_ids=["a2", "b1"], doc_ids=["a"])).ids == []


async def test_restrictions_are_applied_before_the_nearest_are_taken(store: RedisVectorStore, call: Call) -> None:
    nodes = [text_node(f"n{step}", vector=turned(step), source="far" if step >= 95 else "near") for step in range(100)]
    await call(store, "add", nodes)
    assert (await ask(call, store, doc_ids=["far"], similarity_top_k=3)).ids == ["n95", "n96", "n97"]
    assert (await ask(call, store, node_ids=["n99", "n98"], similarity_top_k=1)).ids == ["n98"]


async def test_an_empty_list_of_node_ids_restricts_nothing(store: RedisVectorStore, call: Call) -> None:
    """VectorStoreIndex.as_retriever passes one, unless image or index nodes were inserted through it."""
    await call(store, "add", [text_node("a")])
    assert (await ask(call, store, node_ids=[])).ids == ["a"]


SERVED = (
    VectorStoreQueryMode.DEFAULT,
    VectorStoreQueryMode.TEXT_SEARCH,
    VectorStoreQueryMode.SPARSE,
    VectorStoreQueryMode.HYBRID,
    VectorStoreQueryMode.MMR,
)


@pytest.mark.parametrize("mode", [mode for mode in VectorStoreQueryMode if mode not in SERVED])
async def test_other_modes_are_refused(store: RedisVectorStore, call: Call, mode: VectorStoreQueryMode) -> None:
    """llama-index 8: modes other than DEFAULT silently ran DEFAULT."""
    await call(store, "add", [text_node("a")])
    with pytest.raises(
        ArgumentError, match=f"'{mode.value}' is not served; modes are: default, text_search, sparse, hybrid, mmr"
    ):
        await ask(call, store, mode=mode, query_str="a", mmr_threshold=0.5)


async def test_the_default_mode_may_be_spelled_as_text(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node("a")])
    assert (await ask(call, store, mode="default")).ids == ["a"]


@pytest.mark.parametrize(
    ("parts", "error", "named"),
    [
        ({"query_embedding": None}, ArgumentError, "query_embedding"),
        ({"query_embedding": None, "query_str": "text"}, ArgumentError, "query_embedding"),
        ({"query_embedding": []}, ArgumentError, "query"),
        ({"query_embedding": [1.0, 2.0]}, ArgumentError, "dimensions"),
        ({"query_embedding": [[1.0, 0.0, 0.0, 0.0]]}, ArgumentError, "query"),
        ({"query_embedding": ["a", "b", "c", "d"]}, ArgumentError, "query"),
        ({"query_embedding": [0.0, 0.0, 0.0, 0.0]}, ArgumentError, "zero"),
        ({"query_embedding": [math.nan, 0.0, 0.0, 1.0]}, ArgumentError, "NaN"),
        ({"query_embedding": [math.inf, 0.0, 0.0, 1.0]}, ArgumentError, "infinity"),
        ({"similarity_top_k": -1}, ArgumentError, "similarity_top_k"),
        ({"similarity_top_k": 1.5}, ArgumentError, "similarity_top_k"),
        ({"similarity_top_k": 1_000_001}, ArgumentError, "similarity_top_k"),
        ({"embedding_field": "other"}, ArgumentError, "other"),
        ({"doc_ids": [""]}, ArgumentError, "doc_ids"),
        ({"doc_ids": ["a", None]}, ArgumentError, "doc_ids"),
        ({"doc_ids": "a"}, ArgumentError, "doc_ids"),
        ({"node_ids": [""]}, ArgumentError, "id"),
        ({"node_ids": ["a", None]}, ArgumentError, "id"),
        ({"node_ids": "a"}, ArgumentError, "id"),
        ({"output_fields": "n"}, ArgumentError, "output_fields"),
        ({"filters": filters(where("m", 1, FilterOperator.NE))}, FilterError, "'m'"),
        ({"filters": {"n": 1}}, FilterError, "dict"),
    ],
)
async def test_a_query_that_cannot_be_honoured_is_refused(
    store: RedisVectorStore, call: Call, parts: dict[str, Any], error: type[Exception], named: str
) -> None:
    await call(store, "add", [text_node("a", source="a", n=1), text_node("b")])
    with pytest.raises(error, match=named):
        await ask(call, store, **parts)


@pytest.mark.parametrize("name", ["get_nodes", "delete_nodes"])
@pytest.mark.parametrize("node_ids", ["ab", [""], ["a", None], [7], 7])
async def test_node_ids_that_are_no_list_of_ids_are_refused(
    store: RedisVectorStore, call: Call, name: str, node_ids: object, server: redis.Redis, index_name: str
) -> None:
    await call(store, "add", [text_node("a", n=1), text_node("b", n=1)])
    before = snapshot(server, index_name)
    for given in (None, filters(where("n", 1))):
        with pytest.raises(ArgumentError):
            await call(store, name, node_ids, given)
    assert snapshot(server, index_name) == before


async def test_the_vector_may_be_named(redis_url: str, index_name: str, call: Call, storage: Any) -> None:
    attrs = {"dims": 4, "algorithm": "flat", "distance_metric": "cosine"}
    schema = {
        "index": {"name": index_name, "prefix": index_name, "storage_type": storage},
        "fields": [{"name": "vec", "type": "vector", "attrs": attrs}, {"name": "year", "type": "numeric"}],
    }
    async with RedisVectorStore(redis_url=redis_url, schema=schema) as store:
        await call(store, "add", [text_node("a", year=1), text_node("b", year=2)])
        found = await ask(call, store, embedding_field="vec", filters=filters(where("year", 2)))
        assert found.ids == ["b"]
        with pytest.raises(ArgumentError, match="vec"):
            await ask(call, store, embedding_field="embedding")
