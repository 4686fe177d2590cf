"""Query text for words: text fields, and the conditions that they have any, all or a phrase of some words.

Words are analysed here, and asked for by their terms as they lie in the index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast, get_args

from redisvl_adapters.core.arguments import check_choice
from redisvl_adapters.core.filters.algebra import Match
from redisvl_adapters.core.filters.conditions import Positive, intersection, union
from redisvl_adapters.core.filters.server_words import server_words
from redisvl_adapters.core.records.projection import field_language
from redisvl_adapters.core.schema.field_names import escape_field_name
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.foreign import ForeignIndex
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.languages import MULTILINGUAL, read_language, said_language
from redisvl_adapters.core.schema.stored_fields import SEARCHED, TEXT
from redisvl_adapters.core.text.analysis import Word, analyser, without_function_words
from redisvl_adapters.errors import ArgumentError, did_you_mean

MATCHES = cast("tuple[str, ...]", get_args(Match))


def check_match(match: Any) -> Match:
    """Return how words must match.

    Raises:
        ArgumentError: If it is neither ``any`` nor ``all`` nor ``phrase``.
    """
    return cast("Match", check_choice(match, "match", MATCHES))


@dataclass(frozen=True, slots=True)
class AskedWords:
    """The words of a query, as some text fields have them.

    Attributes:
        names: The fields, as they stand in a query.
        words: The words in their order.
    """

    names: str
    words: Sequence[Word]


def ask_words(
    schema: Schema,
    text: Any,
    match: Match,
    *,
    keys: Sequence[str] | None = None,
    language: Any = None,
    name: str = "query",
) -> list[AskedWords]:
    """Return the words of a query, once for all text fields that are analysed alike.

    Args:
        schema: The index.
        text: Any text. Nothing in it is syntax.
        match: How they are to match: any of them is any but the function words, if there are others.
        keys: Keys of text fields, ``text`` for the text of the record itself; None for all.
        language: The language of the query; None for that of the index.
        name: What the text is called in errors.

    Raises:
        ArgumentError: If it is no text, or a key is not a text field, or the index is not in that language.
    """
    if schema.foreign is not None:
        names = _server_fields(schema, schema.foreign, keys, language)
        return [AskedWords(names, server_words(text, schema.foreign, name))]
    language, ignored = query_languages(schema, language)
    stopwords = stopword_terms(schema)
    analysed = {
        names: analyser(language_of_field).words(text, name)
        for language_of_field, names in _text_fields(schema, language, keys).items()
    }
    # A word that one field ignores is ignored in all, so that they are asked for the same words.
    unheard = {place for words in analysed.values() for place, word in enumerate(words) if word.term in stopwords}
    asked = []
    for names, words in analysed.items():
        heard = [word for place, word in enumerate(words) if place not in unheard]
        asked.append(AskedWords(names, without_function_words(heard, ignored) if match == "any" else heard))
    return asked


def query_languages(schema: Schema, language: Any) -> tuple[str, str]:
    """Return in which language a query is analysed, and of which its function words are.

    Raises:
        ArgumentError: If no record of the index can be in that language.
    """
    if language is None:
        return schema.language, schema.language
    said = read_language(language)
    if schema.language_key is not None or said == schema.language:
        return said, said
    if schema.language == MULTILINGUAL:
        return MULTILINGUAL, said
    raise ArgumentError(
        f"language is {language!r:.80}, but the texts of index {schema.name!r} are analysed in "
        f"{said_language(schema.language)}: leave it out. An index of several languages is made with "
        "language='multilingual' or with language_key="
    )


def stopword_terms(schema: Schema) -> frozenset[str]:
    """Return the terms of the words that an index was told to ignore, which the server leaves out too."""
    return _stopword_terms(schema.stopwords, schema.language) if schema.stopwords else frozenset()


@lru_cache
def _stopword_terms(stopwords: Sequence[str], language: str) -> frozenset[str]:
    return frozenset(word.term for word in analyser(language).words(" ".join(stopwords)))


def _text_fields(schema: Schema, language: str, keys: Sequence[str] | None) -> dict[str, str]:
    """Return the text fields of an index by the language in which they are analysed, as they stand in a query.

    Raises:
        ArgumentError: If a key is not that of a text field.
    """
    known = {TEXT: (SEARCHED, schema.text_attrs)} | {
        field.key: (field.query_name, field.attrs) for field in schema.aliases.values() if field.type is FieldType.TEXT
    }
    named: dict[str, list[str]] = {}
    for key in _checked_keys(schema, keys, known):
        query_name, attrs = known[key]
        named.setdefault(field_language(attrs, language), []).append(query_name)
    return {language: _joined(names) for language, names in named.items()}


def _server_fields(schema: Schema, foreign: ForeignIndex, keys: Sequence[str] | None, language: Any) -> str:
    """Return the text fields of a foreign index as they stand in a query.

    Raises:
        ArgumentError: If it has none, a key is not that of one, or a language was said.
    """
    if language is not None:
        raise ArgumentError(
            f"language is for indexes of this library; the texts of index {schema.name!r} are analysed by the server, "
            f"in {foreign.language}: leave it out"
        )
    known = {field.key: field.query_name for field in schema.aliases.values() if field.type is FieldType.TEXT}
    for name in foreign.text_names:
        known.setdefault(TEXT, escape_field_name(name))
    if not known:
        raise ArgumentError(
            f"index {schema.name!r} was made by another application and has no TEXT field, so there are no words to "
            "look for in it; search by vector"
        )
    return _joined(known[key] for key in _checked_keys(schema, keys, known))


def _checked_keys(schema: Schema, keys: Sequence[str] | None, known: Collection[str]) -> Sequence[str]:
    """Return keys of text fields, by default all.

    Raises:
        ArgumentError: If one is not that of a text field.
    """
    if keys is None:
        return list(known)
    if isinstance(keys, str) or not keys:
        raise ArgumentError(f"text_fields is a list of text fields; not {keys!r:.80}")
    for key in keys:
        if key not in known:
            raise ArgumentError(
                f"text_fields: {key!r:.80} is no text field of index {schema.name!r}{did_you_mean(str(key), known)}; "
                f"it has: {', '.join(known)}"
            )
    return keys


def _joined(names: Iterable[str]) -> str:
    """Return names with pipes between them, and behind blanks those with an escape: they are misread beside others."""
    names = list(dict.fromkeys(names))
    plain = [name for name in names if "\\" not in name]
    return " ".join([*(["|".join(plain)] if plain else []), *(name for name in names if "\\" in name)])


def condition_on_words(asked: Sequence[AskedWords], match: Match) -> Positive:
    """Return the condition that a text has any of some words, all of them, or all side by side.

    Raises:
        ArgumentError: If a phrase says a word twice in a row.
    """
    if not any(each.words for each in asked):
        return False
    if match == "phrase":
        return union(phrase_query(each.names, [word.term for word in each.words]) for each in asked)
    if match == "any":
        return any_of_terms(asked)
    # The same words in each, analysed in other ways.
    places = zip(*(each.words for each in asked), strict=True)
    return intersection(
        union(_in_fields(each.names, "|".join(word.forms)) for each, word in zip(asked, place, strict=True))
        for place in places
    )


def any_of_terms(asked: Iterable[AskedWords]) -> Positive:
    """Return the condition that a text has any of some words, each of whose terms counts once."""
    terms = ((each.names, dict.fromkeys(form for word in each.words for form in word.forms)) for each in asked)
    return union(_in_fields(names, "|".join(forms)) for names, forms in terms if forms)


def _in_fields(names: str, text: str) -> str:
    return str(union(f"@{group}:({text})" for group in names.split(" ")))


def phrase_query(names: str, terms: Sequence[str]) -> str:
    """Return the condition that terms stand side by side.

    Raises:
        ArgumentError: If a term follows itself: RediSearch finds "red red" where "red" stands once.
    """
    if any(one == other for one, other in pairwise(terms)):
        raise ArgumentError(
            "a phrase that says a word twice in a row, or in two forms, cannot be matched exactly; use match='all'"
        )
    return _in_fields(names, f'"{" ".join(terms)}"')
