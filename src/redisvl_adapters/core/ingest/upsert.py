"""Writing records: checked and encoded as a whole, sent in batches, and sent again if the index changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import repeat
from typing import cast

from redisvl_adapters.core.arguments import is_utf8
from redisvl_adapters.core.index.lifecycle import create
from redisvl_adapters.core.index.readiness import check_may_create, known_snapshot, writable_snapshot
from redisvl_adapters.core.index.registry import registry_header
from redisvl_adapters.core.index.schema_changes import learn, plan_schema_change
from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.index.snapshot import ATTEMPTS, IndexState
from redisvl_adapters.core.ingest.write_batches import write_batches
from redisvl_adapters.core.records.layouts import Layout, layout_of
from redisvl_adapters.core.records.metadata import CheckedMetadata, check_metadata
from redisvl_adapters.core.records.named_vectors import StoredVectors, check_named_vectors, named_dims
from redisvl_adapters.core.records.projection import doubts, project
from redisvl_adapters.core.records.record import Record, describe_record
from redisvl_adapters.core.records.replace_script import Write
from redisvl_adapters.core.records.vectors import Matrix, Vector, as_matrix, check_matrix
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import PartialWriteError, RecordError


def upsert(
    state: IndexState,
    records: Sequence[Record],
    vectors: Sequence[Vector] | Matrix,
    ttl_ms: int | None = None,
    positions: Sequence[int] | None = None,
    checked: Sequence[CheckedMetadata] | None = None,
) -> Steps[list[str]]:
    """Write records, replacing wholly those that exist. The index is created and learns new keys as needed.

    Everything that can be known to be wrong is refused before anything is written. Of several records with one id the
    last one is written.

    Args:
        state: The index.
        records: The records; their ``vector`` is not looked at.
        vectors: One per record.
        ttl_ms: Milliseconds after which they expire; by default as the index was told.
        positions: Where each stands in what the caller was given, for errors; by default from 0 on.
        checked: What ``check_records`` found of them, if they were checked before.

    Returns:
        The ids of the records, in their order.

    Raises:
        RecordError: If a record could not be stored, indexed and read back exactly.
        SchemaMismatchError: If the index is not what was asked for.
        PartialWriteError: If the server failed after some records may have been written.
    """
    ids = [record.id for record in records]
    if not ids:
        return ids
    places = _checked_records(state, records, positions, checked)
    matrix = as_matrix(vectors, places)
    ttl_ms = state.spec.ttl_ms if ttl_ms is None else ttl_ms
    surveys = [place.found for place in places]
    last = list({place.record.id: place for place in places}.values())
    last_ids = [place.record.id for place in last]

    def encode(schema: Schema) -> list[Write]:
        _check_scope(state, schema)
        rows = check_matrix(matrix, places, schema.vector)
        named = check_named_vectors(schema, records, surveys, places)
        layout = layout_of(schema)
        return [place.write(layout, rows, named, ttl_ms) for place in last]

    done, made = 0, None
    for attempt in range(ATTEMPTS):
        # What others read with stays in its place until there is a newer one.
        snapshot = yield from writable_snapshot(state, anew=bool(attempt))
        header = registry_header(snapshot.registry) if snapshot else None
        if attempt and header != made:
            # What was written before may have gone with the index.
            done = 0
        made = header
        if snapshot is None:
            yield from check_may_create(state)
        before = snapshot.schema if snapshot else state.spec.schema(matrix.shape[1], named_dims(records))
        before.check_writable()
        change = plan_schema_change(state.spec, before, surveys)
        # Encoded as a whole, and before anything is sent, so that one bad record leaves nothing behind.
        expected = before.with_fields(change.fields)
        writes = encode(expected)
        if snapshot is None:
            snapshot = yield from create(state, matrix.shape[1], named_dims(records))
        if snapshot is None or change or snapshot.claimed or snapshot.schema is not before:
            snapshot = yield from learn(state, snapshot, surveys)
        if snapshot is not None:
            if not snapshot.schema.lays_out_like(expected):
                writes = encode(snapshot.schema)
            done = yield from write_batches(state, snapshot, last_ids, writes, done)
            if done == len(last):
                tell(batch=len(ids), written=done)
                return ids
        # Somebody dropped the index or taught it a key meanwhile.
    message = f"index {state.spec.name!r} was changed by others in every attempt to write to it; try again"
    raise PartialWriteError(message, written=last_ids[:done], unwritten=last_ids[done:])


def check_records(
    state: IndexState,
    records: Sequence[Record],
    positions: Sequence[int] | None = None,
    embedded: frozenset[str] = frozenset(),
) -> Steps[list[CheckedMetadata]]:
    """Check all that can be known to be wrong with records, and with the vectors that they have already.

    Args:
        state: The index.
        records: The records.
        positions: Where each stands in what the caller was given, for errors; by default from 0 on.
        embedded: The named vectors that are made of the metadata later.

    Returns:
        What the metadata of each holds.

    Raises:
        RecordError: If a record could not be stored, indexed and read back exactly.
        SchemaMismatchError: If the index is not what was asked for.
    """
    places = _checked_records(state, records, positions)
    surveys = [place.found for place in places]
    snapshot = yield from known_snapshot(state)
    before = snapshot.schema if snapshot else state.spec.draft(named_dims(records))
    before.check_writable()
    expected = before.with_fields(plan_schema_change(state.spec, before, surveys).fields)
    _check_scope(state, expected)
    is_doubtful = doubts(expected)
    for place in places:
        if is_doubtful(place.found.values):
            project(expected, place.found.values, place)
    check_named_vectors(expected, records, surveys, places, embedded)
    if all(record.vector is not None for record in records):
        matrix = as_matrix(cast("Sequence[Vector]", [record.vector for record in records]), places)
        dims = snapshot.schema.vector.dims if snapshot else matrix.shape[1]
        check_matrix(matrix, places, replace(expected.vector, dims=dims))
    return surveys


def _check_scope(state: IndexState, schema: Schema) -> None:
    """Refuse to write where nobody could tell which records are within the scope.

    Raises:
        FilterError: If an index cannot be asked for it, or could not learn it.
    """
    if state.scope is not None:
        state.scope.projection(schema)


def _checked_records(
    state: IndexState,
    records: Sequence[Record],
    positions: Sequence[int] | None,
    checked: Sequence[CheckedMetadata] | None = None,
) -> list[_CheckedRecord]:
    positions = range(len(records)) if positions is None else positions
    return [
        _CheckedRecord(row, position, record, found, state.scope)
        for row, (position, record, found) in enumerate(
            zip(positions, records, repeat(None, len(records)) if checked is None else checked, strict=True)
        )
    ]


class _CheckedRecord:
    """A record at its place in a call, checked as far as that goes without its index."""

    __slots__ = ("found", "position", "record", "row")

    def __init__(
        self, row: int, position: int, record: Record, found: CheckedMetadata | None, scope: Scope | None
    ) -> None:
        self.row = row
        self.position = position
        self.record = record
        self.found = self._checked() if found is None else found
        if scope is not None:
            self.found = scope.applied(self.found, self)

    def __str__(self) -> str:
        # Written out for errors alone.
        return describe_record(self.position, self.record.id)

    def _checked(self) -> CheckedMetadata:
        position, record = self.position, self.record
        if not isinstance(record.id, str) or not record.id or "\0" in record.id:
            raise RecordError(
                f"record {position} has the id {record.id!r:.80}; an id is a non-empty string without NUL"
            )
        if not isinstance(record.text, str):
            raise RecordError(f"{self} has a text of type {type(record.text).__name__}; a text is a string")
        if not (is_utf8(record.text) and is_utf8(record.id) and is_utf8(record.source or "")):
            raise RecordError(f"{self} has text with a lone surrogate, which UTF-8 lacks")
        return check_metadata(record.metadata, self)

    def write(self, layout: Layout, rows: Matrix, named: Sequence[StoredVectors], ttl_ms: int | None) -> Write:
        """Return what writes it."""
        ttl_ms = ttl_ms if self.record.ttl_ms is None else self.record.ttl_ms
        return layout.write(self.record, self.found, rows[self.row], ttl_ms, self, named[self.row])
