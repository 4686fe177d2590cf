"""The stored form of messages: entries.

An entry is ``["<id>",<message>]``, with an id that no other entry has, even of an equal message: a ULID, and the mark
of the message, if it has one. ``:s`` marks a system message, ``:c:<calls>`` one that calls tools, and ``:t:<call>`` a
result, where ``<calls>`` are short digests of the ids of calls. So a script can tell what belongs together without
knowing messages.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from redisvl_adapters.core.records.record import new_id
from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.errors import ArgumentError, RecordError, SkippedRecordWarning

M = TypeVar("M")

SYSTEM_MARK = ":s"


def call_mark(calls: Iterable[object], names: Iterable[object] = ()) -> str:
    """Return the mark of a message that calls tools.

    Args:
        calls: The calls, each with an ``id`` or ``tool_call_id``, as a key or an attribute. Without one, a call is
            answered by what follows.
        names: What else calls are known by: functions, which came before tools, are by their names.
    """
    ids = [part_of(call, "tool_call_id") or part_of(call, "id") for call in calls]
    return ":c:" + ",".join(dict.fromkeys(_digest(call_id) for call_id in (*ids, *names) if call_id))


def result_mark(call_id: object) -> str:
    """Return the mark of a message that answers a call."""
    return ":t:" + (_digest(call_id) if call_id else "")


def part_of(call: object, name: str) -> Any:
    """Return a part of a call, which is a mapping or an object of a model's own library; None if it has none."""
    return call.get(name) if isinstance(call, Mapping) else getattr(call, name, None)


def listed(calls: object) -> Sequence[object]:
    """Return the calls that a model's own library listed, wherever it does."""
    return calls if isinstance(calls, list | tuple) else ()


def _digest(call_id: object) -> str:
    return hashlib.blake2b(str(call_id).encode("utf-8", "replace"), digest_size=4).hexdigest()


@dataclass(frozen=True, slots=True)
class MessageFormat(Generic[M]):
    """How messages of a framework are written as entries and read back.

    Attributes:
        codec: Writes and reads values.
        kind: What a message is.
        mark: Returns the mark of a message.
    """

    codec: Codec
    kind: type[M]
    mark: Callable[[M], str]

    def write(self, messages: Sequence[object]) -> list[str]:
        """Return entries for messages.

        Raises:
            ArgumentError: If they are no list.
            RecordError: If a message could not be read back just as it is.
        """
        if isinstance(messages, str | bytes) or not isinstance(messages, Sequence):
            raise ArgumentError(f"messages is a list of messages; not {messages!r:.80}")
        return [self._write(message, position) for position, message in enumerate(messages)]

    def _write(self, message: object, position: int) -> str:
        where = f"message {position} ({type(message).__name__})"
        if not isinstance(message, self.kind) or not self.codec.knows(message):
            known = f"a message is a {self.kind.__name__} of the framework's own"
            raise RecordError(f"{where} is of a type that could not be read back; {known}")
        return f'["{new_id()}{self.mark(message)}",{self.codec.encode(message, where)}]'

    def read(self, entries: Iterable[bytes | str], key: str) -> list[M]:
        """Return the messages of entries; one that is damaged is left out with a warning."""
        found: list[M] = []
        for place, entry in enumerate(entries):
            try:
                found.append(self._read(entry))
            except ValueError as error:
                said = f"a damaged message was left out, number {place} of those read from {key!r:.80}: {error}"
                warnings.warn(said, SkippedRecordWarning, stacklevel=2)
        return found

    def _read(self, entry: bytes | str) -> M:
        value = self.codec.decode(entry)
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], self.kind):
            raise ValueError("it is no entry of ours")
        return value[1]
