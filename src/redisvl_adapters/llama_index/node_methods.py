"""The methods of the LlamaIndex vector store that read without a query: nodes, their number, what can be filtered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, closing
from typing import Any

from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore
from llama_index.core.vector_stores.types import MetadataInfo, VectorStoreInfo

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.search.describe import MAX_TOLD
from redisvl_adapters.core.search.iterate import DEFAULT_BATCH_SIZE, aiterate, check_batch_size, iterate
from redisvl_adapters.core.search.word_methods import WordMethods
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.store import VectorStoreBase
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.filters import FilterLike, read_filter
from redisvl_adapters.llama_index.model_filters import METADATA_FILTERS
from redisvl_adapters.llama_index.nodes import to_node


class NodeMethods(VectorStoreBase, WordMethods["BaseNode | NodeWithScore"]):
    """Reading nodes without a query; each method has its async twin."""

    def _text_of(self, found: BaseNode | NodeWithScore) -> tuple[str, Mapping[str, Any]]:
        node = found.node if isinstance(found, NodeWithScore) else found
        if not isinstance(node, BaseNode):
            raise ArgumentError(f"found is a node or a text; not {type(found).__name__} {found!r:.80}")
        return node.get_content(metadata_mode=MetadataMode.NONE), node.metadata

    def _embedded_text(self, record: Record) -> str:
        return to_node(record).get_content(metadata_mode=MetadataMode.EMBED)

    @known_keywords
    def get_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: FilterLike | None = None,
        *,
        limit: int | None = None,
        with_vectors: bool = False,
    ) -> list[BaseNode]:
        """Return the nodes with these ids that match a filter; without either, all nodes.

        Args:
            node_ids: The ids. Those that do not exist are left out.
            filters: A filter.
            limit: How many at most; None for all, of any number.
            with_vectors: Whether nodes have their ``embedding``: what was given, as far as the dtype of the index holds
                it. By default it is None.

        Raises:
            ArgumentError: If the ids or the limit are none.
            FilterError: If the filter cannot be honoured.
        """
        return self._index.run(self._get_nodes(node_ids, filters, limit, with_vectors=with_vectors))

    @known_keywords
    async def aget_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: FilterLike | None = None,
        *,
        limit: int | None = None,
        with_vectors: bool = False,
    ) -> list[BaseNode]:
        """Return nodes. See ``get_nodes``."""
        return await self._index.arun(self._get_nodes(node_ids, filters, limit, with_vectors=with_vectors))

    def _get_nodes(
        self, node_ids: list[str] | None, filters: FilterLike | None, limit: int | None, *, with_vectors: bool
    ) -> Steps[list[BaseNode]]:
        limit = None if limit is None else check_k(limit, "limit")
        found = yield from operations.fetch_matching(
            self._index.state, read_filter(filters), node_ids, limit, vectors=with_vectors
        )
        return [to_node(record, with_vector=with_vectors) for record in found]

    @known_keywords
    def iterate(
        self,
        filters: FilterLike | None = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
        *,
        with_vectors: bool = False,
    ) -> Iterator[BaseNode]:
        """Walk over all nodes, or over those that match a filter, in no order, a page at a time.

        Up to 100,000 nodes, those that are there all the time come once, whatever others read and write meanwhile. Of
        more, one that is written while the walk goes on comes once, twice or not at all.

        Args:
            filters: Only nodes that match this.
            batch_size: How many are fetched at once.
            with_vectors: Whether nodes have their ``embedding``, as in ``get_nodes``.

        Raises:
            ArgumentError: If batch_size is out of range.
            FilterError: If the filter cannot be honoured.
            ServerError: If the index is dropped, or more than five minutes go by between two batches of so many.
        """
        return self._walk(read_filter(filters), check_batch_size(batch_size), with_vectors=with_vectors)

    @known_keywords
    def aiterate(
        self,
        filters: FilterLike | None = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
        *,
        with_vectors: bool = False,
    ) -> AsyncIterator[BaseNode]:
        """Walk over all nodes, or over those that match a filter. See ``iterate``."""
        return self._awalk(read_filter(filters), check_batch_size(batch_size), with_vectors=with_vectors)

    def _walk(self, filter: Filter | None, batch_size: int, *, with_vectors: bool) -> Iterator[BaseNode]:
        with closing(iterate(self._index, filter, batch_size, vectors=with_vectors)) as records:
            yield from (to_node(record, with_vector=with_vectors) for record in records)

    async def _awalk(self, filter: Filter | None, batch_size: int, *, with_vectors: bool) -> AsyncIterator[BaseNode]:
        async with aclosing(aiterate(self._index, filter, batch_size, vectors=with_vectors)) as records:
            async for record in records:
                yield to_node(record, with_vector=with_vectors)

    @known_keywords
    def count(self, filters: FilterLike | None = None) -> int:
        """Count the nodes, or those that match a filter."""
        return self._index.run(operations.count(self._index.state, read_filter(filters)))

    @known_keywords
    async def acount(self, filters: FilterLike | None = None) -> int:
        """Count the nodes, or those that match a filter."""
        return await self._index.arun(operations.count(self._index.state, read_filter(filters)))

    @known_keywords
    def vector_store_info(self, content_info: str = "texts", *, max_values: int = MAX_TOLD) -> VectorStoreInfo:
        """Return what a ``VectorIndexAutoRetriever`` must know: the filterable fields, and what the texts are about.

        It tells a model the operators of each field and how values are written, in the words of LlamaIndex's parser.

        Args:
            content_info: What the texts are about.
            max_values: Of how many distinct values a tag or a list of numbers may have so that all of them are told; 0
                tells none, which keeps them from the model. Long ones are not told.

        Raises:
            ArgumentError: If max_values is not an integer from 0 on.
        """
        return self._index.run(self._vector_store_info(content_info, max_values))

    @known_keywords
    async def avector_store_info(self, content_info: str = "texts", *, max_values: int = MAX_TOLD) -> VectorStoreInfo:
        """Return what a ``VectorIndexAutoRetriever`` must know. See ``vector_store_info``."""
        return await self._index.arun(self._vector_store_info(content_info, max_values))

    def _vector_store_info(self, content_info: str, max_values: int) -> Steps[VectorStoreInfo]:
        fields = yield from operations.describe_fields(self._index.state, METADATA_FILTERS, max_values)
        return VectorStoreInfo(metadata_info=[MetadataInfo(**field) for field in fields], content_info=content_info)
