"""Which way of retrieving finds the answers: questions about Python's standard library, with a small embedding model.

    python -m benchmarks.quality                           tables in Markdown, one minute
    python -m benchmarks.quality --plot docs/quality.png   and a plot

The server is that of REDIS_URL, or a fresh one. The passages are docstrings, embedded as they are by WordLlama, which
knows words and not their order. Each question has one answer or a few that are equally good, and the first one found
counts: MRR@10 is the mean of 1 / its rank (0 beyond ten), recall@10 the share of questions that have one among ten. The
intervals hold 95 of 100 samples drawn from the questions (paired bootstrap). A server with other keys gives slightly
other figures: its scan of them meets records that are written meanwhile, and RediSearch then counts their length twice.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.questions import QUESTIONS
from benchmarks.servers import server
from redisvl_adapters.langchain import RedisVectorStore

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from stdlib_corpus import read_stdlib
from wordllama_langchain import WordLlamaEmbeddings

K = 10
SAMPLES = 10_000
ALPHAS = tuple(tenth / 10 for tenth in range(11))
LAMBDAS = (0.9, 0.7, 0.5, 0.3)
CONSTANTS = (1, 5, 10, 20, 60, 100)
CANDIDATES = (10, 20, 50, 100, 200)
SCORERS = ("BM25STD", "BM25", "TFIDF", "TFIDF.DOCNORM", "DISMAX")
MATCHES = ("any", "all")
METRICS = ("MRR@10", "recall@10")

Scores = NDArray[np.float64]
"""1 / rank of the first answer, and whether there is one: shape (2, questions)."""
Retrieve = Callable[..., list[Document]]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=Path, help="where to write a plot of hybrid search by alpha, as PNG")
    plot = parser.parse_args().plot
    passages = read_stdlib()
    print(f"Python {platform.python_version()}: {len(QUESTIONS)} questions, {len(passages):,} passages")
    with (
        server() as url,
        RedisVectorStore(WordLlamaEmbeddings(), index_name="quality", redis_url=url) as store,
    ):
        store.drop()
        store.add_documents([Document(id=each.id, page_content=each.text, metadata=each.metadata) for each in passages])
        vector, text = judge(store.similarity_search), judge(store.text_search)
        better = vector if vector[0].mean() > text[0].mean() else text
        hybrid, mmr = store.hybrid_search, store.max_marginal_relevance_search
        _compare(
            "Ways of retrieving, and how far they are from the better of vector and text",
            {
                "vector": vector,
                "text": text,
                "hybrid, nothing said": judge(hybrid),
                "hybrid, rrf": judge(hybrid, fusion="rrf"),
                **{f"hybrid, linear, alpha {a}": judge(hybrid, fusion="linear", alpha=a) for a in ALPHAS[1:-1]},
                **{f"mmr, lambda_mult {each}": judge(mmr, lambda_mult=each) for each in LAMBDAS},
            },
            better,
        )
        text_by = partial(judge, store.text_search)
        settings = {f"text, scorer {each}": text_by(scorer=each) for each in SCORERS}
        settings |= {f"text, match {each}": text_by(match=each) for each in MATCHES}
        for constant in CONSTANTS:
            settings[f"rrf, rrf_constant {constant}"] = judge(hybrid, fusion="rrf", rrf_constant=constant)
        for fusion in ("rrf", "linear"):
            for count in CANDIDATES:
                settings[f"{fusion}, fetch_k {count}"] = judge(hybrid, fusion=fusion, fetch_k=count)
        _compare("Settings", settings, better)
        if plot:
            lines = {
                fusion: [judge(hybrid, fusion=fusion, alpha=alpha) for alpha in ALPHAS] for fusion in ("linear", "rrf")
            }
            draw(lines, {"text": text, "vector": vector}, plot)
        store.drop()


def judge(retrieve: Retrieve, **options: Any) -> Scores:
    """Return how well a way of retrieving answers each question."""
    scores = np.zeros((2, len(QUESTIONS)))
    for number, (question, answers) in enumerate(QUESTIONS):
        found = retrieve(question, k=K, **options)
        ranks = [rank for rank, document in enumerate(found, 1) if document.id in answers]
        if ranks:
            scores[:, number] = 1 / ranks[0], 1
    return scores


def _compare(title: str, found: Mapping[str, Scores], base: Scores) -> None:
    print(f"\n{title}:\n")
    _row("", *METRICS, *(f"{metric} against it" for metric in METRICS))
    _row("---", *["---:"] * 4)
    for name, scores in found.items():
        _row(name, *(f"{mean:.3f}" for mean in scores.mean(axis=1)), *map(_difference, scores, base))


def _difference(scores: Scores, base: Scores) -> str:
    """Return the mean difference between two ways over the same questions, with its interval."""
    differences = scores - base
    drawn = np.random.default_rng(0).integers(len(differences), size=(SAMPLES, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), (2.5, 97.5))
    return f"{differences.mean():+.3f} ({low:+.3f} to {high:+.3f})" if differences.any() else ""


def _row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def draw(lines: Mapping[str, list[Scores]], single: Mapping[str, Scores], path: Path) -> None:
    """Draw both metrics of hybrid search by alpha, with those of its sides."""
    figure = Figure(figsize=(9, 3.4), dpi=80, layout="constrained")
    for place, (axes, metric) in enumerate(zip(figure.subplots(1, 2), METRICS, strict=True)):
        for name, row in lines.items():
            axes.plot(ALPHAS, [scores[place].mean() for scores in row], marker="o", label=f"hybrid, {name}")
        for (name, scores), style in zip(single.items(), ("--", ":"), strict=True):
            axes.axhline(scores[place].mean(), color="grey", linestyle=style, label=name)
        axes.set_xlabel("alpha: 0 is text alone, 1 is vector alone")
        axes.set_ylabel(metric)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="lower left")
    figure.suptitle(f"{len(QUESTIONS)} questions on Python's standard library")
    figure.savefig(path)


if __name__ == "__main__":
    main()
