"""A small text embedding model that comes inside a wheel: it needs no network, no key and no GPU.

`pip install "wordllama>=0.3.9"` brings a model of 256 dimensions (16 MB). It knows words and not word order: good for
examples and tests, where texts on one subject must lie near each other.
"""

import importlib
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 256
MODEL_NAME = "wordllama-l2-supercat-256"


class _Model(Protocol):
    """The part of `wordllama.WordLlamaInference` that is used here."""

    def embed(self, texts: list[str], *, batch_size: int) -> NDArray[np.float32]: ...


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Embed texts with the model, which is loaded once for a process.

    Args:
        texts: Any number of texts of any length; none is cut off.

    Returns:
        A vector of `DIMENSIONS` floats and unit length for each text.

    Raises:
        ValueError: A text is empty. It has no words, so its vector would be zero and without a direction.
    """
    for position, text in enumerate(texts):
        if not text:
            message = f"text {position} of {len(texts)} is empty: leave it out, an empty text has no direction"
            raise ValueError(message)
    # A batch is padded to its longest text, so texts of one length go together.
    order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
    vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
    vectors[order] = load().embed([texts[position] for position in order], batch_size=32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.tolist()


@cache
def load() -> _Model:
    """Load the model from the installed package; nothing is ever downloaded.

    Raises:
        FileNotFoundError: The installed wordllama came without its model files.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    wordllama = importlib.import_module("wordllama")
    # The import turns on INFO logging for the whole process: take that back.
    root.handlers[:] = handlers
    root.setLevel(level)
    # Without cache_dir it finds its weights but not its tokenizer, and would ask the network for it.
    folder = Path(wordllama.__path__[0])
    model = wordllama.WordLlama.load("l2_supercat", cache_dir=folder, dim=DIMENSIONS, disable_download=True)
    return cast("_Model", model)
