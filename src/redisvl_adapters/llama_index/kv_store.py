"""LlamaIndex's key-value store, such as an ``IngestionCache`` takes, and the base of the stores that are made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from llama_index.core.storage.kvstore.types import DEFAULT_COLLECTION, BaseKVStore

from redisvl_adapters.core.arguments import check_name, check_string, check_ttl
from redisvl_adapters.core.keyvalue import json_values
from redisvl_adapters.core.keyvalue.json_values import Collection, Value
from redisvl_adapters.core.server.closeable import Closeable
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, T
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.key_names import check_prefix
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.errors import ArgumentError, known_keywords

DEFAULT_PREFIX = "kvstore"


class RedisKVStore(PlainRedisBase, BaseKVStore):
    """Dicts by key in collections, on plain Redis or Valkey: each collection is a hash of JSON texts.

    Values are what metadata of records can be: text, numbers, booleans, None, and lists and dicts of these, exactly;
    and in a documented form dates (ISO 8601 text), UUIDs (text), numpy scalars, tuples and sets (lists). Nothing is
    sent before the first operation. Every method has an async twin that does not use threads. A store can be copied and
    pickled, so that it goes along to other processes.

    Examples:
        >>> store = RedisKVStore(redis_url="redis://localhost:6379", ttl=7 * 24 * 3600)
        >>> pipeline = IngestionPipeline(transformations=[...], cache=IngestionCache(cache=store))

    Args:
        prefix: What the Redis keys start with. Stores with the same prefix are the same store. With an empty prefix,
            the key of a collection is its name, as it is in LlamaIndex's own Redis stores: what they wrote is read, and
            what is written they read.
        ttl: Seconds after which a value expires, counted from its last write; None keeps it. Needs Redis 7.4 or Valkey
            9.0; all else does with Redis 6.0.6.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, ``socket_connect_timeout``,
            ``socket_timeout``, ``retry``.

    Raises:
        ArgumentError: If there is a keyword that the store does not have, or a value is out of its range.
    """

    @known_keywords
    def __init__(
        self, *, prefix: str = DEFAULT_PREFIX, ttl: float | None = None, **connection: Unpack[ConnectionOptions]
    ) -> None:
        self._connection = Connection(**connection)
        self._prefix = "" if prefix == "" else check_prefix(prefix)
        self._ttl_ms = check_ttl(ttl)
        if ttl is not None and ttl > json_values.MAX_TTL:
            raise ArgumentError(f"ttl is at most {json_values.MAX_TTL:.0e} seconds here; not {ttl!r:.80}")

    def _collection(self, name: str) -> Collection:
        name = check_name(name, "collection")
        return Collection(name, json_values.collection_key(self._prefix, name), self._ttl_ms)

    @known_keywords
    def put(self, key: str, val: Mapping[str, Any], collection: str = DEFAULT_COLLECTION) -> None:
        """Write a value, replacing that which its key has.

        Raises:
            RecordError: If the value is not what JSON can hold; nothing is written then.
        """
        self.put_all([_pair(key, val)], collection)

    @known_keywords
    async def aput(self, key: str, val: Mapping[str, Any], collection: str = DEFAULT_COLLECTION) -> None:
        """Write a value. See ``put``."""
        await self.aput_all([_pair(key, val)], collection)

    @known_keywords
    def put_all(
        self,
        kv_pairs: Sequence[tuple[str, Mapping[str, Any]]],
        collection: str = DEFAULT_COLLECTION,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        """Write values, replacing those that their keys have.

        Args:
            kv_pairs: Keys and values.
            collection: The collection.
            batch_size: How many are written by one command at most; never more than 500.

        Raises:
            RecordError: If a value is not what JSON can hold; nothing is written then.
        """
        self._run(json_values.put(self._collection(collection), kv_pairs, batch_size))

    @known_keywords
    async def aput_all(
        self,
        kv_pairs: Sequence[tuple[str, Mapping[str, Any]]],
        collection: str = DEFAULT_COLLECTION,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        """Write values. See ``put_all``."""
        await self._arun(json_values.put(self._collection(collection), kv_pairs, batch_size))

    @known_keywords
    def get(self, key: str, collection: str = DEFAULT_COLLECTION) -> Value | None:
        """Return a value, None if there is none."""
        return self._run(json_values.get(self._collection(collection), [check_string(key, "key")]))[0]

    @known_keywords
    async def aget(self, key: str, collection: str = DEFAULT_COLLECTION) -> Value | None:
        """Return a value, None if there is none."""
        return (await self._arun(json_values.get(self._collection(collection), [check_string(key, "key")])))[0]

    @known_keywords
    def get_all(self, collection: str = DEFAULT_COLLECTION) -> dict[str, Value]:
        """Return all values of a collection by key, asked for page by page.

        What is written meanwhile may be among them or not.
        """
        return self._run(json_values.get_all(self._collection(collection)))

    @known_keywords
    async def aget_all(self, collection: str = DEFAULT_COLLECTION) -> dict[str, Value]:
        """Return all values of a collection by key. See ``get_all``."""
        return await self._arun(json_values.get_all(self._collection(collection)))

    @known_keywords
    def delete(self, key: str, collection: str = DEFAULT_COLLECTION) -> bool:
        """Delete a value, and tell whether there was one."""
        return self._run(json_values.delete(self._collection(collection), [check_string(key, "key")]))[0]

    @known_keywords
    async def adelete(self, key: str, collection: str = DEFAULT_COLLECTION) -> bool:
        """Delete a value, and tell whether there was one."""
        return (await self._arun(json_values.delete(self._collection(collection), [check_string(key, "key")])))[0]

    @known_keywords
    def clear(self, collection: str = DEFAULT_COLLECTION) -> None:
        """Delete all values of a collection."""
        self._run(json_values.clear([self._collection(collection)]))

    @known_keywords
    async def aclear(self, collection: str = DEFAULT_COLLECTION) -> None:
        """Delete all values of a collection."""
        await self._arun(json_values.clear([self._collection(collection)]))


def _pair(key: str, val: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(val, Mapping):
        raise ArgumentError(f"val is a dict; not {val!r:.80}")
    return check_string(key, "key"), val


class KVStoreOwner(Closeable):
    """Base class of the stores that keep what they have in some collections of a ``RedisKVStore``."""

    _kvstore: RedisKVStore

    def _names(self) -> list[str]:
        """Return the names of its collections."""
        raise NotImplementedError

    def _run(self, steps: Steps[T]) -> T:
        return self._kvstore._run(steps)  # noqa: SLF001  # the store is its own

    async def _arun(self, steps: Steps[T]) -> T:
        return await self._kvstore._arun(steps)  # noqa: SLF001  # as above

    def _named(self, name: str) -> Collection:
        return self._kvstore._collection(name)  # noqa: SLF001  # as above

    @known_keywords
    def clear(self) -> None:
        """Delete all that is in the namespace of this store; other namespaces stay as they are."""
        self._run(json_values.clear([self._named(name) for name in self._names()]))

    @known_keywords
    async def aclear(self) -> None:
        """Delete all that is in the namespace of this store. See ``clear``."""
        await self._arun(json_values.clear([self._named(name) for name in self._names()]))

    @known_keywords
    def close(self) -> None:
        """Close the connection; a client that was given stays open."""
        self._kvstore.close()

    @known_keywords
    async def aclose(self) -> None:
        """Close the connection, on the running event loop too; a client that was given stays open."""
        await self._kvstore.aclose()
