"""A lost connection is tried again, with longer and longer waits, where that does no harm; nothing else is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import timedelta
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

import pytest
import redis
from redis import asyncio as aredis
from redis import exceptions as redis_errors

from redisvl_adapters.core.index.record_keys import open_cursor_command, read_cursor_command
from redisvl_adapters.core.server import retrying_drivers
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.core.server.retrying_drivers import adrive, drive
from redisvl_adapters.errors import AuthenticationError, ServerError, ServerUnavailableError
from tests.core.fake_server import make_state

Answer: TypeAlias = "list[Any] | Exception"
LOST = redis_errors.ConnectionError("Connection closed by server.")


class Run(Protocol):
    """Runs an operation on a client that gives these answers, and returns its result."""

    def __call__(self, steps: Steps[Any], answers: list[Answer], retry: Any = 3) -> Awaitable[Any]: ...


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, each time; nobody really waits."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(asyncio, "sleep", wait)
    return waited


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> Run:
    async def run(steps: Steps[Any], answers: list[Answer], retry: Any = 3) -> Any:
        def send(_client: object, _commands: object, *_: object) -> list[Any]:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        async def asend(client: object, commands: object) -> list[Any]:
            return send(client, commands)

        monkeypatch.setattr(retrying_drivers, "_send", send)
        monkeypatch.setattr(retrying_drivers, "_asend", asend)
        if request.param == "sync":
            with redis.Redis() as client:
                return drive(client, steps, lambda: "here:1", retry)
        async with aredis.Redis() as aclient:
            return await adrive(aclient, steps, lambda: "here:1", retry)

    return run


def ask(*names: str) -> Steps[list[Any]]:
    """Send one command after the other, each as a batch."""
    replies: list[Any] = []
    for name in names:
        replies += yield [Command((name,))]
    return replies


@pytest.mark.parametrize(
    "lost",
    [
        LOST,
        redis_errors.TimeoutError("Timeout reading from socket"),
        redis_errors.BusyLoadingError("LOADING Redis is loading the dataset in memory"),
        redis_errors.MaxConnectionsError("Too many connections"),
        redis_errors.RedisClusterException("no node"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("times", [1, 3])
async def test_what_could_not_be_sent_is_sent_again(run: Run, waits: list[float], lost: Exception, times: int) -> None:
    answers: list[Answer] = [*[lost] * times, [7]]
    assert await run(ask("A"), answers) == [7]
    assert answers == []
    assert len(waits) == times


async def test_the_waits_grow_and_have_a_limit(run: Run, waits: list[float]) -> None:
    with pytest.raises(ServerUnavailableError):
        await run(ask("A"), [LOST] * 11, retry=10)
    assert len(waits) == 10
    assert 0.02 <= waits[0] <= 0.05
    assert all(before <= after for before, after in pairwise(waits[:6]))
    assert all(1 <= wait <= 2 for wait in waits[6:])


async def test_not_all_clients_come_back_at_once(run: Run, waits: list[float]) -> None:
    for _ in range(20):
        assert await run(ask("A"), [LOST, [7]]) == [7]
    assert len(set(waits)) > 1


async def test_each_round_trip_has_all_its_attempts(run: Run, waits: list[float]) -> None:
    assert await run(ask("A", "B"), [LOST, LOST, [1], LOST, LOST, [2]], retry=2) == [1, 2]
    assert waits[2] < waits[1], "the waits begin anew"


@pytest.mark.parametrize("retry", [0, 1, 5])
async def test_after_the_last_attempt_the_operation_is_told(run: Run, waits: list[float], retry: int) -> None:
    answers: list[Answer] = [LOST] * (retry + 1)
    with pytest.raises(ServerUnavailableError, match=r"at here:1.*Connection closed by server") as told:
        await run(ask("A"), answers, retry)
    assert answers == []
    assert len(waits) == retry
    assert isinstance(told.value, ConnectionError)


async def test_an_operation_that_goes_on_after_the_last_attempt_is_sent_its_next_replies(
    run: Run, waits: list[float]
) -> None:
    def careful() -> Steps[Any]:
        try:
            yield [Command(("A",))]
        except ServerUnavailableError:
            return (yield [Command(("B",))])

    assert await run(careful(), [LOST, LOST, LOST, [7]], retry=1) == [7]
    assert len(waits) == 2, "the second round trip has an attempt of its own"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (redis_errors.AuthenticationError("invalid username-password pair"), AuthenticationError),
        (redis_errors.AuthorizationError("not allowed"), AuthenticationError),
        (redis_errors.NoPermissionError("NOPERM this user"), AuthenticationError),
        (redis_errors.ResponseError("ERR what?"), ServerError),
        (redis_errors.ReadOnlyError("You can't write against a read only replica."), ServerError),
        (redis_errors.OutOfMemoryError("OOM command not allowed"), ServerError),
        (redis_errors.InvalidResponse("what?"), ServerError),
        (redis_errors.DataError("cannot be sent"), ServerError),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_would_fail_again_is_not_tried_again(
    run: Run, waits: list[float], error: Exception, kind: type[Exception]
) -> None:
    answers: list[Answer] = [error, [7]]
    with pytest.raises(kind) as told:
        await run(ask("A"), answers)
    assert not isinstance(told.value, ServerUnavailableError)
    assert (answers, waits) == ([[7]], [])


async def test_a_refused_command_is_a_reply_and_is_not_tried_again(run: Run, waits: list[float]) -> None:
    refusal = redis_errors.ResponseError("OOM command not allowed")
    assert await run(ask("A"), [[refusal], [7]]) == [refusal]
    assert waits == []


@pytest.mark.parametrize(("retry", "waited"), [(0, 0), (1, 1), (3, 2)])
async def test_a_write_that_a_replica_refused_is_sent_again(
    run: Run, waits: list[float], retry: int, waited: int
) -> None:
    refusal = redis_errors.ReadOnlyError("You can't write against a read only replica.")
    answers: list[Answer] = [[refusal], [refusal], [7]]
    assert await run(ask("A"), answers, retry) == ([7] if retry == 3 else [refusal])
    assert len(waits) == waited


async def test_a_batch_that_cannot_be_repeated_is_not(run: Run, waits: list[float]) -> None:
    def steps() -> Steps[Any]:
        replies = yield [Command(("A",)), Command(("B",), repeatable=False)]
        return ok(replies[0])

    answers: list[Answer] = [LOST, [1, 2]]
    with pytest.raises(ServerUnavailableError):
        await run(steps(), answers)
    assert (answers, waits) == ([[1, 2]], [])


def test_a_cursor_is_not_read_again_since_its_page_would_be_lost() -> None:
    schema = make_state().spec.schema(4)
    assert not read_cursor_command(schema, 7, 100).repeatable
    assert open_cursor_command(schema, "*", 100).repeatable


async def test_a_time_to_try_again_is_counted_from_the_failure_on(
    run: Run, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100 + sum(waits))
    with pytest.raises(ServerUnavailableError):
        await run(ask("A"), [LOST] * 50, retry=timedelta(seconds=15))
    assert sum(waits) == pytest.approx(15), "the last attempt is when the time is over"
    assert all(wait <= 2 for wait in waits)
    waits.clear()
    assert await run(ask("A", "B"), [LOST, LOST, [1], LOST, [2]], retry=timedelta(seconds=15)) == [1, 2]
    waits.clear()
    with pytest.raises(ServerUnavailableError):
        await run(ask("A"), [LOST, [1]], retry=timedelta())
    assert waits == []
