"""What the tests of the core share: indexes that are closed in the end, short forms of operations, own servers."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Unpack

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from redisvl_adapters.core import Compare, Filter, IndexOptions, Operator, Record, RedisIndex, operations
from redisvl_adapters.embedded.candidates import find_candidates

DIMS = 4


class Indexes(Protocol):
    """Makes an index of the test's name, or of another one, that is closed after the test."""

    def __call__(self, **options: Unpack[IndexOptions]) -> RedisIndex: ...


@contextlib.asynccontextmanager
async def opened_indexes(**defaults: Unpack[IndexOptions]) -> AsyncIterator[Indexes]:
    """Make indexes with these options unless others are given, and close them in the end."""
    made: list[RedisIndex] = []

    def make(**options: Unpack[IndexOptions]) -> RedisIndex:
        given: IndexOptions = {**defaults, **options}
        if "client" in options or "async_client" in options:
            given.pop("redis_url", None)
        made.append(RedisIndex(**given))
        return made[-1]

    yield make
    for index in made:
        await index.aclose()


def record(record_id: str, /, **metadata: Any) -> Record:
    """Return a record with a text and metadata."""
    return Record(record_id, f"text of {record_id}", metadata)


def records(metadatas: Mapping[str, Mapping[str, Any]]) -> list[Record]:
    """Return records with these metadata by id."""
    return [Record(record_id, f"text of {record_id}", dict(metadata)) for record_id, metadata in metadatas.items()]


def vectors_for(items: Sequence[object]) -> list[list[float]]:
    """Return a vector for each item, each further from ``[1, 0, 0, 0]`` than the one before."""
    return [[1.0, float(place), 0.0, 0.0] for place in range(len(items))]


def where(key: str, operator: str, value: Any) -> Compare:
    """Return a comparison."""
    return Compare(key, Operator(operator), value)


def add(index: RedisIndex, *items: Record, ttl_ms: int | None = None) -> list[str]:
    """Write records."""
    return index.run(operations.upsert(index.state, items, vectors_for(items), ttl_ms))


def ids_of(index: RedisIndex, filter: Filter | None = None) -> set[str]:
    """Return the ids of the records that match."""
    return {found.id for found in index.run(operations.fetch_matching(index.state, filter))}


def near(index: RedisIndex, k: int, filter: Filter | None = None, **options: Any) -> list[str]:
    """Return the ids of the records nearest to ``[1, 0, 0, 0]``."""
    hits = index.run(operations.search_by_vector(index.state, [1.0, 0.0, 0.0, 0.0], k, filter, **options))
    return [hit.record.id for hit in hits]


def count(index: RedisIndex, filter: Filter | None = None) -> int:
    """Count the records that match."""
    return index.run(operations.count(index.state, filter))


def until(condition: Callable[[], object]) -> None:
    """Wait for what happens on the server by itself, such as an expiry or a scan."""
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in 10 seconds"
        time.sleep(0.002)


@contextlib.contextmanager
def own_server(
    *arguments: str, modules: Sequence[str] = ("redisearch", "rejson"), server: Path | None = None, port: int = 0
) -> Iterator[tuple[int, Path]]:
    """Run a server of the test's own, with these modules and arguments; yields its port and its folder.

    Without another one it is that of the embedded Redis, and on a port that was free. Skips the test where the wheels
    that bring a server are not in use.
    """
    if "REDIS_URL" in os.environ:
        pytest.skip("needs a server of its own, and REDIS_URL names another one")
    candidate = find_candidates()[0]
    port = port or free_port()
    loaded = [part for path in candidate.modules if path.stem in modules for part in ("--loadmodule", str(path))]
    with tempfile.TemporaryDirectory(prefix="redisvl-adapters-", ignore_cleanup_errors=True) as folder:
        fixed = ["--bind", "127.0.0.1", "--port", str(port), "--dir", folder, "--save", "", *loaded]
        with _running(server or candidate.server, Path(folder), [*fixed, *arguments], port):
            yield port, Path(folder)


@contextlib.contextmanager
def own_sentinel(master: int, *lines: str) -> Iterator[int]:
    """Run a Sentinel that watches the server at a port as ``mymaster``; yields its port.

    Args:
        master: The port.
        lines: What else is in its configuration.
    """
    candidate, port = find_candidates()[0], free_port()
    with tempfile.TemporaryDirectory(prefix="redisvl-adapters-", ignore_cleanup_errors=True) as folder:
        settings = Path(folder) / "sentinel.conf"
        watched = f"sentinel monitor mymaster 127.0.0.1 {master} 1"
        settings.write_text("\n".join(["bind 127.0.0.1", f"port {port}", f"dir {folder}", watched, *lines, ""]))
        with _running(candidate.server, Path(folder), [str(settings), "--sentinel"], port):
            yield port


@contextlib.contextmanager
def _running(executable: Path, folder: Path, arguments: Sequence[str], port: int) -> Iterator[None]:
    if not os.access(executable, os.X_OK):
        executable = Path(shutil.copyfile(executable, folder / "redis-server"))
        executable.chmod(0o700)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([executable, *arguments], stdout=log, stderr=log)
    try:
        _await_answer(port)
        yield
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cluster_arguments() -> list[str]:
    """Return the arguments of a server that is to join a cluster."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return ["--cluster-enabled", "yes", "--cluster-port", str(probe.getsockname()[1])]


def all_slots(port: int) -> None:
    """Make a cluster of one node."""
    with redis.Redis(port=port) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: is_joined(client))


@contextlib.contextmanager
def own_cluster(masters: int, replicas: int = 0, *arguments: str, modules: Sequence[str] = ()) -> Iterator[list[int]]:
    """Run a cluster of the test's own; yields the ports of its masters, which share the slots, and of replicas."""
    with contextlib.ExitStack() as stack:
        ports = [
            stack.enter_context(own_server(*cluster_arguments(), *arguments, modules=modules))[0]
            for _ in range(masters + replicas)
        ]
        clients: list[Any] = [stack.enter_context(redis.Redis(port=port, decode_responses=True)) for port in ports]
        for place, client in enumerate(clients[:masters]):
            first, last = place * 16384 // masters, (place + 1) * 16384 // masters - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        for client, port in zip(clients[1:], ports[1:], strict=True):
            bus = client.config_get("cluster-port")["cluster-port"]
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
        for client in clients:
            until(partial(_knows, client, "cluster_known_nodes", len(ports)))
            until(partial(is_joined, client))
        for client, master in zip(clients[masters:], clients, strict=False):
            client.execute_command("CLUSTER", "REPLICATE", master.execute_command("CLUSTER", "MYID"))
        for client in clients:
            until(partial(_has_replicas, client, replicas))
        yield ports


def _knows(client: Any, name: str, value: int) -> bool:
    return bool(client.cluster("info")[name] == str(value))


def _has_replicas(client: Any, count: int) -> bool:
    """Tell whether a node knows of so many replicas, and is in step if it is one of them."""
    known = client.execute_command("CLUSTER", "NODES", NEVER_DECODE=True).count(b"slave")
    in_step = client.info("replication").get("master_link_status", "up") == "up"
    return bool(known >= count and in_step)


def is_joined(client: redis.Redis) -> bool:
    """Tell whether a server knows who serves every slot."""
    return "cluster_state:ok" in str(client.execute_command("CLUSTER", "INFO", NEVER_DECODE=True))


def _await_answer(port: int) -> None:
    give_up = time.monotonic() + 20
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as client:
        while True:
            try:
                client.ping()
            except redis.AuthenticationError:
                return
            except redis.ConnectionError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.01)
            else:
                return
