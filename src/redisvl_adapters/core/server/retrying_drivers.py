"""The two functions that run an operation, on a sync and on an async client, with retries and cluster routing."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio.sentinel import MasterNotFoundError as AsyncMasterNotFoundError
from redis.sentinel import MasterNotFoundError

from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.core.server.cluster_transport import (
    RAW,
    UNSETTLED,
    asend_to_cluster,
    is_cluster,
    send_to_cluster,
)
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.core.server.replies import note_commands, readable, server_error, shortened
from redisvl_adapters.core.server.telemetry import watching
from redisvl_adapters.core.server.waits import Retry, retry_waits
from redisvl_adapters.errors import AuthenticationError, ServerError, ServerUnavailableError

FAILURES = (redis_errors.RedisError, redis_errors.RedisClusterException)
"""What redis-py raises; the second is not of the first one's kind."""


def drive(
    client: SyncClient,
    steps: Steps[T],
    address: Callable[[], str],
    retry: Retry = 0,
    on_sent: Callable[[], None] | None = None,
) -> T:
    """Run an operation, one round trip for each batch that it yields.

    Args:
        client: The client.
        steps: The operation.
        address: Tells where the server is, for errors.
        retry: How many times, or for how long, a round trip is made again if the connection fails, or the server has
            become a replica, which takes no writes.
        on_sent: Is called, perhaps more than once, when all commands of a batch are on their way.
    """
    sent = watching()
    try:
        commands = next(steps)
        while True:
            waits = _waits(commands, retry)
            while True:
                began = 0.0 if sent is None else time.perf_counter()
                try:
                    replies = _rest(commands) if type(commands) is Pause else _send(client, commands, on_sent)
                except FAILURES as error:
                    if sent is not None:
                        sent(commands, time.perf_counter() - began, error)
                    wait = next(waits, None) if is_lost(error) else None
                    if wait is None:
                        commands = steps.throw(translate_error(error, address()))
                        break
                    time.sleep(wait)
                else:
                    if sent is not None:
                        sent(commands, time.perf_counter() - began, None)
                    if note_commands(commands, replies) and not is_cluster(client):
                        _close_idle(client)
                        if (wait := next(waits, None)) is not None:
                            time.sleep(wait)
                            continue
                    commands = steps.send(replies)
                    break
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


async def adrive(client: AsyncClient, steps: Steps[T], address: Callable[[], str], retry: Retry = 0) -> T:
    """Run an operation on an async client. See ``drive``."""
    sent = watching()
    try:
        commands = next(steps)
        while True:
            waits = _waits(commands, retry)
            while True:
                began = 0.0 if sent is None else time.perf_counter()
                try:
                    replies = await (_arest(commands) if type(commands) is Pause else _asend(client, commands))
                except FAILURES as error:
                    if sent is not None:
                        sent(commands, time.perf_counter() - began, error)
                    wait = next(waits, None) if is_lost(error) else None
                    if wait is None:
                        commands = steps.throw(translate_error(error, address()))
                        break
                    await asyncio.sleep(wait)
                else:
                    if sent is not None:
                        sent(commands, time.perf_counter() - began, None)
                    if note_commands(commands, replies) and not is_cluster(client):
                        await _aclose_idle(client)
                        if (wait := next(waits, None)) is not None:
                            await asyncio.sleep(wait)
                            continue
                    commands = steps.send(replies)
                    break
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


def _rest(pause: Pause) -> list[Reply]:
    time.sleep(pause.seconds)
    return []


async def _arest(pause: Pause) -> list[Reply]:
    await asyncio.sleep(pause.seconds)
    return []


def _close_idle(client: Any) -> None:
    """Close what is open to a server that is a replica by now: the address may be that of another server."""
    try:
        client.connection_pool.disconnect(inuse_connections=False)
    except TypeError:  # some pools of redis-py 5 do not take it
        client.connection_pool.disconnect()


async def _aclose_idle(client: Any) -> None:
    """Close what is open to a server that is a replica by now. See ``_close_idle``."""
    await client.connection_pool.disconnect(inuse_connections=False)


def _waits(commands: Sequence[Command], retry: Retry) -> Iterator[float]:
    """Yield how long to wait before each attempt to send commands again, if that does no harm."""
    if all(command.repeatable for command in commands):
        yield from retry_waits(retry)


