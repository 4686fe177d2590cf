"""The two drivers, with clients that talk to nobody: what they send and throw, and that no password is ever told."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest
import redis
from redis import asyncio as aredis
from redis import exceptions as redis_errors
from redis.client import NEVER_DECODE

from redisvl_adapters.core.server import retrying_drivers
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.core.server.retrying_drivers import adrive, drive, translate_error
from redisvl_adapters.errors import (
    ArgumentError,
    AuthenticationError,
    MissingModuleError,
    ServerError,
    ServerUnavailableError,
)

Answer: TypeAlias = "list[Any] | Exception"


class FakePipeline:
    """A pipeline that records what it is sent and answers as it was told."""

    def __init__(self, answers: list[Answer], sent: list[list[tuple[Any, ...]]]) -> None:
        self.response_callbacks: dict[str, Any] = {"GET": str}
        self._answers, self._sent = answers, sent
        self._queued: list[tuple[Any, ...]] = []

    def execute_command(self, *args: Any, **options: Any) -> None:
        assert options == {NEVER_DECODE: True}
        self._queued.append(args)

    def execute(self, *, raise_on_error: bool) -> list[Any]:
        assert not raise_on_error
        assert not self.response_callbacks
        self._sent.append(self._queued)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeAsyncPipeline(FakePipeline):
    async def execute(self, *, raise_on_error: bool) -> list[Any]:  # type: ignore[override]  # the async twin
        return super().execute(raise_on_error=raise_on_error)


Run: TypeAlias = Callable[[Steps[Any], list[Answer]], Awaitable[tuple[Any, list[list[tuple[Any, ...]]]]]]


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run an operation on a client that gives these answers, and return its result and what was sent."""

    async def run(steps: Steps[Any], answers: list[Answer]) -> tuple[Any, list[list[tuple[Any, ...]]]]:
        sent: list[list[tuple[Any, ...]]] = []
        pipeline_type = FakePipeline if request.param == "sync" else FakeAsyncPipeline

        def pipeline(_self: object, *, transaction: bool) -> FakePipeline:
            assert not transaction
            return pipeline_type(answers, sent)

        def execute_command(_self: object, *args: Any, **options: Any) -> Any:
            assert options == {NEVER_DECODE: True}
            sent.append([(*args, "alone")])
            answer = answers.pop(0)
            found = answer if isinstance(answer, Exception) else answer[0]
            if isinstance(found, Exception):
                raise found
            return found

        async def aexecute_command(_self: object, *args: Any, **options: Any) -> Any:
            return execute_command(_self, *args, **options)

        if request.param == "sync":
            monkeypatch.setattr(redis.Redis, "pipeline", pipeline)
            monkeypatch.setattr(redis.Redis, "execute_command", execute_command)
            with redis.Redis() as client:
                return drive(client, steps, lambda: "here:1"), sent
        monkeypatch.setattr(aredis.Redis, "pipeline", pipeline)
        monkeypatch.setattr(aredis.Redis, "execute_command", aexecute_command)
        async with aredis.Redis() as aclient:
            return await adrive(aclient, steps, lambda: "here:1"), sent

    return run


def echo(*batches: Sequence[str]) -> Steps[list[Any]]:
    replies: list[Any] = []
    for batch in batches:
        replies += yield [Command((name, 1, b"\xff")) for name in batch]
    return replies


async def test_each_batch_is_one_round_trip_and_the_result_is_returned(run: Run) -> None:
    result, sent = await run(echo(["A", "B"], ["C"]), [[1, 2], [3]])
    assert result == [1, 2, 3]
    assert sent == [[("A", 1, b"\xff"), ("B", 1, b"\xff")], [("C", 1, b"\xff", "alone")]]


async def test_an_operation_without_a_batch_sends_nothing(run: Run) -> None:
    assert await run(echo(), []) == ([], [])


async def test_the_refusal_of_one_command_is_one_of_the_replies(run: Run) -> None:
    refusal = redis_errors.ResponseError("no")
    assert (await run(echo(["A", "B"], ["C"]), [[1, refusal], [refusal]]))[0] == [1, refusal, refusal]


async def test_a_command_whose_reply_the_client_would_change_goes_by_a_pipeline(run: Run) -> None:
    """redis-py's GEOPOS makes numbers of texts, and ``client.json()`` teaches a client to parse JSON.GET."""
    assert await run(echo(["GEOPOS"]), [[[b"1"]]]) == ([[b"1"]], [[("GEOPOS", 1, b"\xff")]])


@pytest.mark.parametrize(("cache", "alone"), [(None, True), (object(), False)])
def test_a_command_of_a_client_with_a_cache_goes_by_a_pipeline(cache: object, alone: bool) -> None:
    """redis-py's client-side caching refuses single reads that do not name their keys."""
    client = SimpleNamespace(response_callbacks={}, connection_pool=SimpleNamespace(cache=cache))
    assert retrying_drivers._is_simple(client, [Command(("A",))]) is alone


