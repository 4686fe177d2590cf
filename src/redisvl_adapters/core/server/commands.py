"""Commands, replies and operations: the plain data that passes between an operation and the driver that runs it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar

Argument: TypeAlias = str | bytes | int | float
Reply: TypeAlias = Any
"""A raw reply, text as bytes; a ``ResponseError`` where the server refused that one command."""


class Command(NamedTuple):
    """One command.

    Attributes:
        args: Its name and arguments.
        key: The key that decides on which node of a cluster it runs; None for search commands, which any node answers.
        repeatable: Whether it does no harm to send it again when nobody knows whether the server got it.
    """

    args: tuple[Argument, ...]
    key: str | None = None
    repeatable: bool = True


class Pause(tuple[Command, ...]):  # noqa: SLOT001  # Python has no slots for what a tuple has beside its items
    """A batch without commands, to which the driver replies after a while.

    Attributes:
        seconds: How long it waits.
    """

    seconds: float

    def __new__(cls, seconds: float) -> Self:
        """Return a pause of some seconds."""
        pause = super().__new__(cls)
        pause.seconds = seconds
        return pause


T = TypeVar("T")
Steps: TypeAlias = Generator[Sequence[Command], list[Reply], T]
"""An operation: it yields batches of commands and pauses, is sent their replies, and returns its result."""

BATCH_SIZE = 500
"""How many records are written, read or deleted in one round trip."""


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of one size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
