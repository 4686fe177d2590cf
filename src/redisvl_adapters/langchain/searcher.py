"""Running searches: queries are checked and embedded, one by one or all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.embeddings import Embeddings

from redisvl_adapters.core.index.readiness import asking_together
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.search.search_checks import check_query
from redisvl_adapters.core.server.commands import Steps
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
        self._embedding = embedding

    def run(self, query: str, search: Search) -> Scored:
        """Return what a search finds for a text.

        Raises:
            ArgumentError: If the query is no text.
        """
        check_query(query)
        vector = self._embedding.embed_query(query) if search.needs_vector else []
        return self._index.run(search.steps(self._index.state, Query(query, vector)))

    async def arun(self, query: str, search: Search) -> Scored:
        """Return what a search finds for a text. See ``run``."""
        check_query(query)
        vector = await self._embedding.aembed_query(query) if search.needs_vector else []
        return await self._index.arun(search.steps(self._index.state, Query(query, vector)))

    def run_by_vector(self, vector: Sequence[float], search: Search) -> Scored:
        """Return what a search finds for a vector."""
        return self._index.run(search.steps(self._index.state, Query("", vector)))

    async def arun_by_vector(self, vector: Sequence[float], search: Search) -> Scored:
        """Return what a search finds for a vector."""
        return await self._index.arun(search.steps(self._index.state, Query("", vector)))

    def run_batch(self, queries: Sequence[str], search: Search) -> list[Scored]:
        """Return what a search finds for each of some texts, embedded by one call and searched in one round trip.

        Raises:
            ArgumentError: If the queries are no list of texts.
        """
        texts = _checked(queries)
        vectors = self._embedding.embed_documents(texts) if search.needs_vector and texts else [[]] * len(texts)
        return self._index.run(self._batch(texts, vectors, search))

    async def arun_batch(self, queries: Sequence[str], search: Search) -> list[Scored]:
        """Return what a search finds for each of some texts. See ``run_batch``."""
        texts = _checked(queries)
        vectors = await self._embedding.aembed_documents(texts) if search.needs_vector and texts else [[]] * len(texts)
        return await self._index.arun(self._batch(texts, vectors, search))

    def _batch(self, texts: list[str], vectors: list[list[float]], search: Search) -> Steps[list[Scored]]:
        pairs = zip(texts, vectors, strict=True)
        return asking_together(
            self._index.state, [search.steps(self._index.state, Query(text, vector)) for text, vector in pairs]
        )


def _checked(queries: Any) -> list[str]:
    if isinstance(queries, str) or not isinstance(queries, Sequence):
        raise ArgumentError(f"queries is a list of texts; not {queries!r:.80}")
    return [check_query(query) for query in queries]
