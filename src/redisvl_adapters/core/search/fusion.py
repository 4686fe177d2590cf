"""Fusion: how a vector ranking and a text ranking become one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from redisvl_adapters.core.arguments import check_choice, check_fraction
from redisvl_adapters.core.search.scores import between_0_and_1
from redisvl_adapters.errors import ArgumentError

DEFAULT_ALPHA: Mapping[str, float] = {"linear": 0.3, "rrf": 0.5}
"""By method, the weight of the vector side: what ranks best in ``docs/retrieving.md``, and equal weights."""
_UNSAID = float("nan")


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
    alpha: float = _UNSAID
    rrf_constant: float = 60

    def __post_init__(self) -> None:
        check_choice(self.method, "fusion", FUSIONS)
        if self.alpha is _UNSAID:
            object.__setattr__(self, "alpha", DEFAULT_ALPHA[self.method])
        check_fraction(self.alpha, "alpha")
        constant = self.rrf_constant
        if isinstance(constant, bool) or not isinstance(constant, int | float) or not 0 <= constant < math.inf:
            raise ArgumentError(f"rrf_constant is a number of at least 0; not {constant!r:.80}")

    def fuse(self, vector_scores: Mapping[str, float], text_scores: Mapping[str, float]) -> dict[str, float]:
        """Return the fused scores by id, best first, and by their ids where that is equal.

        Args:
            vector_scores: The similarities of the vector side by id, best first.
            text_scores: The scores of the text side by id, best first.
        """
        fused: dict[str, float] = {}
        for side, weight in ((vector_scores, self.alpha), (text_scores, 1 - self.alpha)):
            if not weight:
                continue
            ranked = self._by_rank(side) if self.method == "rrf" else between_0_and_1(side)
            for record_id, score in ranked.items():
                fused[record_id] = fused.get(record_id, 0.0) + weight * score
        return dict(sorted(fused.items(), key=lambda item: (-item[1], item[0])))

    def _by_rank(self, side: Mapping[str, float]) -> dict[str, float]:
        return {record_id: 2 / (self.rrf_constant + rank) for rank, record_id in enumerate(side, 1)}


FUSIONS = ("linear", "rrf")
