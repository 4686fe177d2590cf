"""Running searches: queries are checked and embedded, one by one or all at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from langchain_core.embeddings import Embeddings

from redisvl_adapters.core.index.readiness import asking_together
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.vector_models import TextModel
from redisvl_adapters.core.search.explain import explained
from redisvl_adapters.core.search.explanation import SearchExplanation
from redisvl_adapters.core.search.query_vectors import (
    QueryVector,
    aembed_queries,
    aembed_query,
    embed_queries,
    embed_query,
    models_of,
)
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.search_checks import check_query
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain.search_types import Query, Scored, Search


class Searcher:
    """Runs searches on an index, and embeds their queries where they need it.

    Args:
        index: The index.
        embedding: The model that turns queries into vectors.
    """

    def __init__(self, index: RedisIndex, embedding: Embeddings) -> None:
        self._index = index
        self._model = TextModel(
            embedding,
            embedding.embed_documents,
            embedding.aembed_documents,
            embedding.embed_query,
            embedding.aembed_query,
        )

    def run(self, query: str, search: Search) -> Scored:
        """Return what a search finds for a text.

        Raises:
            ArgumentError: If the query is no text.
        """
        check_query(query)
        search.check_query(has_text=True, is_async=False)
        with self._traced(search):
            asked = self._embedded(query, search)
            hits = self._index.run(search.steps(self._index.state, asked))
        return search.results(asked, hits)

    async def arun(self, query: str, search: Search) -> Scored:
        """Return what a search finds for a text. See ``run``."""
        check_query(query)
        with self._traced(search):
            asked = await self._aembedded(query, search)
            hits = await self._index.arun(search.steps(self._index.state, asked))
        return await search.aresults(asked, hits)

    def run_by_vector(self, vector: QueryVector, search: Search) -> Scored:
        """Return what a search finds for a vector."""
        search.check_query(has_text=False, is_async=False)
        query = Query(None, vector)
        return search.results(query, self._index.run(search.steps(self._index.state, query)))

    async def arun_by_vector(self, vector: QueryVector, search: Search) -> Scored:
        """Return what a search finds for a vector."""
        search.check_query(has_text=False, is_async=True)
        query = Query(None, vector)
        return await search.aresults(query, await self._index.arun(search.steps(self._index.state, query)))

    def explain(self, query: str | QueryVector, search: Search) -> SearchExplanation:
        """Return what is sent for a search, and where its time goes. See ``core.search.explain``.

        Args:
            query: A text, or a vector.
            search: The search.

        Raises:
            ArgumentError: If the search needs a text.
        """
        _check_explained(query, search, is_async=False)
        with self._index.traced("explain", search.k):
            began = time.perf_counter()
            asked = self._embedded(query, search) if isinstance(query, str) else Query(None, query)
            embedded = time.perf_counter()
            hits, told = self._index.run(explained(self._index.state, search.steps, asked))
        searched = time.perf_counter()
        found = search.results(asked, hits)
        return _completed(told, asked, search, len(found), embedded - began, time.perf_counter() - searched)

    async def aexplain(self, query: str | QueryVector, search: Search) -> SearchExplanation:
        """Return what is sent for a search, and where its time goes. See ``explain``."""
        _check_explained(query, search, is_async=True)
        with self._index.traced("explain", search.k):
            began = time.perf_counter()
            asked = await self._aembedded(query, search) if isinstance(query, str) else Query(None, query)
            embedded = time.perf_counter()
            hits, told = await self._index.arun(explained(self._index.state, search.steps, asked))
        searched = time.perf_counter()
        found = await search.aresults(asked, hits)
        return _completed(told, asked, search, len(found), embedded - began, time.perf_counter() - searched)

    def _embedded(self, query: str, search: Search) -> Query:
        if not search.needs_vector:
            return Query(query, [])
        with self._index.embedding():
            return Query(query, embed_query(query, self._models(search), search.options))

    async def _aembedded(self, query: str, search: Search) -> Query:
        if not search.needs_vector:
            return Query(query, [])
        with self._index.embedding():
            return Query(query, await aembed_query(query, self._models(search), search.options))

    def _traced(self, search: Search) -> AbstractContextManager[None]:
        return self._index.traced(search.operation, search.k)

    def _models(self, search: Search) -> Mapping[str, TextModel]:
        return models_of(self._index, search.options, self._model)

    def run_batch(self, queries: Sequence[str], search: Search) -> list[Scored]:
        """Return what a search finds for each of some texts, embedded by one call and searched in one round trip.

        What is found is reranked query by query.

        Raises:
            ArgumentError: If the queries are no list of texts.
        """
        texts = _checked(queries)
        search.check_query(has_text=True, is_async=False)
        with self._traced(search):
            vectors: Sequence[QueryVector] = [[]] * len(texts)
            if search.needs_vector and texts:
                with self._index.embedding(len(texts)):
                    vectors = embed_queries(texts, self._models(search), search.options)
            asked = _queries(texts, vectors)
            found = self._index.run(self._batch(asked, search))
        return [search.results(query, hits) for query, hits in zip(asked, found, strict=True)]

    async def arun_batch(self, queries: Sequence[str], search: Search) -> list[Scored]:
        """Return what a search finds for each of some texts, reranked side by side. See ``run_batch``."""
        texts = _checked(queries)
        with self._traced(search):
            vectors: Sequence[QueryVector] = [[]] * len(texts)
            if search.needs_vector and texts:
                with self._index.embedding(len(texts)):
                    vectors = await aembed_queries(texts, self._models(search), search.options)
            asked = _queries(texts, vectors)
            found = await self._index.arun(self._batch(asked, search))
        pairs = zip(asked, found, strict=True)
        return await asyncio.gather(*(search.aresults(query, hits) for query, hits in pairs))

    def _batch(self, queries: Sequence[Query], search: Search) -> Steps[list[list[Hit]]]:
        each = [search.steps(self._index.state, query) for query in queries]
        found = yield from asking_together(self._index.state, each)
        tell(rows=sum(map(len, found)))
        return found


def _check_explained(query: str | QueryVector, search: Search, *, is_async: bool) -> None:
    has_text = isinstance(query, str)
    if search.needs_text:
        check_query(query)
    search.check_query(has_text=has_text, is_async=is_async)


def _completed(
    told: SearchExplanation, query: Query, search: Search, records: int, embedding: float, ranking: float
) -> SearchExplanation:
    """Return an explanation with what went on beside the search, whose seconds are given."""
    return replace(
        told,
        records=records,
        embedding_ms=1e3 * embedding if query.text is not None and search.needs_vector else None,
        ranking_ms=1e3 * ranking if search.is_ranked else None,
    )


def _queries(texts: list[str], vectors: Sequence[QueryVector]) -> list[Query]:
    return [Query(text, vector) for text, vector in zip(texts, vectors, strict=True)]


def _checked(queries: Any) -> list[str]:
    if isinstance(queries, str) or not isinstance(queries, Sequence):
        raise ArgumentError(f"queries is a list of texts; not {queries!r:.80}")
    return [check_query(query) for query in queries]
