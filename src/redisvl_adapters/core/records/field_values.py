"""Values of metadata as fields hold them: tags, numbers, booleans, words, geo points."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

from redisvl_adapters.core.schema.tag_encoding import TAG_SEPARATOR, encode_tag

Projected: TypeAlias = "list[str] | float | str"
"""What one field of a projection holds: tags, a number, or text (a geo point is the text ``lon,lat``)."""


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as a list of one."""
    return value if isinstance(value, list) else [value]


def as_tags(value: Any) -> list[str]:
    """Return the tags of a string or a list of strings."""
    items = [item.isoformat() if isinstance(item, date) else item for item in as_list(value)]
    for item in items:
        if not isinstance(item, str):
            raise TypeError("a tag is text or a list of texts")
    return [encode_tag(item) for item in items]


def as_number(value: Any) -> float:
    """Return a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number is an int or a float")
    return value


def as_bool(value: Any) -> str:
    """Return ``true`` or ``false`` for a boolean in any of its spellings: True, 1, ``"true"``."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower()
    if isinstance(value, bool | int) and value in (0, 1):
        return "true" if value else "false"
    raise TypeError("a boolean is True or False, 1 or 0, 'true' or 'false'")


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


def hash_value(value: Projected) -> str:
    """Return what a field of a hash holds of a value."""
    if isinstance(value, str):
        return value
    return TAG_SEPARATOR.join(value) if isinstance(value, list) else repr(value)
