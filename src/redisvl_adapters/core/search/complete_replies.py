"""Searches whose replies lack the fields of some records, and how those are asked for.

A server that searches in threads of its own, as Redis does by default from 8.8 on, returns a row without fields for a
record that is written, deleted or expires while the search runs; any server does so for one that has expired and is not
yet out of the index. Such a row takes the place of a record that is there, and nobody knows its distance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from redisvl_adapters.core.index.record_keys import read_keys
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ServerError

H = TypeVar("H")

PAUSES = (0.0, 0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""How long to wait before each further search, in seconds."""


class RowsWithoutFieldsError(Exception):
    """A reply has rows without fields. Internal: ``complete_replies`` asks for them.

    Attributes:
        hits: What was read of the other rows, best first.
        keys: The keys of these rows; empty where the reply does not tell them.
        rows: How many rows the reply has.
    """

    def __init__(self, hits: list[Any], keys: Sequence[bytes], rows: int) -> None:
        super().__init__(keys)
        self.hits = hits
        self.keys = keys
        self.rows = rows


@dataclass(slots=True)
class Searches(Generic[H]):
    """Searches that are sent together.

    Attributes:
        commands: The commands.
        k: How many rows each returns at most.
        read: Reads a reply, best hit first.
        rank: What hits are sorted by.
        key_of: The key of a hit.
        narrowed: The command that asks the same as the one at a place, of the record with a key alone.
    """

    commands: Sequence[Command]
    k: int
    read: Callable[[Reply], list[H]]
    rank: Callable[[H], tuple[float, str]]
    key_of: Callable[[H], bytes]
    narrowed: Callable[[int, bytes], Command]


def complete_replies(searches: Searches[H]) -> Steps[list[list[H]]]:
    """Send searches, and return the hits of each, best first.

    A record whose fields a reply lacks is asked for by itself. If it is as good as those that were found, nothing else
    has its place; else the search is made again.

    Raises:
        ServerError: If a reply lacks fields of records that are there, time after time.
    """
    if not searches.commands:
        return []
    replies = yield searches.commands
    try:
        return [searches.read(reply) for reply in replies]
    except RowsWithoutFieldsError:
        # Nearly never.
        found: list[list[H]] = []
        for place, reply in enumerate(replies):
            found.append((yield from _complete(searches, place, reply)))
        return found


def _complete(searches: Searches[H], place: int, reply: Reply) -> Steps[list[H]]:
    command, pauses = searches.commands[place], iter(PAUSES)
    while True:
        try:
            return searches.read(reply)
        except RowsWithoutFieldsError as lacking:
            torn = lacking
        there: list[H] = torn.hits
        keys = torn.keys
        if not all(keys):
            (told,) = yield [_keys_command(command)]
            known = set(map(searches.key_of, there))
            keys = [key for key in read_keys(ok(told)) if key not in known]
        # Whoever asks for a record that has expired lets the server remove it.
        exist = [Command(("EXISTS", key), key.decode("utf-8", "replace")) for key in keys]
        replies = yield [*exist, *(searches.narrowed(place, key) for key in keys)]
        fills: list[H] = []
        are_unread = False
        for exists, each in zip(replies[: len(keys)], replies[len(keys) :], strict=True):
            try:
                fills += searches.read(each)
            except RowsWithoutFieldsError:
                are_unread = are_unread or exists != 0
        hits = sorted([*there, *fills], key=searches.rank)
        if not are_unread and hits:
            is_full = len(fills) == len(keys) and there and hits[-1] is there[-1]
            if is_full or torn.rows < searches.k:
                return hits
        seconds = next(pauses, None)
        if seconds is None:
            if are_unread or not hits:
                raise ServerError(_SOME_UNREAD if there else _ALL_UNREAD)
            return hits[: searches.k]
        if seconds:
            yield Pause(seconds)
        (reply,) = yield [command]


_ALL_UNREAD = (
    "the server found records and returned the fields of none: it is a cluster whose search module has no coordinator, "
    "or the client is connected to another database than 0; see docs/servers.md"
)
_SOME_UNREAD = (
    f"the server returned records without their fields in {len(PAUSES) + 1} searches; try again, or set search-workers "
    "to 0 on the server; see docs/servers.md"
)


def _keys_command(command: Command) -> Command:
    """Return the search for the keys of what another one looks at, whose rows do not tell them."""
    name, index, text, *others = command.args
    most = others[others.index("MAX") + 1] if name == "FT.AGGREGATE" else others[others.index("LIMIT") + 2]
    params = others[others.index("PARAMS") :]
    return Command(("FT.SEARCH", index, text, "NOCONTENT", "LIMIT", 0, most, *params))
