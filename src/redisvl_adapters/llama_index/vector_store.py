"""The LlamaIndex vector store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self, Unpack, cast

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from redisvl.schema import IndexSchema

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_strings, check_ttl
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.streaming_ingest import IngestPlan, agiven_vectors, aingest, given_vectors, ingest
from redisvl_adapters.core.schema.foreign_options import existing_options
from redisvl_adapters.core.schema.options import ExistingOptions, IndexOptions
from redisvl_adapters.core.search.rerank import check_sync
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.waits import write_retry
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.compared_vectors import acompared_vectors, compared_vectors
from redisvl_adapters.llama_index.duplicate_documents import tell_duplicates
from redisvl_adapters.llama_index.explain_methods import ExplainMethods
from redisvl_adapters.llama_index.filters import FilterLike, read_filter
from redisvl_adapters.llama_index.node_methods import NodeMethods
from redisvl_adapters.llama_index.nodes import to_records
from redisvl_adapters.llama_index.options import AddOptions, QueryOptions
from redisvl_adapters.llama_index.query_modes import run_query
from redisvl_adapters.llama_index.rebuild_methods import RebuildMethods
from redisvl_adapters.llama_index.tool_methods import ToolMethods
from redisvl_adapters.llama_index.update_methods import UpdateMethods
from redisvl_adapters.signatures import list_keywords

WINDOW_KEYS = ("window", "original_text")
"""The metadata keys of a ``SentenceWindowNodeParser``, which hold texts that nobody filters by."""


class RedisVectorStore(
    NodeMethods, UpdateMethods, RebuildMethods, ToolMethods, ExplainMethods, BasePydanticVectorStore
):
    """A LlamaIndex vector store on a Redis index that LangChain can use as well.

    Nothing is sent before the first operation, which opens the index; the first write creates it. Every method has an
    async twin that does not block. Filters are ``MetadataFilters``, RedisVL filter expressions or this library's own.

    Examples:
        >>> store = RedisVectorStore(index_name="docs", redis_url="redis://localhost:6379")
        >>> index = VectorStoreIndex.from_vector_store(store, embed_model=embed_model)

    Args:
        options: The keywords of ``IndexOptions``: ``index_name``, ``redis_url``, ``storage``, ``metadata_schema``, ...

    Raises:
        UnknownArgumentError: If there is a keyword that the store does not have.
        ArgumentError: If a value is out of its range.
        SchemaError: If the values contradict each other.
    """

    stores_text: bool = True
    is_embedding_query: bool = True

    _options: IndexOptions = PrivateAttr()
    _index: RedisIndex = PrivateAttr()

    @list_keywords(IndexOptions, first=["index_name"])
    def __init__(self, **options: Unpack[IndexOptions]) -> None:
        super().__init__(stores_text=True, is_embedding_query=True)
        self._options = options
        unindexed = options.get("unindexed")
        if unindexed is None:
            unindexed = ()
        check_strings(unindexed, "unindexed")
        of_index: IndexOptions = {**options, "unindexed": [*WINDOW_KEYS, *unindexed]}
        self._index = RedisIndex(**of_index)

    def _sharing(self, index: RedisIndex) -> Self:
        store = self.model_copy()
        store._index = index  # noqa: SLF001  # its own
        return store

    @classmethod
    def from_existing_index(cls, index_name: str, **options: Unpack[ExistingOptions]) -> Self:
        """Open an index that exists, whoever made it; its prefix, storage, metric and fields are read from the server.

        An index of another application is read where it lies, and changed only with ``writable=True``. Its text, its
        vector and its metadata are those that the options name, or the only ones that there are.

        Args:
            index_name: The name of the index, or an alias of it.
            options: The keywords of ``ExistingOptions``: ``text_field``, ``vector_field``, ``metadata_fields``, ...

        Raises:
            IndexNotFoundError: If there is no such index.
            ArgumentError: If it has several texts or vectors, and none was chosen.
            SchemaMismatchError: If it has no vector, or is not what was asked for.
        """
        store = cls(**existing_options(index_name, options))
        with store._closed_on_error():  # its own class
            store.count()
        return store

    @classmethod
    async def afrom_existing_index(cls, index_name: str, **options: Unpack[ExistingOptions]) -> Self:
        """Open an index that exists, whoever made it. See ``from_existing_index``."""
        store = cls(**existing_options(index_name, options))
        async with store._aclosed_on_error():  # its own class
            await store.acount()
        return store

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex serialises the store."""
        return "RedisVectorStore"

    @known_keywords
    def to_dict(self) -> dict[str, Any]:  # type: ignore[override]  # its keywords are known
        """Return what makes an equal store through ``from_dict``: the URL is in it, password included.

        Raises:
            ArgumentError: If the store was given a client or a model of a named vector, or is scoped to a date, which
                cannot be written down.
        """
        self._index.connection.refuse_given("written down")
        if self._index.models:
            raise ArgumentError("a store with the embedding models of vectors= cannot be written down")
        written = {name: _to_json(value) for name, value in self._options.items()}
        if (scope := self._index.state.scope) is not None:
            if any(isinstance(value, date) for value in scope.metadata.values()):
                raise ArgumentError(f"a store scoped to a date ({scope}) cannot be written down; scope it by a text")
            written["scope"] = dict(scope.plain)
        return {**written, "class_name": self.class_name()}

    @classmethod
    def from_dict(  # type: ignore[override]  # its keywords are known
        cls, data: dict[str, Any], **options: Unpack[IndexOptions]
    ) -> Self:
        """Return the store that ``to_dict`` wrote down; keywords go before what is written.

        It never overwrites the index, unless ``create="overwrite"`` is among the keywords.
        """
        given: dict[str, Any] = {name: value for name, value in data.items() if name not in ("class_name", "scope")}
        if given.get("create") == "overwrite":
            given["create"] = "if-missing"
        store = cls(**cast("IndexOptions", {**given, **options}))
        return store._scoped_alone(data["scope"]) if "scope" in data else store  # its own

    @property
    def client(self) -> Any:
        """The redis-py client, a sync one.

        Raises:
            ArgumentError: If the store is scoped, of which the client knows nothing.
        """
        if (scope := self._index.state.scope) is not None:
            raise ArgumentError(
                f"this store is scoped to {scope}, which its client is not; take it from the whole store"
            )
        return self._index.connection.sync_client()

    # Writing

    @known_keywords
    @list_keywords(AddOptions)
    def add(  # type: ignore[override]  # its keywords are known
        self, nodes: Iterable[BaseNode], **options: Unpack[AddOptions]
    ) -> list[str]:
        """Write nodes with their embeddings, replacing those that exist under their ids.

        A list is checked as a whole before anything is written; any other iterable is a stream, of any length, that is
        taken batch by batch.

        Args:
            nodes: The nodes.
            options: The keywords of ``AddOptions``: ``ttl``, ``batch_size``, ``show_progress``, ``skip_existing``, ...

        Returns:
            The ids of the nodes, in their order.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If an option is out of range.
            RecordError: If a node could not be stored, indexed and read back exactly.
            PartialWriteError: If something failed after some nodes were written, or may have been.
        """
        plan = _plan(options)
        with self._index.traced("upsert"):
            records = to_records(nodes, options.get("vectors"))
            self._index.run(tell_duplicates(self._index.state, nodes))
            return ingest(self._index, records, given_vectors, plan)

    @known_keywords
    @list_keywords(AddOptions)
    async def async_add(  # type: ignore[override]  # its keywords are known
        self, nodes: Iterable[BaseNode], **options: Unpack[AddOptions]
    ) -> list[str]:
        """Write nodes with their embeddings. See ``add``."""
        plan = _plan(options)
        with self._index.traced("upsert"):
            records = to_records(nodes, options.get("vectors"))
            await self._index.arun(tell_duplicates(self._index.state, nodes))
            return await aingest(self._index, records, agiven_vectors, plan)

    @known_keywords
    def delete(self, ref_doc_id: str) -> None:  # type: ignore[override]  # its keywords are known
        """Delete all nodes that were made from a source document.

        Raises:
            ArgumentError: If the id is not a non-empty string.
            FilterError: If the index was made by another application, and does not tell the sources of its nodes.
        """
        self._index.run(self._delete(ref_doc_id))

    @known_keywords
    async def adelete(self, ref_doc_id: str) -> None:  # type: ignore[override]  # its keywords are known
        """Delete all nodes that were made from a source document. See ``delete``."""
        await self._index.arun(self._delete(ref_doc_id))

    def _delete(self, ref_doc_id: str) -> Steps[int]:
        return operations.delete_from_source(self._index.state, ref_doc_id)

    @known_keywords
    def delete_nodes(  # type: ignore[override]  # its keywords are known
        self, node_ids: list[str] | None = None, filters: FilterLike | None = None
    ) -> None:
        """Delete nodes by their ids, by a filter, or those of some ids that match a filter.

        Args:
            node_ids: The ids. Those that do not exist do no harm; an empty list deletes nothing.
            filters: A filter; one that matches everything is refused.

        Raises:
            ArgumentError: If there are neither ids nor a filter that could fail to match.
            FilterError: If the filter cannot be honoured.
        """
        self._index.run(self._delete_nodes(node_ids, filters))

    @known_keywords
    async def adelete_nodes(  # type: ignore[override]  # its keywords are known
        self, node_ids: list[str] | None = None, filters: FilterLike | None = None
    ) -> None:
        """Delete nodes. See ``delete_nodes``."""
        await self._index.arun(self._delete_nodes(node_ids, filters))

    def _delete_nodes(self, node_ids: list[str] | None, filters: FilterLike | None) -> Steps[int]:
        if node_ids is None and filters is None:
            raise ArgumentError("delete_nodes needs node_ids or filters; call clear() to delete everything")
        return operations.delete_matching(self._index.state, read_filter(filters), node_ids)

    # Querying

    @list_keywords(QueryOptions)
    def query(  # type: ignore[override]  # its keywords are known
        self, query: VectorStoreQuery, **options: Unpack[QueryOptions]
    ) -> VectorStoreQueryResult:
        """Return what a query finds, best first: larger similarities are better.

        Modes are DEFAULT (nearest vectors), TEXT_SEARCH or SPARSE (words of ``query_str``), HYBRID (both; ``alpha`` is
        the weight of the vector side, 0.5 if it is None) and MMR (near and unlike each other; ``mmr_threshold`` 1 looks
        at nearness alone, 0 at variety alone).

        A query without ``query_embedding`` and with an empty ``query_str`` is answered by its filters and ids alone: up
        to ``similarity_top_k`` nodes in no order, each with the similarity 1. A ``VectorIndexAutoRetriever`` asks so.

        Args:
            query: All of it is honoured: ``query_embedding``, ``query_str``, ``similarity_top_k``, ``sparse_top_k``
                (text side), ``hybrid_top_k`` (results of HYBRID), ``filters``, ``doc_ids`` (source documents),
                ``node_ids`` (an empty list, which a ``VectorStoreIndex`` passes where it restricts nothing, is none;
                one of ``doc_ids`` finds nothing), ``output_fields`` (the metadata keys to return), ``alpha``,
                ``mmr_threshold``, ``embedding_field`` (which vector; ``query_str`` is embedded by its model, if it has
                one).
            options: The keywords of ``QueryOptions`` that the mode has. A retriever passes its ``vector_store_kwargs``
                here.

        Raises:
            ArgumentError: If the mode is another, or something that it needs is missing or out of range.
            UnknownArgumentError: If the mode does not have an option.
            FilterError: If the filter cannot be honoured.
        """
        check_sync(options.get("rerank"))
        compared = compared_vectors(self._index, query, options)
        return self._index.run(run_query(self._index.state, query, options, compared)).result()

    @list_keywords(QueryOptions)
    async def aquery(  # type: ignore[override]  # its keywords are known
        self, query: VectorStoreQuery, **options: Unpack[QueryOptions]
    ) -> VectorStoreQueryResult:
        """Return what a query finds. See ``query``."""
        compared = await acompared_vectors(self._index, query, options)
        found = await self._index.arun(run_query(self._index.state, query, options, compared))
        return await found.aresult()


def _plan(options: AddOptions) -> IngestPlan:
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None and name != "vectors"}
    return IngestPlan(ttl_ms=check_ttl(given.pop("ttl", None)), **given)


def _to_json(value: Any) -> Any:
    """Return the value of an option as JSON can hold it."""
    match value:
        case IndexSchema():
            return value.to_dict()
        case Path():
            return str(value)
        case timedelta():
            return write_retry(value)
        case _:
            return value
