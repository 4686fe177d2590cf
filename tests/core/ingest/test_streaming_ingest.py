"""Ingest: what is checked before it starts, how far it looks ahead, what goes on at the same time, what is skipped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.ingest.streaming_ingest import IngestPlan, aingest, ingest
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.errors import RecordError
from tests.core.fake_server import record
from tests.core.ingest.ingest_support import (
    VECTOR,
    Embedder,
    IngestServer,
    MemoryIndex,
    Run,
    names,
    run_async,
    run_sync,
    some,
)

GIVE_UP = 10


@pytest.fixture
def server() -> IngestServer:
    return IngestServer()


@pytest.fixture
def index(server: IngestServer) -> MemoryIndex:
    return MemoryIndex(server)


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param  # type: ignore[no-any-return]  # it is one of those above


# What is checked first

BAD = {
    "id": record(""),
    "text": Record("bad", 3),  # type: ignore[arg-type]  # that is the point
    "metadata": record("bad", x=object()),
    "a number that no field holds": record("bad", n=2**64),
}


@pytest.mark.parametrize("batch_size", [4, 100], ids=["in several batches", "in one batch"])
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_a_sequence_is_checked_whole_before_anything_is_embedded_or_written(
    run: Run, index: MemoryIndex, server: IngestServer, bad: Record, batch_size: int
) -> None:
    """langchain-redis 14: a bad document at position 450 of 500 raised with 400 written."""
    embed = Embedder()
    with pytest.raises(RecordError, match="record 10"):
        await run(index, [*some(10, n=1), bad], embed, batch_size=batch_size)
    assert embed.calls == []
    assert server.keys == {}
    assert server.fields is None


@pytest.mark.parametrize("vector", [[1.0, 2.0, 3.0], [float("nan"), 1.0], [0.0, 0.0], ["x", "y"]], ids=str)
async def test_vectors_that_records_bring_are_checked_whole_before_anything_is_written(
    run: Run, index: MemoryIndex, server: IngestServer, vector: Any
) -> None:
    """llama-index 12: only the first node's dimension was checked."""
    records = some(11)
    for each in records:
        each.vector = VECTOR  # type: ignore[assignment]  # as a node brings it
    records[10].vector = vector
    with pytest.raises(RecordError, match=r"record 10 \(id 'r10'\)"):
        await run(index, records, Embedder(), batch_size=4)
    assert server.keys == {}


async def test_nothing_to_ingest_sends_nothing(run: Run, index: MemoryIndex, server: IngestServer) -> None:
    embed = Embedder()
    assert await run(index, [], embed) == []
    assert await run(index, iter(()), embed) == []
    assert (embed.calls, server.sent) == ([], [])


# Batches


@pytest.mark.parametrize("count", [1, 9, 10, 11, 35])
@pytest.mark.parametrize("kind", [list, iter, tuple])
async def test_records_are_embedded_and_written_in_batches_of_the_size_that_was_asked_for(
    run: Run, index: MemoryIndex, server: IngestServer, count: int, kind: Any
) -> None:
    """langchain-redis 22: the documented `batch_size` was never used."""
    embed = Embedder()
    assert await run(index, kind(some(count)), embed, batch_size=10) == names(0, count)
    assert embed.calls == [names(start, min(start + 10, count)) for start in range(0, count, 10)]
    assert list(server.records) == names(0, count)


