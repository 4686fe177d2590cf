"""Combining operations: several that share their round trips, and one that is started here and continued elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T


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
