"""What a rebuild costs those who search meanwhile, and how long it takes over the server's own work.

    python -m benchmarks.rebuild [RECORDS]

Prints the median time of a search during a rebuild over that before it, for an index that is only indexed anew and for
one whose records are copied, and the time of the first one over that of FT.CREATE over the same records. The server is
that of REDIS_URL, or a fresh one.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding

from benchmarks.servers import server
from redisvl_adapters.core.index.index_commands import create_command
from redisvl_adapters.langchain import RedisVectorStore

DIMS, BATCH, SEARCHES = 384, 1000, 400


def main() -> None:
    """Print the ratios."""
    records = int(sys.argv[1]) if sys.argv[1:] else 20_000
    dice = np.random.default_rng(7)
    with server() as url:
        model = DeterministicFakeEmbedding(size=DIMS)
        store = RedisVectorStore(model, index_name="bench-rebuild", redis_url=url, create="overwrite")
        for start in range(0, records, BATCH):
            ids = [str(start + place) for place in range(min(BATCH, records - start))]
            metadatas = [{"topic": f"t{int(each) % 10}", "year": 1990 + int(each) % 30} for each in ids]
            store.add_embeddings(
                [f"text {each}" for each in ids], dice.normal(size=(len(ids), DIMS)), metadatas, ids=ids
            )
        queries = dice.normal(size=(SEARCHES, DIMS)).tolist()
        search = _searching(RedisVectorStore(model, index_name="bench-rebuild", redis_url=url), queries)
        for title, changes in (("indexed anew", {"m": 24}), ("copied", {"dtype": "float64"})):
            before = statistics.median(search(lambda: False))
            began = time.perf_counter()
            rebuilding = threading.Thread(target=store.rebuild, kwargs=changes)
            rebuilding.start()
            during = search(rebuilding.is_alive)
            rebuilding.join()
            seconds = time.perf_counter() - began
            ratio = statistics.median(during) / before
            print(f"{title}: {seconds:.1f} s, {len(during)} searches, median {ratio:.2f} times that before")
            if title == "indexed anew":
                own = _own_speed(url, store)
                print(f"  over the server's own scan ({own:.1f} s): {seconds / own:.2f}")
        store.drop()
        store.close()


def _searching(store: RedisVectorStore, queries: list[list[float]]) -> Callable[[Callable[[], bool]], list[float]]:
    def search(goes_on: Callable[[], bool]) -> list[float]:
        times: list[float] = []
        while len(times) < len(queries) or goes_on():
            began = time.perf_counter()
            store.similarity_search_by_vector(queries[len(times) % len(queries)], 10, filter={"topic": "t3"})
            times.append(time.perf_counter() - began)
        return times

    return search


def _own_speed(url: str, store: RedisVectorStore) -> float:
    """Return how many seconds the server takes to index the records once more."""
    store.count()
    schema = store.index.state.schema
    assert schema is not None
    args: list[Any] = [part if part != schema.name else "bench-own" for part in create_command(schema).args]
    with redis.Redis.from_url(url, protocol=2) as client:
        began = time.perf_counter()
        client.execute_command(*args)
        while True:
            told = client.execute_command("FT.INFO", "bench-own")
            if int(dict(zip(told[::2], told[1::2], strict=True))[b"indexing"]) == 0:
                break
            time.sleep(0.05)
        seconds = time.perf_counter() - began
        client.execute_command("FT.DROPINDEX", "bench-own")
    return seconds


if __name__ == "__main__":
    main()
