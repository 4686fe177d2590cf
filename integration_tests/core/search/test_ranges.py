"""Searches within a distance, or from a relevance on: what brute force finds, cut by the server."""

from __future__ import annotations

import math
from typing import Any

import pytest
from llama_index.core.vector_stores.types import VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, distances_of, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import filters, where
from redisvl_adapters import ArgumentError
from redisvl_adapters.core import Compare, Operator, operations
from redisvl_adapters.core.search.scores import relevance, similarity
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

METRICS = ["cosine", "l2", "ip"]
ALGORITHMS = ["hnsw", "flat"]


def within(true: dict[str, float], bound: float) -> dict[str, float]:
    """Return the distances that are not beyond a bound."""
    return {each: value for each, value in true.items() if value <= bound}


def halfway(true: dict[str, float], place: int) -> float:
    """Return a bound between two neighbours, so that rounding does not matter."""
    values = [*true.values()]
    return (values[place - 1] + values[place]) / 2


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_distance_threshold_leaves_what_brute_force_leaves(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str, algorithm: str
) -> None:
    """llama-index and langchain alike cut k results in the client; here the server leaves the others out."""
    there = await shelf(call, clients, index_name, storage=storage, distance_metric=metric, algorithm=algorithm)
    true = there.distances(metric)
    among = [each for each, item in there.items.items() if item.metadata["n"] % 2]
    odd = {"n": {"$in": [item.metadata["n"] for item in there.items.values() if item.metadata["n"] % 2]}}
    vector = there.model.vector(QUERY)
    for place in (1, 5, 17, 40):
        bound = halfway(true, place) if place < 40 else 1e20
        expected = within(true, bound)
        assert len(expected) == place
        found = distances_of(await there.lc("similarity_search_with_score", QUERY, 100, distance_threshold=bound))
        assert [*found] == [*expected]
        assert found == pytest.approx(expected, abs=1e-5)
        few = await there.lc("similarity_search", QUERY, 3, distance_threshold=bound)
        assert ids_of(few) == [*expected][:3]
        filtered = await there.lc("similarity_search", QUERY, 100, odd, distance_threshold=bound)
        assert ids_of(filtered) == [each for each in expected if each in among]
        similar = await there.li(query_embedding=vector, options={"distance_threshold": bound})
        assert [*similar] == [*expected]
        assert similar == pytest.approx({each: similarity(true[each], metric) for each in expected}, abs=1e-5)
        hits = await there.run(operations.search_by_vector, vector, 100, distance_threshold=bound)
        assert [hit.record.id for hit in hits] == [*expected]


@pytest.mark.parametrize("metric", METRICS)
async def test_a_distance_threshold_holds_among_ids_and_filters(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage, distance_metric=metric)
    true = there.distances(metric)
    bound = halfway(true, 15)
    vector = there.model.vector(QUERY)
    chosen = [*true][2:30:3]
    parts: dict[str, Any] = {"query_embedding": vector, "node_ids": chosen, "options": {"distance_threshold": bound}}
    expected = [each for each in within(true, bound) if each in chosen]
    assert 2 < len(expected) < len(chosen)
    assert [*await there.li(**parts)] == expected
    assert [*await there.li(**parts, similarity_top_k=2)] == expected[:2]
    kind = there.items[expected[0]].metadata["kind"]
    assert [*await there.li(**parts, filters=filters(where("kind", kind)))] == [
        each for each in expected if there.items[each].metadata["kind"] == kind
    ]


