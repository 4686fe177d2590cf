"""Query text for words: text fields, and the condition that they have any, all or a phrase of some words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, cast, get_args

from redisvl_adapters.core.filters.algebra import Match
from redisvl_adapters.core.filters.conditions import Positive, intersection, union
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import SEARCHED, TEXT
from redisvl_adapters.errors import ArgumentError, did_you_mean

MATCHES = cast("tuple[str, ...]", get_args(Match))


def check_match(match: Any) -> Match:
    """Return how words must match.

    Raises:
        ArgumentError: If it is neither ``any`` nor ``all`` nor ``phrase``.
    """
    if match not in MATCHES:
        raise ArgumentError(
            f"match is one of {', '.join(MATCHES)}; not {match!r:.80}{did_you_mean(str(match), MATCHES)}"
        )
    return cast("Match", match)


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
                f"text_fields: {key!r:.80} is no text field of index {schema.name!r}{did_you_mean(str(key), known)}; "
                f"it has: {', '.join(known)}"
            )
    return _joined(known[key] for key in keys)


def _joined(names: Iterable[str]) -> str:
    """Return names with pipes between them, and behind blanks those with an escape: they are misread beside others."""
    names = list(dict.fromkeys(names))
    plain = [name for name in names if "\\" not in name]
    return " ".join([*(["|".join(plain)] if plain else []), *(name for name in names if "\\" in name)])


def in_fields(fields: str, text: str) -> str:
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
        return phrase_query(fields, words)
    each = [in_fields(fields, "|".join(map(escape_stem, spelled))) for spelled in forms]
    return intersection(each) if match == "all" else union(each)


def phrase_query(fields: str, words: Sequence[str]) -> str:
    """Return the condition that words stand side by side.

    Raises:
        ArgumentError: If a word follows itself: RediSearch finds "red red" where "red" stands once.
    """
    if any(one == other for one, other in pairwise(words)):
        raise ArgumentError("a phrase that says a word twice in a row cannot be matched exactly; use match='all'")
    return in_fields(fields, f'"{" ".join(words)}"')


def escape_stem(form: str) -> str:
    """Return a form of a word as it stands in a query: a stem begins with a plus sign."""
    return form.replace("+", "\\+")
