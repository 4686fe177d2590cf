"""The operators that each type of field has, and the query text of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeAlias

from redisvl_adapters.core.filters.algebra import Match, Operator
from redisvl_adapters.core.filters.conditions import Positive, intersection, union
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.field_queries import Interval, equal_query, interval_query, matching_query
from redisvl_adapters.core.filters.foreign_operators import FOREIGN_COMPARISONS, presence_operators
from redisvl_adapters.core.filters.operands import (
    as_bounds,
    as_circle,
    as_list,
    as_text,
    as_value,
)
from redisvl_adapters.core.filters.word_queries import ask_words, condition_on_words
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.foreign import ForeignField

Comparison: TypeAlias = Callable[[MetadataField, Any, RenderContext], Positive]

# Operators that ask for equality


def _equal(field: MetadataField, value: Any, _: RenderContext) -> Positive:
    return equal_query(field, [as_value(field, value)])


def _any_of(field: MetadataField, value: Any, _: RenderContext) -> Positive:
    return equal_query(field, [as_value(field, item) for item in as_list(value)])


def _all_of(field: MetadataField, value: Any, _: RenderContext) -> Positive:
    return intersection([equal_query(field, [as_value(field, item)]) for item in as_list(value)])


# Operators that ask for an order


def _ordered(interval: Callable[[Any], Interval]) -> Comparison:
    def comparison(field: MetadataField, value: Any, context: RenderContext) -> Positive:
        kind, bound = as_value(field, value)
        return _within(field, kind, interval(bound), context)

    return comparison


def _between(field: MetadataField, value: Any, context: RenderContext) -> Positive:
    (kind, low), (other, high) = (as_value(field, bound) for bound in as_bounds(value))
    if kind is not other:
        raise TypeError("its two bounds are of different types, which have no order")
    return _within(field, kind, Interval(low, high, closed=True), context)


def _within(field: MetadataField, kind: Kind, interval: Interval, context: RenderContext) -> Positive:
    if kind is Kind.BOOL:
        raise TypeError("booleans have no order")
    return interval_query(field, kind, interval, context)


# Operators that ask for patterns and words


def _tested(test: Callable[[str], Callable[[str], bool]]) -> Comparison:
    return lambda field, value, context: matching_query(field, test(as_text(value)), context)


def _like(pattern: str, fold: Callable[[str], str]) -> Callable[[str], bool]:
    parts = [re.escape(part).replace("_", ".") for part in fold(pattern).split("%")]
    if len(parts) > 1:
        # The first place where a part fits is as good as any: atomic groups keep a match from trying all of them.
        first, *middle, last = parts
        parts = [first, *(f"(?>.*?{part})" for part in middle), f".*{last}"]
    compiled = re.compile("".join(parts), re.DOTALL)
    return lambda text: compiled.fullmatch(fold(text)) is not None


def _substring(wanted: str, fold: Callable[[str], str]) -> Callable[[str], bool]:
    folded = fold(wanted)
    return lambda text: folded in fold(text)


def _phrases(field: MetadataField, value: Any, context: RenderContext) -> Positive:
    return _words(field, value, "phrase", context)


def _any_phrase(field: MetadataField, value: Any, context: RenderContext) -> Positive:
    return union([_phrases(field, item, context) for item in as_list(value)])


def _terms(field: MetadataField, value: Any, context: RenderContext) -> Positive:
    return _words(field, value, "all", context)


def _words(field: MetadataField, value: Any, match: Match, context: RenderContext) -> Positive:
    asked = ask_words(context.schema, as_text(value), match, keys=[field.key], language=context.language)
    found = condition_on_words(asked, match)
    if found is False:
        raise ValueError("the text to look for has no word")
    return found


_MEMBERSHIP: Mapping[Operator, Comparison] = {Operator.EQ: _equal, Operator.IN: _any_of}
_OF_LISTS: Mapping[Operator, Comparison] = {
    Operator.CONTAINS: _equal,
    Operator.ANY: _any_of,
    Operator.ALL: _all_of,
}
_ORDER: Mapping[Operator, Comparison] = {
    Operator.GT: _ordered(lambda bound: Interval(bound, None, closed=False)),
    Operator.GTE: _ordered(lambda bound: Interval(bound, None, closed=True)),
    Operator.LT: _ordered(lambda bound: Interval(None, bound, closed=False)),
    Operator.LTE: _ordered(lambda bound: Interval(None, bound, closed=True)),
    Operator.BETWEEN: _between,
}
_PATTERNS: Mapping[Operator, Comparison] = {
    Operator.LIKE: _tested(lambda pattern: _like(pattern, str)),
    Operator.ILIKE: _tested(lambda pattern: _like(pattern, str.casefold)),
    Operator.TEXT_MATCH: _tested(lambda wanted: _substring(wanted, str)),
    Operator.TEXT_MATCH_INSENSITIVE: _tested(lambda wanted: _substring(wanted, str.casefold)),
}
_OF_KIND: Mapping[Kind, Mapping[Operator, Comparison]] = {
    Kind.TEXT: {**_MEMBERSHIP, **_OF_LISTS, **_ORDER, **_PATTERNS},
    Kind.NUMBER: {**_MEMBERSHIP, **_OF_LISTS, **_ORDER},
    Kind.BOOL: _MEMBERSHIP,
}
_OF_TYPE: Mapping[FieldType, Mapping[Operator, Comparison]] = {
    FieldType.TAG: _OF_KIND[Kind.TEXT],
    FieldType.NUMERIC: _OF_KIND[Kind.NUMBER],
    FieldType.NUMBERS: _OF_KIND[Kind.NUMBER],
    FieldType.TIMESTAMP: {**_MEMBERSHIP, **_ORDER},
    FieldType.BOOL: _OF_KIND[Kind.BOOL],
    FieldType.TEXT: {
        Operator.EQ: _phrases,
        Operator.IN: _any_phrase,
        Operator.TEXT_MATCH: _terms,
        Operator.TEXT_MATCH_INSENSITIVE: _terms,
    },
    FieldType.GEO: {
        Operator.GEO: lambda field, value, _: f"@{field.query_name}:{as_circle(value)}",
    },
}
NEGATED: Mapping[Operator, Operator] = {Operator.NE: Operator.EQ, Operator.NIN: Operator.IN}
OF_ANY_KEY = (Operator.EXISTS, Operator.IS_EMPTY)


def comparisons_of(field: MetadataField) -> Mapping[Operator, Comparison]:
    """Return what a field can be asked: what its type has, and what the other kinds of values that it has have."""
    if isinstance(field, ForeignField) and field.type in FOREIGN_COMPARISONS:
        return FOREIGN_COMPARISONS[field.type]
    return _comparisons(field.type, field.other_kinds)


def _comparisons(type: FieldType, other_kinds: Iterable[Kind]) -> Mapping[Operator, Comparison]:
    has = _OF_TYPE.get(type, {})
    for kind in other_kinds:
        has = {**_OF_KIND[kind], **has}
    return has


def operators_of(type: FieldType, other_kinds: Iterable[Kind] = ()) -> list[Operator]:
    """Return the operators that a field has: those of its type, and of the other kinds of values that it has."""
    return _named(_comparisons(type, other_kinds), OF_ANY_KEY)


def operators_of_field(field: MetadataField) -> list[Operator]:
    """Return the operators that a field has. See ``operators_of``."""
    of_any_key = presence_operators(field) if isinstance(field, ForeignField) else OF_ANY_KEY
    return _named(comparisons_of(field), of_any_key)


def _named(has: Mapping[Operator, Comparison], of_any_key: Collection[Operator]) -> list[Operator]:
    return [operator for operator in Operator if operator in of_any_key or NEGATED.get(operator, operator) in has]
