"""Copying records into the index that a rebuild makes, a few at a time, and those that others change meanwhile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from redisvl_adapters.core.index.adoption import schema_difference
from redisvl_adapters.core.index.moves import JOURNAL_START, journal_key, strike_command
from redisvl_adapters.core.index.record_keys import (
    count_command,
    keys_command,
    open_cursor_command,
    read_cursor_command,
    read_cursor_page,
    read_keys,
    read_total,
)
from redisvl_adapters.core.index.registry import Registry, registered_fields, untyped_keys
from redisvl_adapters.core.index.removal import remove
from redisvl_adapters.core.index.schema_changes import apply_schema_change
from redisvl_adapters.core.index.snapshot import ATTEMPTS, read_snapshot
from redisvl_adapters.core.ingest.tasks import ToEmbed
from redisvl_adapters.core.ingest.upsert import upsert
from redisvl_adapters.core.moving.job import Job, own_registry
from redisvl_adapters.core.moving.task import Task
from redisvl_adapters.core.records.own_records import is_record_command, read_is_record, warn_of_others
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import SOURCE
from redisvl_adapters.core.schema.tag_encoding import decode_tag
from redisvl_adapters.core.search.cursor_pages import MAX_KEYS
from redisvl_adapters.core.search.fetch import existing_ids, fetch_from
from redisvl_adapters.core.search.read_records import read_records
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, batched
from redisvl_adapters.core.server.progress import Progress
from redisvl_adapters.core.server.replies import as_mapping, ok
from redisvl_adapters.errors import PartialWriteError, RecordError, ServerError

BATCH = 50
"""How many records are copied at once: those who search wait for no more than that."""
EMBEDDED_AT_ONCE = 100
_PAGE = 500
_LONGEST_PAUSE = 0.5
_SOURCE_NODE = "1"
"""Under which LlamaIndex keeps the source among the relationships of a node."""


class Found(NamedTuple):
    """Some records of the index that is rebuilt.

    Attributes:
        records: Those that are there, with vectors and the milliseconds that are left to them.
        gone: The ids of the others.
        read_at: When they were read, by the monotonic clock.
        damaged: The ids of those that are there and cannot be read.
    """

    records: list[Record]
    gone: list[str]
    read_at: float
    damaged: Sequence[str] = ()


def copy_all(job: Job, total: int) -> Task[int]:
    """Copy all records, and return how many there were."""
    done = 0
    size = EMBEDDED_AT_ONCE if job.change.embeds else BATCH
    pages = _Pages(job.schema)
    while keys := (yield pages.following()):
        for batch in batched(_ids(job.schema, keys), size):
            yield from copy(job, batch)
            done += len(batch)
            yield Progress(done, total)
    return done


def copy_missed(job: Job) -> Task[None]:
    """Copy records that a walk has missed, as one by a cursor does where others write."""
    pages = _Pages(job.schema)
    while keys := (yield pages.following()):
        for batch in batched(_ids(job.schema, keys), _PAGE):
            there = yield existing_ids(job.target, batch)
            yield own_registry(job)
            for missed in batched([record_id for record_id in batch if record_id not in there], BATCH):
                yield from copy(job, missed)


def copy_changed(job: Job) -> Task[int]:
    """Copy the records that others changed since the last time, and return how many these were."""
    cursor: Any = b"0"
    changed = 0
    while True:
        cursor, noted = yield _read_journal(job, cursor)
        size = EMBEDDED_AT_ONCE if job.change.embeds else BATCH
        for batch in batched(list(noted.items()), size):
            yield from copy(job, [record_id.decode() for record_id, _ in batch])
            yield _strike(job, dict(batch))
            changed += len(batch)
        if cursor in (b"0", 0, "0"):
            return changed


def copy(job: Job, ids: Sequence[str]) -> Task[None]:
    """Let the new index have some records just as the one that is rebuilt has them, or not at all.

    Raises:
        RecordError: If one of them cannot be what the new index asks of its records.
        ServerError: If the rebuild was taken over or cancelled.
    """
    if not ids:
        return
    started = time.monotonic()
    found, registry = yield _read(job, ids)
    for record_id in found.damaged:
        job.bad.add(record_id, f"the record {record_id!r:.80} cannot be read: its text or its metadata is damaged")
    if not job.change.embeds:
        bad = [record.id for record in found.records if record.vector is None]
        for record_id in bad:
            job.bad.add_without_vector(record_id)
        # What was copied of it before, it is not any more.
        kept = [record for record in found.records if record.vector is not None]
        found = found._replace(records=kept, gone=[*found.gone, *bad])
    vectors: Sequence[Any] = [record.vector for record in found.records]
    yield learn_from(job, registry)
    if job.change.embeds:
        embedding = time.monotonic()
        vectors = yield from _embedded(job, found.records)
        started += time.monotonic() - embedding
    yield _write(job, found, vectors)
    # So that the server is free for others half of the time.
    yield _pause(min(time.monotonic() - started, _LONGEST_PAUSE))


def _embedded(job: Job, records: list[Record]) -> Task[list[Any]]:
    """Return the vectors of records by the new model, or those that an earlier attempt has made of the same texts."""
    known: dict[str, Any] = {}
    if job.prior is not None and job.prior.schema is not None:
        ids = [record.id for record in records]
        before = yield fetch_from(job.prior, job.prior.schema, ids, vectors=True)
        for record, other in zip(records, before, strict=True):
            if other is not None and _content(other) == _content(record):
                known[record.id] = other.vector
    wanted = [record for record in records if record.id not in known]
    if wanted:
        made = yield ToEmbed(wanted)
        if len(made) != len(wanted):
            raise RecordError(f"the embedding model returned {len(made)} vectors for {len(wanted)} records")
        known |= {record.id: vector for record, vector in zip(wanted, made, strict=True)}
    return [known[record.id] for record in records]


def _content(record: Record) -> tuple[Any, ...]:
    return record.text, record.metadata, record.frame


def _pause(seconds: float) -> Steps[None]:
    yield Pause(seconds)


def _read(job: Job, ids: Sequence[str]) -> Steps[tuple[Found, Registry]]:
    """Return records, and the registry of the index as it was after they were read."""
    read_at = time.monotonic()
    unread: list[str] = []
    found = yield from read_records(job.schema, ids, vectors=True, unread=unread)
    damaged = yield from _damaged(job.schema, unread)
    there = [record for record in found if record is not None]
    keys = [job.schema.key_of(record.id) for record in there]
    replies = yield [
        *(_source_command(job.schema, key) for key in keys),
        *(Command(("PTTL", key), key) for key in keys),
    ]
    records: list[Record] = []
    for record, source, left in zip(there, replies, replies[len(there) :], strict=False):
        if ok(left) != -2:
            record.source = _source(record, ok(source))
            record.ttl_ms = None if left < 0 else int(left)
            records.append(record)
    gone = sorted({*ids} - {record.id for record in records})
    registry = yield from own_registry(job)
    return Found(records, gone, read_at, damaged), registry


def _damaged(schema: Schema, ids: Sequence[str]) -> Steps[list[str]]:
    """Return those ids of what is read as no record under which there is one, and warn of the others."""
    if not ids:
        return []
    replies = yield [is_record_command(schema, record_id) for record_id in ids]
    damaged = [record_id for record_id, reply in zip(ids, replies, strict=True) if read_is_record(reply)]
    if others := [record_id for record_id in ids if record_id not in damaged]:
        warn_of_others(schema, len(others), schema.key_of(others[0]))
    return damaged


def _source_command(schema: Schema, key: str) -> Command:
    if schema.storage == "json":
        return Command(("JSON.GET", key, f"$.index.{SOURCE}"), key)
    return Command(("HGET", key, SOURCE), key)


def _source(record: Record, stored: Reply) -> str | None:
    """Return the id of the source document of a record."""
    if stored is None:
        return None
    tag = stored.decode()
    if stored.startswith(b"["):
        told = orjson.loads(stored)
        if not told:
            return None
        tag = told[0][0] if isinstance(told[0], list) else told[0]
    source = decode_tag(tag)
    if source is None and record.frame is not None:
        # Where only a digest is indexed, the frame has it.
        source = orjson.loads(record.frame)["relationships"][_SOURCE_NODE]["node_id"]
    return source


def learn_from(job: Job, registry: Registry) -> Steps[None]:
    """Let the new index know all fields that the one which is rebuilt has by now.

    Args:
        job: The rebuild.
        registry: The registry of the index that is rebuilt.
    """
    for _ in range(ATTEMPTS):
        snapshot = job.target.snapshot or (yield from read_snapshot(job.target))
        if snapshot is None:
            raise ServerError(f"index {job.mark.target!r}, which a rebuild makes, was dropped by others")
        schema = snapshot.schema
        held = registered_fields(registry, schema.reserved)
        change = schema_difference(schema, held, untyped_keys(registry))
        if not (change or snapshot.claimed):
            return
        if (yield from apply_schema_change(job.target, snapshot, change)) is None:
            yield from read_snapshot(job.target)
    raise ServerError(
        f"index {job.mark.target!r} was changed by others in every attempt to add fields to it; try again"
    )


def _write(job: Job, found: Found, vectors: Sequence[Any]) -> Steps[None]:
    # What was read a while ago, since its vector had to be made, has less time left now.
    elapsed = int(1000 * (time.monotonic() - found.read_at))
    kept: list[Record] = []
    kept_vectors: list[Any] = []
    gone = list(found.gone)
    for record, vector in zip(found.records, vectors, strict=True):
        if record.ttl_ms is not None:
            record.ttl_ms -= elapsed
            if record.ttl_ms <= 0:
                gone.append(record.id)
                continue
        kept.append(record)
        kept_vectors.append(vector)
    if kept:
        try:
            yield from upsert(job.target, kept, kept_vectors)
        except PartialWriteError as error:
            raise error.__cause__ if isinstance(error.__cause__, RecordError) else error from None
    snapshot = job.target.snapshot
    if gone and snapshot is not None:
        yield from remove(job.target, snapshot, gone)


def _read_journal(job: Job, cursor: Any) -> Steps[tuple[Any, dict[bytes, bytes]]]:
    journal = journal_key(job.mark.target)
    (reply,) = yield [Command(("HSCAN", journal, cursor, "COUNT", _PAGE), journal)]
    following, entries = ok(reply)
    noted = as_mapping(entries)
    noted.pop(JOURNAL_START, None)
    return following, noted


def _strike(job: Job, noted: dict[bytes, bytes]) -> Steps[None]:
    (reply,) = yield [strike_command(job.mark.target, noted)]
    ok(reply)


def is_journal_empty(job: Job) -> Steps[bool]:
    """Tell whether nothing is left to copy.

    Raises:
        ServerError: If the journal was lost, so that nobody knows what others have changed.
    """
    journal = journal_key(job.mark.target)
    left, beat = yield [Command(("HLEN", journal), journal), Command(("HGET", journal, JOURNAL_START), journal)]
    if ok(beat) is None or int(beat) != job.beat:
        raise ServerError(
            f"the server has lost the key {journal!r}, in which changes were noted while index {job.schema.handle!r} "
            "was rebuilt; call rebuild again"
        )
    return int(ok(left)) == 1


class _Pages:
    """The keys of all records of an index, page by page."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._keys: list[bytes] = []
        self._cursor: int | None = None
        self._has_begun = False

    def following(self) -> Steps[list[bytes]]:
        """Return the next page; an empty one at the end."""
        if not self._has_begun:
            self._has_begun = True
            yield from self._begin()
        while not self._keys and self._cursor:
            (reply,) = yield [read_cursor_command(self._schema, self._cursor, _PAGE)]
            self._keys, self._cursor = read_cursor_page(ok(reply))
        page, self._keys = self._keys[:_PAGE], self._keys[_PAGE:]
        return page

    def _begin(self) -> Steps[None]:
        (counted,) = yield [count_command(self._schema, "*")]
        if read_total(ok(counted)) <= MAX_KEYS:
            (reply,) = yield [keys_command(self._schema, "*", MAX_KEYS)]
            self._keys = read_keys(ok(reply))
            return
        (reply,) = yield [open_cursor_command(self._schema, "*", _PAGE)]
        self._keys, self._cursor = read_cursor_page(ok(reply))


def _ids(schema: Schema, keys: Sequence[bytes]) -> list[str]:
    return [schema.id_of(key) for key in keys if key.startswith(schema.prefix_bytes)]
