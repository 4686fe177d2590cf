"""Values of bytes by key, read and written in pipelines of bounded size."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.arguments import check_strings
from redisvl_adapters.core.server.commands import BATCH_SIZE, Argument, Command, Steps
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ArgumentError


def get(prefix: str, keys: Sequence[str]) -> Steps[list[bytes | None]]:
    """Return the values of keys, None where there is none."""
    return (yield from _all("GET", _names(prefix, keys)))


def put(prefix: str, pairs: Sequence[tuple[str, bytes]], ttl_ms: int | None) -> Steps[None]:
    """Write values, replacing those that their keys have.

    Raises:
        ArgumentError: If a value is not bytes; nothing is written then.
    """
    if isinstance(pairs, str) or not isinstance(pairs, Sequence):
        raise ArgumentError(f"key_value_pairs is a list of pairs; not {pairs!r:.80}")
    pairs = [tuple(pair) for pair in pairs]  # type: ignore[misc]  # checked next
    for place, pair in enumerate(pairs):
        if len(pair) != 2 or not isinstance(pair[1], bytes):
            raise ArgumentError(f"key_value_pairs[{place}] is a key and bytes; not {pair!r:.80}")
    names = _names(prefix, [key for key, _ in pairs])
    until: tuple[Argument, ...] = () if ttl_ms is None else ("PX", ttl_ms)
    yield from _all("SET", names, [(value, *until) for _, value in pairs])


def delete(prefix: str, keys: Sequence[str]) -> Steps[None]:
    """Delete keys; those that do not exist do no harm."""
    yield from _all("UNLINK", _names(prefix, keys))


def _names(prefix: str, keys: Sequence[str]) -> list[str]:
    check_strings(keys, "keys")
    return [prefix + key for key in keys]


def _all(
    name: str, keys: Sequence[str], rest: Sequence[tuple[Argument, ...]] | None = None
) -> Steps[list[bytes | None]]:
    """Run one command on each of some keys, and return the replies."""
    commands = [Command((name, key, *(rest[place] if rest else ())), key) for place, key in enumerate(keys)]
    replies: list[bytes | None] = []
    for start in range(0, len(commands), BATCH_SIZE):
        replies += map(ok, (yield commands[start : start + BATCH_SIZE]))
    return replies
