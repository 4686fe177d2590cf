"""Our time held against the raw command and against the incumbents, in one run.

    python -m benchmarks.compare             the whole table, some ten minutes
    python -m benchmarks.compare --quick     fewer records and rounds
    python -m benchmarks.compare --only get  the rows with "get" in their name
    python -m benchmarks.compare --write docs/performance.md

The server is that of REDIS_URL, or a fresh one. 384 dimensions, three metadata fields, texts of 480 characters and a
FLAT index where a row says nothing else. Absolute times differ from machine to machine and from minute to minute, so
each figure is the median of ratios of tasks that took turns. Searches find ten of 1,000 records with a filter that
keeps one in four: few records, so that the server's part of the time hides little of ours. The incumbents are installed
once, into virtual environments under .bench; one that cannot be installed leaves its rows without a figure.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from benchmarks.comparing.arena import Experiment, Row, Target, Turn, arena
from benchmarks.incumbents.workload import Workload
from benchmarks.pages import write_part
from benchmarks.servers import server

MARK = "<!-- benchmarks/compare.py -->"
STREAMED = 200_000
MOST_MEGABYTES = 100
MOST_GROWTH = 15
"""MB by which the second half of a stream may go beyond the first: the ids that it returns take eight of them."""
MOST_IMPORT = 0.05


@dataclass(frozen=True)
class Block:
    """Experiments on one workload."""

    storage: str
    experiments: tuple[Experiment, ...]
    algorithm: str = "flat"
    records: int = 1000
    dims: int = 384


def _ingest(what: str, raw: float, langchain: float) -> Experiment:
    return Experiment(
        {"ours": Turn("ours", "ingest"), "raw": Turn("raw", "ingest"), "theirs": Turn("langchain-redis", "ingest")},
        (Target(f"{what} over raw", "raw", raw), Target(f"{what} over langchain-redis", "theirs", langchain)),
        rounds=9,
        reset=True,
    )


def _search(storage: str) -> Experiment:
    return Experiment(
        {
            "core": Turn("ours", "core_search"),
            "ours": Turn("ours", "search"),
            "raw": Turn("raw", "search"),
            "theirs": Turn("langchain-redis", "search"),
        },
        (
            Target(f"{storage}: core search over raw", "raw", 1.20, ours="core"),
            Target(f"{storage}: LangChain search over raw", "raw", 1.60),
            Target(f"{storage}: LangChain search over langchain-redis", "theirs", 0.60),
        ),
        rounds=40,
        times=20,
    )


def _weighted(storage: str, most: float) -> Experiment:
    return Experiment(
        {"ours": Turn("weighted", "search"), "raw": Turn("weighted", "bare")},
        (Target(f"{storage}: search weighted by two vectors over two raw ones", "raw", most),),
        rounds=40,
        times=5,
    )


def _get(storage: str) -> Experiment:
    return Experiment(
        {"core": Turn("ours", "core_get"), "ours": Turn("ours", "get"), "raw": Turn("raw", "get")},
        (
            Target(f"{storage}: core get of 100 ids over raw", "raw", 1.50, ours="core"),
            Target(f"{storage}: LangChain get of 100 ids over raw", "raw", 1.50),
        ),
        rounds=40,
        times=5,
    )


def _mmr(storage: str, most: float) -> Experiment:
    return Experiment(
        {"ours": Turn("ours", "mmr"), "theirs": Turn("langchain-redis", "mmr")},
        (Target(f"{storage}: MMR 50 of 500, 256 dims, over langchain-redis", "theirs", most),),
        rounds=9,
    )


BLOCKS = (
    Block("hash", (_ingest("hash: ingest", 1.60, 0.70),), records=2000),
    Block(
        "hash",
        (
            _search("hash"),
            _get("hash"),
            Experiment(
                {"ours": Turn("ours in llama", "search"), "theirs": Turn("llama-index-redis", "search")},
                (Target("hash: LlamaIndex query over llama-index-vector-stores-redis", "theirs", 0.70),),
                rounds=40,
                times=20,
            ),
            Experiment(
                {"ours": Turn("ours", "concurrent"), "theirs": Turn("langchain-redis", "concurrent")},
                (Target("hash: 200 async searches, 50 ms embedding, over langchain-redis", "theirs", 0.15),),
                rounds=7,
            ),
            Experiment(
                {"ours": Turn("ours", "batch"), "singles": Turn("ours", "singles")},
                (Target("hash: 32 queries in a batch over 32 single ones", "singles", 0.50),),
                rounds=40,
            ),
            _weighted("hash", 2.50),
        ),
    ),
    Block("json", (_ingest("json: ingest", 1.25, 0.33),), records=2000),
    Block("json", (_search("json"), _get("json"), _weighted("json", 2.50))),
    Block(
        "hash",
        (
            Experiment(
                {"ours": Turn("ours", "ingest"), "raw": Turn("raw", "ingest")},
                (Target("hash: HNSW ingest over raw", "raw", 1.05),),
                rounds=7,
                reset=True,
            ),
        ),
        algorithm="hnsw",
        records=10_000,
    ),
    Block("hash", (_mmr("hash", 0.15),), records=2000, dims=256),
    Block("json", (_mmr("json", 0.10),), records=2000, dims=256),
)


def main() -> None:
    """Print the table, row by row as it comes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer records and rounds")
    parser.add_argument("--only", metavar="NAME", default="", help="only the rows with this in their name")
    parser.add_argument("--write", type=Path, help="a Markdown page whose part of this it replaces")
    given = parser.parse_args()
    if given.write and (given.only or given.quick):
        parser.error("a page shows the whole comparison: --write goes neither with --only nor with --quick")
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"{'what':68} {'measured':>9} {'target':>9}        our time against theirs, medians")
    rows: list[Row] = []
    for row in _rows(given.only.lower(), quick=given.quick):
        verdict = {True: "met", False: "MISSED", None: ""}[row.met]
        print(f"{row.what:68} {row.measured:>9} {row.target:>9} {verdict:6} {row.detail}", flush=True)
        rows.append(row)
    verdicts = [row.met for row in rows]
    print(f"{verdicts.count(True)} met, {verdicts.count(False)} missed, {verdicts.count(None)} without a figure")
    if given.write:
        write_part(given.write, MARK, _page(rows, given.write))


