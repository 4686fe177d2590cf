"""All or told: whatever fails in mid-ingest, the error says which records are written and which are not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.registry import new_registry, register_command
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.ingest import write_batches
from redisvl_adapters.core.ingest.streaming_ingest import IngestPlan, ingest
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, PartialWriteError, RecordError, ServerUnavailableError
from tests.core.fake_server import NAME, make_state, record
from tests.core.ingest.ingest_support import (
    VECTOR,
    Embedder,
    IngestServer,
    MemoryIndex,
    Run,
    fail,
    lose_connection,
    names,
    run_async,
    run_sync,
    some,
)

GIVE_UP = 10
ONE_AT_A_TIME = {"batch_size": 10, "max_concurrency": 1}
"""So that what was drawn and embedded when something fails is the same in both ways."""


@pytest.fixture
def server() -> IngestServer:
    return IngestServer()


@pytest.fixture
def index(server: IngestServer) -> MemoryIndex:
    return MemoryIndex(server)


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param  # type: ignore[no-any-return]  # it is one of those above


FAILURES: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "the model fails": (fail(KeyError("no quota")), KeyError, "no quota"),
    "the model gives vectors of another length": (lambda: [[1.0, 2.0, 3.0]] * 10, RecordError, "3 dimensions"),
    "the model gives NaN": (lambda: [[float("nan"), 1.0]] * 10, RecordError, "NaN"),
    "the model gives too few vectors": (lambda: [VECTOR] * 9, ArgumentError, "10 records came with 9 vectors"),
}


@pytest.mark.parametrize(("act", "kind", "named"), FAILURES.values(), ids=FAILURES)
async def test_what_fails_in_the_third_batch_of_a_sequence_is_told_with_all_ids(
    run: Run,
    index: MemoryIndex,
    server: IngestServer,
    act: Callable[[], object],
    kind: type[Exception],
    named: str,
) -> None:
    with pytest.raises(PartialWriteError, match=rf"^20 records are written, 25 are not.*{named}") as told:
        await run(index, some(45), Embedder({3: act}), **ONE_AT_A_TIME)
    assert told.value.written == names(0, 20)
    assert told.value.unwritten == names(20, 45)
    assert isinstance(told.value.__cause__, kind)
    assert list(server.records) == names(0, 20)


@pytest.mark.parametrize(("act", "kind", "named"), FAILURES.values(), ids=FAILURES)
async def test_what_fails_in_the_third_batch_of_a_stream_is_told_with_the_ids_that_were_drawn(
    run: Run,
    index: MemoryIndex,
    server: IngestServer,
    act: Callable[[], object],
    kind: type[Exception],
    named: str,
) -> None:
    drawn: list[str] = []
    with pytest.raises(PartialWriteError, match=rf"^20 records are written.*stream.*{named}") as told:
        await run(index, noted(some(60), drawn), Embedder({3: act}), **ONE_AT_A_TIME)
    assert told.value.written == names(0, 20)
    assert told.value.written + told.value.unwritten == drawn
    assert isinstance(told.value.__cause__, kind)
    assert list(server.records) == names(0, 20)


def noted(records: list[Record], drawn: list[str], until: int | None = None) -> Iterator[Record]:
    """Yield records and note which; raise after a number of them."""
    for place, each in enumerate(records):
        if place == until:
            raise OSError("the file ends here")
        drawn.append(each.id)
        yield each


@pytest.mark.parametrize(("act", "kind", "named"), FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("kind_of_records", [list, iter])
async def test_what_fails_before_anything_is_written_is_raised_as_it_is(
    run: Run,
    index: MemoryIndex,
    server: IngestServer,
    act: Callable[[], object],
    kind: type[Exception],
    named: str,
    kind_of_records: Any,
) -> None:
    index.run(operations.upsert(index.state, [record("old")], [VECTOR]))
    with pytest.raises(kind, match=named):
        await run(index, kind_of_records(some(45)), Embedder({1: act}), **ONE_AT_A_TIME)
    assert set(server.records) == {"old"}


@pytest.mark.parametrize("place", [25, 30])
async def test_a_stream_that_fails_is_told_with_the_ids_that_were_drawn(
    run: Run, index: MemoryIndex, server: IngestServer, place: int
) -> None:
    drawn: list[str] = []
    with pytest.raises(PartialWriteError, match="the file ends here") as told:
        await run(index, noted(some(60), drawn, until=place), Embedder(), **ONE_AT_A_TIME)
    assert told.value.written == list(server.records)
    assert told.value.written + told.value.unwritten == drawn == names(0, place)
    assert isinstance(told.value.__cause__, OSError)


async def test_a_stream_that_fails_at_once_raises_as_it_is(run: Run, index: MemoryIndex, server: IngestServer) -> None:
    with pytest.raises(OSError, match="the file ends here"):
        await run(index, noted(some(60), [], until=3), Embedder(), **ONE_AT_A_TIME)
    assert server.keys == {}


async def test_a_bad_record_in_a_stream_is_told_when_its_turn_comes(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    stream = iter([*some(25), record("bad", x=object()), *some(60)[25:]])
    with pytest.raises(PartialWriteError, match=r"^20 records are written.*id 'bad'") as told:
        await run(index, stream, Embedder(), **ONE_AT_A_TIME)
    assert told.value.written == names(0, 20) == list(server.records)
    assert told.value.unwritten[:7] == [*names(20, 25), "bad", "r25"]


@pytest.mark.parametrize("batches", [0, 2])
@pytest.mark.parametrize("kind", [list, iter])
async def test_a_connection_that_is_lost_is_told_with_what_is_written(
    run: Run, index: MemoryIndex, server: IngestServer, batches: int, kind: Any
) -> None:
    index.run(operations.upsert(index.state, [record("old")], [VECTOR]))
    drawn: list[str] = []
    # When the writes before it are done, so that it is the next one that fails.
    arm = settled(server, batches * 10 + 1, lambda: server.interrupt("EVAL", lose_connection))
    with pytest.raises(PartialWriteError, match=rf"^{batches}0? records are written.*no Redis server answers") as told:
        await run(index, kind(noted(some(40), drawn)), Embedder({batches + 1: arm}), **ONE_AT_A_TIME)
    assert told.value.written == names(0, batches * 10)
    assert told.value.written + told.value.unwritten == drawn
    assert set(server.records) == {"old", *told.value.written}


def settled(server: IngestServer, stored: int, act: Callable[[], object]) -> Callable[[], object]:
    """Do something when so many records are stored: a write may be going on beside the call."""

    def when_settled() -> object:
        waiting = threading.Event()
        for _ in range(GIVE_UP * 1000):
            if server.stored >= stored:
                return act()
            waiting.wait(0.001)
        raise AssertionError(f"{server.stored} records are stored, not {stored}")

    return when_settled


async def test_records_that_the_server_refuses_are_told_one_by_one(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    index.run(operations.upsert(index.state, [record("old")], [VECTOR]))
    server.refused = {"r25"}
    with pytest.raises(PartialWriteError, match=r"'r20' is not: .*OOM command not allowed") as told:
        await run(index, some(90), Embedder(), batch_size=40, max_concurrency=1)
    # Ten records are written by one script, which is refused as a whole.
    assert told.value.written == [*names(0, 20), *names(30, 40)]
    assert told.value.unwritten == [*names(20, 30), *names(40, 90)]
    assert set(server.records) == {"old", *told.value.written}


async def test_what_the_server_says_is_told_in_few_characters(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    index.run(operations.upsert(index.state, [record("old")], [VECTOR]))
    long = "r" * 900
    server.refused = {long}
    with pytest.raises(PartialWriteError, match=r"^0 records are written, 1 are not known to be") as told:
        await run(index, [record(long)], Embedder())
    assert len(str(told.value)) <= 300


def test_what_a_failing_write_has_written_is_told_although_the_next_batch_cannot_be_embedded_either(
    index: MemoryIndex, server: IngestServer
) -> None:
    index.run(operations.upsert(index.state, [record("old")], [VECTOR]))
    server.refused = {"r25"}
    # The first twenty records of the first batch, and the last ten.
    embed = Embedder({2: settled(server, 31, fail(KeyError("no quota")))})
    with pytest.raises(PartialWriteError) as told:
        ingest(index, some(90), embed, IngestPlan(batch_size=40))
    assert told.value.written == [*names(0, 20), *names(30, 40)]
    assert told.value.unwritten == [*names(20, 30), *names(40, 90)]
    assert set(server.records) == {"old", *told.value.written}


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "refused"])
async def test_the_first_failure_is_told_when_the_next_batch_is_wrong_too(
    run: Run, index: MemoryIndex, server: IngestServer, lost: bool
) -> None:
    """The next batch is encoded while the last one is on its way."""
    if lost:
        server.interrupt("EVAL", lose_connection)
    else:
        server.refused = set(names(0, 10))
    embed = Embedder({2: lambda: [[float("nan"), 1.0]] * 10})
    with pytest.raises(PartialWriteError, match="no Redis server answers" if lost else "OOM") as told:
        await run(index, iter(some(30)), embed, **ONE_AT_A_TIME)
    assert told.value.written == []
    assert told.value.unwritten[:10] == names(0, 10)
    assert not server.records


@pytest.mark.parametrize("empty", [operations.drop, operations.clear])
async def test_what_is_lost_after_it_was_written_is_not_told_as_written(
    run: Run, index: MemoryIndex, server: IngestServer, empty: Callable[[IndexState], Steps[None]]
) -> None:
    """As when a server comes back without its data: the index is made anew, and the first batches are gone."""
    other = make_state()
    embed = Embedder({3: settled(server, 20, lambda: server.run(other, empty(other)))})
    with pytest.raises(PartialWriteError, match="lost") as told:
        await run(index, some(45), embed, **ONE_AT_A_TIME)
    assert set(server.records) == set(told.value.written)
    assert told.value.unwritten == [each for each in names(0, 45) if each not in server.records]


@pytest.mark.parametrize("is_made_anew", [True, False])
def test_what_was_written_before_the_index_went_is_written_again(
    index: MemoryIndex, server: IngestServer, monkeypatch: pytest.MonkeyPatch, is_made_anew: bool
) -> None:
    """The first batch of a write goes with the index, which is seen after the second one."""
    monkeypatch.setattr(write_batches, "BATCH_SIZE", 10)
    index.run(operations.upsert(index.state, [record("old")], [VECTOR]))
    other = make_state()

    def drop() -> None:
        assert set(server.records) == {"old", *names(0, 10)}
        server.run(other, operations.drop(other))
        if is_made_anew:
            server.run(other, operations.create(other, 2))

    server.interrupt("EVAL", lambda: server.interrupt("EVAL", drop))
    assert index.run(operations.upsert(index.state, some(25), [VECTOR] * 25)) == names(0, 25)
    assert set(server.records) == set(names(0, 25))


async def test_an_index_that_others_create_at_the_same_time_is_no_loss(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    """Whoever creates it last writes the header of the registry, and the records stay."""
    other = register_command(NAME, new_registry(make_state().spec.schema(2)))
    embed = Embedder({3: settled(server, 20, lambda: server.execute(other))})
    assert await run(index, some(45), embed, **ONE_AT_A_TIME) == names(0, 45)
    assert list(server.records) == names(0, 45)


async def test_records_that_were_skipped_are_told_as_written(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    index.run(operations.upsert(index.state, some(15), [VECTOR] * 15))
    with pytest.raises(PartialWriteError) as told:
        await run(index, some(40), Embedder({2: fail(KeyError("no quota"))}), skip_existing=True, **ONE_AT_A_TIME)
    assert told.value.written == names(0, 20) == list(server.records)
    assert told.value.unwritten == names(20, 40)


@pytest.mark.parametrize("skip_existing", [True, False])
@pytest.mark.parametrize("kind", [list, iter])
async def test_adding_the_same_again_completes_the_job(
    run: Run, index: MemoryIndex, server: IngestServer, kind: Any, skip_existing: bool
) -> None:
    embed = Embedder({3: fail(ServerUnavailableError("gone"))})
    with pytest.raises(PartialWriteError):
        await run(index, kind(some(45)), embed, **ONE_AT_A_TIME)
    assert await run(index, kind(some(45)), embed, skip_existing=skip_existing, **ONE_AT_A_TIME) == names(0, 45)
    assert list(server.records) == names(0, 45)
    assert server.stored == (45 if skip_existing else 65)


async def test_a_bar_is_closed_when_an_ingest_fails(
    run: Run, index: MemoryIndex, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PartialWriteError):
        await run(index, some(45), Embedder({3: fail(KeyError("no quota"))}), show_progress=True, **ONE_AT_A_TIME)
    drawn = capfd.readouterr().err
    assert "20/45" in drawn
    assert drawn.endswith("\n")


@pytest.mark.parametrize("kind", [list, iter])
async def test_a_wrong_record_is_named_by_its_place_among_all(
    run: Run, index: MemoryIndex, server: IngestServer, kind: Any
) -> None:
    records = [*some(25), record("bad", x=float("nan")), *some(40)[30:]]
    error: type[Exception] = RecordError if kind is list else PartialWriteError
    with pytest.raises(error, match=r"record 25 \(id 'bad'\).*nan"):
        await run(index, kind(records), Embedder(), **ONE_AT_A_TIME)
    assert list(server.records) == ([] if kind is list else names(0, 20))


async def test_what_is_no_text_is_refused_before_the_model_meets_it(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    records = [*some(13), Record("bad", None, {}), *some(30)[20:]]  # type: ignore[arg-type]  # that is what is wrong
    embed = Embedder()
    with pytest.raises(PartialWriteError, match=r"record 13 \(id 'bad'\) has a text of type NoneType"):
        await run(index, iter(records), embed, **ONE_AT_A_TIME)
    assert embed.calls == [names(0, 10)]
    assert list(server.records) == names(0, 10)


async def test_the_place_of_a_wrong_vector_counts_what_was_skipped(
    run: Run, index: MemoryIndex, server: IngestServer
) -> None:
    index.run(operations.upsert(index.state, some(13), [VECTOR] * 13))
    embed = Embedder({1: lambda: [VECTOR, [float("nan"), 1.0], *[VECTOR] * 5]})
    with pytest.raises(PartialWriteError, match=rf"record 14 \(id '{names(14, 15)[0]}'\) has NaN"):
        await run(index, iter(some(20)), embed, skip_existing=True, **ONE_AT_A_TIME)


@pytest.mark.parametrize("skip_existing", [True, False])
async def test_what_is_no_id_is_refused_before_the_server_is_asked_for_it(
    run: Run, index: MemoryIndex, server: IngestServer, skip_existing: bool
) -> None:
    records = [*some(3), Record(5, "text", {})]  # type: ignore[arg-type]  # that is what is wrong
    with pytest.raises(RecordError, match="record 3 has the id 5") as refused:
        await run(index, iter(records), Embedder(), skip_existing=skip_existing)
    assert refused.value.__cause__ is None
    assert not server.records
