"""What filters cost: to be built, and where they must look through the values of a field, by how many there are.

python -m benchmarks.filters [--sizes 1000 20000 300000] [--write docs/performance.md]
"""

from __future__ import annotations

import argparse
import statistics
import time
import timeit
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ulid import ULID

from benchmarks.pages import write_part
from benchmarks.servers import server
from redisvl_adapters import FilterError
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.field_queries import MAX_MATCHES, MAX_VALUES
from redisvl_adapters.core.filters.render import render
from redisvl_adapters.core.schema.declarations import read_metadata_schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.langchain.filters import read_filter

MARK = "<!-- benchmarks/filters.py -->"
SIZES = (1_000, 20_000, 300_000)
NUMBER = 2000
BATCH = 5_000
SCHEMA = IndexSpec(
    "bench", fields=read_metadata_schema({"tenant": "tag", "year": "numeric", "draft": "bool", "source": "tag"})
).schema(8)
BUILT: dict[str, dict[str, Any]] = {
    "three comparisons": {"tenant": "acme", "year": {"$gte": 2020}, "draft": False},
    "one of ten values": {"source": {"$in": [f"source-{number}" for number in range(10)]}},
}
# Each asks for some hundredth part of the values, or for one.
ASKED: dict[str, dict[str, Any]] = {
    "equal": {"title": "title 000500"},
    "number within bounds": {"number": {"$between": [500, 509]}},
    "LIKE, a beginning": {"title": {"$like": "title 0005%"}},
    "ILIKE, anywhere": {"title": {"$ilike": "%77%"}},
    "text after another": {"title": {"$gt": "title 000", "$lt": "title 0001"}},
}


def main() -> None:
    """Print the tables, and write them into a page if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    lines = ["| to build a filter | µs |", "|---|--:|"]
    for name, given in BUILT.items():
        runs = timeit.repeat(partial(build, given), number=NUMBER, repeat=15)
        lines.append(f"| {name} | {statistics.median(runs) / NUMBER * 1e6:.1f} |")
    lines += ["", f"| count by, in ms | {' | '.join(f'{size:,} values' for size in arguments.sizes)} |"]
    lines.append(f"|---|{'--:|' * len(arguments.sizes)}")
    with server() as url:
        columns = [measure(url, size) for size in arguments.sizes]
    lines += [f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in ASKED]
    text = (
        "## Filters\n\nMade by `python -m benchmarks.filters --write docs/performance.md`, medians of 7. Every record "
        f"has a value of its own. A field with more than {MAX_VALUES:,} values is not looked through, nor is a "
        f"condition asked that more than {MAX_MATCHES:,} of them meet.\n\n" + "\n".join(lines) + "\n"
    )
    print(text)
    if arguments.write:
        write_part(arguments.write, MARK, text)


def build(given: dict[str, Any]) -> str:
    """Return the text of the query."""
    return str(query_text(render(read_filter(given), RenderContext(SCHEMA))))


def measure(url: str, size: int) -> dict[str, str]:
    """Return how long each condition takes on an index whose field has this many values."""
    index = RedisIndex(
        index_name=f"bench-{ULID()}",
        redis_url=url,
        algorithm="flat",
        metadata_schema={"title": "tag", "number": "numeric"},
    )
    vectors = np.ones((BATCH, 2), dtype=np.float32)
    try:
        for start in range(0, size, BATCH):
            places = range(start, min(size, start + BATCH))
            records = [Record(str(n), "", {"title": f"title {n:06d}", "number": n}) for n in places]
            index.run(operations.upsert(index.state, records, vectors[: len(records)]))
        return {name: told(partial(count, index, given)) for name, given in ASKED.items()}
    finally:
        index.run(operations.drop(index.state))
        index.close()


def count(index: RedisIndex, given: dict[str, Any]) -> int:
    """Count the records that match."""
    return index.run(operations.count(index.state, read_filter(given)))


def told(call: Callable[[], object]) -> str:
    """Return how long a call takes, or that it is refused."""
    try:
        call()
    except FilterError:
        return "refused"
    return f"{statistics.median(timed(call, 7)) * 1e3:.2f}"


def timed(call: Callable[[], object], times: int) -> Sequence[float]:
    """Return the times of some calls, in seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return taken


if __name__ == "__main__":
    main()
