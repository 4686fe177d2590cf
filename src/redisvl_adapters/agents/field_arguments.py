"""The arguments by which a model restricts one field: their JSON schema, and the condition that each sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redisvl_adapters.agents.argument_names import MAX, MIN
from redisvl_adapters.agents.argument_values import (
    next_day,
    read_choice,
    read_flag,
    read_list,
    read_number,
    read_text,
    read_time,
)
from redisvl_adapters.core.filters.algebra import Compare, Filter, Operator
from redisvl_adapters.core.schema.fields import FieldType, MetadataField
from redisvl_adapters.core.schema.timestamps import epoch_seconds
from redisvl_adapters.core.search.survey import SurveyedField


@dataclass(frozen=True, slots=True)
class FieldArgument:
    """One argument of a tool that restricts a field.

    Attributes:
        name: Its name.
        key: The metadata key of the field.
        schema: Its JSON schema.
        read: Returns the value that a model wrote, by the name of the argument; raises an ``ArgumentError``.
        condition: Returns the condition that a value sets.
        order: For the ends of a range: returns where a value lies.
    """

    name: str
    key: str
    schema: Mapping[str, Any]
    read: Callable[[str, Any], Any]
    condition: Callable[[Any], Filter]
    order: Callable[[Any], float] | None = None


def field_arguments(surveyed: SurveyedField, name: str, *, tells_values: bool) -> list[FieldArgument]:
    """Return the arguments that restrict a field; none if its type has none.

    Args:
        surveyed: The field, and what its records have there.
        name: The name of the field among the arguments.
        tells_values: Whether the model is told the values, if they are few, and held to them.
    """
    make = _OF_TYPE.get(surveyed.field.type)
    return [] if make is None else make(surveyed, name, surveyed.values or () if tells_values else ())


def is_default(surveyed: SurveyedField) -> bool:
    """Tell whether a field has arguments where nobody said which have: few values, or an order."""
    field = surveyed.field
    if field.type in (FieldType.TAG, FieldType.NUMBERS):
        return bool(surveyed.values)
    return field.type in (FieldType.NUMERIC, FieldType.TIMESTAMP, FieldType.BOOL)


def _tag(surveyed: SurveyedField, name: str, values: Sequence[Any]) -> list[FieldArgument]:
    field = surveyed.field
    # Of a field that has values of several types, the texts.
    texts = [value for value in values if isinstance(value, str)]
    read: Callable[[str, Any], str] = read_text
    item: dict[str, Any] = {"type": "string"}
    if texts:
        read, item = read_choice(texts), {"type": "string", "enum": texts}
    if surveyed.holds_lists:
        return [_any_of(field, name, item, read, "")]
    schema = {**item, "description": _describe(field, "only documents that have this")}
    return [FieldArgument(name, field.key, schema, read, lambda value: Compare(field.key, Operator.EQ, value))]


def _numbers(surveyed: SurveyedField, name: str, values: Sequence[Any]) -> list[FieldArgument]:
    told = f"; values: {', '.join(f'{value:.17g}' for value in values)}" if values else ""
    return [_any_of(surveyed.field, name, {"type": "number"}, read_number, told)]


def _any_of(
    field: MetadataField, name: str, item: Mapping[str, Any], read: Callable[[str, Any], Any], told: str
) -> FieldArgument:
    description = _describe(field, f"only documents that have any of these{told}")
    schema = {"type": "array", "items": item, "description": description}
    return FieldArgument(
        name, field.key, schema, read_list(read), lambda value: Compare(field.key, Operator.ANY, value)
    )


def _flag(surveyed: SurveyedField, name: str, _: Sequence[Any]) -> list[FieldArgument]:
    field = surveyed.field
    schema = {"type": "boolean", "description": _describe(field, "only documents where it is so")}
    return [FieldArgument(name, field.key, schema, read_flag, lambda value: Compare(field.key, Operator.EQ, value))]


def _number_range(surveyed: SurveyedField, name: str, _: Sequence[Any]) -> list[FieldArgument]:
    return _range(surveyed.field, name, {"type": "number"}, read_number, (float, float), "")


def _time_range(surveyed: SurveyedField, name: str, _: Sequence[Any]) -> list[FieldArgument]:
    form = '; a date such as "2024-01-31", or with a time "2024-01-31T12:00:00Z"'
    return _range(surveyed.field, name, {"type": "string"}, read_time, (epoch_seconds, _end_of), form)


def _end_of(text: str) -> float:
    after = next_day(text)
    return epoch_seconds(text) if after is None else epoch_seconds(after) - 1e-6


def _range(
    field: MetadataField,
    name: str,
    item: Mapping[str, Any],
    read: Callable[[str, Any], Any],
    orders: tuple[Callable[[Any], float], Callable[[Any], float]],
    form: str,
) -> list[FieldArgument]:
    is_time = field.type is FieldType.TIMESTAMP

    def at_least(value: Any) -> Filter:
        return Compare(field.key, Operator.GTE, value)

    def at_most(value: Any) -> Filter:
        # The day that is named is within.
        after = next_day(value) if is_time else None
        return Compare(field.key, Operator.LTE, value) if after is None else Compare(field.key, Operator.LT, after)

    ends = [
        (MIN, f"only documents where it is at least this{form}", at_least),
        (MAX, f"only documents where it is at most this{form}{', all of that day' if is_time else ''}", at_most),
    ]
    return [
        FieldArgument(start + name, field.key, {**item, "description": _describe(field, told)}, read, condition, order)
        for (start, told, condition), order in zip(ends, orders, strict=True)
    ]


def _words(surveyed: SurveyedField, name: str, _: Sequence[Any]) -> list[FieldArgument]:
    field = surveyed.field
    schema = {"type": "string", "description": _describe(field, "only documents that have all of these words there")}
    return [
        FieldArgument(name, field.key, schema, read_text, lambda value: Compare(field.key, Operator.TEXT_MATCH, value))
    ]


_OF_TYPE: Mapping[FieldType, Callable[[SurveyedField, str, Sequence[Any]], list[FieldArgument]]] = {
    FieldType.TAG: _tag,
    FieldType.NUMERIC: _number_range,
    FieldType.NUMBERS: _numbers,
    FieldType.BOOL: _flag,
    FieldType.TIMESTAMP: _time_range,
    FieldType.TEXT: _words,
}
RANGES = frozenset({FieldType.NUMERIC, FieldType.TIMESTAMP})
"""The types of fields that become two arguments."""

WITHOUT_ARGUMENTS = frozenset(FieldType) - _OF_TYPE.keys()
"""The types of fields that no argument restricts."""


def _describe(field: MetadataField, form: str) -> str:
    return f"{field.description or field.key}: {form}"
