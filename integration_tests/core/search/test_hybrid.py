"""Hybrid search: candidates from both sides, fused as a hand computation would, in one round trip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, distances_of, items, scores_of, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import filters, where
from redisvl_adapters import ArgumentError, FilterError, UnknownFieldWarning
from redisvl_adapters.core import Compare, Operator, operations
from redisvl_adapters.core.search.fusion import Fusion

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

FUSIONS = ["rrf", "linear"]


def by_ranks(*sides: tuple[dict[str, float], float], constant: float = 60) -> dict[str, float]:
    """Compute reciprocal rank fusion by hand."""
    fused: dict[str, float] = {}
    for side, weight in sides:
        for rank, each in enumerate(side, 1):
            fused[each] = fused.get(each, 0) + weight / (constant + rank)
    return fused


def by_scores(*sides: tuple[dict[str, float], float]) -> dict[str, float]:
    """Compute the weighted sum of scores between 0 and 1 by hand."""
    fused: dict[str, float] = {}
    for side, weight in sides:
        low, high = min(side.values()), max(side.values())
        for each, score in side.items():
            fused[each] = fused.get(each, 0) + weight * (score - low) / (high - low)
    return fused


async def both_sides(there: Shelf, fetch_k: int, metric: str = "cosine", **options: Any) -> tuple[Any, Any]:
    """Return what each side finds alone: similarities and text scores by id."""
    near = distances_of(await there.lc("similarity_search_with_score", QUERY, fetch_k, **options))
    similar = {each: 1 / (1 + value) if metric == "l2" else 1 - value for each, value in near.items()}
    return similar, distances_of(await there.lc("text_search_with_score", QUERY, fetch_k, **options))


def agrees(found: dict[str, float], expected: dict[str, float], k: int) -> None:
    """Assert that these are the best k, up to the order of equal scores."""
    best = sorted(expected.values(), reverse=True)[:k]
    assert [*found.values()] == pytest.approx(best, abs=1e-5)
    for each, score in found.items():
        assert score == pytest.approx(expected[each], abs=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip"])
@pytest.mark.parametrize("options", [{}, {"filter": {"n": {"$gte": 12}}}, {"filter": {"kind": {"$ne": "a"}}}], ids=repr)
async def test_a_hybrid_search_is_what_a_hand_computation_makes_of_both_sides(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str, options: dict[str, Any]
) -> None:
    """langchain-redis 25: no hybrid search."""
    there = await shelf(call, clients, index_name, storage=storage, distance_metric=metric)
    for fetch_k in (7, 50):
        near, matching = await both_sides(there, fetch_k, metric, **options)
        assert fetch_k == 50 or near.keys() != matching.keys()
        for alpha, constant in ((0.5, 60), (0.2, 60), (0.9, 1)):
            given = {"fusion": "rrf", "alpha": alpha, "rrf_constant": constant, "fetch_k": fetch_k, **options}
            found = distances_of(await there.lc("hybrid_search_with_score", QUERY, 7, **given))
            agrees(found, by_ranks((near, 2 * alpha), (matching, 2 - 2 * alpha), constant=constant), 7)
            assert ids_of(await there.lc("hybrid_search", QUERY, 7, **given)) == [*found]
            given = {"fusion": "linear", "alpha": alpha, "fetch_k": fetch_k, **options}
            found = distances_of(await there.lc("hybrid_search_with_score", QUERY, 7, **given))
            agrees(found, by_scores((near, alpha), (matching, 1 - alpha)), 7)
    standard = distances_of(await there.lc("hybrid_search_with_score", QUERY, 7, **options))
    agrees(standard, by_scores((near, 0.3), (matching, 0.7)), 7)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("options", [{}, {"filter": {"n": {"$lt": 30}}}], ids=repr)
async def test_at_either_end_of_alpha_it_is_the_order_of_one_side(
    clients: Clients, index_name: str, storage: str, call: Call, fusion: str, options: dict[str, Any]
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    near, matching = await both_sides(there, 50, **options)
    for alpha, side in ((1, near), (1.0, near), (0, matching), (0.0, matching)):
        for k in (5, 40):
            found = await there.lc("hybrid_search", QUERY, k, fusion=fusion, alpha=alpha, **options)
            assert ids_of(found) == [*side][:k]


async def test_a_side_that_does_not_count_costs_nothing(
    clients: Clients, index_name: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, items(60))
    there.model.calls.clear()
    sent.clear()
    await there.lc("hybrid_search", QUERY, alpha=0, fetch_k=20)
    assert not there.model.calls
    await there.lc("hybrid_search", QUERY, alpha=1, fetch_k=20)
    assert [len(batch) for batch in sent] == [1, 1]
    assert "KNN" not in sent[0][0][2]
    assert "KNN" in sent[1][0][2]


@pytest.mark.parametrize("fusion", FUSIONS)
async def test_candidates_come_from_both_sides(
    clients: Clients, index_name: str, storage: str, call: Call, fusion: str
) -> None:
    """RedisVL's AggregateHybridQuery takes its candidates from the KNN side only."""
    told = {f"near {place}": [1.0, place / 1000] for place in range(60)}
    model = Model({**told, "an aardvark far away": [-1.0, 0.1], "aardvarks": [1.0, 0.0]})
    store = store_on(clients, index_name, model, storage=storage)
    texts = [*told, "an aardvark far away"]
    await call(
        store, "add_texts", texts, [{"n": place} for place in range(61)], ids=[str(place) for place in range(61)]
    )
    for filter in (None, {"n": {"$gte": 0}}):
        for k in (2, 4, 20):
            found = ids_of(await call(store, "hybrid_search", "aardvarks", k, filter, fusion=fusion, fetch_k=20))
            assert "60" in found[:2]
            assert "0" in found[:2]
    assert "60" not in ids_of(await call(store, "similarity_search", "aardvarks", 50))
    found = await call(store, "hybrid_search", "aardvarks", 20, {"n": {"$lt": 60}}, fusion=fusion)
    assert "60" not in ids_of(found)


