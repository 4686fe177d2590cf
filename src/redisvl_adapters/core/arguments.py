"""Checks of arguments that many calls share: each returns the value, or raises an error that names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from redisvl_adapters.errors import ArgumentError, did_you_mean

MAX_NESTING = 100
"""How deep a value may be nested; RedisJSON gives up at 128, the levels of a record included."""

MAX_K = 1_000_000
"""The server refuses more neighbours than this."""


def check_k(k: Any, name: str = "k") -> int:
    """Return how many results were asked for.

    Raises:
        ArgumentError: If it is not an integer from 0 to a million.
    """
    if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= MAX_K:
        raise ArgumentError(f"{name} is an integer from 0 to {MAX_K}; not {k!r:.80}")
    return k


def check_fraction(value: Any, name: str) -> float:
    """Return a number from 0 to 1.

    Raises:
        ArgumentError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ArgumentError(f"{name} is a number from 0 to 1; not {value!r:.80}")
    return value


MAX_TTL = 10**15
"""Seconds. The server holds a point in time as milliseconds in 64 bits."""


def check_ttl(ttl: float | None) -> int | None:
    """Return a time to live in milliseconds.

    Raises:
        ArgumentError: If it is not a number of seconds from 0.001 to ``MAX_TTL``.
    """
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or not 0.001 <= ttl <= MAX_TTL:
        raise ArgumentError(
            f"ttl is a positive number of seconds, at most {MAX_TTL:.0e}, or None to keep records; not {ttl!r:.80}"
        )
    return int(ttl * 1000)


def check_flag(value: object, what: str) -> bool:
    """Return a flag.

    Raises:
        ArgumentError: If it is neither True nor False.
    """
    if not isinstance(value, bool):
        raise ArgumentError(f"{what} is True or False; not {value!r:.80}")
    return value


def check_choice(value: Any, what: str, choices: Sequence[str]) -> str:
    """Return one of some words.

    Raises:
        ArgumentError: If it is none of them.
    """
    if value not in choices:
        raise ArgumentError(
            f"{what} is one of {', '.join(choices)}; not {value!r:.80}{did_you_mean(str(value), choices)}"
        )
    return str(value)


def check_name(name: object, what: str) -> str:
    """Return a name that a caller chose.

    Raises:
        ArgumentError: If it is not a non-empty string, or UTF-8 cannot hold it.
    """
    if not isinstance(name, str) or not name or not is_utf8(name):
        raise ArgumentError(f"{what} is a non-empty string; not {name!r:.80}")
    return name


def check_strings(strings: object, what: str) -> None:
    """Refuse what is no list of strings that UTF-8 can hold.

    Raises:
        ArgumentError: If so.
    """
    if not is_list(strings):
        raise ArgumentError(f"{what} is a list of strings; not {strings!r:.80}")
    for place, string in enumerate(strings):
        check_string(string, f"{what}[{place}]")


def check_string(value: object, what: str) -> str:
    """Return a string.

    Raises:
        ArgumentError: If it is none, or UTF-8 cannot hold it.
    """
    if not isinstance(value, str) or not is_utf8(value):
        raise ArgumentError(f"{what} is a string; not {value!r:.80}")
    return value


def check_keywords(keywords: Any, what: str, example: str) -> Mapping[str, Any]:
    """Return keywords that are handed on to a call; none for None.

    Args:
        keywords: The keywords.
        what: What the argument is called.
        example: A mapping as it could be, for the error.

    Raises:
        ArgumentError: If it is no mapping of names to values.
    """
    if keywords is None:
        return {}
    if not isinstance(keywords, Mapping):
        raise ArgumentError(f"{what} is a mapping, such as {example}; not {keywords!r:.80}")
    for name in keywords:
        if not isinstance(name, str):
            raise ArgumentError(f"{what} is a mapping of the names of keywords, such as {example}; not {name!r:.80}")
    return keywords


def check_count(value: object, what: str, least: int = 0) -> int:
    """Return a number of messages.

    Raises:
        ArgumentError: If it is not an integer, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{what} is an integer from {least} on; not {value!r:.80}")
    return value


def check_ids(ids: object, what: str = "ids") -> None:
    """Raise ``ArgumentError``, which names the argument, unless it is a list of ids."""
    if isinstance(ids, str):
        raise ArgumentError(f"{what} is a list of ids, not one id; write [{ids!r:.80}]")
    if not is_list(ids):
        raise ArgumentError(f"{what} is a list of ids; not {ids!r:.80}")
    for record_id in ids:
        if not isinstance(record_id, str) or not record_id or not is_utf8(record_id):
            raise ArgumentError(f"{what}: an id is a non-empty string; not {record_id!r:.80}")


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Tell whether something is a list, a tuple or the like; what is in it can be anything."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview | range)


def is_utf8(text: str) -> bool:
    """Tell whether UTF-8 can hold a text: it has no lone surrogate."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False
