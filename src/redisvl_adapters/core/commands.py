"""What an operation sends and gets: commands, replies, and the steps between."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from redis.exceptions import ResponseError

from redisvl_adapters.errors import AuthenticationError, MissingModuleError, ServerError

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


def together(operations: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Run operations side by side: what they send at the same time goes in one round trip."""
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
        replies = yield [command for batch in waiting.values() for command in batch]
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
        return _over(stop.value)
    return _rest(operation, commands)


def _over(result: T) -> Steps[T]:
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


_SERVERS = "Redis 8 or newer (docker run -p 6379:6379 redis:8), Redis Stack, or redisvl_adapters.embedded"


def ok(reply: Reply) -> Reply:
    """Return a reply, unless the server refused the command.

    Raises:
        ServerError: What the server said.
    """
    if isinstance(reply, ResponseError):
        raise explain(reply)
    return reply


def explain(error: ResponseError) -> ServerError:
    """Return what a refusal by the server means here."""
    text = str(error)
    lowered = text.lower()
    if "unknown command" in lowered and ("ft." in lowered or "json." in lowered):
        module = "search" if "ft." in lowered else "JSON"
        return MissingModuleError(f"the server lacks the {module} module ({text.strip()}); use {_SERVERS}")
    if "invalid rule type: json" in lowered:
        return MissingModuleError(f"the server lacks the JSON module ({text}); use storage='hash', or {_SERVERS}")
    if "cannot create index on db" in lowered:
        return ServerError(f"search is in database 0 alone ({text}); let the URL end in /0, or in no number")
    if lowered.startswith(("noperm", "noauth", "wrongpass")) or "no permissions" in lowered:
        return AuthenticationError(f"the server does not permit this: {text}")
    return ServerError(f"the server refused a command: {text}")


def is_missing_index(reply: Reply) -> bool:
    """Tell whether the server refused a command because the index does not exist."""
    if not isinstance(reply, ResponseError):
        return False
    text = str(reply).lower()
    return "unknown index name" in text or "no such index" in text or "index not found" in text


def is_duplicate(reply: Reply) -> bool:
    """Tell whether the server refused to create what already exists."""
    return isinstance(reply, ResponseError) and ("already exists" in str(reply) or "Duplicate field" in str(reply))


def as_mapping(reply: Reply) -> dict[bytes, Any]:
    """Return a reply of names and values: a map in RESP3, a flat array in RESP2."""
    if isinstance(reply, dict):
        return reply
    parts = iter(reply)
    return dict(zip(parts, parts, strict=True))


def as_sequence(reply: Reply) -> Sequence[Any]:
    """Return a reply of names and values in turn: the reverse of ``as_mapping``."""
    return [part for pair in reply.items() for part in pair] if isinstance(reply, dict) else reply or ()
