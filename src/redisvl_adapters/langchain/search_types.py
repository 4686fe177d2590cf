"""The search types of a retriever: what each takes, and what it does. The store's search methods use them too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from langchain_core.documents import Document

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_choice, check_fraction, check_keywords, check_name
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.mmr_search import mmr_fetch_k
from redisvl_adapters.core.search.options import SEARCH_OPTIONS, TEXT_OPTIONS
from redisvl_adapters.core.search.query_vectors import QueryVector
from redisvl_adapters.core.search.ranking import Ranking, choose_unlike, read_fetch_k
from redisvl_adapters.core.search.recency import check_recency_key, read_recency
from redisvl_adapters.core.search.rerank import check_sync
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import distance_at, relevance, similarity
from redisvl_adapters.core.search.search_checks import (
    NAMED_ARGUMENTS,
    check_fetch_k,
    check_hybrid_search,
    check_text_search,
    check_vector_search,
)
from redisvl_adapters.core.search.vector_choice import check_one_vector, distance_of
from redisvl_adapters.core.search.weighted_search import Measure
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.telemetry import named, tell
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain.documents import to_document
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.reranker import read_reranker
from redisvl_adapters.langchain.search_options import RANKING_OPTIONS

Scored: TypeAlias = list[tuple[Document, float]]
"""Documents with their distances or scores."""

SearchType: TypeAlias = Literal["similarity", "similarity_score_threshold", "mmr", "text", "hybrid"]


_OF_MMR = frozenset({"fetch_k", "lambda_mult"})
_ARGUMENTS = NAMED_ARGUMENTS | RANKING_OPTIONS
"""What every search takes beside its options, for errors."""


class Query(NamedTuple):
    """What is searched for.

    Attributes:
        text: The text; None if there is a vector alone.
        vector: Its vector, shape (dims,); empty if the search needs none. With weights, those by the names of vectors.
    """

    text: str | None
    vector: QueryVector


class Search(ABC):
    """A search of one type, whose arguments are checked when it is made.

    Args:
        where: Names the call in errors.
        k: How many documents at most.
        filter: Only documents that match this.
        options: What else its type takes. See ``SearchKwargs``.

    Attributes:
        needs_vector: Whether its query must be embedded.
        needs_text: Whether it looks for the words of its query, so that a vector is none.
        options: What it takes beside its arguments.
        operation: How traces name it.
        k: How many documents at most.

    Raises:
        ArgumentError: If a keyword is out of its range or contradicts another.
        UnknownArgumentError: If the type does not have a keyword.
    """

    needs_vector = True
    needs_text = False
    operation: str

    def __init__(self, where: str, /, k: int = 4, filter: FilterLike | None = None, **options: Any) -> None:
        self._where = where
        self.k = k
        self._filter = filter
        self._rerank, recency, score_key = (options.pop(name, None) for name in ("rerank", "recency", "score_key"))
        self._score_key = None if score_key is None else check_name(score_key, "score_key")
        reranker, decay = read_reranker(self._rerank), read_recency(recency)
        is_ranked = reranker is not None or decay is not None
        self._ranking = Ranking(reranker, decay, to_document, _metadata_of) if is_ranked else None
        self.options = options
        self._check(where)

    @property
    def is_ranked(self) -> bool:
        """Whether its candidates are ranked anew."""
        return self._ranking is not None

    @abstractmethod
    def _check(self, where: str) -> None:
        """Raise an error if an argument is wrong."""

    @abstractmethod
    def _find(self, state: IndexState, query: Query, filter: Filter | None) -> Steps[list[Hit]]:
        """Return the operation that finds what there is to choose from."""

    def check_query(self, *, has_text: bool, is_async: bool) -> None:
        """Refuse a query that the reranker cannot compare with.

        Args:
            has_text: Whether the query has a text.
            is_async: Whether the search is async.

        Raises:
            ArgumentError: If so.
        """
        if self._rerank is None:
            return
        if not has_text:
            raise ArgumentError(
                f"rerank compares documents with the text of a query, which {self._where} does not have; search by text"
            )
        if not is_async:
            check_sync(self._rerank)

    def steps(self, state: IndexState, query: Query) -> Steps[list[Hit]]:
        """Return the operation that searches an index: what it finds is for ``results``."""
        return named(self._steps(state, query), self.operation)

    def _steps(self, state: IndexState, query: Query) -> Steps[list[Hit]]:
        tell(k=self.k)
        hits = yield from self._find(state, query, read_filter(self._filter))
        if self._ranking is not None:
            if self._ranking.recency is not None:
                yield from check_recency_key(state, self._ranking.recency, hits)
            for hit in hits:
                if hit.score is None:
                    hit.score = self._relevance(state, hit)
        return hits

    def _relevance(self, state: IndexState, hit: Hit) -> float:
        return relevance(hit.distance, *distance_of(state, self.options.get("vector")))

    def _nearest(
        self, state: IndexState, query: Query, k: int, filter: Filter | None, **options: Any
    ) -> Steps[list[Hit]]:
        """Return the operation that finds the nearest by one vector."""
        return operations.search_by_vector(state, cast("Vector", query.vector), k, filter, **options)

    def results(self, query: Query, hits: list[Hit]) -> Scored:
        """Return documents with their scores, of what the operation found; with their distances if it has no scores.

        Raises:
            RerankError: If the reranker does not give scores.
            ArgumentError: If something has no age, or has the key for scores already.
        """
        if self._ranking is None:
            return self._told([(to_document(hit.record), _number(hit)) for hit in hits])
        return self._told(self._choose(self._ranking.rank(query.text or "", hits), hits))

    async def aresults(self, query: Query, hits: list[Hit]) -> Scored:
        """Return documents with their scores. See ``results``."""
        if self._ranking is None:
            return self.results(query, hits)
        return self._told(self._choose(await self._ranking.arank(query.text or "", hits), hits))

    def _choose(self, ranked: Scored, hits: list[Hit]) -> Scored:  # noqa: ARG002  # MMR looks at the vectors of hits
        return ranked[: self.k]

    def _told(self, found: Scored) -> Scored:
        """Return documents that tell their scores, if that was asked for."""
        if (key := self._score_key) is not None:
            for document, score in found:
                if key in document.metadata:
                    raise ArgumentError(
                        f"score_key {key!r:.80} is a metadata key of document {document.id!r:.80}; choose another one"
                    )
                document.metadata[key] = score
        return found


class SimilaritySearch(Search):
    """The documents nearest to a vector, with their distances."""

    operation = "search_by_vector"
    _takes = _ARGUMENTS | {"fetch_k"}

    def _check(self, where: str) -> None:
        self._candidates = fetch_k = self.options.pop("fetch_k", None)
        check_vector_search(where, self.k, self.options, self._takes)
        is_weighted = self.options.get("weights") is not None
        if is_weighted:
            check_fetch_k(self.k, fetch_k)
        is_plain = is_weighted and self._ranking is None
        self._fetch_k = self.k if is_plain else read_fetch_k(self._where, self.k, fetch_k, self._ranking)

    def _find(self, state: IndexState, query: Query, filter: Filter | None) -> Steps[list[Hit]]:
        if self.options.get("weights") is not None:
            return self._weighted(state, query, filter, similarity if self._ranking is None else relevance)
        return self._nearest(state, query, self._fetch_k, filter, **self.options)

    def _weighted(self, state: IndexState, query: Query, filter: Filter | None, measure: Measure) -> Steps[list[Hit]]:
        vectors, fetch_k = cast("Mapping[str, Vector]", query.vector), self._candidates
        return operations.search_weighted(
            state, vectors, self._fetch_k, filter, fetch_k=fetch_k, measure=measure, **self.options
        )


class RelevanceSearch(SimilaritySearch):
    """The documents nearest to a vector, with their relevance in [0, 1], which is at least ``score_threshold``."""

    _takes = _ARGUMENTS | {"fetch_k", "score_threshold"}

    def _check(self, where: str) -> None:
        threshold = self.options.pop("score_threshold", None)
        super()._check(where)
        self._least = 0.0 if threshold is None else check_fraction(threshold, "score_threshold")
        if threshold is not None and self.options.get("distance_threshold") is not None:
            raise ArgumentError("score_threshold and distance_threshold are two names for one thing; give one")

    def _find(self, state: IndexState, query: Query, filter: Filter | None) -> Steps[list[Hit]]:
        options = self.options
        if options.get("weights") is not None:
            hits = yield from self._weighted(state, query, filter, relevance)
            return [hit for hit in hits if (hit.score or 0.0) >= self._least]
        if self._least:
            # A little further, since the server's distances are rounded; the last word is below.
            metric, _ = distance_of(state, options.get("vector"))
            options = {**options, "distance_threshold": distance_at(self._least, metric) + 1e-5}
        hits = yield from self._nearest(state, query, self._fetch_k, filter, **options)
        for hit in hits:
            hit.score = self._relevance(state, hit)
        return [hit for hit in hits if (hit.score or 0.0) >= self._least]


class MMRSearch(Search):
    """Documents that are near to a vector and unlike each other (maximal marginal relevance), with their distances."""

    operation = "search_mmr"

    def _check(self, where: str) -> None:
        options = {name: value for name, value in self.options.items() if name not in _OF_MMR}
        check_vector_search(where, self.k, options, _ARGUMENTS | _OF_MMR)
        check_one_vector("mmr", options)
        check_fetch_k(self.k, self.options.get("fetch_k"))
        self._lambda = check_fraction(self.options.get("lambda_mult", 0.5), "lambda_mult")

    def _find(self, state: IndexState, query: Query, filter: Filter | None) -> Steps[list[Hit]]:
        if self._ranking is None:
            return operations.search_mmr(state, cast("Vector", query.vector), self.k, filter, **self.options)
        options = {name: value for name, value in self.options.items() if name not in _OF_MMR}
        fetch_k = mmr_fetch_k(self.k, self.options.get("fetch_k"))
        return self._nearest(state, query, fetch_k, filter, vectors=True, **options)

    def _choose(self, ranked: Scored, hits: list[Hit]) -> Scored:
        return choose_unlike(ranked, hits, lambda document: document.id, k=self.k, lambda_mult=self._lambda)


class TextSearch(Search):
    """The documents whose text matches best, with their scores."""

    needs_vector = False
    needs_text = True
    operation = "search_text"

    def _check(self, where: str) -> None:
        fetch_k = self.options.pop("fetch_k", None)
        check_text_search(where, self.k, self.options, _ARGUMENTS | {"fetch_k"})
        self._fetch_k = read_fetch_k(self._where, self.k, fetch_k, self._ranking)

    def _find(self, state: IndexState, query: Query, filter: Filter | None) -> Steps[list[Hit]]:
        options = _as_in_core(self.options, TEXT_OPTIONS)
        return operations.search_text(state, query.text or "", self._fetch_k, filter, **options)


class HybridSearch(Search):
    """The documents that are near to a vector or match a text, or both, with their fused scores."""

    needs_text = True
    operation = "search_hybrid"

    def _check(self, where: str) -> None:
        self._fusion = check_hybrid_search(where, self.k, self.options, _ARGUMENTS)
        self.needs_vector = self._fusion.alpha > 0

    def _find(self, state: IndexState, query: Query, filter: Filter | None) -> Steps[list[Hit]]:
        options = _as_in_core(self.options, SEARCH_OPTIONS | TEXT_OPTIONS | {"fetch_k"})
        k = (
            self.k
            if self._ranking is None
            else read_fetch_k(self._where, self.k, options.get("fetch_k"), self._ranking)
        )
        return operations.search_hybrid(
            state, query.vector, query.text or "", k, filter, fusion=self._fusion, **options
        )


SEARCH_TYPES: Mapping[str, type[Search]] = {
    "similarity": SimilaritySearch,
    "similarity_score_threshold": RelevanceSearch,
    "mmr": MMRSearch,
    "text": TextSearch,
    "hybrid": HybridSearch,
}


def search_of_type(search_type: str, search_kwargs: Mapping[str, Any] | None) -> Search:
    """Return the search of a retriever.

    Args:
        search_type: One of ``SEARCH_TYPES``.
        search_kwargs: See ``SearchKwargs``; None for none.

    Raises:
        ArgumentError: If the type does not exist, or a keyword is out of its range or contradicts another.
        UnknownArgumentError: If the type does not have a keyword.
    """
    check_choice(search_type, "search_type", tuple(SEARCH_TYPES))
    search_kwargs = check_keywords(search_kwargs, "search_kwargs", "{'k': 4}")
    search = SEARCH_TYPES[search_type](f"search_kwargs of a {search_type!r} retriever", **search_kwargs)
    if search_type == "similarity_score_threshold" and search_kwargs.get("score_threshold") is None:
        raise ArgumentError("a 'similarity_score_threshold' retriever needs search_kwargs={'score_threshold': ...}")
    return search


def documents_of(found: Scored) -> list[Document]:
    """Return documents without their distances or scores."""
    return [document for document, _ in found]


def _metadata_of(document: Document) -> Mapping[str, Any]:
    return document.metadata


def _number(hit: Hit) -> float:
    return hit.distance if hit.score is None else hit.score


def _as_in_core(options: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return options by the names that the core has for them."""
    given = {name: value for name, value in options.items() if name in names}
    return {"fields": given.pop("text_fields"), **given} if "text_fields" in given else given
