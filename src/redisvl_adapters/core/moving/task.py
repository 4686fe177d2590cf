"""A rebuild as a task: it yields operations on the index, which is not opened for them, records to embed, and progress.

See ``ingest.tasks``, whose drivers run it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.ingest.tasks import Send, ToEmbed
from redisvl_adapters.core.ingest.tasks import Task as RunnableTask
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.progress import Progress

T = TypeVar("T")
Task: TypeAlias = Generator[Steps[Any] | ToEmbed | Progress, Any, T]


def unopened_task(index: RedisIndex, start: Callable[[IndexState], Task[T]]) -> RunnableTask[T]:
    """Return a task whose operations go to an index without opening it.

    Args:
        index: The index.
        start: Starts the task, from the state of the index.

    Raises:
        ArgumentError: If the index has a scope.
    """
    unopened = index.unopened()
    # The connection tells whether one script may have keys of several slots.
    yield Send(unopened, _nothing())
    index.state.spans_slots &= unopened.state.spans_slots
    task = start(index.state)
    try:
        request = next(task)
        while True:
            try:
                reply = yield request if isinstance(request, ToEmbed | Progress) else Send(unopened, request)
            except Exception as error:  # noqa: BLE001  # it is the task's to handle
                request = task.throw(error)
            else:
                request = task.send(reply)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        task.close()


def _nothing() -> Steps[None]:
    yield from ()
