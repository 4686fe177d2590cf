"""The LangChain vector store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, Unpack

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.descriptions import describe_field
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.batch_ingest import aingest, ingest
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.options import ExistingOptions, IndexOptions
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, known_keywords, refuse_unknown
from redisvl_adapters.langchain.documents import (
    Part,
    one_each,
    parts_of,
    read_add_options,
    texts_of,
    to_document,
    to_records,
)
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.retriever import RetrieverMethods


class RedisVectorStore(RetrieverMethods):
    """A LangChain vector store on a Redis index that LlamaIndex can use as well.

    Nothing is sent before the first operation, which opens the index; the first write creates it. Every method has an
    async twin that does not use threads. Filters are Mongo-style dicts, RedisVL filter expressions or this library's
    own.

    Example:
        >>> store = RedisVectorStore(embedding, index_name="docs", redis_url="redis://localhost:6379")
        >>> store.add_texts(["Redis is quick."], [{"year": 2024}])
        >>> store.similarity_search("a quick store", k=1, filter={"year": {"$gte": 2020}})

    Args:
        embedding: The model that turns texts into vectors.
        options: The keywords of ``IndexOptions``: ``index_name``, ``redis_url``, ``storage``, ``metadata_schema``, ...

    Raises:
        UnknownArgumentError: If there is a keyword that the store does not have.
        ArgumentError: If a value is out of its range.
        SchemaError: If the values contradict each other.
    """

    def __init__(self, embedding: Embeddings, **options: Unpack[IndexOptions]) -> None:
        if not isinstance(embedding, Embeddings):
            raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
        self._embedding = embedding
        self._options = options
        self._index = RedisIndex(**options)

    def _made_with(self) -> tuple[Any, ...]:
        return (self._embedding,)

    @classmethod
    def from_texts(  # type: ignore[override]  # its keywords are known
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts to it. See ``add_texts`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        with store._closed_on_error():  # its own class
            store.add_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    async def afrom_texts(  # type: ignore[override]  # its keywords are known
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts to it. See ``add_texts`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        async with store._aclosed_on_error():  # its own class
            await store.aadd_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    def from_documents(  # type: ignore[override]  # its keywords are known
        cls,
        documents: Iterable[Document],
        embedding: Embeddings,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add documents to it. See ``add_documents`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        with store._closed_on_error():  # its own class
            store.add_documents(documents, ids=ids)
        return store

    @classmethod
    async def afrom_documents(  # type: ignore[override]  # its keywords are known
        cls,
        documents: Iterable[Document],
        embedding: Embeddings,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add documents to it. See ``add_documents`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        async with store._aclosed_on_error():  # its own class
            await store.aadd_documents(documents, ids=ids)
        return store

    @classmethod
    def from_existing_index(cls, index_name: str, embedding: Embeddings, **options: Unpack[ExistingOptions]) -> Self:
        """Open an index that exists; its prefix, storage, metric and fields are read from the server.

        Raises:
            IndexNotFoundError: If there is no such index.
        """
        store = cls(embedding, **_existing(index_name, options))
        with store._closed_on_error():  # its own class
            store.count()
        return store

    @classmethod
    async def afrom_existing_index(
        cls, index_name: str, embedding: Embeddings, **options: Unpack[ExistingOptions]
    ) -> Self:
        """Open an index that exists; its prefix, storage, metric and fields are read from the server.

        Raises:
            IndexNotFoundError: If there is no such index.
        """
        store = cls(embedding, **_existing(index_name, options))
        async with store._aclosed_on_error():  # its own class
            await store.acount()
        return store

    @property
    def embeddings(self) -> Embeddings:
        """The model that turns texts into vectors."""
        return self._embedding

    # Writing

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Iterable[dict[str, Any] | None] | None = None,
        *,
        ids: Iterable[str | None] | None = None,
        **options: Any,
    ) -> list[str]:
        """Embed texts and write them, replacing those that exist under their ids.

        A list is checked as a whole before anything is embedded; any other iterable is a stream, of any length, that is
        taken batch by batch. The next batch is embedded while the last one is written.

        Args:
            texts: The texts.
            metadatas: One mapping per text.
            ids: One id per text; where one is None, a fresh ULID.
            options: See ``AddOptions``: ``batch_size``, ``ttl``, ``show_progress``, ``content_ids``, ``skip_existing``,
                ``max_concurrency``.

        Returns:
            The ids, in the order of the texts.

        Raises:
            ArgumentError: If the lengths differ, or an option is out of range.
            RecordError: If a record could not be stored, indexed and read back exactly.
            PartialWriteError: If something failed after some records were written, or may have been.
        """
        return self._ingest("add_texts", texts_of(texts, metadatas, ids), options)

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: Iterable[dict[str, Any] | None] | None = None,
        *,
        ids: Iterable[str | None] | None = None,
        **options: Any,
    ) -> list[str]:
        """Embed texts and write them, several batches being embedded at the same time. See ``add_texts``."""
        return await self._aingest("aadd_texts", texts_of(texts, metadatas, ids), options)

    def add_documents(
        self, documents: Iterable[Document], *, ids: Iterable[str | None] | None = None, **options: Any
    ) -> list[str]:
        """Embed documents and write them. Ids given here go before those of the documents. See ``add_texts``."""
        return self._ingest("add_documents", parts_of(documents, ids), options)

    async def aadd_documents(
        self, documents: Iterable[Document], *, ids: Iterable[str | None] | None = None, **options: Any
    ) -> list[str]:
        """Embed documents and write them. Ids given here go before those of the documents. See ``add_texts``."""
        return await self._aingest("aadd_documents", parts_of(documents, ids), options)

    def _ingest(self, method: str, parts: Iterable[Part], options: Mapping[str, Any]) -> list[str]:
        plan, given = read_add_options(method, options, ("metadatas", "ids") if method.endswith("texts") else ("ids",))

        def embed(batch: list[Record]) -> list[list[float]]:
            texts = [record.text for record in batch]
            return one_each(self._embedding.embed_documents(texts), texts)

        return ingest(self._index, to_records(parts, **given), embed, plan)

    async def _aingest(self, method: str, parts: Iterable[Part], options: Mapping[str, Any]) -> list[str]:
        plan, given = read_add_options(method, options, ("metadatas", "ids") if method.endswith("texts") else ("ids",))

        async def embed(batch: list[Record]) -> list[list[float]]:
            texts = [record.text for record in batch]
            return one_each(await self._embedding.aembed_documents(texts), texts)

        return await aingest(self._index, to_records(parts, **given), embed, plan)

    def delete(self, ids: Sequence[str] | None = None, *, filter: FilterLike | None = None, **unknown: Any) -> bool:
        """Delete records by their ids, by a filter, or those of some ids that match a filter.

        Args:
            ids: The ids. Those that do not exist do no harm; an empty list deletes nothing.
            filter: A filter; one that matches everything is refused.
            unknown: Nothing: other keywords are refused.

        Returns:
            True.

        Raises:
            ArgumentError: If there are neither ids nor a filter that could fail to match.
            FilterError: If the filter cannot be honoured.
        """
        refuse_unknown("delete", unknown, ("ids", "filter"))
        self._index.run(self._delete(ids, filter))
        return True

    async def adelete(
        self, ids: Sequence[str] | None = None, *, filter: FilterLike | None = None, **unknown: Any
    ) -> bool:
        """Delete records. See ``delete``."""
        refuse_unknown("adelete", unknown, ("ids", "filter"))
        await self._index.arun(self._delete(ids, filter))
        return True

    def _delete(self, ids: Sequence[str] | None, filter: FilterLike | None) -> Steps[int]:
        if ids is None and filter is None:
            raise ArgumentError("delete needs ids or a filter; call clear() to delete everything")
        return operations.delete_matching(self._index.state, read_filter(filter), _id_list(ids))

    @known_keywords
    def persist(self, ids: Sequence[str]) -> int:
        """Let records live for ever, and return how many of them there were. The same as ``expire(ids, None)``."""
        return self.expire(ids, None)

    @known_keywords
    async def apersist(self, ids: Sequence[str]) -> int:
        """Let records live for ever, and return how many of them there were."""
        return await self.aexpire(ids, None)

    # Reading

    @known_keywords
    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents with these ids, in their order; ids that do not exist are left out."""
        return self._index.run(self._get(ids))

    @known_keywords
    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents with these ids, in their order; ids that do not exist are left out."""
        return await self._index.arun(self._get(ids))

    def _get(self, ids: Sequence[str]) -> Steps[list[Document]]:
        found = yield from operations.fetch(self._index.state, _id_list(ids) or [])
        return [to_document(record) for record in found if record is not None]

    @known_keywords
    def get(self, filter: FilterLike | None = None, *, limit: int | None = None) -> list[Document]:
        """Return the documents that match a filter, in no order; without one, all.

        Args:
            filter: The filter.
            limit: How many at most; None for all, of any number.

        Raises:
            FilterError: If the filter cannot be honoured.
        """
        return self._index.run(self._get_matching(filter, limit))

    @known_keywords
    async def aget(self, filter: FilterLike | None = None, *, limit: int | None = None) -> list[Document]:
        """Return the documents that match a filter. See ``get``."""
        return await self._index.arun(self._get_matching(filter, limit))

    def _get_matching(self, filter: FilterLike | None, limit: int | None) -> Steps[list[Document]]:
        limit = None if limit is None else check_k(limit, "limit")
        found = yield from operations.fetch_matching(self._index.state, read_filter(filter), limit=limit)
        return [to_document(record) for record in found]

    @known_keywords
    def attribute_info(self) -> list[dict[str, str]]:
        """Return name, type and description of the filterable fields, as a self-query retriever takes them."""
        return self._index.run(self._attribute_info())

    @known_keywords
    async def aattribute_info(self) -> list[dict[str, str]]:
        """Return name, type and description of the filterable fields, as a self-query retriever takes them."""
        return await self._index.arun(self._attribute_info())

    def _attribute_info(self) -> Steps[list[dict[str, str]]]:
        return list(map(describe_field, (yield from operations.filterable_fields(self._index.state))))

    @known_keywords
    def count(self, filter: FilterLike | None = None) -> int:
        """Count the records, or those that match a filter."""
        return self._index.run(operations.count(self._index.state, read_filter(filter)))

    @known_keywords
    async def acount(self, filter: FilterLike | None = None) -> int:
        """Count the records, or those that match a filter."""
        return await self._index.arun(operations.count(self._index.state, read_filter(filter)))


def _existing(index_name: str, options: ExistingOptions) -> IndexOptions:
    if options.get("create", "never") != "never":
        raise ArgumentError("from_existing_index opens an index that exists: create= has no place here")
    return {**options, "index_name": index_name, "create": "never"}


def _id_list(ids: Sequence[str] | None) -> Sequence[str] | None:
    if isinstance(ids, str):
        raise ArgumentError(f"ids is a list of ids, not one id; write [{ids!r}]")
    return ids
