"""A cluster: ingest over bare writes through redis-py's cluster pipeline, and searches over the raw command.

    REDIS_URL=redis://host:6379?cluster=true python -m benchmarks.cluster
    REDIS_URL=... python -m benchmarks.cluster --write docs/performance.md

Both sides write the same fields into the same index. Figures are medians of ratios of tasks that took turns.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.comparing.arena import Experiment, Row, Target, Turn, arena
from benchmarks.incumbents.workload import Workload
from benchmarks.pages import write_part
from benchmarks.servers import server
from redisvl_adapters.core.server.urls import names_cluster

MARK = "<!-- benchmarks/cluster.py -->"
HEADING = """## On a cluster

Made by `REDIS_URL=redis://host:6379?cluster=true python -m benchmarks.cluster --write docs/performance.md` on three
masters of Redis 8.6.3 with search 8.8.0, all on the 2 cores of the client: 5,000 records of 384 dimensions, FLAT. Raw
is bare HSET or JSON.SET through redis-py's cluster pipeline, into the same index, and the same search."""
RECORDS, DIMS = 5000, 384
INGEST, SEARCH = 2.0, 1.25
"""The most that our time may be, as a share of theirs."""


def main() -> None:
    """Measure, and print the table or write it into a page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", type=Path)
    page = parser.parse_args().write
    with server() as url:
        if not names_cluster(url):
            parser.error("REDIS_URL names no cluster; write redis://host:6379?cluster=true")
        rows = [row for storage in ("hash", "json") for row in _measured(url, storage)]
    lines = ["| what | measured | target | times |", "|---|--:|--:|---|"]
    lines += [f"| {row.what} | {row.measured} | {row.target} | {row.detail} |" for row in rows]
    if page is None:
        print("\n".join(lines))
    else:
        write_part(page, MARK, f"{HEADING}\n\n" + "".join(f"{line}\n" for line in lines))


def _measured(url: str, storage: str) -> list[Row]:
    ingest = Experiment(
        {"ours": Turn("ours", "ingest"), "raw": Turn("raw", "ingest")},
        (Target(f"{storage}: ingest on a cluster over raw", "raw", INGEST),),
        rounds=9,
        reset=True,
    )
    search = Experiment(
        {
            "core": Turn("ours", "core_search"),
            "langchain": Turn("ours", "search"),
            "raw": Turn("raw", "search"),
        },
        (
            Target(f"{storage}: core search on a cluster over raw", "raw", SEARCH, "core"),
            Target(f"{storage}: LangChain search on a cluster over raw", "raw", SEARCH, "langchain"),
        ),
        rounds=15,
        times=50,
    )
    with arena(Workload(url, storage, "flat", RECORDS, DIMS)) as place:
        return [row for experiment in (ingest, search) for row in place.run(experiment)]


if __name__ == "__main__":
    main()
