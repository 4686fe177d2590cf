"""Moves: what the registry of an index says of a rebuild that goes on, and where the index has moved to.

A rebuild makes another index beside the one that is there: of ``docs`` it makes ``docs@2``, ``docs@3`` and so on, its
generations. The name that stores were given, ``docs``, is their handle. See ``moving.rebuild``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import orjson

from redisvl_adapters.core.index.registry import Registry, read_registry_command, registry_key
from redisvl_adapters.core.records.record import new_id
from redisvl_adapters.core.schema.index_schema import StaleSchemaError
from redisvl_adapters.core.server.commands import Command, Steps, T
from redisvl_adapters.core.server.replies import as_mapping, ok

MOVING = b"moving"
"""An index that has this is being rebuilt: see ``Rebuild``."""
PAUSED = b"paused"
"""An index that has this is about to move: what changes records waits. The value says for how many seconds at most."""
MOVED = b"moved"
"""An index that has this has moved: the value is the name of the one that has taken its place."""
GENERATION = b"generation"
"""The number of the newest generation of a handle."""
_MARKS = (MOVING, PAUSED, MOVED)

JOURNAL_START = b""
"""A field that each journal has from its beginning; no record has an empty id."""

# A journal that has ended is not begun again by somebody who comes late.
_NOTE = (
    "if redis.call('HEXISTS',KEYS[1],'')==1 then for _,id in ipairs(ARGV) do redis.call('HINCRBY',KEYS[1],id,1) end end"
)
# What was noted again meanwhile stays.
_STRIKE = (
    "for i=1,#ARGV,2 do if redis.call('HGET',KEYS[1],ARGV[i])==ARGV[i+1] "
    "then redis.call('HDEL',KEYS[1],ARGV[i]) end end"
)
# ARGV: how many entries the registry must have, these, and those that it gets; an empty value takes one away.
_REPLACE = (
    "local n=tonumber(ARGV[1]) if redis.call('HLEN',KEYS[1])~=n then return 0 end "
    "for i=2,2*n,2 do if redis.call('HGET',KEYS[1],ARGV[i])~=ARGV[i+1] then return 0 end end "
    "for i=2*n+2,#ARGV,2 do if ARGV[i+1]=='' then redis.call('HDEL',KEYS[1],ARGV[i]) "
    "else redis.call('HSET',KEYS[1],ARGV[i],ARGV[i+1]) end end return 1"
)
_UNMARK = "if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then return redis.call('HDEL',KEYS[1],ARGV[1]) end return 0"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A rebuild that goes on.

    Attributes:
        target: The index that is made.
        copies: Whether records are copied, so that what changes them must note it in the journal.
        token: Says whose rebuild it is.
        asked: What the new index is to be, so that a rebuild that ended early can be told from another one.
    """

    target: str
    copies: bool
    token: str
    asked: str

    def dumps(self) -> bytes:
        """Return it as it stands in the registry."""
        return orjson.dumps(asdict(self))


def rebuild_of(registry: Registry) -> Rebuild | None:
    """Return the rebuild that goes on."""
    mark = registry.get(MOVING)
    return None if mark is None else Rebuild(**orjson.loads(mark))


def moved_to(registry: Registry) -> str | None:
    """Return the name of the index that has taken the place of this one."""
    mark = registry.get(MOVED)
    return None if mark is None else mark.decode()


def is_same_place(now: Registry, before: Registry) -> bool:
    """Tell whether what was changed is where everybody looks for it: no rebuild began, ended or is about to end.

    Args:
        now: The registry, read after the change.
        before: The registry as it was known when the change was made.
    """
    return PAUSED not in now and all(now.get(mark) == before.get(mark) for mark in _MARKS)


def generation_name(handle: str, number: int) -> str:
    """Return the name of a generation; the first one has the name of the handle."""
    return handle if number == 1 else f"{handle}@{number}"


def generation_names(handle: str, registry: Registry) -> list[str]:
    """Return the names of all generations that a handle has had, the first one first."""
    newest = int(registry.get(GENERATION, b"1"))
    return [generation_name(handle, number) for number in range(1, newest + 1)]


def next_generation_command(handle: str) -> Command:
    """Return the command that takes the number of the next generation; the reply is that less one."""
    key = registry_key(handle)
    script = "redis.call('HSETNX',KEYS[1],ARGV[1],1) return redis.call('HINCRBY',KEYS[1],ARGV[1],1)"
    return Command(("EVAL", script, 1, key, GENERATION), key)


def replace_entries_command(name: str, before: Registry, entries: Mapping[bytes, bytes]) -> Command:
    """Return the command that writes entries into a registry if that is as it was; the reply is whether it did.

    Args:
        name: The index.
        before: All of its registry.
        entries: The entries; an empty value takes one away.
    """
    key = registry_key(name)
    parts = (part for pairs in (before, entries) for pair in pairs.items() for part in pair)
    return Command(("EVAL", _REPLACE, 1, key, len(before), *parts), key)


def pause_mark(seconds: float) -> bytes:
    """Return a mark, unlike any before it, that lets what changes records wait for at most some seconds."""
    return orjson.dumps([seconds, new_id()])


def pause_seconds(mark: bytes) -> float:
    """Return how many seconds a mark lets wait."""
    return float(orjson.loads(mark)[0])


def unmark_command(name: str, mark: bytes, value: bytes) -> Command:
    """Return the command that takes a mark away from a registry, if it still has that value."""
    key = registry_key(name)
    return Command(("EVAL", _UNMARK, 1, key, mark, value), key)


def before_move(name: str, steps: Steps[T], *, spans_slots: bool) -> Steps[T]:
    """Run what reads an index that is being rebuilt, and see to it that the index has not moved by the end.

    Args:
        name: The index.
        steps: Reads it.
        spans_slots: Whether the server keeps the order of what is sent at once.

    Raises:
        StaleSchemaError: If it has moved.
    """
    guard, told = read_registry_command(name), None
    try:
        batch = next(steps)
        while True:
            try:
                if batch and spans_slots:
                    *replies, told = yield [*batch, guard]
                else:
                    replies = yield batch
            except Exception as error:  # noqa: BLE001  # it is the operation's to handle
                batch = steps.throw(error)
            else:
                batch = steps.send(replies)
    except StopIteration as stop:
        result = stop.value
    if not spans_slots:
        # Nodes, and shards, know no order among them.
        (told,) = yield [guard]
    if told is not None and moved_to(as_mapping(ok(told))) is not None:
        raise StaleSchemaError
    return result  # type: ignore[no-any-return]  # StopIteration is not generic


# The journal of a rebuild that copies: which records were changed, and how often, since it was last drained.


def journal_key(target: str) -> str:
    """Return the key of the journal of the rebuild that makes an index."""
    return f"{registry_key(target)}@journal"


def note_commands(registry: Registry, ids: Sequence[str]) -> list[Command]:
    """Return the commands that note which records were changed; none if nobody copies them."""
    rebuild = rebuild_of(registry)
    if rebuild is None or not rebuild.copies or not ids:
        return []
    key = journal_key(rebuild.target)
    return [Command(("EVAL", _NOTE, 1, key, *ids), key)]


def strike_command(target: str, noted: Mapping[bytes, bytes]) -> Command:
    """Return the command that strikes off records that were copied, unless they were changed again meanwhile.

    Args:
        target: The index that is made.
        noted: How often each was changed when it was copied.
    """
    key = journal_key(target)
    return Command(("EVAL", _STRIKE, 1, key, *(part for pair in noted.items() for part in pair)), key)
