"""Hybrid search: by vector and by text, in one round trip."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

from redisvl_adapters.core.commands import Steps
from redisvl_adapters.core.filters import Filter
from redisvl_adapters.core.lifecycle import State
from redisvl_adapters.core.matching import matching_commands, matching_requests, read_matching
from redisvl_adapters.core.native import PROBE, Sides, can_serve, has_command, hybrid_command, read_hybrid
from redisvl_adapters.core.picking import touch
from redisvl_adapters.core.query import Hit, Matching, Near, Wanted, check_k
from redisvl_adapters.core.ranking import Fusion, similarity
from redisvl_adapters.core.record import layout_of
from redisvl_adapters.core.searching import Plan, plan_search, read_options
from redisvl_adapters.core.text import DEFAULT_SCORER, words_of
from redisvl_adapters.core.tuning import SearchOptions
from redisvl_adapters.core.vectors import Vector
from redisvl_adapters.errors import ArgumentError, ServerError

_log = logging.getLogger(__name__)

MIN_CANDIDATES = 50


def search_hybrid(
    state: State,
    vector: Vector | None,
    text: str,
    k: int,
    filter: Filter | None = None,
    *,
    fusion: Fusion | None = None,
    fetch_k: int | None = None,
    fetch_text_k: int | None = None,
    match: Any = "any",
    scorer: str = DEFAULT_SCORER,
    fields: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    **options: Unpack[SearchOptions],
) -> Steps[list[Hit]]:
    """Return the records that are near to a vector or match a text, or both, best first.

    Args:
        state: The index.
        vector: The query, shape (dims,); None will do if alpha is 0.
        text: Any text. See ``search_text``.
        k: How many at most.
        filter: Only records that match this.
        fusion: How the two rankings become one; by default the sum of the scores, each between 0 and 1.
        fetch_k: How many candidates either side gives; by default 50, or twice k if that is more.
        fetch_text_k: How many the text side gives, if that is another number.
        match: See ``search_text``.
        scorer: See ``search_text``.
        fields: See ``search_text``.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        options: See ``SearchOptions``, for the vector side.

    Raises:
        ArgumentError: If an argument is out of range, or fetch_k is less than k.
        FilterError: If the filter cannot be honoured.
    """
    fusion = fusion or Fusion()
    check_k(k)
    fetch_k = max(MIN_CANDIDATES, 2 * k) if fetch_k is None else check_k(fetch_k, "fetch_k")
    fetch_text_k = fetch_k if fetch_text_k is None else check_k(fetch_text_k, "fetch_text_k")
    if max(fetch_k, fetch_text_k) < k:
        raise ArgumentError(f"fetch_k is at least k; not {fetch_k} with k={k}")
    _, narrowed = read_options(options, filter)
    words_of(text)
    if fusion.alpha > 0 and vector is None:
        raise ArgumentError("a hybrid search with alpha above 0 needs a query vector")
    wanted_text = Wanted(k=fetch_text_k, frame=frame)
    plan: Plan | None = None
    near: list[Near] = []
    matching: list[Matching] = []
    if fusion.alpha > 0 and vector is not None:
        plan = yield from plan_search(state, fetch_k, filter, ids, frame=frame, **options)
        near = plan.requests(vector) if plan else []
    if fusion.alpha < 1:
        matching = yield from matching_requests(state, text, wanted_text, narrowed, ids, match, scorer, fields)
    if near and matching and can_serve(near[0]):
        sides = yield from _by_one_command(state, near[0], fetch_k, matching[0], wanted_text)
        if sides is not None:
            return (yield from _fused(state, sides, k, fusion))
    schema = state.schema
    if schema is None:
        return []
    commands = [plan.form.command(request.vector) for request in near] if plan and plan.form else []
    commands += matching_commands(state, matching, wanted_text)
    replies = (yield commands) if commands else []
    by_vector = [hit for reply in replies[: len(near)] for hit in (plan.read(state, reply) if plan else ())]
    by_text = read_matching(state, replies[len(near) :], fetch_text_k)
    sides = Sides(
        {hit.record.id: hit for hit in (*by_text, *by_vector)},
        {hit.record.id: similarity(hit.distance, schema.vector.metric) for hit in by_vector},
        {hit.record.id: hit.score or 0.0 for hit in by_text},
    )
    return (yield from _fused(state, sides, k, fusion))


def _by_one_command(
    state: State, near: Near, near_k: int, matching: Matching, wanted_text: Wanted
) -> Steps[Sides | None]:
    """Return what FT.HYBRID finds, or None where two searches must do, which find the same."""
    if state.hybrid is None:
        (known,) = yield [PROBE]
        state.hybrid = has_command(known)
    schema = state.schema
    if not state.hybrid or schema is None or schema.vector.scale is not None:
        # Its scores would be those of scaled vectors.
        return None
    layout = layout_of(schema)
    (reply,) = yield [hybrid_command(near, near_k, matching, wanted_text, schema, layout)]
    try:
        return read_hybrid(reply, near_k, wanted_text, schema, layout)
    except ServerError as error:
        _log.warning("FT.HYBRID failed, so two searches are made instead: %s", error)
        return None


def _fused(state: State, sides: Sides, k: int, fusion: Fusion) -> Steps[list[Hit]]:
    scores = fusion.fuse(sides.near, sides.matching)
    best = list(scores.items())[:k]
    yield from touch(state, [record_id for record_id, _ in best])
    return [replace(sides.hits[record_id], score=score) for record_id, score in best]
