"""Our time over that of the raw redis-py command, in one run: search, add and get, for hash and JSON.

    make bench

Absolute times differ from machine to machine and from minute to minute, so each figure is the median of ratios, and the
two sides of each ratio run one right after the other. The raw side sends the very same query, or ready bytes.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import orjson
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.vector_stores.types import VectorStoreQuery

from redisvl_adapters import langchain, llama_index
from redisvl_adapters.core import Compare, Operator, Record, operations
from redisvl_adapters.core.clauses import text_of
from redisvl_adapters.core.encoding import searchable_text
from redisvl_adapters.core.leaves import Scope
from redisvl_adapters.core.query import Near, Wanted, near_command
from redisvl_adapters.core.record import layout_of
from redisvl_adapters.core.render import render
from redisvl_adapters.core.schema import Schema
from redisvl_adapters.core.vectors import as_query
from redisvl_adapters.embedded import EmbeddedRedis

RECORDS = 5_000
DIMS = 384
BATCH = 500
SEARCHES = 300
GETS = 100
ADDS = 5


def main() -> None:
    """Print the table."""
    print(f"{RECORDS} records, {DIMS} dims, FLAT, 480 characters, 3 metadata fields; ratios are ours / raw, medians")
    with _server() as url, redis.Redis.from_url(url, protocol=2) as raw:
        for storage in ("hash", "json"):
            for name, ratio in _measure(storage, url, raw):
                print(f"{storage:5} {name:44} {ratio:6.2f}", flush=True)


def _measure(storage: Any, url: str, raw: redis.Redis) -> Iterator[tuple[str, float]]:
    name = f"overhead-{storage}"
    options: dict[str, Any] = {"index_name": name, "redis_url": url}
    schema = {"topic": "tag", "year": "numeric", "draft": "bool"}
    with (
        langchain.RedisVectorStore(
            DeterministicFakeEmbedding(size=DIMS), **options, storage=storage, algorithm="flat", metadata_schema=schema
        ) as chain,
        llama_index.RedisVectorStore(**options) as llama,
    ):
        chain.drop()
        chain.create(DIMS)
        state = chain.index.state
        records, vectors = _records()
        lists = vectors.tolist()
        ready = _ready(state, storage, records, vectors)

        def add_raw() -> None:
            for start in range(0, RECORDS, BATCH):
                pipeline = raw.pipeline(transaction=False)
                for command in ready[start : start + BATCH]:
                    pipeline.execute_command(*command)
                pipeline.execute()

        yield (
            "add 5,000 records",
            _ratio(
                lambda: chain.index.run(operations.upsert(state, records, lists)), add_raw, ADDS, between=chain.clear
            ),
        )

        filter = Compare("topic", Operator.EQ, "a") & Compare("year", Operator.GTE, 2000)
        asked = lists[7]
        index = schema_of(state)
        layout = layout_of(index)
        where = text_of(render(filter, Scope(index)))
        assert where
        vector = as_query(asked, dims=DIMS, dtype="float32", metric="cosine")
        args = near_command(Near(vector, where), Wanted(k=10), index, layout).args
        mongo = {"topic": "a", "year": {"$gte": 2000}}
        query = VectorStoreQuery(query_embedding=asked, similarity_top_k=10, filters=filter)  # type: ignore[arg-type]

        def search_raw() -> object:
            return raw.execute_command(*args)

        searches: dict[str, Callable[[], object]] = {
            "search k=10, core hits": lambda: chain.index.run(operations.search(state, asked, 10, filter)),
            "search k=10, LangChain documents": lambda: chain.similarity_search_by_vector(asked, 10, mongo),
            "search k=10, LlamaIndex nodes": lambda: llama.query(query),
        }
        for title, search in searches.items():
            yield title, _ratio(search, search_raw, SEARCHES)

        ids = [record.id for record in records[:100]]
        reads = [layout.read(record_id).args for record_id in ids]

        def get_raw() -> None:
            pipeline = raw.pipeline(transaction=False)
            for command in reads:
                pipeline.execute_command(*command)
            pipeline.execute()

        yield "get of 100 ids", _ratio(lambda: chain.index.run(operations.fetch(state, ids)), get_raw, GETS)
        chain.drop()


def schema_of(state: operations.State) -> Schema:
    """Return what the index is, which was created before."""
    assert state.schema is not None
    return state.schema


def _ratio(
    ours: Callable[[], object], raw: Callable[[], object], times: int, between: Callable[[], None] = lambda: None
) -> float:
    ratios = []
    for side in (ours, raw):
        side()
    for _ in range(times):
        between()
        mine = _time(ours)
        between()
        ratios.append(mine / _time(raw))
    return statistics.median(ratios)


def _time(side: Callable[[], object]) -> float:
    began = time.perf_counter()
    side()
    return time.perf_counter() - began


def _records() -> tuple[list[Record], np.ndarray[Any, np.dtype[np.float32]]]:
    random = np.random.default_rng(0)
    records = [
        Record(
            f"record-{place}",
            f"{place:08} " * 53,
            {"topic": "ab"[place % 2], "year": 1990 + place % 35, "draft": False},
        )
        for place in range(RECORDS)
    ]
    return records, random.normal(size=(RECORDS, DIMS)).astype(np.float32)


def _ready(state: operations.State, storage: str, records: list[Record], vectors: Any) -> list[tuple[Any, ...]]:
    """Return the plain HSET or JSON.SET of each record, encoded beforehand."""
    ready: list[tuple[Any, ...]] = []
    for record, vector in zip(records, vectors, strict=True):
        key, meta = f"{state.spec.name}:{record.id}", record.metadata
        index = {
            "topic": meta["topic"],
            "year": meta["year"],
            "draft": "false",
            "_keys": "+topic\x1f+year\x1f+draft",
            "_text": searchable_text(record.text),
        }
        if storage == "hash":
            fields = {"text": record.text, "embedding": vector.tobytes(), "metadata": orjson.dumps(meta), **index}
            ready.append(("HSET", key, *(part for pair in fields.items() for part in pair)))
        else:
            document = {"text": record.text, "metadata": meta, "index": index, "embedding": vector}
            ready.append(("JSON.SET", key, "$", orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)))
    return ready


@contextmanager
def _server() -> Iterator[str]:
    if url := os.environ.get("REDIS_URL"):
        yield url
    else:
        with EmbeddedRedis() as server:
            yield server.url


if __name__ == "__main__":
    main()
