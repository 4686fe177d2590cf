"""Copying all records of an index into another one, page by page, in constant memory.

What is there already with the same content is left alone, so a copy that was interrupted goes on where it stopped. In
the end the numbers of records, and some of them at random, are compared.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, NoReturn, TypeAlias, cast

import numpy as np
import orjson

from redisvl_adapters.core.index.adoption import adopt_index
from redisvl_adapters.core.index.readiness import current_snapshot, known_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.ingest.copied_vectors import (
    carried_vectors,
    check_none_is_lost,
    dimensions_probe,
    has_same_vectors,
    leave_out_others,
    stored_vectors,
)
from redisvl_adapters.core.ingest.copy_report import CopyPlan, CopyReport
from redisvl_adapters.core.ingest.tasks import Progress, Send, Task, ToEmbed, ToFill, Together
from redisvl_adapters.core.ingest.upsert import upsert
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.named_vectors import named_dims
from redisvl_adapters.core.records.record import Record, frame_source
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.cursor_pages import Page, close_walk, first_page, next_page
from redisvl_adapters.core.search.fetch import count, fetch_from, fetch_matching, filterable_fields
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.core.server.steps import primed
from redisvl_adapters.errors import AdapterError, ArgumentError, CopyError, IndexNotFoundError

PASSES = 3
"""How often an index is gone through at most that changes meanwhile."""
SAMPLE = 100
"""How many records are compared in the end."""
_SLACK_MS = 2000
"""How far the answers can be from each other when two records that expire together are asked one after the other."""


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
        some = yield Send(source, fetch_matching(_reading(source.state), None, limit=1))
        dims = len((yield ToEmbed(some))[0]) if some else None
    return source.state.schema is not None and dims not in (None, source.state.schema.vector.dims)


def _reading(state: IndexState) -> IndexState:
    """Return a state to read with: to read a record for a copy does not let it live longer."""
    same = {each.name: getattr(state, each.name) for each in fields(IndexState)}
    return IndexState(**{**same, "spec": replace(state.spec, sliding_ttl=False)})


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
        self._done = 0
        self._sample: list[str] = []
        self._dice = random.Random()  # noqa: S311  # no secret
        self._adopted = False
        self._reading = _reading(source.state)

    def report(self) -> CopyReport:
        return CopyReport(self.copied, self.skipped, self.embedded, self.compared, self.passes)

    def fail(self, why: str, cause: Exception | None = None) -> NoReturn:
        message = (
            f"the copy of index {self.plan.source!r} into {self.plan.target!r} stopped: of {self.plan.records} records "
            f"{self.copied} are copied and {self.skipped} were there already; then: {why}. Call it again to go on"
        )
        raise CopyError(message, report=self.report()) from cause

    def run(self) -> Task[CopyReport]:
        before = self.plan.records
        differing: list[str] = []
        for _ in range(PASSES):
            yield from self._go_through()
            after = yield Send(self.source, count(self.source.state))
            there = (yield Send(self.target, count(self.target.state))) if self._done else 0
            differing = yield from self._compare()
            if before == after and there >= self._done and not differing:
                return self.report()
            before = after
        what = f"the record {differing[0]!r:.80} differs" if differing else f"there are {before} records now"
        self.fail(f"the index changes while it is copied: {what}, after {PASSES} passes")

    def _go_through(self) -> Task[None]:
        self._done, self._sample = 0, []
        self.passes += 1
        page: Page = yield Send(self.source, first_page(self._reading, None, self.batch_size, vectors=True))
        try:
            while True:
                fresh = yield from self._fresh(page)
                write = yield from self._write(page, fresh)
                read = None if page.is_last else Send(self.source, next_page(self._reading, page, self.batch_size))
                page = (yield from _both(write, read)) or page
                self.copied += len(fresh)
                self.embedded += len(fresh) * self.plan.embeds
                yield Progress(self._done, self.plan.records)
                if read is None:
                    return
        except Exception:
            with suppress(AdapterError):
                yield Send(self.source, close_walk(page))
            raise

    def _fresh(self, page: Page) -> Task[list[Record]]:
        """Return the records of a page that the target does not have with the same content."""
        if not page.records:
            return []
        schema = cast("Schema", page.schema)
        records = list({record.id: record for record in page.records}.values())
        ids = [record.id for record in records]
        lives: list[int]
        there: list[tuple[Record | None, int]] = [(None, _GONE)] * len(ids)
        if self.passes > 1 or self.plan.target_records:
            asked = Send(self.source, _remaining_ms(schema, ids)), Send(self.target, self._there(ids))
            lives, there = yield Together(*asked)
        else:
            lives = yield Send(self.source, _remaining_ms(schema, ids))
        living = []
        for record, left, other in zip(records, lives, there, strict=True):
            if left == _GONE:
                continue
            record.ttl_ms = left if left > 0 else None
            self._take_in(record)
            record.source = frame_source(record.frame)
            living.append((record, other))
            self._note(record.id)
        same = self._same(living)
        if self.plan.embeds:
            # Else a vector of the source that is there, by an earlier copy, would be taken for one of the new model.
            same = [each and not is_copy for each, is_copy in zip(same, self._same_vectors(living), strict=True)]
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

    def _write(self, page: Page, records: list[Record]) -> Task[Send | None]:
        if not records:
            return None
        vectors: Sequence[Vector] = (
            (yield ToEmbed(records)) if self.plan.embeds else [cast("Vector", record.vector) for record in records]
        )
        if not self._adopted:
            schema = cast("Schema", page.schema)
            if (scope := self.source.state.scope) is not None:
                # Those of the records that are copied, and no others.
                filled = yield Send(self.source, filterable_fields(self.source.state))
                keys = {*scope.plain, *(each.key for each in filled)}
                schema = replace(schema, fields={key: schema.fields[key] for key in schema.fields if key in keys})
            model = None if self.plan.embeds else _model_of(self.source.state)
            probe = dimensions_probe(self.target)
            yield ToFill(self.target, [probe])
            dims = named_dims([probe])
            yield Send(self.target, adopt_index(self.target.state, schema, len(vectors[0]), model, dims))
            self._adopted = True
        source, target = cast("Schema", page.schema), cast("Schema", self.target.state.schema)
        if target.vectors:
            leave_out_others(records, source, target, self.target.models)
            yield ToFill(self.target, records)
        return Send(self.target, primed(upsert(self.target.state, records, vectors)))

    def _there(self, ids: Sequence[str]) -> Steps[list[tuple[Record | None, int]]]:
        """Return what the target has under some ids, with its remaining milliseconds."""
        state = _reading(self.target.state)
        snapshot = yield from known_snapshot(state)
        if snapshot is None:
            return [(None, _GONE)] * len(ids)
        found = yield from fetch_from(state, snapshot.schema, ids, vectors=True)
        lives = dict.fromkeys(ids, _GONE)
        present = [record.id for record in found if record is not None]
        if present:
            lives |= zip(present, (yield from _remaining_ms(snapshot.schema, present)), strict=True)
        return [(record, lives[record_id]) for record_id, record in zip(ids, found, strict=True)]

    def _same(self, pairs: Sequence[_Pair]) -> list[bool]:
        """Tell of each record whether the target has it with the same content; of vectors only if they are copied."""
        if all(other is None for _, (other, _) in pairs):
            return [False] * len(pairs)
        default = self.target.state.spec.ttl_ms
        same = [
            other is not None
            and _content(record) == _content(other)
            and _expire_together(default if record.ttl_ms is None else record.ttl_ms, left if left > 0 else None)
            for record, (other, left) in pairs
        ]
        if self.plan.embeds or not any(same):
            return same
        return [each and is_copy for each, is_copy in zip(same, self._same_vectors(pairs), strict=True)]

    def _same_vectors(self, pairs: Sequence[_Pair]) -> list[bool]:
        """Tell of each record whether the target has its vector, as it stores vectors."""
        schema = self.target.state.schema
        both = [place for place, (_, (other, _)) in enumerate(pairs) if other is not None]
        same = [False] * len(pairs)
        if both and schema is not None:
            held = stored_vectors([pairs[place][0] for place in both], schema)
            carried = carried_vectors(self.source.state.schema, schema)
            for place, vector in zip(both, held, strict=True):
                record, (found, _) = pairs[place]
                other = cast("Record", found)
                is_same = vector is not None and np.array_equal(vector, cast("Any", other.vector))
                same[place] = is_same and has_same_vectors(record, other, carried, schema)
        return same

    def _compare(self) -> Task[list[str]]:
        """Compare some records of both sides, and return the ids of those that differ."""
        if not self._sample:
            return []
        snapshot = yield Send(self.source, current_snapshot(self._reading))
        if snapshot is None:
            return []
        read = fetch_from(self._reading, snapshot.schema, self._sample, vectors=True)
        records, there = yield Together(Send(self.source, read), Send(self.target, self._there(self._sample)))
        pairs = []
        for record, (other, left) in zip(records, there, strict=True):
            if record is not None:
                # Of times to live those that others change in between are no difference.
                record.ttl_ms = left if left > 0 else None
                self._take_in(record)
                pairs.append((record, (other, left)))
        self.compared = len(pairs)
        same = self._same(pairs)
        return [record.id for (record, _), is_same in zip(pairs, same, strict=True) if not is_same]


_Pair: TypeAlias = tuple[Record, tuple[Record | None, int]]
"""A record of the source, and what the target has under its id, with its remaining milliseconds."""
_GONE = -2
"""What the server says of the remaining time of a key that is not there."""


def _both(write: Send | None, read: Send | None) -> Task[Page | None]:
    """Write records and read the next page, at the same time if there is both, and return the page."""
    if write is not None and read is not None:
        _, page = yield Together(write, read)
        return cast("Page", page)
    if write is not None:
        yield write
    return None if read is None else cast("Page", (yield read))


def _remaining_ms(schema: Schema, ids: Sequence[str]) -> Steps[list[int]]:
    keys = [schema.key_of(record_id) for record_id in ids]
    return [int(ok(reply)) for reply in (yield [Command(("PTTL", key), key) for key in keys])]


def _content(record: Record) -> tuple[str, bytes, str | None]:
    return record.text, orjson.dumps(record.metadata, option=orjson.OPT_SORT_KEYS), record.frame


def _expire_together(left: int | None, other: int | None) -> bool:
    return left == other if left is None or other is None else abs(left - other) <= _SLACK_MS
