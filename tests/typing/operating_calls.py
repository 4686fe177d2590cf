"""Calls of what tells how an index is, right ones and wrong ones, for mypy and pyright; nothing here runs.

A line that is marked as wrong and is not is an error.
"""

from __future__ import annotations

from llama_index.core.vector_stores.types import VectorStoreQuery

from redisvl_adapters import IndexSummary, aindexes, indexes
from redisvl_adapters.core import RedisIndex, SearchExplanation, operations
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore


async def right(store: RedisVectorStore) -> None:
    """Ask how an index is."""
    found: list[IndexSummary] = [*indexes("redis://localhost:6379"), *await aindexes()]
    total: int = sum(each.memory or 0 for each in found) + store.info().memory["total"]
    if store.health(timeout=1.5) and await store.ahealth() and total:
        store.wait_until_indexed(5, show_progress=True)
        await store.await_until_indexed(show_progress=True)


async def right_explanations(store: RedisVectorStore, nodes: LlamaIndexStore, index: RedisIndex) -> None:
    """Ask why a search is slow."""
    told: SearchExplanation = store.explain("a", k=2, filter={"year": 2024}, ef_runtime=400, rerank=None)
    told = await store.aexplain([1.0, 0.0], "mmr", lambda_mult=0.2, score_key="score")
    told = nodes.explain(VectorStoreQuery([1.0, 0.0], 2), keywords="fox")
    told = await nodes.aexplain(VectorStoreQuery([1.0, 0.0], 2), alpha=0.5)
    told = index.run(operations.explain(index.state, operations.search_text, "a", 4, match="all"))
    figure: float | None = told.total_ms + told.waiting_ms + (told.profiled_ms or 0)
    text: list[str] = [step.redis_cli for step in told.steps]
    if figure and text and (profile := told.steps[0].profile) is not None:
        profile.shards[0].iterators["Type"].lower()
        figure = profile.total_ms


async def wrong_explanations(store: RedisVectorStore, nodes: LlamaIndexStore, index: RedisIndex) -> None:
    """Ask it otherwise."""
    store.explain("a", "nearest")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.explain("a", fitler={})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await nodes.aexplain("a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    operations.explain(index.state, operations.search_text, "a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.explain("a").total_ms = 1.0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


async def wrong(store: RedisVectorStore) -> None:
    """Ask it otherwise."""
    indexes(url="redis://localhost:6379")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await aindexes(6379)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.health("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.wait_until_indexed(5, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
