"""Where the sessions of another library lie that are copied: on the server that ours lie on, or on another one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TypeAlias

from redis import Redis, RedisCluster
from redis import asyncio as aredis

from redisvl_adapters.core.server.commands import Steps, T
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.server.urls import check_url
from redisvl_adapters.errors import ArgumentError

Source: TypeAlias = str | Redis | RedisCluster | aredis.Redis | aredis.RedisCluster
"""A server: its URL, or a client of redis-py, of which a sync one serves async calls too, and the reverse."""


class SessionSource(PlainRedisBase):
    """A server that sessions are read from, as a context manager. Nothing is sent before something is read.

    Args:
        source: The server; None for that of ``own``.
        own: The connection of those who copy, which stays open.

    Raises:
        ArgumentError: If it is neither a URL nor a client.
    """

    def __init__(self, source: Source | None, own: Connection) -> None:
        self._connection = own if source is None else _connection_to(source, own)
        self._is_own = source is None

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with a prefix, each once."""
        return self._scan(prefix)

    def akeys(self, prefix: str) -> AsyncIterator[str]:
        """Yield the keys that start with a prefix, each once."""
        return self._ascan(prefix)

    def read(self, steps: Steps[T]) -> T:
        """Run what reads, and return what it returns."""
        return self._run(steps)

    async def aread(self, steps: Steps[T]) -> T:
        """Run what reads, and return what it returns."""
        return await self._arun(steps)

    def close(self) -> None:
        """Close what was opened for this alone."""
        if not self._is_own:
            self._connection.close()

    async def aclose(self) -> None:
        """Close what was opened for this alone."""
        if not self._is_own:
            await self._connection.aclose()


def _connection_to(source: object, own: Connection) -> Connection:
    if isinstance(source, Redis | RedisCluster):
        return Connection(client=source, retry=own.retry)
    if isinstance(source, aredis.Redis | aredis.RedisCluster):
        return Connection(async_client=source, retry=own.retry)
    if not isinstance(source, str):
        raise ArgumentError(
            f"source is the URL of the server that the sessions lie on, or a client of redis-py; not {source!r:.80}"
        )
    return Connection(check_url(source, "source"), retry=own.retry)
