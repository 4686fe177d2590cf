"""Searching by vector: the nearest, several at once, and a choice of them that are unlike each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from redisvl_adapters.core import query
from redisvl_adapters.core.clauses import text_of
from redisvl_adapters.core.commands import Reply, Steps, is_missing_index, ok
from redisvl_adapters.core.compiling import compile_filter
from redisvl_adapters.core.filters import And, Filter, Words
from redisvl_adapters.core.lifecycle import State
from redisvl_adapters.core.picking import check_ids, holdable, touch
from redisvl_adapters.core.query import Hit, Near, Wanted, check_k
from redisvl_adapters.core.ranking import as_rows, check_fraction, maximal_marginal_relevance
from redisvl_adapters.core.record import layout_of
from redisvl_adapters.core.text import check_match
from redisvl_adapters.core.tuning import SEARCH_OPTIONS, SearchOptions, Tuning, fit_tuning, read_tuning
from redisvl_adapters.core.vectors import Vector, as_query
from redisvl_adapters.errors import ArgumentError, refuse_unknown


def search(
    state: State,
    vector: Vector,
    k: int,
    filter: Filter | None = None,
    *,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    vectors: bool = False,
    **options: Unpack[SearchOptions],
) -> Steps[list[Hit]]:
    """Return the records nearest to a vector, nearest first.

    Args:
        state: The index.
        vector: The query, shape (dims,).
        k: How many at most.
        filter: Only records that match this.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        vectors: Whether to return the vectors.
        options: See ``SearchOptions``.

    Raises:
        ArgumentError: If k, the vector or an option is out of range, or the index has no such option.
        FilterError: If the filter cannot be honoured.
    """
    (hits,) = yield from search_batch(state, [vector], k, filter, ids=ids, frame=frame, vectors=vectors, **options)
    return hits


def search_batch(
    state: State,
    asked: Sequence[Vector],
    k: int,
    filter: Filter | None = None,
    *,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    vectors: bool = False,
    **options: Unpack[SearchOptions],
) -> Steps[list[list[Hit]]]:
    """Return the records nearest to each of some vectors, in one round trip. See ``search``."""
    wanted = Wanted(k=check_k(k), frame=frame, vectors=vectors)
    tuning, filter = read_options(options, filter)
    requests = yield from near_requests(state, asked, wanted, filter, ids, tuning)
    schema = state.schema
    if schema is None or not requests:
        return [[] for _ in asked]
    layout = layout_of(schema)
    replies = yield [query.near_command(request, wanted, schema, layout) for request in requests]
    found = [read_near(state, reply, tuning) for reply in replies]
    yield from touch(state, [hit.record.id for hits in found for hit in hits])
    return found


def search_diverse(
    state: State,
    vector: Vector,
    k: int,
    filter: Filter | None = None,
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
        vector: The query, shape (dims,).
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
    fetch_k = max(20, check_k(k)) if fetch_k is None else check_k(fetch_k, "fetch_k")
    if fetch_k < check_k(k):
        raise ArgumentError(f"fetch_k is at least k; not {fetch_k} with k={k}")
    hits = yield from search(state, vector, fetch_k, filter, ids=ids, frame=frame, vectors=True, **options)
    candidates = as_rows([hit.record.vector for hit in hits])
    chosen = maximal_marginal_relevance(np.asarray(vector), candidates, k=k, lambda_mult=lambda_mult)
    return [hits[place] for place in chosen]


def read_options(options: Mapping[str, Any], filter: Filter | None) -> tuple[Tuning, Filter | None]:
    """Return the tuning among the options of a search, and the filter with the keywords among them."""
    refuse_unknown("search", {name: options[name] for name in options if name not in SEARCH_OPTIONS}, SEARCH_OPTIONS)
    keywords, match = options.get("keywords"), options.get("keywords_match")
    if keywords is not None:
        filter = both(filter, Words(keywords, check_match(match or "any")))
    elif match is not None:
        raise ArgumentError("keywords_match is for searches with keywords")
    return read_tuning(options), filter


def near_requests(
    state: State,
    asked: Sequence[Vector],
    wanted: Wanted,
    filter: Filter | None,
    ids: Sequence[str] | None,
    tuning: Tuning,
) -> Steps[list[Near]]:
    """Return the requests for the records nearest to some vectors; none if nothing can match."""
    if ids is not None:
        check_ids(ids)
    condition = yield from compile_filter(state, filter)
    schema = state.schema
    if schema is None:
        return []
    vector = schema.vector
    queries = [as_query(each, dims=vector.dims, dtype=vector.dtype, metric=vector.metric) for each in asked]
    tuning = fit_tuning(tuning, wanted.k, schema, filtered=filter is not None)
    ids = None if ids is None else holdable(ids)
    where = text_of(condition)
    if where is None or wanted.k == 0 or ids == []:
        return []
    if where == "*":
        # The server takes these for searches with a filter alone, and this filter is always true.
        tuning = replace(tuning, hybrid_policy=None, batch_size=None)
    return [Near(each, where, ids, tuning) for each in queries]


def read_near(state: State, reply: Reply, tuning: Tuning) -> list[Hit]:
    """Return the hits in the reply to a vector search."""
    if is_missing_index(reply):
        state.snapshot = None
    if state.schema is None:
        return []
    hits = query.read_near(ok(reply), state.schema, layout_of(state.schema))
    if tuning.distance_threshold is None:
        return hits
    # Among ids the server does not cut by distance.
    return [hit for hit in hits if hit.distance <= tuning.distance_threshold]


def both(filter: Filter | None, other: Filter) -> Filter:
    """Return the conjunction of a filter, if there is one, and another."""
    return other if filter is None else And((filter, other))
