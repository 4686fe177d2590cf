"""Text requests, and the query text that scores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redisvl_adapters.core.arguments import check_choice
from redisvl_adapters.core.filters.algebra import Match
from redisvl_adapters.core.filters.conditions import EVERYTHING, Condition, is_positive, query_text
from redisvl_adapters.core.filters.word_queries import AskedWords, any_of_terms, condition_on_words
from redisvl_adapters.core.index.record_keys import QUERY_SETTINGS
from redisvl_adapters.core.records.layouts import Layout
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.results import ReturnFields, search_arguments
from redisvl_adapters.core.server.commands import Command
from redisvl_adapters.errors import ArgumentError

DEFAULT_SCORER = "BM25STD"
SCORERS = (DEFAULT_SCORER, "BM25", "TFIDF", "TFIDF.DOCNORM", "DISMAX", "DOCSCORE")


def check_scorer(scorer: Any) -> str:
    """Return how text matches are scored.

    Raises:
        ArgumentError: If Redis has no such scorer.
    """
    return check_choice(scorer.upper() if isinstance(scorer, str) else scorer, "scorer", SCORERS)


_OF_PROXIMITY = frozenset({"BM25", "TFIDF", "TFIDF.DOCNORM"})
"""Scorers that divide by how far apart the words stand that a query asks for, those in its condition too."""
_MAX_QUERY = 16_000_000
"""How long a text query may get, in characters, where each word has the condition for itself."""


def scored_query(
    asked: Sequence[AskedWords],
    match: Match,
    condition: Condition,
    scorer: str = DEFAULT_SCORER,
    *,
    unions_whole: bool = False,
) -> str:
    """Return the query that scores words where a condition holds, which does not touch the score.

    RediSearch 2.10 forgets all but one of the words of a union that it meets when it skips ahead in it, as it does in
    an intersection; but it scores the union whole where it skips to a record that has one. So the union is asked twice:
    within the condition, without a weight, to tell the records, and once more for their scores.

    Args:
        asked: The words.
        match: How they match.
        condition: Where they are scored.
        scorer: What scores them.
        unions_whole: Whether the server scores a union whole wherever it stands.

    Raises:
        ArgumentError: If a phrase says a word twice in a row, or the query would get too long.
    """
    # That all words are there is part of the condition.
    scored = str(condition_on_words(asked, "phrase") if match == "phrase" else any_of_terms(asked))
    if condition == EVERYTHING:
        return scored
    is_union = " | " in scored or "|" in scored.partition(":")[2]
    if is_union and (scorer in _OF_PROXIMITY or not (unions_whole or is_positive(condition))):
        return _scored_apart(asked, match, condition)
    if is_union and not unions_whole:
        return f"{scored} ({condition[0].positive} {scored})=>{{$weight:0}}"
    return f"{query_text(condition, scored=False)} {scored}"


def _scored_apart(asked: Sequence[AskedWords], match: Match, condition: Condition) -> str:
    """Return the query that scores each word, or the phrase in each field, for itself within a condition.

    RediSearch 2.10 misjudges a negation that is further inside.
    """
    within = query_text(condition, scored=False) or ""
    parts: dict[str, None] = {}
    for each in asked:
        forms = [form for word in each.words for form in word.forms]
        said = [f'"{" ".join(word.term for word in each.words)}"'] if match == "phrase" else forms
        parts |= dict.fromkeys(f"@{group}:({part})" for part in said for group in each.names.split(" "))
    if len(within) * len(parts) > _MAX_QUERY:
        raise ArgumentError(f"a text of {len(parts)} words is too long for this filter; give fewer words")
    return " | ".join(f"({within} {part})" for part in parts)


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A request for the records whose text matches best.

    Attributes:
        text: The text of the query.
        scorer: How matches are scored.
        record_id: Only this record; None for all.
    """

    text: str
    scorer: str
    record_id: str | None = None


def text_command(request: TextRequest, returns: ReturnFields, schema: Schema, layout: Layout) -> Command:
    """Return the command that answers a text search."""
    args = [
        *search_arguments(schema, request.text, returns, layout),
        "WITHSCORES",
        "SCORER",
        request.scorer,
        "VERBATIM",
    ]
    if request.record_id is not None:
        args += "INKEYS", 1, schema.key_of(request.record_id)
    return Command((*args, *QUERY_SETTINGS))
