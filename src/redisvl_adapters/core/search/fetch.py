"""Records by their ids or by a filter, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.index.changes import reading
from redisvl_adapters.core.index.expiry import renew_ttl
from redisvl_adapters.core.index.readiness import (
    asks_index,
    current_snapshot,
    from_index,
    known_snapshot,
    snapshot_in_scope,
)
from redisvl_adapters.core.index.record_keys import count_command, read_total
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.own_records import is_record_command, on_record, read_is_record
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.filter_compiler import compile_filter
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.search.read_records import read_records
from redisvl_adapters.core.search.scope_values import fields_in_scope
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched
from redisvl_adapters.core.server.telemetry import tell


def fetch(state: IndexState, ids: Sequence[str], *, vectors: bool = False) -> Steps[list[Record | None]]:
    """Return records by their ids, in that order, None where there is none.

    Args:
        state: The index.
        ids: The ids.
        vectors: Whether to return the vectors: what was given, as far as the dtype of the index holds it.
    """
    check_ids(ids)
    snapshot = yield from current_snapshot(state)
    if snapshot is None:
        return [None for _ in ids]
    found = yield from reading(state, snapshot, lambda here: fetch_from(state, here.schema, ids, vectors=vectors))
    tell(batch=len(ids), rows=sum(record is not None for record in found))
    return found


def fetch_from(
    state: IndexState, schema: Schema, ids: Sequence[str], *, vectors: bool = False
) -> Steps[list[Record | None]]:
    """Return records by their ids from where a schema says that they lie. See ``fetch``."""
    found = yield from read_records(schema, ids, vectors=vectors)
    scope = state.scope
    if scope is not None:
        found = [None if each is None or not scope.holds(schema, each.metadata) else each for each in found]
    yield from renew_ttl(state, [record.id for record in found if record is not None])
    return found


def fetch_matching(
    state: IndexState,
    filter: Filter | None,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
    *,
    vectors: bool = False,
) -> Steps[list[Record]]:
    """Return the records that match a filter and, if ids are given, are among them: all, or at most a number."""
    if ids is not None:
        check_ids(ids)
    if ids is None or filter is not None:
        return (yield from _fetch_where(state, filter, ids, limit, vectors=vectors))
    if limit is not None:
        there = yield from existing_ids(state, ids)
        ids = [record_id for record_id in ids if record_id in there]
    found = yield from fetch(state, ids[:limit], vectors=vectors)
    return [record for record in found if record is not None]


@asks_index
def _fetch_where(
    state: IndexState, filter: Filter | None, ids: Sequence[str] | None, limit: int | None, *, vectors: bool
) -> Steps[list[Record]]:
    where, schema, most = (yield from filter_text(state, filter)), state.schema, limit
    if schema is None:
        return []
    while True:
        found = yield from find_ids(state, where, ids, most)
        records = yield from fetch_from(state, schema, found[:most], vectors=vectors)
        there = [record for record in records if record is not None]
        if limit is None or most is None or len(there) == limit or len(found) < most:
            tell(rows=len(there))
            return there
        # Some were deleted meanwhile, or are no records of ours.
        most += limit - len(there)


def existing_ids(state: IndexState, ids: Sequence[str]) -> Steps[set[str]]:
    """Return those of some ids under which there are records."""
    # A write after this creates an index that is gone.
    snapshot = yield from snapshot_in_scope(state, (yield from known_snapshot(state)))
    if snapshot is None:
        return set()
    return (yield from reading(state, snapshot, lambda now: _existing(state, now.schema, ids)))


def _existing(state: IndexState, schema: Schema, ids: Sequence[str]) -> Steps[set[str]]:
    there = set[str]()
    held = state.scope.held(schema, alone=False) if state.scope else ()
    for chunk in batched(ids, BATCH_SIZE):
        if held:
            replies = yield [on_record(schema, record_id, "EXISTS", held=held) for record_id in chunk]
        else:
            replies = yield [is_record_command(schema, record_id) for record_id in chunk]
        there.update(record_id for record_id, reply in zip(chunk, replies, strict=True) if read_is_record(reply))
    return there


def filterable_fields(state: IndexState) -> Steps[list[MetadataField]]:
    """Return the metadata fields that can be filtered, as the server has them now."""
    snapshot = yield from current_snapshot(state, anew=True)
    fields = snapshot.schema.aliases.values() if snapshot else state.spec.fields.values()
    return (yield from fields_in_scope(state, [field for field in fields if field.redis_type]))


@asks_index
def count(state: IndexState, filter: Filter | None = None) -> Steps[int]:
    """Count the records, or those that match a filter."""
    where = yield from filter_text(state, filter)
    if where is None or state.schema is None:
        return 0
    if state.scope is not None and state.scope.is_inexact(state.schema):
        # Each is looked at.
        found = yield from find_ids(state, where, None)
        return len((yield from _existing(state, state.schema, found)))
    (reply,) = yield [count_command(state.schema, where)]
    return read_total(from_index(reply))


def filter_text(state: IndexState, filter: Filter | None) -> Steps[str | None]:
    """Return the query text of a filter: ``*`` for everything, None for nothing. See ``compile_filter``."""
    return query_text((yield from compile_filter(state, filter)))
