"""Checking metadata: what JSON can hold of it, and the value of every key, nested ones by dotted path."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from redisvl_adapters.core.arguments import MAX_NESTING, is_utf8
from redisvl_adapters.errors import RecordError


@dataclass(slots=True)
class CheckedMetadata:
    """What one walk through the metadata of a record finds.

    Attributes:
        plain: The metadata as JSON will hold it.
        values: The value of every key, dotted for nested ones, with its Python type: a datetime is still a datetime.
        json: The metadata as JSON text.
    """

    plain: dict[str, Any]
    values: dict[str, Any]
    json: bytes


def check_metadata(metadata: Mapping[str, Any], where: object) -> CheckedMetadata:
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
        try:
            return CheckedMetadata(flat, flat, orjson.dumps(flat))
        except TypeError:
            _check_text(flat, None, where)
            raise
    if not isinstance(metadata, Mapping):
        raise RecordError(f"{where} has metadata of type {type(metadata).__name__}; metadata is a mapping")
    values: dict[str, Any] = {}
    plain = _mapping(metadata, None, where, values, 0)
    return CheckedMetadata(plain, values, orjson.dumps(plain))


def _mapping(
    mapping: Mapping[str, Any], path: str | None, where: object, values: dict[str, Any] | None, depth: int
) -> Any:
    plain: dict[str, Any] = {}
    nested: list[tuple[str, str, Mapping[str, Any]]] = []
    for key, value in mapping.items():
        if type(key) is not str:
            raise RecordError(f"{where}: metadata keys are strings; {path or 'metadata'} has the key {key!r:.80}")
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
            f"{where}: metadata {_culprit(plain, path)} has a lone surrogate, which UTF-8 lacks"
        ) from error


def _culprit(plain: Mapping[str, Any], path: str | None) -> str:
    """Name the key, or the key of the text, that UTF-8 cannot hold."""
    for key, value in plain.items():
        full = key if path is None else f"{path}.{key}"
        if not is_utf8(key):
            return f"key {full!r:.80}"
        if isinstance(value, str) and not is_utf8(value):
            return f"{full!r:.80}"
    return repr(path)


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
                    f"{where}: metadata {path!r:.80} is {value!r:.80}, which needs more than 64 bits; store it as text"
                )
            return int(value)
        case float():
            if not math.isfinite(value):
                raise RecordError(
                    f"{where}: metadata {path!r:.80} is {value!r:.80}, which JSON cannot hold; leave it out or use None"
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
                raise RecordError(
                    f"{where}: metadata {path!r:.80} is {value!r:.80}: {error}; store it as text"
                ) from None
        case set() | frozenset():
            return _sequence(_sorted(value), path, where, depth)
        case list() | tuple():
            return _sequence(value, path, where, depth)
        case _:
            raise RecordError(
                f"{where}: metadata {path!r:.80} is of type {type(value).__name__}, which JSON cannot hold; "
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
