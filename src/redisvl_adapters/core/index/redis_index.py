"""``RedisIndex``: an index that a store holds, and on which operations run."""

from __future__ import annotations

import asyncio
import copy
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Self, Unpack
from weakref import WeakKeyDictionary

from redisvl_adapters.core.index.dropping import refuse_in_scope
from redisvl_adapters.core.index.health import Health, check_health
from redisvl_adapters.core.index.lifecycle import open_index
from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.index.snapshot import IndexState, ScopedState
from redisvl_adapters.core.records.vector_models import read_vector_models
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.server.cluster_transport import is_cluster
from redisvl_adapters.core.server.commands import Steps, T
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.options import connection_options
from redisvl_adapters.core.server.retrying_drivers import adrive, drive
from redisvl_adapters.core.server.telemetry import embedding, operation
from redisvl_adapters.errors import ArgumentError

_TRIPS = 2
"""How many round trips ``check_health`` takes."""


class RedisIndex:
    """A Redis index: what was asked of it, what is known of it, and the connection to its server.

    Attributes:
        state: What was asked of it, and what is known of it.
        models: The embedding models of its named vectors.
        connection: The connection.
        owns_connection: Whether to close the connection is its own affair, not that of an index that it is a view of.

    Operations are functions in ``operations`` that describe what to send; ``run`` and ``arun`` run them:

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
        self.models = read_vector_models(options.get("vectors"))
        self.state = IndexState(self.models.named_in(read_options(options)))
        self.connection = Connection(**connection_options(options))
        if self.connection.database:
            # A search from there would find records without fields, and would have them taken out of the index.
            raise ArgumentError(
                f"search is in database 0 alone, and {'the client' if self.connection.given else 'the URL'} is of "
                f"database {self.connection.database}; let the URL end in /0, or in no number"
            )
        self.owns_connection = True
        self._lock = threading.Lock()
        self._alocks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def run(self, steps: Steps[T], on_sent: Callable[[], None] | None = None) -> T:
        """Run an operation, after opening the index if this is the first one. See ``drive``."""
        with operation(steps, self.connection, self.state.spec.name):
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
        with operation(steps, self.connection, self.state.spec.name):
            client = await self.connection.async_client()
            self.state.spans_slots &= not is_cluster(client)
            if not self.state.opened:
                async with self._alocks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
                    if not self.state.opened:
                        await adrive(client, open_index(self.state), self._address, self.connection.retry)
            return await adrive(client, steps, self._address, self.connection.retry)

    def traced(self, steps: str | Steps[Any], k: int | None = None) -> AbstractContextManager[None]:
        """Return what traces an operation on this index as one, whatever it runs within. See ``operation``."""
        return operation(steps, self.connection, self.state.spec.name, k)

    def embedding(self, texts: int = 1) -> AbstractContextManager[None]:
        """Return what traces the embedding of some texts for this index. See ``telemetry.embedding``."""
        return embedding(self.state.spec.embedding_id, texts)

    @property
    def scope(self) -> dict[str, Any]:
        """The metadata that all records have which are read or written; empty for all records."""
        return {} if self.state.scope is None else dict(self.state.scope.plain)

    def scoped(self, metadata: Mapping[str, Any]) -> Self:
        """Return this index within a scope: with the same connection, and what is known of it.

        Raises:
            ArgumentError: If the metadata are no scope, contradict the one that this index has, or are what an index of
                another application cannot keep.
        """
        within = copy.copy(self)
        scope = Scope.of(metadata, self.state.scope)
        if self.state.schema is not None:
            scope.check_kept(self.state.schema)
        within.state = ScopedState(self.state, scope)
        within.owns_connection = False
        return within

    def unopened(self) -> RedisIndex:
        """Return an index of which nothing is asked but its name, on the same connection, and which is not opened.

        Raises:
            ArgumentError: If this index has a scope.
        """
        refuse_in_scope(self.state, "a rebuild")
        twin = copy.copy(self)
        twin.state = IndexState(IndexSpec(self.state.spec.name), opened=True)
        return twin

    def health(self, timeout: float | None = None) -> Health:
        """Tell whether this index can be asked. Nothing is created or remembered, and no failure of a server raised.

        It takes no longer than the timeouts of the connection, and nothing is tried again.

        Args:
            timeout: How many seconds to wait at most, None or ``math.inf`` for as long as the connection does.
                Whatever is sent then goes on until the connection gives it up.
        """
        if timeout is None or timeout == math.inf:
            return self._health()
        answered: list[Health] = []
        # A client that blocks can be left alone by another thread only.
        probe = threading.Thread(target=lambda: answered.append(self._health()), name="redis-health", daemon=True)
        probe.start()
        probe.join(timeout)
        return answered[0] if answered else self._late(timeout)

    def _health(self) -> Health:
        begun = time.perf_counter()
        try:
            drive(self.connection.sync_client(), check_health(self.state.spec.name), self._address)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            return _unwell(str(error) or type(error).__name__)
        return Health(is_healthy=True, reason="", round_trip_ms=1e3 * (time.perf_counter() - begun) / _TRIPS)

    async def ahealth(self, timeout: float | None = None) -> Health:  # noqa: ASYNC109  # as its twin
        """Tell whether this index can be asked. See ``health``."""
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(None if timeout == math.inf else timeout):
                await adrive(await self.connection.async_client(), check_health(self.state.spec.name), self._address)
        except TimeoutError:
            return self._late(timeout)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            return _unwell(str(error) or type(error).__name__)
        return Health(is_healthy=True, reason="", round_trip_ms=1e3 * (time.perf_counter() - begun) / _TRIPS)

    def _late(self, timeout: float | None) -> Health:
        within = "in time" if timeout is None else f"within {timeout:g} seconds"
        return _unwell(f"the Redis server at {self.connection.address} has not answered {within}")

    def close(self) -> None:
        """Close what was opened, if it is its own; a client that was given stays open."""
        if self.owns_connection:
            self.connection.close()

    async def aclose(self) -> None:
        """Close what was opened, on the running event loop too. See ``close``."""
        if self.owns_connection:
            await self.connection.aclose()

    def _address(self) -> str:
        return self.connection.address


def _unwell(reason: str) -> Health:
    return Health(is_healthy=False, reason=" ".join(reason.split()), round_trip_ms=None)
