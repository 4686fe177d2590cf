"""Searching by text: words and their stems, scored by the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redisvl_adapters.core import query
from redisvl_adapters.core.clauses import EVERYTHING, NOTHING, text_of
from redisvl_adapters.core.commands import Command, Reply, Steps, is_missing_index, ok
from redisvl_adapters.core.compiling import compile_filter, learn_stems
from redisvl_adapters.core.filters import Filter, Words
from redisvl_adapters.core.lifecycle import State, look
from redisvl_adapters.core.picking import check_ids, find, touch
from redisvl_adapters.core.query import Hit, Matching, Wanted, check_k
from redisvl_adapters.core.record import layout_of
from redisvl_adapters.core.searching import both
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

# Of more words than these, few texts have all, and the condition that they have them gets long.
_MANY = 64


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
    """Return the records whose text matches best, best first.

    With the scorers BM25STD, DISMAX and DOCSCORE a filter never touches the score; the others count how near to each
    other words are, and the server reckons that in another way where there is a filter.

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
    requests = yield from matching_requests(state, text, wanted, filter, ids, match, scorer, fields)
    commands = matching_commands(state, requests, wanted)
    hits = read_matching(state, (yield commands) if commands else [], k)
    yield from touch(state, [hit.record.id for hit in hits])
    return hits


def matching_requests(
    state: State,
    text: str,
    wanted: Wanted,
    filter: Filter | None,
    ids: Sequence[str] | None,
    match: Any,
    scorer: str,
    keys: Sequence[str] | None,
) -> Steps[list[Matching]]:
    """Return the requests of a text search, one for each id if there are ids; none if nothing can match."""
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
    if ids is not None or (match == "all" and len(words) > _MANY):
        # Among several ids the server would score in part, as it does in other intersections; a single one is exact.
        ids = yield from find(state, text_of(condition), ids)
        condition = EVERYTHING
    if match == "phrase":
        request = Matching(scored_phrase(fields, words, condition), scorer)
    elif condition == EVERYTHING:
        request = Matching(scored_words(fields, words), scorer)
    else:
        words = list(dict.fromkeys(words))
        spelled = yield from learn_stems(state, schema, words)
        request = Matching(
            scored_within(fields, [form for forms in spelled for form in forms], condition),
            scorer,
            unspelled=scored_within(fields, words, condition),
        )
    return [request] if ids is None else [replace(request, record_id=record_id) for record_id in ids]


def matching_commands(state: State, requests: Sequence[Matching], wanted: Wanted) -> list[Command]:
    """Return the commands of a text search."""
    schema = state.schema
    if schema is None:
        return []
    return [query.matching_command(request, wanted, schema, layout_of(schema)) for request in requests]


def read_matching(state: State, replies: Sequence[Reply], k: int) -> list[Hit]:
    """Return the best hits in the replies to a text search."""
    hits: list[Hit] = []
    for reply in replies:
        if is_missing_index(reply):
            state.snapshot = None
        if state.schema is not None:
            hits += query.read_matching(ok(reply), state.schema, layout_of(state.schema))
    return sorted(hits, key=lambda hit: (-(hit.score or 0.0), hit.record.id))[:k]
