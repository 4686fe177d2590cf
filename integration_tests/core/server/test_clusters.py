"""Clusters of the tests' own, without search: batches reach all nodes, scripts go by digest, slots and masters move."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
import redis
from redis import asyncio as aredis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.crc import key_slot
from redis.retry import Retry

from integration_tests.conftest import Call
from integration_tests.core.core_support import own_cluster, until
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.core.server.retrying_drivers import adrive, drive
from redisvl_adapters.errors import MissingModuleError, ServerUnavailableError

COUNT = "return redis.call('INCR',KEYS[1])"
KEYS = [f"key-{number}" for number in range(300)]


class Cluster:
    """A cluster, and the connection of a store to it.

    Attributes:
        nodes: A client for each node.
        connection: The connection.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.nodes: list[Any] = [redis.Redis(port=port, decode_responses=True) for port in ports]
        # The driver alone waits for what comes back.
        self.client: Any = redis.RedisCluster(
            startup_nodes=[ClusterNode("127.0.0.1", port) for port in ports[:2]],
            protocol=2,
            retry=Retry(NoBackoff(), 0),
        )
        self.connection = Connection(client=self.client)

    async def run(self, call: Call, steps: Steps[Any], retry: int = 0) -> Any:
        """Run an operation in either mode."""
        if call.__name__ == "sync":
            return drive(self.connection.sync_client(), steps, lambda: "here", retry)
        return await adrive(await self.connection.async_client(), steps, lambda: "here", retry)

    def calls(self, command: str) -> int:
        """Count how often the nodes ran a command."""
        stats = [node.info("commandstats").get(f"cmdstat_{command}", {"calls": 0}) for node in self.nodes]
        return sum(each["calls"] for each in stats)

    def everywhere(self, *args: Any) -> None:
        """Send a command to all nodes."""
        for node in self.nodes:
            node.execute_command(*args)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.connection.aclose()
        for node in (self.client, *self.nodes):
            node.close()


@pytest.fixture(scope="module")
def ports() -> Iterator[list[int]]:
    """The ports of three masters."""
    with own_cluster(3) as ports:
        yield ports


@pytest.fixture
async def cluster(ports: list[int]) -> AsyncIterator[Cluster]:
    """An empty cluster of three masters."""
    opened = Cluster(ports)
    opened.everywhere("FLUSHALL")
    opened.everywhere("SCRIPT", "FLUSH")
    yield opened
    await opened.aclose()


def counted(keys: Sequence[str], *between: Command) -> Steps[list[int]]:
    """Count each key up by a script, with other commands in the middle of the batch."""
    scripts = [Command(("EVAL", COUNT, 1, key), key) for key in keys]
    half = len(scripts) // 2
    replies = yield [*scripts[:half], *between, *scripts[half:]]
    return [ok(reply) for reply in replies[:half] + replies[half + len(between) :]]


async def test_a_batch_goes_to_all_nodes_and_the_text_of_a_script_once_to_each(cluster: Cluster, call: Call) -> None:
    before = cluster.calls("eval"), cluster.calls("evalsha")
    assert await cluster.run(call, counted(KEYS)) == [1] * 300
    assert cluster.calls("eval") - before[0] == 3
    assert cluster.calls("evalsha") - before[1] == 297
    assert all(node.dbsize() > 50 for node in cluster.nodes)


def test_who_waits_for_a_batch_to_be_sent_to_all_nodes_is_told_once(cluster: Cluster) -> None:
    told: list[None] = []
    drive(cluster.connection.sync_client(), counted(KEYS), lambda: "here", 0, lambda: told.append(None))
    assert len(told) == 1


async def test_tasks_that_begin_at_once_share_one_client_and_closing_leaves_no_connection(ports: list[int]) -> None:
    connection = Connection(f"redis://127.0.0.1:{ports[0]}?cluster=true&client_name=shared")
    with redis.Redis(port=ports[0]) as node:

        def named() -> int:
            return [each["name"] for each in node.client_list()].count("shared")

        clients = await asyncio.gather(*(connection.async_client() for _ in range(20)))
        assert len({id(client) for client in clients}) == 1
        assert await adrive(clients[0], counted(KEYS), lambda: "here")
        names: Any = await clients[0].execute_command("CLIENT GETNAME", target_nodes=aredis.RedisCluster.ALL_NODES)
        assert {*names.values()} == {"shared"}
        assert drive(connection.sync_client(), counted(KEYS), lambda: "here")
        assert named() >= 2
        await connection.aclose()
        until(lambda: named() == 0)


async def test_replies_stand_in_the_order_of_the_commands(cluster: Cluster, call: Call) -> None:
    def steps() -> Steps[list[Any]]:
        yield [Command(("SET", key, number), key) for number, key in enumerate(KEYS)]
        return (yield [Command(("GET", key), key) for key in KEYS])

    assert await cluster.run(call, steps()) == [str(number).encode() for number in range(300)]


