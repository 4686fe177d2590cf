"""Every way of retrieving: by vector, by text, by both, and by variety."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from redisvl_adapters.core import query
from redisvl_adapters.core.clauses import EVERYTHING, NOTHING, text_of
from redisvl_adapters.core.commands import Command, Reply, Steps, is_missing_index, ok
from redisvl_adapters.core.compiling import compile_filter, learn_stems
from redisvl_adapters.core.filters import And, Filter, Words
from redisvl_adapters.core.lifecycle import State, look
from redisvl_adapters.core.picking import check_ids, find, holdable
from redisvl_adapters.core.query import Hit, Matching, Near, Wanted, check_k
from redisvl_adapters.core.ranking import Fusion, as_rows, check_fraction, maximal_marginal_relevance, similarity
from redisvl_adapters.core.record import layout_of
from redisvl_adapters.core.schema import Schema
from redisvl_adapters.core.text import (
    DEFAULT_SCORER,
    check_match,
    check_scorer,
    scored_phrase,
    scored_within,
    scored_words,
    text_fields,
    words_of,
)
from redisvl_adapters.core.tuning import SEARCH_OPTIONS, SearchOptions, Tuning, fit_tuning, read_tuning
from redisvl_adapters.core.vectors import Vector, as_query
from redisvl_adapters.errors import ArgumentError, refuse_unknown

MIN_CANDIDATES = 50


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
    tuning, filter = _read_options(options, filter)
    commands = yield from _near(state, asked, wanted, filter, ids, tuning)
    replies = (yield commands) if commands else []
    return [_read_near(state, reply, tuning) for reply in replies] if replies else [[] for _ in asked]


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


def search_text(
    state: State,
    text: str,
    k: int,
    filter: Filter | None = None,
    *,
    match: Any = "any",
    scorer: str = DEFAULT_SCORER,
    fields: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    frame: bool = False,
) -> Steps[list[Hit]]:
    """Return the records whose text matches best, best first. A filter never touches the score.

    Args:
        state: The index.
        text: Any text: its words and their stems are looked for. Nothing in it is syntax.
        k: How many at most.
        filter: Only records that match this.
        match: Whether a text must have ``any`` of the words, ``all``, or all side by side, as a ``phrase``.
        scorer: How Redis scores matches.
        fields: The keys of the text fields to look into, ``text`` for the text of the record; None for all.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.

    Raises:
        ArgumentError: If an argument is out of range.
        FilterError: If the filter cannot be honoured.
    """
    wanted = Wanted(k=check_k(k), frame=frame)
    commands = yield from _matching(state, text, wanted, filter, ids, match, scorer, fields)
    replies = (yield commands) if commands else []
    return _best([hit for reply in replies for hit in _read_matching(state, reply)], k)


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
        fusion: How the two rankings become one; by default reciprocal rank fusion.
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
    tuning, filter = _read_options(options, filter)
    words_of(text)
    near: list[Command] = []
    matching: list[Command] = []
    if fusion.alpha > 0:
        if vector is None:
            raise ArgumentError("a hybrid search with alpha above 0 needs a query vector")
        near = yield from _near(state, [vector], Wanted(k=fetch_k, frame=frame), filter, ids, tuning)
    if fusion.alpha < 1:
        wanted = Wanted(k=fetch_text_k, frame=frame)
        matching = yield from _matching(state, text, wanted, filter, ids, match, scorer, fields)
    replies = (yield [*near, *matching]) if near or matching else []
    by_vector = [hit for reply in replies[: len(near)] for hit in _read_near(state, reply, tuning)]
    by_text = [hit for reply in replies[len(near) :] for hit in _read_matching(state, reply)]
    return _fused(by_vector, _best(by_text, fetch_text_k), k, fusion, state.metric)


def _read_options(options: Mapping[str, Any], filter: Filter | None) -> tuple[Tuning, Filter | None]:
    """Return the tuning among the options of a search, and the filter with the keywords among them."""
    refuse_unknown("search", {name: options[name] for name in options if name not in SEARCH_OPTIONS}, SEARCH_OPTIONS)
    keywords, match = options.get("keywords"), options.get("keywords_match")
    if keywords is not None:
        filter = both(filter, Words(keywords, check_match(match or "any")))
    elif match is not None:
        raise ArgumentError("keywords_match is for searches with keywords")
    return read_tuning(options), filter


def _near(
    state: State,
    asked: Sequence[Vector],
    wanted: Wanted,
    filter: Filter | None,
    ids: Sequence[str] | None,
    tuning: Tuning,
) -> Steps[list[Command]]:
    """Return the commands of vector searches; none if nothing can match."""
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
    layout = layout_of(schema)
    return [query.near_command(Near(each, where, ids, tuning), wanted, schema, layout) for each in queries]


def _matching(
    state: State,
    text: str,
    wanted: Wanted,
    filter: Filter | None,
    ids: Sequence[str] | None,
    match: Any,
    scorer: str,
    keys: Sequence[str] | None,
) -> Steps[list[Command]]:
    """Return the commands of a text search; none if nothing can match."""
    scorer, match = check_scorer(scorer), check_match(match)
    if ids is not None:
        check_ids(ids)
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return []
    fields = text_fields(snapshot.schema, keys)
    words = words_of(text, stopwords=snapshot.schema.stopwords)
    if match == "all" and words:
        filter = both(filter, Words(text, match, None if keys is None else tuple(keys)))
    condition = yield from compile_filter(state, filter)
    schema = state.schema
    if schema is None or condition == NOTHING or not words or wanted.k == 0:
        return []
    if ids is not None:
        # Among several ids the server would score in part, as it does in other intersections; a single one is exact.
        ids = yield from find(state, text_of(condition), ids)
        condition = EVERYTHING
    if match == "phrase":
        request = Matching(scored_phrase(fields, words, condition), scorer)
    elif condition == EVERYTHING:
        request = Matching(scored_words(fields, words), scorer)
    else:
        forms = yield from learn_stems(state, schema, words)
        request = Matching(
            scored_within(fields, [form for each in forms for form in each], condition), scorer, verbatim=True
        )
    layout = layout_of(schema)
    return [
        query.matching_command(replace(request, record_id=record_id), wanted, schema, layout)
        for record_id in ([None] if ids is None else ids)
    ]


def _read_near(state: State, reply: Reply, tuning: Tuning) -> list[Hit]:
    schema = _answering(state, reply)
    hits = query.read_near(ok(reply), schema, layout_of(schema)) if schema else []
    if tuning.distance_threshold is None:
        return hits
    # Among ids the server does not cut by distance.
    return [hit for hit in hits if hit.distance <= tuning.distance_threshold]


def _read_matching(state: State, reply: Reply) -> list[Hit]:
    schema = _answering(state, reply)
    return query.read_matching(ok(reply), schema, layout_of(schema)) if schema else []


def _answering(state: State, reply: Reply) -> Schema | None:
    """Return the index that gave a reply; None if it was dropped meanwhile."""
    if is_missing_index(reply):
        state.snapshot = None
    return state.schema


def _best(hits: list[Hit], k: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: -(hit.score or 0.0))[:k]


def _fused(near: Sequence[Hit], matching: Sequence[Hit], k: int, fusion: Fusion, metric: str) -> list[Hit]:
    found = {hit.record.id: hit for hit in (*matching, *near)}
    scores = fusion.fuse(
        {hit.record.id: similarity(hit.distance, metric) for hit in near},
        {hit.record.id: hit.score or 0.0 for hit in matching},
    )
    return [replace(found[record_id], score=score) for record_id, score in list(scores.items())[:k]]


def both(filter: Filter | None, other: Filter) -> Filter:
    """Return the conjunction of a filter, if there is one, and another."""
    return other if filter is None else And((filter, other))
