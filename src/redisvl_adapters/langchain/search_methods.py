"""The store's searches: similarity, relevance, maximal marginal relevance, text and hybrid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

from langchain_core.documents import Document

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.search.query_vectors import QueryVector
from redisvl_adapters.core.search.scores import relevance
from redisvl_adapters.langchain.filters import FilterLike
from redisvl_adapters.langchain.search_options import (
    HybridSearchOptions,
    MMROptions,
    SimilarityOptions,
    TextSearchOptions,
)
from redisvl_adapters.langchain.search_types import (
    HybridSearch,
    MMRSearch,
    RelevanceSearch,
    Scored,
    SimilaritySearch,
    TextSearch,
    documents_of,
)
from redisvl_adapters.langchain.searcher import Searcher

# How errors name the searches.
_SIMILARITY = "similarity_search"
_BY_VECTOR = "similarity_search_by_vector"
_BATCH = "similarity_search_batch"
_RELEVANCE = "similarity_search_with_relevance_scores"
_MMR = "max_marginal_relevance_search"
_TEXT = "text_search"
_HYBRID = "hybrid_search"


class SearchMethods:
    """The search methods of a LangChain store, each with its async twin."""

    _index: RedisIndex
    _searcher: Searcher

    # Similarity

    def similarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> list[Document]:
        """Return the documents nearest to a text, nearest first.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            options: See ``SimilarityOptions``: ``ef_runtime``, ``distance_threshold``, ``rerank`` and more.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If k or an option is out of range, or the index has no such option.
            FilterError: If the filter cannot be honoured.
        """
        return documents_of(self.similarity_search_with_score(query, k, filter, **options))

    async def asimilarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> list[Document]:
        """Return the documents nearest to a text. See ``similarity_search``."""
        return documents_of(await self.asimilarity_search_with_score(query, k, filter, **options))

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> Scored:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        return self._searcher.run(query, SimilaritySearch(_SIMILARITY, k, filter, **options))

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> Scored:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        return await self._searcher.arun(query, SimilaritySearch(_SIMILARITY, k, filter, **options))

    def similarity_search_by_vector(
        self, embedding: QueryVector, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        return documents_of(self.similarity_search_with_score_by_vector(embedding, k, filter, **options))

    async def asimilarity_search_by_vector(
        self, embedding: QueryVector, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        return documents_of(await self.asimilarity_search_with_score_by_vector(embedding, k, filter, **options))

    def similarity_search_with_score_by_vector(
        self, embedding: QueryVector, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> Scored:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        return self._searcher.run_by_vector(embedding, SimilaritySearch(_BY_VECTOR, k, filter, **options))

    async def asimilarity_search_with_score_by_vector(
        self, embedding: QueryVector, k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> Scored:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        return await self._searcher.arun_by_vector(embedding, SimilaritySearch(_BY_VECTOR, k, filter, **options))

    def similarity_search_batch(
        self, queries: Sequence[str], k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> list[list[Document]]:
        """Return the documents nearest to each of some texts, embedded by one call and searched in one round trip.

        The call is ``embed_documents``, the one that takes several texts. See ``similarity_search``.
        """
        found = self._searcher.run_batch(queries, SimilaritySearch(_BATCH, k, filter, **options))
        return [documents_of(each) for each in found]

    async def asimilarity_search_batch(
        self, queries: Sequence[str], k: int = 4, filter: FilterLike | None = None, **options: Unpack[SimilarityOptions]
    ) -> list[list[Document]]:
        """Return the documents nearest to each of some texts. See ``similarity_search_batch``."""
        found = await self._searcher.arun_batch(queries, SimilaritySearch(_BATCH, k, filter, **options))
        return [documents_of(each) for each in found]

    # Relevance

    def similarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **options: Unpack[SimilarityOptions],
    ) -> Scored:
        """Return the documents nearest to a text with their relevance, in [0, 1]: larger is nearer.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            score_threshold: Only documents that are at least this relevant; the server leaves the others out.
            options: See ``similarity_search``.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If k, score_threshold or an option is out of range, or there is a distance_threshold too.
            FilterError: If the filter cannot be honoured.
        """
        return self._searcher.run(
            query, RelevanceSearch(_RELEVANCE, k, filter, score_threshold=score_threshold, **options)
        )

    async def asimilarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **options: Unpack[SimilarityOptions],
    ) -> Scored:
        """Return documents with their relevance. See ``similarity_search_with_relevance_scores``."""
        return await self._searcher.arun(
            query, RelevanceSearch(_RELEVANCE, k, filter, score_threshold=score_threshold, **options)
        )

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        state = self._index.state
        return lambda distance: relevance(distance, state.metric, state.rounding)

    # Maximal marginal relevance

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Unpack[MMROptions],
    ) -> list[Document]:
        """Return documents that are near to a text and unlike each other, in the order of their choice.

        Args:
            query: The text.
            k: How many at most.
            fetch_k: From how many of the nearest they are chosen; by default 20, or k if that is more.
            lambda_mult: 1 looks at nearness alone, 0 at variety alone.
            filter: Only documents that match this.
            options: See ``similarity_search``.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If k or fetch_k is out of range, fetch_k is less than k, or lambda_mult is not in [0, 1].
            FilterError: If the filter cannot be honoured.
        """
        return documents_of(
            self.max_marginal_relevance_search_with_score(query, k, fetch_k, lambda_mult, filter, **options)
        )

    async def amax_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Unpack[MMROptions],
    ) -> list[Document]:
        """Return documents that are near and unlike each other. See ``max_marginal_relevance_search``."""
        return documents_of(
            await self.amax_marginal_relevance_search_with_score(query, k, fetch_k, lambda_mult, filter, **options)
        )

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: QueryVector,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Unpack[MMROptions],
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        search = MMRSearch(_MMR, k, filter, fetch_k=fetch_k, lambda_mult=lambda_mult, **options)
        return documents_of(self._searcher.run_by_vector(embedding, search))

    async def amax_marginal_relevance_search_by_vector(
        self,
        embedding: QueryVector,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Unpack[MMROptions],
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        search = MMRSearch(_MMR, k, filter, fetch_k=fetch_k, lambda_mult=lambda_mult, **options)
        return documents_of(await self._searcher.arun_by_vector(embedding, search))

    def max_marginal_relevance_search_with_score(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Unpack[MMROptions],
    ) -> Scored:
        """Return documents that are near and unlike each other, with their distances from the text.

        See ``max_marginal_relevance_search``.
        """
        return self._searcher.run(
            query, MMRSearch(_MMR, k, filter, fetch_k=fetch_k, lambda_mult=lambda_mult, **options)
        )

    async def amax_marginal_relevance_search_with_score(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Unpack[MMROptions],
    ) -> Scored:
        """Return documents with their distances. See ``max_marginal_relevance_search_with_score``."""
        return await self._searcher.arun(
            query, MMRSearch(_MMR, k, filter, fetch_k=fetch_k, lambda_mult=lambda_mult, **options)
        )

    # Text

    def text_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextSearchOptions]
    ) -> list[Document]:
        """Return the documents whose text matches best, best first. Nothing is embedded.

        Args:
            query: Any text: its words and their stems are looked for. Nothing in it is syntax, and a text without any
                word finds nothing.
            k: How many at most.
            filter: Only documents that match this; with BM25STD it never touches the score.
            options: See ``TextSearchOptions``.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If an argument is out of range.
            FilterError: If the filter cannot be honoured.
        """
        return documents_of(self.text_search_with_score(query, k, filter, **options))

    async def atext_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextSearchOptions]
    ) -> list[Document]:
        """Return the documents whose text matches best. See ``text_search``."""
        return documents_of(await self.atext_search_with_score(query, k, filter, **options))

    def text_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextSearchOptions]
    ) -> Scored:
        """Return the documents whose text matches best, with their scores: larger is better. See ``text_search``."""
        return self._searcher.run(query, TextSearch(_TEXT, k, filter, **options))

    async def atext_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextSearchOptions]
    ) -> Scored:
        """Return the documents whose text matches best, with their scores. See ``text_search``."""
        return await self._searcher.arun(query, TextSearch(_TEXT, k, filter, **options))

    # Hybrid

    def hybrid_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridSearchOptions]
    ) -> list[Document]:
        """Return the documents that are near to a text or have its words, or both, best first.

        Args:
            query: Any text. It is embedded for the vector side; its words are looked for on the text side.
            k: How many at most.
            filter: Only documents that match this, on both sides.
            options: See ``HybridSearchOptions``.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If an argument is out of range.
            FilterError: If the filter cannot be honoured.
        """
        return documents_of(self.hybrid_search_with_score(query, k, filter, **options))

    async def ahybrid_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridSearchOptions]
    ) -> list[Document]:
        """Return the documents that are near to a text or have its words. See ``hybrid_search``."""
        return documents_of(await self.ahybrid_search_with_score(query, k, filter, **options))

    def hybrid_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridSearchOptions]
    ) -> Scored:
        """Return what ``hybrid_search`` returns, with the fused scores: larger is better."""
        return self._searcher.run(query, HybridSearch(_HYBRID, k, filter, **options))

    async def ahybrid_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridSearchOptions]
    ) -> Scored:
        """Return what ``hybrid_search`` returns, with the fused scores: larger is better."""
        return await self._searcher.arun(query, HybridSearch(_HYBRID, k, filter, **options))
