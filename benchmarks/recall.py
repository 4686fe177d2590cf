"""How many of the true neighbours HNSW finds, and in what time: by ef_runtime, with filters, by our rule, in ranges.

    python -m benchmarks.recall                          tables in Markdown, some five minutes
    python -m benchmarks.recall --plot docs/recall.png   and a plot

The server is that of REDIS_URL, or a fresh one. The texts are the docstrings of Python's standard library, whole and in
pieces, embedded by WordLlama (256 dimensions, cosine), in an index with the server's defaults. What is true is computed
by NumPy over all vectors, as a FLAT index would. Whatever is as near as the last true neighbour counts: texts with the
same words have the same vector. Times are medians through the LangChain store, from vector to documents; the settings
take turns, so that all have the same weather. On a server with other keys recall differs by some hundredths where it is
low: the scan of them meets records that are written meanwhile, and indexes them again.
"""

from __future__ import annotations

import argparse
import platform
import random
import re
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from benchmarks.questions import QUESTIONS
from benchmarks.servers import server
from redisvl_adapters.core.search.tuning import default_ef
from redisvl_adapters.langchain import RedisVectorStore

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from stdlib_corpus import read_stdlib
from wordllama_langchain import WordLlamaEmbeddings

EFS = (10, 20, 50, 100, 200, 400)
SHARES = (1.0, 0.5, 0.05, 0.005)
"""Selectivities: the share of the records that a filter lets through."""
KS = (1, 4, 10, 50, 200, 1000)
EPSILONS = (0.01, 0.1, 0.3)
RANGES = ((10, 10), (50, 50), (50, 500), (1000, 50))
"""For ranges: k, and how many records are within the distance of the median query."""
QUERIES = 300
LEAST_PIECES = 50_000
LEAST_RECALL = 0.95
SHORTEST = 16
WINDOW, STRIDE = 12, 6
"""Words in a window, and from the start of one to that of the next."""
ROUNDING = 1e-6
"""By how much a cosine distance of float32 may be off."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Setting:
    """One way of searching: for k records, of a share of all, with some options."""

    k: int = 10
    share: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Tally:
    """What one setting found.

    Attributes:
        recalls: The share of the true neighbours that was found, for each query that has any.
        seconds: The time of each query.
    """

    recalls: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The mean recall."""
        return statistics.fmean(self.recalls)

    @property
    def ms(self) -> float:
        """The median time in milliseconds."""
        return statistics.median(self.seconds) * 1000


