"""What changes with the number of vectors: the rate of ingest, the time of a search, recall, and memory.

    python -m benchmarks.scale                                     10,000 and 100,000 vectors, in Markdown
    python -m benchmarks.scale --sizes 10000 100000 1000000        an hour or more
    python -m benchmarks.scale --write docs/performance.md         into a page, with plots beside it

HNSW, hashes, 128 dimensions, cosine. The vectors are those of the docstrings of Python's standard library, embedded by
WordLlama, cut to 128 dimensions and disturbed, so that no two are the same; the queries are questions about it. What is
true is computed by NumPy. Searches find ten through the LangChain store, and take turns with the same command through
redis-py alone. The server is that of REDIS_URL, or a fresh one; nobody else should use it, since its memory is
measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, product
from pathlib import Path
from typing import Any

import numpy as np
import redis
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from benchmarks.pages import write_part
from benchmarks.questions import QUESTIONS
from benchmarks.servers import server
from redisvl_adapters.core import Compare, Operator, operations
from redisvl_adapters.langchain import RedisVectorStore
from stdlib_corpus import Passage, read_stdlib
from wordllama_model import embed

DIMS = 128
K = 10
NOISE = 0.05
"""The standard deviation of what is added to each number of a vector of unit length."""
TEXT_LENGTH = 200
SHARDS = 20
"""The filter lets one record in so many through."""
BATCH = 5_000
ROUNDS = 4
"""How often each question is asked."""
STILL = 50_000
"""Bytes by which the memory of an idle server may change."""
MARK = "<!-- benchmarks/scale.py -->"

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """What was measured at one size. Times are in milliseconds, ours first and then those of the command alone."""

    size: int
    rate: float
    times: dict[str, tuple[list[float], list[float]]]
    recall: dict[str, float]
    megabytes: float

    def percentile(self, search: str, percent: int) -> float:
        """Return a percentile of our times."""
        return float(np.percentile(self.times[search][0], percent))

    def share(self, search: str) -> float:
        """Return what we add to the command: the median of the differences between neighbours in time."""
        return statistics.median(ours - alone for ours, alone in zip(*self.times[search], strict=True))


class _Ready(Embeddings):
    """Hands out the vectors that come next, since they are there already."""

    def __init__(self) -> None:
        self.coming: Iterator[list[float]] = iter(())

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return list(islice(self.coming, len(texts)))

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError(text)


def main() -> None:
    """Print the tables, and write them and the plots if that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="how many vectors")
    parser.add_argument("--memory", type=int, default=10_000, help="how many vectors the memory is measured with")
    parser.add_argument("--write", type=Path, help="a Markdown page whose part of this it replaces")
    given = parser.parse_args()
    passages = read_stdlib()
    vectors = _cut(embed([passage.text for passage in passages]))
    questions = _cut(embed([question for question, _ in QUESTIONS]))
    with server() as url:
        memory = {kind: _memory(url, passages, vectors, given.memory, *kind) for kind in _KINDS}
        scales = [_measure(url, passages, vectors, questions, size) for size in given.sizes]
    text = "\n".join([*_table(scales), "", *_memory_table(memory, given.memory), ""])
    print(text)
    if given.write:
        _write(given.write, text, scales, given)


def _cut(vectors: Sequence[Sequence[float]]) -> Matrix:
    """Return vectors cut to fewer dimensions, at unit length."""
    return _unit(np.asarray(vectors, dtype=np.float32)[:, :DIMS])


def _unit(rows: Matrix) -> Matrix:
    unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _disturbed(vectors: Matrix, size: int) -> Matrix:
    """Return as many vectors as wanted, each near to one of those given."""
    random = np.random.default_rng(0)
    rows = vectors[np.arange(size) % len(vectors)]
    return _unit(rows + random.normal(scale=NOISE, size=rows.shape).astype(np.float32))


def _measure(url: str, passages: list[Passage], vectors: Matrix, questions: Matrix, size: int) -> Scale:
    rows = _disturbed(vectors, size)
    with _opened(url, f"scale-{size}") as (store, embedding), _client(url) as client:
        before = _used(client)
        seconds = _fill(store, embedding, passages, rows)
        megabytes = (_used(client) - before) / 2**20
        print(f"{size:,} vectors written in {seconds:.0f} s", file=sys.stderr)
        filters: dict[str, dict[str, Any] | None] = {"all": None, "filtered": {"shard": "7"}}
        times: dict[str, tuple[list[float], list[float]]] = {}
        recall: dict[str, float] = {}
        for name, filter in filters.items():
            among = np.arange(size) if filter is None else np.arange(7, size, SHARDS)
            true = _nearest(rows[among], questions)
            found = [_ids(store, question, filter) for question in questions]
            recall[name] = statistics.fmean(
                len(set(got) & {str(among[place]) for place in wanted}) / K
                for got, wanted in zip(found, true, strict=True)
            )
            times[name] = _latencies(store, client, questions, filter)
        return Scale(size, size / seconds, times, recall, megabytes)


def _fill(store: RedisVectorStore, embedding: _Ready, passages: list[Passage], rows: Matrix) -> float:
    """Write records in batches and return the seconds that took, without the making of the batches."""
    seconds = 0.0
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH].tolist()
        embedding.coming = iter(batch)
        places = range(start, start + len(batch))
        texts = [passages[place % len(passages)].text[:TEXT_LENGTH] for place in places]
        metadatas: list[dict[str, Any] | None] = [
            {"shard": str(place % SHARDS), "kind": passages[place % len(passages)].kind, "lines": place % 500}
            for place in places
        ]
        began = time.perf_counter()
        store.add_texts(texts, metadatas, ids=[str(place) for place in places])
        seconds += time.perf_counter() - began
    return seconds


