"""Searching by vector: the nearest, several at once, and a choice of them that are unlike each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack, cast

import numpy as np

from redisvl_adapters.core import query
from redisvl_adapters.core.clauses import text_of
from redisvl_adapters.core.commands import Command, Reply, Steps, is_missing_index, ok
from redisvl_adapters.core.compiling import MAX_REMEMBERED, compile_filter, filter_key
from redisvl_adapters.core.filters import And, Filter, Words
from redisvl_adapters.core.lifecycle import State
from redisvl_adapters.core.picking import check_ids, holdable, touch
from redisvl_adapters.core.query import Form, Hit, Near, Wanted, check_k, near_form
from redisvl_adapters.core.ranking import as_rows, check_fraction, maximal_marginal_relevance
from redisvl_adapters.core.record import Layout, layout_of
from redisvl_adapters.core.schema import Schema
from redisvl_adapters.core.text import check_match
from redisvl_adapters.core.tuning import SEARCH_OPTIONS, SearchOptions, Tuning, fit_tuning, read_tuning
from redisvl_adapters.core.vectors import Vector, as_query, true_distance
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
    plan = yield from plan_search(state, k, filter, ids, frame=frame, vectors=vectors, **options)
    if plan is None:
        return [[] for _ in asked]
    commands = plan.commands(asked)
    if not commands:
        return [[] for _ in asked]
    found = [plan.read(state, reply) for reply in (yield commands)]
    if state.spec.sliding_ttl:
        yield from touch(state, [hit.record.id for hits in found for hit in hits])
    return found


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a vector search but its vectors.

    Attributes:
        schema: The index.
        layout: How its records lie.
        request: What is asked; None if nothing can match.
        form: The command, without its vector; None if nothing can match.
        threshold: How far a hit may be; None for any distance.
    """

    schema: Schema
    layout: Layout
    request: Near | None = None
    form: Form | None = None
    threshold: float | None = None

    def query(self, vector: Vector) -> bytes:
        """Return a query as the bytes that the command takes.

        Raises:
            ArgumentError: If the index cannot compare with it.
        """
        return as_query(vector, self.schema.vector)

    def requests(self, vector: Vector) -> list[Near]:
        """Return the request for one query, without anything if nothing can match."""
        query = self.query(vector)
        return [] if self.request is None else [replace(self.request, vector=query)]

    def commands(self, asked: Sequence[Vector]) -> list[Command]:
        """Return the commands for some queries; none if nothing can match."""
        queries = [self.query(vector) for vector in asked]
        return [] if self.form is None else [self.form.command(each) for each in queries]

    def read(self, state: State, reply: Reply) -> list[Hit]:
        """Return the hits in the reply to such a command."""
        if is_missing_index(reply):
            state.snapshot = None
            return []
        hits = query.read_near(ok(reply), self.schema, self.layout)
        if self.schema.vector.scale is not None:
            for hit in hits:
                hit.distance = true_distance(hit.distance, self.schema.vector)
        if self.threshold is None:
            return hits
        # Among ids the server does not cut by distance, and with a scale a little further.
        return [hit for hit in hits if hit.distance <= self.threshold]


def plan_search(
    state: State,
    k: int,
    filter: Filter | None,
    ids: Sequence[str] | None = None,
    *,
    frame: bool = False,
    vectors: bool = False,
    **options: Unpack[SearchOptions],
) -> Steps[Plan | None]:
    """Return the plan of a vector search; None if there is no index. See ``search``.

    Plans of plain searches are remembered with the snapshot of the index that they were made for.
    """
    check_k(k)
    key = None if ids is not None or options else (filter_key(filter), k, frame, vectors)
    snapshot = state.snapshot
    if snapshot is not None and key is not None and (known := snapshot.plans.get(key)) is not None:
        return cast("Plan", known)
    tuning, filter = read_options(options, filter)
    if ids is not None:
        check_ids(ids)
    condition = yield from compile_filter(state, filter)
    snapshot = state.snapshot
    if snapshot is None:
        return None
    tuning = fit_tuning(tuning, k, snapshot.schema, filtered=filter is not None)
    ids = None if ids is None else holdable(ids)
    where, layout = text_of(condition), layout_of(snapshot.schema)
    if where is None or k == 0 or ids == []:
        return Plan(snapshot.schema, layout)
    if where == "*":
        # The server takes these for searches with a filter alone, and this filter is always true.
        tuning = replace(tuning, hybrid_policy=None, batch_size=None)
    request = Near(b"", where, ids, tuning)
    form = near_form(request, Wanted(k=k, frame=frame, vectors=vectors), snapshot.schema, layout)
    plan = Plan(snapshot.schema, layout, request, form, options.get("distance_threshold"))
    # Only if the condition was compiled for this snapshot, which others may have replaced meanwhile.
    if key is not None and snapshot.compiled.get(key[0]) is condition and len(snapshot.plans) < MAX_REMEMBERED:
        snapshot.plans[key] = plan
    return plan


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


def both(filter: Filter | None, other: Filter) -> Filter:
    """Return the conjunction of a filter, if there is one, and another."""
    return other if filter is None else And((filter, other))
