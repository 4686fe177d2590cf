"""Calibration: which distance tells prompts that have the same answer from others."""

from __future__ import annotations

import asyncio
import importlib
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from redisvl_adapters.core.caches.cache_options import check_beta, check_threshold
from redisvl_adapters.core.caches.prompts import check_prompt
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.errors import ArgumentError, MissingExtraError, known_keywords

Pair: TypeAlias = tuple[str, str, bool]
"""A prompt, another prompt, and whether one answer is right for both."""

_AT_ONCE = 16
_ROWS = 12


@dataclass(frozen=True, slots=True)
class Point:
    """What a cache with one threshold makes of the pairs.

    Attributes:
        threshold: The largest cosine distance of a hit.
        precision: The share of its hits that have the same answer; 1 without a hit, since none is wrong.
        recall: The share of the pairs with the same answer that are hits.
        f_beta: Their weighted harmonic mean; 0 without a right hit.
        hits: How many pairs are hits.
        wrong: How many of the hits do not have the same answer.
    """

    threshold: float
    precision: float
    recall: float
    f_beta: float
    hits: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A pair and the cosine distance between its prompts."""

    prompt: str
    other: str
    same: bool
    distance: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What each threshold makes of some pairs; ``str`` gives a table of it.

    Attributes:
        points: One for each threshold, in rising order.
        recommended: The one with the best F-beta; of several, the one with the smallest threshold.
        pairs: The pairs with their distances, nearest first.
        beta: How much more recall counts than precision.
    """

    points: tuple[Point, ...]
    recommended: Point
    pairs: tuple[Measured, ...]
    beta: float

    @property
    def threshold(self) -> float:
        """The recommended threshold."""
        return self.recommended.threshold

    def wrong_hits(self, threshold: float | None = None) -> list[Measured]:
        """Return the pairs that a cache would confuse, at the recommended threshold or another one, nearest first."""
        limit = self.threshold if threshold is None else check_threshold(threshold, "threshold")
        return [pair for pair in self.pairs if pair.distance <= limit and not pair.same]

    def missed(self, threshold: float | None = None) -> list[Measured]:
        """Return the pairs that a cache would not find, at the recommended threshold or another one, nearest first."""
        limit = self.threshold if threshold is None else check_threshold(threshold, "threshold")
        return [pair for pair in self.pairs if pair.distance > limit and pair.same]

    def __str__(self) -> str:
        same = sum(pair.same for pair in self.pairs)
        lines = [
            f"{len(self.pairs)} pairs, {same} with the same answer",
            f"{'threshold':>9}  {'precision':>9}  {'recall':>6}  {f'F{self.beta:g}':>5}  {'hits':>4}  {'wrong':>5}",
        ]
        for point in self._shown():
            mark = "  <- recommended" if point is self.recommended else ""
            lines.append(
                f"{point.threshold:9.4f}  {point.precision:9.3f}  {point.recall:6.3f}  {point.f_beta:5.3f}  "
                f"{point.hits:4}  {point.wrong:5}{mark}"
            )
        return "\n".join(lines)

    def _shown(self) -> list[Point]:
        """Return some points spread over all of them, the recommended one among them."""
        places = {round(place) for place in np.linspace(0, len(self.points) - 1, min(_ROWS, len(self.points)))}
        return [self.points[place] for place in sorted(places | {self.points.index(self.recommended)})]

    def plot(self, path: str | Path) -> None:
        """Draw precision, recall and F-beta over the threshold into a file; its name tells the format.

        Raises:
            MissingExtraError: If matplotlib is not installed.
        """
        try:
            figure: Any = importlib.import_module("matplotlib.figure").Figure(figsize=(7, 4), layout="constrained")
        except ModuleNotFoundError as error:
            raise MissingExtraError("plot needs matplotlib: pip install matplotlib") from error
        axes = figure.subplots()
        thresholds = [point.threshold for point in self.points]
        for label, values in (
            ("precision", [point.precision for point in self.points]),
            ("recall", [point.recall for point in self.points]),
            (f"F{self.beta:g}", [point.f_beta for point in self.points]),
        ):
            axes.step(thresholds, values, where="post", label=label)
        axes.axvline(self.threshold, color="grey", linestyle="--", label=f"recommended: {self.threshold:.4f}")
        axes.set_xlabel("distance threshold")
        axes.set_ylim(0, 1.05)
        axes.legend()
        figure.savefig(path)


