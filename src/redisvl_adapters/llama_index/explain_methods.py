"""``explain``: what the store sends for a query, how the server reads it, and where its time goes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Unpack

from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryResult

from redisvl_adapters.core.search.explain import explained
from redisvl_adapters.core.search.explanation import SearchExplanation
from redisvl_adapters.core.search.query_vectors import QueryVector
from redisvl_adapters.core.search.rerank import check_sync
from redisvl_adapters.core.store import StoreBase
from redisvl_adapters.llama_index.compared_vectors import acompared_vectors, compared_vectors
from redisvl_adapters.llama_index.options import QueryOptions
from redisvl_adapters.llama_index.query_modes import Found, run_query
from redisvl_adapters.signatures import list_keywords


class ExplainMethods(StoreBase):
    """What tells of a query why it is slow, sync and async."""

    @list_keywords(QueryOptions)
    def explain(self, query: VectorStoreQuery, **options: Unpack[QueryOptions]) -> SearchExplanation:
        """Answer a query once, and return what was sent for it, how the server reads it, and where its time went.

        Then each of its commands is asked once more, by FT.PROFILE: on a server that is busy this costs as much as the
        query. What it finds does not live longer for it. ``print`` the explanation to read it.

        Args:
            query: The query. See ``query``.
            options: The keywords of ``QueryOptions`` that its mode has.

        Raises:
            ArgumentError: If the mode is another, or something that it needs is missing or out of range.
            UnknownArgumentError: If the mode does not have an option.
            FilterError: If the filter cannot be honoured.
            AuthenticationError: If the user may not run FT.EXPLAIN or FT.PROFILE.
        """
        check_sync(options.get("rerank"))
        began = time.perf_counter()
        compared = compared_vectors(self._index, query, options)
        embedded = time.perf_counter()
        found, told = self._index.run(explained(self._index.state, run_query, query, options, compared))
        searched = time.perf_counter()
        result = found.result()
        ranked = time.perf_counter()
        return _completed(told, found, compared, result, embedded - began, ranked - searched)

    @list_keywords(QueryOptions)
    async def aexplain(self, query: VectorStoreQuery, **options: Unpack[QueryOptions]) -> SearchExplanation:
        """Answer a query once, and return what was sent for it, and where its time went. See ``explain``."""
        began = time.perf_counter()
        compared = await acompared_vectors(self._index, query, options)
        embedded = time.perf_counter()
        found, told = await self._index.arun(explained(self._index.state, run_query, query, options, compared))
        searched = time.perf_counter()
        result = await found.aresult()
        ranked = time.perf_counter()
        return _completed(told, found, compared, result, embedded - began, ranked - searched)


def _completed(
    told: SearchExplanation,
    found: Found,
    compared: QueryVector | None,
    result: VectorStoreQueryResult,
    embedding: float,
    ranking: float,
) -> SearchExplanation:
    """Return an explanation with what went on beside the search, whose seconds are given."""
    return replace(
        told,
        records=len(result.nodes or ()),
        embedding_ms=None if compared is None else 1e3 * embedding,
        ranking_ms=None if found.request.ranking is None else 1e3 * ranking,
    )
