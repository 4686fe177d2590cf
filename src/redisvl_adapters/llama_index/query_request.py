"""A query and its options, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from redisvl_adapters.core.arguments import check_fraction, check_ids, check_k
from redisvl_adapters.core.filters.algebra import And, Filter, FromSources
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.named_vectors import MAIN
from redisvl_adapters.core.search.options import SEARCH_OPTIONS
from redisvl_adapters.core.search.query_vectors import QueryVector
from redisvl_adapters.core.search.ranking import Ranking, read_fetch_k
from redisvl_adapters.core.search.recency import read_recency
from redisvl_adapters.core.search.search_checks import check_fetch_k
from redisvl_adapters.core.search.text_query import DEFAULT_SCORER
from redisvl_adapters.core.search.vector_choice import known_names
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError
from redisvl_adapters.llama_index.filters import read_filter
from redisvl_adapters.llama_index.nodes import to_node
from redisvl_adapters.llama_index.options import QueryOptions
from redisvl_adapters.llama_index.reranker import read_reranker

RANKING_OPTIONS = frozenset({"rerank", "recency"})
DEFAULT_MMR_THRESHOLD = 0.5
BY_WORDS = (VectorStoreQueryMode.TEXT_SEARCH.value, VectorStoreQueryMode.SPARSE.value)
"""The modes that look for words alone."""
_QUERY_PARTS = {field.name for field in fields(VectorStoreQuery)} - QueryOptions.__annotations__.keys()


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query whose common parts are checked.

    Attributes:
        state: The index.
        query: The query.
        k: How many results.
        filter: What they match.
        ids: Which they are among; None for all.
        options: What else was given.
        ranking: How the candidates are ranked anew; None if they are not.
        compared: The vectors that it is compared by, if it chooses others than the main one.
    """

    state: IndexState
    query: VectorStoreQuery
    k: int
    filter: Filter | None
    ids: list[str] | None
    options: dict[str, Any]
    ranking: Ranking[BaseNode] | None
    compared: QueryVector | None = None

    @property
    def mode(self) -> str:
        """Its mode, by name."""
        return mode_name(self.query.mode)

    @property
    def words(self) -> str:
        """The text of the query; empty without one."""
        return self.query.query_str or ""

    @property
    def fetch_k(self) -> int:
        """How many candidates a search by vector or by text has."""
        if self.is_weighted and self.ranking is None:
            check_fetch_k(self.k, self.options.get("fetch_k"))
            return self.k
        return read_fetch_k(f"a {self.mode} query", self.k, self.options.get("fetch_k"), self.ranking)

    @property
    def fetch_text_k(self) -> int | None:
        """How many candidates the text side of a hybrid search has; None for as many as the other one."""
        return _top_k(self.query.sparse_top_k, "sparse_top_k")

    @property
    def mmr_threshold(self) -> float:
        """MMR: 1 looks at nearness alone, 0 at variety alone."""
        threshold = self.part("mmr_threshold")
        return DEFAULT_MMR_THRESHOLD if threshold is None else check_fraction(threshold, "mmr_threshold")

    @property
    def is_weighted(self) -> bool:
        """Whether it is compared by several vectors."""
        return self.options.get("weights") is not None

    @property
    def vector(self) -> QueryVector:
        """Its vector, which its mode needs; with weights, those by the names of the vectors."""
        if self.compared is not None:
            return self.compared
        if self.query.query_embedding is None:
            raise self._lacks("query_embedding")
        return self.query.query_embedding

    @property
    def text(self) -> str:
        """Its text, which its mode needs."""
        if self.query.query_str is None:
            raise self._lacks("query_str")
        return self.query.query_str

    def _lacks(self, part: str) -> ArgumentError:
        return ArgumentError(f"the query has no {part}, which mode {self.mode!r} needs")

    def asks_filter_alone(self, *, by_words: bool = False) -> bool:
        """Tell whether it has neither a vector nor words, so that its filter and its ids alone say what is asked.

        Args:
            by_words: Whether its mode looks for words alone; if there are none, nothing is found without a restriction.
        """
        if self.query.query_embedding is not None or self.query.query_str:
            return False
        # A retriever with an empty text asks so; without any text, something was forgotten.
        is_retriever = self.query.query_str is not None and not by_words
        return is_retriever or self.filter is not None or self.ids is not None

    def part(self, name: str) -> Any:
        """Return a part of the query that can be given among the options too; None if it is in neither.

        Raises:
            ArgumentError: If it is in both, and they differ.
        """
        asked, option = getattr(self.query, name), self.options.get(name)
        if asked is not None and option is not None and asked != option:
            raise ArgumentError(
                f"{name} is {asked!r:.80} in the query, and {option!r:.80} in vector_store_kwargs; give one of them"
            )
        return option if asked is None else asked

    @property
    def vector_options(self) -> Any:
        """The options of its search by vector."""
        return {name: value for name, value in self.options.items() if name in SEARCH_OPTIONS}

    @property
    def text_options(self) -> Any:
        """The options of its search by text."""
        return {
            "match": self.options.get("match", "any"),
            "scorer": self.options.get("scorer", DEFAULT_SCORER),
            "fields": self.options.get("text_fields"),
        }


