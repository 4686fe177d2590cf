"""Text search: records whose words match, scored by the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redisvl_adapters.core.arguments import check_ids, check_k
from redisvl_adapters.core.filters.algebra import Filter, Keywords, conjunction
from redisvl_adapters.core.filters.conditions import EVERYTHING, NOTHING, query_text
from redisvl_adapters.core.filters.word_queries import check_match, text_fields
from redisvl_adapters.core.index.expiry import renew_ttl
from redisvl_adapters.core.index.readiness import from_index, searches_index
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.search.complete_replies import Searches, complete_replies
from redisvl_adapters.core.search.filter_compiler import compile_filter
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.search.results import Hit, ReturnFields, by_score, read_text_hits
from redisvl_adapters.core.search.stems import learn_stems
from redisvl_adapters.core.search.text_query import (
    DEFAULT_SCORER,
    TextRequest,
    check_scorer,
    scored_phrase,
    scored_within,
    scored_words,
    text_command,
)
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.text.analysis import words_of

# Of more words than these, few texts have all, and the condition that they have them gets long.
_MANY = 64


@searches_index
def search_text(
    state: IndexState,
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
    returns = ReturnFields(k=check_k(k), frame=frame)
    requests = yield from text_requests(state, text, returns, filter, ids, match, scorer, fields)
    hits = yield from text_hits(state, requests, returns)
    yield from renew_ttl(state, [hit.record.id for hit in hits])
    return hits


def text_requests(
    state: IndexState,
    text: str,
    returns: ReturnFields,
    filter: Filter | None,
    ids: Sequence[str] | None,
    match: Any,
    scorer: str,
    keys: Sequence[str] | None,
) -> Steps[list[TextRequest]]:
    """Return the requests of a text search, one for each id if there are ids; none if nothing can match."""
    scorer, match = check_scorer(scorer), check_match(match)
    if ids is not None:
        check_ids(ids)
    snapshot = state.snapshot
    if snapshot is None:
        return []
    fields = text_fields(snapshot.schema, keys)
    words = words_of(text, stopwords=snapshot.schema.stopwords)
    if match == "all" and words:
        filter = conjunction(filter, Keywords(text, match, None if keys is None else tuple(keys)))
    condition = yield from compile_filter(state, filter)
    schema = state.schema
    if schema is None or condition == NOTHING or not words or returns.k == 0:
        return []
    if ids is not None or (match == "all" and len(words) > _MANY):
        # Among several ids the server would score in part, as it does in other intersections; a single one is exact.
        ids = yield from find_ids(state, query_text(condition), ids)
        condition = EVERYTHING
    if match == "phrase":
        request = TextRequest(scored_phrase(fields, words, condition), scorer)
    elif condition == EVERYTHING:
        request = TextRequest(scored_words(fields, words), scorer)
    else:
        words = list(dict.fromkeys(words))
        spelled = yield from learn_stems(state, schema, words)
        request = TextRequest(
            scored_within(fields, [form for forms in spelled for form in forms], condition),
            scorer,
            verbatim=True,
        )
    return [request] if ids is None else [replace(request, record_id=record_id) for record_id in ids]


def text_hits(state: IndexState, requests: Sequence[TextRequest], returns: ReturnFields) -> Steps[list[Hit]]:
    """Send the requests of a text search, and return the best hits, best first."""
    schema = state.schema
    if schema is None:
        return []
    layout = layout_of(schema)

    def narrowed(place: int, key: bytes) -> Command:
        return text_command(replace(requests[place], record_id=schema.id_of(key)), returns, schema, layout)

    searches = Searches(
        [text_command(each, returns, schema, layout) for each in requests],
        returns.k,
        lambda reply: read_text_hits(from_index(reply), schema, layout),
        by_score,
        lambda hit: schema.key_of(hit.record.id).encode(),
        narrowed,
    )
    found = yield from complete_replies(searches)
    return sorted((hit for each in found for hit in each), key=by_score)[: returns.k]
