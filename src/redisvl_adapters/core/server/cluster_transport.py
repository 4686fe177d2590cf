"""Sending a batch to a cluster: each command to the node of its key, all nodes at the same time.

redis-py's pipelines of clusters look for the node of each command themselves, which takes as long as writing a record,
and know no way for search commands. What a node does not serve any more is sent again by redis-py, which follows slots.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio.cluster import PipelineCommand
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.client import NEVER_DECODE
from redis.cluster import RedisCluster, get_connection
from redis.crc import key_slot

from redisvl_adapters.core.server.commands import Argument, Command, Reply
from redisvl_adapters.core.server.script_digests import by_digest, places_to_repeat

RAW: Mapping[str, Any] = {NEVER_DECODE: True}
"""Text comes back as bytes whatever the client was made for, since some of it is vectors."""

UNSETTLED = (redis_errors.ClusterError, redis_errors.AskError)
"""What nodes say of a slot that moves, or that nobody serves while a replica takes over."""

# What a coordinator says while it does not know who serves a slot.
_COORDINATOR_LOST = ("SLOTS_UNAVAIL", "Could not send query to cluster", "Uninitialized cluster state")

# redis-py does not type it.
_get_connection: Any = get_connection


def is_cluster(client: object) -> bool:
    """Tell whether a client is one of a cluster."""
    kind: Any = type(client)
    return bool(_is_cluster_kind(kind))


@cache
def _is_cluster_kind(kind: type[object]) -> bool:
    # Remembered, since redis-py's classes are protocols, which take long to ask.
    return issubclass(kind, RedisCluster | AsyncRedisCluster)


def send_to_cluster(client: Any, commands: Sequence[Command], on_sent: Callable[[], None] | None = None) -> list[Reply]:
    """Send a batch, scripts by their digests, and return the replies.

    Args:
        client: A client of a cluster.
        commands: The commands; those without a key go to one node, which asks the others.
        on_sent: Is called when they are on their way.

    Raises:
        RedisError: If a node is gone, or the cluster is down.
    """
    replies = _exchange(client, commands, on_sent, digests=True)
    if places := places_to_repeat(commands, replies):
        again = _exchange(client, [commands[place] for place in places], None, digests=False)
        for place, reply in zip(places, again, strict=True):
            replies[place] = reply
    return replies


async def asend_to_cluster(client: Any, commands: Sequence[Command]) -> list[Reply]:
    """Send a batch and return the replies. See ``send_to_cluster``."""
    await client.initialize()
    replies = await _aexchange(client, commands, digests=True)
    if places := places_to_repeat(commands, replies):
        again = await _aexchange(client, [commands[place] for place in places], digests=False)
        for place, reply in zip(places, again, strict=True):
            replies[place] = reply
    return replies


def _exchange(
    client: Any, commands: Sequence[Command], on_sent: Callable[[], None] | None, *, digests: bool
) -> list[Reply]:
    sent, places_of = _routed(client, commands, digests=digests)
    replies: list[Reply] = [None] * len(commands)
    opened: list[tuple[Any, Any, list[int]]] = []
    try:
        for name, places in places_of.items():
            redis_node = client.get_redis_connection(client.get_node(node_name=name))
            connection = _get_connection(redis_node, "PIPELINE")
            opened.append((redis_node.connection_pool, connection, places))
            connection.send_packed_command(connection.pack_commands([sent[place] for place in places]))
        if on_sent is not None:
            on_sent()
        for _, connection, places in opened:
            for place in places:
                try:
                    replies[place] = connection.read_response(disable_decoding=True)
                except redis_errors.ResponseError as error:
                    replies[place] = error
    except BaseException as error:
        for _, connection, _ in opened:
            # What was not read must not be taken for the reply to something else.
            connection.disconnect()
        if isinstance(error, redis_errors.ConnectionError | redis_errors.TimeoutError):
            _leave_default_node(client)
            client.nodes_manager.initialize()
        raise
    finally:
        for pool, connection, _ in opened:
            pool.release(connection)
    for place in _unsettled(commands, replies):
        try:
            replies[place] = client.execute_command(*commands[place].args, **RAW)
        except redis_errors.ResponseError as error:
            replies[place] = error
    return replies


async def _aexchange(client: Any, commands: Sequence[Command], *, digests: bool) -> list[Reply]:
    sent, places_of = _routed(client, commands, digests=digests)
    # A name as bytes has no callback that would change its reply.
    queued = [PipelineCommand(place, str(args[0]).encode(), *args[1:], **RAW) for place, args in enumerate(sent)]
    batches = [
        (client.get_node(node_name=name), [queued[place] for place in places]) for name, places in places_of.items()
    ]
    failures = await asyncio.gather(*(node.execute_pipeline(batch) for node, batch in batches), return_exceptions=True)
    replies: list[Reply] = [command.result for command in queued]
    for failure in (*failures, *replies):
        if isinstance(failure, BaseException) and not isinstance(failure, redis_errors.ResponseError):
            if isinstance(failure, redis_errors.ConnectionError | redis_errors.TimeoutError):
                _leave_default_node(client)
                await client.nodes_manager.initialize()
            raise failure
    for place in _unsettled(commands, replies):
        try:
            replies[place] = await client.execute_command(*commands[place].args, **RAW)
        except redis_errors.ResponseError as error:
            replies[place] = error
    return replies


def _routed(
    client: Any, commands: Sequence[Command], *, digests: bool
) -> tuple[list[tuple[Argument, ...]], dict[str, list[int]]]:
    """Return what is sent for each command, and the places of the commands for each node, by its name."""
    manager, encode, one = client.nodes_manager, client.encoder.encode, client.get_default_node()
    nodes: list[str] = [
        (one if command.key is None else manager.get_node_from_slot(key_slot(encode(command.key)))).name
        for command in commands
    ]
    places_of: dict[str, list[int]] = {}
    for place, node in enumerate(nodes):
        places_of.setdefault(node, []).append(place)
    return list(by_digest(commands, nodes)) if digests else [command.args for command in commands], places_of


def _unsettled(commands: Sequence[Command], replies: Sequence[Reply]) -> list[int]:
    """Return the places of the commands whose slots are, or are about to be, elsewhere.

    Raises:
        RedisError: If one of them has no key: the node does not serve it, and no other one would; as search says while
            it does not know yet where a slot went.
    """
    places = []
    for place, (command, reply) in enumerate(zip(commands, replies, strict=True)):
        if isinstance(reply, redis_errors.ResponseError):
            if command.key is not None and isinstance(reply, UNSETTLED):
                places.append(place)
            elif isinstance(reply, UNSETTLED):
                raise reply
            elif command.key is None and any(sign in str(reply) for sign in _COORDINATOR_LOST):
                raise redis_errors.ClusterDownError(str(reply))
    return places


def _leave_default_node(client: Any) -> None:
    """Let another node answer search commands: the one that did may be gone."""
    if others := [node for node in client.get_primaries() if node != client.get_default_node()]:
        client.set_default_node(random.choice(others))  # noqa: S311
