"""Tasks: what operations are to commands, for what also embeds and takes long, with a sync and an async driver.

A task yields operations to run, records to embed and how far it is, and is sent results and vectors.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeAlias, TypeVar

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.server.commands import Steps

T = TypeVar("T")
Vectors: TypeAlias = Sequence[Vector]
Embed: TypeAlias = Callable[[list[Record]], Vectors]
AsyncEmbed: TypeAlias = Callable[[list[Record]], Awaitable[Vectors]]


class ToEmbed(NamedTuple):
    """Records whose vectors a task needs."""

    records: list[Record]


class Progress(NamedTuple):
    """How far a task is.

    Attributes:
        done: How many records are done.
        total: How many there are, as far as that is known.
    """

    done: int
    total: int


Task: TypeAlias = Generator[Steps[Any] | ToEmbed | Progress, Any, T]


def run_task(index: RedisIndex, start: Callable[[IndexState], Task[T]], embed: Embed | None, *, bar: bool) -> T:
    """Run a task, without opening the index for it.

    Args:
        index: The index whose operations it yields.
        start: Starts it, from the state of the index.
        embed: Returns the vectors of records, if it needs any.
        bar: Whether to draw a bar.
    """
    unopened = index.unopened()
    unopened.run(_nothing())
    index.state.spans_slots &= unopened.state.spans_slots
    task = start(index.state)
    with _bar(index, shown=bar) as show:
        try:
            request = next(task)
            while True:
                try:
                    reply: Any = None
                    if isinstance(request, Progress):
                        show(request)
                    elif isinstance(request, ToEmbed):
                        reply = embed(request.records) if embed else []
                    else:
                        reply = unopened.run(request)
                except BaseException as error:  # noqa: BLE001  # it is the task's to handle
                    request = task.throw(error)
                else:
                    request = task.send(reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


async def arun_task(
    index: RedisIndex, start: Callable[[IndexState], Task[T]], embed: AsyncEmbed | None, *, bar: bool
) -> T:
    """Run a task on the event loop. See ``run_task``."""
    unopened = index.unopened()
    await unopened.arun(_nothing())
    index.state.spans_slots &= unopened.state.spans_slots
    task = start(index.state)
    with _bar(index, shown=bar) as show:
        try:
            request = next(task)
            while True:
                try:
                    reply: Any = None
                    if isinstance(request, Progress):
                        show(request)
                    elif isinstance(request, ToEmbed):
                        reply = await embed(request.records) if embed else []
                    else:
                        reply = await unopened.arun(request)
                except BaseException as error:  # noqa: BLE001  # it is the task's to handle
                    request = task.throw(error)
                else:
                    request = task.send(reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


def _nothing() -> Steps[None]:
    yield from ()


def _bar(index: RedisIndex, *, shown: bool) -> AbstractContextManager[Callable[[Progress], object]]:
    if not shown:
        return nullcontext(id)
    return _DrawnBar(index.state.spec.name)


class _DrawnBar(AbstractContextManager[Callable[[Progress], object]]):
    def __init__(self, name: str) -> None:
        from tqdm.auto import tqdm  # noqa: PLC0415  # slow to import, and for those alone who ask for it

        self._bar = tqdm(unit=" records", desc=f"Rebuilding {name}")

    def __enter__(self) -> Callable[[Progress], object]:
        return self._show

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def _show(self, progress: Progress) -> None:
        self._bar.total = max(progress.total, progress.done)
        self._bar.n = progress.done
        self._bar.refresh()
