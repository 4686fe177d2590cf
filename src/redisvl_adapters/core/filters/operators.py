"""The operators that each type of field has, and the query text of each.

RediSearch cuts wildcard matches on tags to 200 values without a word, knows no case, and no order of lists. So
patterns, substrings and the order of lists are decided here, over the values that the field has on the server: exactly
those that match are then asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from redisvl.query.filter import FilterExpression, Num

from redisvl_adapters.core.filters.algebra import Operator
from redisvl_adapters.core.filters.conditions import Positive, intersection, union
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.operands import (
    as_bounds,
    as_circle,
    as_finite,
    as_list,
    as_phrase,
    as_text,
    as_words,
)
from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.records.field_values import as_bool
from redisvl_adapters.core.schema.fields import FieldType, MetadataField
from redisvl_adapters.core.schema.tag_encoding import encode_tag, number_tag
from redisvl_adapters.core.schema.timestamps import epoch_seconds

# Comparisons, by type of field

Comparison: TypeAlias = Callable[[MetadataField, Any, RenderContext], Positive]
_OneOf: TypeAlias = Callable[[MetadataField, list[Any]], Positive]


def _membership(one_of: _OneOf) -> dict[Operator, Comparison]:
    return {
        Operator.EQ: lambda field, value, _: one_of(field, [value]),
        Operator.IN: lambda field, value, _: one_of(field, as_list(value)),
    }


def _list_membership(one_of: _OneOf) -> dict[Operator, Comparison]:
    return {
        **_membership(one_of),
        Operator.CONTAINS: lambda field, value, _: one_of(field, [value]),
        Operator.ANY: lambda field, value, _: one_of(field, as_list(value)),
        Operator.ALL: lambda field, value, _: intersection([one_of(field, [item]) for item in as_list(value)]),
    }


def _among_tags(field: MetadataField, values: list[Any]) -> Positive:
    return tag_query(field.query_name, [encode_tag(as_text(value)) for value in values])


def _among_bools(field: MetadataField, values: list[Any]) -> Positive:
    return tag_query(field.query_name, [as_bool(value) for value in values])


def _among_numbers(field: MetadataField, values: list[Any]) -> Positive:
    return union([str(Num(field.query_name) == as_finite(value)) for value in values])


def _among_times(field: MetadataField, values: list[Any]) -> Positive:
    return union([str(Num(field.query_name) == epoch_seconds(value)) for value in values])


def _among_listed(field: MetadataField, values: list[Any]) -> Positive:
    return tag_query(field.query_name, [number_tag(as_finite(value)) for value in values])


def _among_phrases(field: MetadataField, values: list[Any]) -> Positive:
    return union([f'@{field.query_name}:("{as_phrase(value)}")' for value in values])


_TESTS: Mapping[Operator, Callable[[float, float], bool]] = {
    Operator.GT: lambda value, bound: value > bound,
    Operator.GTE: lambda value, bound: value >= bound,
    Operator.LT: lambda value, bound: value < bound,
    Operator.LTE: lambda value, bound: value <= bound,
}
_RANGES: Mapping[Operator, Callable[[Num, float], FilterExpression]] = {
    Operator.GT: lambda num, bound: num > bound,
    Operator.GTE: lambda num, bound: num >= bound,
    Operator.LT: lambda num, bound: num < bound,
    Operator.LTE: lambda num, bound: num <= bound,
}


def _order(convert: Callable[[Any], float]) -> dict[Operator, Comparison]:
    def between(field: MetadataField, value: Any, _: RenderContext) -> Positive:
        low, high = map(convert, as_bounds(value))
        return intersection([str(Num(field.query_name) >= low), str(Num(field.query_name) <= high)])

    def against(operator: Operator) -> Comparison:
        return lambda field, value, _: str(_RANGES[operator](Num(field.query_name), convert(value)))

    return {Operator.BETWEEN: between, **{operator: against(operator) for operator in _RANGES}}


def _by_values(test: Callable[[Any], Callable[[str], bool]]) -> Comparison:
    """Return a comparison that is decided here, over the values of the field."""

    def comparison(field: MetadataField, value: Any, context: RenderContext) -> Positive:
        matches = test(value)
        return tag_query(field.query_name, [tag for tag, text in context.values_of(field).items() if matches(text)])

    return comparison


def _listed_order() -> dict[Operator, Comparison]:
    def between(value: Any) -> Callable[[str], bool]:
        low, high = map(as_finite, as_bounds(value))
        return lambda text: low <= float(text) <= high

    def against(operator: Operator) -> Comparison:
        def test(value: Any) -> Callable[[str], bool]:
            bound = as_finite(value)
            return lambda text: _TESTS[operator](float(text), bound)

        return _by_values(test)

    return {Operator.BETWEEN: _by_values(between), **{operator: against(operator) for operator in _TESTS}}


def _like(value: Any, fold: Callable[[str], str]) -> Callable[[str], bool]:
    parts = [re.escape(part).replace("_", ".") for part in fold(as_text(value)).split("%")]
    if len(parts) > 1:
        # The first place where a part fits is as good as any: atomic groups keep a match from trying all of them.
        first, *middle, last = parts
        parts = [first, *(f"(?>.*?{part})" for part in middle), f".*{last}"]
    pattern = re.compile("".join(parts), re.DOTALL)
    return lambda text: pattern.fullmatch(fold(text)) is not None


def _substring(value: Any, fold: Callable[[str], str]) -> Callable[[str], bool]:
    wanted = fold(as_text(value))
    return lambda text: wanted in fold(text)


def _terms(field: MetadataField, value: Any, context: RenderContext) -> Positive:
    words = as_words(value).split()
    if field.attrs.get("no_stem"):
        return f"@{field.query_name}:({' '.join(words)})"
    # Spelled out, since RediSearch looks for stems by itself in plain searches, but not in the filter of a KNN query.
    terms = [f"({'|'.join(form.replace('+', chr(92) + '+') for form in forms)})" for forms in context.stems_of(words)]
    return f"@{field.query_name}:({' '.join(terms)})"


COMPARISONS: Mapping[FieldType, Mapping[Operator, Comparison]] = {
    FieldType.TAG: {
        **_list_membership(_among_tags),
        Operator.LIKE: _by_values(lambda value: _like(value, str)),
        Operator.ILIKE: _by_values(lambda value: _like(value, str.casefold)),
        Operator.TEXT_MATCH: _by_values(lambda value: _substring(value, str)),
        Operator.TEXT_MATCH_INSENSITIVE: _by_values(lambda value: _substring(value, str.casefold)),
    },
    FieldType.NUMERIC: {**_list_membership(_among_numbers), **_order(as_finite)},
    FieldType.NUMBERS: {**_list_membership(_among_listed), **_listed_order()},
    FieldType.TIMESTAMP: {**_membership(_among_times), **_order(epoch_seconds)},
    FieldType.BOOL: _membership(_among_bools),
    FieldType.TEXT: {
        **_membership(_among_phrases),
        Operator.TEXT_MATCH: _terms,
        Operator.TEXT_MATCH_INSENSITIVE: _terms,
    },
    FieldType.GEO: {
        Operator.GEO: lambda field, value, _: f"@{field.query_name}:{as_circle(value)}",
    },
}
NEGATED: Mapping[Operator, Operator] = {Operator.NE: Operator.EQ, Operator.NIN: Operator.IN}
OF_ANY_KEY = (Operator.EXISTS, Operator.IS_EMPTY)


def operators_of(type: FieldType) -> list[Operator]:
    """Return the operators that a field of this type has."""
    has = COMPARISONS.get(type, {})
    return [operator for operator in Operator if operator in OF_ANY_KEY or NEGATED.get(operator, operator) in has]
