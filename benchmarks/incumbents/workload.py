"""What is measured: the same documents, vectors and queries for everybody, and the clock.

Needs numpy alone, since the incumbents read it in their own virtual environments.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

TEXT_LENGTH = 480
QUERIES = 200
"""Different queries: the first ones in turn for one search at a time, all of them for searches at once."""
IDS = 100
"""Ids in one get."""
BATCH = 32
"""Queries in one batch."""
TOPIC = "a"
SINCE = 2008
"""The filter, ``topic == "a" and year >= 2008``, keeps one record in four."""


@dataclass(frozen=True)
class Workload:
    """One set of records on one kind of index.

    Attributes:
        url: The server.
        storage: ``hash`` or ``json``.
        algorithm: ``flat`` or ``hnsw``.
        records: How many.
        dims: The dimensions of their vectors.
    """

    url: str
    storage: str
    algorithm: str
    records: int
    dims: int

    @cached_property
    def ids(self) -> list[str]:
        """One id per record."""
        return [f"record-{place}" for place in range(self.records)]

    @cached_property
    def texts(self) -> list[str]:
        """One text of pseudo-words per record; frequent words are frequent, as in real text."""
        random = np.random.default_rng(1)
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
        words = ["".join(random.choice(letters, size=length)) for length in random.integers(2, 11, size=3000)]
        picks = (random.zipf(1.3, size=(self.records, TEXT_LENGTH // 3)) - 1) % len(words)
        return [" ".join(words[pick] for pick in row)[:TEXT_LENGTH].strip() for row in picks]

    @cached_property
    def metadatas(self) -> list[dict[str, Any]]:
        """Three fields per record."""
        return [
            {"topic": "ab"[place % 2], "year": 1990 + place // 2 % 36, "source": f"book-{place % 50}"}
            for place in range(self.records)
        ]

    @cached_property
    def vectors(self) -> list[list[float]]:
        """One vector per record, as an embedding model gives it: Python lists of floats."""
        return self._random(2, self.records)

    @cached_property
    def queries(self) -> list[str]:
        """The texts of the queries."""
        return [f"query {number}" for number in range(QUERIES)]

    @cached_property
    def query_vectors(self) -> list[list[float]]:
        """The vectors of the queries."""
        return self._random(3, QUERIES)

    def _random(self, seed: int, count: int) -> list[list[float]]:
        numbers: list[list[float]] = np.random.default_rng(seed).normal(size=(count, self.dims)).tolist()
        return numbers


class ReadyEmbeddings:
    """A LangChain embedding that knows all vectors beforehand, so that only the store is measured.

    Args:
        workload: Has the texts and their vectors.
        delay: Seconds that the embedding of a query takes, as if a model was asked over the network.
    """

    def __init__(self, workload: Workload, delay: float = 0) -> None:
        self._documents = dict(zip(workload.texts, workload.vectors, strict=True))
        self._queries = dict(zip(workload.queries, workload.query_vectors, strict=True))
        self._delay = delay

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Look the vectors of documents or of queries up."""
        return [self._documents.get(text) or self._queries[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Look the vector of a query up, after the delay."""
        if self._delay:
            time.sleep(self._delay)
        return self._queries[text]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Look the vectors of documents or of queries up."""
        return self.embed_documents(texts)

    async def aembed_query(self, text: str) -> list[float]:
        """Look the vector of a query up, after the delay, which blocks nobody."""
        await asyncio.sleep(self._delay)
        return self._queries[text]


def timed(contestant: object, task: str, times: int) -> float:
    """Return the seconds that a task of a contestant takes, done so many times on end."""
    run = getattr(contestant, task)
    began = time.perf_counter()
    for _ in range(times):
        run()
    return time.perf_counter() - began
