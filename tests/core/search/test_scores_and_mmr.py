"""Scores in their ranges, and maximal marginal relevance against a brute-force one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from redisvl_adapters.core.arguments import check_fraction
from redisvl_adapters.core.search.fusion import Fusion
from redisvl_adapters.core.search.mmr_search import as_rows, maximal_marginal_relevance
from redisvl_adapters.core.search.scores import distance_at, relevance, similarity
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
    assert len({similarity(distance, metric) for distance in distances[-6:]}) > 1


def test_a_cosine_distance_that_rounding_may_have_made_is_the_one_it_was_made_of() -> None:
    for distance in (-1e-7, 0.0, 1e-7):
        assert relevance(distance, "cosine", 5e-7) == similarity(distance, "cosine", 5e-7) == 1.0
        assert similarity(2.0 + distance, "cosine", 5e-7) == -1.0
    assert similarity(1e-6, "cosine", 5e-7) == 1 - 1e-6
    assert similarity(1e-7, "l2", 5e-7) < 1


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


def test_mmr_chooses_as_brute_force_does_in_many_dimensions_and_at_both_ends() -> None:
    """0 differences over 500 cases, of which 1 in 5 at either end of lambda."""
    different = 0
    for seed in range(500):
        random = np.random.default_rng(10_000 + seed)
        candidates = random.normal(size=(random.integers(1, 25), random.integers(2, 17)))
        query: Matrix = random.normal(size=len(candidates[0]))
        k = int(random.integers(1, 27))
        weight = float(random.choice([0.0, 1.0, *random.uniform(size=8)]))
        chosen = maximal_marginal_relevance(query, candidates, k=k, lambda_mult=weight)
        assert len(chosen) == len(set(chosen)) == min(k, len(candidates))
        different += chosen != brute_force(query, candidates, k, weight)
    assert different == 0


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip"])
def test_the_furthest_distance_is_where_relevance_ends(metric: str) -> None:
    for least in [0.01, 0.2, 0.5, 0.75, 0.99]:
        distance = distance_at(least, metric)
        assert relevance(distance, metric) == pytest.approx(least)
        assert relevance(distance + 1e-3, metric) < least < relevance(distance - 1e-3, metric)


def test_the_furthest_distance_at_both_ends() -> None:
    assert [distance_at(1, metric) for metric in ("cosine", "l2")] == [0, 0]
    assert [distance_at(0, metric) for metric in ("cosine", "l2", "ip")] == [2, math.inf, math.inf]
    # The logistic function reaches 1 where floats end.
    assert relevance(distance_at(1, "ip") - 1e-3, "ip") == 1 > relevance(distance_at(1, "ip") + 1, "ip")


# Fusion

NEAR = {"a": 0.9, "b": 0.8, "c": 0.1}
MATCHING = {"d": 12.0, "b": 4.0, "a": 2.0}


def test_reciprocal_rank_fusion_is_the_sum_of_reciprocal_ranks() -> None:
    assert Fusion("rrf").fuse(NEAR, MATCHING) == pytest.approx(
        {"b": 1 / 62 + 1 / 62, "a": 1 / 61 + 1 / 63, "d": 1 / 61, "c": 1 / 63}
    )
    weighted = Fusion("rrf", 0.75, 10).fuse(NEAR, MATCHING)
    assert weighted == pytest.approx({"a": 1.5 / 11 + 0.5 / 13, "b": 1.5 / 12 + 0.5 / 12, "c": 1.5 / 13, "d": 0.5 / 11})
    assert [*weighted] == ["a", "b", "c", "d"]
    assert Fusion("rrf", rrf_constant=0).fuse({"a": 1}, {}) == {"a": 1.0}


def test_linear_fusion_is_the_weighted_sum_of_scores_between_0_and_1() -> None:
    near = {"a": 1.0, "b": 0.7 / 0.8, "c": 0.0}
    matching = {"d": 1.0, "b": 0.2, "a": 0.0}
    fused = Fusion("linear", 0.25).fuse(NEAR, MATCHING)
    assert fused == pytest.approx(
        {name: 0.25 * near.get(name, 0) + 0.75 * matching.get(name, 0) for name in ("a", "b", "c", "d")}
    )
    assert [*fused] == sorted(fused, key=lambda name: -fused[name])


def test_scores_that_are_all_equal_count_as_the_best() -> None:
    assert Fusion("linear", 0.5).fuse({"a": 3.0, "b": 3.0}, {"c": 7.0}) == {"a": 0.5, "b": 0.5, "c": 0.5}


@pytest.mark.parametrize("method", ["rrf", "linear"])
def test_at_either_end_of_alpha_the_other_side_is_left_out(method: str) -> None:
    assert [*Fusion(method, 1).fuse(NEAR, MATCHING)] == [*NEAR]
    assert [*Fusion(method, 0).fuse(NEAR, MATCHING)] == [*MATCHING]


@pytest.mark.parametrize("method", ["rrf", "linear"])
def test_fused_scores_fall_and_equal_ones_keep_their_order(method: str) -> None:
    for seed in range(50):
        random = np.random.default_rng(seed)
        sides = [
            {
                str(name): score
                for name, score in zip(random.permutation(20)[:8], sorted(random.normal(size=8))[::-1], strict=True)
            }
            for _ in range(2)
        ]
        fused = Fusion(method, float(random.uniform())).fuse(*sides)
        assert [*fused.values()] == sorted(fused.values(), reverse=True)
        assert fused.keys() == sides[0].keys() | sides[1].keys()
    assert [*Fusion(method, 0.5).fuse({"x": 1.0}, {"y": 1.0})] == ["x", "y"]


@pytest.mark.parametrize("method", ["rrf", "linear"])
def test_a_side_without_results_leaves_the_other_ones_order(method: str) -> None:
    assert [*Fusion(method).fuse(NEAR, {})] == [*NEAR]
    assert [*Fusion(method).fuse({}, MATCHING)] == [*MATCHING]
    assert Fusion(method).fuse({}, {}) == {}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"method": "RRF"}, "fusion is one of linear, rrf; not 'RRF'"),
        ({"method": "liner"}, "did you mean 'linear'"),
        ({"method": None}, "fusion is one of linear, rrf"),
        *[({"alpha": alpha}, "alpha is a number from 0 to 1") for alpha in (-0.1, 1.1, True, "0.5", None, math.nan)],
        *[
            ({"rrf_constant": constant}, "rrf_constant is a number of at least 0")
            for constant in (-1, True, "60", None, math.nan, math.inf)
        ],
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fusion_that_does_not_exist_is_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        Fusion(**options)
