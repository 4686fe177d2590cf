"""Scores: from distances to relevance and similarity, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

K = TypeVar("K")


def _logistic(value: float) -> float:
    # Written so that neither branch overflows.
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))


# Redis gives the distance 1 - x.y for ip, and the square of the Euclidean one for l2.
_RELEVANCE: Mapping[str, Callable[[float], float]] = {
    "cosine": lambda distance: 1 - distance / 2,
    "l2": lambda distance: 1 / (1 + distance),
    "ip": lambda distance: _logistic(1 - distance),
}
_SIMILARITY: Mapping[str, Callable[[float], float]] = {
    "cosine": lambda distance: 1 - distance,
    "l2": lambda distance: 1 / (1 + distance),
    "ip": lambda distance: 1 - distance,
}


def relevance(distance: float, metric: str, rounding: float = 0.0) -> float:
    """Return how relevant a record at a distance is: in [0, 1], 1 is nearest.

    Cosine: ``1 - d/2``; l2: ``1 / (1 + d)``; ip: the logistic function of the inner product.

    Args:
        distance: The distance, as Redis gives it.
        metric: ``cosine``, ``l2`` or ``ip``.
        rounding: How far a cosine distance can be from the true one: an identical vector has relevance 1.
    """
    return min(1.0, max(0.0, _RELEVANCE[metric](_true_angle(distance, metric, rounding))))


def similarity(distance: float, metric: str, rounding: float = 0.0) -> float:
    """Return how similar a record at a distance is: larger is nearer. See ``relevance``.

    Cosine: ``1 - d``, in [-1, 1]; l2: ``1 / (1 + d)``; ip: the inner product.
    """
    return _SIMILARITY[metric](_true_angle(distance, metric, rounding))


def _true_angle(distance: float, metric: str, rounding: float) -> float:
    """Return a cosine distance within its bounds, which rounding may leave, and at a bound if it is that near."""
    if metric != "cosine":
        return distance
    return 0.0 if distance <= rounding else 2.0 if distance >= 2 - rounding else distance


def distance_at(relevance: float, metric: str) -> float:
    """Return the distance at which a record still has a relevance: the inverse of ``relevance``.

    Args:
        relevance: From 0, which is infinitely far where the metric has no end, to 1.
        metric: ``cosine``, ``l2`` or ``ip``.
    """
    if metric == "cosine":
        return 2 * (1 - relevance)
    if relevance == 0:
        return math.inf
    if metric == "l2":
        return 1 / relevance - 1
    # The logistic function reaches 1 where floats end.
    relevance = min(relevance, 1 - 2**-53)
    return 1 - math.log(relevance / (1 - relevance))


def between_0_and_1(scores: Mapping[K, float]) -> dict[K, float]:
    """Return scores of which the best is 1 and the worst 0; all are 1 if they are equal."""
    if not scores:
        return {}
    best, worst = max(scores.values()), min(scores.values())
    return {key: 1.0 if best == worst else (score - worst) / (best - worst) for key, score in scores.items()}
