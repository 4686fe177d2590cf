"""When each of many keys was last written, and in which group: what an indexing run must know of the runs before it.

A namespace has two Redis keys, which share a slot of a cluster. ``<prefix>{<namespace>}:records`` is a hash with,
for each key, the time of its last write, 16 digits of microseconds, and its group. ``<prefix>{<namespace>}:order`` is a
sorted set of the same by time, and once more by group and time. So every listing is a range, read page by page from
where the last page ended, and nothing takes the server longer than one page or batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from redisvl_adapters.core.arguments import check_strings, is_utf8
from redisvl_adapters.core.server.commands import Argument, Command, Reply, Steps
from redisvl_adapters.core.server.key_names import escape_key_part
from redisvl_adapters.core.server.plain_redis import PAGE_SIZE
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ArgumentError

STEP = 100
"""How many keys one command writes: in between the server serves others."""

T = TypeVar("T")

_TOGETHER = 10
_DIGITS = 16
# What a time stands between in the sorted set. After _END nothing of the same group comes.
_SEPARATOR = "\0"
_END = "\1"

_FORGET = (
    "local function forget(key) local held=redis.call('HGET',KEYS[1],key) if held then "
    "local time,group=string.sub(held,1,16),string.sub(held,17) "
    "redis.call('ZREM',KEYS[2],'t\\0'..time..'\\0'..key) "
    "if group~='' then redis.call('ZREM',KEYS[2],group..'\\0'..time..'\\0'..key) end return group end return '' end "
)
# ARGV[1] is the time that it must be at least, in microseconds. After it come keys and their groups; a group of '=' is
# the one that the key has.
_UPDATE = (
    f"{_FORGET}local clock=redis.call('TIME') local now=clock[1]*1000000+clock[2] "
    "if now<tonumber(ARGV[1]) then return string.format('%.0f',now) end "
    "local time=string.format('%016.0f',now) "
    "for i=2,#ARGV,2 do local key,group=ARGV[i],ARGV[i+1] local before=forget(key) "
    "if group=='=' then group=before end redis.call('HSET',KEYS[1],key,time..group) "
    "redis.call('ZADD',KEYS[2],0,'t\\0'..time..'\\0'..key) "
    "if group~='' then redis.call('ZADD',KEYS[2],0,group..'\\0'..time..'\\0'..key) end end return false"
)
_DELETE = f"{_FORGET}for i=1,#ARGV do forget(ARGV[i]) end redis.call('HDEL',KEYS[1],unpack(ARGV))"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of keys.

    Attributes:
        prefix: What its Redis keys start with.
        namespace: Its name.
    """

    prefix: str
    namespace: str

    @property
    def keys(self) -> tuple[str, str]:
        """Its Redis keys."""
        stem = f"{self.prefix}{{{escape_key_part(self.namespace)}}}"
        return f"{stem}:records", f"{stem}:order"

    def script(self, text: str, args: Iterable[Argument]) -> Command:
        """Return the command that runs one of the scripts."""
        return Command(("EVAL", text, 2, *self.keys, *args), self.keys[0])


def server_time(ledger: Namespace) -> Steps[float]:
    """Return the time of the server in seconds since 1970."""
    # Asked in a script, so that on a cluster the node of the namespace answers.
    (reply,) = yield [ledger.script("return redis.call('TIME')", ())]
    seconds, microseconds = map(int, ok(reply))
    return seconds + microseconds / 1_000_000


def update(
    ledger: Namespace,
    keys: Sequence[str],
    group_ids: Sequence[str | None] | None = None,
    time_at_least: float | None = None,
) -> Steps[None]:
    """Note that keys were written now, by the clock of the server.

    Args:
        ledger: The namespace.
        keys: The keys.
        group_ids: The group of each, or None for no group; without this, keys stay in their group.
        time_at_least: What the clock must have reached, in seconds since 1970.

    Raises:
        ArgumentError: If the lengths differ, or the clock is behind.
    """
    check_strings(keys, "keys")
    if group_ids is not None and (isinstance(group_ids, str) or len(group_ids) != len(keys)):
        raise ArgumentError(f"{len(keys)} keys came with group_ids {group_ids!r:.80}; one is needed for each")
    groups = ["="] * len(keys) if group_ids is None else list(map(_group, group_ids))
    least = 0 if time_at_least is None else _microseconds(time_at_least, "time_at_least")
    pairs = list(zip(keys, groups, strict=True))
    commands = [ledger.script(_UPDATE, (least, *(part for pair in step for part in pair))) for step in _steps(pairs)]
    for reply in (yield from _sent(commands)):
        if reply is not None:
            raise ArgumentError(
                f"time_at_least is {time_at_least!r:.80}, and the clock of the server is only at {int(reply) / 1e6!r}: "
                "it was set back, or the time is not of this server"
            )


