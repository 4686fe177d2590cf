"""Queries of LlamaIndex: each mode, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode, VectorStoreQueryResult

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_fraction, check_k, is_utf8
from redisvl_adapters.core.filters.algebra import And, Filter, FromSources
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.search.argument_checks import check_hybrid_search, check_text_search, check_vector_search
from redisvl_adapters.core.search.options import SEARCH_OPTIONS
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import similarity
from redisvl_adapters.core.search.text_query import DEFAULT_SCORER
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.llama_index.filters import read_filter
from redisvl_adapters.llama_index.nodes import to_node

MODES = (
    VectorStoreQueryMode.DEFAULT,
    VectorStoreQueryMode.TEXT_SEARCH,
    VectorStoreQueryMode.HYBRID,
    VectorStoreQueryMode.MMR,
)


def run_query(state: IndexState, query: VectorStoreQuery, options: Mapping[str, Any]) -> Steps[VectorStoreQueryResult]:
    """Return what a query finds.

    Raises:
        ArgumentError: If the mode is not served, or something that it needs is missing or out of range.
        UnknownArgumentError: If the mode does not have an option.
        FilterError: If the filter cannot be honoured.
    """
    if not isinstance(query, VectorStoreQuery):
        raise ArgumentError(
            f"query is a VectorStoreQuery; not {type(query).__name__} {query!r:.80}. To ask in words, ask an index: "
            "VectorStoreIndex.from_vector_store(store).as_retriever().retrieve(...)"
        )
    if query.mode not in MODES:
        raise ArgumentError(
            f"query mode {_name(query.mode)!r} is not served; modes are: {', '.join(mode.value for mode in MODES)}"
        )
    if isinstance(query.output_fields, str):
        raise ArgumentError(f"output_fields is a list of metadata keys; write [{query.output_fields!r}]")
    vector_name = state.spec.vector_name
    if query.embedding_field not in (None, vector_name):
        raise ArgumentError(
            f"embedding_field is {vector_name!r}, the vector of the index; not {query.embedding_field!r}"
        )
    hits = yield from _hits(state, query, dict(options))
    return _result(hits, query, state.metric)


def _hits(state: IndexState, query: VectorStoreQuery, options: dict[str, Any]) -> Steps[list[Hit]]:
    k = check_k(query.similarity_top_k, "similarity_top_k")
    filter = _filter(query)
    # VectorStoreIndex passes an empty list where it restricts nothing.
    ids = query.node_ids or None
    match query.mode:
        case VectorStoreQueryMode.TEXT_SEARCH:
            k = _top_k(query.sparse_top_k, "sparse_top_k", k)
            check_text_search("a text_search query", k, options, ())
            found = operations.search_text(
                state, _text(query), k, filter, ids=ids, frame=True, **_text_options(options)
            )
        case VectorStoreQueryMode.HYBRID:
            if query.alpha is not None:
                options = {**options, "alpha": query.alpha}
            k = _top_k(query.hybrid_top_k, "hybrid_top_k", k)
            fusion = check_hybrid_search("a hybrid query", k, options, ())
            found = operations.search_hybrid(
                state,
                _vector(query) if fusion.alpha else None,
                _text(query),
                k,
                filter,
                fusion=fusion,
                fetch_k=options.get("fetch_k"),
                fetch_text_k=_top_k(query.sparse_top_k, "sparse_top_k", None),
                ids=ids,
                frame=True,
                **_text_options(options),
                **_search_options(options),
            )
        case VectorStoreQueryMode.MMR:
            lambda_mult = options.pop("mmr_threshold", None) if query.mmr_threshold is None else query.mmr_threshold
            if lambda_mult is not None:
                check_fraction(lambda_mult, "mmr_threshold")
            fetch_k = options.pop("fetch_k", None)
            check_vector_search("an mmr query", k, options, ("fetch_k", "mmr_threshold"))
            found = operations.search_mmr(
                state,
                _vector(query),
                k,
                filter,
                fetch_k=fetch_k,
                lambda_mult=0.5 if lambda_mult is None else lambda_mult,
                ids=ids,
                frame=True,
                **_search_options(options),
            )
        case _:
            check_vector_search("a query", k, options, ())
            found = operations.search_by_vector(
                state, _vector(query), k, filter, ids=ids, frame=True, **_search_options(options)
            )
    return (yield from found)


def _name(mode: Any) -> str:
    return str(getattr(mode, "value", mode))


def _vector(query: VectorStoreQuery) -> list[float]:
    if query.query_embedding is None:
        raise ArgumentError(f"the query has no query_embedding, which mode {_name(query.mode)!r} needs")
    return query.query_embedding


def _text(query: VectorStoreQuery) -> str:
    if query.query_str is None:
        raise ArgumentError(f"the query has no query_str, which mode {_name(query.mode)!r} needs")
    return query.query_str


def _top_k(value: int | None, name: str, default: Any) -> Any:
    return default if value is None else check_k(value, name)


def _text_options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "match": options.get("match", "any"),
        "scorer": options.get("scorer", DEFAULT_SCORER),
        "fields": options.get("text_fields"),
    }


def _search_options(options: Mapping[str, Any]) -> Any:
    return {name: value for name, value in options.items() if name in SEARCH_OPTIONS}


def _filter(query: VectorStoreQuery) -> Filter | None:
    filter = read_filter(query.filters)
    if query.doc_ids is None:
        return filter
    sources = from_sources(query.doc_ids, "doc_ids")
    return sources if filter is None else And((filter, sources))


def from_sources(source_ids: Sequence[str], name: str) -> FromSources:
    """Return the filter for the nodes of some source documents."""
    if isinstance(source_ids, str):
        raise ArgumentError(f"{name} is a list of ids, not one id; write [{source_ids!r}]")
    for source_id in source_ids:
        if not isinstance(source_id, str) or not source_id or not is_utf8(source_id):
            raise ArgumentError(f"{name}: the id of a source document is a non-empty string; not {source_id!r}")
    return FromSources(tuple(source_ids))


def _result(hits: list[Hit], query: VectorStoreQuery, metric: str) -> VectorStoreQueryResult:
    nodes = [to_node(hit.record) for hit in hits]
    if query.output_fields is not None:
        for node in nodes:
            node.metadata = {key: value for key, value in node.metadata.items() if key in query.output_fields}
    return VectorStoreQueryResult(
        nodes=nodes,
        similarities=[similarity(hit.distance, metric) if hit.score is None else hit.score for hit in hits],
        ids=[hit.record.id for hit in hits],
    )
