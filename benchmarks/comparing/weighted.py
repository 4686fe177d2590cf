"""A search by two vectors of each record, held against the two bare commands in one pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any, cast

from benchmarks.comparing.contestants import Arguments, KnownEmbeddings
from benchmarks.incumbents.workload import Workload
from redisvl_adapters import langchain
from redisvl_adapters.core import operations
from redisvl_adapters.core.server.clients import open_client
from redisvl_adapters.core.server.cluster_transport import is_cluster

WEIGHTS = {"text": 0.7, "title": 0.3}


class Weighted:
    """The LangChain store on an index of its own, whose records have a second vector, of another record's text."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.store = langchain.RedisVectorStore(
            KnownEmbeddings(workload),
            index_name=f"compare-weighted-{workload.storage}",
            redis_url=workload.url,
            storage=cast("Any", workload.storage),
            algorithm=cast("Any", workload.algorithm),
            metadata_schema={"topic": "tag", "year": "numeric", "source": "tag"},
            vectors={"title": {"dims": workload.dims}},
            create="overwrite",  # what an earlier run left behind
        )
        found = workload.query_vectors
        self._queries = [{"text": one, "title": other} for one, other in zip(found, found[1:] + found[:1], strict=True)]
        self._ours = cycle(self._queries)
        self._raw: Iterator[tuple[Arguments, ...]] = iter(())
        self._client: Any = open_client(workload.url, {})

    def reset(self) -> None:
        """Make the index anew."""
        self.store.drop()
        self.store.create(self.workload.dims)

    def drop(self) -> None:
        """Leave nothing behind."""
        self.store.drop()
        self.store.close()
        self._client.close()

    def ingest(self) -> None:
        """Write all records, and get the commands of all queries ready."""
        workload = self.workload
        titles = workload.vectors[1:] + workload.vectors[:1]
        self.store.add_embeddings(
            workload.texts, workload.vectors, workload.metadatas, workload.ids, vectors={"title": titles}
        )
        self._raw = cycle(list(map(self._commands, self._queries)))

    def _commands(self, query: Mapping[str, list[float]]) -> tuple[Arguments, ...]:
        state = self.store.index.state
        self.store.count()
        return tuple(command.args for command in next(operations.search_weighted(state, query, 10, weights=WEIGHTS)))

    def search(self) -> None:
        """Find ten by both vectors."""
        assert len(self.store.similarity_search_by_vector(next(self._ours), 10, weights=WEIGHTS)) == 10

    def bare(self) -> None:
        """Send the same two commands."""
        pipeline = self._client.pipeline(**({} if is_cluster(self._client) else {"transaction": False}))
        for command in next(self._raw):
            pipeline.execute_command(*command)
        assert [reply[0] for reply in pipeline.execute()] == [100, 100]
