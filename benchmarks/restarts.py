"""Restarts: how long a server with its data takes until it answers, and until its index is whole, over writing it.

``python -m benchmarks.restarts`` prints both, for FLAT and HNSW, from an append-only file as it was written, and from
one that was rewritten, which has the records as an RDB file has them. It runs on servers of its own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisVectorStore

RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
DIMS = 384
BATCH = 1_000
MODEL = DeterministicFakeEmbedding(size=DIMS)


def main() -> None:
    """Print how long each kind of restart takes."""
    print(
        f"{RECORDS:,} hashes of {DIMS} float32: seconds to write them, until the server answers, until all is indexed"
    )
    for algorithm, rewritten in product(("flat", "hnsw"), (False, True)):
        written, answers, whole = _restart(algorithm, rewritten=rewritten)
        kind = "rewritten" if rewritten else "as it was written"
        print(f"{algorithm}, the file {kind}: {written:.1f}, {answers:.1f}, {whole:.1f}")


def _restart(algorithm: Any, *, rewritten: bool) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedRedis(path=folder).start()
        written = _seconds(lambda: _write(server.url, algorithm))
        if rewritten:
            _rewrite(server.url)
        server.stop()
        answers = _seconds(server.start)
        with RedisVectorStore(MODEL, index_name="docs", redis_url=server.url) as store:
            whole = answers + _seconds(lambda: store.wait_until_indexed(3_600))
            assert store.count() == RECORDS
        server.stop()
    return written, answers, whole


def _write(url: str, algorithm: Any) -> None:
    random = np.random.default_rng(0)
    with RedisVectorStore(MODEL, index_name="docs", redis_url=url, algorithm=algorithm) as store:
        for start in range(0, RECORDS, BATCH):
            places = range(start, min(start + BATCH, RECORDS))
            rows = random.normal(size=(len(places), DIMS)).astype(np.float32)
            store.add_embeddings([f"text {place}" for place in places], rows, [{"n": place} for place in places])


def _rewrite(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.bgrewriteaof()
        while any(client.info("persistence")[f"aof_rewrite_{state}"] for state in ("in_progress", "scheduled")):
            time.sleep(0.05)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
