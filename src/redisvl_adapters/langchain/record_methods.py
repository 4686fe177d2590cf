"""The store's records: adding, deleting, reading and counting them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, closing
from typing import Any, Unpack

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.streaming_ingest import aingest, ingest
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.search.describe import MAX_TOLD
from redisvl_adapters.core.search.iterate import DEFAULT_BATCH_SIZE, aiterate, check_batch_size, iterate
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.langchain.add_options import AddOptions, read_add_options
from redisvl_adapters.langchain.documents import (
    Part,
    one_vector_each,
    parts_of,
    texts_of,
    to_document,
    to_records,
)
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.model_filters import STRUCTURED_QUERIES


class RecordMethods:
    """Adding, deleting, reading and counting the records of a LangChain store, each method with its async twin."""

    _index: RedisIndex
    _embedding: Embeddings

    # Adding

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Iterable[dict[str, Any] | None] | None = None,
        *,
        ids: Iterable[str | None] | None = None,
        **options: Unpack[AddOptions],
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
        **options: Unpack[AddOptions],
    ) -> list[str]:
        """Embed texts and write them, several batches being embedded at the same time. See ``add_texts``."""
        return await self._aingest("aadd_texts", texts_of(texts, metadatas, ids), options)

    def add_documents(
        self, documents: Iterable[Document], *, ids: Iterable[str | None] | None = None, **options: Unpack[AddOptions]
    ) -> list[str]:
        """Embed documents and write them. Ids given here go before those of the documents. See ``add_texts``."""
        return self._ingest("add_documents", parts_of(documents, ids), options)

    async def aadd_documents(
        self, documents: Iterable[Document], *, ids: Iterable[str | None] | None = None, **options: Unpack[AddOptions]
    ) -> list[str]:
        """Embed documents and write them. Ids given here go before those of the documents. See ``add_texts``."""
        return await self._aingest("aadd_documents", parts_of(documents, ids), options)

    def _ingest(self, method: str, parts: Iterable[Part], options: AddOptions) -> list[str]:
        plan, given = read_add_options(method, options, _NAMED[method])
        return ingest(self._index, to_records(parts, **given), self._embed, plan)

    async def _aingest(self, method: str, parts: Iterable[Part], options: AddOptions) -> list[str]:
        plan, given = read_add_options(method, options, _NAMED[method])
        return await aingest(self._index, to_records(parts, **given), self._aembed, plan)

    def _embed(self, batch: list[Record]) -> list[list[float]]:
        texts = [record.text for record in batch]
        return one_vector_each(self._embedding.embed_documents(texts), texts)

    async def _aembed(self, batch: list[Record]) -> list[list[float]]:
        texts = [record.text for record in batch]
        return one_vector_each(await self._embedding.aembed_documents(texts), texts)

    # Deleting

    @known_keywords
    def delete(self, ids: Sequence[str] | None = None, *, filter: FilterLike | None = None) -> bool:
        """Delete records by their ids, by a filter, or those of some ids that match a filter.

        Args:
            ids: The ids. Those that do not exist do no harm; an empty list deletes nothing.
            filter: A filter; one that matches everything is refused.

        Returns:
            True.

        Raises:
            ArgumentError: If there are neither ids nor a filter that could fail to match.
            FilterError: If the filter cannot be honoured.
        """
        self._index.run(self._delete(ids, filter))
        return True

    @known_keywords
    async def adelete(self, ids: Sequence[str] | None = None, *, filter: FilterLike | None = None) -> bool:
        """Delete records. See ``delete``."""
        await self._index.arun(self._delete(ids, filter))
        return True

    def _delete(self, ids: Sequence[str] | None, filter: FilterLike | None) -> Steps[int]:
        if ids is None and filter is None:
            raise ArgumentError("delete needs ids or a filter; call clear() to delete everything")
        return operations.delete_matching(self._index.state, read_filter(filter), _id_list(ids))

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
    def attribute_info(self, *, max_values: int = MAX_TOLD) -> list[dict[str, str]]:
        """Return name, type and description of the filterable fields, as a self-query retriever takes them.

        They tell a model the comparators of each field and how values are written, in the words of LangChain's parser.

        Args:
            max_values: Of how many distinct values a tag or a list of numbers may have so that all of them are told; 0
                tells none, which keeps them from the model. Long ones are not told.
        """
        return self._index.run(operations.describe_fields(self._index.state, STRUCTURED_QUERIES, max_values))

    @known_keywords
    async def aattribute_info(self, *, max_values: int = MAX_TOLD) -> list[dict[str, str]]:
        """Return name, type and description of the filterable fields. See ``attribute_info``."""
        return await self._index.arun(operations.describe_fields(self._index.state, STRUCTURED_QUERIES, max_values))

    @known_keywords
    def count(self, filter: FilterLike | None = None) -> int:
        """Count the records, or those that match a filter.

        Raises:
            FilterError: If the filter cannot be honoured.
        """
        return self._index.run(operations.count(self._index.state, read_filter(filter)))

    @known_keywords
    async def acount(self, filter: FilterLike | None = None) -> int:
        """Count the records, or those that match a filter. See ``count``."""
        return await self._index.arun(operations.count(self._index.state, read_filter(filter)))

    # Times to live

    @known_keywords
    def persist(self, ids: Sequence[str]) -> int:
        """Let records live for ever, and return how many of them there were. The same as ``expire(ids, None)``."""
        return self._index.run(operations.expire(self._index.state, ids, None))

    @known_keywords
    async def apersist(self, ids: Sequence[str]) -> int:
        """Let records live for ever, and return how many of them there were. See ``persist``."""
        return await self._index.arun(operations.expire(self._index.state, ids, None))

    # Walking

    @known_keywords
    def iterate(self, filter: FilterLike | None = None, batch_size: int = DEFAULT_BATCH_SIZE) -> Iterator[Document]:
        """Walk over all documents, or over those that match a filter, in no order, a page at a time.

        Up to 100,000 documents, those that are there all the time come once, whatever others read and write meanwhile.
        Of more, one that is written while the walk goes on comes once, twice or not at all.

        Args:
            filter: Only documents that match this.
            batch_size: How many are fetched at once.

        Raises:
            ArgumentError: If batch_size is out of range.
            FilterError: If the filter cannot be honoured.
            ServerError: If more than five minutes go by between two batches.
        """
        return self._walk(read_filter(filter), check_batch_size(batch_size))

    @known_keywords
    def aiterate(
        self, filter: FilterLike | None = None, batch_size: int = DEFAULT_BATCH_SIZE
    ) -> AsyncIterator[Document]:
        """Walk over all documents, or over those that match a filter. See ``iterate``."""
        return self._awalk(read_filter(filter), check_batch_size(batch_size))

    def _walk(self, filter: Filter | None, size: int) -> Iterator[Document]:
        with closing(iterate(self._index, filter, size)) as records:
            yield from map(to_document, records)

    async def _awalk(self, filter: Filter | None, size: int) -> AsyncIterator[Document]:
        async with aclosing(aiterate(self._index, filter, size)) as records:
            async for record in records:
                yield to_document(record)


_NAMED = {
    "add_texts": ("metadatas", "ids"),
    "aadd_texts": ("metadatas", "ids"),
    "add_documents": ("ids",),
    "aadd_documents": ("ids",),
}
"""What each method takes beside its options, for errors."""


def _id_list(ids: Sequence[str] | None) -> Sequence[str] | None:
    if isinstance(ids, str):
        raise ArgumentError(f"ids is a list of ids, not one id; write [{ids!r:.80}]")
    return ids
