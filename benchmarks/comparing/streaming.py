"""Memory while a long stream of documents is added: a process of its own, which reports on itself.

    python -m benchmarks.comparing.streaming URL COUNT

Prints one JSON object: MB of memory at the start, those above it whenever a batch was embedded, beside how many
documents had been read by then, and whether the stream came to its end.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from benchmarks.incumbents.workload import Workload
from redisvl_adapters.langchain import RedisVectorStore

DIMS = 384
BATCH = 500
TOO_MUCH = 1000
"""MB above the start at which the stream ends, since the rest would only fill the machine."""
_STATUS = Path("/proc/self/statm")


class _TooMuchError(Exception):
    pass


class _Watch:
    """Notes how much memory this process has taken since the watch began."""

    def __init__(self) -> None:
        self.start = _megabytes()
        self.above: list[tuple[int, float]] = []
        self.documents = 0

    def note(self) -> None:
        self.above.append((self.documents, _megabytes() - self.start))
        if self.above[-1][1] > TOO_MUCH:
            raise _TooMuchError


class _RandomEmbeddings(Embeddings):
    """Makes vectors up, and notes the memory each time."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)
        self.watch: _Watch | None = None

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.watch:
            self.watch.note()
        vectors: list[list[float]] = self._random.normal(size=(len(texts), DIMS)).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def main(url: str, count: int) -> None:
    """Add documents and print how much memory that took."""
    texts = Workload(url, "hash", "flat", 1000, DIMS).texts
    embedding = _RandomEmbeddings()
    with RedisVectorStore(embedding, index_name="compare-stream", redis_url=url, algorithm="flat") as store:
        store.drop()
        store.add_documents([Document(texts[0], metadata=_metadata(0))], batch_size=BATCH)
        watch = embedding.watch = _Watch()

        def documents() -> Iterator[Document]:
            for number in range(count):
                watch.documents = number + 1
                yield Document(f"{number} {texts[number % len(texts)]}", metadata=_metadata(number))

        done = True
        try:
            store.add_documents(documents(), batch_size=BATCH)
            watch.note()
        except _TooMuchError:
            done = False
        finally:
            store.drop()
    print(json.dumps({"start": watch.start, "above": watch.above, "done": done}))


def _metadata(number: int) -> dict[str, Any]:
    return {"topic": "ab"[number % 2], "year": 1990 + number % 36, "source": f"book-{number % 50}"}


def _megabytes() -> float:
    """Return the resident memory of this process."""
    return int(_STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