@pytest.mark.parametrize(
    ("error", "kind", "named"),
    [
        (redis_errors.ConnectionError("Error 111 connecting"), ServerUnavailableError, "at here:1.*111"),
        (redis_errors.TimeoutError("Timeout reading"), ServerUnavailableError, "at here:1"),
        (redis_errors.AuthenticationError("invalid username-password pair"), AuthenticationError, "at here:1.*refused"),
        (redis_errors.NoPermissionError("NOPERM this user"), AuthenticationError, "NOPERM"),
        (redis_errors.ResponseError("unknown command 'FT.INFO'"), MissingModuleError, "search"),
        (redis_errors.ResponseError("LOADING"), ServerError, "LOADING"),
        (redis_errors.InvalidResponse("what?"), ServerError, "InvalidResponse.*at here:1"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_error_of_the_client_becomes_one_of_ours(
    run: Run, error: Exception, kind: type[Exception], named: str
) -> None:
    with pytest.raises(kind, match=named):
        await run(echo(["A", "B"]), [error])


@pytest.mark.parametrize("error", [redis_errors.ConnectionError("gone"), redis_errors.TimeoutError("late")])
async def test_a_single_command_that_gets_no_answer_is_an_error_of_ours(run: Run, error: Exception) -> None:
    with pytest.raises(ServerUnavailableError, match=f"at here:1.*{error}"):
        await run(echo(["A"]), [error])


async def test_an_operation_can_go_on_after_an_error(run: Run) -> None:
    def careful() -> Steps[str]:
        try:
            yield [Command(("A",))]
        except ServerUnavailableError:
            replies = yield [Command(("B",))]
            return f"after all {ok(replies[0])}"
        return "never"

    assert (await run(careful(), [redis_errors.ConnectionError("gone"), [7]]))[0] == "after all 7"


async def test_an_error_of_the_operation_itself_is_not_changed(run: Run) -> None:
    def broken() -> Steps[None]:
        yield [Command(("A",))]
        raise KeyError("own")

    with pytest.raises(KeyError, match="own"):
        await run(broken(), [[1]])


def test_every_error_of_redis_py_has_a_translation() -> None:
    for kind in vars(redis_errors).values():
        if inspect.isclass(kind) and issubclass(kind, redis_errors.RedisError):
            assert isinstance(translate_error(kind.__new__(kind), "here:1"), ServerError)


# Addresses


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://h:1", "redis://h:1"),
        ("redis://:secret@h:1/2", "redis://h:1/2"),
        ("rediss://user:secret@h:1?ssl_ca_certs=secret", "rediss://h:1"),
        ("redis://user:se,c@ret@h:1", "redis://h:1"),
        ("redis://h?password=secret", "redis://h"),
        ("redis://user:secret@h:1,other:2", "redis://h:1,other:2"),
        ("redis+sentinel://user:secret@h:1,other:2/service", "redis+sentinel://h:1,other:2/service"),
    ],
)
def test_the_address_of_a_url_has_no_credentials(url: str, address: str) -> None:
    assert Connection(url).address == address


def test_the_address_of_a_unix_url_has_no_credentials() -> None:
    address = Connection("unix://user:secret@/tmp/s.sock?db=1").address
    assert "/tmp/s.sock" in address  # noqa: S108 (no file is made)
    assert "secret" not in address


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (redis.Redis(host="h", port=1, password="secret"), "h:1"),  # noqa: S106
        (redis.Redis(unix_socket_path="/tmp/s.sock", password="secret"), "/tmp/s.sock"),  # noqa: S106, S108
        (redis.Redis(), "localhost:6379"),
    ],
)
def test_the_address_of_a_client_has_no_credentials(client: redis.Redis, address: str) -> None:
    assert Connection(client=client).address == address


@pytest.mark.parametrize(
    "url",
    [
        "http://:secret@h",
        "h:6379",
        "redis://:secret/x@h:1",
        "redis://user:secret#x@h:1",
        "redis://user:secret?x@h:1",
        "redis://:secret@h:port",
        "redis://:secret@[h",
    ],
)
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ArgumentError, match="redis_url") as refusal:
        Connection(url)
    assert "secret" not in f"{refusal.value!r} {refusal.value.__cause__!r}"


def test_the_environment_names_the_default_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@from-environment:1")
    assert Connection().address == "redis://from-environment:1"
    monkeypatch.delenv("REDIS_URL")
    assert Connection().address == "redis://localhost:6379"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"redis_url": "redis://h", "client": redis.Redis()}, "either redis_url or a client"),
        ({"client": aredis.Redis()}, r"client is a redis\.Redis"),
        ({"async_client": redis.Redis()}, r"async_client is a redis\.asyncio\.Redis"),
        ({"client": "redis://h"}, r"client is a redis\.Redis.*str"),
        ({"redis_url": 3}, "redis_url is a non-empty string"),
    ],
)
def test_what_is_no_connection_is_refused(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        Connection(**arguments)


def test_an_empty_batch_has_no_replies_and_sends_nothing() -> None:
    def steps() -> Steps[list[Any]]:
        return (yield [])

    client = redis.Redis(port=1)
    assert drive(client, steps(), str, on_sent=client.close) == []
    client.close()
