"""Text search: records whose words match, scored by the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redisvl_adapters.core.arguments import check_ids, check_k
from redisvl_adapters.core.filters.algebra import Filter, Keywords, Match, conjunction
from redisvl_adapters.core.filters.conditions import EVERYTHING, NOTHING, query_text
from redisvl_adapters.core.filters.word_queries import check_match
from redisvl_adapters.core.index.expiry import renew_ttl
from redisvl_adapters.core.index.readiness import from_index, searches_index
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.search.complete_replies import Searches, complete_replies
from redisvl_adapters.core.search.filter_compiler import compile_filter
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.search.read_records import read_found
from redisvl_adapters.core.search.results import Hit, ReturnFields, by_score, read_text_hits, within_scope
from redisvl_adapters.core.search.search_checks import check_query
from redisvl_adapters.core.search.server_stems import asked_words
from redisvl_adapters.core.search.text_query import (
    DEFAULT_SCORER,
    TextRequest,
    check_scorer,
    scored_query,
    text_command,
)
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.telemetry import tell


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
    language: str | None = None,
    frame: bool = False,
) -> Steps[list[Hit]]:
    """Return the records whose text matches best, best first.

    With the scorers BM25STD, DISMAX and DOCSCORE a filter never touches the score; the others count how near to each
    other words are, and the server reckons that in another way where there is a filter.

    Args:
        state: The index.
        text: Any text: its words are looked for, in all their forms. Nothing in it is syntax.
        k: How many at most.
        filter: Only records that match this.
        match: Whether a text must have ``any`` of the words, ``all``, or all side by side, as a ``phrase``.
        scorer: How Redis scores matches.
        fields: The keys of the text fields to look into, ``text`` for the text of the record; None for all.
        ids: Only these records.
        language: The language of the text; None for that of the index.
        frame: Whether to return what LlamaIndex needs to restore its nodes.

    Raises:
        ArgumentError: If an argument is out of range.
        FilterError: If the filter cannot be honoured.
    """
    returns = ReturnFields(k=check_k(k), frame=frame)
    tell(k=k)
    words = WordsRequest(text, check_match(match), check_scorer(scorer), fields, language)
    requests = yield from text_requests(state, words, returns, filter, ids)
    hits = yield from text_hits(state, requests, returns)
    tell(rows=len(hits))
    yield from renew_ttl(state, [hit.record.id for hit in hits])
    return hits


@dataclass(frozen=True, slots=True)
class WordsRequest:
    """What a text search looks for. See ``search_text``."""

    text: str
    match: Match
    scorer: str
    fields: Sequence[str] | None
    language: str | None


def text_requests(
    state: IndexState, words: WordsRequest, returns: ReturnFields, filter: Filter | None, ids: Sequence[str] | None
) -> Steps[list[TextRequest]]:
    """Return the requests of a text search, one for each id if there are ids; none if nothing can match."""
    check_query(words.text)
    if ids is not None:
        check_ids(ids)
    snapshot = state.snapshot
    if snapshot is None:
        return []
    text, match, fields, language = words.text, words.match, words.fields, words.language
    asked = yield from asked_words(snapshot.schema, text, match, keys=fields, language=language)
    has_words = any(each.words for each in asked)
    if match == "all" and has_words:
        filter = conjunction(filter, Keywords(text, match, None if fields is None else tuple(fields)))
    condition = yield from compile_filter(state, filter, language)
    if state.snapshot is None or condition == NOTHING or not has_words or returns.k == 0:
        return []
    if state.snapshot is not snapshot:
        snapshot = state.snapshot
        asked = yield from asked_words(snapshot.schema, text, match, keys=fields, language=language)
    if ids is not None:
        # Among several ids the server would score in part, as it does in other intersections; a single one is exact.
        ids = yield from find_ids(state, query_text(condition), ids)
        condition = EVERYTHING
    whole = snapshot.scores_unions_whole
    query = scored_query(asked, match, condition, words.scorer, unions_whole=whole)
    request = TextRequest(query, words.scorer)
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
        lambda reply: within_scope(read_text_hits(from_index(reply), schema, layout), state.scope, schema),
        by_score,
        lambda hit: schema.key_of(hit.record.id).encode(),
        narrowed,
    )
    found = yield from complete_replies(searches)
    found = yield from read_found(schema, found, state.scope)
    return sorted((hit for each in found for hit in each), key=by_score)[: returns.k]
