"""Copying hashes with vectors, beside a raw pipeline that reads all their fields and writes them elsewhere.

    python -m benchmarks.copying [records]

Both go over the same keys, in batches of the same size, into an index of the same fields. The raw side sends HGETALL
and HSET, as whoever copies by hand would; it neither asks for times to live, nor compares what is there already, nor
looks at what it copied. Printed are ratios of medians,
and by how much the copies let the memory of the process grow.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import redis

from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.core.ingest.copying import copy_records, plan_copy
from redisvl_adapters.core.ingest.streaming_ingest import IngestPlan, given_vectors, ingest
from redisvl_adapters.core.ingest.tasks import run_task
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.embedded import EmbeddedRedis

DIMS, BATCH, RUNS = 384, 500, 3
WORDS = "the quick brown fox jumps over the lazy dog while redis keeps every vector in memory and finds it".split()


def fill(index: RedisIndex, count: int) -> None:
    """Write records with a text of forty words, three metadata keys, and a random vector."""
    dice = np.random.default_rng(7)

    def records() -> Any:
        for place in range(count):
            text = " ".join(WORDS[word] for word in dice.integers(len(WORDS), size=40))
            metadata = {"year": 1990 + place % 30, "source": f"source {place % 7}", "draft": place % 2 == 0}
            yield Record(f"r{place}", text, metadata, vector=dice.standard_normal(DIMS).astype(np.float32))

    ingest(index, records(), given_vectors, IngestPlan())


def copy_raw(client: redis.Redis, source: str, target: str, count: int) -> None:
    """Read all fields of all hashes and write them under other keys, one pipeline for each batch."""
    start = len(source) + 1
    reply: Any = client.execute_command("FT.SEARCH", source, "*", "NOCONTENT", "LIMIT", 0, count, "DIALECT", 2)
    keys = [key.decode() for key in reply[1:]]
    for first in range(0, len(keys), BATCH):
        batch = keys[first : first + BATCH]
        reads = client.pipeline(transaction=False)
        for key in batch:
            reads.hgetall(key)
        writes = client.pipeline(transaction=False)
        for key, fields in zip(batch, reads.execute(), strict=True):
            writes.hset(f"{target}:{key[start:]}", mapping=fields)
        writes.execute()


def copy_ours(source: RedisIndex, target: RedisIndex) -> None:
    """Copy by the library."""
    plan = run_task(plan_copy(source, target, embeds=False, can_embed=False), None)
    run_task(copy_records(source, target, plan, BATCH), None)


def seconds(act: Callable[[], object]) -> float:
    """Return how long something takes."""
    gc.collect()
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def measure(url: str, algorithm: Any, count: int) -> None:
    """Copy into an index of an algorithm by both ways in turn, and print the ratio of their medians."""
    client = redis.Redis.from_url(url, protocol=2)
    client.execute_command("FT.CONFIG", "SET", "MAXSEARCHRESULTS", 1_000_000)
    source = RedisIndex(index_name="source", redis_url=url)
    target = RedisIndex(index_name="target", redis_url=url, algorithm=algorithm)
    fields = {"year": "numeric", "source": "tag", "draft": "bool"}
    raw_target = RedisIndex(index_name="raw", redis_url=url, algorithm=algorithm, metadata_schema=fields)
    ours, raw = [], []
    for _ in range(RUNS):
        raw_target.run(operations.create(raw_target.state, DIMS))
        raw.append(seconds(lambda: copy_raw(client, "source", "raw", count)))
        raw_target.run(operations.drop(raw_target.state))
        ours.append(seconds(lambda: copy_ours(source, target)))
        target.run(operations.drop(target.state))
    ratio = float(np.median(ours) / np.median(raw))
    print(f"{count} hashes into {algorithm}: {ratio:.2f} times the raw pipeline")
    for index in (source, target, raw_target):
        index.close()
    client.close()


def main() -> None:
    """Measure, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with EmbeddedRedis() as server:
        source = RedisIndex(index_name="source", redis_url=server.url, algorithm="flat")
        fill(source, count)
        before = highest_memory()
        for algorithm in ("flat", "hnsw"):
            measure(server.url, algorithm, count)
        source.close()
    print(f"memory grew by {highest_memory() - before:.0f} MB")


def highest_memory() -> float:
    """Return the most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