def exists(ledger: Namespace, keys: Sequence[str]) -> Steps[list[bool]]:
    """Tell of each key whether it is known."""
    check_strings(keys, "keys")
    name = ledger.keys[0]
    replies = yield from _sent([Command(("HMGET", name, *step), name) for step in _steps(keys)])
    return [value is not None for reply in replies for value in reply]


def delete(ledger: Namespace, keys: Sequence[str]) -> Steps[None]:
    """Forget keys."""
    check_strings(keys, "keys")
    yield from _sent([ledger.script(_DELETE, step) for step in _steps(keys)])


def list_keys(
    ledger: Namespace,
    before: float | None = None,
    after: float | None = None,
    group_ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> Steps[list[str]]:
    """Return keys, oldest first; with groups, group by group.

    Args:
        ledger: The namespace.
        before: Only those last written before this time, in seconds since 1970.
        after: Only those last written after this time.
        group_ids: Only those of these groups; of an empty list, none.
        limit: How many at most.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise ArgumentError(f"limit is an integer from 0 on, or None; not {limit!r:.80}")
    if isinstance(group_ids, str):
        raise ArgumentError(f"group_ids is a list of groups; write [{group_ids!r:.80}]")
    if group_ids is None:
        groups = ["t"]
    elif None in group_ids:
        raise ArgumentError("group_ids has None in it, which is no group")
    else:
        groups = list(dict.fromkeys(map(_group, group_ids)))
    found: list[str] = []
    for group in groups:
        start = f"({group}{_SEPARATOR}{_stamp(after, 'after')}{_END}" if after is not None else f"[{group}{_SEPARATOR}"
        end = f"({group}{_SEPARATOR}{_stamp(before, 'before')}" if before is not None else f"({group}{_END}"
        most = None if limit is None else limit - len(found)
        found += yield from _range(ledger, start, end, len(group.encode()) + 2 + _DIGITS, most)
    return found


def _range(ledger: Namespace, start: str, end: str, key_from: int, most: int | None) -> Steps[list[str]]:
    found: list[str] = []
    low: Argument = start
    while most is None or len(found) < most:
        size = PAGE_SIZE if most is None else min(PAGE_SIZE, most - len(found))
        (reply,) = yield [Command(("ZRANGEBYLEX", ledger.keys[1], low, end, "LIMIT", 0, size), ledger.keys[1])]
        page: list[bytes] = ok(reply)
        found += [member[key_from:].decode() for member in page]
        if len(page) < size:
            break
        low = b"(" + page[-1]
    return found


def _steps(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + STEP] for start in range(0, len(items), STEP)]


def _sent(commands: Sequence[Command]) -> Steps[list[Reply]]:
    """Send commands, some in a round trip, and return their replies."""
    replies: list[Reply] = []
    for start in range(0, len(commands), _TOGETHER):
        replies += map(ok, (yield commands[start : start + _TOGETHER]))
    return replies


def _group(group_id: str | None) -> str:
    """Return a group as it stands in the sorted set, where it must not end early; nothing for no group."""
    if group_id is None:
        return ""
    if not isinstance(group_id, str) or not is_utf8(group_id):
        raise ArgumentError(f"a group id is a string, or None; not {group_id!r:.80}")
    return "g" + group_id.replace("%", "%25").replace(_SEPARATOR, "%00")


def _microseconds(time: float, what: str) -> int:
    if isinstance(time, bool) or not isinstance(time, int | float) or not math.isfinite(time):
        raise ArgumentError(f"{what} is a time in seconds since 1970; not {time!r:.80}")
    return int(min(max(round(time * 1_000_000), 0), 10**_DIGITS - 1))


def _stamp(time: float, what: str) -> str:
    return f"{_microseconds(time, what):0{_DIGITS}d}"
