"""LlamaIndex's index store: the structures of indexes, such as the tree of a ``DocumentSummaryIndex``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from llama_index.core.data_structs.data_structs import IndexStruct
from llama_index.core.storage.index_store.keyval_index_store import DEFAULT_NAMESPACE, KVIndexStore
from llama_index.core.storage.index_store.utils import index_struct_to_json, json_to_index_struct

from redisvl_adapters.core.arguments import check_name, check_string
from redisvl_adapters.core.keyvalue.json_values import Value
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.kv_store import DEFAULT_PREFIX, KVStoreOwner, RedisKVStore


class RedisIndexStore(KVStoreOwner, KVIndexStore):
    """The structures of LlamaIndex's indexes, on plain Redis or Valkey, for ``load_index_from_storage``.

    An index holds its structure in memory and writes it whole with each change: of two processes that insert into one
    index at the same time, the last one is right. A ``VectorStoreIndex`` over our vector store has next to nothing in
    it.

    Examples:
        >>> store = RedisIndexStore(redis_url="redis://localhost:6379", namespace="docs")
        >>> storage_context = StorageContext.from_defaults(index_store=store)

    Args:
        namespace: Any non-empty string. Other namespaces are never touched.
        prefix: What the Redis keys start with; empty for the layout of LlamaIndex's own store. See ``RedisKVStore``.
        ttl: Seconds after which a structure expires, counted from its last write; None keeps it.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, and more.

    Raises:
        ArgumentError: If there is a keyword that the store does not have, or a value is out of its range.
    """

    _kvstore: RedisKVStore

    @known_keywords
    def __init__(
        self,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        prefix: str = DEFAULT_PREFIX,
        ttl: float | None = None,
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        kvstore = RedisKVStore(prefix=prefix, ttl=ttl, **connection)
        super().__init__(kvstore, check_name(namespace, "namespace"))
        # As LlamaIndex's own, so that a document store of the same namespace has other collections.
        self._collection = f"{namespace}/index"

    @known_keywords
    def add_index_struct(self, index_struct: IndexStruct) -> None:
        """Write the structure of an index, replacing that which its id has.

        Raises:
            ArgumentError: If it is none.
        """
        self._kvstore.put(*_entry(index_struct), self._collection)

    @known_keywords
    async def async_add_index_struct(self, index_struct: IndexStruct) -> None:
        """Write the structure of an index. See ``add_index_struct``."""
        await self._kvstore.aput(*_entry(index_struct), self._collection)

    @known_keywords
    def get_index_struct(self, struct_id: str | None = None) -> IndexStruct | None:
        """Return the structure of an index by its id, None if there is none; without an id the only one there is.

        Raises:
            ArgumentError: If no id is given, and there is not just one.
        """
        if struct_id is None:
            return _only(self._kvstore.get_all(self._collection))
        return _struct(self._kvstore.get(check_string(struct_id, "struct_id"), self._collection))

    @known_keywords
    async def aget_index_struct(self, struct_id: str | None = None) -> IndexStruct | None:
        """Return the structure of an index. See ``get_index_struct``."""
        if struct_id is None:
            return _only(await self._kvstore.aget_all(self._collection))
        return _struct(await self._kvstore.aget(check_string(struct_id, "struct_id"), self._collection))

    @known_keywords
    def delete_index_struct(self, key: str) -> None:
        """Delete the structure of an index by its id; one that does not exist does no harm."""
        self._kvstore.delete(check_string(key, "key"), self._collection)

    @known_keywords
    async def adelete_index_struct(self, key: str) -> None:
        """Delete the structure of an index. See ``delete_index_struct``."""
        await self._kvstore.adelete(check_string(key, "key"), self._collection)

    def _names(self) -> list[str]:
        return [self._collection]


def _entry(index_struct: IndexStruct) -> tuple[str, Value]:
    if not isinstance(index_struct, IndexStruct):
        raise ArgumentError(f"index_struct is the structure of an index; not {index_struct!r:.80}")
    return index_struct.index_id, index_struct_to_json(index_struct)


def _struct(value: Value | None) -> IndexStruct | None:
    return None if value is None else json_to_index_struct(value)


def _only(values: Mapping[str, Value]) -> IndexStruct:
    if len(values) != 1:
        raise ArgumentError(f"there are {len(values)} structures of indexes, not one; name one by struct_id")
    (value,) = values.values()
    return json_to_index_struct(value)