@known_keywords
def calibrate(
    pairs: Iterable[Pair],
    embed: Callable[[str], Vector],
    *,
    beta: float = 0.5,
    thresholds: Iterable[float] | None = None,
) -> Calibration:
    """Measure what each threshold of a semantic cache would make of labelled pairs of prompts.

    Args:
        pairs: A prompt, another prompt, and whether one answer is right for both. Pairs that are alike and have
            different answers tell the most.
        embed: Turns a text into its vector: ``embeddings.embed_query`` or ``embed_model.get_query_embedding``, just as
            the cache does.
        beta: How much more recall counts than precision. By default precision counts twice as much as recall, since a
            wrong answer is worse than a miss.
        thresholds: The thresholds to look at; by default one between any two distances that occur, which are all that
            make a difference.

    Returns:
        Every threshold with its precision, recall and F-beta, and the best one.

    Raises:
        ArgumentError: If there are no pairs of both kinds, or a pair, a vector or a threshold is out of its range.
    """
    _check_embed(embed)
    checked, beta = _check_pairs(pairs), check_beta(beta)
    limits = _check_thresholds(thresholds)
    return _judge(checked, {text: embed(text) for text in _texts(checked)}, beta, limits)


def _check_embed(embed: object) -> None:
    if not callable(embed):
        raise ArgumentError(
            "embed is a function that turns a text into its vector, such as embeddings.embed_query; not "
            f"{type(embed).__name__}"
        )


@known_keywords
async def acalibrate(
    pairs: Iterable[Pair],
    embed: Callable[[str], Awaitable[Vector]],
    *,
    beta: float = 0.5,
    thresholds: Iterable[float] | None = None,
) -> Calibration:
    """Measure what each threshold would make of labelled pairs, some texts at once. See ``calibrate``."""
    _check_embed(embed)
    checked, beta = _check_pairs(pairs), check_beta(beta)
    limits = _check_thresholds(thresholds)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(text: str) -> Vector:
        async with gate:
            return await embed(text)

    texts = _texts(checked)
    vectors = await asyncio.gather(*map(one, texts))
    return _judge(checked, dict(zip(texts, vectors, strict=True)), beta, limits)


def _check_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    checked: list[Pair] = []
    for position, pair in enumerate(pairs):
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 3 or not isinstance(pair[2], bool):
            raise ArgumentError(
                f"pair {position} is a prompt, another prompt, and True or False for the same answer; not {pair!r:.120}"
            )
        checked.append((check_prompt(pair[0]), check_prompt(pair[1]), pair[2]))
    if len({same for _, _, same in checked}) != 2:
        raise ArgumentError("pairs are needed of both kinds: with the same answer, and with different answers")
    return checked


def _check_thresholds(thresholds: Iterable[float] | None) -> list[float] | None:
    if thresholds is None:
        return None
    limits = sorted({check_threshold(threshold, "a threshold") for threshold in thresholds})
    if not limits:
        raise ArgumentError("thresholds has no threshold; leave it out for all that make a difference")
    return limits


def _texts(pairs: Sequence[Pair]) -> list[str]:
    return list(dict.fromkeys(text for prompt, other, _ in pairs for text in (prompt, other)))


def _judge(
    pairs: Sequence[Pair], vectors: Mapping[str, Vector], beta: float, limits: Sequence[float] | None
) -> Calibration:
    directions = _directions(vectors)
    measured = sorted(
        (
            Measured(prompt, other, same, _distance(directions[prompt], directions[other]))
            for prompt, other, same in pairs
        ),
        key=lambda pair: pair.distance,
    )
    distances = [pair.distance for pair in measured]
    # How many of the nearest pairs have the same answer.
    right = [0, *np.cumsum([pair.same for pair in measured]).tolist()]
    points = []
    for threshold in _between(distances) if limits is None else limits:
        hits = bisect_right(distances, threshold)
        precision = right[hits] / hits if hits else 1.0
        recall = right[hits] / right[-1]
        f_beta = (1 + beta**2) * precision * recall / (beta**2 * precision + recall) if right[hits] else 0.0
        points.append(Point(threshold, precision, recall, f_beta, hits, hits - right[hits]))
    return Calibration(tuple(points), max(points, key=lambda point: point.f_beta), tuple(measured), beta)


def _between(distances: Sequence[float]) -> list[float]:
    """Return a threshold below all distances, one between any two neighbours, and one above all."""
    distinct = sorted(set(distances))
    middles = [(low + high) / 2 for low, high in pairwise(distinct)]
    return sorted({0.0, *middles, distinct[-1]})


def _directions(vectors: Mapping[str, Vector]) -> dict[str, Any]:
    directions = {}
    dims = None
    for text, vector in vectors.items():
        try:
            array = np.asarray(vector, dtype=np.float64)
        except (TypeError, ValueError):
            raise ArgumentError(f"the vector of {text!r:.80} is not made of numbers") from None
        length = np.linalg.norm(array)
        dims = dims or array.size
        if array.ndim != 1 or array.size != dims or not np.isfinite(length) or not length:
            raise ArgumentError(
                f"the vector of {text!r:.80} has the shape {array.shape} and the length {length:.3g}; all vectors have "
                "one number of dimensions, finite numbers, and a direction"
            )
        directions[text] = array / length
    return directions


def _distance(one: Any, other: Any) -> float:
    return min(2.0, max(0.0, 1.0 - float(one @ other)))
