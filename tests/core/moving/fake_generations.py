"""The fake server with any number of indexes, and a rebuild as an operation that can be interleaved with others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core.index import moves
from redisvl_adapters.core.ingest.tasks import ToEmbed
from redisvl_adapters.core.moving.task import Task
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.server.commands import Command, Reply, Steps, T
from redisvl_adapters.core.server.progress import Progress
from tests.core.fake_server import NAME, FakeServer

VECTOR = [1.0, 2.0]


def as_steps(task: Task[T], embed: Callable[[list[Record]], Any] | None = None) -> Steps[T]:
    """Return a task as one operation."""
    try:
        request = next(task)
        while True:
            reply: Any = None
            try:
                if isinstance(request, ToEmbed):
                    assert embed is not None
                    reply = embed(request.records)
                elif not isinstance(request, Progress):
                    reply = yield from request
            except Exception as error:  # noqa: BLE001  # it is the task's to handle
                request = task.throw(error)
            else:
                request = task.send(reply)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


@dataclass(slots=True)
class FakeIndex:
    """An index: see the attributes of ``FakeServer``."""

    prefix: str
    fields: dict[str, list[Any]]
    covered: dict[str, set[str]] = field(default_factory=dict)


class ServerOfMany(FakeServer):
    """The server.

    Attributes:
        indexes: The indexes by their names.
    """

    def __init__(self) -> None:
        self.indexes: dict[str, FakeIndex] = {}
        self._asked_prefix = f"{NAME}:"
        super().__init__()

    @property
    def fields(self) -> dict[str, list[Any]] | None:
        """The fields of the index that is asked."""
        return self.indexes[self.name].fields if self.name in self.indexes else None

    @fields.setter
    def fields(self, fields: dict[str, list[Any]] | None) -> None:
        if fields is None:
            self.indexes.pop(self.name, None)
        elif self.name in self.indexes:
            self.indexes[self.name].fields = fields
        else:
            self.indexes[self.name] = FakeIndex(self._asked_prefix, fields)

    @property
    def covered(self) -> dict[str, set[str]]:
        """The fields that cover each record of the index that is asked."""
        return self.indexes[self.name].covered if self.name in self.indexes else {}

    @covered.setter
    def covered(self, covered: dict[str, set[str]]) -> None:
        if self.name in self.indexes:
            self.indexes[self.name].covered = covered

    @property
    def prefix(self) -> str:
        """What the keys of the records of the index that is asked start with."""
        return self.indexes[self.name].prefix if self.name in self.indexes else self._asked_prefix

    def read(self, name: str) -> dict[str, dict[bytes, bytes]]:
        """Return the records of an index by their ids."""
        self.name = name
        return self.records

    def execute(self, command: Command) -> Reply:
        """Return the reply to one command."""
        if str(command.args[0]).startswith("FT.") and len(command.args) > 1:
            place = 2 if command.args[0] == "FT.CURSOR" else 1
            self.name = str(command.args[place])
        return super().execute(command)

    def _ft__list(self) -> Reply:
        return [name.encode() for name in self.indexes]

    def _ft_create(self, *args: Any) -> Reply:
        if self.fields is None:
            self._asked_prefix = args[args.index("PREFIX") + 2]
        return super()._ft_create(*args)

    def _cover(self, key: str) -> None:
        for index in self.indexes.values():
            if key.startswith(index.prefix):
                index.covered[key.removeprefix(index.prefix)] = set(index.fields)

    def _eval(self, script: str, count: int, key: str, *args: Any) -> Reply:
        held = self.keys.get(key, {})
        if script == moves._NOTE:
            if b"" in held:
                for record_id in args:
                    self._hincrby(key, record_id, 1)
            return None
        if script == moves._STRIKE:
            for name, value in zip(args[::2], args[1::2], strict=True):
                if held.get(name) == value:
                    self._hdel(key, name)
            return None
        if script == moves._REPLACE:
            size = args[0]
            before = dict(zip(args[1 : 2 * size + 1 : 2], args[2 : 2 * size + 1 : 2], strict=True))
            if before != held:
                return 0
            for name, value in zip(args[2 * size + 1 :: 2], args[2 * size + 2 :: 2], strict=True):
                if value == b"":
                    self._hdel(key, name)
                else:
                    self._hset(key, name, value)
            return 1
        if script == moves._UNMARK:
            return self._hdel(key, args[0]) if held.get(args[0]) == args[1] else 0
        if "HINCRBY" in script:
            self._hsetnx(key, args[0], b"1")
            return self._hincrby(key, args[0], 1)
        return super()._eval(script, count, key, *args)

    def _hset(self, key: str, *parts: Any) -> Reply:
        raw = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
        return super()._hset(key, *raw)

    def _hget(self, key: str, name: str | bytes) -> Reply:
        return self.keys.get(key, {}).get(name.encode() if isinstance(name, str) else name)

    def _hincrby(self, key: str, name: str | bytes, by: int) -> Reply:
        raw = name.encode() if isinstance(name, str) else name
        value = int(self.keys.setdefault(key, {}).get(raw, b"0")) + by
        self.keys[key][raw] = str(value).encode()
        return value

    def _hdel(self, key: str, *names: bytes) -> Reply:
        gone = sum(self.keys.get(key, {}).pop(name, None) is not None for name in names)
        if key in self.keys and not self.keys[key]:
            del self.keys[key]
        return gone

    def _hlen(self, key: str) -> Reply:
        return len(self.keys.get(key, {}))

    def _hscan(self, key: str, *_args: Any) -> Reply:
        return [b"0", self._hgetall(key)]

    def _pttl(self, key: str) -> Reply:
        return -1 if key in self.keys else -2

    def _ft_aliasupdate(self, *_args: str) -> Reply:
        return ResponseError("there are no aliases here")
