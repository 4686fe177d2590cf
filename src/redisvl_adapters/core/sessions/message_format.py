"""The stored form of messages: entries.

An entry is ``["<id>",<message>]``, with an id that no other entry has, even of an equal message.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from redisvl_adapters.core.records.record import new_id
from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.errors import ArgumentError, RecordError

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class MessageFormat(Generic[M]):
    """How messages of a framework are written as entries and read back.

    Attributes:
        codec: Writes and reads values.
        kind: What a message is.
    """

    codec: Codec
    kind: type[M]

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
        return f'["{new_id()}",{self.codec.encode(message, where)}]'

    def read(self, entries: Iterable[bytes | str], key: str) -> list[M]:
        """Return the messages of entries; one that is damaged is left out with a warning."""
        found: list[M] = []
        for place, entry in enumerate(entries):
            try:
                found.append(self._read(entry))
            except ValueError as error:
                said = f"a damaged message was left out, number {place} of those read from {key!r:.80}: {error}"
                warnings.warn(said, RuntimeWarning, stacklevel=2)
        return found

    def _read(self, entry: bytes | str) -> M:
        value = self.codec.decode(entry)
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], self.kind):
            raise ValueError("it is no entry of ours")
        return value[1]
