"""Warnings that an operation gives, noted for whoever asks what it warned of."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from redisvl_adapters.errors import AdapterWarning

_noted: ContextVar[list[str] | None] = ContextVar("redisvl_adapters_warnings", default=None)


def warn(message: str, category: type[AdapterWarning]) -> None:
    """Give a warning, and note it."""
    if (noted := _noted.get()) is not None:
        noted.append(message)
    warnings.warn(message, category, stacklevel=3)


@contextmanager
def noting(messages: list[str]) -> Iterator[None]:
    """Note what is warned of in this block, which must not be left half way, as by a generator that yields in it."""
    token = _noted.set(messages)
    try:
        yield
    finally:
        _noted.reset(token)
