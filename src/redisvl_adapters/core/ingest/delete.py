"""Deleting records by their ids or by a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.filters.algebra import Filter, FromSources, matches_everything
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.index import lifecycle
from redisvl_adapters.core.index.changes import until_settled
from redisvl_adapters.core.index.readiness import asking, changeable_snapshot, confirm_unchanged
from redisvl_adapters.core.index.removal import remove
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.foreign_records import DOC_ID
from redisvl_adapters.core.records.own_records import Held
from redisvl_adapters.core.schema.foreign import ForeignField
from redisvl_adapters.core.schema.index_schema import Schema, StaleSchemaError
from redisvl_adapters.core.search.filter_compiler import compile_for_delete, is_always_true
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import ArgumentError


def delete(state: IndexState, ids: Sequence[str]) -> Steps[int]:
    """Delete records by their ids and return how many there were. What is no record is left alone."""
    check_ids(ids)
    deleted = 0
    for chunk in batched(ids, BATCH_SIZE):
        # Those that are deleted again after the index has moved were there once.
        counts = yield from until_settled(state, partial(remove, state, ids=chunk))
        deleted += max(counts, default=0)
    tell(batch=len(ids), deleted=deleted)
    return deleted


def clear(state: IndexState) -> Steps[None]:
    """Delete all records, one by one, or all within the scope. The index stays, with its fields and aliases."""
    if state.scope is None:
        yield from lifecycle.clear(state)
    else:
        yield from asking(state, lambda: _delete_where(state, None, None, _Tally()), anew=True)


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
    tally = _Tally()
    # What somebody else made of the index a moment ago must not widen what is deleted.
    yield from asking(state, lambda: _delete_where(state, filter, ids, tally), anew=True)
    tell(deleted=tally.deleted)
    return tally.deleted


def delete_from_source(state: IndexState, source_id: str) -> Steps[int]:
    """Return what deletes all records that were made from a source document, and returns how many there were.

    In an index that does not tell case, the ids of the sources are compared once more by what deletes the records.

    Raises:
        ArgumentError: If the id is not a non-empty string.
        FilterError: If the index of another application does not tell the sources of its records.
    """
    filter = FromSources.checked([source_id], "ref_doc_id")
    return delete_matching(state, replace(filter, is_compared=True))


@dataclass(slots=True)
class _Tally:
    """How many records a filter has deleted, and which of them where nobody looks any more."""

    deleted: int = 0
    left_behind: set[str] = field(default_factory=set)


def _delete_where(state: IndexState, filter: Filter | None, ids: Sequence[str] | None, tally: _Tally) -> Steps[None]:
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
        yield from confirm_unchanged(state, snapshot)
        before = tally.deleted
        for chunk in batched(found, BATCH_SIZE):
            must_have = _compared(snapshot.schema, filter)
            there, settled = yield from remove(state, snapshot, chunk, must_have=must_have)
            # Those were counted before the index moved.
            tally.deleted += max(0, there - len(tally.left_behind.intersection(chunk)))
            if not settled:
                tally.left_behind.update(chunk)
                yield from changeable_snapshot(state, anew=True)
                raise StaleSchemaError
        if tally.deleted == before:
            break


def _compared(schema: Schema, filter: Filter | None) -> list[Held]:
    """Return what a record that a filter has found must have to be deleted."""
    if schema.foreign is None or not isinstance(filter, FromSources) or not filter.is_compared:
        return []
    field = cast("ForeignField", schema.indexed(DOC_ID))
    return [Held(field.path, [source_id], alone=True) for source_id in filter.source_ids]
