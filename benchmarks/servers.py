"""The server that a benchmark runs on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from redisvl_adapters.embedded import EmbeddedRedis


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of the server that REDIS_URL names, or of a fresh one."""
    if url := os.environ.get("REDIS_URL"):
        yield url
    else:
        with EmbeddedRedis() as embedded:
            yield embedded.url
