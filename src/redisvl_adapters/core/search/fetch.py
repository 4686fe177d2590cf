"""Records by their ids or by a filter, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.index.expiry import renew_ttl
from redisvl_adapters.core.index.record_keys import count_command, read_total
from redisvl_adapters.core.index.snapshot import IndexState, read_snapshot
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.search.filter_compiler import compile_filter
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Steps, batched
from redisvl_adapters.core.server.replies import is_missing_index, ok


def fetch(state: IndexState, ids: Sequence[str]) -> Steps[list[Record | None]]:
    """Return records by their ids, in that order, None where there is none."""
    check_ids(ids)
    snapshot = state.snapshot or (yield from read_snapshot(state))
    if snapshot is None:
        return [None for _ in ids]
    schema = snapshot.schema
    layout = layout_of(schema)
    found: list[Record | None] = []
    for chunk in batched(ids, BATCH_SIZE):
        replies = yield [layout.read(record_id) for record_id in chunk]
        found += [layout.decode_reply(record_id, ok(reply)) for record_id, reply in zip(chunk, replies, strict=True)]
    yield from renew_ttl(state, [record.id for record in found if record is not None])
    return found


def fetch_matching(
    state: IndexState, filter: Filter | None, ids: Sequence[str] | None = None, limit: int | None = None
) -> Steps[list[Record]]:
    """Return the records that match a filter and, if ids are given, are among them: all, or at most a number."""
    if ids is not None:
        check_ids(ids)
    if ids is None or filter is not None:
        ids = yield from find_ids(state, (yield from filter_text(state, filter)), ids, limit)
    found = yield from fetch(state, ids[:limit])
    return [record for record in found if record is not None]


def existing_ids(state: IndexState, ids: Sequence[str]) -> Steps[set[str]]:
    """Return those of some ids under which there are records."""
    snapshot = state.snapshot or (yield from read_snapshot(state))
    if snapshot is None:
        return set()
    there: set[str] = set()
    for chunk in batched(ids, BATCH_SIZE):
        replies = yield [Command(("EXISTS", key), key) for key in map(snapshot.schema.key_of, chunk)]
        there.update(record_id for record_id, reply in zip(chunk, replies, strict=True) if ok(reply))
    return there


def filterable_fields(state: IndexState) -> Steps[list[MetadataField]]:
    """Return the metadata fields that can be filtered, as the server has them now."""
    snapshot = yield from read_snapshot(state)
    if snapshot is not None:
        return list(snapshot.schema.aliases.values())
    return [field for field in state.spec.fields.values() if field.redis_type]


def count(state: IndexState, filter: Filter | None = None) -> Steps[int]:
    """Count the records, or those that match a filter."""
    where = yield from filter_text(state, filter)
    if where is None or state.schema is None:
        return 0
    (reply,) = yield [count_command(state.schema, where)]
    if is_missing_index(reply):
        state.snapshot = None
        return 0
    return read_total(ok(reply))


def filter_text(state: IndexState, filter: Filter | None, *, strict: bool = False) -> Steps[str | None]:
    """Return the query text of a filter: ``*`` for everything, None for nothing. See ``compile_filter``."""
    return query_text((yield from compile_filter(state, filter, strict=strict)))