def is_lost(error: Exception) -> bool:
    """Tell whether a connection failed, and not a password or a command."""
    lost = isinstance(
        error,
        (redis_errors.ConnectionError, redis_errors.TimeoutError, redis_errors.RedisClusterException, *UNSETTLED),
    )
    return lost and not isinstance(error, redis_errors.AuthenticationError | redis_errors.AuthorizationError)


def _send(client: Any, commands: Sequence[Command], on_sent: Callable[[], None] | None = None) -> list[Reply]:
    if not commands:
        return []
    if is_cluster(client):
        return send_to_cluster(client, commands, on_sent)
    if _is_simple(client, commands):
        try:
            return [client.execute_command(*commands[0].args, **RAW)]
        except redis_errors.ResponseError as error:
            return [error]
    pipeline: Any = client.pipeline(transaction=False)
    # A client can have been taught to parse JSON.GET and the like; replies are parsed by us.
    pipeline.response_callbacks = {}
    if on_sent is not None:

        def tell(reply: Reply, **_: object) -> Reply:
            on_sent()
            return reply

        # Replies come when all commands were sent.
        pipeline.response_callbacks[commands[0].args[0]] = tell
    for command in commands:
        pipeline.execute_command(*command.args, **RAW)
    replies: list[Reply] = pipeline.execute(raise_on_error=False)
    return replies


async def _asend(client: Any, commands: Sequence[Command]) -> list[Reply]:
    if not commands:
        return []
    if is_cluster(client):
        return await asend_to_cluster(client, commands)
    if _is_simple(client, commands):
        try:
            return [await client.execute_command(*commands[0].args, **RAW)]
        except redis_errors.ResponseError as error:
            return [error]
    pipeline: Any = client.pipeline(transaction=False)
    pipeline.response_callbacks = {}
    for command in commands:
        pipeline.execute_command(*command.args, **RAW)
    replies: list[Reply] = await pipeline.execute(raise_on_error=False)
    return replies


def _is_simple(client: Any, commands: Sequence[Command]) -> bool:
    """Tell whether there is one command alone, whose reply the client leaves as it is: then no pipeline is needed.

    A client with a cache of its own would have to know the keys of the command, and answer with what was there before.
    """
    if len(commands) != 1 or commands[0].args[0] in client.response_callbacks:
        return False
    return getattr(client.connection_pool, "cache", None) is None


def translate_error(error: Exception, address: str) -> ServerError:
    """Return what a failure to talk to the server means here."""
    address = shortened(address)
    match error:
        case MasterNotFoundError() | AsyncMasterNotFoundError():
            return _no_master(error, address)
        case redis_errors.AuthenticationError() | redis_errors.AuthorizationError():
            return AuthenticationError(
                f"the server at {address} refused the username or the password: {readable(error)}"
            )
        case redis_errors.ConnectionError() | redis_errors.TimeoutError() | redis_errors.RedisClusterException():
            return ServerUnavailableError(
                f"no Redis server answers at {address} ({readable(error, 130)}); is it running, and is the URL right?"
            )
        case redis_errors.ResponseError():
            return server_error(error)
        case redis_errors.ClusterError():
            return ServerUnavailableError(
                f"the cluster at {address} is down or changing ({readable(error, 130)}); try again"
            )
        case _:
            return ServerError(f"{type(error).__name__} from the server at {address}: {readable(error)}")


def _no_master(error: Exception, address: str) -> ServerError:
    """Return the error for Sentinels that name no master; redis-py lists its clients of them, with all settings."""
    said = str(error)
    if "AuthenticationError" in said:
        return AuthenticationError(
            f"a Sentinel at {address} refused the username or the password; those of Sentinels are sentinel_username "
            "and sentinel_password in the URL, or empty ones where they have none"
        )
    kinds = ", ".join(dict.fromkeys(_FAILED_SENTINEL.findall(said)))
    why = f" ({kinds})" if kinds else ""
    return ServerUnavailableError(
        f"no Sentinel at {address} names a master of that service which is up{why}; are they running, is the name of "
        "the service right, and has a new master been chosen?"
    )


_FAILED_SENTINEL = re.compile(r"> - (?:\w+:)?(\w+)")
