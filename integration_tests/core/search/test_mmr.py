"""Maximal marginal relevance: what brute force over the stored vectors picks, in one round trip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, distances_of, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, ids_of
from redisvl_adapters import ArgumentError
from redisvl_adapters.core import operations

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture


def brute_force(there: Shelf, candidates: list[str], k: int, weight: float) -> list[str]:
    """Choose as the paper says, one by one."""

    def cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    query = np.asarray(there.model.vector(QUERY))
    rows = {each: there.items[each].vector for each in candidates}
    chosen: list[str] = []
    while len(chosen) < min(k, len(rows)):
        left = [each for each in rows if each not in chosen]
        gains = {
            each: weight * cosine(query, rows[each])
            - (1 - weight) * max((cosine(rows[other], rows[each]) for other in chosen), default=0)
            for each in left
        }
        # The first one is the nearest, whatever lambda is.
        chosen.append(max(left, key=gains.__getitem__) if chosen else max(left, key=lambda e: cosine(query, rows[e])))
    return chosen


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("metric", ["cosine", "l2", "ip"])
async def test_the_picks_are_those_of_brute_force(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str, dtype: str
) -> None:
    """langchain-redis 20: MMR takes 197 ms on hash and 843 ms on JSON."""
    there = await shelf(call, clients, index_name, storage=storage, distance_metric=metric, dtype=dtype)
    true = there.distances(metric)
    vector = there.model.vector(QUERY)
    for weight in (0.0, 0.3, 0.5, 1.0, 0, 1):
        for k, fetch_k in ((4, 20), (10, 10), (12, 40)):
            expected = brute_force(there, [*true][:fetch_k], k, weight)
            options = {"fetch_k": fetch_k, "lambda_mult": weight}
            found = distances_of(await there.lc("max_marginal_relevance_search_with_score", QUERY, k, **options))
            assert [*found] == expected
            assert found == pytest.approx({each: true[each] for each in expected}, abs=1e-4)
            assert ids_of(await there.lc("max_marginal_relevance_search", QUERY, k, **options)) == expected
            assert ids_of(await there.lc("max_marginal_relevance_search_by_vector", vector, k, **options)) == expected
    # By default, out of 20, or of k if that is more.
    assert ids_of(await there.lc("max_marginal_relevance_search", QUERY)) == brute_force(there, [*true][:20], 4, 0.5)
    assert set(ids_of(await there.lc("max_marginal_relevance_search", QUERY, 30))) == {*[*true][:30]}


async def test_the_picks_are_chosen_among_what_a_filter_leaves(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    left = [each for each in there.distances() if there.items[each].metadata["kind"] != "a"]
    options: dict[str, Any] = {"fetch_k": 15, "filter": {"kind": {"$ne": "a"}}}
    expected = brute_force(there, left[:15], 6, 0.5)
    assert ids_of(await there.lc("max_marginal_relevance_search", QUERY, 6, **options)) == expected
    near = {each: far for each, far in there.distances(ids=left).items() if far <= 0.9}
    expected = brute_force(there, [*near][:15], 6, 0.5)
    found = await there.lc("max_marginal_relevance_search", QUERY, 6, **options, distance_threshold=0.9)
    assert ids_of(found) == expected


async def test_it_is_one_round_trip_and_the_vectors_come_along(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for options in ({}, {"filter": {"n": {"$gte": 3}}}, {"distance_threshold": 0.9}):
        sent.clear()
        await there.lc("max_marginal_relevance_search", QUERY, **options)
        assert [len(batch) for batch in sent] == [1]
        (command,) = sent[0]
        assert ("embedding" if storage == "hash" else '$["embedding"]') in command


async def test_llama_index_takes_its_threshold_from_the_query_or_from_its_retriever(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    true = there.distances()
    parts: dict[str, Any] = {"query_embedding": there.model.vector(QUERY), "mode": "mmr", "similarity_top_k": 8}
    for weight in (0, 0.0, 0.4, 1):
        expected = brute_force(there, [*true][:20], 8, weight)
        for given in (
            {"mmr_threshold": weight},
            {"options": {"mmr_threshold": weight}},
            {"mmr_threshold": weight, "options": {"fetch_k": 20}},
        ):
            found = await there.li(**parts, **given)
            assert [*found] == expected
            assert found == pytest.approx({each: 1 - true[each] for each in expected}, abs=1e-4)
    assert [*await there.li(**parts)] == brute_force(there, [*true][:20], 8, 0.5)
    some = [*true][::2]
    assert [*await there.li(**parts, node_ids=some)] == brute_force(there, some, 8, 0.5)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, "0.5"], ids=repr)
async def test_lambda_is_a_number_from_0_to_1(
    clients: Clients, index_name: str, call: Call, sent: Sent, value: Any
) -> None:
    there = await shelf(call, clients, index_name)
    there.model.calls.clear()
    sent.refusing = True
    for search, asked in (
        ("max_marginal_relevance_search", QUERY),
        ("max_marginal_relevance_search_with_score", QUERY),
        ("max_marginal_relevance_search_by_vector", [1.0] * 8),
    ):
        with pytest.raises(ArgumentError, match="lambda_mult is a number from 0 to 1"):
            await there.lc(search, asked, lambda_mult=value)
    assert not there.model.calls
    with pytest.raises(ArgumentError, match=r"(lambda_mult|mmr_threshold) is a number from 0 to 1"):
        await there.li(query_embedding=[1.0] * 8, mode="mmr", options={"mmr_threshold": value})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"k": 5, "fetch_k": 4}, "fetch_k is at least k; not 4 with k=5"),
        ({"fetch_k": -1}, "fetch_k is an integer from 0"),
        ({"fetch_k": 2.5}, "fetch_k is an integer from 0"),
        ({"k": -1}, "k is an integer from 0"),
        ({"nonsense": 1}, "no argument 'nonsense'"),
        ({"alpha": 1}, "no argument 'alpha'"),
    ],
    ids=repr,
)
async def test_what_cannot_be_diverse_is_refused_before_anything_is_embedded_or_sent(
    clients: Clients, index_name: str, call: Call, sent: Sent, options: dict[str, Any], named: str
) -> None:
    there = await shelf(call, clients, index_name)
    there.model.calls.clear()
    sent.refusing = True
    for search in ("max_marginal_relevance_search", "max_marginal_relevance_search_with_score"):
        with pytest.raises(ArgumentError, match=named):
            await there.lc(search, QUERY, **options)
    assert not there.model.calls
    k = options.get("k", 4)
    rest = {name: value for name, value in options.items() if name != "k"}
    with pytest.raises(ArgumentError, match=named if k >= 0 else "similarity_top_k"):
        await there.li(query_embedding=[1.0] * 8, mode="mmr", similarity_top_k=k, options=rest)


async def test_the_core_keeps_the_vectors(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    hits = await there.run(operations.search_mmr, there.model.vector(QUERY), 3)
    for hit in hits:
        assert hit.record.vector == pytest.approx(there.items[hit.record.id].vector)
        assert hit.record.vector.shape == (8,)