async def test_a_refused_command_is_a_reply_and_the_others_are_done(cluster: Cluster, call: Call) -> None:
    def steps() -> Steps[list[Any]]:
        return (yield [Command(("SET", "a", 1), "a"), Command(("LPUSH", "a", 1), "a"), Command(("GET", "b"), "b")])

    done, refused, nothing = await cluster.run(call, steps())
    assert done == b"OK"
    assert isinstance(refused, redis.ResponseError)
    assert nothing is None


async def test_nodes_that_forget_their_scripts_in_mid_batch_are_told_them_again(cluster: Cluster, call: Call) -> None:
    at = [key for key in KEYS if key_slot(key.encode()) < 16384 // 3]
    flush = Command(("SCRIPT", "FLUSH"), at[0])
    assert await cluster.run(call, counted(at, flush)) == [1] * len(at)
    assert [int(cluster.nodes[0].get(key)) for key in at] == [1] * len(at)


@pytest.fixture
async def moving(cluster: Cluster) -> AsyncIterator[tuple[list[str], Any, Any]]:
    """A slot of a hundred keys, of which half have moved; yields them, where they were, and where they go."""
    keys = [f"{{t}}{number}" for number in range(100)]
    slot = key_slot(b"{t}")
    # Another test may just have moved it.
    until(lambda: any(_serves(node, slot) for node in cluster.nodes))
    source = next(node for node in cluster.nodes if _serves(node, slot))
    target = next(node for node in cluster.nodes if node is not source)
    for key in keys:
        source.set(key, 0)
    ids = {node: node.execute_command("CLUSTER", "MYID") for node in cluster.nodes}
    target.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    _migrate(source, target, keys[:50])
    yield keys, source, target
    _migrate(source, target, keys[50:])
    for node in (target, *cluster.nodes):
        node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[target])


def _serves(node: Any, slot: int) -> bool:
    mine = node.execute_command("CLUSTER", "MYID")
    slots = node.execute_command("CLUSTER", "SHARDS")
    owners = [
        each
        for shard in slots
        for each in (dict(zip(shard[::2], shard[1::2], strict=True)) if isinstance(shard, list) else shard,)
    ]
    return any(
        int(low) <= slot <= int(high) and mine in str(owner["nodes"])
        for owner in owners
        for low, high in zip(owner["slots"][::2], owner["slots"][1::2], strict=True)
    )


def _migrate(source: Any, target: Any, keys: Sequence[str]) -> None:
    port = target.get_connection_kwargs()["port"]
    source.execute_command("MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS", *keys)


async def test_while_a_slot_moves_each_script_runs_once(
    cluster: Cluster, moving: tuple[list[str], Any, Any], call: Call
) -> None:
    keys, source, target = moving
    assert await cluster.run(call, counted([*keys, *KEYS])) == [1] * 400
    assert source.exists(*keys[50:]) == 50
    _migrate(source, target, keys[50:])
    assert await cluster.run(call, counted([*keys, "{t}new"])) == [2] * 100 + [1]


async def test_a_cluster_whose_search_module_has_no_coordinator_is_refused(call: Call) -> None:
    with own_cluster(2, modules=("redisearch", "rejson")) as ports:
        index = RedisIndex(redis_url=f"redis://127.0.0.1:{ports[0]}?cluster=true", index_name="docs")
        with pytest.raises(MissingModuleError, match="no coordinator"):
            await call(index, "run", operations.count(index.state))
        await index.aclose()


async def test_a_master_that_is_killed_is_told_and_its_replica_completes_the_retry(call: Call) -> None:
    with own_cluster(3, 1, "--cluster-node-timeout", "500", "--repl-diskless-sync-delay", "0") as ports:
        cluster = Cluster([ports[1], ports[2], ports[3], ports[0]])
        assert await cluster.run(call, counted(KEYS)) == [1] * 300
        dying = cluster.nodes.pop()
        replica = cluster.nodes[2]
        until(lambda: dying.wait(1, 1000) == 1)
        os.kill(int(dying.info("server")["process_id"]), signal.SIGKILL)
        until(lambda: not _answers(dying))
        with pytest.raises(ServerUnavailableError):
            await cluster.run(call, counted(KEYS))
        assert await cluster.run(call, counted(["fresh-a", "fresh-b", *KEYS]), retry=20) != []
        assert replica.info("replication")["role"] == "master"
        values = [int(reply) for reply in await cluster.run(call, _read(KEYS))]
        assert min(values) >= 2
        await cluster.aclose()


def _answers(node: Any) -> bool:
    try:
        return bool(node.ping())
    except redis.ConnectionError:
        return False


def _read(keys: Sequence[str]) -> Steps[list[Any]]:
    return (yield [Command(("GET", key), key) for key in keys])
