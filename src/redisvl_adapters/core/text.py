"""From a sentence that somebody wrote to a text query: words, never syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, cast, get_args

from redisvl_adapters.core.clauses import Condition, Positive, intersection, text_of, union
from redisvl_adapters.core.encoding import searchable_text
from redisvl_adapters.core.filters import Match
from redisvl_adapters.core.schema import SEARCHED, TEXT, FieldType, Schema
from redisvl_adapters.errors import ArgumentError, did_you_mean

DEFAULT_SCORER = "BM25STD"
_MAX_QUERY = 16_000_000
"""How long a text query may get, in characters."""
SCORERS = (DEFAULT_SCORER, "BM25", "TFIDF", "TFIDF.DOCNORM", "DISMAX", "DOCSCORE")
MATCHES = cast("tuple[str, ...]", get_args(Match))


def check_match(match: Any) -> Match:
    """Return how words must match.

    Raises:
        ArgumentError: If it is neither ``any`` nor ``all`` nor ``phrase``.
    """
    if match not in MATCHES:
        raise ArgumentError(f"match is one of {', '.join(MATCHES)}; not {match!r}{did_you_mean(str(match), MATCHES)}")
    return cast("Match", match)


def check_scorer(scorer: Any) -> str:
    """Return how text matches are scored.

    Raises:
        ArgumentError: If Redis has no such scorer.
    """
    if not isinstance(scorer, str) or scorer.upper() not in SCORERS:
        raise ArgumentError(
            f"scorer is one of {', '.join(SCORERS)}; not {scorer!r}{did_you_mean(str(scorer), SCORERS)}"
        )
    return scorer.upper()


def words_of(text: Any, name: str = "query", stopwords: Iterable[str] = ()) -> list[str]:
    """Return the words of a text in their order, as the index has them.

    Args:
        text: Any text.
        name: What it is called in errors.
        stopwords: Words that the index ignores.

    Raises:
        ArgumentError: If it is no text.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"{name} is a text; not {type(text).__name__} {text!r:.80}")
    ignored = set(stopwords)
    return [word for word in searchable_text(text).lower().split() if word not in ignored]


def text_fields(schema: Schema, keys: Sequence[str] | None = None) -> str:
    """Return the text fields of an index as they stand in a query: all, or those of some metadata keys.

    Args:
        schema: The index.
        keys: Keys of text fields, ``text`` for the text of the record itself.

    Raises:
        ArgumentError: If one is not a text field.
    """
    known = {TEXT: SEARCHED} | {
        field.key: field.query_name for field in schema.aliases.values() if field.type is FieldType.TEXT
    }
    if keys is None:
        return _joined(known.values())
    if isinstance(keys, str) or not keys:
        raise ArgumentError(f"text_fields is a list of text fields; not {keys!r:.80}")
    for key in keys:
        if key not in known:
            raise ArgumentError(
                f"text_fields: {key!r} is no text field of index {schema.name!r}{did_you_mean(str(key), known)}; "
                f"it has: {', '.join(known)}"
            )
    return _joined(known[key] for key in keys)


def _joined(names: Iterable[str]) -> str:
    """Return names with pipes between them, and behind blanks those with an escape: they are misread beside others."""
    names = list(dict.fromkeys(names))
    plain = [name for name in names if "\\" not in name]
    return " ".join([*(["|".join(plain)] if plain else []), *(name for name in names if "\\" in name)])


def _in(fields: str, text: str) -> str:
    """Return the condition that some fields have what is asked for."""
    return str(union(f"@{group}:({text})" for group in fields.split(" ")))


def condition_on_words(fields: str, words: Sequence[str], match: Match, forms: Sequence[Sequence[str]]) -> Positive:
    """Return the condition that a text has words.

    Args:
        fields: The fields, as they stand in a query.
        words: The words.
        match: Whether any of them, all, or all side by side.
        forms: The forms of each word in the index. They are spelled out, since RediSearch looks for stems by itself in
            plain searches, but not in the filter of a KNN query.
    """
    if not words:
        return False
    if match == "phrase":
        return phrase(fields, words)
    each = [_in(fields, "|".join(map(_escaped, spelled))) for spelled in forms]
    return intersection(each) if match == "all" else union(each)


def phrase(fields: str, words: Sequence[str]) -> str:
    """Return the condition that words stand side by side.

    Raises:
        ArgumentError: If a word follows itself: RediSearch finds "red red" where "red" stands once.
    """
    if any(one == other for one, other in pairwise(words)):
        raise ArgumentError("a phrase that says a word twice in a row cannot be matched exactly; use match='all'")
    return _in(fields, f'"{" ".join(words)}"')


def scored_words(fields: str, words: Iterable[str]) -> str:
    """Return the query that scores any of some words where nothing else is asked; the server finds their stems."""
    return _in(fields, "|".join(dict.fromkeys(words)))


def scored_within(fields: str, forms: Iterable[str], condition: Condition) -> str:
    """Return the query that scores any of some forms of words within a condition, which does not touch the score.

    RediSearch 2.10 scores a union only in part wherever it is intersected with anything: it forgets the words after
    the first that it meets. So each form is intersected by itself, and the union is put around that. A form that two
    words share counts twice, as it does in the other query.
    """
    within = text_of(condition, scored=False) or ""
    forms = list(forms)
    if len(within) * len(forms) > _MAX_QUERY:
        raise ArgumentError(f"a text of {len(forms)} words and stems is too long for this filter; give fewer words")
    groups = fields.split(" ")
    return " | ".join(f"({within} @{group}:({_escaped(form)}))" for form in forms for group in groups)


def scored_phrase(fields: str, words: Sequence[str], condition: Condition) -> str:
    """Return the query that scores words side by side within a condition, which does not touch the score."""
    return f"{text_of(condition, scored=False)} {phrase(fields, words)}" if condition else phrase(fields, words)


def _escaped(form: str) -> str:
    # A stem begins with a plus sign.
    return form.replace("+", "\\+")
