"""Combining operations: several that share their round trips, and one that is started here and continued elsewhere.

What operations are to commands, tasks are to operations: ``perform`` and ``aperform`` run generators of any requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, TypeVar

from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T

Q = TypeVar("Q")


def perform(task: Generator[Q, Any, T], handle: Callable[[Q], Any]) -> T:
    """Run a task: send it what comes of each request that it yields, or the error that comes of it."""
    try:
        request = next(task)
        while True:
            try:
                reply = handle(request)
            except Exception as error:  # noqa: BLE001  # it is the task's to handle
                request = task.throw(error)
            else:
                request = task.send(reply)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        task.close()


async def aperform(task: Generator[Q, Any, T], handle: Callable[[Q], Awaitable[Any]]) -> T:
    """Run a task on the event loop. See ``perform``."""
    try:
        request = next(task)
        while True:
            try:
                reply = await handle(request)
            except Exception as error:  # noqa: BLE001  # it is the task's to handle
                request = task.throw(error)
            else:
                request = task.send(reply)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        task.close()


def pipelined(operations: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Run operations side by side: what they send at the same time goes in one round trip.

    One that pauses waits for the others' round trip, or as long as it says if all of them pause.
    """
    results: dict[int, T] = {}
    waiting: dict[int, Sequence[Command]] = {}

    def advance(place: int, replies: list[Reply] | None) -> None:
        try:
            waiting[place] = operations[place].send(replies)  # type: ignore[arg-type]  # None starts it
        except StopIteration as stop:
            waiting.pop(place, None)
            results[place] = stop.value

    for place in range(len(operations)):
        advance(place, None)
    while waiting:
        batches = list(waiting.values())
        pauses = [batch for batch in batches if isinstance(batch, Pause)]
        if len(pauses) == len(batches):
            shortest = min(pauses, key=lambda pause: pause.seconds)
            replies = yield shortest
        else:
            replies = yield [command for batch in batches for command in batch]
        start = 0
        for place, batch in list(waiting.items()):
            advance(place, replies[start : start + len(batch)])
            start += len(batch)
    return [results[place] for place in range(len(operations))]


def primed(operation: Steps[T]) -> Steps[T]:
    """Run an operation up to what it sends first, and return the rest of it, to be run later and elsewhere."""
    try:
        commands = next(operation)
    except StopIteration as stop:
        return _finished(stop.value)
    return _rest(operation, commands)


def _finished(result: T) -> Steps[T]:
    return result
    yield []


def _rest(operation: Steps[T], commands: Sequence[Command]) -> Steps[T]:
    while True:
        try:
            try:
                replies = yield commands
            except Exception as error:  # noqa: BLE001  # it is the operation's to handle
                commands = operation.throw(error)
            else:
                commands = operation.send(replies)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic
