"""Our side of the comparison, and the raw command that it is held against."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, cast

import orjson
from langchain_core.embeddings import Embeddings
from llama_index.core.schema import BaseNode, TextNode
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)

from benchmarks.incumbents.workload import BATCH, IDS, SINCE, TOPIC, ReadyEmbeddings, Workload
from redisvl_adapters import langchain, llama_index
from redisvl_adapters.core import Compare, Operator, operations
from redisvl_adapters.core.server.clients import open_client
from redisvl_adapters.core.server.cluster_transport import is_cluster

DELAY = 0.05
"""Seconds that the embedding of a query takes where many searches run at once."""
WRITE_BATCH = 500
"""Commands in one pipeline of the raw side."""
Arguments = tuple[Any, ...]


class MissingError(Exception):
    """What is to be measured does not exist yet."""


class KnownEmbeddings(ReadyEmbeddings, Embeddings):
    """The same embedding, as one of LangChain's."""


class Ours:
    """The core and the LangChain store, on one index."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.store = self._open(KnownEmbeddings(workload), create="overwrite")  # what an earlier run left behind
        self.slow = self._open(KnownEmbeddings(workload, DELAY))
        self.filter = Compare("topic", Operator.EQ, TOPIC) & Compare("year", Operator.GTE, SINCE)
        self.mongo = {"topic": TOPIC, "year": {"$gte": SINCE}}
        self.vectors = cycle(workload.query_vectors)
        self.runner = asyncio.Runner()

    def _open(self, embedding: Embeddings, **options: Any) -> langchain.RedisVectorStore:
        return langchain.RedisVectorStore(
            embedding,
            index_name=f"compare-{self.workload.storage}",
            redis_url=self.workload.url,
            storage=cast("Any", self.workload.storage),
            algorithm=cast("Any", self.workload.algorithm),
            metadata_schema={"topic": "tag", "year": "numeric", "source": "tag"},
            **options,
        )

    def reset(self) -> None:
        """Make the index anew."""
        self.store.drop()
        self.store.create(self.workload.dims)

    def drop(self) -> None:
        """Leave nothing behind."""
        self.store.drop()
        self.store.close()
        self.runner.run(self.slow.aclose())
        self.runner.close()
        self.slow.close()

    def ingest(self) -> None:
        """Write all records."""
        self.store.add_texts(self.workload.texts, self.workload.metadatas, ids=self.workload.ids)

    def core_search(self) -> None:
        """Find ten with a filter, as the core's hits."""
        steps = operations.search_by_vector(self.store.index.state, next(self.vectors), 10, self.filter)
        assert len(self.store.index.run(steps)) == 10

    def search(self) -> None:
        """Find ten with a filter, as LangChain documents."""
        assert len(self.store.similarity_search_by_vector(next(self.vectors), 10, self.mongo)) == 10

    def core_get(self) -> None:
        """Read by ids, as the core's records."""
        found = self.store.index.run(operations.fetch(self.store.index.state, self.workload.ids[:IDS]))
        assert None not in found

    def get(self) -> None:
        """Read by ids, as LangChain documents."""
        assert len(self.store.get_by_ids(self.workload.ids[:IDS])) == IDS

    def mmr(self) -> None:
        """Choose 50 of 500."""
        assert len(self.store.max_marginal_relevance_search_by_vector(next(self.vectors), 50, 500)) == 50

    def concurrent(self) -> None:
        """Search for all queries at once, with an embedding model that takes its time."""
        found = self.runner.run(self._concurrent())
        assert all(len(documents) == 10 for documents in found)

    async def _concurrent(self) -> list[Any]:
        return await asyncio.gather(*(self.slow.asimilarity_search(query, 10) for query in self.workload.queries))

    def singles(self) -> None:
        """Search for some queries, one after the other."""
        for query in self.workload.queries[:BATCH]:
            assert len(self.store.similarity_search(query, 10)) == 10

    def batch(self) -> None:
        """Search for the same queries at once."""
        search: Callable[..., Sequence[Any]] | None = getattr(self.store, "similarity_search_batch", None)
        if search is None:
            raise MissingError("there is no similarity_search_batch yet")
        found = search(self.workload.queries[:BATCH], k=10)
        assert [len(documents) for documents in found] == [10] * BATCH


