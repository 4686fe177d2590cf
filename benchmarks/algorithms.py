"""What the vector algorithms find, and the memory that they take.

    REDIS_URL=redis://... python -m benchmarks.algorithms                       100,000 vectors, in Markdown
    REDIS_URL=redis://... python -m benchmarks.algorithms --write docs/performance.md

256 dimensions, cosine, hashes. The vectors are those of the docstrings of Python's standard library, embedded by
WordLlama and disturbed, so that no two are the same; the queries are questions about it, and what is true is computed
by NumPy. What a server lacks gets no row. Nobody else should use the server, since its memory is measured.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import redis
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from benchmarks.pages import write_part
from benchmarks.questions import QUESTIONS
from benchmarks.servers import server
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.errors import AdapterError
from stdlib_corpus import read_stdlib
from wordllama_model import embed

K = 10
NOISE = 0.03
"""The standard deviation of what is added to each number of a vector of unit length."""
BATCH = 2_000
STILL = 50_000
"""Bytes by which the memory of an idle server may change."""
MARK = "<!-- benchmarks/algorithms.py -->"

KINDS: Mapping[str, dict[str, Any]] = {
    "HNSW, float32": {"algorithm": "hnsw"},
    "HNSW, float16": {"algorithm": "hnsw", "dtype": "float16"},
    "HNSW, int8": {"algorithm": "hnsw", "dtype": "int8"},
    "FLAT, float32": {"algorithm": "flat"},
    "SVS-VAMANA, float32": {"algorithm": "svs-vamana"},
    "SVS-VAMANA, float16": {"algorithm": "svs-vamana", "dtype": "float16"},
    "SVS-VAMANA, LVQ8": {"algorithm": "svs-vamana", "compression": "LVQ8"},
    "SVS-VAMANA, LVQ4x8": {"algorithm": "svs-vamana", "compression": "LVQ4x8"},
    "SVS-VAMANA, LeanVec8x8": {"algorithm": "svs-vamana", "compression": "LeanVec8x8", "reduce": 128},
}

Matrix = NDArray[np.float32]


def main() -> None:
    """Print the table, and write it if that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=100_000, help="how many vectors")
    parser.add_argument("--only", default="", help="only the rows whose name has this in it")
    parser.add_argument("--write", type=Path, help="a Markdown page whose part of this it replaces")
    given = parser.parse_args()
    base = _unit(np.asarray(embed([passage.text for passage in read_stdlib()]), dtype=np.float32))
    questions = _unit(np.asarray(embed([question for question, _ in QUESTIONS]), dtype=np.float32))
    random = np.random.default_rng(0)
    rows = base[np.arange(given.size) % len(base)]
    rows = _unit(rows + random.normal(scale=NOISE, size=rows.shape).astype(np.float32))
    with server() as url, redis.Redis.from_url(url, protocol=2) as client:
        table = list(_table(url, client, rows, questions, given.only))
        name = _server_name(client)
    text = "\n".join(["| index | recall@10 | bytes a record |", "|---|--:|--:|", *table])
    print(text)
    if given.write:
        command = f"python -m benchmarks.algorithms --size {given.size} --write {given.write}"
        write_part(
            given.write,
            MARK,
            f"## By algorithm\n\nMade by `{command}` on {name}: {rows.shape[1]} dimensions, cosine, hashes with a text "
            f"of five words, k = {K}, the defaults of the library. Bytes are all that a record takes, its share of the "
            f"index included.\n\n{text}\n",
        )


def _table(url: str, client: Any, rows: Matrix, questions: Matrix, only: str) -> Iterator[str]:
    true = [set(map(str, near)) for near in (questions @ rows.T).argpartition(-K, axis=1)[:, -K:]]
    for name, options in KINDS.items():
        if only.lower() not in name.lower():
            continue
        # SVS-VAMANA trains on what was written, all at once.
        waits: Any = {"socket_timeout": 300, "index_name": "algorithms", "learn": False}
        with closing(RedisIndex(redis_url=url, **waits, **options)) as index:
            state = index.state
            index.run(operations.drop(state))
            try:
                index.run(operations.create(state, rows.shape[1]))
            except AdapterError as error:
                print(f"{name}: {error}", file=sys.stderr)
                continue
            before = _used(client)
            _fill(index, rows)
            size = (_used(client) - before) / len(rows)
            recalls: list[float] = []
            for vector, wanted in zip(questions.tolist(), true, strict=True):
                hits = index.run(operations.search_by_vector(state, vector, K))
                recalls.append(len(wanted & {hit.record.id for hit in hits}) / K)
            index.run(operations.drop(state))
            found = statistics.fmean(recalls)
            yield f"| {name} | {found:.3f} | {size:,.0f} |"


def _fill(index: RedisIndex, rows: Matrix) -> None:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH].tolist()
        records = [Record(str(start + place), "a text of five words", {}) for place in range(len(batch))]
        index.run(operations.upsert(index.state, records, batch))


def _used(client: Any) -> int:
    """Return the bytes that the server uses, once it has done in the background what it does there."""
    used: list[int] = []
    while len(used) < 2 or abs(used[-1] - used[-2]) > STILL:
        time.sleep(0.5)
        used.append(client.info("memory")["used_memory"])
    return used[-1]


def _server_name(client: Any) -> str:
    modules = {module[b"name"]: module[b"ver"] for module in client.module_list()}
    version = modules.get(b"search", 0)
    search = f"{version // 10000}.{version // 100 % 100}.{version % 100}"
    return f"Redis {client.info('server')['redis_version']} with search {search}"


def _unit(rows: Matrix) -> Matrix:
    unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


if __name__ == "__main__":
    main()
