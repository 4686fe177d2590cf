"""Copying hashes as they lie into another index, where that lays its records out alike: neither decoded nor encoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from redisvl_adapters.core.index.readiness import writable_snapshot
from redisvl_adapters.core.index.registry import read_registry_command
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.ingest.copy_comparison import is_gone, milliseconds_left
from redisvl_adapters.core.ingest.upsert import upsert
from redisvl_adapters.core.ingest.write_batches import write_batches
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.stored_hashes import HashCheck, StoredHash, are_hashes_alike
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.fetch import fetch_from
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Steps, batched
from redisvl_adapters.core.server.replies import as_mapping, is_wrong_type, ok
from redisvl_adapters.core.server.telemetry import tell


class StoredReader:
    """Reads hashes as they lie while all that is known of their index holds.

    Attributes:
        schema: What is known of it.
        is_stale: Whether the index has learnt something since.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.schema = snapshot.schema
        self._registry = snapshot.registry
        self._check = HashCheck(snapshot.schema)
        self.is_stale = False

    def read(self, state: IndexState, schema: Schema, ids: Sequence[str]) -> Steps[list[StoredHash | Record | None]]:
        """Return records by their ids, None where there is none.

        Those that cannot be carried over as they are come decoded, and so do all of them if the index has learnt
        something since.

        Args:
            state: The index.
            schema: Where they lie.
            ids: Their ids.
        """
        found: dict[str, StoredHash | Record | None] = {}
        for chunk in batched(ids, BATCH_SIZE):
            keys = [schema.key_of(record_id) for record_id in chunk]
            replies = yield [Command((name, key), key) for name in ("HGETALL", "PTTL") for key in keys]
            for record_id, fields, left in zip(chunk, replies, replies[len(keys) :], strict=False):
                stored = {} if is_wrong_type(fields) else as_mapping(ok(fields))
                if self._check.is_plain(stored) and not is_gone(ok(left)):
                    found[record_id] = StoredHash(record_id, stored, milliseconds_left(left))
        # Read behind the records: whoever writes a new key registers it first.
        (registry,) = yield [read_registry_command(schema.name)]
        if as_mapping(ok(registry)) != self._registry:
            found, self.is_stale = {}, True
        others = [record_id for record_id in ids if record_id not in found]
        if others:
            found |= zip(others, (yield from fetch_from(state, schema, others, vectors=True)), strict=True)
        return [found[record_id] for record_id in ids]


def write_stored(state: IndexState, source: Schema, hashes: Sequence[StoredHash]) -> Steps[None]:
    """Write records into an index just as they lie in another one; decoded and encoded if it lays them out otherwise.

    Args:
        state: The index.
        source: The other one.
        hashes: The records.

    Raises:
        RecordError: If the first of them is refused for what it is.
        PartialWriteError: If the server failed after some records may have been written.
    """
    snapshot = yield from writable_snapshot(state)
    if snapshot is not None and not snapshot.claimed and are_hashes_alike(source, snapshot.schema):
        writes = [each.write(snapshot.schema, state.spec.ttl_ms) for each in hashes]
        if (yield from write_batches(state, snapshot, [each.id for each in hashes], writes)) == len(hashes):
            tell(batch=len(hashes), written=len(hashes))
            return
    records = [each.decode(source) for each in hashes]
    yield from upsert(state, records, [cast("Vector", record.vector) for record in records])
