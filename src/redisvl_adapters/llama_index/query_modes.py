"""Queries: the search that each ``VectorStoreQueryMode`` makes, and the result as LlamaIndex has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode, VectorStoreQueryResult

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_fraction, check_k
from redisvl_adapters.core.filters.algebra import And, Filter, FromSources
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.search.options import SEARCH_OPTIONS
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import similarity
from redisvl_adapters.core.search.search_checks import (
    check_fetch_k,
    check_hybrid_search,
    check_text_search,
    check_vector_search,
)
from redisvl_adapters.core.search.text_query import DEFAULT_SCORER
from redisvl_adapters.core.search.vector_search import read_search_options
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError
from redisvl_adapters.llama_index.filters import read_filter
from redisvl_adapters.llama_index.nodes import to_node
from redisvl_adapters.llama_index.options import QueryOptions

DEFAULT_MMR_THRESHOLD = 0.5
FILTER_SIMILARITY = 1.0
"""The similarity of nodes that were found by a filter alone."""

_QUERY_PARTS = {field.name for field in fields(VectorStoreQuery)} - QueryOptions.__annotations__.keys()


def run_query(state: IndexState, query: VectorStoreQuery, options: Mapping[str, Any]) -> Steps[VectorStoreQueryResult]:
    """Return what a query finds.

    Raises:
        ArgumentError: If the mode is not served, or something that it needs is missing or out of range.
        UnknownArgumentError: If the mode does not have an option.
        FilterError: If the filter cannot be honoured.
    """
    _check_query(state, query)
    for name in options:
        if name in _QUERY_PARTS:
            raise UnknownArgumentError(
                f"{name!r} is a part of the query, not of vector_store_kwargs: give it to VectorStoreQuery, or to the "
                "retriever"
            )
    request = _Request(
        state,
        query,
        check_k(query.similarity_top_k, "similarity_top_k"),
        _filter(query),
        # VectorStoreIndex passes an empty list where it restricts nothing.
        query.node_ids or None,
        dict(options),
    )
    hits = yield from _SEARCHES[_name(query.mode)](request)
    return _result(hits, query, state)


def _check_query(state: IndexState, query: VectorStoreQuery) -> None:
    if not isinstance(query, VectorStoreQuery):
        raise ArgumentError(
            f"query is a VectorStoreQuery; not {type(query).__name__} {query!r:.80}. To ask in words, ask an index: "
            "VectorStoreIndex.from_vector_store(store).as_retriever().retrieve(...)"
        )
    if (name := _name(query.mode)) not in _SEARCHES:
        raise ArgumentError(f"query mode {name!r:.80} is not served; modes are: {', '.join(_SEARCHES)}")
    if isinstance(query.output_fields, str):
        raise ArgumentError(f"output_fields is a list of metadata keys; write [{query.output_fields!r:.80}]")
    vector_name = state.spec.vector_name
    if query.embedding_field not in (None, vector_name):
        raise ArgumentError(
            f"embedding_field is {vector_name!r}, the vector of the index; not {query.embedding_field!r}"
        )


@dataclass(frozen=True, slots=True)
class _Request:
    """A query whose common parts are checked.

    Attributes:
        state: The index.
        query: The query.
        k: How many results.
        filter: What they match.
        ids: Which they are among; None for all.
        options: What else was given.
    """

    state: IndexState
    query: VectorStoreQuery
    k: int
    filter: Filter | None
    ids: list[str] | None
    options: dict[str, Any]

    @property
    def vector(self) -> list[float]:
        if self.query.query_embedding is None:
            raise self._lacks("query_embedding")
        return self.query.query_embedding

    @property
    def text(self) -> str:
        if self.query.query_str is None:
            raise self._lacks("query_str")
        return self.query.query_str

    def _lacks(self, part: str) -> ArgumentError:
        return ArgumentError(f"the query has no {part}, which mode {_name(self.query.mode)!r} needs")

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
        return {name: value for name, value in self.options.items() if name in SEARCH_OPTIONS}

    @property
    def text_options(self) -> Any:
        return {
            "match": self.options.get("match", "any"),
            "scorer": self.options.get("scorer", DEFAULT_SCORER),
            "fields": self.options.get("text_fields"),
        }


def _search_by_vector(request: _Request) -> Steps[list[Hit]]:
    check_vector_search("a query", request.k, request.options, ())
    if request.asks_filter_alone():
        return _find_by_filter(request, request.k)
    return operations.search_by_vector(
        request.state,
        request.vector,
        request.k,
        request.filter,
        ids=request.ids,
        frame=True,
        **request.vector_options,
    )


def _search_text(request: _Request) -> Steps[list[Hit]]:
    k = _top_k(request.query.sparse_top_k, "sparse_top_k", request.k)
    check_text_search(f"a {_name(request.query.mode)} query", k, request.options, ())
    if request.asks_filter_alone(by_words=True):
        return _find_by_filter(request, k)
    return operations.search_text(
        request.state,
        request.text,
        k,
        request.filter,
        ids=request.ids,
        frame=True,
        language=request.options.get("language"),
        **request.text_options,
    )


def _search_hybrid(request: _Request) -> Steps[list[Hit]]:
    query, options = request.query, request.options
    if (alpha := request.part("alpha")) is not None:
        options = {**options, "alpha": alpha}
    k = _top_k(query.hybrid_top_k, "hybrid_top_k", request.k)
    fusion = check_hybrid_search("a hybrid query", k, options, ())
    if request.asks_filter_alone(by_words=not fusion.alpha):
        return _find_by_filter(request, k)
    return operations.search_hybrid(
        request.state,
        request.vector if fusion.alpha else None,
        request.text,
        k,
        request.filter,
        fusion=fusion,
        fetch_k=options.get("fetch_k"),
        fetch_text_k=_top_k(query.sparse_top_k, "sparse_top_k", None),
        ids=request.ids,
        frame=True,
        **request.text_options,
        **request.vector_options,
    )


def _search_mmr(request: _Request) -> Steps[list[Hit]]:
    threshold = request.part("mmr_threshold")
    if threshold is not None:
        check_fraction(threshold, "mmr_threshold")
    fetch_k = request.options.get("fetch_k")
    check_fetch_k(request.k, fetch_k)
    own = ("fetch_k", "mmr_threshold")
    options = {name: value for name, value in request.options.items() if name not in own}
    check_vector_search("an mmr query", request.k, options, own)
    if request.asks_filter_alone():
        return _find_by_filter(request, request.k)
    return operations.search_mmr(
        request.state,
        request.vector,
        request.k,
        request.filter,
        fetch_k=fetch_k,
        lambda_mult=DEFAULT_MMR_THRESHOLD if threshold is None else threshold,
        ids=request.ids,
        frame=True,
        **request.vector_options,
    )


def _find_by_filter(request: _Request, k: int) -> Steps[list[Hit]]:
    """Return records that match, in no order, since there is nothing to compare them with."""
    _, filter = read_search_options(request.vector_options, request.filter)
    found = yield from operations.fetch_matching(request.state, filter, request.ids, k)
    return [Hit(record, math.nan, FILTER_SIMILARITY) for record in found]


_Search: TypeAlias = Callable[[_Request], Steps[list[Hit]]]
# By value: a mode can be given as a plain string too.
_SEARCHES: Mapping[str, _Search] = {
    VectorStoreQueryMode.DEFAULT.value: _search_by_vector,
    VectorStoreQueryMode.TEXT_SEARCH.value: _search_text,
    VectorStoreQueryMode.SPARSE.value: _search_text,
    VectorStoreQueryMode.HYBRID.value: _search_hybrid,
    VectorStoreQueryMode.MMR.value: _search_mmr,
}
MODES = tuple(map(VectorStoreQueryMode, _SEARCHES))
"""The modes that are served."""


def _name(mode: Any) -> str:
    return str(getattr(mode, "value", mode))


def _top_k(value: int | None, name: str, default: Any) -> Any:
    return default if value is None else check_k(value, name)


def _filter(query: VectorStoreQuery) -> Filter | None:
    filter = read_filter(query.filters)
    if query.doc_ids is None:
        return filter
    sources = FromSources.checked(query.doc_ids, "doc_ids")
    return sources if filter is None else And((filter, sources))


def _result(hits: list[Hit], query: VectorStoreQuery, state: IndexState) -> VectorStoreQueryResult:
    nodes = [to_node(hit.record) for hit in hits]
    if query.output_fields is not None:
        for node in nodes:
            node.metadata = {key: value for key, value in node.metadata.items() if key in query.output_fields}
    return VectorStoreQueryResult(
        nodes=nodes,
        similarities=[
            similarity(hit.distance, state.metric, state.rounding) if hit.score is None else hit.score for hit in hits
        ],
        ids=[hit.record.id for hit in hits],
    )
