"""Reading records by their ids, and what to do with those that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.records.layouts import Layout, layout_of
from redisvl_adapters.core.records.own_records import warn_of_others
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.server.commands import BATCH_SIZE, Reply, Steps, batched
from redisvl_adapters.core.server.noted_warnings import warn
from redisvl_adapters.core.server.replies import is_wrong_type, ok
from redisvl_adapters.errors import RecordError, SkippedRecordWarning


def read_records(
    schema: Schema, ids: Sequence[str], *, vectors: bool = False, unread: list[str] | None = None
) -> Steps[list[Record | None]]:
    """Return records by their ids, in that order, None where there is none.

    Args:
        schema: The index.
        ids: The ids.
        vectors: Whether to return the vectors.
        unread: Gets the ids under which there is something that is read as no record; without it, that is warned of.

    Raises:
        RecordError: If a record of another application cannot be read, and the store was told to raise.
    """
    layout = layout_of(schema)
    found: list[Record | None] = []
    others: list[str] = []
    bad: list[RecordError] = []
    for chunk in batched(ids, BATCH_SIZE):
        replies = yield [layout.read(record_id, vector=vectors) for record_id in chunk]
        for record_id, reply in zip(chunk, replies, strict=True):
            is_other, record = is_wrong_type(reply), None
            try:
                record = None if is_other else _decoded(layout, schema, record_id, ok(reply), vectors=vectors)
            except RecordError as error:
                bad.append(error)
            else:
                if record is None and (is_other or (any(reply) if isinstance(reply, list) else reply)):
                    others.append(record_id)
            found.append(record)
    if unread is not None:
        unread += others
    elif others:
        warn_of_others(schema, len(others), schema.key_of(others[0]))
    _leave_out(schema, bad)
    return found


def read_found(
    schema: Schema, found: list[list[Hit]], scope: Scope | None = None, *, vectors: bool = False
) -> Steps[list[list[Hit]]]:
    """Return the hits of some searches with their records.

    Searches of an index of another application tell no more than which records were found; these are read by their
    keys, and those that were deleted since are left out. All other hits have their records.

    Args:
        schema: The index.
        found: The hits of each search.
        scope: What they are within; None for all.
        vectors: Whether records come with their vectors.

    Raises:
        RecordError: If a record cannot be read, and the store was told to raise.
        FilterError: If the index takes one for within the scope that is not.
    """
    if schema.foreign is None:
        return found
    ids = list(dict.fromkeys(hit.record.id for hits in found for hit in hits))
    records = dict(zip(ids, (yield from read_records(schema, ids, vectors=vectors)), strict=True))
    if scope is not None:
        for record_id, record in records.items():
            if record is not None and not scope.holds(schema, record.metadata):
                scope.check_told_apart(schema, record.metadata)
                records[record_id] = None
    return [[replace(hit, record=record) for hit in hits if (record := records[hit.record.id])] for hits in found]


def _decoded(layout: Layout, schema: Schema, record_id: str, reply: Reply, *, vectors: bool) -> Record | None:
    record = layout.decode_reply(record_id, reply)
    if vectors and record is not None and record.vector is None and schema.foreign is not None:
        raise RecordError(
            f"record {record_id!r:.80} has no vector that the index could hold: {schema.foreign.vector!r} is missing, "
            f"or is not {schema.vector.dims} numbers of {schema.vector.dtype}"
        )
    return record


def _leave_out(schema: Schema, bad: Sequence[RecordError]) -> None:
    """Do with records that cannot be read as the store was told.

    Raises:
        RecordError: For the first one, if it was told to raise.
    """
    choice = "skip" if schema.foreign is None else schema.foreign.on_bad_record
    if bad and choice == "raise":
        raise bad[0]
    if bad and choice == "warn":
        more = f", and {len(bad) - 1} more like it" if len(bad) > 1 else ""
        warn(
            f"{bad[0]}{more}: left out of what index {schema.name!r} returns; on_bad_record='raise' makes an error of "
            "this, 'skip' says nothing",
            SkippedRecordWarning,
        )
