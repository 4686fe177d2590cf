"""What filters mean, in plain Python over plain dicts: the reference that Redis is compared with.

It reads the filter algebra and nothing else of the library: no encoding, no projection, no rendering.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Not, Operator, Or

Metadata = Mapping[str, Any]
Types = Mapping[str, str | frozenset[str] | None]
"""What the values of each key are: a declared type; the kinds that a learnt key has had; None for one never met."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDER: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}
_NEGATED: Mapping[Operator, Operator] = {Operator.NE: Operator.EQ, Operator.NIN: Operator.IN}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_OF_ANY_KEY = (Operator.EXISTS, Operator.IS_EMPTY)
_PATTERNS = (Operator.LIKE, Operator.ILIKE, Operator.TEXT_MATCH, Operator.TEXT_MATCH_INSENSITIVE)
_OF_LISTS = (Operator.ANY, Operator.ALL, Operator.CONTAINS)


def learnt_types(metadatas: Iterable[Metadata], keys: Iterable[str]) -> dict[str, str | frozenset[str] | None]:
    """Return the kinds of values that each key has in some metadata; None if none of them has the key."""
    metadatas = list(metadatas)
    types: dict[str, str | frozenset[str] | None] = {}
    for key in keys:
        values = [value for metadata in metadatas for value in first(found(metadata, key))]
        kinds = frozenset(kind for value in values for element in elements_of(value) if (kind := kind_of(element)))
        types[key] = None if not values else "timestamp" if kinds == {"moment"} else kinds
    return types


def kind_of(value: Any) -> str | None:
    """Return the kind of a single value; None for what nothing is equal to."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
        case date():
            return "moment"
        case _:
            return None


def elements_of(value: Any) -> list[Any]:
    """Return the elements of a list, and of any other value itself."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def first(values: Iterator[Any]) -> list[Any]:
    """Return the first one, if there is any."""
    return [value for value, _ in zip(values, range(1), strict=False)]


def is_refused(condition: Filter, types: Types, *, negated: bool = False, strict: bool = False) -> bool:
    """Tell whether a filter must be refused.

    Args:
        condition: The filter.
        types: The types of all keys.
        negated: Whether an odd number of NOTs is around it.
        strict: Whether naming a key that was never met is an error.
    """
    match condition:
        case And(children) | Or(children):
            return any(is_refused(child, types, negated=negated, strict=strict) for child in children)
        case Not(children):
            return any(is_refused(child, types, negated=not negated, strict=strict) for child in children)
        case Compare(key, asked, operand):
            kind = types[key]
            if kind is None:
                widens = (asked in _NEGATED or (asked is Operator.ALL and operand == [])) is not negated
                return strict or (asked not in _OF_ANY_KEY and widens)
            return asked not in _OF_ANY_KEY and isinstance(kind, frozenset) and not _suits(asked, operand, kind)
    raise AssertionError(f"no meaning is known for {condition!r}")


def _suits(asked: Operator, operand: Any, kinds: frozenset[str]) -> bool:
    """Tell whether a key with values of these kinds can be asked this."""
    if not kinds:
        return True
    if asked in _PATTERNS:
        return "text" in kinds and kind_of(operand) == "text"
    if asked in _OF_LISTS and kinds <= {"bool"}:
        return False
    several = asked in (Operator.IN, Operator.NIN, Operator.ANY, Operator.ALL, Operator.BETWEEN)
    had = [kind_of(coerced(one, kinds)) for one in (operand if several else [operand])]
    if asked in _ORDER or asked is Operator.BETWEEN:
        return set(had) <= kinds - {"bool"} and len(set(had)) == 1
    return set(had) <= kinds


def coerced(operand: Any, kinds: frozenset[str]) -> Any:
    """Return an operand as the one kind of values that a key has spells it, if it has one alone."""
    if kinds == {"bool"} and (operand in (0, 1) or str(operand).lower() in ("true", "false")):
        return operand in (1, True) or str(operand).lower() == "true"
    if (
        kinds == {"number"}
        and isinstance(operand, str)
        and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", operand)
    ):
        return int(operand) if re.fullmatch(r"[+-]?\d+", operand) else float(operand)
    return operand


def matches(condition: Filter | None, metadata: Metadata, types: Types) -> bool:
    """Tell whether metadata meets a condition that is not refused.

    Args:
        condition: The filter; None is met by everything.
        metadata: The metadata as the user gave it.
        types: The types of all keys.
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


def _compare(value: Any, asked: Operator, operand: Any, kind: str | frozenset[str] | None) -> bool:
    if asked in _NEGATED:
        return value is None or not _compare(value, _NEGATED[asked], operand, kind)
    if asked is Operator.GEO:
        return _is_within(value, operand)
    if asked is Operator.ALL:
        return all(_compare(value, Operator.EQ, one, kind) for one in operand)
    return any(_holds(element, asked, operand, kind) for element in elements_of(value))


def _holds(element: Any, asked: Operator, operand: Any, kind: str | frozenset[str] | None) -> bool:
    if kind == "text":
        return _has_words(element, asked, operand)
    match asked:
        case Operator.EQ | Operator.CONTAINS:
            return _measured(operator.eq, element, operand, kind)
        case Operator.IN | Operator.ANY:
            return any(_measured(operator.eq, element, one, kind) for one in operand)
        case Operator.BETWEEN:
            low, high = operand
            return _measured(operator.ge, element, low, kind) and _measured(operator.le, element, high, kind)
        case _ if asked in _PATTERNS:
            return isinstance(element, str) and _reads(element, asked, operand)
        case _:
            return _measured(_ORDER[asked], element, operand, kind)


def _reads(text: str, asked: Operator, operand: str) -> bool:
    match asked:
        case Operator.LIKE:
            return _like(operand, text)
        case Operator.ILIKE:
            return _like(operand.casefold(), text.casefold())
        case Operator.TEXT_MATCH:
            return operand in text
        case _:
            return operand.casefold() in text.casefold()


def _measured(
    compare: Callable[[Any, Any], bool], element: Any, operand: Any, kind: str | frozenset[str] | None
) -> bool:
    """Compare an element with an operand of the same kind; of different kinds nothing is true."""
    match kind:
        case "bool":
            return compare(str(element).lower() in ("true", "1"), str(operand).lower() in ("true", "1"))
        case "timestamp":
            return compare(_seconds(element), _seconds(operand))
        case frozenset():
            operand = coerced(operand, kind)
        case "numeric" | "numbers":
            operand = coerced(operand, frozenset({"number"}))
    return kind_of(element) == kind_of(operand) and compare(element, operand)


def _has_words(text: str, asked: Operator, operand: Any) -> bool:
    """Look for words by their stems, side by side or not; the stems of plain English words alone are known."""
    words = [_stem(word) for word in text.lower().split()]
    if asked is Operator.IN:
        return any(_has_words(text, Operator.EQ, one) for one in operand)
    wanted = [_stem(word) for word in operand.lower().split()]
    if asked is Operator.EQ:
        return any(words[place : place + len(wanted)] == wanted for place in range(len(words)))
    return set(wanted) <= set(words)


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


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return ((value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH) / timedelta(seconds=1)
    return float(value)
