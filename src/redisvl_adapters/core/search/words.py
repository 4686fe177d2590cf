"""What an index makes of words: the terms of a text, and the passages of a text that have the words of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redisvl_adapters.core.arguments import check_count
from redisvl_adapters.core.filters.word_queries import ask_words, check_match, query_languages
from redisvl_adapters.core.index.readiness import known_snapshot
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.projection import field_language, record_language
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import TEXT
from redisvl_adapters.core.search.search_checks import check_query
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.text.analysis import analyser
from redisvl_adapters.core.text.highlight import matching_spans, passages_of, phrase_spans, places_of
from redisvl_adapters.errors import ArgumentError

PASSAGE_LENGTH = 200
PASSAGES = 3
MARKS = ("**", "**")


def analyse(state: IndexState, text: str, language: str | None = None) -> Steps[list[str]]:
    """Return the terms by which a text is found, in their order.

    Args:
        state: The index.
        text: The text.
        language: Its language; None for that of the index.

    Raises:
        ArgumentError: If the index has no texts in that language.
    """
    check_query(text, "text")
    schema = yield from _schema(state)
    _refuse_foreign(schema)
    spoken, _ = query_languages(schema, language)
    return analyser(field_language(schema.text_attrs, spoken)).terms(text)


def highlight(
    state: IndexState,
    query: str,
    text: str,
    metadata: Mapping[str, Any] | None = None,
    *,
    match: Any = "any",
    language: str | None = None,
    length: int = PASSAGE_LENGTH,
    most: int = PASSAGES,
    marks: Sequence[str] = MARKS,
) -> Steps[list[str]]:
    """Return the passages of a text that have the words of a query, with these marked; none where it has none.

    Args:
        state: The index.
        query: Any text.
        text: The text of a record.
        metadata: Its metadata, which may say its language; None for a text that is of no record, and in the language of
            the query.
        match: Whether to mark ``any`` of the words but function words, ``all``, or them side by side, as a ``phrase``.
        language: The language of the query; None for that of the index.
        length: About how many characters a passage has.
        most: How many passages there are at most.
        marks: What stands before and behind a word that is marked.

    Raises:
        ArgumentError: If an argument is out of range.
    """
    check_query(query)
    check_query(text, "text")
    match = check_match(match)
    check_count(length, "length")
    check_count(most, "most")
    if not isinstance(marks, tuple | list) or len(marks) != 2 or not all(isinstance(mark, str) for mark in marks):
        raise ArgumentError(f"marks are two texts, such as ('<mark>', '</mark>'); not {marks!r:.80}")
    schema = yield from _schema(state)
    _refuse_foreign(schema)
    (asked,) = ask_words(schema, query, match, keys=[TEXT], language=language)
    if metadata is None:
        written, _ = query_languages(schema, language)
    else:
        written = record_language(schema, check_metadata(metadata, "the record").values, "the record")
    places = list(places_of(text, analyser(field_language(schema.text_attrs, written))))
    if match == "phrase":
        spans = phrase_spans(places, [word.term for word in asked.words])
    else:
        spans = matching_spans(places, {form for word in asked.words for form in word.forms})
    return passages_of(text, spans, length=length, most=most, marks=(marks[0], marks[1]))


def _refuse_foreign(schema: Schema) -> None:
    """Refuse to tell what the server makes of words.

    Raises:
        ArgumentError: If it is the server that analyses the texts of an index.
    """
    if schema.foreign is not None:
        raise ArgumentError(
            f"the texts of index {schema.name!r} are analysed by the server, and what it makes of their words is not "
            "known here; FT.EXPLAIN tells what it makes of a query"
        )


def _schema(state: IndexState) -> Steps[Schema]:
    snapshot = yield from known_snapshot(state)
    return snapshot.schema if snapshot else state.spec.draft()
