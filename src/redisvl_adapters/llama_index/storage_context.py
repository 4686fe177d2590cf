"""LlamaIndex's storage context on one Redis: vector store, document store and index store that belong together."""

from __future__ import annotations

from typing import Any, Unpack

from llama_index.core.graph_stores.simple import SimpleGraphStore
from llama_index.core.storage.storage_context import StorageContext
from llama_index.core.vector_stores.simple import DEFAULT_VECTOR_STORE

from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.server.closeable import Closeable
from redisvl_adapters.core.server.options import connection_options
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.document_store import RedisDocumentStore
from redisvl_adapters.llama_index.index_store import RedisIndexStore
from redisvl_adapters.llama_index.vector_store import RedisVectorStore
from redisvl_adapters.signatures import list_keywords


class RedisStorageContext(Closeable, StorageContext):
    """A ``StorageContext`` whose vector store, document store and index store are named after one index.

    Nothing is sent before the first operation. ``vector_store``, ``docstore`` and ``index_store`` are a
    ``RedisVectorStore``, a ``RedisDocumentStore`` and a ``RedisIndexStore``; clear them together, since a document
    store that knows a document keeps ``refresh_ref_docs`` from adding it again. The graph store is LlamaIndex's in
    memory.

    Examples:
        >>> storage = RedisStorageContext(index_name="docs", redis_url="redis://localhost:6379")
        >>> index = VectorStoreIndex([], storage_context=storage, embed_model=embed_model)
        >>> index.refresh_ref_docs(documents)

    Args:
        options: The keywords of ``IndexOptions``: ``index_name``, ``redis_url``, ``ttl`` (of all three), ...

    Raises:
        UnknownArgumentError: If there is a keyword that the stores do not have.
        ArgumentError: If a value is out of its range, or ``create`` is ``overwrite``.
        SchemaError: If the values contradict each other.
    """

    docstore: RedisDocumentStore  # pyright: ignore[reportIncompatibleVariableOverride]  # it is never another one
    index_store: RedisIndexStore  # pyright: ignore[reportIncompatibleVariableOverride]  # as above

    @list_keywords(IndexOptions, first=["index_name"])
    def __init__(self, **options: Unpack[IndexOptions]) -> None:
        if options.get("create") == "overwrite":
            raise ArgumentError("create='overwrite' would leave the document store as it is; call clear() instead")
        vector_store = RedisVectorStore(**options)
        shared: dict[str, Any] = {
            "namespace": vector_store.index.state.spec.name,
            "ttl": options.get("ttl"),
            **connection_options(options),
        }
        super().__init__(
            docstore=RedisDocumentStore(**shared),
            index_store=RedisIndexStore(**shared),
            vector_stores={DEFAULT_VECTOR_STORE: vector_store},
            graph_store=SimpleGraphStore(),
        )

    @property
    def vector_store(self) -> RedisVectorStore:
        """The vector store."""
        store = self.vector_stores[DEFAULT_VECTOR_STORE]
        if not isinstance(store, RedisVectorStore):
            raise ArgumentError(f"the vector store was replaced by a {type(store).__name__}")
        return store

    @known_keywords
    def clear(self) -> None:
        """Delete all documents, index structures and records of the three stores; the index itself stays."""
        # A document that is no longer known is added again, so what fails on the way is completed by the next run.
        self.docstore.clear()
        self.index_store.clear()
        self.vector_store.clear()

    @known_keywords
    async def aclear(self) -> None:
        """Delete all documents, index structures and records of the three stores. See ``clear``."""
        await self.docstore.aclear()
        await self.index_store.aclear()
        await self.vector_store.aclear()

    @known_keywords
    def close(self) -> None:
        """Close the connections; a client that was given stays open."""
        for store in (self.docstore, self.index_store, self.vector_store):
            store.close()

    @known_keywords
    async def aclose(self) -> None:
        """Close the connections, on the running event loop too; a client that was given stays open."""
        for store in (self.docstore, self.index_store, self.vector_store):
            await store.aclose()
