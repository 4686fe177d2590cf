"""What filters mean, in plain Python over plain dicts: the reference that Redis is compared with.

It reads the filter algebra and nothing else of the library: no encoding, no projection, no rendering. Filters are taken
to be valid; what is refused is tested elsewhere.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from redisvl_adapters.core.filters import And, Compare, Filter, Not, Operator, Or

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
        types: The type of each key: tag, numeric, bool or timestamp.
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
    if asked is Operator.IN:
        return any(_equal(value, one, kind) for one in operand)
    if asked is Operator.EQ:
        return _equal(value, operand, kind)
    return _ORDER[asked](_measure(value, kind), _measure(operand, kind))


def _equal(value: Any, operand: Any, kind: str) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(_equal(element, operand, kind) for element in value)
    return bool(_measure(value, kind) == _measure(operand, kind))


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
