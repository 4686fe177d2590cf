"""Queries without a vector and without words: the filter alone says which nodes are wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.vector_stores.types import FilterOperator, VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import (
    Found,
    WordEmbedding,
    ask,
    bare,
    embed,
    filters,
    on,
    open_store,
    text_node,
    where,
)
from redisvl_adapters.errors import ArgumentError, FilterError, UnknownArgumentError
from redisvl_adapters.llama_index import RedisVectorStore

BY_VECTOR = ["default", "hybrid", "mmr"]
BY_WORDS = ["text_search", "sparse"]
NODES = [
    text_node(f"n{n}", f"text {n}", vector=embed(f"text {n}"), source="odd" if n % 2 else "even", n=n, kind="a")
    for n in range(12)
]
LAST = filters(where("n", 5, FilterOperator.GTE))


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """A store with twelve nodes."""
    async with open_store(redis_url, index_name, storage) as store:
        await store.async_add(NODES)
        yield store


async def blank(call: Call, store: RedisVectorStore, mode: str, **parts: Any) -> Found:
    """Query a store without a vector and without words."""
    return await ask(call, store, **{"query_embedding": None, "query_str": "", "mode": mode, **parts})


@pytest.mark.parametrize("query_str", ["", None])
@pytest.mark.parametrize("mode", BY_VECTOR + BY_WORDS)
async def test_a_filter_alone_finds_what_matches_it(
    store: RedisVectorStore, call: Call, mode: str, query_str: str | None
) -> None:
    found = await blank(call, store, mode, filters=LAST, query_str=query_str)
    assert sorted(found.ids) == sorted(f"n{n}" for n in range(5, 12))
    assert [node.node_id for node in found.nodes] == found.ids
    assert all(node == bare(NODES[node.metadata["n"]]) for node in found.nodes)
    assert found.similarities == [1.0] * 7
    few = await blank(call, store, mode, filters=LAST, query_str=query_str, similarity_top_k=3)
    assert len({*few.ids} & {*found.ids}) == len(few.ids) == 3
    assert (await blank(call, store, mode, filters=LAST, query_str=query_str, similarity_top_k=0)).ids == []
    assert (await blank(call, store, mode, filters=filters(where("n", -1)), query_str=query_str)).ids == []


@pytest.mark.parametrize("mode", BY_VECTOR + BY_WORDS)
async def test_all_that_restricts_a_query_is_honoured(store: RedisVectorStore, call: Call, mode: str) -> None:
    assert {*(await blank(call, store, mode, doc_ids=["odd"])).ids} == {f"n{n}" for n in range(1, 12, 2)}
    assert (await blank(call, store, mode, node_ids=["gone", "n3", "n4"], similarity_top_k=1)).ids == ["n3"]
    both = await blank(call, store, mode, filters=LAST, doc_ids=["odd"], node_ids=["n4", "n5", "n6", "n7", "n1"])
    assert {*both.ids} == {"n5", "n7"}
    some = await blank(call, store, mode, node_ids=["n1"], output_fields=["kind"])
    assert [node.metadata for node in some.nodes] == [{"kind": "a"}]


@pytest.mark.parametrize(("mode", "name"), [("text_search", "sparse_top_k"), ("hybrid", "hybrid_top_k")])
async def test_the_number_of_a_mode_counts(store: RedisVectorStore, call: Call, mode: str, name: str) -> None:
    assert len((await blank(call, store, mode, filters=LAST, **{name: 2})).ids) == 2


async def test_keywords_restrict_and_what_tunes_a_vector_search_has_nothing_to_tune(
    store: RedisVectorStore, call: Call
) -> None:
    query = VectorStoreQuery(query_str="", filters=LAST, similarity_top_k=100)
    found = await call(store, "query", query, keywords="7 8 3")
    assert {*found.ids} == {"n7", "n8"}
    found = await call(store, "query", query, ef_runtime=50, distance_threshold=0.1)
    assert len(found.ids) == 7


@pytest.mark.parametrize("mode", BY_VECTOR)
async def test_an_empty_text_without_a_filter_finds_any_nodes(store: RedisVectorStore, call: Call, mode: str) -> None:
    found = await blank(call, store, mode, similarity_top_k=4)
    assert len({*found.ids}) == 4
    assert found.similarities == [1.0] * 4


@pytest.mark.parametrize("parts", [{"mode": each} for each in BY_WORDS] + [{"mode": "hybrid", "alpha": 0.0}], ids=str)
async def test_a_search_for_words_without_any_finds_nothing_unless_it_is_restricted(
    store: RedisVectorStore, call: Call, parts: dict[str, Any]
) -> None:
    assert (await blank(call, store, **parts)).ids == []
    assert len((await blank(call, store, **parts, filters=LAST)).ids) == 7
    assert (await blank(call, store, **{**parts, "query_str": " "}, filters=LAST)).ids == []


@pytest.mark.parametrize("mode", BY_VECTOR)
async def test_a_text_that_was_not_embedded_is_an_error_still(store: RedisVectorStore, call: Call, mode: str) -> None:
    for parts in ({"query_str": "text", "filters": LAST}, {"query_str": None}):
        with pytest.raises(ArgumentError, match=f"no query_embedding, which mode '{mode}' needs"):
            await blank(call, store, mode, **parts)


async def test_what_is_wrong_is_refused_without_a_vector_too(store: RedisVectorStore, call: Call) -> None:
    with pytest.raises(FilterError, match="'n'"):
        await blank(call, store, "default", filters=filters(where("n", "soon", FilterOperator.GT)))
    with pytest.raises(ArgumentError, match="id"):
        await blank(call, store, "default", node_ids=["a", ""])
    query = VectorStoreQuery(query_str="", filters=LAST, mode="mmr")  # type: ignore[arg-type]  # as some write it
    for options, named in (({"fetch_k": -1}, "fetch_k"), ({"mmr_threshold": 2}, "mmr_threshold"), ({"k": 2}, "'k'")):
        with pytest.raises(ArgumentError, match=named):
            await call(store, "query", query, **options)


async def test_a_retriever_and_what_stands_behind_it_take_such_nodes(store: RedisVectorStore, call: Call) -> None:
    index = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
    for mode in BY_VECTOR + BY_WORDS:
        retriever = index.as_retriever(filters=LAST, similarity_top_k=4, vector_store_query_mode=mode)
        found = await on(call, retriever, "retrieve", "")
        assert len(found) == 4
        kept = SimilarityPostprocessor(similarity_cutoff=0.8).postprocess_nodes(found)
        assert [(node.score, node.node.metadata["n"] >= 5) for node in kept] == [(1.0, True)] * 4


# What can be said twice


@pytest.mark.parametrize(("mode", "name"), [("hybrid", "alpha"), ("mmr", "mmr_threshold")])
async def test_what_is_given_twice_must_be_the_same(store: RedisVectorStore, call: Call, mode: str, name: str) -> None:
    parts: dict[str, Any] = {"query_embedding": embed("text 3"), "query_str": "text 3", "mode": mode}

    async def found(**given: Any) -> list[str]:
        query = VectorStoreQuery(**{**parts, "similarity_top_k": 5, name: given.get("query")})
        options = {name: given["option"]} if "option" in given else {}
        ids: list[str] = (await call(store, "query", query, **options)).ids
        return ids

    assert await found(query=0.3, option=0.3) == await found(query=0.3) == await found(option=0.3)
    assert await found(query=1, option=1.0) == await found(query=1.0)
    assert await found(query=0, option=0) == await found(option=0)
    with pytest.raises(ArgumentError, match=f"^{name} is 0.3 in the query, and 0.7 in vector_store_kwargs; give one"):
        await found(query=0.3, option=0.7)
    with pytest.raises(ArgumentError, match=f"^{name} is 0 in the query, and 1 in"):
        await found(query=0, option=1)


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("default", "similarity_top_k"),
        ("default", "filters"),
        ("default", "node_ids"),
        ("mmr", "doc_ids"),
        ("text_search", "sparse_top_k"),
        ("hybrid", "hybrid_top_k"),
        ("hybrid", "query_str"),
        ("default", "mode"),
    ],
)
async def test_a_part_of_the_query_among_the_options_is_told_where_it_belongs(
    store: RedisVectorStore, call: Call, mode: str, name: str
) -> None:
    query = VectorStoreQuery(embed("text"), query_str="text", mode=mode)  # type: ignore[arg-type]  # as some write it
    with pytest.raises(UnknownArgumentError, match=f"^'{name}' is a part of the query.* VectorStoreQuery, or to the"):
        await call(store, "query", query, **{name: getattr(query, name)})
