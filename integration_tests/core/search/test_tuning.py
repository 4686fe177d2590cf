"""Searches that are told how hard to look: what an index takes, what it refuses, and what it is sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import DIMS, QUERY, Item, Sent, Shelf, distances_of, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, ids_of, retriever_on
from redisvl_adapters import ArgumentError
from redisvl_adapters.core import And, Compare, Operator, operations

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

AMONG = {"n": {"$gte": 10}}
TUNINGS: list[dict[str, Any]] = [
    {"ef_runtime": 500},
    {"filter": AMONG, "ef_runtime": 500},
    {"filter": AMONG, "hybrid_policy": "adhoc_bf"},
    {"filter": AMONG, "hybrid_policy": "batches"},
    {"filter": AMONG, "hybrid_policy": "batches", "batch_size": 7},
    {"filter": AMONG, "batch_size": 7},
    {"filter": AMONG, "batch_size": 7, "ef_runtime": 500},
]


def expected(there: Shelf, options: dict[str, Any], k: int) -> dict[str, float]:
    """Return the true distances of the nearest records that these options leave."""
    ids = [item.id for item in there.items.values() if item.metadata["n"] >= (10 if "filter" in options else 0)]
    return dict(list(there.distances(ids=ids).items())[:k])


@pytest.mark.parametrize("options", TUNINGS, ids=repr)
async def test_a_tuned_search_finds_what_is_near(
    clients: Clients, index_name: str, storage: str, call: Call, options: dict[str, Any]
) -> None:
    """langchain-redis 25: no per-query EF_RUNTIME."""
    there = await shelf(call, clients, index_name, storage=storage)
    true = expected(there, options, 9)
    found = distances_of(await there.lc("similarity_search_with_score", QUERY, 9, **options))
    assert [*found] == [*true]
    assert found == pytest.approx(true, abs=1e-5)
    assert ids_of(await there.lc("similarity_search", QUERY, 9, **options)) == [*true]
    relevant = await there.lc("similarity_search_with_relevance_scores", QUERY, 9, **options)
    assert [document.id for document, _ in relevant] == [*true]
    assert ids_of(await there.lc("max_marginal_relevance_search", QUERY, 9, 9, 1.0, **options)) == [*true]
    vector = there.model.vector(QUERY)
    assert ids_of(await there.lc("similarity_search_by_vector", vector, 9, **options)) == [*true]
    retriever = retriever_on(there.langchain, search_kwargs={"k": 9, **options})
    assert ids_of(await call(retriever, "invoke", QUERY)) == [*true]


@pytest.mark.parametrize("options", TUNINGS, ids=repr)
async def test_the_attributes_reach_the_server(
    clients: Clients, index_name: str, call: Call, sent: Sent, options: dict[str, Any]
) -> None:
    there = await shelf(call, clients, index_name)
    sent.clear()
    await there.lc("similarity_search", QUERY, 9, **options)
    (text,) = [args[2] for batch in sent for args in batch if args[0] == "FT.SEARCH"]
    for name, value in options.items():
        assert name == "filter" or f" {name.upper()} {str(value).upper()} " in text
    # To look at everything leaves nothing to choose.
    assert ("EF_RUNTIME" in text) is (options.get("hybrid_policy") != "adhoc_bf")


async def test_a_search_that_says_nothing_is_sent_an_ef_runtime_unless_the_index_has_its_own(
    clients: Clients, index_name: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name)
    for k, ef in ((1, 200), (10, 200), (500, 1000)):
        sent.clear()
        await there.lc("similarity_search", QUERY, k)
        # Of fewer records than k, the server is asked how many there are.
        assert f" EF_RUNTIME {ef} " in sent[0][0][2]
    others: dict[str, dict[str, Any]] = {"own": {"ef_runtime": 33}, "flat": {"algorithm": "flat"}}
    for name, options in others.items():
        other = await shelf(call, clients, f"{index_name}-{name}", **options)
        sent.clear()
        await other.lc("similarity_search", QUERY, 4)
        assert "EF_RUNTIME" not in sent[-1][0][2]


async def test_the_chosen_ef_runtime_finds_more_than_the_servers_own(
    clients: Clients, index_name: str, call: Call
) -> None:
    rows = np.random.default_rng(7).normal(size=(1500, DIMS))
    content = [Item(str(place), f"text {place}", row, {}) for place, row in enumerate(rows)]
    there = await shelf(call, clients, index_name, content, m=4, ef_construction=10)

    async def recall(**options: Any) -> float:
        hits = 0
        for place in range(20):
            query = f"query {place}"
            true = [*there.distances(query=query)][:10]
            hits += len({*true} & {*ids_of(await there.lc("similarity_search", query, 10, **options))})
        return hits / 200

    assert await recall() >= 0.95 > await recall(ef_runtime=10)


@pytest.mark.parametrize(
    "options", [{"hybrid_policy": "batches"}, {"hybrid_policy": "adhoc_bf"}, {"batch_size": 5}], ids=repr
)
@pytest.mark.parametrize("algorithm", ["hnsw", "flat"])
async def test_what_is_about_filters_needs_one(
    clients: Clients, index_name: str, storage: str, call: Call, algorithm: str, options: dict[str, Any]
) -> None:
    there = await shelf(call, clients, index_name, storage=storage, algorithm=algorithm)
    with pytest.raises(ArgumentError, match=f"{next(iter(options))} is for searches with a filter"):
        await there.lc("similarity_search", QUERY, **options)
    assert len(await there.lc("similarity_search", QUERY, filter=AMONG, **options)) == 4
    # Keywords are a filter, too.
    assert len(await there.lc("similarity_search", QUERY, keywords="fox", **options)) == 4
    vector = there.model.vector(QUERY)
    assert len(await there.li(query_embedding=vector, doc_ids=["none"], options=options)) == 0


@pytest.mark.parametrize("options", [{"hybrid_policy": "batches"}, {"batch_size": 5}], ids=repr)
async def test_a_filter_that_is_always_true_is_a_filter(
    clients: Clients, index_name: str, call: Call, options: dict[str, Any]
) -> None:
    there = await shelf(call, clients, index_name)
    for filter in (And(()), Compare("n", Operator.NIN, [])):
        assert len(await there.lc("similarity_search", QUERY, 40, filter=filter, **options)) == 40


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"ef_runtime": 100}, "ef_runtime is for hnsw indexes; .* is 'flat'"),
        ({"search_window_size": 100}, "search_window_size is for svs-vamana indexes; .* is 'flat'"),
        ({"distance_threshold": 1, "epsilon": 0.1}, "epsilon is for hnsw and svs-vamana indexes; .* is 'flat'"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_a_flat_index_does_not_have_is_refused_before_a_round_trip(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, options: dict[str, Any], named: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage, algorithm="flat")
    vector = there.model.vector(QUERY)
    await there.li(query_embedding=vector)
    sent.refusing = True
    for search in ("similarity_search", "similarity_search_with_relevance_scores", "max_marginal_relevance_search"):
        with pytest.raises(ArgumentError, match=named):
            await there.lc(search, QUERY, **options)
    with pytest.raises(ArgumentError, match=named):
        await there.lc("hybrid_search", QUERY, **options)
    with pytest.raises(ArgumentError, match=named):
        await there.li(query_embedding=vector, options=options)
    with pytest.raises(ArgumentError, match=named):
        await there.run(operations.search_by_vector, vector, 4, **options)


async def test_an_index_without_svs_has_no_search_window(
    clients: Clients, index_name: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name)
    sent.refusing = True
    with pytest.raises(ArgumentError, match=r"search_window_size is for svs-vamana indexes; .* is 'hnsw'"):
        await there.lc("similarity_search", QUERY, search_window_size=100)


async def test_epsilon_is_for_searches_within_a_distance(clients: Clients, index_name: str, call: Call) -> None:
    there = await shelf(call, clients, index_name)
    with pytest.raises(ArgumentError, match="epsilon is for searches with a distance_threshold"):
        await there.lc("similarity_search", QUERY, epsilon=0.1)
    with pytest.raises(ArgumentError, match="ef_runtime and epsilon exclude each other"):
        await there.lc("similarity_search", QUERY, epsilon=0.1, distance_threshold=1, ef_runtime=10)


async def test_llama_index_passes_the_tuning_that_its_retriever_was_told(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    vector = there.model.vector(QUERY)
    found = await there.li(query_embedding=vector, similarity_top_k=9, options={"ef_runtime": 321})
    assert [*found] == [*there.distances()][:9]
    assert " EF_RUNTIME 321 " in sent[-1][0][2]
