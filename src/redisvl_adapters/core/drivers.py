"""The two small functions that run an operation: one on a sync client, one on an async client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.client import NEVER_DECODE
from redis.cluster import RedisCluster

from redisvl_adapters.core.commands import Command, Reply, Steps, T, explain
from redisvl_adapters.core.connection import AsyncClient, SyncClient
from redisvl_adapters.errors import AuthenticationError, ServerError, ServerUnavailableError

# Text comes back as bytes whatever the client was made for, since some of it is vectors.
_RAW: dict[str, Any] = {NEVER_DECODE: True}


def drive(client: SyncClient, steps: Steps[T], address: Callable[[], str]) -> T:
    """Run an operation, one round trip for each batch that it yields."""
    try:
        commands = next(steps)
        while True:
            try:
                replies = _send(client, commands)
            except redis_errors.RedisError as error:
                commands = steps.throw(translate(error, address()))
            else:
                commands = steps.send(replies)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


async def adrive(client: AsyncClient, steps: Steps[T], address: Callable[[], str]) -> T:
    """Run an operation on an async client, one round trip for each batch that it yields."""
    try:
        commands = next(steps)
        while True:
            try:
                replies = await _asend(client, commands)
            except redis_errors.RedisError as error:
                commands = steps.throw(translate(error, address()))
            else:
                commands = steps.send(replies)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


def _send(client: SyncClient, commands: Sequence[Command]) -> list[Reply]:
    if isinstance(client, RedisCluster):
        return _send_to_cluster(client, commands)
    pipeline: Any = client.pipeline(transaction=False)
    # A client can have been taught to parse JSON.GET and the like; replies are parsed by us.
    pipeline.response_callbacks = {}
    for command in commands:
        pipeline.execute_command(*command.args, **_RAW)
    replies: list[Reply] = pipeline.execute(raise_on_error=False)
    return replies


async def _asend(client: AsyncClient, commands: Sequence[Command]) -> list[Reply]:
    if isinstance(client, AsyncRedisCluster):
        return await _asend_to_cluster(client, commands)
    pipeline: Any = client.pipeline(transaction=False)
    pipeline.response_callbacks = {}
    for command in commands:
        pipeline.execute_command(*command.args, **_RAW)
    replies: list[Reply] = await pipeline.execute(raise_on_error=False)
    return replies


def _send_to_cluster(client: Any, commands: Sequence[Command]) -> list[Reply]:
    """Send search commands to one node, which asks the others, and commands with a key to the nodes of their keys."""
    replies: dict[int, Reply] = {}
    pipeline = client.pipeline()
    for position, command in enumerate(commands):
        if command.key is None:
            try:
                replies[position] = client.execute_command(
                    *command.args, target_nodes=RedisCluster.DEFAULT_NODE, **_RAW
                )
            except redis_errors.ResponseError as error:
                replies[position] = error
        else:
            pipeline.execute_command(*command.args, **_RAW)
    keyed = iter(pipeline.execute(raise_on_error=False) if len(replies) < len(commands) else ())
    return [replies[position] if position in replies else next(keyed) for position in range(len(commands))]


async def _asend_to_cluster(client: Any, commands: Sequence[Command]) -> list[Reply]:
    """Send search commands to one node, which asks the others, and commands with a key to the nodes of their keys."""
    replies: dict[int, Reply] = {}
    await client.initialize()
    pipeline = client.pipeline()
    for position, command in enumerate(commands):
        if command.key is None:
            try:
                replies[position] = await client.execute_command(
                    *command.args, target_nodes=AsyncRedisCluster.DEFAULT_NODE, **_RAW
                )
            except redis_errors.ResponseError as error:
                replies[position] = error
        else:
            pipeline.execute_command(*command.args, **_RAW)
    keyed = iter(await pipeline.execute(raise_on_error=False) if len(replies) < len(commands) else ())
    return [replies[position] if position in replies else next(keyed) for position in range(len(commands))]


def translate(error: redis_errors.RedisError, address: str) -> ServerError:
    """Return what a failure to talk to the server means here."""
    match error:
        case redis_errors.AuthenticationError() | redis_errors.AuthorizationError():
            return AuthenticationError(f"the server at {address} refused the username or the password: {error}")
        case redis_errors.ConnectionError() | redis_errors.TimeoutError():
            return ServerUnavailableError(
                f"no Redis server answers at {address} ({error}); is it running, and is the URL right?"
            )
        case redis_errors.ResponseError():
            return explain(error)
        case _:
            return ServerError(f"{type(error).__name__} from the server at {address}: {error}")