def _page(rows: list[Row], page: Path) -> str:
    lines = ["| what | measured | target | times |", "|---|--:|--:|---|"]
    lines += [f"| {row.what} | {row.measured} | {row.target} | {row.detail} |" for row in rows]
    return (
        f"## Against the raw command and the incumbents\n\nMade by `python -m benchmarks.compare --write {page}` on "
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}: medians of ratios of tasks that took turns. "
        "384 dimensions, three metadata fields, texts of 480 characters, FLAT where a row says nothing else; searches "
        "find ten of 1,000 records with a filter. Raw is the very same command through redis-py.\n\n"
        + "\n".join(lines)
        + "\n"
    )


def _rows(only: str, *, quick: bool) -> Iterator[Row]:
    with server() as url:
        for block in BLOCKS:
            wanted = [_narrowed(experiment, only) for experiment in block.experiments]
            if not any(experiment.targets for experiment in wanted):
                continue
            records = min(block.records, 1000 if block.algorithm == "flat" else 3000) if quick else block.records
            with arena(Workload(url, block.storage, block.algorithm, records, block.dims)) as sides:
                for experiment in wanted:
                    if experiment.targets:
                        rounds = max(3, experiment.rounds // 3) if quick else experiment.rounds
                        yield from sides.run(replace(experiment, rounds=rounds))
        if only in (name := "hash: memory of a stream"):
            yield from _streaming(name, url, STREAMED // 10 if quick else STREAMED)
    for framework, adapter in _ADAPTERS.items():
        if only in (name := f"import of the {framework} adapter").lower():
            yield _import(name, adapter)


def _narrowed(experiment: Experiment, only: str) -> Experiment:
    targets = tuple(target for target in experiment.targets if only in target.what.lower())
    names = {name for target in targets for name in (target.ours, target.over)}
    turns = {name: turn for name, turn in experiment.turns.items() if name in names}
    return replace(experiment, targets=targets, turns=turns)


def _streaming(name: str, url: str, count: int) -> Iterator[Row]:
    name = f"{name} of {count:,} documents"
    if sys.platform != "linux":
        yield Row(name, "skipped", f"<= {MOST_MEGABYTES} MB", None, "only Linux tells a process its memory")
        return
    command = [sys.executable, "-m", "benchmarks.comparing.streaming", url, str(count)]
    said = orjson.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603  # all of it is ours
    above = said["above"]
    peak = max(megabytes for _, megabytes in above)
    if not said["done"]:
        detail = f"given up, with {above[-1][0]:,} documents read"
        yield Row(f"{name}, above the start", f"{peak:.0f} MB", f"<= {MOST_MEGABYTES} MB", met=False, detail=detail)
        return
    half = max(megabytes for number, megabytes in above if number <= count // 2)
    growth = max(0.0, peak - half)
    detail = f"{said['start']:.0f} MB at the start"
    yield Row(f"{name}, above the start", f"{peak:.0f} MB", f"<= {MOST_MEGABYTES} MB", peak <= MOST_MEGABYTES, detail)
    yield Row(f"{name}, second half", f"{growth:.0f} MB", f"<= {MOST_GROWTH} MB", growth <= MOST_GROWTH, detail)


_ADAPTERS = {
    "LangChain": (
        """
from langchain_core.caches import BaseCache
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.documents import Document
from langchain_core.indexing import RecordManager
from langchain_core.vectorstores import VectorStore
import langchain_core.structured_query
""",
        "redisvl_adapters.langchain",
    ),
    "LlamaIndex": (
        "import llama_index.core.schema, llama_index.core.storage.chat_store, llama_index.core.vector_stores",
        "redisvl_adapters.llama_index",
    ),
}
"""What a program that uses the framework has imported anyway, and the adapter."""
# RedisVL imports numpy and ml_dtypes when it meets its first vector.
_IMPORT = """
{before}
import ml_dtypes, numpy, redis.asyncio, redisvl.index, redisvl.query, redisvl.schema
import gc, time
gc.collect()  # else a collection of what the framework has made falls into whatever is imported next
began = time.perf_counter()
from {adapter} import RedisVectorStore
print(time.perf_counter() - began)
"""


def _import(name: str, adapter: tuple[str, str]) -> Row:
    code = _IMPORT.format(before=adapter[0], adapter=adapter[1])
    # Of an installed package the bytecode is there: the first run makes it here.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    times = [float(subprocess.check_output(command, env=environment)) for _ in range(8)]  # noqa: S603  # all of it is ours
    seconds = statistics.median(times[1:])
    said = f"<= {MOST_IMPORT:.2f} s"
    return Row(f"{name} above its framework and redisvl", f"{seconds:.3f} s", said, seconds <= MOST_IMPORT)


if __name__ == "__main__":
    main()
