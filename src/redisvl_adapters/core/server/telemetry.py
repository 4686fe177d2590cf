"""Telemetry of operations: what they tell of themselves, for traces and metrics by OpenTelemetry and a log of commands.

OpenTelemetry is an extra (``otel``) and is never imported here unless something else has imported it: until then
nobody can have set it up. Whatever is inside of an operation (its round trips, the writes of its batches) belongs to
it. Only what embeds is user code, whose own operations are operations of their own.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from redisvl_adapters.core.server.commands import Command, Pause, Steps, T
from redisvl_adapters.core.server.told_commands import ToldCommands

if TYPE_CHECKING:
    from redisvl_adapters.core.server.connection import Connection
    from redisvl_adapters.core.server.instruments import Instruments, RunningSpan

LOOK_EVERY = 1.0
"""After how many seconds it is looked again whether the application has set up OpenTelemetry."""

Sent: TypeAlias = Callable[[Sequence[Command], float, Exception | None], None]
"""Is told of each round trip: the commands, the seconds that it took, and how it failed, if it did."""

_log = logging.getLogger("redisvl_adapters.commands")
_current: ContextVar[Operation | None] = ContextVar("redisvl_adapters_operation", default=None)


class _Nothing(AbstractContextManager[None]):
    """A context in which nothing is traced. It takes half of the time of a ``nullcontext``."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, __: object, ___: object, /) -> None:
        pass


_nothing = _Nothing()


class Operation:
    """An operation that is traced and measured, as a context manager.

    Args:
        name: What it does: the name of a function of ``operations``, or of a method.
        connection: Its connection.
        index: Its index; None on plain Redis.
        k: How many results were asked for; None if that is no question.
    """

    __slots__ = (
        "_attributes",
        "_began",
        "_instruments",
        "_span",
        "_token",
        "batch",
        "cached",
        "commands",
        "deleted",
        "k",
        "round_trips",
        "rows",
        "waited",
        "written",
    )

    def __init__(
        self, instruments: Instruments, name: str, connection: Connection, index: str | None, k: int | None
    ) -> None:
        self._instruments = instruments
        self._attributes: dict[str, str | int] = {
            "db.system.name": "redis",
            "db.operation.name": name,
            **connection.endpoint,
        }
        if index is not None:
            self._attributes["db.collection.name"] = index
        self.k = k
        self.rows: int | None = None
        self.cached: str | None = None
        self.batch = self.written = self.deleted = self.round_trips = self.commands = 0
        self.waited = 0.0

    def __enter__(self) -> None:
        """Begin it: what the context does from now on belongs to it."""
        self._token: Token[Operation | None] = _current.set(self)
        self._span: RunningSpan = self._instruments.start_operation(self._attributes)
        self._began = time.perf_counter()

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """End it, with the type of its error if it failed."""
        seconds = time.perf_counter() - self._began
        _current.reset(self._token)
        self._instruments.end_operation(self._span, self._attributes, self, seconds, error)

    def sent(self, commands: Sequence[Command], seconds: float, _: Exception | None = None) -> None:
        """Count a round trip."""
        if type(commands) is not Pause:
            self.round_trips += 1
            self.commands += len(commands)
            self.waited += seconds


def operation(
    steps: str | Generator[Any, Any, Any], connection: Connection, index: str | None = None, k: int | None = None
) -> AbstractContextManager[None]:
    """Return what traces and measures an operation; nothing does if nobody looks, or within another operation.

    Args:
        steps: Its name, or its steps, which are called as it is.
        connection: Its connection.
        index: The name of its index; None on plain Redis.
        k: How many results were asked for.
    """
    instruments = _lookout.instruments
    if instruments is None and (time.monotonic() < _lookout.next_look or (instruments := _lookout.look()) is None):
        return _nothing
    if _current.get() is not None:
        return _nothing
    name = steps if isinstance(steps, str) else str(getattr(steps, "__name__", "operation")).lstrip("_")
    return Operation(instruments, name, connection, index, k)


