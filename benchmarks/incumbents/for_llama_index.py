"""llama-index-vector-stores-redis, driven over its standard input. Runs in a virtual environment of its own."""

from __future__ import annotations

import importlib
from itertools import cycle
from typing import Any

from benchmarks.incumbents.serving import serve
from benchmarks.incumbents.workload import SINCE, TOPIC, Workload

incumbent: Any = importlib.import_module("llama_index.vector_stores.redis")
redisvl_schema: Any = importlib.import_module("redisvl.schema")
core: Any = importlib.import_module("llama_index.core.schema")
stores: Any = importlib.import_module("llama_index.core.vector_stores.types")


class Contestant:
    """The incumbent on one workload."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.store = self._open()
        self.nodes = [
            core.TextNode(id_=record_id, text=text, metadata=metadata, embedding=vector)
            for record_id, text, metadata, vector in zip(
                workload.ids, workload.texts, workload.metadatas, workload.vectors, strict=True
            )
        ]
        filters = stores.MetadataFilters(
            filters=[
                stores.MetadataFilter(key="topic", value=TOPIC),
                stores.MetadataFilter(key="year", value=SINCE, operator=stores.FilterOperator.GTE),
            ]
        )
        self.queries = cycle(
            stores.VectorStoreQuery(query_embedding=vector, similarity_top_k=10, filters=filters)
            for vector in workload.query_vectors
        )

    def _open(self) -> Any:
        schema = redisvl_schema.IndexSchema.from_dict(
            {
                "index": {"name": "incumbentllamaindex", "prefix": "incumbentllamaindex"},
                "fields": [
                    {"name": "id", "type": "tag"},
                    {"name": "doc_id", "type": "tag"},
                    {"name": "text", "type": "text"},
                    {
                        "name": "vector",
                        "type": "vector",
                        "attrs": {
                            "dims": self.workload.dims,
                            "algorithm": self.workload.algorithm,
                            "distance_metric": "cosine",
                        },
                    },
                    {"name": "topic", "type": "tag"},
                    {"name": "year", "type": "numeric"},
                    {"name": "source", "type": "tag"},
                ],
            }
        )
        return incumbent.RedisVectorStore(schema=schema, redis_url=self.workload.url)

    def reset(self) -> None:
        """Make the index anew."""
        self.store.delete_index()
        self.store = self._open()

    def drop(self) -> None:
        """Leave nothing behind."""
        self.store.delete_index()

    def ingest(self) -> None:
        """Write all records."""
        self.store.add(self.nodes)

    def search(self) -> None:
        """Find ten with a filter."""
        assert len(self.store.query(next(self.queries)).nodes) == 10


if __name__ == "__main__":
    serve(Contestant)
