"""LangChain's record manager: what ``langchain_core.indexing.index`` must know of its earlier runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from langchain_core.indexing import RecordManager

from redisvl_adapters.core.arguments import check_name
from redisvl_adapters.core.keyvalue import record_manager as record_keys
from redisvl_adapters.core.keyvalue.record_manager import Namespace
from redisvl_adapters.core.operations import existing_ids
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.key_names import check_prefix
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.langchain.vector_store import RedisVectorStore


class RedisRecordManager(PlainRedisBase, RecordManager):
    """A LangChain record manager on plain Redis or Valkey: which documents were indexed, when, and from which source.

    Times are those of the server's clock. It holds millions of keys without blocking the server: every listing is a
    range of a sorted set, read in pages. Nothing is sent before the first operation. Every method has an async twin
    that does not use threads.

    ``index()`` adds no document again that a record manager knows. It does not see that a record has expired, or was
    deleted, or cleared from the store. With ``store``, a key is known only while its record is in the store, so that
    ``index()`` adds again what is missing there.

    Examples:
        >>> manager = RedisRecordManager("docs", store=store, redis_url="redis://localhost:6379")
        >>> index(documents, manager, store, cleanup="incremental", source_id_key="source", key_encoder="sha256")

    Args:
        namespace: Any non-empty string, commonly the name of the index. Other namespaces are never touched.
        prefix: What the Redis keys start with.
        store: The vector store that is indexed, whose ids are the keys.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, ``socket_connect_timeout``,
            ``socket_timeout``, ``retry``.

    Raises:
        ArgumentError: If there is a keyword that the record manager does not have, or a value is out of its range.
    """

    @known_keywords
    def __init__(
        self,
        namespace: str,
        *,
        prefix: str = "record_manager",
        store: RedisVectorStore | None = None,
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        if store is not None and not isinstance(store, RedisVectorStore):
            raise ArgumentError(f"store is a redisvl_adapters.langchain.RedisVectorStore; not {type(store).__name__}")
        super().__init__(check_name(namespace, "namespace"))
        self._connection = Connection(**connection)
        self._redis_namespace = Namespace(check_prefix(prefix), namespace)
        self._store = store

    @known_keywords
    def create_schema(self) -> None:
        """Do nothing: Redis needs no schema."""

    @known_keywords
    async def acreate_schema(self) -> None:
        """Do nothing: Redis needs no schema."""

    @known_keywords
    def get_time(self) -> float:
        """Return the time of the server, in seconds since 1970, to the microsecond."""
        return self._run(record_keys.server_time(self._redis_namespace))

    @known_keywords
    async def aget_time(self) -> float:
        """Return the time of the server, in seconds since 1970, to the microsecond."""
        return await self._arun(record_keys.server_time(self._redis_namespace))

    @known_keywords
    def update(
        self,
        keys: Sequence[str],
        *,
        group_ids: Sequence[str | None] | None = None,
        time_at_least: float | None = None,
    ) -> None:
        """Note that keys were written now.

        Args:
            keys: The keys.
            group_ids: The group of each, or None for no group; without this, keys stay in their group.
            time_at_least: What the clock of the server must have reached.

        Raises:
            ArgumentError: If the lengths differ, or the clock is behind.
        """
        self._run(record_keys.update(self._redis_namespace, keys, group_ids, time_at_least))

    @known_keywords
    async def aupdate(
        self,
        keys: Sequence[str],
        *,
        group_ids: Sequence[str | None] | None = None,
        time_at_least: float | None = None,
    ) -> None:
        """Note that keys were written now. See ``update``."""
        await self._arun(record_keys.update(self._redis_namespace, keys, group_ids, time_at_least))

    @known_keywords
    def exists(self, keys: Sequence[str]) -> list[bool]:
        """Tell of each key whether it is known and, with ``store``, whether its record is there."""
        known = self._run(record_keys.exists(self._redis_namespace, keys))
        if self._store is None:
            return known
        there = self._store.index.run(existing_ids(self._store.index.state, _chosen(keys, known)))
        return [key in there for key in keys]

    @known_keywords
    async def aexists(self, keys: Sequence[str]) -> list[bool]:
        """Tell of each key whether it is known and, with ``store``, whether its record is there."""
        known = await self._arun(record_keys.exists(self._redis_namespace, keys))
        if self._store is None:
            return known
        there = await self._store.index.arun(existing_ids(self._store.index.state, _chosen(keys, known)))
        return [key in there for key in keys]

    @known_keywords
    def list_keys(
        self,
        *,
        before: float | None = None,
        after: float | None = None,
        group_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[str]:
        """Return keys, oldest first; with groups, group by group.

        Args:
            before: Only those last written before this time.
            after: Only those last written after this time.
            group_ids: Only those of these groups; of an empty list, none.
            limit: How many at most; None for all.
        """
        return self._run(record_keys.list_keys(self._redis_namespace, before, after, group_ids, limit))

    @known_keywords
    async def alist_keys(
        self,
        *,
        before: float | None = None,
        after: float | None = None,
        group_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[str]:
        """Return keys, oldest first; with groups, group by group. See ``list_keys``."""
        return await self._arun(record_keys.list_keys(self._redis_namespace, before, after, group_ids, limit))

    @known_keywords
    def delete_keys(self, keys: Sequence[str]) -> None:
        """Forget keys; those that are not known do no harm."""
        self._run(record_keys.delete(self._redis_namespace, keys))

    @known_keywords
    async def adelete_keys(self, keys: Sequence[str]) -> None:
        """Forget keys; those that are not known do no harm."""
        await self._arun(record_keys.delete(self._redis_namespace, keys))


def _chosen(keys: Sequence[str], known: Sequence[bool]) -> list[str]:
    return [key for key, is_known in zip(keys, known, strict=True) if is_known]