def _nearest(rows: Matrix, questions: Matrix) -> NDArray[np.intp]:
    """Return the places of the true neighbours of each question."""
    return (questions @ rows.T).argpartition(-K, axis=1)[:, -K:]


def _ids(store: RedisVectorStore, question: Matrix, filter: dict[str, Any] | None) -> list[str]:
    return [str(document.id) for document in store.similarity_search_by_vector(question.tolist(), K, filter)]


def _latencies(
    store: RedisVectorStore, client: Any, questions: Matrix, filter: dict[str, Any] | None
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of searches, and of the same commands alone."""
    ours: list[float] = []
    alone: list[float] = []
    wanted = None if filter is None else Compare("shard", Operator.EQ, filter["shard"])
    for number, question in enumerate(chain.from_iterable([questions] * ROUNDS)):
        vector = question.tolist()
        (command,) = next(operations.search_by_vector(store.index.state, vector, K, wanted))
        turns = [
            (ours, partial(store.similarity_search_by_vector, vector, K, filter)),
            (alone, partial(client.execute_command, *command.args)),
        ]
        # The second one finds the server's caches warm, so each is second as often as the other.
        for times, run in turns if number % 2 else reversed(turns):
            times.append(_milliseconds(run))
    return ours, alone


def _milliseconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


_KINDS = list(product(("hash", "json"), ("float32", "float16")))


def _memory(url: str, passages: list[Passage], vectors: Matrix, size: int, storage: str, dtype: str) -> float:
    """Return the bytes that a record takes, its share of the index included."""
    with (
        _opened(url, "scale-memory", storage=storage, dtype=dtype) as (store, embedding),
        _client(url) as client,
    ):
        before = _used(client)
        _fill(store, embedding, passages, _disturbed(vectors, size))
        return (_used(client) - before) / size


def _used(client: Any) -> int:
    """Return the bytes that the server uses, once it has freed in the background what was dropped before."""
    used: list[int] = []
    while len(used) < 2 or abs(used[-1] - used[-2]) > STILL:
        time.sleep(0.2)
        used.append(client.info("memory")["used_memory"])
    return used[-1]


@contextmanager
def _opened(url: str, name: str, **options: Any) -> Iterator[tuple[RedisVectorStore, _Ready]]:
    """Yield a store on an empty index, which is dropped in the end."""
    embedding = _Ready()
    schema = {"shard": "tag", "kind": "tag", "lines": "numeric"}
    with RedisVectorStore(embedding, index_name=name, redis_url=url, metadata_schema=schema, **options) as store:
        store.drop()
        store.create(DIMS)
        yield store, embedding
        store.drop()


@contextmanager
def _client(url: str) -> Iterator[Any]:
    with redis.Redis.from_url(url, protocol=2) as client:
        yield client


def _table(scales: Sequence[Scale]) -> list[str]:
    search = "search p50 / p99, ms | we add, ms | recall@10"
    return [
        f"| vectors | written a second | {search} | filtered {search} | memory, MB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {scale.size:,} | {scale.rate:,.0f} | "
            + " | ".join(
                f"{scale.percentile(name, 50):.2f} / {scale.percentile(name, 99):.2f} | {scale.share(name):.2f} | "
                f"{scale.recall[name]:.3f}"
                for name in ("all", "filtered")
            )
            + f" | {scale.megabytes:,.0f} |"
            for scale in scales
        ),
    ]


def _memory_table(memory: Mapping[Any, float], size: int) -> list[str]:
    return [
        f"| bytes per record, of {size:,} | float32 | float16 |",
        "|---|--:|--:|",
        *(
            f"| {storage} | {memory[storage, 'float32']:,.0f} | {memory[storage, 'float16']:,.0f} |"
            for storage in ("hash", "json")
        ),
    ]


def _write(page: Path, text: str, scales: Sequence[Scale], given: argparse.Namespace) -> None:
    """Replace this part of a page, or add it, and draw the plots beside it."""
    plot = page.with_name(f"{page.stem}-scale.png")
    _draw(plot, scales)
    command = f"python -m benchmarks.scale --sizes {' '.join(map(str, given.sizes))} --write {page}"
    write_part(
        page,
        MARK,
        f"## With the number of vectors\n\nMade by `{command}` on {os.cpu_count()} cores, Python "
        f"{platform.python_version()}. HNSW, hashes, {DIMS} dimensions, k = {K}, texts of {TEXT_LENGTH} characters and "
        f'three metadata fields; the filter lets 1 record in {SHARDS} through. "We add" is the median of the '
        "differences between a search through the LangChain store and the same command through redis-py beside "
        f"it in time.\n\n{text}\n![Plots of the table above]({plot.name})\n",
    )


def _draw(path: Path, scales: Sequence[Scale]) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415  # only for plots

    sizes = [scale.size for scale in scales]
    figure, (latency, added, rate) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    for name in ("all", "filtered"):
        latency.plot(sizes, [scale.percentile(name, 50) for scale in scales], "o-", label=f"{name}, p50")
        latency.plot(sizes, [scale.percentile(name, 99) for scale in scales], "o--", label=f"{name}, p99")
        added.plot(sizes, [scale.share(name) for scale in scales], "o-", label=name)
    rate.plot(sizes, [scale.rate for scale in scales], "o-")
    for axes, title in ((latency, "search, ms"), (added, "of which ours, ms"), (rate, "written a second")):
        axes.set(title=title, xlabel="vectors", xscale="log", ylim=0)
        axes.grid(alpha=0.3)
    latency.set(yscale="log", ylim=(0.1, None))
    latency.legend()
    added.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
