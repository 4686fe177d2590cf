"""Exporting the records of an index as lines, and importing them into one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, cast

from redisvl_adapters.core.index.adoption import adopt_index
from redisvl_adapters.core.index.readiness import asks_index, current_snapshot
from redisvl_adapters.core.index.registry import made_id
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.ingest.bad_records import BadRecords, find_unindexed
from redisvl_adapters.core.ingest.copied_vectors import check_none_is_lost
from redisvl_adapters.core.ingest.copy_comparison import (
    Pair,
    have_same_content,
    have_same_vectors,
    read_living,
    read_others,
)
from redisvl_adapters.core.ingest.upsert import upsert
from redisvl_adapters.core.inspection.export_format import ExportHeader, write_record
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.fetch import filter_text
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, IndexNotFoundError


def now_ms() -> int:
    """Return what the time is, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@asks_index
def begin_export(state: IndexState, address: str) -> Steps[tuple[ExportHeader, list[str]]]:
    """Return what an export begins with, and the ids of the records that it is to have.

    Of records that the index could not take in, the last is warned of: they are not among these.

    Args:
        state: The index.
        address: Where its server is.

    Raises:
        IndexNotFoundError: If there is no such index.
    """
    where = yield from filter_text(state, None)
    schema = state.schema
    if schema is None:
        raise IndexNotFoundError(f"index {state.spec.name!r} does not exist: there is nothing to export")
    if schema.foreign is None:
        # Of another application's it was told when it was opened.
        bad = BadRecords("warn")
        yield from find_unindexed(schema, bad)
        bad.tell()
    ids = yield from find_ids(state, where, None)
    snapshot = yield from current_snapshot(state)
    source = (None if snapshot is None else made_id(snapshot.registry)) or address
    return ExportHeader(schema, len(ids), datetime.now(UTC).isoformat(timespec="seconds"), source), ids


def export_records(state: IndexState, ids: Sequence[str]) -> Steps[list[bytes]]:
    """Return the lines of records by their ids; those that are gone have none."""
    snapshot = yield from current_snapshot(state)
    if snapshot is None:
        raise IndexNotFoundError(f"index {state.spec.name!r} was dropped while it was exported")
    now = now_ms()
    found = yield from read_living(state, snapshot.schema, ids)
    return [write_record(record, snapshot.schema, now) for record in found if record is not None]


class Imported(NamedTuple):
    """What came of some records.

    Attributes:
        written: How many were written.
        skipped: How many were there already with the same content.
    """

    written: int
    skipped: int


def begin_import(state: IndexState, header: ExportHeader) -> Steps[None]:
    """Make the index that records are imported into, if it does not exist, and let it know their fields.

    Raises:
        ArgumentError: If its vectors are of another model, or it lacks a vector that the records have.
        SchemaMismatchError: If it has other vectors.
    """
    source = header.schema
    snapshot = yield from current_snapshot(state, anew=True)
    if snapshot is not None:
        check_none_is_lost(source, snapshot.schema.name, snapshot.schema.vectors)
        model, other = source.embedding_id, snapshot.schema.embedding_id
        if None not in (model, other) and model != other:
            raise ArgumentError(
                f"the vectors of the file are of model {model!r:.80}, and those of index {snapshot.schema.name!r} of "
                f"{other!r:.80}: they mean nothing beside each other; import into another index, and copy that with "
                "store.copy_to(other, embedding=...)"
            )
    dims = {name: each.field.dims for name, each in source.vectors.items()}
    yield from adopt_index(state, source, source.vector.dims, source.embedding_id, dims)


def import_records(state: IndexState, source: Schema, records: Sequence[Record]) -> Steps[Imported]:
    """Write records that were exported; those that are there already with the same content are left alone.

    Args:
        state: The index.
        source: What the index was that they were exported from.
        records: The records.

    Raises:
        RecordError: If a record could not be stored, indexed and read back exactly.
        PartialWriteError: If the server failed after some records may have been written.
    """
    wanted = list({record.id: record for record in records}.values())
    others = yield from read_others(state, [record.id for record in wanted])
    pairs = [Pair(record, other) for record, other in zip(wanted, others, strict=True)]
    same = have_same_content(pairs, state.spec.ttl_ms)
    if any(same):
        vectors = have_same_vectors(pairs, source, state.schema)
        same = [each and is_same for each, is_same in zip(same, vectors, strict=True)]
    fresh = [record for record, is_same in zip(wanted, same, strict=True) if not is_same]
    if fresh:
        yield from upsert(state, fresh, [cast("Vector", record.vector) for record in fresh])
    return Imported(len(fresh), len(wanted) - len(fresh))
