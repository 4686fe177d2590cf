"""Operands of comparisons: taken in the forms that metadata is taken in, and refused if they suit no comparison."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from redisvl.query.filter import GeoRadius

from redisvl_adapters.core.records.field_values import as_bool, as_number, as_point
from redisvl_adapters.core.records.metadata import as_double, as_python
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.timestamps import epoch_seconds

_UNITS = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "ft": 0.3048}


def as_operand(value: Any) -> Any:
    """Return a value as metadata holds it: UUID as text, Decimal and numpy scalars as numbers, all else as it is.

    Raises:
        ValueError: If it is a Decimal that no double holds exactly.
    """
    if isinstance(value, np.generic):
        value = as_python(value)
    match value:
        case bool():
            return value
        case str():
            # Not str(value): that of an enumeration's member is its name.
            return str.__str__(value)
        case int():
            return int(value)
        case float():
            return float(value)
        case UUID():
            return str(value)
        case Decimal():
            return as_double(value)
        case _:
            return value


def as_text(value: Any) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise TypeError("it is compared with text")
    return value


def as_flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError("it takes true or false")
    return bool(value)


def as_list(value: Any) -> list[Any]:
    """Return the values of a list, a set or the like."""
    # No iterator: a filter can be rendered several times, and from the second time on it would be an empty list.
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Collection):
        raise TypeError("it takes a list of values")
    return list(map(as_operand, value))


def as_bounds(value: Any) -> tuple[Any, Any]:
    """Return the two ends of a range."""
    bounds = as_list(value)
    if len(bounds) != 2:
        raise ValueError("it takes two bounds")
    return bounds[0], bounds[1]


def as_finite(value: Any) -> float:
    """Return a number that a numeric field could hold."""
    number = as_number(as_operand(value))
    if not math.isfinite(number):
        raise ValueError("a number to compare with is finite")
    if isinstance(number, int) and not -(2**63) <= number < 2**64:
        raise ValueError("an integer to compare with has at most 64 bits")
    return number


Value: TypeAlias = tuple[Kind, Any]
"""A value that a field is compared with, and its kind."""

_PLURALS = {Kind.TEXT: "texts", Kind.NUMBER: "numbers", Kind.BOOL: "booleans"}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def as_value(field: MetadataField, operand: Any) -> Value:
    """Return an operand as a field holds its values.

    On a field that has nothing but numbers, a text that spells a number is that number, since models write ``"2024"``;
    on one that has nothing but booleans, ``"true"`` and 1 are booleans. Otherwise equality never crosses kinds.

    Raises:
        TypeError: If the field has no values of that kind.
        ValueError: If no field could hold the value.
    """
    operand = as_operand(operand)
    if field.type is FieldType.TIMESTAMP and not isinstance(operand, bool):
        try:
            return Kind.NUMBER, epoch_seconds(operand)
        except ValueError:
            if not (isinstance(operand, str) and Kind.TEXT in field.kinds):
                raise
    if field.kinds == {Kind.BOOL}:
        return Kind.BOOL, as_bool(operand)
    match operand:
        case bool() if Kind.BOOL in field.kinds:
            return Kind.BOOL, as_bool(operand)
        case int() | float() if not isinstance(operand, bool) and Kind.NUMBER in field.kinds:
            return Kind.NUMBER, as_finite(operand)
        case str() if Kind.TEXT in field.kinds:
            return Kind.TEXT, operand
        case str() if field.kinds == {Kind.NUMBER} and _NUMBER.fullmatch(operand):
            return Kind.NUMBER, as_finite(_read_number(operand))
        case _:
            raise TypeError(f"its values are {' and '.join(_PLURALS[kind] for kind in sorted(field.kinds))}")


def _read_number(text: str) -> float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def as_circle(value: Any) -> str:
    """Return a circle as it stands in a query, given as a mapping or as RedisVL's ``GeoRadius``."""
    if isinstance(value, GeoRadius):
        value = dict(zip(("lon", "lat", "radius", "unit"), value.get_args(), strict=True))
    if not isinstance(value, Mapping) or not {"lon", "lat", "radius"} <= value.keys() <= {
        "lon",
        "lat",
        "radius",
        "unit",
    }:
        raise TypeError("it takes a mapping of lon, lat, radius and unit, or a RedisVL GeoRadius")
    radius, unit = as_finite(value["radius"]), value.get("unit", "km")
    if radius <= 0 or unit not in _UNITS:
        raise ValueError(f"a radius is positive, and its unit one of {', '.join(_UNITS)}")
    point = as_point([as_finite(value["lon"]), as_finite(value["lat"])]).replace(",", " ")
    return f"[{point} {radius!r} {unit}]"
