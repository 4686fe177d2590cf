"""Commands, replies and operations: the plain data that passes between an operation and the driver that runs it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

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


T = TypeVar("T")
Steps: TypeAlias = Generator[Sequence[Command], list[Reply], T]
"""An operation: it yields batches of commands, is sent their replies, and returns its result."""

BATCH_SIZE = 500
"""How many records are written, read or deleted in one round trip."""


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of one size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