async def test_the_bound_belongs_to_the_range(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    places = {"here": [2.0, 0.0], "four": [4.0, 0.0], "eight": [0.0, 2.0], "hundred": [-8.0, 0.0]}
    model = Model({**places, "query": [2.0, 0.0]})
    store = store_on(clients, index_name, model, storage=storage, distance_metric="l2")
    await call(store, "add_texts", [*places], ids=[*places])
    other = LlamaIndexStore(index_name=index_name, **clients)
    expected = {0: 1, 3.999: 1, 4: 2, 7.5: 2, 8: 3, 99.999: 3, 100: 4, 1e16: 4, 1e300: 4, 1e-7: 1, 1e-300: 1}
    for bound, count in expected.items():
        found = await call(store, "similarity_search", "query", 10, distance_threshold=bound)
        assert ids_of(found) == [*places][:count], bound
        among = VectorStoreQuery(query_embedding=[2.0, 0.0], similarity_top_k=10, node_ids=[*places])
        result = await call(other, "query", among, distance_threshold=bound)
        assert result.ids == [*places][:count], bound


async def test_an_inner_product_has_distances_below_zero(clients: Clients, index_name: str, call: Call) -> None:
    places = {"eight": [4.0, 0.0], "four": [2.0, 0.0], "none": [0.0, 2.0], "against": [-8.0, 0.0]}
    store = store_on(clients, index_name, Model({**places, "query": [2.0, 0.0]}), distance_metric="ip")
    await call(store, "add_texts", [*places], ids=[*places])
    for bound, count in {-1e20: 0, -7.5: 0, -7: 1, -3.5: 1, -3: 2, -1e-9: 2, 0: 2, 1: 3, 17: 4}.items():
        assert (
            ids_of(await call(store, "similarity_search", "query", 10, distance_threshold=bound)) == [*places][:count]
        )


async def test_the_cut_is_made_by_the_server(clients: Clients, index_name: str, call: Call, sent: Sent) -> None:
    there = await shelf(call, clients, index_name)
    bound = halfway(there.distances(), 5)
    sent.clear()
    await there.lc("similarity_search", QUERY, 40, distance_threshold=bound)
    assert sent.names() == [{"FT.AGGREGATE"}]
    sent.clear()
    await there.lc("similarity_search", QUERY, 40, distance_threshold=bound, epsilon=10)
    assert sent.names() == [{"FT.SEARCH"}]
    assert "VECTOR_RANGE" in sent[0][0][2]


@pytest.mark.parametrize("metric", ["cosine", "l2"])
async def test_epsilon_makes_a_range_query_which_is_complete_where_it_is_large(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage, distance_metric=metric)
    true = there.distances(metric)
    bound = halfway(true, 9)
    options = {"distance_threshold": bound, "epsilon": 100}
    assert ids_of(await there.lc("similarity_search", QUERY, 40, **options)) == [*true][:9]
    assert ids_of(await there.lc("similarity_search", QUERY, 4, **options)) == [*true][:4]
    kind = {"kind": "a"}
    nearest = [each for each in [*true][:9] if there.items[each].metadata["kind"] == "a"]
    assert ids_of(await there.lc("similarity_search", QUERY, 40, kind, **options)) == nearest
    vector = there.model.vector(QUERY)
    assert [*await there.li(query_embedding=vector, node_ids=nearest, options=options)] == nearest


@pytest.mark.parametrize("metric", METRICS)
async def test_a_score_threshold_leaves_what_is_relevant_enough(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str
) -> None:
    """langchain-redis 12: relevance scores and the ``similarity_score_threshold`` retriever: NotImplementedError."""
    there = await shelf(call, clients, index_name, storage=storage, distance_metric=metric)
    true = {each: relevance(value, metric) for each, value in there.distances(metric).items()}
    for least in (
        0,
        0.0,
        *((a + b) / 2 for a, b in zip([*true.values()][3:30:9], [*true.values()][4:31:9], strict=True)),
    ):
        expected = {each: value for each, value in true.items() if value >= least}
        found = distances_of(
            await there.lc("similarity_search_with_relevance_scores", QUERY, 100, score_threshold=least)
        )
        assert [*found] == [*expected]
        assert found == pytest.approx(expected, abs=1e-5)
        retriever = there.langchain.as_retriever(
            search_type="similarity_score_threshold", search_kwargs={"score_threshold": least, "k": 100}
        )
        assert ids_of(await call(retriever, "invoke", QUERY)) == [*expected]


@pytest.mark.parametrize("metric", METRICS)
async def test_a_score_threshold_of_1_leaves_what_is_as_near_as_can_be(
    clients: Clients, index_name: str, call: Call, metric: str
) -> None:
    told = {"same": [8.0, 0.0], "other": [1.0, 1.0], "query": [8.0, 0.0]}
    store = store_on(clients, index_name, Model(told), distance_metric=metric)
    await call(store, "add_texts", ["same", "other"], ids=["same", "other"])
    for least in (1, 1.0):
        found = await call(store, "similarity_search_with_relevance_scores", "query", 5, score_threshold=least)
        assert distances_of(found) == {"same": 1.0}
    assert len(await call(store, "similarity_search_with_relevance_scores", "query", 5, score_threshold=0)) == 2


async def test_a_score_threshold_is_a_bound_on_the_server(
    clients: Clients, index_name: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name)
    sent.clear()
    await there.lc("similarity_search_with_relevance_scores", QUERY, 40, score_threshold=0.5)
    assert sent.names() == [{"FT.AGGREGATE"}]
    sent.clear()
    await there.lc("similarity_search_with_relevance_scores", QUERY, 40, score_threshold=0)
    assert sent.names() == [{"FT.SEARCH"}]


@pytest.mark.parametrize("bound", [math.nan, math.inf, -math.inf, "1", True, [1]], ids=repr)
async def test_a_distance_threshold_is_a_number(
    clients: Clients, index_name: str, call: Call, bound: Any, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name)
    sent.refusing = True
    with pytest.raises(ArgumentError, match="distance_threshold is a number"):
        await there.lc("similarity_search", QUERY, distance_threshold=bound)
    with pytest.raises(ArgumentError, match="distance_threshold is at least 0"):
        await there.lc("similarity_search", QUERY, distance_threshold=-0.5)


async def test_a_range_on_an_index_without_records_is_empty(clients: Clients, index_name: str, call: Call) -> None:
    store = store_on(clients, index_name, Model())
    for options in ({"distance_threshold": 1}, {"distance_threshold": 1, "epsilon": 1}):
        assert await call(store, "similarity_search", "a", **options) == []
    await call(store, "add_texts", ["a"], [{"n": 1}])
    await call(store, "clear")
    for options in ({"distance_threshold": 1}, {"distance_threshold": 1, "epsilon": 1}):
        assert await call(store, "similarity_search", "a", filter=Compare("n", Operator.EQ, 1), **options) == []
