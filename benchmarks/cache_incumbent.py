"""What langchain-redis' caches take, as JSON. ``cache.py`` runs this where langchain-redis is installed."""

from __future__ import annotations

import importlib
import json
import sys

from benchmarks.cache_entries import FAR, MODEL, NEAR, THRESHOLD, Told, answer, median_time, prompt


def main(url: str, size: int, times: int) -> None:
    """Fill both caches, and print the median time of each kind of lookup in microseconds."""
    theirs = importlib.import_module("langchain_redis")
    exact = theirs.RedisCache(redis_url=url, prefix="bench-incumbent-exact")
    semantic = theirs.RedisSemanticCache(
        Told(size), redis_url=url, name="bench-incumbent", distance_threshold=THRESHOLD
    )
    exact.update(prompt(0), MODEL, answer(0))
    for place in range(size):
        semantic.update(prompt(place), MODEL, answer(place))
    found = {
        "exact cache, hit": median_time(lambda: exact.lookup(prompt(0), MODEL), times),
        "exact cache, miss": median_time(lambda: exact.lookup("another", MODEL), times),
        "semantic cache, identical prompt": median_time(lambda: semantic.lookup(prompt(1), MODEL), times),
        "semantic cache, near prompt": median_time(lambda: semantic.lookup(NEAR, MODEL), times),
        "semantic cache, miss": median_time(lambda: semantic.lookup(FAR, MODEL), times),
    }
    semantic.clear()
    exact.clear()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