class Corpus:
    """Texts in a store, with the distance of each from each query.

    Attributes:
        store: The store. The id of a text is its number, and its metadata is a random ``place`` among all.
        texts: The texts.
        distances: Cosine distances, shape (queries, texts).
    """

    def __init__(self, store: RedisVectorStore, texts: Sequence[str], asked: Sequence[str]) -> None:
        self.store = store
        self.texts = texts
        self._queries = store.embeddings.embed_documents(list(asked))
        vectors = np.array(store.embeddings.embed_documents(list(texts)), dtype=np.float32)
        self.distances: Matrix = 1 - np.array(self._queries, dtype=np.float32) @ vectors.T
        self._places = np.random.default_rng(0).permutation(len(texts))

    def fill(self) -> None:
        """Write all texts."""
        self.store.drop()
        self.store.add_documents(
            [
                Document(id=str(number), page_content=text, metadata={"place": int(place)})
                for number, (text, place) in enumerate(zip(self.texts, self._places, strict=True))
            ]
        )

    def measure(self, settings: Sequence[Setting]) -> list[Tally]:
        """Ask all queries in all settings, and hold what is found against the truth."""
        tallies = [Tally() for _ in settings]
        chosen = random.Random(0)  # noqa: S311  # no secret
        count = len(self._queries)
        for step in range(count):
            # At each step every setting has another query, since one that was just asked is quick.
            turns = [((step + place * count // len(settings)) % count, place) for place in range(len(settings))]
            for number, place in chosen.sample(turns, len(turns)):
                self._ask(number, settings[place], tallies[place])
        return tallies

    def _ask(self, number: int, setting: Setting, tally: Tally) -> None:
        below = round(setting.share * len(self.texts))
        filter = {"place": {"$lt": below}} if setting.share < 1 else None
        began = time.perf_counter()
        found = self.store.similarity_search_by_vector(self._queries[number], setting.k, filter, **setting.options)
        tally.seconds.append(time.perf_counter() - began)
        distances = self.distances[number]
        true = distances[self._places < below]
        true = true[true <= setting.options.get("distance_threshold", np.inf)]
        if not len(true):
            return
        count = min(setting.k, len(true))
        furthest = np.partition(true, count - 1)[count - 1] + ROUNDING
        near = sum(float(distances[int(document.id or 0)]) <= furthest for document in found)
        tally.recalls.append(min(1.0, near / count))


def main() -> None:
    """Print the tables.

    Raises:
        SystemExit: Our rule for ef_runtime finds less than it promises.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=Path, help="where to write a plot of the larger corpus, as PNG")
    plot = parser.parse_args().plot
    whole = [passage.text for passage in read_stdlib()]
    pieces = cut(whole)
    assert len(pieces) >= LEAST_PIECES
    asked = queries(pieces)
    least = 1.0
    print(f"Python {platform.python_version()}: {len(QUESTIONS)} questions and {QUERIES - len(QUESTIONS)} mixed texts")
    with server() as url:
        for name, texts in (("passages", whole), ("pieces", pieces)):
            with RedisVectorStore(WordLlamaEmbeddings(), index_name=f"recall-{name}", redis_url=url) as store:
                corpus = Corpus(store, texts, asked)
                began = time.perf_counter()
                corpus.fill()
                print(f"\n## {len(texts):,} {name}, written in {time.perf_counter() - began:.0f} s")
                least = min(least, *_rule(corpus))
                tallies = _by_ef(corpus)
                if texts is pieces:
                    _ranges(corpus)
                    if plot:
                        draw(tallies, f"{len(texts):,} vectors of 256 dimensions, k = 10", plot)
                store.drop()
    if least < LEAST_RECALL:
        sys.exit(f"our rule finds {least:.3f}, less than {LEAST_RECALL}")


def cut(texts: Iterable[str]) -> list[str]:
    """Return the sentences of texts, their clauses, and windows of words over both; each once, none very short."""
    sentences = [" ".join(each.split()) for text in texts for each in re.split(r"(?<=[.!?:])\s+|\n\s*\n", text)]
    clauses = [each.strip() for sentence in sentences for each in re.split(r"[,;()]", sentence)]
    words = [each.split() for each in dict.fromkeys([*sentences, *clauses])]
    windows = [" ".join(each[start : start + WINDOW]) for each in words for start in range(0, len(each), STRIDE)]
    return [each for each in dict.fromkeys([*sentences, *clauses, *windows]) if len(each) >= SHORTEST]


def queries(pieces: Sequence[str]) -> list[str]:
    """Return the questions, and texts of which each half is from another piece: on a subject, but in no record."""
    chosen = random.Random(0)  # noqa: S311  # no secret
    long = [piece.split() for piece in pieces if len(piece.split()) >= 8]
    halves = [chosen.sample(long, 2) for _ in range(QUERIES - len(QUESTIONS))]
    mixed = [" ".join([*one[: len(one) // 2], *other[len(other) // 2 :]]) for one, other in halves]
    return [*(question for question, _ in QUESTIONS), *mixed]


def _rule(corpus: Corpus) -> list[float]:
    tallies = corpus.measure([Setting(k) for k in KS])
    print("\nWithout ef_runtime, by our rule:\n")
    _row("k", "ef_runtime", "recall@k", "p50 ms")
    _row(*["---:"] * 4)
    for k, tally in zip(KS, tallies, strict=True):
        _row(k, default_ef(k), f"{tally.recall:.3f}", f"{tally.ms:.2f}")
    return [tally.recall for tally in tallies]


def _by_ef(corpus: Corpus) -> dict[float, list[Tally]]:
    pairs = [(share, ef) for share in SHARES for ef in EFS]
    measured = corpus.measure([Setting(share=share, options={"ef_runtime": ef}) for share, ef in pairs])
    tallies = {share: measured[place * len(EFS) :][: len(EFS)] for place, share in enumerate(SHARES)}
    print("\nrecall@10 (p50 ms) by ef_runtime and by the share of the records that a filter lets through:\n")
    _row("ef_runtime", *map(_title, SHARES))
    _row(*["---:"] * (1 + len(SHARES)))
    for place, ef in enumerate(EFS):
        cells = [tallies[share][place] for share in SHARES]
        _row(ef, *(f"{tally.recall:.3f} ({tally.ms:.2f})" for tally in cells))
    return tallies


def _ranges(corpus: Corpus) -> None:
    ways: list[dict[str, float]] = [{}, *({"epsilon": epsilon} for epsilon in EPSILONS)]
    print("\nRecall (p50 ms) with distance_threshold: KNN with a bound, and range queries with epsilon:\n")
    _row("k", "threshold", "within it, median", "no epsilon", *(f"epsilon {epsilon}" for epsilon in EPSILONS))
    _row(*["---:"] * (3 + len(ways)))
    for k, within in RANGES:
        threshold = float(np.median(np.partition(corpus.distances, within, axis=1)[:, within]))
        tallies = corpus.measure([Setting(k, options={"distance_threshold": threshold, **way}) for way in ways])
        _row(k, f"{threshold:.3f}", within, *(f"{tally.recall:.3f} ({tally.ms:.2f})" for tally in tallies))


def _title(share: float) -> str:
    return "no filter" if share == 1 else f"{share:.1%}".replace(".0%", "%")


def _row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def draw(tallies: Mapping[float, Sequence[Tally]], title: str, path: Path) -> None:
    """Draw recall and time by ef_runtime."""
    figure = Figure(figsize=(9, 3.4), dpi=80, layout="constrained")
    left, right = figure.subplots(1, 2)
    for share, row in tallies.items():
        left.plot(EFS, [tally.recall for tally in row], marker="o", label=_title(share))
        right.plot(EFS, [tally.ms for tally in row], marker="o", label=_title(share))
    left.axhline(LEAST_RECALL, color="grey", linestyle=":")
    for axes, name in ((left, "recall@10"), (right, "p50, ms")):
        axes.set_xscale("log")
        axes.set_xticks(EFS, [str(ef) for ef in EFS])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("ef_runtime")
        axes.set_ylabel(name)
        axes.grid(visible=True, alpha=0.3)
    right.set_ylim(bottom=0)
    left.legend(title="records that the filter keeps")
    figure.suptitle(title)
    figure.savefig(path)


if __name__ == "__main__":
    main()
