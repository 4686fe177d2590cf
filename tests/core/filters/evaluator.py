"""What filters mean, in plain Python over plain dicts: the reference that Redis is compared with.

It reads the filter algebra and nothing else of the library: no encoding, no projection, no rendering. Filters are taken
to be valid; what is refused is tested elsewhere.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Not, Operator, Or

Metadata = Mapping[str, Any]
Types = Mapping[str, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDER: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}


def matches(condition: Filter | None, metadata: Metadata, types: Types) -> bool:
    """Tell whether metadata meets a condition.

    Args:
        condition: The filter; None is met by everything.
        metadata: The metadata as the user gave it.
        types: The type of each key: tag, numeric, numbers, bool, timestamp, text or geo.
    """
    match condition:
        case None:
            return True
        case And(children):
            return all(matches(child, metadata, types) for child in children)
        case Or(children):
            return any(matches(child, metadata, types) for child in children)
        case Not(children):
            return not any(matches(child, metadata, types) for child in children)
        case Compare(key, Operator.EXISTS, wanted):
            return bool(list(found(metadata, key))) is wanted
        case Compare(key, Operator.IS_EMPTY, wanted):
            return (next(found(metadata, key), None) in (None, "", [])) is wanted
        case Compare(_, Operator.ALL, []):
            return True
        case Compare(key, asked, operand):
            value = next(found(metadata, key), None)
            return False if value is None and asked not in _NEGATED else _compare(value, asked, operand, types[key])
    raise AssertionError(f"no meaning is known for {condition!r}")


def found(metadata: Metadata, key: str) -> Iterator[Any]:
    """Yield the values that a dotted key reaches: the literal key first, then those inside nested mappings."""
    if key in metadata:
        yield metadata[key]
    for name, value in metadata.items():
        if isinstance(value, Mapping) and key.startswith(f"{name}."):
            yield from found(value, key.removeprefix(f"{name}."))


_NEGATED: Mapping[Operator, Operator] = {Operator.NE: Operator.EQ, Operator.NIN: Operator.IN}


def _compare(value: Any, asked: Operator, operand: Any, kind: str) -> bool:
    if asked in _NEGATED:
        return value is None or not _compare(value, _NEGATED[asked], operand, kind)
    elements = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if asked is Operator.GEO:
        return _is_within(value, operand)
    if asked is Operator.ALL:
        return all(_compare(value, Operator.EQ, one, kind) for one in operand)
    return any(_holds(element, asked, operand, kind) for element in elements)


def _holds(element: Any, asked: Operator, operand: Any, kind: str) -> bool:
    if kind == "text":
        return _has_words(element, asked, operand)
    match asked:
        case Operator.EQ | Operator.CONTAINS:
            return bool(_measure(element, kind) == _measure(operand, kind))
        case Operator.IN | Operator.ANY:
            return any(_holds(element, Operator.EQ, one, kind) for one in operand)
        case Operator.BETWEEN:
            low, high = operand
            return bool(_measure(low, kind) <= _measure(element, kind) <= _measure(high, kind))
        case Operator.LIKE:
            return _like(operand, element)
        case Operator.ILIKE:
            return _like(operand.casefold(), element.casefold())
        case Operator.TEXT_MATCH:
            return operand in element
        case Operator.TEXT_MATCH_INSENSITIVE:
            return operand.casefold() in element.casefold()
        case _:
            return _ORDER[asked](_measure(element, kind), _measure(operand, kind))


def _has_words(text: str, asked: Operator, operand: Any) -> bool:
    """Look for a phrase as it stands, or for words by their stems; the stems of plain English words alone are known."""
    words = text.lower().split()
    if asked is Operator.IN:
        return any(_has_words(text, Operator.EQ, one) for one in operand)
    wanted = operand.lower().split()
    if asked is Operator.EQ:
        return any(words[place : place + len(wanted)] == wanted for place in range(len(words)))
    return {_stem(word) for word in wanted} <= {_stem(word) for word in words}


def _stem(word: str) -> str:
    return {"running": "run"}.get(word, word.removesuffix("s"))


_METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "ft": 0.3048}


def _is_within(point: Sequence[float], circle: Mapping[str, Any]) -> bool:
    """Compare the great-circle distance with the radius."""
    (east, north), (to_east, to_north) = (map(math.radians, pair) for pair in (point, (circle["lon"], circle["lat"])))
    half = math.sin((to_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    return bool(2 * 6_372_797.56 * math.asin(math.sqrt(half)) <= circle["radius"] * _METRES[circle["unit"]])


def _like(pattern: str, text: str) -> bool:
    """Match a whole text, keeping the set of places in it that the pattern can have reached."""
    places = {0}
    for sign in pattern:
        if sign == "%":
            places = set(range(min(places), len(text) + 1)) if places else places
        else:
            places = {place + 1 for place in places if place < len(text) and sign in ("_", text[place])}
    return len(text) in places


def _measure(value: Any, kind: str) -> Any:
    """Return what values of a kind are compared by."""
    match kind:
        case "bool":
            return value.lower() if isinstance(value, str) else str(bool(value)).lower()
        case "timestamp":
            return _seconds(value)
        case _:
            return value


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return ((value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH) / timedelta(seconds=1)
    return float(value)
