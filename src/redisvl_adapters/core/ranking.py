"""From distances to scores, and the choice of results that are near and yet unlike each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redisvl_adapters.errors import ArgumentError, did_you_mean


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


def maximal_marginal_relevance(
    query: NDArray[Any], candidates: NDArray[Any], *, k: int, lambda_mult: float
) -> list[int]:
    """Choose results that are near to the query and unlike those chosen before.

    Each step takes the candidate with the largest ``lambda * cos(query, c) - (1 - lambda) * max cos(chosen, c)``.

    Args:
        query: Shape (dims,).
        candidates: Shape (candidates, dims).
        k: How many to choose at most.
        lambda_mult: 1 looks at nearness alone, 0 at variety alone.

    Returns:
        The positions of the chosen candidates, in the order of their choice.

    Source:
        Carbonell and Goldstein, The use of MMR, diversity-based reranking, SIGIR 1998.
    """
    if not len(candidates) or k < 1:
        return []
    unit = _normalised(candidates)
    to_query = unit @ _normalised(query[np.newaxis])[0]
    chosen = [int(to_query.argmax())]
    to_chosen = unit @ unit[chosen[0]]
    taken = np.zeros(len(unit), dtype=bool)
    taken[chosen[0]] = True
    while len(chosen) < min(k, len(unit)):
        score = lambda_mult * to_query - (1 - lambda_mult) * to_chosen
        score[taken] = -np.inf
        best = int(score.argmax())
        chosen.append(best)
        taken[best] = True
        np.maximum(to_chosen, unit @ unit[best], out=to_chosen)
    return chosen


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the results of a vector search and of a text search become one ranking.

    Attributes:
        method: ``linear`` (the weighted sum of the scores, of which the best is 1 and the worst 0 on either side) or
            ``rrf`` (reciprocal rank fusion: the sum of ``weight / (constant + rank)``).
        alpha: The weight of the vector side, from 0 to 1; the text side has the rest. In RRF both are doubled, so that
            they are 1 by default. At 1 and 0, the other side is left out.
        rrf_constant: What RRF adds to the ranks, which count from 1.

    Source:
        Cormack, Clarke and Buettcher, Reciprocal rank fusion outperforms Condorcet, SIGIR 2009.
    """

    method: str = "linear"
    alpha: float = 0.5
    rrf_constant: float = 60

    def __post_init__(self) -> None:
        if self.method not in FUSIONS:
            raise ArgumentError(
                f"fusion is one of {', '.join(FUSIONS)}; not {self.method!r}{did_you_mean(str(self.method), FUSIONS)}"
            )
        check_fraction(self.alpha, "alpha")
        constant = self.rrf_constant
        if isinstance(constant, bool) or not isinstance(constant, int | float) or not 0 <= constant < math.inf:
            raise ArgumentError(f"rrf_constant is a number of at least 0; not {constant!r}")

    def fuse(self, near: Mapping[str, float], matching: Mapping[str, float]) -> dict[str, float]:
        """Return the fused scores by id, best first, and by their ids where that is equal.

        Args:
            near: The similarities of the vector side by id, best first.
            matching: The scores of the text side by id, best first.
        """
        fused: dict[str, float] = {}
        for side, weight in ((near, self.alpha), (matching, 1 - self.alpha)):
            if not weight:
                continue
            ranked = self._by_rank(side) if self.method == "rrf" else _between_0_and_1(side)
            for record_id, score in ranked.items():
                fused[record_id] = fused.get(record_id, 0.0) + weight * score
        return dict(sorted(fused.items(), key=lambda item: (-item[1], item[0])))

    def _by_rank(self, side: Mapping[str, float]) -> dict[str, float]:
        return {record_id: 2 / (self.rrf_constant + rank) for rank, record_id in enumerate(side, 1)}


FUSIONS = ("linear", "rrf")


def _between_0_and_1(side: Mapping[str, float]) -> dict[str, float]:
    if not side:
        return {}
    best, worst = max(side.values()), min(side.values())
    return {record_id: 1.0 if best == worst else (score - worst) / (best - worst) for record_id, score in side.items()}


def furthest(relevance: float, metric: str) -> float:
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


def check_fraction(value: Any, name: str) -> float:
    """Return a number from 0 to 1.

    Raises:
        ArgumentError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ArgumentError(f"{name} is a number from 0 to 1; not {value!r}")
    return value


def _normalised(rows: NDArray[Any]) -> NDArray[np.float64]:
    rows = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit


def as_rows(vectors: Sequence[Any]) -> NDArray[np.float64]:
    """Return vectors as the rows of one matrix of shape (vectors, dims)."""
    return np.asarray(vectors, dtype=np.float64)
