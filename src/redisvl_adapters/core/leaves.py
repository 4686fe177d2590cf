"""One comparison as query text: what each type of field can be asked, and how.

RediSearch cuts wildcard matches on tags to 200 values without a word, knows no case, and no order of lists. So
patterns, substrings and the order of lists are decided here, over the values that the field has on the server: exactly
those that match are then asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from redisvl.query.filter import FilterExpression, Num, Tag
from redisvl.utils.token_escaper import TokenEscaper

from redisvl_adapters.core.clauses import Condition, Positive, intersection, literal, union
from redisvl_adapters.core.encoding import encode_tag, epoch_seconds, number_tag
from redisvl_adapters.core.filters import Compare, Operator
from redisvl_adapters.core.metadata import as_bool
from redisvl_adapters.core.operands import (
    as_bounds,
    as_circle,
    as_finite,
    as_flag,
    as_list,
    as_operand,
    as_phrase,
    as_text,
    as_words,
)
from redisvl_adapters.core.schema import KEYS, FieldType, MetadataField, Schema
from redisvl_adapters.errors import FilterError, did_you_mean

Values: TypeAlias = Mapping[str, str]
"""The values that a tag field has on the server, by their tags."""


class ValuesNeededError(Exception):
    """A comparison can only be answered from the values that a field has; it is raised and caught within the core.

    Attributes:
        field: The field.
    """

    def __init__(self, field: MetadataField) -> None:
        super().__init__(field.key)
        self.field = field


class StemsNeededError(Exception):
    """A comparison needs the stems of words, which the server knows; it is raised and caught within the core.

    Attributes:
        words: The words.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(*words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Scope:
    """What a filter is rendered for.

    Attributes:
        schema: The index.
        met: Keys that are not in the schema although records have them.
        fresh: Whether the schema was read from the server for this filter.
        values: The values of fields, by field name, as far as they were needed.
        stems: The forms of words in the index, by word, as far as they were needed.
    """

    schema: Schema
    met: Collection[str] = ()
    fresh: bool = False
    values: Mapping[str, Values] = field(default_factory=dict)
    stems: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def values_of(self, field: MetadataField) -> Values:
        """Return the values of a field, or ask for them by raising ``ValuesNeededError``."""
        if field.alias not in self.values:
            raise ValuesNeededError(field)
        return self.values[field.alias]

    def stems_of(self, words: Sequence[str]) -> list[Sequence[str]]:
        """Return the forms of words, or ask for them by raising ``StemsNeededError``."""
        if unknown := [word for word in words if word not in self.stems]:
            raise StemsNeededError(unknown)
        return [self.stems[word] for word in words]


class _ExactTag(Tag):
    """RedisVL's tag filter, escaping every ASCII character that means something in a query."""

    escaper = TokenEscaper(re.compile(r"[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]"))


def tagged(name: str, tags: Iterable[str]) -> Positive:
    """Return the query text for the records that have one of some tags."""
    tags = list(tags)
    return str(_ExactTag(name) == tags) if tags else False


def presence(key: str, signs: str = "+-") -> str:
    """Return the query text for the records that have a key, or a key with one of some signs in ``_keys``."""
    return str(tagged(KEYS, [encode_tag(sign + key) for sign in signs]))


# Comparisons, by type of field

Comparison: TypeAlias = Callable[[MetadataField, Any, Scope], Positive]
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
    return tagged(field.query_name, [encode_tag(as_text(value)) for value in values])


def _among_bools(field: MetadataField, values: list[Any]) -> Positive:
    return tagged(field.query_name, [as_bool(value) for value in values])


def _among_numbers(field: MetadataField, values: list[Any]) -> Positive:
    return union([str(Num(field.query_name) == as_finite(value)) for value in values])


def _among_times(field: MetadataField, values: list[Any]) -> Positive:
    return union([str(Num(field.query_name) == epoch_seconds(value)) for value in values])


def _among_listed(field: MetadataField, values: list[Any]) -> Positive:
    return tagged(field.query_name, [number_tag(as_finite(value)) for value in values])


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
    def between(field: MetadataField, value: Any, _: Scope) -> Positive:
        low, high = map(convert, as_bounds(value))
        return intersection([str(Num(field.query_name) >= low), str(Num(field.query_name) <= high)])

    def against(operator: Operator) -> Comparison:
        return lambda field, value, _: str(_RANGES[operator](Num(field.query_name), convert(value)))

    return {Operator.BETWEEN: between, **{operator: against(operator) for operator in _RANGES}}


def _looked_up(test: Callable[[Any], Callable[[str], bool]]) -> Comparison:
    """Return a comparison that is decided here, over the values of the field."""

    def comparison(field: MetadataField, value: Any, scope: Scope) -> Positive:
        matches = test(value)
        return tagged(field.query_name, [tag for tag, text in scope.values_of(field).items() if matches(text)])

    return comparison


def _listed_order() -> dict[Operator, Comparison]:
    def between(value: Any) -> Callable[[str], bool]:
        low, high = map(as_finite, as_bounds(value))
        return lambda text: low <= float(text) <= high

    def against(operator: Operator) -> Comparison:
        def test(value: Any) -> Callable[[str], bool]:
            bound = as_finite(value)
            return lambda text: _TESTS[operator](float(text), bound)

        return _looked_up(test)

    return {Operator.BETWEEN: _looked_up(between), **{operator: against(operator) for operator in _TESTS}}


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


def _terms(field: MetadataField, value: Any, scope: Scope) -> Positive:
    words = as_words(value).split()
    if field.attrs.get("no_stem"):
        return f"@{field.query_name}:({' '.join(words)})"
    # Spelled out, since RediSearch looks for stems by itself in plain searches, but not in the filter of a KNN query.
    terms = [f"({'|'.join(form.replace('+', chr(92) + '+') for form in forms)})" for forms in scope.stems_of(words)]
    return f"@{field.query_name}:({' '.join(terms)})"


_COMPARISONS: Mapping[FieldType, Mapping[Operator, Comparison]] = {
    FieldType.TAG: {
        **_list_membership(_among_tags),
        Operator.LIKE: _looked_up(lambda value: _like(value, str)),
        Operator.ILIKE: _looked_up(lambda value: _like(value, str.casefold)),
        Operator.TEXT_MATCH: _looked_up(lambda value: _substring(value, str)),
        Operator.TEXT_MATCH_INSENSITIVE: _looked_up(lambda value: _substring(value, str.casefold)),
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
_NEGATED: Mapping[Operator, Operator] = {Operator.NE: Operator.EQ, Operator.NIN: Operator.IN}
_OF_ANY_KEY = (Operator.EXISTS, Operator.IS_EMPTY)


def operators_of(type: FieldType) -> list[Operator]:
    """Return the operators that a field of this type has."""
    has = _COMPARISONS.get(type, {})
    return [operator for operator in Operator if operator in _OF_ANY_KEY or _NEGATED.get(operator, operator) in has]


_PYTHON_TYPES: Mapping[FieldType, tuple[str, str]] = {
    FieldType.TAG: ("string", "text, matched exactly"),
    FieldType.NUMERIC: ("float", "a number"),
    FieldType.NUMBERS: ("list[float]", "a list of numbers"),
    FieldType.BOOL: ("boolean", "true or false"),
    FieldType.TIMESTAMP: ("datetime", "a point in time, written in ISO 8601"),
    FieldType.TEXT: ("string", "text, matched by its words"),
    FieldType.GEO: ("string", "a point on the globe"),
}


def describe(field: MetadataField) -> dict[str, str]:
    """Return what a language model must know of a field to filter by it: its name, type and description."""
    type_name, what = _PYTHON_TYPES[field.type]
    operators = ", ".join(operators_of(field.type))
    return {"name": field.key, "type": type_name, "description": f"{what}; it can be asked: {operators}"}


def compare(comparison: Compare, scope: Scope, *, negated: bool = False) -> Condition:
    """Return the clauses of a comparison or of its negation.

    Raises:
        ValuesNeededError: If it can only be answered from the values that the field has.
        UnknownFieldError: If the key is neither in the schema nor among those met.
        FilterError: If the field cannot be asked this, or not with this value.
    """
    key, operator, value = comparison.key, comparison.operator, comparison.value
    try:
        key.encode()
    except (AttributeError, UnicodeEncodeError):
        raise FilterError(f"the key of a comparison is text that UTF-8 can hold; not {key!r:.80}") from None
    if operator not in [*Operator]:
        raise FilterError(
            f"field {key!r} is compared by {operator!r:.80}{did_you_mean(str(operator), Operator)}; "
            f"operators are: {_names(Operator)}"
        )
    operator = Operator(operator)
    if operator in _OF_ANY_KEY:
        return _of_any_key(comparison, scope, negated=negated)
    if scope.fresh and key in scope.schema.met and key not in scope.schema.fields:
        # No record has had a value of this key; but if they have had mappings, then one inside was meant.
        inside = sorted(known for known in scope.schema.fields if known.startswith(f"{key}."))
        if inside:
            raise FilterError(f"field {key!r} holds mappings, which cannot be compared; ask for {' or '.join(inside)}")
        holds = operator in _NEGATED or (operator is Operator.ALL and value == [])
        return literal(holds, negated=negated)
    field = scope.schema.indexed(key)
    answer = _COMPARISONS[field.type].get(_NEGATED.get(operator, operator))
    if answer is None:
        raise FilterError(_refusal(field, comparison, f"it has no {operator.name}", scope.schema))
    try:
        positive = answer(field, as_operand(value), scope)
    except (TypeError, ValueError, OverflowError) as error:
        raise FilterError(_refusal(field, comparison, str(error), scope.schema)) from None
    return literal(positive, negated=(operator in _NEGATED) is not negated)


def _of_any_key(comparison: Compare, scope: Scope, *, negated: bool) -> Condition:
    key = comparison.key
    if key not in scope.schema.fields and key not in scope.schema.met and key not in scope.met:
        raise scope.schema.unknown(key)
    try:
        wanted = as_flag(comparison.value)
    except TypeError as error:
        field = scope.schema.fields.get(key) or scope.schema.learnt_field(key, FieldType.UNINDEXED)
        raise FilterError(_refusal(field, comparison, str(error), scope.schema)) from None
    if comparison.operator is Operator.EXISTS:
        return literal(presence(key), negated=wanted is negated)
    return literal(presence(key, "+"), negated=wanted is not negated)


_ONE_OF_SEVERAL: Mapping[Operator, Operator] = {
    Operator.EQ: Operator.IN,
    Operator.NE: Operator.NIN,
    Operator.CONTAINS: Operator.ANY,
}


def _refusal(field: MetadataField, comparison: Compare, reason: str, schema: Schema) -> str:
    operator, value = Operator(comparison.operator), comparison.value
    hint = ""
    if value is None:
        hint = "; to ask for a missing key use EXISTS or IS_EMPTY"
    elif operator in _ONE_OF_SEVERAL and isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping):
        hint = f"; to compare with each value of a list use {_ONE_OF_SEVERAL[operator].name}"
    others = ", ".join(f"{other.key} ({other.type})" for other in schema.aliases.values())
    return (
        f"field {field.key!r} in index {schema.name!r} is {str(field.type)!r} and cannot be asked "
        f"{operator.name} {value!r:.80}: {reason}{hint}. It supports: {_names(operators_of(field.type))}. "
        f"Filterable: {others}"
    )


def _names(operators: Iterable[Operator]) -> str:
    """List operators by their names, which serve all spellings."""
    return ", ".join(operator.name for operator in operators) + " (in a dict $eq and so on)"
