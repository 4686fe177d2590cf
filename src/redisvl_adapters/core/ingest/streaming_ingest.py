"""Ingest: records of any number are embedded and written batch by batch, one while the other goes on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias

from redisvl_adapters.core.arguments import check_flag
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.registry import has_same_records, registry_header
from redisvl_adapters.core.ingest.upsert import check_records, upsert
from redisvl_adapters.core.records.metadata import CheckedMetadata
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vector_models import vector_keys
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.fetch import existing_ids
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps
from redisvl_adapters.core.server.replies import shortened
from redisvl_adapters.core.server.steps import primed
from redisvl_adapters.core.server.telemetry import aside
from redisvl_adapters.errors import ArgumentError, PartialWriteError, ServerError

_MAX_SAID = 195
"""How many characters of what a server said come behind how much is written, so that there are no more than 300."""

Vectors: TypeAlias = Sequence[Vector]
Embed: TypeAlias = Callable[[list[Record]], Vectors]
AsyncEmbed: TypeAlias = Callable[[list[Record]], Awaitable[Vectors]]


def _embedding(index: RedisIndex, records: Sequence[Record]) -> AbstractContextManager[None]:
    """Return what traces the embedding of records; nothing if they have their vectors already."""
    return index.embedding(len(records)) if any(record.vector is None for record in records) else nullcontext()


def given_vectors(records: list[Record]) -> list[Any]:
    """Return the vectors that records have already."""
    return [record.vector for record in records]


async def agiven_vectors(records: list[Record]) -> list[Any]:
    """Return the vectors that records have already."""
    return given_vectors(records)


class Bar(Protocol):
    """What of a progress bar is used."""

    def update(self, n: float | None = 1) -> Any:
        """Go on by a number of records."""


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """How an ingest goes on.

    Attributes:
        batch_size: How many records are embedded and written at once.
        ttl_ms: Milliseconds after which records expire that say nothing else.
        show_progress: Whether to draw a bar.
        skip_existing: Whether records whose ids exist are neither embedded nor written.
        max_concurrency: How many batches are embedded at the same time, in async calls.
    """

    batch_size: int = BATCH_SIZE
    ttl_ms: int | None = None
    show_progress: bool = False
    skip_existing: bool = False
    max_concurrency: int = 4

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_concurrency"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} is a positive integer; not {value!r:.80}")
        for name in ("show_progress", "skip_existing"):
            check_flag(getattr(self, name), name)


class Batch(NamedTuple):
    """Records that are embedded and written at once.

    Attributes:
        records: The records.
        positions: Where each stands among all.
    """

    records: list[Record]
    positions: list[int]

    def without(self, ids: Container[str]) -> Batch:
        """Return the batch without the records that have these ids."""
        kept = [pair for pair in zip(self.records, self.positions, strict=True) if pair[0].id not in ids]
        return Batch([record for record, _ in kept], [position for _, position in kept])


class _Ingest:
    """What the sync and the async ingest share: which records came, which are written, and how it is said."""

    def __init__(self, index: RedisIndex, records: Iterable[Record], plan: IngestPlan) -> None:
        self.ids: list[str] = []
        self.written: list[str] = []
        self._header: Any = None
        self._state = index.state
        self._models = index.models
        self._plan = plan
        self._records = records
        self._checked: list[CheckedMetadata] | None = None

    @property
    def needs_check(self) -> bool:
        """Whether the records are checked as a whole first; without embedding, one batch is when it is written."""
        if not isinstance(self._records, Sequence):
            return False
        if self._models or len(self._records) > self._plan.batch_size:
            return True
        return any(record.vector is None for record in self._records)

    def check(self) -> Steps[None]:
        self._checked = yield from check_records(self._state, list(self._records), embedded=self._models.names)

    @property
    def keys(self) -> dict[str, str]:
        """The metadata keys that named vectors are made of, by their names; only if there are models for these."""
        return vector_keys(self._state.schema, self._state.spec) if self._models else {}

    def batches(self) -> Iterator[tuple[Batch, bool]]:
        """Yield the batches, and whether each is the last one."""
        coming = iter(self._records)
        batch = self._drawn(coming)
        while batch.records:
            following = self._drawn(coming)
            yield batch, not following.records
            batch = following

    def _drawn(self, coming: Iterator[Record]) -> Batch:
        batch = Batch([], [])
        with aside():
            # One by one: where the iterator fails, those before are known.
            for record in islice(coming, self._plan.batch_size):
                batch.positions.append(len(self.ids))
                batch.records.append(record)
                self.ids.append(record.id)
        return batch

    def select(self, batch: Batch) -> Steps[Batch]:
        """Return what of a batch is to be embedded and written, checked if that was not done yet."""
        embeds = self._models or any(record.vector is None for record in batch.records)
        if not isinstance(self._records, Sequence) and (embeds or self._plan.skip_existing):
            # Before the model meets what is no text, and the server what is no id.
            yield from check_records(self._state, batch.records, batch.positions, self._models.names)
        if not self._plan.skip_existing:
            return batch
        there = yield from existing_ids(self._state, [record.id for record in batch.records])
        self.written += [record.id for record in batch.records if record.id in there]
        return batch.without(there)

    def write(self, batch: Batch, vectors: Vectors) -> Steps[list[str]]:
        """Return what writes a batch, checked and encoded already while the one before is on its way."""
        return primed(self._write(batch, vectors))

    def _write(self, batch: Batch, vectors: Vectors) -> Steps[list[str]]:
        ttl_ms, state = self._plan.ttl_ms, self._state
        checked = None if self._checked is None else [self._checked[place] for place in batch.positions]
        ids = yield from upsert(state, batch.records, vectors, ttl_ms, batch.positions, checked)
        snapshot = self._state.snapshot
        header = registry_header(snapshot.registry) if snapshot else None
        if self._header is not None and not has_same_records(header, self._header):
            # Made anew, but perhaps by somebody who began at the same time, and nothing is lost.
            there = yield from existing_ids(self._state, self.written)
            if not there.issuperset(self.written):
                self.written[:] = [record_id for record_id in self.written if record_id in there]
                message = "records were lost again: others emptied the index, or the server came back without its data"
                raise PartialWriteError(message, written=ids)
        self._header = header
        return ids

    def bar(self) -> AbstractContextManager[Bar | None]:
        if not self._plan.show_progress:
            return nullcontext()
        from tqdm.auto import tqdm  # noqa: PLC0415  # slow to import, and for those alone who ask for it

        total = len(self._records) if isinstance(self._records, Sequence) else None
        return tqdm(total=total, unit=" records", desc=f"Writing to {self._state.spec.name}")

    def raise_partial(self, error: Exception) -> NoReturn:
        """Raise an error that says what is written and why it stopped, or the error itself if nothing is written."""
        partial = error if isinstance(error, PartialWriteError) else None
        done = self.written + (partial.written if partial else [])
        if not done and partial is None:
            raise error
        whole = isinstance(self._records, Sequence)
        ids = [record.id for record in self._records] if whole else self.ids
        there = set(done)
        rest = [record_id for record_id in ids if record_id not in there]
        more = "" if whole else ", and the rest of the stream was not read"
        cause = (partial and partial.__cause__) or error
        said = shortened(str(error), _MAX_SAID) if isinstance(cause, ServerError) else str(error)
        raise PartialWriteError(
            f"{len(done)} records are written, {len(rest)} are not known to be{more}: {said}",
            written=done,
            unwritten=rest,
        ) from cause


def ingest(index: RedisIndex, records: Iterable[Record], embed: Embed, plan: IngestPlan) -> list[str]:
    """Embed and write records; the next batch is embedded while the last one is written.

    A sequence is checked as a whole before anything is embedded, anything else batch by batch.

    Args:
        index: The index.
        records: The records, of any number.
        embed: Returns the vectors of a batch.
        plan: How to go on.

    Returns:
        The ids of the records, in their order.

    Raises:
        RecordError: If a record could not be stored, indexed and read back exactly.
        PartialWriteError: If something failed after some records were written, or may have been.
    """
    with index.traced("upsert"):
        return _ingested(index, records, embed, plan)


def _ingested(index: RedisIndex, records: Iterable[Record], embed: Embed, plan: IngestPlan) -> list[str]:
    job = _Ingest(index, records, plan)
    if job.needs_check:
        index.run(job.check())
    sent = Event()

    def write(steps: Steps[list[str]]) -> list[str]:
        try:
            return index.run(steps, sent.set)
        finally:
            sent.set()

    writing: Future[list[str]] | None = None
    with job.bar() as bar, ThreadPoolExecutor(1, "redis-write") as writer:
        try:
            for batch, is_last in job.batches():
                fresh = index.run(job.select(batch))
                index.models.fill(fresh.records, job.keys)
                with _embedding(index, fresh.records):
                    vectors = embed(fresh.records) if fresh.records else []
                steps = job.write(fresh, vectors)
                if writing is not None:
                    job.written += writing.result()
                    writing = None
                if is_last:
                    job.written += index.run(steps)
                else:
                    sent.clear()
                    # In the context of the caller, where the operation is known that this belongs to.
                    writing = writer.submit(copy_context().run, write, steps)
                    # Else it would wait for the interpreter between the pieces that it sends, and the server with it.
                    sent.wait()
                if bar is not None:
                    bar.update(len(batch.records))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is said what is written
            if writing is not None:
                failed = writing.exception()
                if isinstance(failed, Exception) and failed is not error:
                    # It came first, and what was to be written after it is not known to be right.
                    job.raise_partial(failed)
                job.written += writing.result() if failed is None else []
            job.raise_partial(error)
    return job.ids


async def aingest(index: RedisIndex, records: Iterable[Record], embed: AsyncEmbed, plan: IngestPlan) -> list[str]:
    """Embed and write records, several batches being embedded at the same time. See ``ingest``."""
    with index.traced("upsert"):
        return await _aingested(index, records, embed, plan)


async def _aingested(index: RedisIndex, records: Iterable[Record], embed: AsyncEmbed, plan: IngestPlan) -> list[str]:
    job = _Ingest(index, records, plan)
    if job.needs_check:
        await index.arun(job.check())

    async def embedded(batch: Batch) -> Steps[list[str]]:
        fresh = await index.arun(job.select(batch))
        await index.models.afill(fresh.records, job.keys)
        with _embedding(index, fresh.records):
            vectors = await embed(fresh.records) if fresh.records else []
        return job.write(fresh, vectors)

    ahead: deque[tuple[asyncio.Task[Steps[list[str]]], int]] = deque()

    async def write_first() -> None:
        task, count = ahead[0]
        steps = await task
        ahead.popleft()
        job.written += await index.arun(steps)
        if bar is not None:
            bar.update(count)

    with job.bar() as bar:
        try:
            for batch, _ in job.batches():
                ahead.append((asyncio.ensure_future(embedded(batch)), len(batch.records)))
                if len(ahead) == plan.max_concurrency:
                    await write_first()
            while ahead:
                await write_first()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is said what is written
            job.raise_partial(error)
        finally:
            for task, _ in ahead:
                task.cancel()
            await asyncio.gather(*(task for task, _ in ahead), return_exceptions=True)
    return job.ids
