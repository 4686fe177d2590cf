"""Tasks: what operations are to commands, for work that goes over several indexes and may embed.

A task yields what is to be done, and is sent what came of it; so it is written once for sync and async.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
from typing import Any, NamedTuple, TypeAlias, TypeVar

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.streaming_ingest import AsyncEmbed, Embed
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vector_models import vector_keys
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.progress import Progress, ProgressBar
from redisvl_adapters.core.server.steps import aperform, perform
from redisvl_adapters.core.server.telemetry import embedding

T = TypeVar("T")


class Send(NamedTuple):
    """An operation to run on an index; its result is sent back."""

    on: RedisIndex
    steps: Steps[Any]


class Together(NamedTuple):
    """Two operations to run at the same time; a pair of their results is sent back."""

    first: Send
    second: Send


class ToEmbed(NamedTuple):
    """Records to embed; their vectors are sent back."""

    records: list[Record]


class ToFill(NamedTuple):
    """Records whose named vectors are to be made, as far as they lack them, by the models of an index."""

    on: RedisIndex
    records: list[Record]

    @property
    def keys(self) -> dict[str, str]:
        """The metadata keys that the vectors are made of, by their names."""
        return vector_keys(self.on.state.schema, self.on.state.spec)


Request: TypeAlias = Send | Together | ToEmbed | ToFill | Progress
Task: TypeAlias = Generator[Request, Any, T]


class Embedders(NamedTuple):
    """What returns the vectors of records, sync and async."""

    embed: Embed
    aembed: AsyncEmbed


def run_task(task: Task[T], embedders: Embedders | None, title: str | None = None) -> T:
    """Run a task.

    Args:
        task: The task.
        embedders: What embeds, if it may ask for that.
        title: What stands before the bar that is drawn; None draws none.
    """
    with ThreadPoolExecutor(1, "redis-task") as worker, ProgressBar(title) as bar:

        def handle(request: Request) -> Any:
            match request:
                case Send(on, steps):
                    return on.run(steps)
                case Together(first, second):
                    sent = Event()
                    running = worker.submit(copy_context().run, _run_first, first, sent)
                    # Else it would wait for the interpreter between the pieces that it sends.
                    sent.wait()
                    try:
                        result = second.on.run(second.steps)
                    finally:
                        # Nobody writes any more when the task is told of an error.
                        failed = running.exception()
                    if failed is not None:
                        raise failed
                    return running.result(), result
                case ToEmbed(records):
                    with embedding(None, len(records)):
                        return embedders.embed(records) if embedders else None
                case ToFill(on, records):
                    return on.models.fill(records, request.keys)
                case Progress():
                    return bar.show(request)

        return perform(task, handle)


async def arun_task(task: Task[T], embedders: Embedders | None, title: str | None = None) -> T:
    """Run a task on the event loop. See ``run_task``."""
    with ProgressBar(title) as bar:

        async def handle(request: Request) -> Any:
            match request:
                case Send(on, steps):
                    return await on.arun(steps)
                case Together(first, second):
                    both = (each.on.arun(each.steps) for each in (first, second))
                    results = await asyncio.gather(*both, return_exceptions=True)
                    for result in results:
                        if isinstance(result, BaseException):
                            raise result
                    return tuple(results)
                case ToEmbed(records):
                    with embedding(None, len(records)):
                        return await embedders.aembed(records) if embedders else None
                case ToFill(on, records):
                    return await on.models.afill(records, request.keys)
                case Progress():
                    return bar.show(request)

        return await aperform(task, handle)


def _run_first(send: Send, sent: Event) -> Any:
    try:
        return send.on.run(send.steps, sent.set)
    finally:
        sent.set()


def embedders_of(model: object, text_of: Callable[[Record], str]) -> Embedders | None:
    """Return what embeds records by an embedding model of LangChain or LlamaIndex; None if it is neither.

    Args:
        model: The model.
        text_of: Returns what of a record is embedded.
    """
    for name in ("embed_documents", "get_text_embedding_batch"):
        embed, aembed = getattr(model, name, None), getattr(model, f"a{name}", None)
        if callable(embed) and callable(aembed):
            return _embedders(embed, aembed, text_of)
    return None


def _embedders(
    embed: Callable[[list[str]], Any], aembed: Callable[[list[str]], Any], text_of: Callable[[Record], str]
) -> Embedders:
    def vectors(records: list[Record]) -> Sequence[Any]:
        made: Sequence[Any] = embed(list(map(text_of, records)))
        return made

    async def avectors(records: list[Record]) -> Sequence[Any]:
        made: Sequence[Any] = await aembed(list(map(text_of, records)))
        return made

    return Embedders(vectors, avectors)
