"""Query text for the values of one field: those that are equal, those in an interval, and those that pass a test.

A value lies in the field itself if it is of the kind that the field holds, and else among the typed tags (see
``records.projection``). RediSearch cuts wildcard matches on tags to 200 values without a word, knows no case, and no
order of texts or lists. So patterns, substrings and the order of tags are decided here, over the values that a tag
field has on the server: exactly those that match are then asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from redisvl.query.filter import Num

from redisvl_adapters.core.filters.conditions import Positive, intersection, union
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.operands import Value
from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.schema.fields import KIND_OF_TYPE, MAX_EXACT_INT, FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.stored_fields import TYPED
from redisvl_adapters.core.schema.tag_encoding import encode_tag, number_tag, read_number_tag, typed_tag, typed_text
from redisvl_adapters.errors import FilterError

MAX_VALUES = 100_000
"""How many values a tag field may have to be looked through for a pattern or an order."""

MAX_MATCHES = 20_000
"""How many of them may match."""

_SPELL: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TEXT: lambda value: value,
    Kind.NUMBER: number_tag,
    Kind.BOOL: lambda value: value,
}
_READ: Mapping[Kind, Callable[[str], Any]] = {
    Kind.TEXT: lambda text: text,
    Kind.NUMBER: read_number_tag,
    Kind.BOOL: lambda text: text,
}


class Interval(NamedTuple):
    """What lies between two bounds. None is no bound.

    Attributes:
        low: The lower bound.
        high: The upper bound.
        closed: Whether a value may be equal to a bound.
    """

    low: Any
    high: Any
    closed: bool

    def __contains__(self, value: Any) -> bool:
        """Tell whether a value lies in it."""
        if self.closed:
            return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


def equal_query(field: MetadataField, values: Iterable[Value]) -> Positive:
    """Return the query text for the records that have one of some values under a key."""
    own = KIND_OF_TYPE[field.type]
    in_field: list[Any] = []
    typed: list[str] = []
    for kind, value in values:
        is_large = field.type is FieldType.NUMERIC and kind is own and _is_large(value)
        if kind is own and not is_large:
            in_field.append(value)
        if is_large or kind in field.other_kinds:
            typed.append(typed_tag(field.alias, kind, _SPELL[kind](value)))
    return union([_equal_in_field(field, in_field), tag_query(TYPED, typed)])


def _equal_in_field(field: MetadataField, values: list[Any]) -> Positive:
    match field.type:
        case FieldType.TAG:
            return tag_query(field.query_name, map(encode_tag, values))
        case FieldType.NUMBERS:
            return tag_query(field.query_name, map(number_tag, values))
        case FieldType.BOOL:
            return tag_query(field.query_name, values)
        case _:
            return union([str(Num(field.query_name) == value) for value in values])


def interval_query(field: MetadataField, kind: Kind, interval: Interval, context: RenderContext) -> Positive:
    """Return the query text for the records that have a value of a kind in an interval."""
    parts: list[Positive] = []
    large = kind is Kind.NUMBER and any(_is_large(bound) for bound in interval[:2] if bound is not None)
    if kind is KIND_OF_TYPE[field.type]:
        if field.type in (FieldType.NUMERIC, FieldType.TIMESTAMP):
            parts.append(_range(field, interval))
        else:
            tags = context.values_of(field.alias).items()
            parts.append(_chosen(field, field.query_name, ((tag, _READ[kind](text)) for tag, text in tags), interval))
    if kind in field.other_kinds or (large and field.type is FieldType.NUMERIC):
        parts.append(_chosen(field, TYPED, _typed_values(field, kind, context), interval))
    return union(parts)


def _range(field: MetadataField, interval: Interval) -> Positive:
    """Return the query text for an interval of numbers, without those whose double is that of a large bound."""
    parts: list[Positive] = []
    for bound, closed, opened in (
        (interval.low, operator.ge, operator.gt),
        (interval.high, operator.le, operator.lt),
    ):
        if bound is not None and _is_large(bound):
            parts.append(str(opened(Num(field.query_name), float(bound))))
        elif bound is not None:
            parts.append(str((closed if interval.closed else opened)(Num(field.query_name), bound)))
    return intersection(parts)


def matching_query(field: MetadataField, test: Callable[[str], bool], context: RenderContext) -> Positive:
    """Return the query text for the records that have a text that passes a test."""
    parts: list[Positive] = []
    if field.type is FieldType.TAG:
        parts.append(_chosen(field, field.query_name, context.values_of(field.alias).items(), _Passing(test)))
    if Kind.TEXT in field.other_kinds:
        parts.append(_chosen(field, TYPED, _typed_values(field, Kind.TEXT, context), _Passing(test)))
    return union(parts)


class _Passing(NamedTuple):
    """What passes a test."""

    test: Callable[[str], bool]

    def __contains__(self, value: Any) -> bool:
        return self.test(value)


def _typed_values(field: MetadataField, kind: Kind, context: RenderContext) -> Iterator[tuple[str, Any]]:
    start = typed_text(field.alias, kind, "")
    for tag, text in context.values_of(TYPED).items():
        if text.startswith(start):
            yield tag, _READ[kind](text.removeprefix(start))


def _chosen(
    field: MetadataField, name: str, values: Iterable[tuple[str, Any]], wanted: Interval | _Passing
) -> Positive:
    tags = [tag for tag, value in values if value in wanted]
    if len(tags) > MAX_MATCHES:
        raise FilterError(
            f"field {field.key!r} has {len(tags)} values that match, and at most {MAX_MATCHES} can be asked for at "
            f"once; narrow the condition, or {remedy(field)}"
        )
    return tag_query(name, tags)


def remedy(field: MetadataField) -> str:
    """Return what to do where a field has too many values for a pattern or an order."""
    return (
        f"give the records a key with fewer values ({field.key!r} in coarser steps, its first letters, a number or a "
        "timestamp), or declare the field 'text' to look for words"
    )


def _is_large(number: float) -> bool:
    """Tell whether a numeric field may hold another number as the same double."""
    return not -MAX_EXACT_INT < number < MAX_EXACT_INT