def named(steps: Steps[T], name: str) -> Steps[T]:
    """Return an operation under the name that traces have for it, instead of that of its function."""
    renamed: Any = steps
    renamed.__name__ = name
    return steps


def embedding(model: str | None, texts: int) -> AbstractContextManager[None]:
    """Return what traces the embedding of some texts. Operations within, as of a cache of vectors, are their own.

    Args:
        model: The name of the model, if it says one.
        texts: How many texts.
    """
    instruments = _lookout.instruments
    return _nothing if instruments is None else _Embedding(instruments, model, texts)


def aside() -> AbstractContextManager[None]:
    """Return what lets the code of a caller, such as an iterator of records, not belong to the operation that runs."""
    return _nothing if _current.get() is None else _Aside()


class _Aside:
    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token: Token[Operation | None] = _current.set(None)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


class _Embedding:
    __slots__ = ("_instruments", "_model", "_span", "_texts", "_token")

    def __init__(self, instruments: Instruments, model: str | None, texts: int) -> None:
        self._instruments, self._model, self._texts = instruments, model, texts

    def __enter__(self) -> None:
        self._token: Token[Operation | None] = _current.set(None)
        self._span: RunningSpan = self._instruments.start_embedding(self._model, self._texts)

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        _current.reset(self._token)
        self._instruments.end(self._span, error)


def tell(
    *,
    k: int | None = None,
    rows: int | None = None,
    batch: int = 0,
    written: int = 0,
    deleted: int = 0,
    cached: str | None = None,
) -> None:
    """Let the operation that runs know of itself; numbers alone, never what is stored or asked for.

    Args:
        k: How many results were asked for. Who says it first is right: it is the outermost.
        rows: How many results there are. Who says it last is right, likewise.
        batch: How many records or queries were sent, in all.
        written: How many records were written, in all.
        deleted: How many records were deleted, in all.
        cached: What a cache had: ``hit`` or ``miss``.
    """
    if _lookout.instruments is None or (current := _current.get()) is None:
        return
    if current.k is None:
        current.k = k
    if rows is not None:
        current.rows = rows
    if cached is not None:
        current.cached = cached
    current.batch += batch
    current.written += written
    current.deleted += deleted


def watching() -> Sent | None:
    """Return what is to be told of each round trip of the operation that runs; None if nobody looks."""
    current = _current.get()
    if _log.isEnabledFor(logging.DEBUG):
        return partial(_log_sent, current)
    return None if current is None else current.sent


def _log_sent(current: Operation | None, commands: Sequence[Command], seconds: float, error: Exception | None) -> None:
    if current is not None:
        current.sent(commands, seconds, error)
    _log.debug("%s", ToldCommands(commands, seconds, error))


class _Lookout:
    """Looks whether OpenTelemetry is set up, once in a while: to ask takes longer than all that is done here.

    It is not looked for again once it was found, since providers cannot be taken away.

    Attributes:
        instruments: What was found.
        next_look: When it is looked for next, by the monotonic clock.
    """

    def __init__(self) -> None:
        self.instruments: Instruments | None = None
        self.next_look = 0.0

    def look(self) -> Instruments | None:
        """Look whether a provider of spans or of meters is set up."""
        self.next_look = time.monotonic() + LOOK_EVERY
        if "opentelemetry.trace" not in sys.modules and "opentelemetry.metrics" not in sys.modules:
            return None
        try:
            from redisvl_adapters.core.server.instruments import Instruments, are_set_up  # noqa: PLC0415  # of an extra

            if are_set_up():
                self.instruments = Instruments()
        except (ImportError, TypeError) as error:
            self.next_look = math.inf
            _log.warning("nothing is traced: pip install 'redisvl-adapters[otel]' for a newer API (%s)", error)
        return self.instruments


_lookout = _Lookout()
