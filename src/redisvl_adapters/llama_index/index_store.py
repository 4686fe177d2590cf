"""LlamaIndex's index store: the structures of indexes, such as the tree of a ``DocumentSummaryIndex``."""

from __future__ import annotations

from typing import Unpack

from llama_index.core.storage.index_store.keyval_index_store import DEFAULT_NAMESPACE, KVIndexStore

from redisvl_adapters.core.arguments import check_name
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.errors import known_keywords
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

    def _names(self) -> list[str]:
        return [self._collection]
