"""Queries: the search that each ``VectorStoreQueryMode`` makes, and the result as LlamaIndex has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode, VectorStoreQueryResult

from redisvl_adapters.agents.options import ToolSearchType
from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_keywords, check_strings
from redisvl_adapters.core.filters.algebra import MATCH_NONE
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.mmr_search import mmr_fetch_k
from redisvl_adapters.core.search.query_vectors import QueryVector
from redisvl_adapters.core.search.ranking import choose_unlike
from redisvl_adapters.core.search.recency import check_recency_key
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import relevance, similarity
from redisvl_adapters.core.search.search_checks import (
    check_hybrid_search,
    check_text_search,
    check_vector_search,
)
from redisvl_adapters.core.search.vector_choice import check_one_vector, distance_of
from redisvl_adapters.core.search.vector_search import read_search_options
from redisvl_adapters.core.search.weighted_search import Measure
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.telemetry import named, tell
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.llama_index.nodes import to_node
from redisvl_adapters.llama_index.query_request import RANKING_OPTIONS, QueryRequest, mode_name, read_request

_ALSO = RANKING_OPTIONS | {"fetch_k"}
FILTER_SIMILARITY = 1.0
"""The similarity of nodes that were found by a filter alone."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the search of a query found, from which its result is made.

    Attributes:
        request: The query.
        hits: The hits, best first; with a ranking, the candidates with their scores.
    """

    request: QueryRequest
    hits: list[Hit]

    def result(self) -> VectorStoreQueryResult:
        """Return the result, reranked if the query says so.

        Raises:
            RerankError: If the reranker does not give scores.
            ArgumentError: If something has no age.
        """
        ranking = self.request.ranking
        return self._result(self._scored() if ranking is None else ranking.rank(self.request.words, self.hits))

    async def aresult(self) -> VectorStoreQueryResult:
        """Return the result. See ``result``."""
        ranking = self.request.ranking
        return self._result(self._scored() if ranking is None else await ranking.arank(self.request.words, self.hits))

    def _scored(self) -> list[tuple[BaseNode, float]]:
        return [(to_node(hit.record), _worth(hit, self.request, similarity)) for hit in self.hits]

    def _result(self, found: list[tuple[BaseNode, float]]) -> VectorStoreQueryResult:
        request, shown = self.request, self.request.query.output_fields
        if request.ranking is not None:
            found = _choose(request, found, self.hits)
        if shown is not None:
            for node, _ in found:
                node.metadata = {key: value for key, value in node.metadata.items() if key in shown}
        return VectorStoreQueryResult(
            nodes=[node for node, _ in found],
            similarities=[score for _, score in found],
            ids=[node.node_id for node, _ in found],
        )


def run_query(
    state: IndexState,
    query: VectorStoreQuery,
    options: Mapping[str, Any],
    compared: QueryVector | None = None,
) -> Steps[Found]:
    """Return what a query finds.

    Args:
        state: The index.
        query: The query.
        options: See ``QueryOptions``.
        compared: The vectors that it is compared by, if it chooses others than the main one.

    Raises:
        ArgumentError: If the mode is not served, or something that it needs is missing or out of range.
        UnknownArgumentError: If the mode does not have an option.
        FilterError: If the filter cannot be honoured.
    """
    return named(_run_query(state, query, options, compared), operation_of(query))


def _run_query(
    state: IndexState, query: VectorStoreQuery, options: Mapping[str, Any], compared: QueryVector | None
) -> Steps[Found]:
    _check_query(query)
    request = read_request(state, query, options, compared)
    tell(k=request.k)
    hits = yield from _SEARCHES[request.mode](request)
    if (ranking := request.ranking) is not None:
        if ranking.recency is not None:
            yield from check_recency_key(state, ranking.recency, hits)
        for hit in hits:
            hit.score = _worth(hit, request, relevance if ranking.reranker is None else similarity)
    return Found(request, hits)


def operation_of(query: Any) -> str:
    """Return how traces name the operation of a query, whatever its mode."""
    return _OPERATIONS.get(mode_name(getattr(query, "mode", None)), "search")


def _check_query(query: VectorStoreQuery) -> None:
    if not isinstance(query, VectorStoreQuery):
        raise ArgumentError(
            f"query is a VectorStoreQuery; not {type(query).__name__} {query!r:.80}. To ask in words, ask an index: "
            "VectorStoreIndex.from_vector_store(store).as_retriever().retrieve(...)"
        )
    if (name := mode_name(query.mode)) not in _SEARCHES:
        raise ArgumentError(f"query mode {name!r:.80} is not served; modes are: {', '.join(_SEARCHES)}")
    if query.output_fields is not None:
        check_strings(query.output_fields, "output_fields")


def _search_by_vector(request: QueryRequest) -> Steps[list[Hit]]:
    k = request.fetch_k
    check_vector_search("a query", request.k, _without(request.options, "fetch_k"), _ALSO)
    if request.asks_filter_alone():
        return _find_by_filter(request, k)
    return _nearest(request, k)


def _nearest(request: QueryRequest, k: int, *, vectors: bool = False) -> Steps[list[Hit]]:
    if request.is_weighted:
        ranking = request.ranking
        return operations.search_weighted(
            request.state,
            cast("Mapping[str, Vector]", request.vector),
            k,
            request.filter,
            fetch_k=request.options.get("fetch_k"),
            ids=request.ids,
            frame=True,
            measure=relevance if ranking is not None and ranking.reranker is None else similarity,
            **request.vector_options,
        )
    return operations.search_by_vector(
        request.state,
        cast("Vector", request.vector),
        k,
        request.filter,
        ids=request.ids,
        frame=True,
        vectors=vectors,
        **request.vector_options,
    )


def _search_text(request: QueryRequest) -> Steps[list[Hit]]:
    k = request.fetch_k
    check_text_search(f"a {request.mode} query", k, _without(request.options, "fetch_k"), _ALSO)
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


def _search_hybrid(request: QueryRequest) -> Steps[list[Hit]]:
    options = request.options
    if (alpha := request.part("alpha")) is not None:
        options = {**options, "alpha": alpha}
    fusion = check_hybrid_search("a hybrid query", request.k, options, RANKING_OPTIONS)
    k = request.k if request.ranking is None else request.fetch_k
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
        fetch_text_k=request.fetch_text_k,
        ids=request.ids,
        frame=True,
        **request.text_options,
        **request.vector_options,
    )


def _search_mmr(request: QueryRequest) -> Steps[list[Hit]]:
    lambda_mult = request.mmr_threshold
    fetch_k = mmr_fetch_k(request.k, request.options.get("fetch_k"))
    options = _without(request.options, "fetch_k", "mmr_threshold")
    check_vector_search("an mmr query", request.k, options, {*_ALSO, "mmr_threshold"})
    check_one_vector("mmr", options)
    if request.asks_filter_alone():
        return _find_by_filter(request, request.k if request.ranking is None else fetch_k)
    if request.ranking is not None:
        return _nearest(request, fetch_k, vectors=True)
    return operations.search_mmr(
        request.state,
        cast("Vector", request.vector),
        request.k,
        request.filter,
        fetch_k=fetch_k,
        lambda_mult=lambda_mult,
        ids=request.ids,
        frame=True,
        **request.vector_options,
    )


def _choose(
    request: QueryRequest, ranked: list[tuple[BaseNode, float]], hits: list[Hit]
) -> list[tuple[BaseNode, float]]:
    """Return the results of a query among its candidates, which were ranked anew."""
    if request.mode != VectorStoreQueryMode.MMR.value or request.asks_filter_alone():
        return ranked[: request.k]
    return choose_unlike(ranked, hits, lambda node: node.node_id, k=request.k, lambda_mult=request.mmr_threshold)


def _find_by_filter(request: QueryRequest, k: int) -> Steps[list[Hit]]:
    """Return records that match, in no order, since there is nothing to compare them with."""
    _, filter = read_search_options(request.vector_options, request.filter)
    found = yield from operations.fetch_matching(request.state, filter, request.ids, k)
    return [Hit(record, math.nan, FILTER_SIMILARITY) for record in found]


_Search: TypeAlias = Callable[[QueryRequest], Steps[list[Hit]]]
# By value: a mode can be given as a plain string too.
_SEARCHES: Mapping[str, _Search] = {
    VectorStoreQueryMode.DEFAULT.value: _search_by_vector,
    VectorStoreQueryMode.TEXT_SEARCH.value: _search_text,
    VectorStoreQueryMode.SPARSE.value: _search_text,
    VectorStoreQueryMode.HYBRID.value: _search_hybrid,
    VectorStoreQueryMode.MMR.value: _search_mmr,
}
_OPERATIONS: Mapping[str, str] = {
    VectorStoreQueryMode.DEFAULT.value: "search_by_vector",
    VectorStoreQueryMode.TEXT_SEARCH.value: "search_text",
    VectorStoreQueryMode.SPARSE.value: "search_text",
    VectorStoreQueryMode.HYBRID.value: "search_hybrid",
    VectorStoreQueryMode.MMR.value: "search_mmr",
}
MODES = tuple(map(VectorStoreQueryMode, _SEARCHES))
"""The modes that are served."""
TOOL_MODES: Mapping[ToolSearchType, VectorStoreQueryMode] = {
    "vector": VectorStoreQueryMode.DEFAULT,
    "text": VectorStoreQueryMode.TEXT_SEARCH,
    "hybrid": VectorStoreQueryMode.HYBRID,
    "mmr": VectorStoreQueryMode.MMR,
}


def check_tool_options(state: IndexState, search_type: ToolSearchType, options: Mapping[str, Any] | None) -> bool:
    """Tell whether the queries of a tool need a vector, unless something can be known to be wrong with its options.

    Raises:
        ArgumentError: If an option is out of its range.
        UnknownArgumentError: If the search type does not have it.
    """
    options = check_keywords(options, "search_kwargs", "{'ef_runtime': 400}")
    mode = TOOL_MODES[search_type]
    # A query for nothing: all is checked before it asks.
    nothing = VectorStoreQuery(query_str="", similarity_top_k=1, mode=mode, filters=cast("Any", MATCH_NONE))
    steps = run_query(state, nothing, options)
    next(steps, None)
    steps.close()
    return mode is not VectorStoreQueryMode.TEXT_SEARCH and options.get("alpha") != 0


def _without(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}


def _worth(hit: Hit, request: QueryRequest, measure: Measure) -> float:
    """Return the score of a hit, or what its distance is worth."""
    if hit.score is not None:
        return hit.score
    return measure(hit.distance, *distance_of(request.state, request.options.get("vector")))
