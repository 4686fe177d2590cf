"""The operators that fields of a foreign index have: those that its index answers exactly.

What a value is there is what that index makes of it: a tag may be one of several that a separator parts, and its case
may not count. Patterns, substrings and the order of tags would need the values as they are, which it does not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

from redisvl.query.filter import Num

from redisvl_adapters.core.filters.algebra import Operator
from redisvl_adapters.core.filters.conditions import Positive, intersection, union
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.operands import as_bounds, as_list, as_operand, as_value
from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.schema.fields import MAX_EXACT_INT, FieldType, MetadataField
from redisvl_adapters.core.schema.foreign import ForeignField, path_steps
from redisvl_adapters.errors import FilterError

Comparison: TypeAlias = Callable[[MetadataField, Any, RenderContext], Positive]

_MAX_TAG_BYTES = 4095
_UNASKABLE = re.compile(r"[\x00-\x1f\x7f]")
BLANKS = " \t\n\v\f\r"
"""What is taken away at either end of a tag that a separator parts from others."""


def _equal(field: ForeignField, value: Any) -> Positive:
    if field.type is FieldType.TAG:
        tag = stored_tag(field, value)
        return tag_query(field.query_name, [tag]) if tag else _empty_tag(field)
    return str(Num(field.query_name) == _number(field, value))


def _empty_tag(field: ForeignField) -> str:
    return f'@{field.query_name}:{{""}}'


def _any_of(field: ForeignField, value: Any) -> Positive:
    return union([_equal(field, item) for item in as_list(value)])


def _all_of(field: ForeignField, value: Any) -> Positive:
    return intersection([_equal(field, item) for item in as_list(value)])


def _between(field: ForeignField, value: Any) -> Positive:
    low, high = (_number(field, bound) for bound in as_bounds(value))
    # One range, since a list could have one element for each of two.
    return f"@{field.query_name}:[{low!r} {high!r}]" if low <= high else False


def candidates_query(field: ForeignField, tag: str) -> Positive:
    """Return the query text for all records that may have a tag, and for others that its index takes for equal.

    Where the index parts values, that are those which have all parts of it. What is found is to be compared.

    Raises:
        ValueError: If the index has no such tag, whatever its records hold.
    """
    parts = [part.strip(BLANKS) for part in (tag.split(field.separator) if field.separator else [tag])]
    asked = [part for part in parts if part]
    if not asked:
        raise ValueError("its index has nothing of blanks and separators alone")
    for part in asked:
        _check_askable(part)
    return intersection([tag_query(field.query_name, [part]) for part in asked])


def stored_tag(field: ForeignField, value: Any) -> str:
    """Return a tag as it stands in the index.

    Raises:
        TypeError: If it is no text.
        ValueError: If the index has no such tag, whatever its records hold.
    """
    value = as_operand(value)
    if isinstance(value, bool):
        # As JSON, and other applications, write them.
        value = str(value).lower()
    if not isinstance(value, str):
        raise TypeError("its values are texts")
    if field.separator and field.separator in value:
        raise ValueError(f"its index parts values at {field.separator!r}, so it has no such value; ask for the parts")
    if field.separator and value != value.strip():
        raise ValueError("its index takes blanks away at either end of a value")
    if not value and not field.indexes_empty:
        raise ValueError("its index leaves empty values out (it has no INDEXEMPTY)")
    _check_askable(value)
    return value


def _check_askable(tag: str) -> None:
    if _UNASKABLE.search(tag) or len(tag.encode()) > _MAX_TAG_BYTES:
        raise ValueError(f"a tag has at most {_MAX_TAG_BYTES} bytes, and no control characters")


def _number(field: ForeignField, value: Any) -> float:
    _, number = as_value(field, value)
    if not -MAX_EXACT_INT < number < MAX_EXACT_INT:
        raise ValueError(f"its index holds numbers as doubles, which are exact within {MAX_EXACT_INT} alone")
    return float(number)


def _of_field(comparison: Callable[[ForeignField, Any], Positive]) -> Comparison:
    return lambda field, value, _: comparison(cast("ForeignField", field), value)


_EQUALITY: Mapping[Operator, Comparison] = {
    Operator.EQ: _of_field(_equal),
    Operator.IN: _of_field(_any_of),
    Operator.ANY: _of_field(_any_of),
    Operator.ALL: _of_field(_all_of),
    Operator.CONTAINS: _of_field(_equal),
}
FOREIGN_COMPARISONS: Mapping[FieldType, Mapping[Operator, Comparison]] = {
    FieldType.TAG: _EQUALITY,
    FieldType.NUMERIC: {
        **_EQUALITY,
        Operator.GT: _of_field(lambda field, value: str(Num(field.query_name) > _number(field, value))),
        Operator.GTE: _of_field(lambda field, value: str(Num(field.query_name) >= _number(field, value))),
        Operator.LT: _of_field(lambda field, value: str(Num(field.query_name) < _number(field, value))),
        Operator.LTE: _of_field(lambda field, value: str(Num(field.query_name) <= _number(field, value))),
        Operator.BETWEEN: _of_field(_between),
    },
}
"""What a tag or a number of a foreign index can be asked; what words and points can is as in any other index."""


def missing_query(field: ForeignField, operator: Operator) -> Positive:
    """Return the query text for the records that lack a field (EXISTS), or have no value in it (IS_EMPTY).

    Raises:
        FilterError: If the index does not know them.
    """
    missing = f"ismissing(@{field.query_name})"
    why = None
    if not field.indexes_missing:
        why = "its index does not know which records lack it (it has no INDEXMISSING)"
    elif field.storage == "json" and path_steps(field.path) is None:
        why = "its index takes a list without elements for a missing one"
    elif operator is Operator.EXISTS:
        return missing
    elif field.storage == "json":
        why = "its index does not tell null and empty lists from other values"
    elif field.type not in (FieldType.TAG, FieldType.TEXT):
        return missing
    elif not field.indexes_empty:
        why = "its index leaves empty values out (it has no INDEXEMPTY)"
    elif field.type is FieldType.TAG:
        return union([missing, _empty_tag(field)])
    else:
        return union([missing, f'@{field.query_name}:("")'])
    raise FilterError(f"field {field.key!r:.80} cannot be asked {operator.name}: {why}")


def presence_operators(field: ForeignField) -> list[Operator]:
    """Return which of EXISTS and IS_EMPTY a field has."""
    found = []
    for operator in (Operator.EXISTS, Operator.IS_EMPTY):
        try:
            missing_query(field, operator)
        except FilterError:
            continue
        found.append(operator)
    return found


def always_true(fields: Iterable[MetadataField]) -> str:
    """Return a condition that every record meets; empty if the index has no field to say it by."""
    for field in fields:
        match field.type:
            case FieldType.NUMERIC:
                return f"(-@{field.query_name}:[(0 (0])"
            case FieldType.TAG:
                return f"(-@{field.query_name}:{{\U0010fffdnone}})"
            case FieldType.TEXT:
                return f"(-@{field.query_name}:(\U0010fffdnone))"
    return ""
