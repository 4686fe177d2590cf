"""Searches whose replies lack the fields of some records, and how they are asked for again.

A server that searches in threads of its own, as Redis does by default from 8.8 on, returns a row without fields for a
record that is written, deleted or expires while the search runs; any server does so for one that has expired and is not
yet out of the index. Such a row takes the place of a record that is there, and nobody knows its distance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from redisvl_adapters.core.index.record_keys import read_keys
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ServerError

PAUSES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""How long to wait before each further search, in seconds."""


class RowsWithoutFieldsError(Exception):
    """A reply has rows without fields. Internal: the search is made again.

    Attributes:
        keys: The keys of these rows; empty where the reply does not tell them.
        are_all: Whether there are no other rows.
    """

    def __init__(self, keys: Sequence[bytes], *, are_all: bool) -> None:
        super().__init__(keys)
        self.keys = keys
        self.are_all = are_all


ReplyReader: TypeAlias = Callable[[Reply, Collection[bytes]], T]
"""Reads a reply. Rows without fields raise ``RowsWithoutFieldsError``, but for those with the given keys."""


def complete_replies(commands: Sequence[Command], read: ReplyReader[T]) -> Steps[list[T]]:
    """Send searches, send those again whose replies lack fields, and return what is read from the replies.

    Raises:
        ServerError: If a reply lacks fields of records that are there, time after time.
    """
    if not commands:
        return []
    replies = yield commands
    try:
        return [read(reply, ()) for reply in replies]
    except RowsWithoutFieldsError:
        # Nearly never.
        results: list[T] = []
        for command, reply in zip(commands, replies, strict=True):
            results.append((yield from _complete(command, reply, read)))
        return results


def _complete(command: Command, reply: Reply, read: ReplyReader[T]) -> Steps[T]:
    gone: set[bytes] = set()
    for seconds in PAUSES:
        try:
            return read(reply, ())
        except RowsWithoutFieldsError as lacking:
            keys, are_named = lacking.keys, all(lacking.keys)
        if seconds:
            yield Pause(seconds)
        asked = keys
        if not are_named:
            (found,) = yield [_keys_command(command)]
            asked = read_keys(ok(found))
        # Whoever asks for a record that has expired lets the server remove it.
        *there, reply = yield [*(Command(("EXISTS", key), key.decode("utf-8", "replace")) for key in asked), command]
        gone = {key for key, count in zip(asked, there, strict=True) if count == 0}
        if not are_named and len(gone) >= len(keys):
            gone = {b""}
    try:
        return read(reply, ())
    except RowsWithoutFieldsError as lacking:
        if lacking.are_all or not gone.issuperset(lacking.keys):
            raise ServerError(_CAUSES[lacking.are_all]) from None
    return read(reply, gone)


_CAUSES = {
    True: "the server found records and returned the fields of none: it is a cluster whose search module has no "
    "coordinator, or the client is connected to another database than 0; see docs/servers.md",
    False: f"the server returned records without their fields in {len(PAUSES) + 1} searches, since they are written "
    "all the time; try again, or set search-workers to 0 on the server; see docs/servers.md",
}


def _keys_command(command: Command) -> Command:
    """Return the search for the keys of what another one looks at, whose rows do not tell them."""
    name, index, text, *others = command.args
    most = others[others.index("MAX") + 1] if name == "FT.AGGREGATE" else others[others.index("LIMIT") + 2]
    params = others[others.index("PARAMS") :]
    return Command(("FT.SEARCH", index, text, "NOCONTENT", "LIMIT", 0, most, *params))
