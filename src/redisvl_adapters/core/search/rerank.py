"""Rerankers: the candidates of a search, scored anew by comparing each with the text of the query."""

from __future__ import annotations

import asyncio
import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from redisvl_adapters.errors import ArgumentError, RerankError

T = TypeVar("T")

Scores: TypeAlias = Any
"""Numbers, one for each text: a list, a numpy array, or anything that numpy can read as an array."""

ScoreFunction: TypeAlias = Callable[[str, list[str]], Scores | Awaitable[Scores]]
"""A function of a query and texts to one score for each text, larger for what is better; sync or async."""


class Reranker(ABC, Generic[T]):
    """Scores items anew."""

    @abstractmethod
    def rerank(self, query: str, found: Sequence[tuple[T, float]]) -> list[tuple[T, float]]:
        """Return items with their new scores, best first.

        Args:
            query: The text of the query.
            found: At least one item, each with the score that it had in the search.

        Raises:
            RerankError: If there is no such score.
        """

    @abstractmethod
    async def arerank(self, query: str, found: Sequence[tuple[T, float]]) -> list[tuple[T, float]]:
        """Return items with their new scores. See ``rerank``."""


class FunctionReranker(Reranker[T]):
    """Scores items by a function of a query and texts.

    Args:
        function: The function. An async search awaits one that is async, and has one that is not run in a thread.
        text_of: The text of an item.
    """

    def __init__(self, function: ScoreFunction, text_of: Callable[[T], str]) -> None:
        self._function = function
        self._text_of = text_of

    def rerank(self, query: str, found: Sequence[tuple[T, float]]) -> list[tuple[T, float]]:
        """Return items by their new scores."""
        scores = self._function(query, self._texts(found))
        if inspect.isawaitable(scores):
            if inspect.iscoroutine(scores):
                scores.close()
            raise ArgumentError(_ASYNC)
        return self._sorted(found, scores)

    async def arerank(self, query: str, found: Sequence[tuple[T, float]]) -> list[tuple[T, float]]:
        """Return items by their new scores."""
        if is_async(self._function):
            scores = self._function(query, self._texts(found))
        else:
            scores = await asyncio.to_thread(self._function, query, self._texts(found))
        return self._sorted(found, await scores if inspect.isawaitable(scores) else scores)

    def _texts(self, found: Sequence[tuple[T, float]]) -> list[str]:
        return [self._text_of(item) for item, _ in found]

    def _sorted(self, found: Sequence[tuple[T, float]], scores: Scores) -> list[tuple[T, float]]:
        scored = zip(found, read_scores(scores, len(found)), strict=True)
        return best_first([(item, score) for (item, _), score in scored])


_ASYNC = "rerank is an async function, which a sync search cannot await; use the async twin of the method"


def is_async(function: object) -> bool:
    """Tell whether calling a function gives something to be awaited, as far as that can be seen."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def check_sync(rerank: object) -> None:
    """Refuse an async function where nobody can await it.

    Raises:
        ArgumentError: If it is one.
    """
    if is_async(rerank):
        raise ArgumentError(_ASYNC)


def read_scores(scores: Scores, count: int) -> list[float]:
    """Return the scores that a function gave.

    Raises:
        RerankError: If they are not one finite number for each text.
    """
    try:
        numbers = np.asarray(scores)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RerankError(f"the reranker gave what are no numbers: {error}") from error
    if numbers.dtype.kind not in "iuf" or numbers.shape != (count,):
        has = f"an array of shape {numbers.shape}" if numbers.shape else type(scores).__name__
        raise RerankError(f"the reranker gives one number for each of {count} texts; not {has} {scores!r:.80}")
    return [check_score(score) for score in numbers.tolist()]


def check_score(score: object) -> float:
    """Return a score that a reranker gave.

    Raises:
        RerankError: If it is no finite number.
    """
    try:
        number = math.nan if isinstance(score, bool | str | bytes) else float(score)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise RerankError(f"the reranker gives finite numbers as scores; not {score!r:.80}")
    return number


def best_first(found: Sequence[tuple[T, float]]) -> list[tuple[T, float]]:
    """Return items by their scores; those with equal ones stay in their order."""
    return sorted(found, key=lambda scored: -scored[1])
