"""What a rebuild costs those who search meanwhile, and how long it takes over the server's own work.

    python -m benchmarks.rebuild [RECORDS]

Prints the median time of a search during a rebuild over that before it, for an index that is only indexed anew and for
one whose records are copied. Beside the first one: the same of the raw command beside a bare FT.CREATE over the same
records, and how long the rebuild takes over that. The server is that of REDIS_URL, or a fresh one.
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
                own, slower = _bare(url, store, queries)
                print(f"  the raw command beside a bare FT.CREATE: median {slower:.2f} times that before")
                print(f"  the rebuild over that FT.CREATE ({own:.1f} s): {seconds / own:.2f}")
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


def _bare(url: str, store: RedisVectorStore, queries: list[list[float]]) -> tuple[float, float]:
    """Index the records once more with nothing of ours: return the seconds, and what a bare search takes meanwhile."""
    store.count()
    schema = store.index.state.schema
    assert schema is not None
    args: list[Any] = [part if part != schema.name else "bench-own" for part in create_command(schema).args]
    knn = "(@topic:{t3})=>[KNN 10 @embedding $v AS distance]"
    blobs = [np.asarray(query, np.float32).tobytes() for query in queries]
    with redis.Redis.from_url(url, protocol=2) as client:

        def is_indexing() -> bool:
            told = client.execute_command("FT.INFO", "bench-own")
            return int(dict(zip(told[::2], told[1::2], strict=True))[b"indexing"]) == 1

        def search(count: int) -> list[float]:
            times = []
            for place in range(count):
                began = time.perf_counter()
                blob = blobs[place % len(blobs)]
                client.execute_command("FT.SEARCH", schema.name, knn, "PARAMS", 2, "v", blob, "DIALECT", 2)
                times.append(time.perf_counter() - began)
            return times

        before, during = statistics.median(search(SEARCHES)), []
        began = time.perf_counter()
        client.execute_command(*args)
        while is_indexing():
            during += search(10)
        seconds = time.perf_counter() - began
        client.execute_command("FT.DROPINDEX", "bench-own")
    return seconds, statistics.median(during) / before


if __name__ == "__main__":
    main()
