"""Deleting records by their ids or by a filter."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.filters.algebra import Filter, matches_everything
from redisvl_adapters.core.index.snapshot import IndexState, read_snapshot
from redisvl_adapters.core.search.fetch import filter_text
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Steps, batched
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ArgumentError


def delete(state: IndexState, ids: Sequence[str]) -> Steps[int]:
    """Delete records by their ids and return how many there were."""
    check_ids(ids)
    snapshot = state.snapshot or (yield from read_snapshot(state))
    if snapshot is None:
        return 0
    deleted = 0
    for chunk in batched(ids, BATCH_SIZE):
        replies = yield [Command(("UNLINK", key), key) for key in map(snapshot.schema.key_of, chunk)]
        deleted += sum(map(ok, replies))
    return deleted


def delete_matching(state: IndexState, filter: Filter | None, ids: Sequence[str] | None = None) -> Steps[int]:
    """Delete all records that match a filter and, if ids are given, are among them; return how many there were.

    Raises:
        ArgumentError: If the filter matches everything.
        UnknownFieldError: If the filter names a key that no record has had.
    """
    if ids is not None:
        check_ids(ids)
        if filter is None:
            return (yield from delete(state, ids))
    if matches_everything(filter):
        raise ArgumentError("an empty filter would delete everything; call clear() if that is what you want")
    where = yield from filter_text(state, filter, strict=True)
    if ids is None and where == "*":
        raise ArgumentError(
            "the filter is always true and would delete everything; call clear() if that is what you want"
        )
    deleted = 0
    # Once more, for records that a cursor missed, until nothing is left.
    while found := (yield from find_ids(state, where, ids)):
        gone = yield from delete(state, found)
        if not gone:
            break
        deleted += gone
    return deleted
