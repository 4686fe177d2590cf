"""What servers say is told in one line of bounded length, with what was refused, and never with values or vectors."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from redis import exceptions as redis_errors

from redisvl_adapters.core.server.commands import Command
from redisvl_adapters.core.server.replies import note_command, server_error
from redisvl_adapters.core.server.retrying_drivers import translate_error
from redisvl_adapters.errors import AuthenticationError, MissingModuleError, ServerError, ServerUnavailableError

SECRET = "tr3asure"  # noqa: S105 (of nobody)
BLOB = "\x00\x12\ufffd\x80?tr3asure\ufffd"
NUMBERS = ", ".join(["0.731", "-1.5e-05", "73"] * 400)
COMMAND = Command(("HSET", "docs:1", "text", SECRET), "docs:1")
SEARCH = Command(("FT.SEARCH", "docs", f"@name:{{{SECRET}}}", "PARAMS", 2, "v", BLOB))

ERRORS: list[tuple[Exception, type[ServerError], str]] = [
    (
        redis_errors.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"),
        ServerError,
        "the server refused HSET on 'docs:1': WRONGTYPE Operation against a key holding the wrong kind of value",
    ),
    (
        redis_errors.NoPermissionError("User ann has no permissions to run the 'hset' command"),
        AuthenticationError,
        "does not permit HSET on 'docs:1': User ann has no permissions to run the 'hset' command; docs/operating.md",
    ),
    (
        redis_errors.NoPermissionError("No permissions to access a key"),
        AuthenticationError,
        "does not permit HSET on 'docs:1': No permissions to access a key; docs/operating.md has the rules",
    ),
    (
        redis_errors.ResponseError(
            "ACL failure in script: User ann has no permissions to run the 'hset' command script: "
            f"{'0' * 40}, on @user_script:1."
        ),
        AuthenticationError,
        "has no permissions to run the 'hset' command; docs",
    ),
    (
        redis_errors.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        ServerError,
        "refused HSET on 'docs:1': command not allowed when used memory > 'maxmemory'.",
    ),
    (redis_errors.ResponseError(f"Syntax error at offset 7 near {SECRET}"), ServerError, "at offset 7 near ..."),
    (redis_errors.ResponseError(f"Syntax error at offset 7 near '{SECRET}'"), ServerError, "at offset 7 near ..."),
    (
        redis_errors.ResponseError(f"Unknown argument `{SECRET}` at position 1"),
        ServerError,
        "argument ... at position 1",
    ),
    (redis_errors.ResponseError("Property `year` not loaded nor in schema"), ServerError, "Property `year` not loaded"),
    (redis_errors.ResponseError(f"Invalid attribute {SECRET} {SECRET}"), ServerError, "Invalid attribute ..."),
    (redis_errors.ResponseError(f"Expected a number, got {SECRET}"), ServerError, "Expected a number, got ..."),
    (
        redis_errors.ResponseError(f'Error occurred on position 2, "$[ ---->>>> {SECRET}", expected one of'),
        ServerError,
        "position 2, ..., expected one of",
    ),
    (
        redis_errors.ResponseError(f"unknown command 'FT.SEARCH', with args beginning with: 'docs' '{SECRET}' "),
        MissingModuleError,
        r"lacks the search module \(unknown command 'FT.SEARCH'\); use Redis 8",
    ),
    (
        redis_errors.ResponseError(f"unknown command 'HSETX', with args beginning with: 'docs' '{SECRET}\n' "),
        ServerError,
        "unknown command 'HSETX'$",
    ),
    (
        redis_errors.ResponseError(
            f"Command # 3 (HSET docs:1 text {SECRET} (x) {BLOB}) of pipeline caused error: WRONGTYPE Operation"
        ),
        ServerError,
        "refused HSET on 'docs:1': WRONGTYPE Operation",
    ),
    (
        redis_errors.ResponseError(
            "user_script:3: attempt to compare number with nil script: " + "a" * 40 + ", on @user_script:3."
        ),
        ServerError,
        "user_script:3: attempt to compare number with nil$",
    ),
    (redis_errors.ResponseError(f"could not add {NUMBERS} to it"), ServerError, r"could not add \.\.\. to it"),
    (redis_errors.ResponseError(f"[{NUMBERS}]"), ServerError, r"\[\.\.\.\]"),
    (redis_errors.ResponseError(f"bad blob {BLOB} here"), ServerError, r"bad blob \.\.\. here"),
    (redis_errors.ResponseError(f"bad blob \\x00\\x12{SECRET} here"), ServerError, r"bad blob \.\.\. here"),
    (redis_errors.ResponseError("huge " * 5000), ServerError, "huge huge"),
    (redis_errors.ResponseError("two\r\nlines"), ServerError, "two lines"),
    (
        redis_errors.MovedError("5485 10.0.0.7:6379"),
        ServerError,
        r"HSET on 'docs:1' is for another node of a cluster \(5485 10.0.0.7:6379\).*\?cluster=true",
    ),
    (redis_errors.ResponseError("MOVED 5485 10.0.0.7:6379"), ServerError, r"another node .*\?cluster=true"),
    (redis_errors.ResponseError("ASK 5485 10.0.0.7:6379"), ServerError, r"another node .*\?cluster=true"),
    (
        redis_errors.ResponseError("CLUSTERDOWN Hash slot not served"),
        ServerUnavailableError,
        r"Hash slot not served.*\?cluster=true",
    ),
    (redis_errors.AskError("5485 10.0.0.7:6379"), ServerError, r"another node of a cluster.*\?cluster=true"),
    (redis_errors.MovedError("5485 " + "h" * 500 + ":6379"), ServerError, r"another node of a cluster.*\?cluster=true"),
    (
        redis_errors.ClusterDownError("Hash slot not served"),
        ServerUnavailableError,
        r"HSET on 'docs:1'.*\(Hash slot not served\).*\?cluster=true",
    ),
    (redis_errors.MasterDownError("Link with MASTER is down"), ServerUnavailableError, "Link with MASTER is down"),
    (redis_errors.ClusterCrossSlotError("Keys in request don't hash to the same slot"), ServerError, "the same slot"),
    (redis_errors.TryAgainError("Multiple keys request during rehashing of slot"), ServerError, "during rehashing"),
    (redis_errors.ReadOnlyError("You can't write against a read only replica."), ServerError, "read only replica"),
    (redis_errors.NoScriptError("No matching script. Please use EVAL."), ServerError, "No matching script"),
    (redis_errors.ExecAbortError("Transaction discarded because of previous errors."), ServerError, "discarded"),
    (redis_errors.ConnectionError(f"Error 111 connecting to {'h' * 900}"), ServerUnavailableError, "no Redis server"),
    (redis_errors.AuthenticationError(f"WRONGPASS {'x' * 900}"), AuthenticationError, "refused the username"),
    (redis_errors.BusyLoadingError("Redis is loading the dataset in memory"), ServerUnavailableError, "is loading"),
    (redis_errors.InvalidResponse(f"Protocol Error: {BLOB * 90}"), ServerError, "InvalidResponse"),
    (redis_errors.RedisClusterException("no node " * 90), ServerUnavailableError, "no node"),
]


@pytest.mark.parametrize("address", ["here:1", ",".join(f"host{number}:6379" for number in range(90))])
@pytest.mark.parametrize("key", ["docs:1", "docs:" + "1" * 900])
@pytest.mark.parametrize(("error", "kind", "said"), ERRORS, ids=[str(error)[:40] for error, _, _ in ERRORS])
def test_an_error_is_short_and_has_no_values(
    error: Any, kind: type[ServerError], said: str, key: str, address: str
) -> None:
    if isinstance(error, redis_errors.ResponseError):
        note_command(error, COMMAND._replace(key=key))
    told = translate_error(error, address)
    assert type(told) is kind
    message = str(told)
    assert len(message) <= 300
    assert "\n" not in message
    assert message.isprintable()
    assert SECRET not in message
    assert "0.731" not in message
    if key == "docs:1":
        with pytest.raises(kind, match=said):
            raise told


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (COMMAND, "HSET on 'docs:1'"),
        (SEARCH, "FT.SEARCH on 'docs'"),
        (Command(("FT.CURSOR", "READ", "docs", 7, "COUNT", 2)), "FT.CURSOR on 'docs'"),
        (Command(("FT._LIST",)), "FT._LIST"),
        (Command(("EVAL", f"return '{SECRET}'", 2, "docs:1", "docs:2", SECRET), "docs:1"), "EVAL on 'docs:1'"),
        (Command(("HGETALL", "k" * 900), "k" * 900), f"HGETALL on '{'k' * 50}...'"),
    ],
)
def test_an_error_names_the_command_and_the_key(command: Command, named: str) -> None:
    for error in (redis_errors.NoPermissionError("No permissions to access a key"), redis_errors.ResponseError("no")):
        note_command(error, command)
        message = str(server_error(error))
        assert f" {named}: " in message
        assert SECRET not in message


def test_what_was_not_sent_by_us_is_a_command() -> None:
    assert str(server_error(redis_errors.ResponseError("no"))) == "the server refused a command: no"


def test_sentinels_are_told_in_one_line() -> None:
    for name in ("redis.client.Redis", "redis.asyncio.client.Redis"):
        listed = ", ".join(
            f"<{name}(<redis.connection.ConnectionPool(<redis.connection.Connection(host=h{number},port=1,"
            f"username=<REDACTED>,password={SECRET})>)>)> - {said}"
            for number, said in enumerate(["network:ConnectionError", "network:TimeoutError", "network:TimeoutError"])
        )
        for kind in (redis_errors_of("redis.sentinel"), redis_errors_of("redis.asyncio.sentinel")):
            told = translate_error(
                kind(f"No master found for 'mymaster' : {listed}"), "redis+sentinel://h0:1,h1:1/mymaster"
            )
            assert str(told) == (
                "no Sentinel at redis+sentinel://h0:1,h1:1/mymaster names a master of that service which is up "
                "(ConnectionError, TimeoutError); are they running, is the name of the service right, and has a new "
                "master been chosen?"
            )
            assert isinstance(told, ServerUnavailableError)
            listed_refusal = listed.replace("network:TimeoutError", "auth:AuthenticationError")
            told = translate_error(kind(f"No master found for 'mymaster' : {listed_refusal}"), "a" * 900)
            assert isinstance(told, AuthenticationError)
            assert "sentinel_password" in str(told)
            assert len(str(told)) <= 300


def redis_errors_of(module: str) -> Any:
    """Return redis-py's error for a service without a master, of which there are two."""
    return importlib.import_module(module).MasterNotFoundError
