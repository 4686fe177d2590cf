"""Searching through LangChain: every method, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore, VectorStoreRetriever

from redisvl_adapters.core import operations
from redisvl_adapters.core.commands import Steps
from redisvl_adapters.core.query import check_k
from redisvl_adapters.core.ranking import as_rows, check_fraction, maximal_marginal_relevance, relevance
from redisvl_adapters.core.store import StoreBase
from redisvl_adapters.errors import ArgumentError, did_you_mean, refuse_unknown
from redisvl_adapters.langchain.documents import to_document
from redisvl_adapters.langchain.filters import FilterLike, read_filter

_SEARCH_KWARGS: dict[str, frozenset[str]] = {
    "similarity": frozenset({"k", "filter"}),
    "similarity_score_threshold": frozenset({"k", "filter", "score_threshold"}),
    "mmr": frozenset({"k", "filter", "fetch_k", "lambda_mult"}),
}


class SearchMethods(StoreBase, VectorStore):
    """The search methods of a LangChain store, each with its async twin."""

    _embedding: Embeddings

    def similarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a text, nearest first.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            unknown: Nothing: other keywords are refused.

        Raises:
            ArgumentError: If k is out of range.
            FilterError: If the filter cannot be honoured.
        """
        refuse_unknown("similarity_search", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(self.similarity_search_with_score(query, k, filter))

    async def asimilarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a text. See ``similarity_search``."""
        refuse_unknown("asimilarity_search", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(await self.asimilarity_search_with_score(query, k, filter))

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        refuse_unknown("similarity_search_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(self.similarity_search_with_score_by_vector(embedding, k, filter))

    async def asimilarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        refuse_unknown("asimilarity_search_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(await self.asimilarity_search_with_score_by_vector(embedding, k, filter))

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        refuse_unknown("similarity_search_with_score", unknown, _SEARCH_KWARGS["similarity"])
        check_k(k)
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, filter)

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        refuse_unknown("asimilarity_search_with_score", unknown, _SEARCH_KWARGS["similarity"])
        check_k(k)
        vector = await self._embedding.aembed_query(query)
        return await self.asimilarity_search_with_score_by_vector(vector, k, filter)

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        refuse_unknown("similarity_search_with_score_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return self._index.run(self._nearest(embedding, k, filter))

    async def asimilarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        refuse_unknown("asimilarity_search_with_score_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return await self._index.arun(self._nearest(embedding, k, filter))

    def similarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **unknown: Any,
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a text with their relevance, in [0, 1]: larger is nearer.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            score_threshold: Only documents that are at least this relevant.
            unknown: Nothing: other keywords are refused.
        """
        refuse_unknown("similarity_search_with_relevance_scores", unknown, _SEARCH_KWARGS["similarity_score_threshold"])
        found = self.similarity_search_with_score(query, k, filter)
        return self._relevant(found, score_threshold)

    async def asimilarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **unknown: Any,
    ) -> list[tuple[Document, float]]:
        """Return documents with their relevance. See ``similarity_search_with_relevance_scores``."""
        refuse_unknown(
            "asimilarity_search_with_relevance_scores", unknown, _SEARCH_KWARGS["similarity_score_threshold"]
        )
        found = await self.asimilarity_search_with_score(query, k, filter)
        return self._relevant(found, score_threshold)

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near to a text and unlike each other, in the order of their choice.

        Args:
            query: The text.
            k: How many at most.
            fetch_k: From how many of the nearest they are chosen; by default 20, or k if that is more.
            lambda_mult: 1 looks at nearness alone, 0 at variety alone.
            filter: Only documents that match this.
            unknown: Nothing: other keywords are refused.

        Raises:
            ArgumentError: If k or fetch_k is out of range, fetch_k is less than k, or lambda_mult is not in [0, 1].
            FilterError: If the filter cannot be honoured.
        """
        refuse_unknown("max_marginal_relevance_search", unknown, _SEARCH_KWARGS["mmr"])
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter)

    async def amax_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near and unlike each other. See ``max_marginal_relevance_search``."""
        refuse_unknown("amax_marginal_relevance_search", unknown, _SEARCH_KWARGS["mmr"])
        vector = await self._embedding.aembed_query(query)
        return await self.amax_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        refuse_unknown("max_marginal_relevance_search_by_vector", unknown, _SEARCH_KWARGS["mmr"])
        return self._index.run(self._diverse(embedding, k, fetch_k, lambda_mult, filter))

    async def amax_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int | None = None,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        refuse_unknown("amax_marginal_relevance_search_by_vector", unknown, _SEARCH_KWARGS["mmr"])
        return await self._index.arun(self._diverse(embedding, k, fetch_k, lambda_mult, filter))

    def as_retriever(self, **kwargs: Any) -> VectorStoreRetriever:
        """Return a retriever over this store.

        Args:
            kwargs: ``search_type`` ("similarity", "similarity_score_threshold" or "mmr"), ``search_kwargs`` (what the
                method of that type takes: ``k``, ``filter``, ``score_threshold``, ``fetch_k``, ``lambda_mult``), and
                what every LangChain retriever has (``tags``, ``metadata``, ``name``).

        Raises:
            UnknownArgumentError: If there is a keyword, or a search keyword, that the retriever does not have.
            ArgumentError: If the search type does not exist.
        """
        known = set(VectorStoreRetriever.model_fields) - {"vectorstore"}
        refuse_unknown("as_retriever", {name: kwargs[name] for name in kwargs if name not in known}, known)
        search_type = kwargs.get("search_type", "similarity")
        if search_type not in _SEARCH_KWARGS:
            raise ArgumentError(
                f"search_type is one of {', '.join(_SEARCH_KWARGS)}; not {search_type!r}"
                f"{did_you_mean(str(search_type), _SEARCH_KWARGS)}"
            )
        search_kwargs = kwargs.get("search_kwargs") or {}
        allowed = _SEARCH_KWARGS[search_type]
        unknown = {name: value for name, value in search_kwargs.items() if name not in allowed}
        refuse_unknown(f"search_kwargs of a {search_type!r} retriever", unknown, allowed)
        if search_type == "similarity_score_threshold":
            threshold = search_kwargs.get("score_threshold")
            if threshold is None:
                raise ArgumentError(
                    "a 'similarity_score_threshold' retriever needs search_kwargs={'score_threshold': ...}"
                )
            # LangChain takes a float alone.
            search_kwargs = {**search_kwargs, "score_threshold": float(check_fraction(threshold, "score_threshold"))}
        return super().as_retriever(**{**kwargs, "search_kwargs": search_kwargs})

    # What each search is made of

    def _nearest(self, vector: list[float], k: int, filter: FilterLike | None) -> Steps[list[tuple[Document, float]]]:
        hits = yield from operations.search(self._index.state, vector, k, read_filter(filter))
        return [(to_document(hit.record), hit.distance) for hit in hits]

    def _diverse(
        self, vector: list[float], k: int, fetch_k: int | None, lambda_mult: float, filter: FilterLike | None
    ) -> Steps[list[Document]]:
        check_fraction(lambda_mult, "lambda_mult")
        if fetch_k is None:
            fetch_k = max(20, check_k(k))
        if check_k(fetch_k, "fetch_k") < check_k(k):
            raise ArgumentError(f"fetch_k is at least k; not {fetch_k} with k={k}")
        hits = yield from operations.search(self._index.state, vector, fetch_k, read_filter(filter), vectors=True)
        candidates = as_rows([hit.record.vector for hit in hits])
        chosen = maximal_marginal_relevance(np.asarray(vector), candidates, k=k, lambda_mult=lambda_mult)
        return [to_document(hits[place].record) for place in chosen]

    def _relevant(self, found: list[tuple[Document, float]], threshold: float | None) -> list[tuple[Document, float]]:
        at_least = 0.0 if threshold is None else check_fraction(threshold, "score_threshold")
        score = self._select_relevance_score_fn()
        scored = [(document, score(distance)) for document, distance in found]
        return [(document, relevance) for document, relevance in scored if relevance >= at_least]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        metric = self._index.state.metric
        return lambda distance: relevance(distance, metric)


def _documents(found: list[tuple[Document, float]]) -> list[Document]:
    return [document for document, _ in found]
