"""Scores in their ranges, and maximal marginal relevance against a brute-force one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from redisvl_adapters.core.ranking import as_rows, check_fraction, maximal_marginal_relevance, relevance, similarity
from redisvl_adapters.errors import ArgumentError

Matrix = NDArray[np.float64]


@pytest.mark.parametrize(
    ("metric", "distance", "relevant", "similar"),
    [
        ("cosine", 0.0, 1.0, 1.0),
        ("cosine", 1.0, 0.5, 0.0),
        ("cosine", 2.0, 0.0, -1.0),
        ("l2", 0.0, 1.0, 1.0),
        ("l2", 3.0, 0.25, 0.25),
        ("ip", 1.0, 0.5, 0.0),
        ("ip", -2.0, 1 / (1 + math.exp(-3)), 3.0),
        ("ip", 5.0, 1 / (1 + math.exp(4)), -4.0),
    ],
)
def test_scores_are_what_the_table_says(metric: str, distance: float, relevant: float, similar: float) -> None:
    assert relevance(distance, metric) == pytest.approx(relevant)
    assert similarity(distance, metric) == pytest.approx(similar)


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip"])
def test_relevance_is_within_0_and_1_and_falls_with_distance(metric: str) -> None:
    """langchain-redis 12: relevance scores were not implemented. llama-index 16: l2 similarities ran to -80."""
    distances = [-1e-7, 0.0, 1e-9, 0.3, 1.0, 2.0, 2.0000002, 80.0, 1e30]
    distances = [-1e300, -800.0, *distances, 1e300] if metric == "ip" else distances
    scores = [relevance(distance, metric) for distance in distances]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len({similarity(distance, metric) for distance in distances[-4:]}) > 1


def brute_force(query: Matrix, candidates: Matrix, k: int, weight: float) -> list[int]:
    """Choose as the paper says, one candidate at a time, with scalar arithmetic."""

    def cosine(one: Matrix, other: Matrix) -> float:
        lengths = math.hypot(*one) * math.hypot(*other)
        return sum(float(a) * float(b) for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0

    chosen: list[int] = []
    while len(chosen) < min(k, len(candidates)):
        scores = {
            place: weight * cosine(query, row)
            - (1 - weight) * max((cosine(candidates[c], row) for c in chosen), default=0)
            for place, row in enumerate(candidates)
            if place not in chosen
        }
        if not chosen:
            scores = {place: cosine(query, candidates[place]) for place in scores}
        chosen.append(max(scores, key=lambda place: scores[place]))
    return chosen


@pytest.mark.parametrize("seed", range(200))
def test_mmr_chooses_as_brute_force_does(seed: int) -> None:
    random = np.random.default_rng(seed)
    candidates = random.normal(size=(random.integers(1, 12), 4))
    query, k, weight = random.normal(size=4), int(random.integers(1, 14)), float(random.uniform())
    chosen = maximal_marginal_relevance(query, candidates, k=k, lambda_mult=weight)
    assert chosen == brute_force(query, candidates, k, weight)


@pytest.mark.parametrize(
    ("candidates", "k", "weight", "expected"),
    [
        ([], 3, 0.5, []),
        ([[1, 0]], 0, 0.5, []),
        ([[1, 0], [0.9, 0.1], [0, 1]], 2, 1.0, [0, 1]),
        ([[1, 0], [0.9, 0.1], [0, 1]], 2, 0.0, [0, 2]),
        ([[0, 0], [1, 0]], 2, 0.5, [1, 0]),
    ],
)
def test_mmr_at_its_edges(candidates: Any, k: int, weight: float, expected: list[int]) -> None:
    assert maximal_marginal_relevance(np.array([1.0, 0.0]), as_rows(candidates), k=k, lambda_mult=weight) == expected


@pytest.mark.parametrize("value", [-0.1, 1.1, True, "0.5", None, math.nan])
def test_a_fraction_is_a_number_from_0_to_1(value: Any) -> None:
    with pytest.raises(ArgumentError, match="lambda_mult is a number from 0 to 1"):
        check_fraction(value, "lambda_mult")
    assert [check_fraction(edge, "") for edge in (0, 0.5, 1)] == [0, 0.5, 1]