class OursInLlamaIndex:
    """The LlamaIndex store, on an index of its own."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.store = llama_index.RedisVectorStore(
            index_name="compare-llama",
            redis_url=workload.url,
            algorithm=cast("Any", workload.algorithm),
            metadata_schema={"topic": "tag", "year": "numeric", "source": "tag"},
            create="overwrite",  # what an earlier run left behind
        )
        self.nodes: list[BaseNode] = [
            TextNode(id_=record_id, text=text, metadata=metadata, embedding=vector)
            for record_id, text, metadata, vector in zip(
                workload.ids, workload.texts, workload.metadatas, workload.vectors, strict=True
            )
        ]
        filters = MetadataFilters(
            filters=[
                MetadataFilter(key="topic", value=TOPIC),
                MetadataFilter(key="year", value=SINCE, operator=FilterOperator.GTE),
            ]
        )
        self.queries = cycle(
            VectorStoreQuery(query_embedding=vector, similarity_top_k=10, filters=filters)
            for vector in workload.query_vectors
        )

    def reset(self) -> None:
        """Make the index anew."""
        self.store.drop()
        self.store.create(self.workload.dims)

    def drop(self) -> None:
        """Leave nothing behind."""
        self.store.drop()
        self.store.close()

    def ingest(self) -> None:
        """Write all records."""
        self.store.add(self.nodes)

    def search(self) -> None:
        """Find ten with a filter."""
        assert len(self.store.query(next(self.queries)).nodes or ()) == 10


class Raw:
    """The commands themselves, through redis-py, on our index: what the store sends and what it has stored.

    Args:
        ours: Its index holds all records.
    """

    def __init__(self, ours: Ours) -> None:
        workload, state = ours.workload, ours.store.index.state
        self._ours = ours
        client: Any = open_client(workload.url, {})
        self._client = client
        # Search commands go to any node of a cluster: to the one that the store asks.
        self._any_node = {}
        if is_cluster(client):
            default: Any = cast("Any", ours.store.index.connection.sync_client()).get_default_node()
            self._any_node = {"target_nodes": client.get_node(node_name=default.name)}
        self._searches = cycle(
            [
                next(operations.search_by_vector(state, vector, 10, ours.filter))[0].args
                for vector in workload.query_vectors
            ]
        )
        self._reads = [command.args for command in next(operations.fetch(state, workload.ids[:IDS]))]
        assert state.schema is not None
        keys = [state.schema.key_of(record_id) for record_id in workload.ids]
        self._writes = self._ready_json(keys) if workload.storage == "json" else self._ready_hashes(keys)

    def _ready_hashes(self, keys: list[str]) -> list[Arguments]:
        found = self._pipeline([("HGETALL", key) for key in keys])
        return [
            ("HSET", key, *(part for pair in fields.items() for part in pair))
            for key, fields in zip(keys, found, strict=True)
        ]

    def _ready_json(self, keys: list[str]) -> list[Arguments]:
        found = self._pipeline([("JSON.GET", key) for key in keys])
        return [
            ("JSON.SET", key, "$", orjson.dumps(orjson.loads(document)))
            for key, document in zip(keys, found, strict=True)
        ]

    def _pipeline(self, commands: Sequence[Arguments]) -> list[Any]:
        pipeline = self._client.pipeline(**({} if self._any_node else {"transaction": False}))
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = pipeline.execute()
        return replies

    def reset(self) -> None:
        """Make the index anew."""
        self._ours.reset()

    def drop(self) -> None:
        """Close the connection."""
        self._client.close()

    def ingest(self) -> None:
        """Write all records, ready bytes as they are."""
        for start in range(0, len(self._writes), WRITE_BATCH):
            self._pipeline(self._writes[start : start + WRITE_BATCH])

    def search(self) -> None:
        """Send the same query."""
        assert self._client.execute_command(*next(self._searches), **self._any_node)[0] == 10

    def get(self) -> None:
        """Send the same reads."""
        assert len(self._pipeline(self._reads)) == IDS
