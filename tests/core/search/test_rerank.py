"""Ranking anew without a server: functions as rerankers, what they may give, and what is made of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pytest

from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.search.ranking import Ranking, choose_unlike, read_fetch_k
from redisvl_adapters.core.search.recency import Recency
from redisvl_adapters.core.search.rerank import FunctionReranker, check_score, check_sync, is_async, read_scores
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.errors import ArgumentError, RerankError, UnknownArgumentError

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def by_length(query: str, texts: list[str]) -> list[float]:
    assert query == "q"
    return [float(len(text)) for text in texts]


async def by_length_async(query: str, texts: list[str]) -> Any:
    await asyncio.sleep(0)
    return np.array(by_length(query, texts), dtype=np.float32)


def unseen(query: str, texts: list[str]) -> Any:
    """Return what is to be awaited, which nobody can see before calling it."""
    return by_length_async(query, texts)


def hit(record_id: str, text: str, score: float, days: int = 0, vector: Any = None) -> Hit:
    return Hit(Record(record_id, text, {"at": (NOW - timedelta(days=days)).isoformat()}, vector=vector), 0.0, score)


def ranking(function: Any = None, recency: Recency | None = None) -> Ranking[Record]:
    reranker = None if function is None else FunctionReranker[Record](function, lambda record: record.text)
    return Ranking(reranker, recency, lambda record: record, lambda record: record.metadata)


def told(ranked: Sequence[tuple[Record, float]]) -> dict[str, float]:
    return {record.id: score for record, score in ranked}


HITS = [hit("a", "aa", 0.9, 30), hit("b", "bbb", 0.8), hit("c", "c", 0.7), hit("d", "dd", 0.6)]
MONTH = Recency("at", 30 * 86_400, now=NOW.timestamp())


def test_candidates_are_sorted_by_their_new_scores_and_equal_ones_stay_in_order() -> None:
    assert [*told(ranking(by_length).rank("q", HITS)).items()] == [("b", 3), ("a", 2), ("d", 2), ("c", 1)]


@pytest.mark.parametrize("function", [by_length, by_length_async, partial(by_length_async), unseen])
async def test_async_searches_take_sync_and_async_functions(function: Any) -> None:
    assert [*told(await ranking(function).arank("q", HITS)).items()] == [("b", 3), ("a", 2), ("d", 2), ("c", 1)]


async def test_a_sync_function_does_not_run_on_the_event_loop() -> None:
    threads = []

    def slow(query: str, texts: list[str]) -> list[float]:
        threads.append(threading.current_thread())
        return by_length(query, texts)

    await ranking(slow).arank("q", HITS)
    assert threads != [threading.current_thread()]


def test_a_sync_search_refuses_async_functions() -> None:
    class Model:
        async def __call__(self, query: str, texts: list[str]) -> list[float]:
            return by_length(query, texts)

    for function in (by_length_async, Model(), partial(by_length_async)):
        assert is_async(function)
        with pytest.raises(ArgumentError, match="async function, which a sync search cannot await; use the async twin"):
            check_sync(function)
    check_sync(by_length)
    # Which cannot be seen before it is called.
    with pytest.raises(ArgumentError, match="use the async twin"):
        ranking(unseen).rank("q", HITS)


@pytest.mark.parametrize(
    "given", [[1, 2.5], (1, 2.5), np.array([1, 2.5], dtype=np.float16), [np.float32(1), np.float64(2.5)]]
)
def test_scores_are_any_numbers_one_for_each_text(given: Any) -> None:
    assert read_scores(given, 2) == [1.0, 2.5]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([1.0], r"one number for each of 2 texts; not an array of shape \(1,\) \[1.0\]"),
        ([1.0, 2.0, 3.0], r"shape \(3,\)"),
        ([[1.0], [2.0]], r"shape \(2, 1\)"),
        ([], r"shape \(0,\)"),
        ([[1.0], [2.0, 3.0]], "no numbers"),
        (None, "not NoneType"),
        (3.0, "not float"),
        ((score for score in (1.0, 2.0)), "not generator"),
        ({"a": 1.0, "b": 2.0}, "not dict"),
        (["1.0", "2.0"], r"shape \(2,\) \['1.0'"),
        ([True, False], "shape"),
        ([Decimal(1), Decimal(2)], "shape"),
        ([1.0, float("nan")], "finite numbers as scores; not nan"),
        ([float("-inf"), 1.0], "finite numbers as scores; not -inf"),
        ([1.0, None], "shape"),
    ],
)
def test_what_is_no_score_for_each_text_is_refused(given: Any, said: str) -> None:
    with pytest.raises(RerankError, match=said):
        read_scores(given, 2)


@pytest.mark.parametrize("score", ["0.5", None, True, float("nan"), float("inf"), [1]])
def test_a_single_score_is_a_finite_number(score: Any) -> None:
    with pytest.raises(RerankError, match="finite numbers"):
        check_score(score)
    assert check_score(np.float32(0.5)) == 0.5


def test_what_a_reranker_raises_comes_out_as_it_is() -> None:
    def fail(query: str, texts: list[str]) -> list[float]:
        raise KeyError(query)

    with pytest.raises(KeyError, match="q"):
        ranking(fail).rank("q", HITS)


async def test_nothing_is_reranked_where_nothing_was_found() -> None:
    def never(query: str, texts: list[str]) -> list[float]:
        raise AssertionError(texts)

    assert ranking(never).rank("q", []) == await ranking(never).arank("q", []) == []


async def test_scores_of_the_reranker_decay_with_age() -> None:
    expected = [("b", 3.0), ("d", 2.0), ("a", 1.0), ("c", 1.0)]
    assert [*told(ranking(by_length, MONTH).rank("q", HITS)).items()] == expected
    assert [*told(await ranking(by_length, MONTH).arank("q", HITS)).items()] == expected


def test_without_a_reranker_the_scores_of_the_search_decay() -> None:
    assert [*told(ranking(None, MONTH).rank("", HITS)).items()] == [("b", 0.8), ("c", 0.7), ("d", 0.6), ("a", 0.45)]


def choose(k: int, weight: float, of: Sequence[Hit]) -> list[str]:
    found = [(each.record, each.score or 0.0) for each in of]
    chosen = choose_unlike(found, of, lambda record: record.id, k=k, lambda_mult=weight)
    assert all(score == told(found)[record.id] for record, score in chosen)
    return [record.id for record, _ in chosen]


def test_mmr_weighs_new_scores_between_0_and_1_against_likeness() -> None:
    east, almost, north = [1.0, 0.0], [0.99, 0.1], [0.0, 1.0]
    of = [hit("a", "", 9.0, vector=east), hit("b", "", 8.0, vector=almost), hit("c", "", 1.0, vector=north)]
    assert choose(3, 1.0, of) == ["a", "b", "c"]
    assert choose(2, 0.0, of) == ["a", "c"]
    # 0.6 * 7/8 - 0.4 * 0.995 = 0.127 for b, and 0 for c; with 0.4 it is 0.35 - 0.597.
    assert choose(2, 0.6, of) == ["a", "b"]
    assert choose(2, 0.4, of) == ["a", "c"]
    assert choose(0, 0.5, of) == []
    assert choose(9, 0.5, []) == []


def test_mmr_takes_nothing_that_the_search_did_not_find() -> None:
    with pytest.raises(RerankError, match=r"mmr has no vector of \(id 'new'"):
        choose_unlike([(Record("new", ""), 1.0)], HITS, lambda record: record.id, k=1, lambda_mult=0.5)


def test_candidates_are_100_or_twice_k_unless_they_are_said() -> None:
    anew = ranking(by_length)
    assert [read_fetch_k("s", k, None, anew) for k in (0, 1, 50, 51, 400)] == [0, 100, 100, 102, 800]
    assert [read_fetch_k("s", k, None, None) for k in (0, 1, 400)] == [0, 1, 400]
    assert read_fetch_k("s", 4, 4, anew) == 4
    refused: list[Callable[[], object]] = [
        lambda: read_fetch_k("s", 4, 3, anew),
        lambda: read_fetch_k("s", 4, True, anew),
    ]
    for call in refused:
        with pytest.raises(ArgumentError, match="fetch_k is"):
            call()
    with pytest.raises(UnknownArgumentError, match="s has no argument 'fetch_k' without rerank or recency"):
        read_fetch_k("s", 4, 10, None)
