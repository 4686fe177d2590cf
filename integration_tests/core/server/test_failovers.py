"""A master that becomes a replica: its writers go to the new one, by the same address or by what a Sentinel says."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.schema import TextNode
from ulid import ULID

from integration_tests.conftest import Call
from integration_tests.core.core_support import own_sentinel, own_server, until
from redisvl_adapters import langchain, llama_index
from redisvl_adapters.errors import PartialWriteError, ServerError

MODEL = DeterministicFakeEmbedding(size=4)
NODE = TextNode(text="of the new master", embedding=[1.0, 0, 0, 0])


class Pair:
    """Two servers, one of which follows the other.

    Attributes:
        ports: Their ports, that of the master first.
    """

    def __init__(self, first: int, second: int) -> None:
        self.ports = [first, second]
        self._clients = {port: redis.Redis(port=port) for port in self.ports}
        self._follow()

    @property
    def master(self) -> redis.Redis:
        """A client of the master."""
        return self._clients[self.ports[0]]

    def _follow(self) -> None:
        follower = self._clients[self.ports[1]]
        self.master.replicaof("NO", "ONE")
        follower.replicaof("127.0.0.1", str(self.ports[0]))
        until(lambda: follower.info("replication")["master_link_status"] == "up")

    def fail_over(self) -> None:
        """Let the other one be the master. Connections stay open."""
        self.ports.reverse()
        self._follow()

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Two servers, one of which follows the other."""
    quick = ("--repl-diskless-sync-delay", "0")
    with (
        own_server(*quick) as (first, _),
        own_server(*quick) as (second, _),
        contextlib.closing(Pair(first, second)) as pair,
    ):
        yield pair


@pytest.fixture(scope="module")
def address(pair: Pair) -> Iterator[int]:
    """The port of whoever is the master when a connection is made, as a name in DNS would be."""
    serving: list[tuple[asyncio.AbstractEventLoop, int]] = []
    started, ended = threading.Event(), asyncio.Event()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", pair.ports[0])
        await asyncio.gather(carry(reader, back), carry(there, writer))

    async def serve() -> None:
        async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
            serving.append((asyncio.get_running_loop(), server.sockets[0].getsockname()[1]))
            started.set()
            await ended.wait()
            relays = asyncio.all_tasks() - {asyncio.current_task()}
            for task in relays:
                task.cancel()
            await asyncio.gather(*relays, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(10)
    ((loop, port),) = serving
    yield port
    loop.call_soon_threadsafe(ended.set)
    thread.join()


async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what one side says, until it ends."""
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


@contextlib.asynccontextmanager
async def stores(url: str, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    """Yield the stores of both frameworks on one new index."""
    name = f"test-{ULID()}"
    both = (
        langchain.RedisVectorStore(MODEL, index_name=name, redis_url=url, **options),
        llama_index.RedisVectorStore(index_name=name, redis_url=url, **options),
    )
    yield both
    for store in both:
        await store.aclose()


async def test_writes_go_to_the_new_master_behind_the_same_address(
    pair: Pair, address: int, call: Call, storage: str
) -> None:
    async with stores(f"redis://127.0.0.1:{address}", storage=storage) as (documents, nodes):
        await call(documents, "add_texts", ["of the old master"])
        assert await call(nodes, "count") == 1
        until(lambda: pair.master.wait(1, 1000) == 1)
        pair.fail_over()
        await call(documents, "add_texts", ["of the new master"])
        await call(nodes, "add", [NODE])
        assert await call(documents, "count") == await call(nodes, "count") == 3
        assert pair.master.dbsize() >= 4, "the registry is one of them"


async def test_a_replica_that_stays_one_is_told_and_can_be_read(pair: Pair, call: Call) -> None:
    async with stores(f"redis://127.0.0.1:{pair.ports[0]}", retry=2) as (documents, nodes):
        await call(documents, "add_texts", ["of the old master"])
        until(lambda: pair.master.wait(1, 1000) == 1)
        pair.fail_over()
        for store, name, argument in ((documents, "add_texts", ["no"]), (nodes, "add", [NODE])):
            with pytest.raises(PartialWriteError, match="read only") as told:
                await call(store, name, argument)
            assert told.value.written == []
        with pytest.raises(ServerError, match="read only"):
            await call(documents, "clear")
        assert await call(documents, "count") == await call(nodes, "count") == 1


def begins_failover(sentinel: redis.Redis) -> bool:
    """Tell a Sentinel to let the replica take over; False while it does not know it well enough yet."""
    try:
        return bool(sentinel.execute_command("SENTINEL", "FAILOVER", "mymaster"))
    except redis.ResponseError:
        return False


async def test_a_failover_by_sentinels_is_waited_for(pair: Pair) -> None:
    with own_sentinel(pair.ports[0], "sentinel down-after-milliseconds mymaster 1000") as port:
        url = f"redis+sentinel://127.0.0.1:{port}/mymaster"
        async with stores(url, retry=timedelta(seconds=30)) as (documents, nodes):
            documents.add_texts(["of the old master"])
            assert await nodes.acount() == 1
            until(lambda: pair.master.wait(1, 1000) == 1)
            with redis.Redis(port=port) as sentinel:
                until(lambda: begins_failover(sentinel))
                until(lambda: sentinel.sentinel_get_master_addr_by_name("mymaster")[1] == pair.ports[1])
            # What the Sentinel does some ten seconds later. Connections to the old master stay open.
            pair.fail_over()
            documents.add_texts(["of the new master"])
            await nodes.async_add([NODE])
            assert documents.count() == await nodes.acount() == 3
            assert pair.master.info("replication")["role"] == "master"
