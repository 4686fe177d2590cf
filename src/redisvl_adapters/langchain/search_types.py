"""The search types of a retriever: what each takes, and what it does. The store's search methods use them too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from langchain_core.documents import Document

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_fraction
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.options import SEARCH_OPTIONS, TEXT_OPTIONS, HybridOptions
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import distance_at, relevance
from redisvl_adapters.core.search.search_checks import (
    NAMED_ARGUMENTS,
    check_fetch_k,
    check_hybrid_search,
    check_text_search,
    check_vector_search,
)
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, did_you_mean
from redisvl_adapters.langchain.documents import to_document
from redisvl_adapters.langchain.filters import FilterLike, read_filter

Scored: TypeAlias = list[tuple[Document, float]]
"""Documents with their distances or scores."""

SearchType: TypeAlias = Literal["similarity", "similarity_score_threshold", "mmr", "text", "hybrid"]


class SearchKwargs(HybridOptions, total=False):
    """The ``search_kwargs`` of a retriever. A search type takes those that its search method has.

    Keys:
        k: How many documents at most (4).
        filter: Only documents that match this.
        score_threshold: ``similarity_score_threshold``: only documents that are at least this relevant, from 0 to 1.
        fetch_k: ``mmr`` and ``hybrid``: how many candidates there are to choose from.
        lambda_mult: ``mmr``: 1 looks at nearness alone, 0 at variety alone (0.5).

    The others are those of ``SearchOptions`` (all types but ``text``), of ``TextOptions`` (``text`` and ``hybrid``) and
    of ``HybridOptions`` (``hybrid``).
    """

    k: int
    filter: FilterLike | None
    score_threshold: float
    lambda_mult: float


_OF_MMR = frozenset({"fetch_k", "lambda_mult"})


class Query(NamedTuple):
    """What is searched for.

    Attributes:
        text: The text; empty if there is a vector alone.
        vector: Its vector, shape (dims,); empty if the search needs none.
    """

    text: str
    vector: Vector


class Search(ABC):
    """A search of one type, whose arguments are checked when it is made.

    Args:
        where: Names the call in errors.
        k: How many documents at most.
        filter: Only documents that match this.
        options: What else its type takes. See ``SearchKwargs``.

    Attributes:
        needs_vector: Whether its query must be embedded.

    Raises:
        ArgumentError: If a keyword is out of its range or contradicts another.
        UnknownArgumentError: If the type does not have a keyword.
    """

    needs_vector = True

    def __init__(self, where: str, /, k: int = 4, filter: FilterLike | None = None, **options: Any) -> None:
        self._k = k
        self._filter = filter
        self._options = options
        self._check(where)

    @abstractmethod
    def _check(self, where: str) -> None:
        """Raise an error if an argument is wrong."""

    @abstractmethod
    def steps(self, state: IndexState, query: Query) -> Steps[Scored]:
        """Return the operation that searches an index."""


class SimilaritySearch(Search):
    """The documents nearest to a vector, with their distances."""

    def _check(self, where: str) -> None:
        check_vector_search(where, self._k, self._options)

    def steps(self, state: IndexState, query: Query) -> Steps[Scored]:
        """Return the operation that finds the nearest documents."""
        where = read_filter(self._filter)
        return _with_distances(operations.search_by_vector(state, query.vector, self._k, where, **self._options))


class RelevanceSearch(Search):
    """The documents nearest to a vector, with their relevance in [0, 1], which is at least ``score_threshold``."""

    def _check(self, where: str) -> None:
        threshold = self._options.pop("score_threshold", None)
        check_vector_search(where, self._k, self._options, NAMED_ARGUMENTS | {"score_threshold"})
        self._least = 0.0 if threshold is None else check_fraction(threshold, "score_threshold")
        if threshold is not None and self._options.get("distance_threshold") is not None:
            raise ArgumentError("score_threshold and distance_threshold are two names for one thing; give one")

    def steps(self, state: IndexState, query: Query) -> Steps[Scored]:
        """Return the operation that finds the nearest documents and computes their relevance."""
        metric, options = state.metric, self._options
        if self._least:
            # A little further, since the server's distances are rounded; the last word is below.
            options = {**options, "distance_threshold": distance_at(self._least, metric) + 1e-5}
        where = read_filter(self._filter)
        hits = yield from operations.search_by_vector(state, query.vector, self._k, where, **options)
        scored = [(hit, relevance(hit.distance, metric, state.rounding)) for hit in hits]
        return [(to_document(hit.record), score) for hit, score in scored if score >= self._least]


class MMRSearch(Search):
    """Documents that are near to a vector and unlike each other (maximal marginal relevance), with their distances."""

    def _check(self, where: str) -> None:
        options = {name: value for name, value in self._options.items() if name not in _OF_MMR}
        check_vector_search(where, self._k, options, NAMED_ARGUMENTS | _OF_MMR)
        check_fetch_k(self._k, self._options.get("fetch_k"))
        check_fraction(self._options.get("lambda_mult", 0.5), "lambda_mult")

    def steps(self, state: IndexState, query: Query) -> Steps[Scored]:
        """Return the operation that fetches the nearest documents and chooses among them."""
        where = read_filter(self._filter)
        return _with_distances(operations.search_mmr(state, query.vector, self._k, where, **self._options))


class TextSearch(Search):
    """The documents whose text matches best, with their scores."""

    needs_vector = False

    def _check(self, where: str) -> None:
        check_text_search(where, self._k, self._options)

    def steps(self, state: IndexState, query: Query) -> Steps[Scored]:
        """Return the operation that finds the documents with the words of the query."""
        where = read_filter(self._filter)
        return _with_scores(
            operations.search_text(state, query.text, self._k, where, **_as_in_core(self._options, TEXT_OPTIONS))
        )


class HybridSearch(Search):
    """The documents that are near to a vector or match a text, or both, with their fused scores."""

    def _check(self, where: str) -> None:
        self._fusion = check_hybrid_search(where, self._k, self._options)
        self.needs_vector = self._fusion.alpha > 0

    def steps(self, state: IndexState, query: Query) -> Steps[Scored]:
        """Return the operation that searches by vector and by text, and fuses the two rankings."""
        options = _as_in_core(self._options, SEARCH_OPTIONS | TEXT_OPTIONS | {"fetch_k"})
        where = read_filter(self._filter)
        return _with_scores(
            operations.search_hybrid(state, query.vector, query.text, self._k, where, fusion=self._fusion, **options)
        )


SEARCH_TYPES: Mapping[str, type[Search]] = {
    "similarity": SimilaritySearch,
    "similarity_score_threshold": RelevanceSearch,
    "mmr": MMRSearch,
    "text": TextSearch,
    "hybrid": HybridSearch,
}


def search_of_type(search_type: str, search_kwargs: Mapping[str, Any]) -> Search:
    """Return the search of a retriever.

    Args:
        search_type: One of ``SEARCH_TYPES``.
        search_kwargs: See ``SearchKwargs``.

    Raises:
        ArgumentError: If the type does not exist, or a keyword is out of its range or contradicts another.
        UnknownArgumentError: If the type does not have a keyword.
    """
    if search_type not in SEARCH_TYPES:
        raise ArgumentError(
            f"search_type is one of {', '.join(SEARCH_TYPES)}; not {search_type!r}"
            f"{did_you_mean(str(search_type), SEARCH_TYPES)}"
        )
    if not isinstance(search_kwargs, Mapping):
        raise ArgumentError(f"search_kwargs is a mapping, such as {{'k': 4}}; not {search_kwargs!r:.80}")
    search = SEARCH_TYPES[search_type](f"search_kwargs of a {search_type!r} retriever", **search_kwargs)
    if search_type == "similarity_score_threshold" and search_kwargs.get("score_threshold") is None:
        raise ArgumentError("a 'similarity_score_threshold' retriever needs search_kwargs={'score_threshold': ...}")
    return search


def documents_of(found: Scored) -> list[Document]:
    """Return documents without their distances or scores."""
    return [document for document, _ in found]


def _with_distances(search: Steps[list[Hit]]) -> Steps[Scored]:
    return [(to_document(hit.record), hit.distance) for hit in (yield from search)]


def _with_scores(search: Steps[list[Hit]]) -> Steps[Scored]:
    return [(to_document(hit.record), hit.score or 0.0) for hit in (yield from search)]


def _as_in_core(options: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return options by the names that the core has for them."""
    given = {name: value for name, value in options.items() if name in names}
    return {"fields": given.pop("text_fields"), **given} if "text_fields" in given else given
