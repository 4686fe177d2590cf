"""Deleting records by their ids or by a filter."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.filters.algebra import Filter, matches_everything
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.index import lifecycle
from redisvl_adapters.core.index.ownership import remove
from redisvl_adapters.core.index.readiness import asking, confirm_unchanged, current_snapshot, snapshot_in_scope
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.filter_compiler import compile_for_delete, is_always_true
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched
from redisvl_adapters.errors import ArgumentError


def delete(state: IndexState, ids: Sequence[str]) -> Steps[int]:
    """Delete records by their ids and return how many there were. What is no record is left alone."""
    check_ids(ids)
    snapshot = yield from snapshot_in_scope(state, (yield from current_snapshot(state)))
    return 0 if snapshot is None else (yield from _delete(state, snapshot.schema, ids))


def _delete(state: IndexState, schema: Schema, ids: Sequence[str]) -> Steps[int]:
    schema.check_writable()
    deleted = 0
    for chunk in batched(ids, BATCH_SIZE):
        keys = list(map(schema.key_of, chunk))
        deleted += yield from remove(state, schema, keys)
    return deleted


def clear(state: IndexState) -> Steps[None]:
    """Delete all records, one by one, or all within the scope. The index stays, with its fields and aliases."""
    if state.scope is None:
        yield from lifecycle.clear(state)
    else:
        yield from asking(state, lambda: _delete_where(state, None, None, []), anew=True)


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
    deleted: list[int] = []
    # What somebody else made of the index a moment ago must not widen what is deleted.
    yield from asking(state, lambda: _delete_where(state, filter, ids, deleted), anew=True)
    return sum(deleted)


def _delete_where(
    state: IndexState, filter: Filter | None, ids: Sequence[str] | None, deleted: list[int]
) -> Steps[None]:
    # Unless the index is still as the filter was compiled for, nothing is deleted.
    condition, snapshot = yield from compile_for_delete(state, filter)
    if snapshot is not None:
        snapshot.schema.check_writable()
    where = query_text(condition)
    if ids is None and filter is not None and (yield from is_always_true(state, condition)):
        raise ArgumentError(
            "the filter is always true and would delete everything; call clear() if that is what you want"
        )
    # Once more, for records that a cursor missed, until nothing is left.
    while snapshot is not None and (found := (yield from find_ids(state, where, ids))):
        yield from confirm_unchanged(snapshot)
        deleted.append((yield from _delete(state, snapshot.schema, found)))
        if not deleted[-1]:
            break
