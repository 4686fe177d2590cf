"""langchain-redis, driven over its standard input. Runs in a virtual environment of its own."""

from __future__ import annotations

import asyncio
import importlib
from itertools import cycle
from typing import Any

from benchmarks.incumbents.serving import serve
from benchmarks.incumbents.workload import IDS, SINCE, TOPIC, ReadyEmbeddings, Workload

langchain_redis: Any = importlib.import_module("langchain_redis")
redisvl_filter: Any = importlib.import_module("redisvl.query.filter")
DELAY = 0.05


class Contestant:
    """The incumbent on one workload."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.store = self._open()
        self.filter = (redisvl_filter.Tag("topic") == TOPIC) & (redisvl_filter.Num("year") >= SINCE)
        self.vectors = cycle(workload.query_vectors)
        self.runner = asyncio.Runner()
        self.slow = ReadyEmbeddings(workload, DELAY)
        self.fast = self.store._embeddings  # noqa: SLF001  # there is no other way to it

    def _open(self) -> Any:
        config = langchain_redis.RedisConfig(
            index_name=f"incumbentlangchain{self.workload.storage}",  # with punctuation it would find nothing
            redis_url=self.workload.url,
            storage_type=self.workload.storage,
            indexing_algorithm=self.workload.algorithm.upper(),
            embedding_dimensions=self.workload.dims,
            metadata_schema=[
                {"name": "topic", "type": "tag"},
                {"name": "year", "type": "numeric"},
                {"name": "source", "type": "tag"},
            ],
        )
        return langchain_redis.RedisVectorStore(ReadyEmbeddings(self.workload), config=config)

    def reset(self) -> None:
        """Make the index anew."""
        self.store.index.delete(drop=True)
        self.store = self._open()

    def drop(self) -> None:
        """Leave nothing behind."""
        self.store.index.delete(drop=True)

    def ingest(self) -> None:
        """Write all records."""
        self.store.add_texts(self.workload.texts, self.workload.metadatas, ids=self.workload.ids)

    def search(self) -> None:
        """Find ten with a filter."""
        found = self.store.similarity_search_by_vector(next(self.vectors), k=10, filter=self.filter)
        assert len(found) == 10

    def get(self) -> None:
        """Read by ids."""
        assert len(self.store.get_by_ids(self.workload.ids[:IDS])) == IDS

    def mmr(self) -> None:
        """Choose 50 of 500."""
        found = self.store.max_marginal_relevance_search_by_vector(next(self.vectors), k=50, fetch_k=500)
        assert len(found) == 50

    def concurrent(self) -> None:
        """Search for all queries at once, with an embedding model that takes its time."""
        self.store._embeddings = self.slow  # noqa: SLF001  # there is no other way to it
        found = self.runner.run(self._concurrent())
        self.store._embeddings = self.fast  # noqa: SLF001  # as above
        assert all(len(documents) == 10 for documents in found)

    async def _concurrent(self) -> list[Any]:
        return await asyncio.gather(*(self.store.asimilarity_search(query, k=10) for query in self.workload.queries))


if __name__ == "__main__":
    serve(Contestant)
