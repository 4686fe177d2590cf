"""Metadata: what is stored of it, which keys and types it has, and the values by which it is filtered."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np

from redisvl_adapters.core.encoding import MAX_EXACT_INT, encode_tag, epoch_seconds, number_tag, searchable_text
from redisvl_adapters.core.schema import FieldType, MetadataField, Schema
from redisvl_adapters.errors import RecordError

MAX_NESTING = 100
"""How deep metadata may be nested; RedisJSON gives up at 128, its own levels included."""

Projected: TypeAlias = "list[str] | float | str"
"""What one field of a projection holds: tags, a number, or text (a geo point is the text ``lon,lat``)."""


@dataclass(slots=True)
class Survey:
    """What one walk through the metadata of a record finds.

    Attributes:
        plain: The metadata as JSON will hold it.
        values: The value of every key, dotted for nested ones, with its Python type: a datetime is still a datetime.
    """

    plain: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)


def survey(metadata: Mapping[str, Any], where: object) -> Survey:
    """Walk through metadata once.

    Accepted are strings, booleans, integers of 64 bits, finite floats, None, and mappings and sequences of these. In a
    documented form also: datetime and date (ISO 8601 text), UUID (text), Decimal (a number, if that is exact), numpy
    scalars (Python's), tuples and sets (lists; a set in sorted order).

    Args:
        metadata: The metadata as given. It is not changed.
        where: Names the record in errors.

    Raises:
        RecordError: If JSON cannot hold a key or a value.
    """
    if _is_flat(metadata):
        # By far the most: what is stored and what is filtered is the same.
        flat = dict(metadata)
        _check_text(flat, None, where)
        return Survey(flat, flat)
    found = Survey({})
    if not isinstance(metadata, Mapping):
        raise RecordError(f"{where} has metadata of type {type(metadata).__name__}; metadata is a mapping")
    found.plain = _mapping(metadata, None, where, found.values, 0)
    return found


def _mapping(
    mapping: Mapping[str, Any], path: str | None, where: object, values: dict[str, Any] | None, depth: int
) -> Any:
    plain: dict[str, Any] = {}
    nested: list[tuple[str, str, Mapping[str, Any]]] = []
    for key, value in mapping.items():
        if type(key) is not str:
            raise RecordError(f"{where}: metadata keys are strings; {path or 'metadata'} has the key {key!r}")
        full = key if path is None else f"{path}.{key}"
        if isinstance(value, np.generic):
            value = as_python(value)  # noqa: PLW2901  # the same value
        if type(value) in _AS_IS:
            plain[key] = value
        elif isinstance(value, Mapping):
            plain[key] = None
            nested.append((key, full, value))
        else:
            plain[key] = _plain(value, full, where, depth)
        if values is not None:
            # A datetime is kept as such, since its type decides how its key is indexed.
            values.setdefault(full, value if isinstance(value, date | Mapping) else plain[key])
    # Nested keys come second: a literal key "a.b" goes before the b of a.
    for key, full, value in nested:
        plain[key] = _mapping(value, full, where, values, _deeper(depth, full, where))
    _check_text(plain, path, where)
    return plain


_AS_IS = frozenset({str, bool, type(None)})


def _is_flat(metadata: Any) -> bool:
    """Tell quickly whether metadata is a dict of values that JSON holds as they are."""
    if type(metadata) is not dict:
        return False
    for key, value in metadata.items():
        kind = type(value)
        if type(key) is not str or not (
            kind in _AS_IS or (kind is int and -(2**63) <= value < 2**64) or (kind is float and math.isfinite(value))
        ):
            return False
    return True


def _check_text(plain: Mapping[str, Any], path: str | None, where: object) -> None:
    text = "".join([*plain, *[value for value in plain.values() if type(value) is str]])
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError as error:
        raise RecordError(
            f"{where}: metadata {path or ''!r} has text with a lone surrogate, which UTF-8 lacks"
        ) from error


def _plain(value: Any, path: str, where: object, depth: int) -> Any:
    """Return a value that is no mapping as JSON will hold it."""
    if isinstance(value, np.generic):
        value = as_python(value)
    match value:
        case None | bool():
            return value
        case str():
            # Not str(value): that of an enumeration's member is its name.
            return str.__str__(value)
        case int():
            if not -(2**63) <= value < 2**64:
                raise RecordError(
                    f"{where}: metadata {path!r} is {value!r}, which needs more than 64 bits; store it as text"
                )
            return int(value)
        case float():
            if not math.isfinite(value):
                raise RecordError(
                    f"{where}: metadata {path!r} is {value!r}, which JSON cannot hold; leave it out or use None"
                )
            return float(value)
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case Decimal():
            try:
                return as_double(value)
            except ValueError as error:
                raise RecordError(f"{where}: metadata {path!r} is {value!r}: {error}; store it as text") from None
        case set() | frozenset():
            return _sequence(_sorted(value), path, where, depth)
        case list() | tuple():
            return _sequence(value, path, where, depth)
        case _:
            raise RecordError(
                f"{where}: metadata {path!r} is of type {type(value).__name__}, which JSON cannot hold; "
                "accepted are text, numbers, booleans, None, lists and mappings of these, and datetime, date, UUID, "
                "Decimal, numpy scalars, tuples and sets"
            )


def as_python(value: np.generic) -> Any:
    """Return a numpy scalar as Python's."""
    match value:
        case np.datetime64():
            # Of nanoseconds numpy would make an int.
            return value.astype("datetime64[us]").item()
        case np.timedelta64():
            return value
        case _:
            return value.item()


def as_double(value: Decimal) -> float:
    """Return a decimal number as the double that is written like it."""
    number = float(value) if value.is_finite() else math.nan
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        raise ValueError("no double holds this number exactly")
    return number


def _sequence(value: Any, path: str, where: object, depth: int) -> list[Any]:
    depth = _deeper(depth, path, where)
    items = [
        _mapping(item, f"{path}[]", where, None, depth)
        if isinstance(item, Mapping)
        else _plain(item, f"{path}[]", where, depth)
        for item in value
    ]
    _check_text({str(place): item for place, item in enumerate(items)}, path, where)
    return items


def _sorted(items: set[Any] | frozenset[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=repr)


def _deeper(depth: int, path: str, where: object) -> int:
    if depth >= MAX_NESTING:
        raise RecordError(f"{where}: metadata {path[:60]!r}... is nested deeper than {MAX_NESTING} levels")
    return depth + 1


def infer_type(value: Any) -> FieldType | None:
    """Return the type of field that the first value of a new key asks for, or None if it does not tell.

    Values that no field can hold exactly make a key that is stored but not indexed.
    """
    match value:
        case None | []:
            return None
        case bool():
            return FieldType.BOOL
        case int():
            return FieldType.NUMERIC if abs(value) <= MAX_EXACT_INT else FieldType.UNINDEXED
        case float():
            return FieldType.NUMERIC
        case str():
            return FieldType.TAG
        case datetime() | date():
            return FieldType.TIMESTAMP
        case list() if all(type(item) is str for item in value):
            return FieldType.TAG
        case list() if all(type(item) is bool for item in value):
            return FieldType.BOOL
        case list() if all(infer_type(item) is FieldType.NUMERIC for item in value):
            return FieldType.NUMBERS
        case Mapping():
            return None
        case _:
            return FieldType.UNINDEXED


def is_empty(value: Any) -> bool:
    """Tell whether a key that is present counts as empty: None, the empty string or the empty list."""
    return value is None or value in ("", [])


# The same few keys come with every record.
_presence_tag = lru_cache(maxsize=4096)(encode_tag)


def presence_tags(schema: Schema, values: Mapping[str, Any]) -> list[str]:
    """Return the tags that tell of the keys of a record.

    A key has ``+key``, or ``-key`` if it is empty, and with a value that is not indexed ``~key`` too.
    """
    tags: list[str] = []
    indexed = schema.indexed_fields
    for key, value in values.items():
        tags.append(_presence_tag(("-" if is_empty(value) else "+") + key))
        if key not in indexed and not (value is None or value == [] or isinstance(value, Mapping)):
            tags.append(_presence_tag("~" + key))
    return tags


def project(schema: Schema, values: Mapping[str, Any], where: object) -> dict[str, Projected]:
    """Return the indexed values of a record by their name in the index.

    Args:
        schema: Says which keys are indexed, and as what.
        values: The value of every key, as ``survey`` found them.
        where: Names the record in errors.

    Raises:
        RecordError: If a value is not of the type of its field.
    """
    projection: dict[str, Projected] = {}
    indexed = schema.indexed_fields
    for key, value in values.items():
        target = indexed.get(key)
        if target is None or value is None or value == []:
            continue
        try:
            projection[target.alias] = _PROJECT[target.kind](value)
        except (TypeError, ValueError) as error:
            raise RecordError(f"{where}: {_refusal(target, value, error, schema)}") from None
    return projection


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def as_tags(value: Any) -> list[str]:
    """Return the tags of a string or a list of strings."""
    if type(value) is str:
        return [encode_tag(value)]
    items = _as_list(value)
    for item in items:
        if not isinstance(item, str):
            raise TypeError("a tag is text or a list of texts")
    return [encode_tag(item) for item in items]


def as_number(value: Any) -> float:
    """Return a number that a numeric field holds exactly."""
    if type(value) is float or (type(value) is int and abs(value) <= MAX_EXACT_INT):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number is an int or a float")
    if isinstance(value, int) and abs(value) > MAX_EXACT_INT:
        raise ValueError("integers beyond 2^53 are not exact in a numeric field")
    return value


def as_bool(value: Any) -> str:
    """Return ``true`` or ``false`` for a boolean in any of its spellings: True, 1, ``"true"``."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower()
    if isinstance(value, bool | int) and value in (0, 1):
        return "true" if value else "false"
    raise TypeError("a boolean is True or False, 1 or 0, 'true' or 'false'")


def _as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text field holds text")
    return searchable_text(value)


def as_point(value: Any) -> str:
    """Return ``lon,lat`` for a geo point given as that text, as a pair, or as a mapping with ``lon`` and ``lat``."""
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, Mapping):
        value = [value.get("lon"), value.get("lat")]
    if not isinstance(value, list) or len(value) != 2:
        raise TypeError("a geo point is 'lon,lat', a pair, or a mapping with lon and lat")
    longitude, latitude = map(float, value)
    # The bounds of EPSG:3857, beyond which Redis does not index a point.
    if not (abs(longitude) <= 180 and abs(latitude) <= 85.05112878):
        raise ValueError("a longitude is within 180 degrees, a latitude within 85.05112878")
    return f"{longitude!r},{latitude!r}"


# By the plain name of the type: the members of an enumeration take longer to look up.
_PROJECT: Mapping[str, Callable[[Any], Projected]] = {
    FieldType.TAG.value: as_tags,
    FieldType.NUMERIC.value: as_number,
    FieldType.NUMBERS.value: lambda value: [number_tag(as_number(item)) for item in _as_list(value)],
    FieldType.BOOL.value: lambda value: [as_bool(item) for item in _as_list(value)],
    FieldType.TIMESTAMP.value: epoch_seconds,
    FieldType.TEXT.value: _as_text,
    FieldType.GEO.value: as_point,
}


def _refusal(target: MetadataField, value: Any, error: Exception, schema: Schema) -> str:
    wanted = infer_type(value)
    remedy = (
        f"declare it when the index is created: metadata_schema={{{target.key!r}: {str(wanted)!r}}}"
        if wanted and wanted != target.type
        else f"declare it 'unindexed' when the index is created: metadata_schema={{{target.key!r}: 'unindexed'}}"
    )
    return (
        f"metadata {target.key!r} is {value!r:.80} ({type(value).__name__}), but in index {schema.name!r} that field "
        f"is {str(target.type)!r}: {error}. If other values are right, {remedy}"
    )