async def test_of_several_records_with_one_id_in_several_batches_the_last_one_stays(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    records = [record("a", n=1), *some(10), record("a", n=2), record("a", n=3)]
    assert await run(index, iter(records), Embedder(), batch_size=3) == [each.id for each in records]
    assert server.records["a"][b"n"] == b"3"


@pytest.mark.parametrize(("concurrency", "batches"), [(1, 2), (4, 5), (7, 8)])
async def test_an_async_stream_is_drawn_no_further_ahead_of_what_is_written_than_was_allowed(
    index: MemoryIndex, server: IngestServer, concurrency: int, batches: int
) -> None:
    stream = Measured(server, 500)
    await aingest(index, stream, Embedder().later, IngestPlan(batch_size=10, max_concurrency=concurrency))
    assert server.stored == 500
    # One batch more is read, to know which is the last.
    assert stream.most_ahead <= batches * 10


def test_a_stream_is_drawn_no_further_ahead_of_what_is_written_than_three_batches(
    index: MemoryIndex, server: IngestServer
) -> None:
    stream = Measured(server, 500)
    ingest(index, stream, Embedder(), IngestPlan(batch_size=10))
    assert server.stored == 500
    assert stream.most_ahead <= 30


class Measured:
    """A stream that measures how many of its records were drawn and not yet written."""

    def __init__(self, server: IngestServer, count: int) -> None:
        self.most_ahead = 0
        self._server, self._count = server, count

    def __iter__(self) -> Iterator[Record]:
        for drawn, each in enumerate(some(self._count), 1):
            self.most_ahead = max(self.most_ahead, drawn - self._server.stored)
            yield each


# What goes on at the same time


def test_the_next_batch_is_embedded_while_the_last_one_is_written(index: MemoryIndex, server: IngestServer) -> None:
    embedding, written = threading.Event(), threading.Event()

    def wait() -> None:
        assert embedding.wait(GIVE_UP), "the second batch was not embedded before the first one was written"
        written.set()

    def embed_second() -> None:
        embedding.set()
        assert written.wait(GIVE_UP), "the first batch was not written while the second one was embedded"

    server.interrupt("EVAL", wait)
    ingest(index, some(30), Embedder({2: embed_second}), IngestPlan(batch_size=10))
    assert server.stored == 30


def test_one_batch_is_written_at_a_time(index: MemoryIndex, server: IngestServer) -> None:
    """Of records with one id the last one must be the one that stays."""
    stored: list[int] = []
    embed = Embedder({call: lambda: stored.append(server.stored) for call in range(1, 11)})
    ingest(index, iter(some(100)), embed, IngestPlan(batch_size=10))
    # When a batch is embedded, the one before it may be being written, and those before that are.
    assert all(there >= 10 * (place - 1) for place, there in enumerate(stored))
    assert list(server.records) == names(0, 100)


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_as_many_batches_are_embedded_at_once_as_was_allowed_and_no_more(
    index: MemoryIndex, server: IngestServer, concurrency: int
) -> None:
    now = most = 0
    together = asyncio.Event()

    async def embed(batch: list[Record]) -> list[list[float]]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == concurrency:
            together.set()
        async with asyncio.timeout(GIVE_UP):
            await together.wait()
        for _ in range(5):  # others could come in
            await asyncio.sleep(0)
        now -= 1
        return [VECTOR] * len(batch)

    assert await aingest(index, some(200), embed, IngestPlan(batch_size=10, max_concurrency=concurrency)) == names(
        0, 200
    )
    assert most == concurrency
    assert list(server.records) == names(0, 200)


async def test_a_batch_that_is_embedded_before_those_before_it_is_written_in_its_turn(
    index: MemoryIndex, server: IngestServer
) -> None:
    later = asyncio.Event()

    async def embed(batch: list[Record]) -> list[list[float]]:
        if batch[0].id == "r0":
            async with asyncio.timeout(GIVE_UP):
                await later.wait()
        else:
            later.set()
        return [VECTOR] * len(batch)

    await aingest(index, some(40), embed, IngestPlan(batch_size=10))
    assert list(server.records) == names(0, 40)


async def test_an_ingest_that_is_cancelled_leaves_no_embedding_behind(index: MemoryIndex) -> None:
    begun, ended = asyncio.Event(), 0

    async def embed(_batch: list[Record]) -> list[list[float]]:
        nonlocal ended
        begun.set()
        try:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never comes
        finally:
            ended += 1

    task = asyncio.ensure_future(aingest(index, some(100), embed, IngestPlan(batch_size=10)))
    async with asyncio.timeout(GIVE_UP):
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ended == 4


# What is skipped


async def test_records_that_exist_are_neither_embedded_nor_written_if_so_asked(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    index.run(operations.upsert(index.state, some(15, n=1), [VECTOR] * 15))
    server.sent.clear()
    embed = Embedder()
    assert await run(index, some(25, n=2), embed, batch_size=10, skip_existing=True) == names(0, 25)
    assert embed.calls == [names(15, 20), names(20, 25)]
    assert [fields[b"n"] for fields in server.records.values()] == [b"1"] * 15 + [b"2"] * 10


async def test_records_that_exist_are_replaced_unless_asked_otherwise(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    index.run(operations.upsert(index.state, some(5, n=1), [VECTOR] * 5))
    await run(index, some(5, n=2), Embedder())
    assert [fields[b"n"] for fields in server.records.values()] == [b"2"] * 5


async def test_a_time_to_live_of_a_record_goes_before_that_of_the_call(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    records = some(3)
    records[1].ttl_ms = 7
    await run(index, records, Embedder(), ttl_ms=9)
    assert server.ttls == {"r0": 9, "r1": 7, "r2": 9}


# The bar


async def test_no_bar_is_drawn_unless_asked_for(
    run: Run, index: MemoryIndex, capfd: pytest.CaptureFixture[str]
) -> None:
    await run(index, some(30), Embedder(), batch_size=10)
    assert capfd.readouterr() == ("", "")


async def test_the_bar_of_a_sequence_tells_how_far_it_is(
    run: Run, index: MemoryIndex, capfd: pytest.CaptureFixture[str]
) -> None:
    await run(index, some(30), Embedder(), batch_size=10, show_progress=True)
    out, drawn = capfd.readouterr()
    assert out == ""
    assert "Writing to docs" in drawn
    assert "100%" in drawn
    assert "30/30" in drawn
    assert "records/s" in drawn


async def test_the_bar_of_a_stream_tells_how_many_there_were(
    run: Run, index: MemoryIndex, capfd: pytest.CaptureFixture[str]
) -> None:
    await run(index, iter(some(30)), Embedder(), batch_size=10, show_progress=True)
    drawn = capfd.readouterr().err
    assert "30 records [" in drawn
    assert "%" not in drawn
