"""``RedisIndex``: an index that a store holds, and on which operations run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Unpack
from weakref import WeakKeyDictionary

from redisvl_adapters.core.index.lifecycle import open_index
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.server.cluster_transport import is_cluster
from redisvl_adapters.core.server.commands import Steps, T
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.options import connection_options
from redisvl_adapters.core.server.retrying_drivers import adrive, drive
from redisvl_adapters.errors import ArgumentError


class RedisIndex:
    """A Redis index: what was asked of it, what is known of it, and the connection to its server.

    Operations are functions in ``operations`` that describe what to send; ``run`` and ``arun`` run them::

        index = RedisIndex(index_name="docs", redis_url="redis://localhost:6379")
        index.run(operations.count(index.state))

    Args:
        options: See ``IndexOptions``.

    Raises:
        UnknownArgumentError: If there is a keyword that a store does not have.
        ArgumentError: If a value is out of its range, or the URL or the client is of a database other than 0.
        SchemaError: If the values contradict each other.
    """

    def __init__(self, **options: Unpack[IndexOptions]) -> None:
        self.state = IndexState(read_options(options))
        self.connection = Connection(**connection_options(options))
        if self.connection.database:
            # A search from there would find records without fields, and would have them taken out of the index.
            raise ArgumentError(
                f"search is in database 0 alone, and {'the client' if self.connection.given else 'the URL'} is of "
                f"database {self.connection.database}; let the URL end in /0, or in no number"
            )
        self._lock = threading.Lock()
        self._alocks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def run(self, steps: Steps[T], on_sent: Callable[[], None] | None = None) -> T:
        """Run an operation, after opening the index if this is the first one. See ``drive``."""
        client = self.connection.sync_client()
        self.state.spans_slots &= not is_cluster(client)
        if not self.state.opened:
            # One at a time, or the second one to overwrite an index would wipe what was written after the first.
            with self._lock:
                if not self.state.opened:
                    drive(client, open_index(self.state), self._address, self.connection.retry)
        return drive(client, steps, self._address, self.connection.retry, on_sent)

    async def arun(self, steps: Steps[T]) -> T:
        """Run an operation on the event loop, after opening the index if this is the first one."""
        client = await self.connection.async_client()
        self.state.spans_slots &= not is_cluster(client)
        if not self.state.opened:
            async with self._alocks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
                if not self.state.opened:
                    await adrive(client, open_index(self.state), self._address, self.connection.retry)
        return await adrive(client, steps, self._address, self.connection.retry)

    def close(self) -> None:
        """Close what was opened; a client that was given stays open."""
        self.connection.close()

    async def aclose(self) -> None:
        """Close what was opened, on the running event loop too; a client that was given stays open."""
        await self.connection.aclose()

    def _address(self) -> str:
        return self.connection.address