async def test_filters_hold_on_both_sides(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for kind in "abc":
        expected = {each for each, item in there.items.items() if item.metadata["kind"] == kind}
        assert set(ids_of(await there.lc("hybrid_search", QUERY, 40, {"kind": kind}))) == expected
        found = await there.li(
            query_embedding=there.model.vector(QUERY),
            query_str=QUERY,
            mode="hybrid",
            filters=filters(where("kind", kind)),
        )
        assert found.keys() == expected
    assert await there.lc("hybrid_search", QUERY, 40, {"kind": "nowhere"}) == []
    some = ["r3", "r1", "gone"]
    parts: dict[str, Any] = {"query_embedding": there.model.vector(QUERY), "query_str": QUERY, "mode": "hybrid"}
    assert (await there.li(**parts, node_ids=some)).keys() == {"r1", "r3"}
    with pytest.raises(FilterError, match="'nothing' is not in index"):
        await there.lc("hybrid_search", QUERY, filter={"nothing": {"$ne": 1}})


@pytest.mark.parametrize("options", [{}, {"filter": {"n": {"$gte": 3}}}, {"keywords": "fox"}], ids=repr)
async def test_it_is_one_round_trip(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, options: dict[str, Any]
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    # The first time the records are counted, since there are fewer than candidates.
    await there.lc("hybrid_search", QUERY, **options)
    sent.clear()
    await there.lc("hybrid_search", QUERY, **options)
    assert len(sent) == 1


async def test_both_sides_take_their_options(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    all_of = set(await there.texts("red lantern", match="all", fields=["text"]))
    sent.clear()
    found = distances_of(
        await there.lc(
            "hybrid_search_with_score",
            "red lantern",
            40,
            ef_runtime=123,
            distance_threshold=0.5,
            scorer="TFIDF",
            match="all",
            text_fields=["text"],
        )
    )
    assert found.keys() == {each for each, far in there.distances(query="red lantern").items() if far <= 0.5} | all_of
    near, matching = sent[-1]
    assert "EF_RUNTIME 123" in near[2]
    assert matching[matching.index("SCORER") + 1] == "TFIDF"


async def test_the_core_takes_another_number_of_candidates_for_the_text_side(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    near, _ = await both_sides(there, 30)
    _, matching = await both_sides(there, 3)
    hits = await there.run(
        operations.search_hybrid, there.model.vector(QUERY), QUERY, 30, fetch_k=30, fetch_text_k=3, fusion=Fusion("rrf")
    )
    agrees(scores_of(hits), by_ranks((near, 1), (matching, 1)), 30)
    true = there.distances()
    for hit in hits:
        assert hit.distance == pytest.approx(true[hit.record.id], abs=1e-5) or np.isnan(hit.distance)
    zero = await there.run(operations.search_hybrid, None, QUERY, 3, fusion=Fusion(alpha=0))
    assert [hit.record.id for hit in zero] == [*matching]


async def test_an_index_without_records_has_nothing_on_either_side(
    clients: Clients, index_name: str, call: Call
) -> None:
    store = store_on(clients, index_name, Model())
    assert await call(store, "hybrid_search", "fox") == []
    await call(store, "create", 8)
    with pytest.warns(UnknownFieldWarning, match="'n' is not in index"):
        assert await call(store, "hybrid_search", "fox", filter=Compare("n", Operator.EQ, 1)) == []
    assert await call(store, "hybrid_search", "fox", 0) == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"alpha": -0.1}, "alpha is a number from 0 to 1"),
        ({"alpha": 1.1}, "alpha is a number from 0 to 1"),
        ({"alpha": float("nan")}, "alpha is a number from 0 to 1"),
        ({"alpha": True}, "alpha is a number from 0 to 1"),
        ({"fusion": "sum"}, "fusion is one of linear, rrf"),
        ({"rrf_constant": -1}, "rrf_constant is a number of at least 0"),
        ({"fetch_k": 3}, "fetch_k is at least k; not 3 with k=4"),
        ({"fetch_k": 2.5}, "fetch_k is an integer"),
        ({"k": -1}, "k is an integer from 0"),
        ({"scorer": "BM26"}, "scorer is one of"),
        ({"match": "some"}, "match is one of any, all, phrase"),
        ({"text_fields": ["nothing"]}, "text_fields: 'nothing' is no text field"),
        ({"ef_runtime": 0}, "ef_runtime is an integer from 1"),
        ({"lambda_mult": 0.5}, "hybrid_search has no argument 'lambda_mult'"),
        ({"query": None}, "query is a text; not NoneType"),
        ({"query": 7}, "query is a text; not int"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_cannot_be_fused_is_refused_before_anything_is_sent(
    clients: Clients, index_name: str, call: Call, sent: Sent, options: dict[str, Any], named: str
) -> None:
    there = await shelf(call, clients, index_name)
    there.model.calls.clear()
    sent.refusing = True
    given = {"query": QUERY, **options}
    for search in ("hybrid_search", "hybrid_search_with_score"):
        with pytest.raises(ArgumentError, match=named):
            await there.lc(search, **given)
    if "text_fields" not in options:  # which only an index knows
        assert not there.model.calls
