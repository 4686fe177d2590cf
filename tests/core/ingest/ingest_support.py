"""An index whose server is in memory, an embedder that is watched, and both ways to ingest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.streaming_ingest import IngestPlan, aingest, ingest
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.server.commands import Command, Reply, Steps, T
from redisvl_adapters.errors import ServerUnavailableError
from tests.core.fake_server import NAME, FakeServer, record

VECTOR = [1.0, 2.0]


class IngestServer(FakeServer):
    """A server that counts what it stores.

    Attributes:
        stored: How many records were written, over all.
        ttls: The milliseconds after which each record expires, by id.
        refused: The ids of records that it refuses to write.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stored = 0
        self.ttls: dict[str, Any] = {}
        self.refused: set[str] = set()

    def execute(self, command: Command) -> Reply:
        if command.args[0] != "EVAL" or "HSET" not in str(command.args[1]) or "HGET" in str(command.args[1]):
            return super().execute(command)
        _, _, count, *rest = command.args
        ids = [str(key).removeprefix(f"{NAME}:") for key in rest[: int(count)]]
        if self.refused.intersection(ids):
            return ResponseError("OOM command not allowed when used memory > 'maxmemory'.")
        # Behind how many values the records must have: none.
        parts = rest[int(count) + 1 :]
        for record_id in ids:
            self.ttls[record_id], size = parts[0], int(parts[1])
            parts = parts[2 + size :]
        reply = super().execute(command)
        self.stored += len(ids)
        return reply


class MemoryIndex(RedisIndex):
    """An index on a server in memory."""

    def __init__(self, server: FakeServer) -> None:
        super().__init__(index_name=NAME)
        self.server = server

    def run(self, steps: Steps[T], on_sent: Callable[[], None] | None = None) -> T:
        if on_sent is not None:
            on_sent()
        return self.server.run(self.state, steps)

    async def arun(self, steps: Steps[T]) -> T:
        return self.run(steps)


class Embedder:
    """Gives every record the same vector, and does something first in the calls that were named.

    Attributes:
        calls: The ids of the records of each call.
    """

    def __init__(self, acts: dict[int, Callable[[], object]] | None = None) -> None:
        self.calls: list[list[str]] = []
        self._acts = acts or {}

    def __call__(self, batch: list[Record]) -> Sequence[Any]:
        self.calls.append([each.id for each in batch])
        if act := self._acts.get(len(self.calls)):
            instead = act()
            if isinstance(instead, list):
                return instead
        return [VECTOR] * len(batch)

    async def later(self, batch: list[Record]) -> Sequence[Any]:
        return self(batch)


class Run(Protocol):
    """Ingests, in one of both ways."""

    def __call__(
        self, index: RedisIndex, records: Iterable[Record], embed: Embedder, **plan: Any
    ) -> Awaitable[list[str]]: ...


async def run_sync(index: RedisIndex, records: Iterable[Record], embed: Embedder, **plan: Any) -> list[str]:
    """Ingest."""
    return ingest(index, records, embed, IngestPlan(**plan))


async def run_async(index: RedisIndex, records: Iterable[Record], embed: Embedder, **plan: Any) -> list[str]:
    """Ingest by the async twin."""
    return await aingest(index, records, embed.later, IngestPlan(**plan))


def some(count: int, **metadata: Any) -> list[Record]:
    """Return records ``r0``, ``r1``, ..."""
    return [record(f"r{place}", **metadata) for place in range(count)]


def names(start: int, stop: int) -> list[str]:
    """Return the ids of some of them."""
    return [f"r{place}" for place in range(start, stop)]


def fail(error: Exception) -> Callable[[], object]:
    """Return what raises an error."""

    def act() -> object:
        raise error

    return act


def lose_connection() -> object:
    """Fail as a lost connection does."""
    raise ServerUnavailableError("no Redis server answers at here:1")
