"""Decimal spellings of floats that RedisJSON reads back exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import orjson
from ml_dtypes import bfloat16
from numpy.typing import NDArray

from redisvl_adapters.core.records.field_values import Projected
from redisvl_adapters.core.schema.fields import MAX_EXACT_INT


def json_number(value: float) -> str | None:
    """Return a decimal spelling of a finite double that RedisJSON reads back as the very same double.

    RedisJSON's parser computes ``float(digits) * 10.0 ** exponent`` and rounds twice where the digits or the power have
    no exact double, so about one random double in five would come back as its neighbour. For those, other digits are
    tried until the quick way and the correctly rounded one both give the value.

    Returns:
        The spelling, or None for the one in a hundred of those that has none.
    """
    text = repr(value)
    digits, exponent = _parts(text)
    magnitude = abs(value)
    if (digits < MAX_EXACT_INT and abs(exponent) <= 22) or _parse_like_redisjson(digits, exponent) == magnitude:
        return text
    sign = "-" if value < 0 else ""
    # An integer that is a double, over a power of ten that is one too, is rounded once.
    for exponent in range(1, 23):
        power = 10.0**exponent
        whole = magnitude * power
        if MAX_EXACT_INT <= whole < 2**63:
            for near in (whole, math.nextafter(whole, 0), math.nextafter(whole, math.inf)):
                if near / power == magnitude:
                    return f"{sign}{int(near)}e-{exponent}"
    leading = math.floor(math.log10(magnitude))
    exact = Fraction(magnitude)
    for precision in (17, 18, 19, 16):
        exponent = leading - precision + 1
        centre = round(exact / Fraction(10) ** exponent)
        spread = max(1, int(math.ulp(float(centre))))
        for offset in range(-40, 41):
            digits = centre + offset * spread // 8
            if (
                0 < digits < 2**64
                and _parse_like_redisjson(digits, exponent) == magnitude
                and float(f"{digits}e{exponent}") == magnitude
            ):
                return f"{sign}{digits}e{exponent}"
    return None


def json_parse_error(value: float) -> float:
    """Return what must be added to the double that RedisJSON makes of ``repr(value)`` to get the value itself."""
    return value - math.copysign(_parse_like_redisjson(*_parts(repr(value))), value)


def _parts(text: str) -> tuple[int, int]:
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction), int(exponent or 0) - len(fraction)


def _parse_like_redisjson(digits: int, exponent: int) -> float:
    """Parse a decimal as serde_json does without its ``float_roundtrip`` feature."""
    if exponent >= 0:
        return float(digits) * float(f"1e{exponent}")
    if exponent >= -308:
        return float(digits) / float(f"1e{-exponent}")
    return float(digits) / 1e308 / float(f"1e{-exponent - 308}")


def json_vector(vector: NDArray[Any], dtype: str) -> tuple[Any, str | None]:
    """Return a vector as it is written to JSON, and as text, by their places, those doubles that do not come back."""
    if dtype == "bfloat16":
        return vector.astype(np.float32), None
    if dtype != "float64":
        return vector, None
    numbers = vector.tolist()
    spellings = list(map(json_number, numbers))
    with np.errstate(over="ignore"):
        may_be_respelled = bool((vector.astype(np.float32) == vector).all())
    rounded = {
        str(place): number
        for place, (number, spelling) in enumerate(zip(numbers, spellings, strict=True))
        # Two digits are never made fewer, and more are not looked at closely, since there are many numbers.
        if spelling is None or (may_be_respelled and float(f"{number:.1e}") != number)
    }
    written = [orjson.Fragment(spelling or repr(number)) for number, spelling in zip(numbers, spellings, strict=True)]
    return written, orjson.dumps(rounded).decode() if rounded else None


def is_respelled(numbers: Sequence[float]) -> bool:
    """Tell whether RedisJSON may give a list of floats back with fewer digits, and so as other numbers.

    From version 8 on it keeps a list that has nothing but floats in the narrowest of float16, bfloat16, float32 and
    float64 that holds them all, and spells each in the fewest digits that tell it from its neighbours there:
    ``[0.0999755859375]`` comes back as ``[0.1]``.
    """
    with np.errstate(over="ignore"):
        return all(float(np.float32(number)) == number for number in numbers) and any(
            _has_shorter(number, kind) for number in numbers for kind in _NARROW
        )


_NARROW: tuple[type[Any], ...] = (np.float32, np.float16, bfloat16)


def _has_shorter(number: float, kind: type[Any]) -> bool:
    """Tell whether a number that a narrow type holds has a neighbour of fewer digits there."""
    narrow = kind(number)
    if float(narrow) != number:
        return False
    rounded = (float(f"{number:.{digits}e}") for digits in range(17))
    return next(near for near in rounded if kind(near) == narrow) != number


_SPELLED = frozenset({float, dict, list})


def spelled(value: Any) -> tuple[Any, bool]:
    """Return JSON with every number spelled so that RedisJSON reads it exactly, and whether it gives that back."""
    match value:
        case float():
            spelling = json_number(value)
            return (value, False) if spelling is None else (orjson.Fragment(spelling), True)
        case dict() if _SPELLED.isdisjoint(map(type, value.values())):
            return value, True
        case dict():
            pairs = {key: spelled(item) for key, item in value.items()}
            return {key: item for key, (item, _) in pairs.items()}, all(exact for _, exact in pairs.values())
        case list():
            items = [spelled(item) for item in value]
            exact = all(exact for _, exact in items) and not (set(map(type, value)) == {float} and is_respelled(value))
            return [item for item, _ in items], exact
        case _:
            return value, True


def index_path(name: str) -> str:
    """Return the path of an indexed value of a document."""
    return f'$.index["{name}"]'


def spelled_projection(projection: Mapping[str, Projected]) -> tuple[dict[str, Any], list[str]]:
    """Return a projection with numbers that RedisJSON reads exactly, and what must be added to others by path."""
    index: dict[str, Any] = {}
    corrections: list[str] = []
    for name, value in projection.items():
        index[name] = value
        if type(value) is float:
            spelling = json_number(value)
            if spelling is None:
                corrections += index_path(name), repr(json_parse_error(value))
            else:
                index[name] = orjson.Fragment(spelling)
    return index, corrections
