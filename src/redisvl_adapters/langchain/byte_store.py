"""LangChain's store of bytes by key, such as ``CacheBackedEmbeddings`` keeps embeddings in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Unpack

from langchain_core.stores import BaseStore

from redisvl_adapters.core.arguments import check_name, check_ttl
from redisvl_adapters.core.keyvalue import byte_values
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.key_names import check_prefix
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.errors import known_keywords


class RedisByteStore(PlainRedisBase, BaseStore[str, bytes]):
    """Bytes by key, on plain Redis or Valkey: each value is a Redis string of its own.

    Nothing is sent before the first operation. Every method has an async twin that does not use threads.

    Examples:
        >>> store = RedisByteStore(redis_url="redis://localhost:6379", prefix="embeddings")
        >>> CacheBackedEmbeddings.from_bytes_store(embedding, store, namespace="model", key_encoder="sha256")

    Args:
        prefix: What the Redis keys start with. Stores with the same prefix are the same store.
        ttl: Seconds after which a value expires, counted from its last write; None keeps it.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, ``socket_connect_timeout``,
            ``socket_timeout``, ``retry``.

    Raises:
        ArgumentError: If there is a keyword that the store does not have, or a value is out of its range.
    """

    @known_keywords
    def __init__(
        self, *, prefix: str = "bytes", ttl: float | None = None, **connection: Unpack[ConnectionOptions]
    ) -> None:
        self._connection = Connection(**connection)
        self._prefix = check_prefix(prefix)
        self._ttl_ms = check_ttl(ttl)

    @known_keywords
    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys, None where there is none."""
        return self._run(byte_values.get(self._prefix, keys))

    @known_keywords
    async def amget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys, None where there is none. See ``mget``."""
        return await self._arun(byte_values.get(self._prefix, keys))

    @known_keywords
    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Write values, replacing those that their keys have.

        Raises:
            ArgumentError: If a value is not bytes; nothing is written then.
        """
        self._run(byte_values.put(self._prefix, key_value_pairs, self._ttl_ms))

    @known_keywords
    async def amset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Write values, replacing those that their keys have. See ``mset``."""
        await self._arun(byte_values.put(self._prefix, key_value_pairs, self._ttl_ms))

    @known_keywords
    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete keys; those that do not exist do no harm.

        Raises:
            ArgumentError: If the keys are no list of strings.
        """
        self._run(byte_values.delete(self._prefix, keys))

    @known_keywords
    async def amdelete(self, keys: Sequence[str]) -> None:
        """Delete keys. See ``mdelete``."""
        await self._arun(byte_values.delete(self._prefix, keys))

    @known_keywords
    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys, or those that start with a prefix, each once and in no order.

        The server is asked page by page, and looks at all its keys. What is written meanwhile may come or not.

        Args:
            prefix: What they start with; no character of it has a special meaning.
        """
        for key in self._scan(self._within(prefix)):
            yield key[len(self._prefix) :]

    @known_keywords
    async def ayield_keys(  # pyright: ignore[reportIncompatibleMethodOverride]  # it sees no generator in LangChain's
        self, *, prefix: str | None = None
    ) -> AsyncIterator[str]:
        """Yield the keys, or those that start with a prefix. See ``yield_keys``."""
        async for key in self._ascan(self._within(prefix)):
            yield key[len(self._prefix) :]

    def _within(self, prefix: str | None) -> str:
        return self._prefix + (check_name(prefix, "prefix") if prefix else "")
