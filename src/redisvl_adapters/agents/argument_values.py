"""Values that models write for arguments: read, or refused by an error that says how to do better."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from redisvl_adapters.core.arguments import is_utf8
from redisvl_adapters.core.filters.descriptions import Value
from redisvl_adapters.core.schema.timestamps import epoch_seconds
from redisvl_adapters.errors import ArgumentError, did_you_mean

MAX_TEXT = 10_000
"""How many characters a query, or a text to compare with, may have."""

MAX_ITEMS = 100
"""How many items a list may have."""


def check_text(value: Any) -> str | None:
    """Return what is wrong with a text; None if nothing is."""
    if not isinstance(value, str):
        return f"is a text; not {_shown(value)}"
    if not is_utf8(value):
        return "has a lone surrogate, which is no character"
    if len(value) > MAX_TEXT:
        return f"has {len(value)} characters; at most {MAX_TEXT} are read"
    return None


def is_number(value: Any) -> bool:
    """Tell whether something is a number that a field could have."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -(2**63) <= value < 2**64 if isinstance(value, int) else math.isfinite(value)


def read_text(name: str, value: Any) -> str:
    """Return a text that has something in it.

    Raises:
        ArgumentError: If it is none.
    """
    if (wrong := check_text(value)) is not None:
        raise ArgumentError(f"{name} {wrong}")
    if not value.strip():
        raise ArgumentError(f"{name} is empty; write what to look for{_or_leave_out(name)}")
    return str(value)


def read_choice(values: Sequence[Value]) -> Callable[[str, Any], str]:
    """Return what reads one of some texts."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            hint = did_you_mean(value, map(str, values)) if isinstance(value, str) else ""
            raise ArgumentError(
                f"{name} has no value {_shown(value)}{hint}; its values are {', '.join(map(repr, values))}"
            )
        return value

    return read


def read_number(name: str, value: Any) -> float:
    """Return a finite number.

    Raises:
        ArgumentError: If it is none.
    """
    if not is_number(value):
        raise ArgumentError(f"{name} is a finite number, without quotes; not {_shown(value)}")
    return value  # type: ignore[no-any-return]  # it was looked at


def read_flag(name: str, value: Any) -> bool:
    """Return true or false.

    Raises:
        ArgumentError: If it is neither.
    """
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} is true or false, without quotes; not {_shown(value)}")
    return value


def read_time(name: str, value: Any) -> str:
    """Return a point in time as ISO 8601 text.

    Raises:
        ArgumentError: If it is none.
    """
    if isinstance(value, str):
        with suppress(ValueError, OverflowError):
            epoch_seconds(value)
            return value
    raise ArgumentError(
        f'{name} is a date such as "2024-01-31", or with a time "2024-01-31T12:00:00Z"; not {_shown(value)}'
    )


def read_list(read: Callable[[str, Any], Any]) -> Callable[[str, Any], list[Any]]:
    """Return what reads a list of such values; one value alone is a list of one."""

    def read_all(name: str, value: Any) -> list[Any]:
        items = value if isinstance(value, list) else [value]
        if not items:
            raise ArgumentError(f"{name} is an empty list, which nothing is in; name a value, or leave it out")
        if len(items) > MAX_ITEMS:
            raise ArgumentError(f"{name} has {len(items)} items; at most {MAX_ITEMS} are read")
        return [read(name, item) for item in items]

    return read_all


def next_day(text: str) -> str | None:
    """Return the day after a date without a time; None for all else, and for the last day that there is."""
    try:
        return (date.fromisoformat(text) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return None


def read_k(value: Any, most: int) -> int:
    """Return how many results are wanted.

    Raises:
        ArgumentError: If it is no integer from 1 to the most.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ArgumentError(f"k is an integer from 1 to {most}; not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    return "null" if value is None else f"{value!r:.80}"


def _or_leave_out(name: str) -> str:
    return "" if name == "query" else ", or leave it out"
