"""The store's records: deleting, reading and counting them, and changing their metadata."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from typing import Any

from langchain_core.documents import Document

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.changed_texts import avectors_of_changes, vectors_of_changes
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.describe import MAX_TOLD
from redisvl_adapters.core.search.iterate import DEFAULT_BATCH_SIZE, aiterate, check_batch_size, iterate
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.langchain.documents import to_document
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.model_filters import STRUCTURED_QUERIES


class RecordMethods:
    """Deleting, reading, counting and changing the records of a LangChain store, each method with its async twin."""

    _index: RedisIndex

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
        return operations.delete_matching(self._index.state, read_filter(filter), ids)

    # Changing metadata

    @known_keywords
    def update_metadata(
        self,
        ids: Sequence[str] | None = None,
        changes: Mapping[str, Any] | None = None,
        *,
        filter: FilterLike | None = None,
    ) -> int:
        """Merge changes into the metadata of records; texts and their vectors stay as they are.

        Nothing is embedded but a text that a named vector is made of (``vectors`` of the store).

        Each record changes in one step. A key of the changes is set to its value, as a whole, or removed if that is
        None; others stay, also those that somebody else changes meanwhile. New keys become filterable as in
        ``add_texts``.

        Args:
            ids: The ids. Those that do not exist do no harm.
            changes: The changes by key.
            filter: Only records that match this; one that matches everything is refused.

        Returns:
            How many records there were.

        Raises:
            ArgumentError: If there are no changes, or neither ids nor a filter that could fail to match.
            RecordError: If the changes could not be stored, indexed and read back exactly.
            FilterError: If the filter cannot be honoured.
            PartialWriteError: If something failed after some records were changed, or may have been.
        """
        vectors = vectors_of_changes(self._index, changes or {})
        return self._index.run(self._update_metadata(ids, changes, filter, vectors))

    @known_keywords
    async def aupdate_metadata(
        self,
        ids: Sequence[str] | None = None,
        changes: Mapping[str, Any] | None = None,
        *,
        filter: FilterLike | None = None,
    ) -> int:
        """Merge changes into the metadata of records. See ``update_metadata``."""
        vectors = await avectors_of_changes(self._index, changes or {})
        return await self._index.arun(self._update_metadata(ids, changes, filter, vectors))

    def _update_metadata(
        self,
        ids: Sequence[str] | None,
        changes: Mapping[str, Any] | None,
        filter: FilterLike | None,
        vectors: Mapping[str, Vector],
    ) -> Steps[int]:
        return operations.update_metadata(self._index.state, changes or {}, ids, read_filter(filter), vectors)

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
        found = yield from operations.fetch(self._index.state, ids)
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
