"""Iterating over all records that match, on a sync or an async client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import suppress

from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.search.cursor_pages import close_walk, first_page, next_page
from redisvl_adapters.errors import AdapterError, ArgumentError

DEFAULT_BATCH_SIZE = 500


def iterate(
    index: RedisIndex, filter: Filter | None, batch_size: int = DEFAULT_BATCH_SIZE, *, vectors: bool = False
) -> Generator[Record, None, None]:
    """Yield all records that match a filter, in no order, a page at a time. See ``cursor_pages.first_page``.

    Args:
        index: The index.
        filter: Only records that match this.
        batch_size: How many are fetched at once; see ``check_batch_size``.
        vectors: Whether records come with their vectors.
    """
    state = index.state
    page = index.run(first_page(state, filter, batch_size, vectors=vectors))
    try:
        yield from page.records
        while not page.is_last:
            page = index.run(next_page(state, page, batch_size))
            yield from page.records
    except BaseException:
        if not page.is_last:
            with suppress(AdapterError):
                index.run(close_walk(page))
        raise


async def aiterate(
    index: RedisIndex, filter: Filter | None, batch_size: int = DEFAULT_BATCH_SIZE, *, vectors: bool = False
) -> AsyncGenerator[Record, None]:
    """Yield all records that match a filter. See ``iterate``."""
    state = index.state
    page = await index.arun(first_page(state, filter, batch_size, vectors=vectors))
    try:
        for record in page.records:
            yield record
        while not page.is_last:
            page = await index.arun(next_page(state, page, batch_size))
            for record in page.records:
                yield record
    except BaseException:
        if not page.is_last:
            with suppress(AdapterError):
                await index.arun(close_walk(page))
        raise


def check_batch_size(batch_size: object) -> int:
    """Return how many records are fetched at once.

    Raises:
        ArgumentError: If it is not an integer from 1 to a million.
    """
    if not (checked := check_k(batch_size, "batch_size")):
        raise ArgumentError("batch_size is at least 1")
    return checked
