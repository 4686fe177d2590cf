"""Maximal marginal relevance: records that are near to a vector and unlike each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from redisvl_adapters.core.arguments import check_fraction, check_k
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.options import SearchOptions
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.search_checks import check_fetch_k
from redisvl_adapters.core.search.vector_choice import check_one_vector
from redisvl_adapters.core.search.vector_search import search_by_vector
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.telemetry import tell


def search_mmr(
    state: IndexState,
    query: Vector,
    k: int,
    filter: Filter | None = None,
    /,
    *,
    fetch_k: int | None = None,
    lambda_mult: float = 0.5,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    **options: Unpack[SearchOptions],
) -> Steps[list[Hit]]:
    """Return records that are near to a vector and unlike each other, in the order of their choice.

    Args:
        state: The index.
        query: The vector, shape (dims,).
        k: How many at most.
        filter: Only records that match this.
        fetch_k: From how many of the nearest they are chosen; by default 20, or k if that is more.
        lambda_mult: 1 looks at nearness alone, 0 at variety alone.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        options: See ``SearchOptions``.

    Raises:
        ArgumentError: If k or fetch_k is out of range, fetch_k is less than k, or lambda_mult is not in [0, 1].
        FilterError: If the filter cannot be honoured.
    """
    check_fraction(lambda_mult, "lambda_mult")
    check_one_vector("mmr", options)
    fetch_k = mmr_fetch_k(check_k(k), fetch_k)
    tell(k=k)
    hits = yield from search_by_vector(state, query, fetch_k, filter, ids=ids, frame=frame, vectors=True, **options)
    candidates = as_rows([hit.record.vector for hit in hits])
    chosen = maximal_marginal_relevance(np.asarray(query), candidates, k=k, lambda_mult=lambda_mult)
    tell(rows=len(chosen))
    return [hits[place] for place in chosen]


def mmr_fetch_k(k: int, fetch_k: int | None) -> int:
    """Return from how many candidates k are chosen: as many as were told; by default 20, or k if that is more.

    Raises:
        ArgumentError: If these are fewer than k.
    """
    check_fetch_k(k, fetch_k)
    return max(20, k) if fetch_k is None else fetch_k


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
    if not len(candidates):
        return []
    unit = _normalised(candidates)
    return _choose(unit, unit @ _normalised(query[np.newaxis])[0], k, lambda_mult)


def choose_among(vectors: Sequence[Any], relevances: Sequence[float], *, k: int, lambda_mult: float) -> list[int]:
    """Choose candidates that are relevant and unlike those chosen before.

    Each step takes the candidate with the largest ``lambda * relevance - (1 - lambda) * max cos(chosen, c)``.

    Args:
        vectors: Those of the candidates.
        relevances: How relevant each is, from 0 to 1.
        k: How many to choose at most.
        lambda_mult: 1 looks at relevance alone, 0 at variety alone.

    Returns:
        The positions of the chosen candidates, in the order of their choice.
    """
    return _choose(_normalised(as_rows(vectors)), np.asarray(relevances), k, lambda_mult) if vectors else []


def _choose(unit: NDArray[np.float64], to_query: NDArray[np.float64], k: int, lambda_mult: float) -> list[int]:
    if k < 1:
        return []
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


def _normalised(rows: NDArray[Any]) -> NDArray[np.float64]:
    rows = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit


def as_rows(vectors: Sequence[Any]) -> NDArray[np.float64]:
    """Return vectors as the rows of one matrix of shape (vectors, dims)."""
    return np.asarray(vectors, dtype=np.float64)
