"""The same prompts, vectors and answers for every cache that is measured. Needs nothing but LangChain and NumPy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration

DIMS = 256
MODEL = "[('model', 'm'), ('temperature', 0), ('stop', None), ('tools', None)]" * 8
NEAR, FAR = "a question that is near one of them", "a question that is near none of them"
THRESHOLD = 0.1


class Told(Embeddings):
    """An embedding model that takes no time: every vector is there already, as a list of floats."""

    def __init__(self, size: int) -> None:
        random = np.random.default_rng(0)
        vectors = random.normal(size=(size, DIMS))
        self._vectors = {prompt(place): vector.tolist() for place, vector in enumerate(vectors)}
        self._vectors[NEAR] = (vectors[size // 2] + 0.01).tolist()
        self._vectors[FAR] = random.normal(size=DIMS).tolist()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a text."""
        vector: list[float] = self._vectors.get(text) or [1.0] * DIMS
        return vector


def prompt(place: int) -> str:
    """Return one of the prompts."""
    return f"question {place}: how is this done, and what is to be kept in mind?"


def answer(place: int) -> list[Any]:
    """Return an answer of 400 characters, with what a model says beside it."""
    message = AIMessage(
        f"answer {place:8} " * 25,
        id=f"run-{place}",
        response_metadata={"model_name": "m", "finish_reason": "stop"},
        usage_metadata={"input_tokens": 20, "output_tokens": 80, "total_tokens": 100},
    )
    return [ChatGeneration(message=message, generation_info={"finish_reason": "stop"})]


def seconds(side: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    side()
    return time.perf_counter() - began


def median_time(side: Callable[[], object], times: int) -> float:
    """Return how long something takes, in microseconds."""
    for _ in range(20):
        side()
    return statistics.median(seconds(side) for _ in range(times)) * 1e6
