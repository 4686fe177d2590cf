"""What a cache can fail with: damaged entries, and embedding models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redisvl_adapters.errors import EmbeddingError, RecordError

DAMAGE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an entry raises if its stored form is damaged."""


class DamagedEntryError(Exception):
    """An entry cannot be read back. It never leaves a cache: it is a miss, with a warning."""


NEVER_RAISED = (DamagedEntryError, RecordError)
"""What is wrong with one entry, one prompt or one answer alone: the call goes on without the cache."""


@contextmanager
def embedding_failures() -> Iterator[None]:
    """Let whatever an embedding model raises be an error of ours, with the model's own as its cause.

    Raises:
        EmbeddingError: If so.
    """
    try:
        yield
    except Exception as error:
        raise EmbeddingError(
            f"the embedding model of the cache failed: {type(error).__name__}: {error!s:.300}; with on_error='miss' "
            "the call goes on without the cache"
        ) from error
