"""Searching by vector through LangChain: every method, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_fraction
from redisvl_adapters.core.search.argument_checks import NAMED_ARGUMENTS, check_fetch_k, check_vector_search
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import distance_at, relevance
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.store import StoreBase
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain.documents import to_document
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.options import check_query

Scored = list[tuple[Document, float]]


class SearchMethods(StoreBase, VectorStore):
    """The vector search methods of a LangChain store, each with its async twin."""

    _embedding: Embeddings

    def similarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> list[Document]:
        """Return the documents nearest to a text, nearest first.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            options: See ``SearchOptions``: ``ef_runtime``, ``distance_threshold``, ``keywords`` and more.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If k or an option is out of range, or the index has no such option.
            FilterError: If the filter cannot be honoured.
        """
        return documents_of(self.similarity_search_with_score(query, k, filter, **options))

    async def asimilarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> list[Document]:
        """Return the documents nearest to a text. See ``similarity_search``."""
        return documents_of(await self.asimilarity_search_with_score(query, k, filter, **options))

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        return documents_of(self.similarity_search_with_score_by_vector(embedding, k, filter, **options))

    async def asimilarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        return documents_of(await self.asimilarity_search_with_score_by_vector(embedding, k, filter, **options))

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> Scored:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        check_vector_search("similarity_search", k, options)
        vector = self._embedding.embed_query(check_query(query))
        return self._index.run(self._nearest(vector, k, filter, options))

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> Scored:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        check_vector_search("similarity_search", k, options)
        vector = await self._embedding.aembed_query(check_query(query))
        return await self._index.arun(self._nearest(vector, k, filter, options))

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> Scored:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        check_vector_search("similarity_search_by_vector", k, options)
        return self._index.run(self._nearest(embedding, k, filter, options))

    async def asimilarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **options: Any
    ) -> Scored:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        check_vector_search("similarity_search_by_vector", k, options)
        return await self._index.arun(self._nearest(embedding, k, filter, options))

    def similarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **options: Any,
    ) -> Scored:
        """Return the documents nearest to a text with their relevance, in [0, 1]: larger is nearer.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            score_threshold: Only documents that are at least this relevant; the server leaves the others out.
            options: See ``similarity_search``.
        """
        _check_relevant(k, score_threshold, options)
        vector = self._embedding.embed_query(check_query(query))
        return self._index.run(self._relevant(vector, k, filter, score_threshold, options))

    async def asimilarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **options: Any,
    ) -> Scored:
        """Return documents with their relevance. See ``similarity_search_with_relevance_scores``."""
        _check_relevant(k, score_threshold, options)
        vector = await self._embedding.aembed_query(check_query(query))
        return await self._index.arun(self._relevant(vector, k, filter, score_threshold, options))

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Any,
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
            ArgumentError: If k or fetch_k is out of range, fetch_k is less than k, or lambda_mult is not in [0, 1].
            FilterError: If the filter cannot be honoured.
        """
        _check_diverse(k, fetch_k, lambda_mult, options)
        vector = self._embedding.embed_query(check_query(query))
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter, **options)

    async def amax_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Any,
    ) -> list[Document]:
        """Return documents that are near and unlike each other. See ``max_marginal_relevance_search``."""
        _check_diverse(k, fetch_k, lambda_mult, options)
        vector = await self._embedding.aembed_query(check_query(query))
        return await self.amax_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter, **options)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Any,
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        _check_diverse(k, fetch_k, lambda_mult, options)
        return documents_of(self._index.run(self._diverse(embedding, k, fetch_k, lambda_mult, filter, options)))

    async def amax_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Any,
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        _check_diverse(k, fetch_k, lambda_mult, options)
        return documents_of(await self._index.arun(self._diverse(embedding, k, fetch_k, lambda_mult, filter, options)))

    def max_marginal_relevance_search_with_score(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Any,
    ) -> Scored:
        """Return documents that are near and unlike each other, with their distances from the text.

        See ``max_marginal_relevance_search``.
        """
        _check_diverse(k, fetch_k, lambda_mult, options)
        vector = self._embedding.embed_query(check_query(query))
        return self._index.run(self._diverse(vector, k, fetch_k, lambda_mult, filter, options))

    async def amax_marginal_relevance_search_with_score(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **options: Any,
    ) -> Scored:
        """Return documents with their distances. See ``max_marginal_relevance_search_with_score``."""
        _check_diverse(k, fetch_k, lambda_mult, options)
        vector = await self._embedding.aembed_query(check_query(query))
        return await self._index.arun(self._diverse(vector, k, fetch_k, lambda_mult, filter, options))

    # What each search is made of

    def _nearest(self, vector: list[float], k: int, filter: FilterLike | None, options: Any) -> Steps[Scored]:
        hits = yield from operations.search_by_vector(self._index.state, vector, k, read_filter(filter), **options)
        return by_distance(hits)

    def _diverse(
        self,
        vector: list[float],
        k: int,
        fetch_k: int | None,
        lambda_mult: float,
        filter: FilterLike | None,
        options: Any,
    ) -> Steps[Scored]:
        hits = yield from operations.search_mmr(
            self._index.state, vector, k, read_filter(filter), fetch_k=fetch_k, lambda_mult=lambda_mult, **options
        )
        return by_distance(hits)

    def _relevant(
        self,
        vector: list[float],
        k: int,
        filter: FilterLike | None,
        threshold: float | None,
        options: Any,
    ) -> Steps[Scored]:
        least = 0.0 if threshold is None else check_fraction(threshold, "score_threshold")
        metric = self._index.state.metric
        if least:
            # A little further, since the server's distances are rounded; the last word is below.
            options = {**options, "distance_threshold": distance_at(least, metric) + 1e-5}
        found = yield from self._nearest(vector, k, filter, options)
        scored = [(document, relevance(distance, metric)) for document, distance in found]
        return [(document, score) for document, score in scored if score >= least]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        metric = self._index.state.metric
        return lambda distance: relevance(distance, metric)


def by_distance(hits: list[Hit]) -> Scored:
    """Return the documents of hits with their distances."""
    return [(to_document(hit.record), hit.distance) for hit in hits]


def _check_relevant(k: Any, threshold: Any, options: dict[str, Any]) -> None:
    check_vector_search("similarity_search_with_relevance_scores", k, options, {*NAMED_ARGUMENTS, "score_threshold"})
    if threshold is not None:
        check_fraction(threshold, "score_threshold")
        if options.get("distance_threshold") is not None:
            raise ArgumentError("score_threshold and distance_threshold are two names for one thing; give one")


_DIVERSE = NAMED_ARGUMENTS | {"fetch_k", "lambda_mult"}


def _check_diverse(k: Any, fetch_k: Any, lambda_mult: Any, options: dict[str, Any]) -> None:
    check_vector_search("max_marginal_relevance_search", k, options, _DIVERSE)
    check_fetch_k(k, fetch_k)
    check_fraction(lambda_mult, "lambda_mult")


def documents_of(found: Scored) -> list[Document]:
    """Return the documents without their scores."""
    return [document for document, _ in found]
