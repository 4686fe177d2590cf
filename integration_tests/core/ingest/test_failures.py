"""What fails in mid-ingest ends in a clear error or a completed retry; then exactly the told ids are there.

The failure comes in the third call of the embedding model, when two batches are written, so that it is the same in
every run. Adding the same again completes the job.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.ingest.failing_support import NAME, Victim, settle, victim
from integration_tests.core.ingest.ingest_support import FACES, Face, OpenFace, metadata_of, names, open_faces, text_of
from redisvl_adapters.errors import IndexNotFoundError, PartialWriteError, ServerError, ServerUnavailableError

IDS = names(0, 45)
BATCHES: dict[str, Any] = {"batch_size": 10, "max_concurrency": 1}


@pytest.fixture
def server() -> Iterator[Victim]:
    with victim() as running:
        yield running


@pytest.fixture
async def open_face(call: Call, server: Victim, storage: str) -> AsyncIterator[OpenFace]:
    async with open_faces(
        FACES["langchain"], call, redis_url=server.url, index_name=NAME, storage=storage
    ) as open_store:
        yield open_store


def act_in_third_call(face: Face, server: Victim, act: Callable[[], object]) -> None:
    face.model.acts[3] = settle(face.store.index, server, 20, act)


async def check_told(face: Face, server: Victim, named: str, cause: type[Exception] = ServerError) -> None:
    """Add everything, and check that the error tells exactly what is there: the first two batches."""
    with pytest.raises(PartialWriteError, match=rf"^20 records are written, 25 are not.*{named}") as told:
        await face.add(IDS, **BATCHES)
    assert (told.value.written, told.value.unwritten) == (IDS[:20], IDS[20:])
    causes = [told.value.__cause__, told.value.__cause__ and told.value.__cause__.__cause__]
    assert any(isinstance(each, cause) for each in causes)
    assert server.stored() == set(IDS[:20])


async def check_completed(face: Face, server: Victim) -> None:
    """Add everything again, and check that all is there once, indexed and whole."""
    assert await face.add(IDS, **BATCHES) == IDS
    await check_whole(face, server)


async def check_whole(face: Face, server: Victim) -> None:
    """Check that all is there once, indexed and whole."""
    assert server.stored() == set(IDS)
    assert await face.count() == len(IDS)
    assert sorted(await face.search(text_of("r0"), 100)) == sorted(IDS)
    assert await face.get(IDS) == {each: (text_of(each), metadata_of(each)) for each in IDS}


# Memory and replicas


async def test_a_server_whose_memory_is_full_refuses_what_comes_then(open_face: OpenFace, server: Victim) -> None:
    face = open_face()
    act_in_third_call(face, server, server.fill)
    await check_told(face, server, "'r20' is not: .*OOM|'r20' is not: .*memory")
    server.free()
    await check_completed(face, server)


async def test_a_server_that_becomes_a_replica_refuses_what_comes_then(open_face: OpenFace, server: Victim) -> None:
    face = open_face()
    act_in_third_call(face, server, server.follow_nobody)
    await check_told(face, server, "'r20' is not: .*read only replica")
    assert await face.count() == 20, "it can still be read"
    server.lead()
    await check_completed(face, server)


@pytest.mark.parametrize("refuse", [Victim.fill, Victim.follow_nobody], ids=["full", "read-only"])
async def test_records_that_could_not_be_replaced_stay_as_they_were(
    open_face: OpenFace, call: Call, server: Victim, refuse: Callable[[Victim], None]
) -> None:
    face = open_face()
    await face.add(IDS, **BATCHES)
    refuse(server)
    with pytest.raises(PartialWriteError) as told:
        await call(face.store, "add_texts", ["new"] * 45, ids=IDS)
    assert (told.value.written, told.value.unwritten) == ([], IDS)
    await check_whole(face, server)


@pytest.mark.parametrize("refuse", [Victim.fill, Victim.follow_nobody], ids=["full", "read-only"])
async def test_a_server_that_takes_nothing_is_told_and_nothing_is_left_behind(
    open_face: OpenFace, server: Victim, refuse: Callable[[Victim], None]
) -> None:
    refuse(server)
    with pytest.raises(ServerError, match=r"memory|OOM|read only"):
        await open_face().add(IDS, **BATCHES)
    assert server.client.dbsize() == 0


# Connections


async def test_connections_that_are_dropped_between_batches_are_opened_again(
    open_face: OpenFace, server: Victim
) -> None:
    face = open_face()
    dropped = []
    points = sorted(random.Random(7).sample(range(2, 23), 9))
    face.model.acts |= {point: lambda: dropped.append(server.drop_connections()) for point in points}
    assert await face.add(IDS, batch_size=2) == IDS
    assert len(dropped) == len(points)
    assert sum(dropped) >= len(points) / 2, "there were connections to drop"
    await check_whole(face, server)


async def test_a_connection_that_is_dropped_in_mid_write_is_opened_again_and_the_write_repeated(
    open_face: OpenFace, server: Victim
) -> None:
    face = open_face()
    await face.add(IDS[:20], **BATCHES)
    with server.dropping_a_blocked_writer() as dropped:
        assert await face.add(IDS, **BATCHES) == IDS
    assert dropped == [1]
    await check_whole(face, server)


async def test_a_connection_that_is_dropped_in_mid_write_is_told_if_nothing_is_to_be_tried_again(
    open_face: OpenFace, server: Victim
) -> None:
    face = open_face(retry=0)
    with ExitStack() as until_dropped:
        act_in_third_call(face, server, lambda: until_dropped.enter_context(server.dropping_a_blocked_writer()))
        await check_told(face, server, "no Redis server answers", ServerUnavailableError)
    await check_completed(face, server)


async def test_records_of_a_paused_server_are_told(open_face: OpenFace, server: Victim) -> None:
    face = open_face(redis_url=f"{server.url}&socket_timeout=0.5", retry=0)
    resumed: list[Callable[[], None]] = []
    act_in_third_call(face, server, lambda: resumed.append(server.pause()))
    with pytest.raises(PartialWriteError, match=r"^20 records are written.*Timeout") as told:
        await face.add(IDS, **BATCHES)
    assert (told.value.written, told.value.unwritten) == (IDS[:20], IDS[20:])
    resumed[0]()
    # What was on its way when the server was paused may have arrived: it is not known to be written.
    assert set(IDS[:20]) <= server.stored() <= set(IDS[:30])
    await check_completed(face, server)


async def test_a_server_that_is_paused_no_longer_than_is_waited_takes_everything(
    open_face: OpenFace, server: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = open_face(redis_url=f"{server.url}&socket_timeout=0.5")
    resumed: list[Callable[[], None]] = []
    waits: list[float] = []
    sleep, asleep = time.sleep, asyncio.sleep

    def wait(seconds: float) -> None:
        if resumed and is_between_attempts(seconds):
            waits.append(seconds)
            resumed[0]()
        sleep(seconds)

    async def await_(seconds: float, *result: Any) -> Any:
        if resumed and is_between_attempts(seconds):
            waits.append(seconds)
            resumed[0]()
        return await asleep(seconds, *result)

    def is_between_attempts(seconds: float) -> bool:
        return seconds >= 0.02  # a wait for another attempt, and not one of the test's own

    monkeypatch.setattr(time, "sleep", wait)
    monkeypatch.setattr(asyncio, "sleep", await_)
    act_in_third_call(face, server, lambda: resumed.append(server.pause()))
    assert await face.add(IDS, **BATCHES) == IDS
    assert waits
    await check_whole(face, server)


# Stopped and started


KEPT = ("--appendonly", "yes", "--appendfsync", "always")


async def test_records_of_a_server_that_was_stopped_are_told(call: Call, storage: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"index_name": NAME, "storage": storage}
    with victim(*KEPT, "--dir", str(tmp_path)) as server:
        async with open_faces(FACES["langchain"], call, redis_url=server.url, **options) as open_face:
            face = open_face()
            act_in_third_call(face, server, server.stop)
            with pytest.raises(PartialWriteError, match=r"^20 records are written.*no Redis server answers") as told:
                await face.add(IDS, **BATCHES)
    assert (told.value.written, told.value.unwritten) == (IDS[:20], IDS[20:])
    with victim(*KEPT, "--dir", str(tmp_path)) as server:
        assert server.stored() == set(told.value.written)
        async with open_faces(FACES["langchain"], call, redis_url=server.url, **options) as open_face:
            await check_completed(open_face(), server)


async def test_a_server_that_was_restarted_with_its_data_takes_the_rest(call: Call, storage: str) -> None:
    with victim(*KEPT) as server:
        async with open_faces(
            FACES["langchain"], call, redis_url=server.url, index_name=NAME, storage=storage
        ) as open_face:
            face = open_face()
            act_in_third_call(face, server, server.restart)
            assert await face.add(IDS, **BATCHES) == IDS
            await check_whole(face, server)


async def test_a_server_that_was_restarted_without_its_data_is_told(open_face: OpenFace, server: Victim) -> None:
    """What was written before is lost: it must not be told as written."""
    face = open_face()
    act_in_third_call(face, server, server.restart)
    told: list[str] = []
    rest: list[str] = []
    try:
        told = await face.add(IDS, **BATCHES)
    except PartialWriteError as error:
        told, rest = error.written, error.unwritten
    assert server.stored() == set(told)
    assert set(rest) == set(IDS) - set(told)
    await check_completed(face, server)


async def test_a_server_that_was_restarted_without_its_data_takes_new_records(
    open_face: OpenFace, server: Victim
) -> None:
    face = open_face()
    await face.add(IDS, **BATCHES)
    server.restart()
    for _ in range(2):
        with pytest.raises(IndexNotFoundError, match="came back without its data"):
            await face.search(text_of("r0"), 5)
    await check_completed(face, server)
