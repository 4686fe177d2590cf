"""Text requests, and the query text that scores them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from redisvl_adapters.core.filters.conditions import Condition, query_text
from redisvl_adapters.core.filters.word_queries import escape_stem, in_fields, phrase_query
from redisvl_adapters.core.index.record_keys import QUERY_SETTINGS
from redisvl_adapters.core.records.layouts import Layout
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.results import ReturnFields, search_arguments
from redisvl_adapters.core.server.commands import Command
from redisvl_adapters.errors import ArgumentError, did_you_mean

DEFAULT_SCORER = "BM25STD"
_MAX_QUERY = 16_000_000
"""How long a text query may get, in characters."""
SCORERS = (DEFAULT_SCORER, "BM25", "TFIDF", "TFIDF.DOCNORM", "DISMAX", "DOCSCORE")


def check_scorer(scorer: Any) -> str:
    """Return how text matches are scored.

    Raises:
        ArgumentError: If Redis has no such scorer.
    """
    if not isinstance(scorer, str) or scorer.upper() not in SCORERS:
        raise ArgumentError(
            f"scorer is one of {', '.join(SCORERS)}; not {scorer!r:.80}{did_you_mean(str(scorer), SCORERS)}"
        )
    return scorer.upper()


def scored_words(fields: str, words: Iterable[str]) -> str:
    """Return the query that scores any of some words where nothing else is asked; the server finds their stems."""
    return in_fields(fields, "|".join(dict.fromkeys(words)))


def scored_within(fields: str, forms: Iterable[str], condition: Condition) -> str:
    """Return the query that scores any of some forms of words within a condition, which does not touch the score.

    RediSearch 2.10 scores a union only in part wherever it is intersected with anything: it forgets the words after
    the first that it meets. So each form is intersected by itself, and the union is put around that. A form that two
    words share counts twice, as it does in the other query.
    """
    within = query_text(condition, scored=False) or ""
    forms = list(forms)
    if len(within) * len(forms) > _MAX_QUERY:
        raise ArgumentError(f"a text of {len(forms)} words and stems is too long for this filter; give fewer words")
    groups = fields.split(" ")
    return " | ".join(f"({within} @{group}:({escape_stem(form)}))" for form in forms for group in groups)


def scored_phrase(fields: str, words: Sequence[str], condition: Condition) -> str:
    """Return the query that scores words side by side within a condition, which does not touch the score."""
    return (
        f"{query_text(condition, scored=False)} {phrase_query(fields, words)}"
        if condition
        else phrase_query(fields, words)
    )


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A request for the records whose text matches best.

    Attributes:
        text: The text of the query.
        scorer: How matches are scored.
        verbatim: Whether the stems are spelled out in the text, so that the server need not look for them.
        record_id: Only this record; None for all.
    """

    text: str
    scorer: str
    verbatim: bool = False
    record_id: str | None = None


def text_command(request: TextRequest, returns: ReturnFields, schema: Schema, layout: Layout) -> Command:
    """Return the command that answers a text search."""
    args = [*search_arguments(schema, request.text, returns, layout), "WITHSCORES", "SCORER", request.scorer]
    if request.verbatim:
        args.append("VERBATIM")
    if request.record_id is not None:
        args += "INKEYS", 1, schema.key_of(request.record_id)
    return Command((*args, *QUERY_SETTINGS))
