"""Scores: from distances to relevance and similarity, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping


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


def relevance(distance: float, metric: str) -> float:
    """Return how relevant a record at a distance is: in [0, 1], 1 is nearest.

    Cosine: ``1 - d/2``; l2: ``1 / (1 + d)``; ip: the logistic function of the inner product.
    """
    # Rounding makes distances of -1e-7 out of zero.
    return min(1.0, max(0.0, _RELEVANCE[metric](distance)))


def similarity(distance: float, metric: str) -> float:
    """Return how similar a record at a distance is: larger is nearer.

    Cosine: ``1 - d``; l2: ``1 / (1 + d)``; ip: the inner product.
    """
    return _SIMILARITY[metric](distance)


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
