"""Hybrid search: by vector and by text, in one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack, cast

from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.filters.word_queries import check_match
from redisvl_adapters.core.index.expiry import renew_ttl
from redisvl_adapters.core.index.readiness import searches_index
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.fusion import Fusion
from redisvl_adapters.core.search.options import SearchOptions
from redisvl_adapters.core.search.results import Hit, ReturnFields
from redisvl_adapters.core.search.scores import similarity
from redisvl_adapters.core.search.search_checks import check_query, default_fetch_k
from redisvl_adapters.core.search.text_query import DEFAULT_SCORER, TextRequest, check_scorer
from redisvl_adapters.core.search.text_search import WordsRequest, text_hits, text_requests
from redisvl_adapters.core.search.vector_search import SearchPlan, plan_search, read_search_options
from redisvl_adapters.core.search.weighted_search import WeightedPlan, plan_weighted
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.steps import pipelined
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import ArgumentError


@searches_index
def search_hybrid(
    state: IndexState,
    vector: Vector | Mapping[str, Vector] | None,
    text: str,
    k: int,
    filter: Filter | None = None,
    /,
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
        vector: The query, shape (dims,); None will do if alpha is 0. With ``weights``, the query of each vector by the
            names of these.
        text: Any text. See ``search_text``.
        k: How many at most.
        filter: Only records that match this.
        fusion: How the two rankings become one; by default the sum of the scores, each between 0 and 1.
        fetch_k: How many candidates either side gives; by default 100, or twice k if that is more.
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
    tell(k=check_k(k))
    fetch_k = default_fetch_k(k) if fetch_k is None else check_k(fetch_k, "fetch_k")
    fetch_text_k = fetch_k if fetch_text_k is None else check_k(fetch_text_k, "fetch_text_k")
    if max(fetch_k, fetch_text_k) < k:
        raise ArgumentError(f"fetch_k is at least k; not {fetch_k} with k={k}")
    _, narrowed = read_search_options(options, filter)
    words = WordsRequest(check_query(text), check_match(match), check_scorer(scorer), fields, options.get("language"))
    if fusion.alpha > 0 and vector is None:
        raise ArgumentError("a hybrid search with alpha above 0 needs a query vector")
    text_returns = ReturnFields(k=fetch_text_k, frame=frame)
    text_side: list[TextRequest] = []
    plan: SearchPlan | WeightedPlan | None = None
    if fusion.alpha > 0 and vector is not None and options.get("weights") is not None:
        plan = yield from plan_weighted(state, fetch_k, filter, ids, fetch_k=fetch_k, frame=frame, **options)
    elif fusion.alpha > 0 and vector is not None:
        plan = yield from plan_search(state, fetch_k, filter, ids, frame=frame, **options)
    if fusion.alpha < 1:
        text_side = yield from text_requests(state, words, text_returns, narrowed, ids)
    if state.schema is None:
        return []
    by_vector, by_text = yield from pipelined([_nearest(plan, vector), text_hits(state, text_side, text_returns)])
    hits = {hit.record.id: hit for hit in (*by_text, *by_vector)}
    scores = fusion.fuse(
        {hit.record.id: _similarity(hit, plan) for hit in by_vector},
        {hit.record.id: hit.score or 0.0 for hit in by_text},
    )
    best = [replace(hits[record_id], score=score) for record_id, score in list(scores.items())[:k]]
    tell(rows=len(best))
    yield from renew_ttl(state, [hit.record.id for hit in best])
    return best


def _nearest(plan: SearchPlan | WeightedPlan | None, vector: Vector | Mapping[str, Vector] | None) -> Steps[list[Hit]]:
    if plan is None or vector is None:
        return []
    if isinstance(plan, WeightedPlan):
        return (yield from plan.search(cast("Mapping[str, Vector]", vector)))
    (hits,) = yield from plan.search([cast("Vector", vector)])
    return hits


def _similarity(hit: Hit, plan: SearchPlan | WeightedPlan | None) -> float:
    if isinstance(plan, SearchPlan):
        return similarity(hit.distance, plan.schema.vector.metric)
    return hit.score or 0.0
