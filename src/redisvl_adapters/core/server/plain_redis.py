"""Base class of objects that live on plain Redis keys, without an index: running operations and scanning keys."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from redis import exceptions as redis_errors
from redis.client import NEVER_DECODE

from redisvl_adapters.core.server.closeable import Closeable
from redisvl_adapters.core.server.commands import Command, Steps, T
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.replies import note_command
from redisvl_adapters.core.server.retrying_drivers import FAILURES, adrive, drive, is_lost, translate_error
from redisvl_adapters.core.server.telemetry import operation
from redisvl_adapters.core.server.waits import retry_waits
from redisvl_adapters.errors import known_keywords

PAGE_SIZE = 1000
"""How many keys the server looks at in one step of a scan; in between it serves others."""

_GLOB = re.compile(r"[\\*?\[\]]")


class PlainRedisBase(Closeable):
    """Something on plain Redis. It closes only the connections that it opened."""

    _connection: Connection

    def _run(self, steps: Steps[T]) -> T:
        with operation(steps, self._connection):
            return drive(self._connection.sync_client(), steps, self._address, self._connection.retry)

    async def _arun(self, steps: Steps[T]) -> T:
        with operation(steps, self._connection):
            return await adrive(await self._connection.async_client(), steps, self._address, self._connection.retry)

    def _scan(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with a prefix, each once, on every node of a cluster."""
        for key in self._scan_bytes(prefix):
            yield key.decode("utf-8", "replace")

    async def _ascan(self, prefix: str) -> AsyncIterator[str]:
        """Yield the keys that start with a prefix, each once, on every node of a cluster."""
        seen: set[str] = set()
        waits: Iterator[float] | None = None
        while True:
            try:
                async for key in (await self._connection.async_client()).scan_iter(**_scan_arguments(prefix)):
                    waits = None
                    if (name := key.decode("utf-8", "replace")) not in seen:
                        seen.add(name)
                        yield name
            except FAILURES as error:
                waits = retry_waits(self._connection.retry) if waits is None else waits
                await asyncio.sleep(self._wait_or_raise(error, waits, prefix))
            else:
                return

    def _scan_bytes(self, prefix: str) -> Iterator[bytes]:
        """Yield the same as bytes, which need not be UTF-8."""
        seen: set[bytes] = set()
        waits: Iterator[float] | None = None
        while True:
            try:
                for key in self._connection.sync_client().scan_iter(**_scan_arguments(prefix)):
                    waits = None
                    if key not in seen:
                        seen.add(key)
                        yield key
            except FAILURES as error:
                waits = retry_waits(self._connection.retry) if waits is None else waits
                time.sleep(self._wait_or_raise(error, waits, prefix))
            else:
                return

    def _wait_or_raise(self, error: Exception, waits: Iterator[float], prefix: str) -> float:
        """Return how long to wait before a scan is begun again, or raise what the failure means."""
        wait = next(waits, None) if is_lost(error) else None
        if wait is not None:
            return wait
        if isinstance(error, redis_errors.ResponseError):
            note_command(error, Command(("SCAN",), prefix))
        raise translate_error(error, self._address()) from error

    @known_keywords
    def close(self) -> None:
        """Close the connection; a client that was given stays open."""
        self._connection.close()

    @known_keywords
    async def aclose(self) -> None:
        """Close the connection, that of the running event loop too; a client that was given stays open."""
        await self._connection.aclose()

    def _address(self) -> str:
        return self._connection.address


def _scan_arguments(prefix: str) -> dict[str, Any]:
    return {"match": _GLOB.sub(r"\\\g<0>", prefix) + "*", "count": PAGE_SIZE, NEVER_DECODE: True}
