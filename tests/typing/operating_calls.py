"""Calls of what tells how an index is, right ones and wrong ones, for mypy and pyright; nothing here runs.

A line that is marked as wrong and is not is an error.
"""

from __future__ import annotations

from redisvl_adapters import IndexSummary, aindexes, indexes
from redisvl_adapters.langchain import RedisVectorStore


async def right(store: RedisVectorStore) -> None:
    """Ask how an index is."""
    found: list[IndexSummary] = [*indexes("redis://localhost:6379"), *await aindexes()]
    total: int = sum(each.memory or 0 for each in found) + store.info().memory["total"]
    if store.health(timeout=1.5) and await store.ahealth() and total:
        store.wait_until_indexed(5, show_progress=True)
        await store.await_until_indexed(show_progress=True)


async def wrong(store: RedisVectorStore) -> None:
    """Ask it otherwise."""
    indexes(url="redis://localhost:6379")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await aindexes(6379)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.health("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.wait_until_indexed(5, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
