"""Copying all records of an index into another one, page by page, in constant memory.

What is there already with the same content is left alone, so a copy that was interrupted goes on where it stopped. In
the end the numbers of records, and some of them at random, are compared.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn, cast

from redisvl_adapters.core.index.adoption import adopt_index
from redisvl_adapters.core.index.expiry import without_renewal
from redisvl_adapters.core.index.readiness import current_snapshot, known_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.ingest.bad_records import BadRecords, find_unindexed
from redisvl_adapters.core.ingest.copied_vectors import check_none_is_lost, dimensions_probe, leave_out_others
from redisvl_adapters.core.ingest.copy_comparison import (
    Pair,
    have_same_content,
    have_same_vectors,
    read_living,
    read_others,
    with_time_left,
)
from redisvl_adapters.core.ingest.copy_report import CopyPlan, CopyReport
from redisvl_adapters.core.ingest.stored_copy import StoredReader, write_stored
from redisvl_adapters.core.ingest.tasks import Send, Task, ToEmbed, ToFill, Together
from redisvl_adapters.core.ingest.upsert import upsert
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.named_vectors import named_dims
from redisvl_adapters.core.records.record import Record, frame_source
from redisvl_adapters.core.records.stored_hashes import StoredHash, are_hashes_alike
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.cursor_pages import Page, close_walk, first_page, next_page, next_page_read_by
from redisvl_adapters.core.search.fetch import count, fetch_matching, filterable_fields
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.progress import Progress
from redisvl_adapters.core.server.steps import primed
from redisvl_adapters.errors import AdapterError, ArgumentError, CopyError, IndexNotFoundError

PASSES = 3
"""How often an index is gone through at most that changes meanwhile."""
SAMPLE = 100
"""How many records are compared in the end."""


def plan_copy(source: RedisIndex, target: RedisIndex, *, embeds: bool, can_embed: bool) -> Task[CopyPlan]:
    """Return what a copy is about to do.

    Args:
        source: The index that is copied.
        target: The index that it is copied into.
        embeds: Whether texts are embedded anew in any case, not only where another model makes the target's vectors.
        can_embed: Whether there is a model, of which one text is asked if nothing else tells the target's dimensions.

    Raises:
        IndexNotFoundError: If the source does not exist.
        ArgumentError: If both are the same index.
    """
    found = yield Send(source, current_snapshot(source.state, anew=True))
    if found is None:
        raise IndexNotFoundError(f"index {source.state.spec.name!r} does not exist: there is nothing to copy")
    into = yield Send(target, known_snapshot(target.state, anew=True))
    schema, name = found.schema, into.schema.name if into else target.state.spec.name
    if schema.name == name and source.connection.address == target.connection.address:
        raise ArgumentError(f"index {name!r} cannot be copied into itself; choose another index_name")
    if into is not None or target.state.spec.vectors:
        check_none_is_lost(schema, name, into.schema.vectors if into else target.state.spec.vectors)
    records = yield Send(source, count(source.state))
    there = None if into is None else (yield Send(target, count(target.state)))
    embeds = embeds or (yield from _is_of_another_model(source, target, can_embed=can_embed))
    return CopyPlan(schema.name, name, records, schema.storage, schema.vector.dims, there, embeds=embeds)


def _is_of_another_model(source: RedisIndex, target: RedisIndex, *, can_embed: bool) -> Task[bool]:
    """Tell whether the vectors of an index mean nothing in another one, as far as their models are known."""
    model, other = _model_of(source.state), _model_of(target.state)
    if model is not None and other is not None and model != other:
        return True
    dims = target.state.schema.vector.dims if target.state.schema else target.state.spec.dims
    if dims is None and can_embed and model is None:
        some = yield Send(source, fetch_matching(without_renewal(source.state), None, limit=1))
        dims = len((yield ToEmbed(some))[0]) if some else None
    return source.state.schema is not None and dims not in (None, source.state.schema.vector.dims)


def _model_of(state: IndexState) -> str | None:
    return (state.schema.embedding_id if state.schema else None) or state.spec.embedding_id


def copy_records(source: RedisIndex, target: RedisIndex, plan: CopyPlan, batch_size: int) -> Task[CopyReport]:
    """Copy records with their ids, texts, vectors, metadata, frames and times to live.

    Args:
        source: The index that is copied.
        target: The index that it is copied into. It gets the fields of the source first.
        plan: What ``plan_copy`` found.
        batch_size: How many records are read, embedded and written at once.

    Raises:
        CopyError: If something failed, or the source changed all the time; ``report`` says how far it came.
    """
    copy = _Copy(source, target, plan, batch_size)
    try:
        return (yield from copy.run())
    except CopyError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, it is said how far the copy came
        copy.fail(str(error), error)


class _Copy:
    """A copy that goes on: what is done, and which records are compared in the end."""

    def __init__(self, source: RedisIndex, target: RedisIndex, plan: CopyPlan, batch_size: int) -> None:
        self.source, self.target = source, target
        self.plan = plan
        self.batch_size = batch_size
        self.copied = self.skipped = self.embedded = self.compared = self.passes = 0
        self._done = self._there = self._lacking = 0
        self._bad = BadRecords(plan.on_bad_record)
        self._sample: list[str] = []
        self._dice = random.Random()  # noqa: S311  # no secret
        self._adopted = False
        self._stored: StoredReader | None = None
        self._reading = without_renewal(source.state)

    def report(self) -> CopyReport:
        counts = self.copied, self.skipped, self.embedded, self.compared, self.passes
        return CopyReport(*counts, self._lacking + len(self._bad.found), self._there)

    def fail(self, why: str, cause: Exception | None = None) -> NoReturn:
        message = (
            f"the copy of index {self.plan.source!r} into {self.plan.target!r} stopped: of {self.plan.records} records "
            f"{self.copied} are copied and {self.skipped} were there already; then: {why}. Call it again to go on"
        )
        raise CopyError(message, report=self.report()) from cause

    def run(self) -> Task[CopyReport]:
        before = self.plan.records
        differing: list[str] = []
        schema = self.source.state.schema
        if schema is not None and schema.foreign is None and self.source.state.scope is None:
            yield Send(self.source, find_unindexed(schema, self._bad))
        for _ in range(PASSES):
            yield from self._go_through()
            after = yield Send(self.source, count(self.source.state))
            self._there = (yield Send(self.target, count(self.target.state))) if self._done else 0
            differing = yield from self._compare()
            if before == after and self._there >= self._done and not differing:
                self._bad.tell()
                return self.report()
            before = after
        what = f"the record {differing[0]!r:.80} differs" if differing else f"there are {before} records now"
        self.fail(f"the index changes while it is copied: {what}, after {PASSES} passes")

    def _go_through(self) -> Task[None]:
        self._done, self._lacking, self._sample = 0, 0, []
        self.passes += 1
        self._stored = None
        page: Page[Any] = yield Send(self.source, first_page(self._reading, None, self.batch_size, vectors=True))
        try:
            while True:
                self._lacking += page.lacking
                hashes = self._hashes(page)
                fresh = yield from self._fresh(page)
                write = yield from self._write(page, fresh, hashes)
                read = None if page.is_last else Send(self.source, self._next_page(page))
                page = (yield from _both(write, read)) or page
                self.copied += len(fresh) + len(hashes)
                self.embedded += len(fresh) * self.plan.embeds
                yield Progress(self._done, self.plan.records)
                if read is None:
                    return
        except Exception:
            with suppress(AdapterError):
                yield Send(self.source, close_walk(page))
            raise

    def _next_page(self, page: Page[Any]) -> Steps[Page[Any]]:
        if self._stored is None:
            return next_page(self._reading, page, self.batch_size)
        return next_page_read_by(self._reading, page, self.batch_size, self._stored.read)

    def _hashes(self, page: Page[Any]) -> list[StoredHash]:
        """Return the records of a page that are carried over as they lie."""
        hashes = list({each.id: each for each in page.records if isinstance(each, StoredHash)}.values())
        for each in hashes:
            self._note(each.id)
        return hashes

    def _fresh(self, page: Page[Any]) -> Task[list[Record]]:
        """Return the records of a page that the target does not have with the same content."""
        records = list({record.id: record for record in page.records if isinstance(record, Record)}.values())
        if not records:
            return []
        schema = cast("Schema", page.schema)
        timed = Send(self.source, with_time_left(schema, records))
        others: list[Record | None] = [None] * len(records)
        if self.passes > 1 or self.plan.target_records:
            ids = [record.id for record in records]
            found, others = yield Together(
                timed, Send(self.target, read_others(without_renewal(self.target.state), ids))
            )
        else:
            found = yield timed
        living = []
        for record, other in zip(found, others, strict=True):
            if record is not None and record.vector is None and not self.plan.embeds:
                self._bad.add_without_vector(record.id)
            elif record is not None:
                self._take_in(record)
                record.source = frame_source(record.frame)
                living.append(Pair(record, other))
                self._note(record.id)
        same = self._same(living)
        if self.plan.embeds:
            # Else a vector of the source that is there, by an earlier copy, would be taken for one of the new model.
            copies = have_same_vectors(living, self.source.state.schema, self.target.state.schema)
            same = [each and not is_copy for each, is_copy in zip(same, copies, strict=True)]
        fresh = [record for (record, _), is_same in zip(living, same, strict=True) if not is_same]
        self.skipped += len(living) - len(fresh)
        return fresh

    def _take_in(self, record: Record) -> None:
        """Give a record the metadata of the scope of the target, if it has one.

        Raises:
            RecordError: If it says otherwise.
        """
        if (scope := self.target.state.scope) is not None:
            where = f"the record {record.id!r:.80}"
            record.metadata = scope.applied(check_metadata(record.metadata, where), where).plain

    def _note(self, record_id: str) -> None:
        """Count a record, and keep its id with the chance that each has to be compared in the end."""
        self._done += 1
        if len(self._sample) < SAMPLE:
            self._sample.append(record_id)
        elif (place := self._dice.randrange(self._done)) < SAMPLE:
            self._sample[place] = record_id

    def _write(self, page: Page[Any], records: list[Record], hashes: list[StoredHash]) -> Task[Send | None]:
        if not (records or hashes):
            return None
        vectors: Sequence[Vector] = [cast("Vector", record.vector) for record in records]
        if records and self.plan.embeds:
            vectors = yield ToEmbed(records)
        if records and (not self._adopted or (self._stored is not None and self._stored.is_stale)):
            yield from self._adopt(len(vectors[0]))
        source, target = cast("Schema", page.schema), cast("Schema", self.target.state.schema)
        if records and target.vectors:
            leave_out_others(records, source, target, self.target.models)
            yield ToFill(self.target, records)
        return Send(self.target, primed(_written(self.target.state, self._stored, hashes, records, vectors)))

    def _adopt(self, dims: int) -> Task[None]:
        """Let the target know the fields of the source, and see whether records can be carried over as they lie."""
        snapshot = yield Send(self.source, current_snapshot(self._reading, anew=self._adopted))
        if snapshot is None:
            raise IndexNotFoundError(f"index {self.plan.source!r} was dropped while it was copied")
        schema = snapshot.schema
        if (scope := self.source.state.scope) is not None:
            # Those of the records that are copied, and no others.
            filled = yield Send(self.source, filterable_fields(self.source.state))
            keys = {*scope.plain, *(each.key for each in filled)}
            fields = {key: replace(schema.fields[key], other_kinds=frozenset()) for key in schema.fields if key in keys}
            schema = replace(schema, fields=fields, untyped_keys=frozenset())
        model = None if self.plan.embeds else _model_of(self.source.state)
        probe = dimensions_probe(self.target)
        yield ToFill(self.target, [probe])
        yield Send(self.target, adopt_index(self.target.state, schema, dims, model, named_dims([probe])))
        self._adopted = True
        self._stored = StoredReader(snapshot) if self._is_carried_over(snapshot.schema) else None

    def _is_carried_over(self, schema: Schema) -> bool:
        """Tell whether hashes can be carried over as they lie: nothing of them is to be compared, nor to be changed."""
        target = self.target.state.schema
        is_new = self.passes == 1 and not self.plan.target_records and not self.plan.embeds
        is_whole = self.source.state.scope is None and self.target.state.scope is None
        return is_new and is_whole and target is not None and are_hashes_alike(schema, target)

    def _same(self, pairs: Sequence[Pair]) -> list[bool]:
        """Tell of each record whether the target has it with the same content; of vectors only if they are copied."""
        same = have_same_content(pairs, self.target.state.spec.ttl_ms)
        if self.plan.embeds or not any(same):
            return same
        vectors = have_same_vectors(pairs, self.source.state.schema, self.target.state.schema)
        return [each and is_copy for each, is_copy in zip(same, vectors, strict=True)]

    def _compare(self) -> Task[list[str]]:
        """Compare some records of both sides, and return the ids of those that differ."""
        if not self._sample:
            return []
        snapshot = yield Send(self.source, current_snapshot(self._reading))
        if snapshot is None:
            return []
        read = read_living(self._reading, snapshot.schema, self._sample)
        others = read_others(without_renewal(self.target.state), self._sample)
        records, there = yield Together(Send(self.source, read), Send(self.target, others))
        # Of times to live those that others change in between are no difference.
        pairs = [Pair(record, other) for record, other in zip(records, there, strict=True) if record is not None]
        for record, _ in pairs:
            self._take_in(record)
        self.compared = len(pairs)
        same = self._same(pairs)
        return [record.id for (record, _), is_same in zip(pairs, same, strict=True) if not is_same]


def _written(
    state: IndexState,
    reader: StoredReader | None,
    hashes: list[StoredHash],
    records: list[Record],
    vectors: Sequence[Vector],
) -> Steps[None]:
    if reader is not None and hashes:
        yield from write_stored(state, reader.schema, hashes)
    if records:
        yield from upsert(state, records, vectors)


def _both(write: Send | None, read: Send | None) -> Task[Page[Any] | None]:
    """Write records and read the next page, at the same time if there is both, and return the page."""
    if write is not None and read is not None:
        _, page = yield Together(write, read)
        return cast("Page[Any]", page)
    if write is not None:
        yield write
    return None if read is None else cast("Page[Any]", (yield read))