def chosen_vector(query: VectorStoreQuery, options: Mapping[str, Any]) -> str | None:
    """Return the name of the vector that a query is compared by; None for the main one.

    Raises:
        ArgumentError: If query and options name different ones.
    """
    asked, option = query.embedding_field, options.get("vector")
    if None not in (asked, option) and asked != option:
        raise ArgumentError(
            f"embedding_field is {asked!r:.80} in the query, and vector is {option!r:.80} in vector_store_kwargs; give "
            "one of them"
        )
    return option if asked is None else asked


def read_request(
    state: IndexState, query: VectorStoreQuery, options: Mapping[str, Any], compared: QueryVector | None
) -> QueryRequest:
    """Return a query whose common parts are checked.

    Raises:
        ArgumentError: If one is out of its range.
        UnknownArgumentError: If a part of the query is among the options.
    """
    for name in options:
        if name in _QUERY_PARTS:
            raise UnknownArgumentError(
                f"{name!r} is a part of the query, not of vector_store_kwargs: give it to VectorStoreQuery, or to the "
                "retriever"
            )
    given = {name: value for name, value in options.items() if name not in RANKING_OPTIONS}
    if query.embedding_field is not None:
        if mode_name(query.mode) not in BY_WORDS:
            given["vector"] = chosen_vector(query, options)
        elif query.embedding_field not in (MAIN, known_names(state)[0]):
            raise ArgumentError(f"embedding_field is for queries by a vector; mode {mode_name(query.mode)!r} has none")
    return QueryRequest(
        state,
        query,
        _result_k(query),
        _filter(query),
        _node_ids(query),
        given,
        _ranking(query, options),
        compared,
    )


def _ranking(query: VectorStoreQuery, options: Mapping[str, Any]) -> Ranking[BaseNode] | None:
    """Return how the candidates of a query are ranked anew; an empty query has nothing to be compared with.

    Raises:
        ArgumentError: If that cannot be.
    """
    reranker = read_reranker(options.get("rerank"), query.query_embedding)
    recency = read_recency(options.get("recency"))
    if reranker is None and recency is None:
        return None
    if not query.query_str:
        if reranker is not None and query.query_embedding is not None:
            raise ArgumentError("rerank compares nodes with the words of a query, and it has no query_str")
        reranker = None
    return Ranking(reranker, recency, to_node, lambda node: node.metadata)


def mode_name(mode: Any) -> str:
    """Return the name of a mode, which can be given as a plain string too."""
    return str(getattr(mode, "value", mode))


def _result_k(query: VectorStoreQuery) -> int:
    """Return how many results a query has at most, by its mode."""
    k = check_k(query.similarity_top_k, "similarity_top_k")
    match mode_name(query.mode):
        case VectorStoreQueryMode.TEXT_SEARCH.value | VectorStoreQueryMode.SPARSE.value:
            said = _top_k(query.sparse_top_k, "sparse_top_k")
        case VectorStoreQueryMode.HYBRID.value:
            said = _top_k(query.hybrid_top_k, "hybrid_top_k")
        case _:
            said = None
    return k if said is None else said


def _top_k(value: int | None, name: str) -> int | None:
    return None if value is None else check_k(value, name)


def _node_ids(query: VectorStoreQuery) -> list[str] | None:
    """Return which nodes a query is restricted to; None for all.

    Raises:
        ArgumentError: If it is neither None nor a list of ids.
    """
    if query.node_ids is None:
        return None
    check_ids(query.node_ids, "node_ids")
    # VectorStoreIndex passes an empty list where it restricts nothing.
    return list(query.node_ids) or None


def _filter(query: VectorStoreQuery) -> Filter | None:
    filter = read_filter(query.filters)
    if query.doc_ids is None:
        return filter
    sources = FromSources.checked(query.doc_ids, "doc_ids")
    return sources if filter is None else And((filter, sources))
