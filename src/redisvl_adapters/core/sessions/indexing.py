"""Indexing the messages of a session for recall: at once if that can be done, and later what could not be.

Messages are kept first. Each that has text waits in the session until it is indexed: if the embedding model or the
server fails, or the process ends, the next call finds it there. Nothing here is lost, and nothing fails: it is told.

A task is what the two drivers of operations are to commands, for a history: it yields texts to embed and operations to
run, and is sent vectors and results.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.server.commands import Steps, batched
from redisvl_adapters.core.sessions import history, recall
from redisvl_adapters.core.sessions.history import Session
from redisvl_adapters.core.sessions.recall import MessageIndex, RecallableMessage
from redisvl_adapters.errors import NotIndexedWarning, PartialWriteError, RecordError, SchemaMismatchError, ServerError

T = TypeVar("T")

BATCH = 100
"""How many messages that wait are indexed by one call, besides those that it adds."""
ATTEMPTS = 3
"""How often a message that cannot be indexed is tried, before only ``index_missing`` tries it."""


class Texts(NamedTuple):
    """Texts to embed."""

    texts: list[str]


Task: TypeAlias = Generator[Texts | Steps[Any], Any, T]


@dataclass(frozen=True, slots=True)
class Indexing:
    """The indexing of a session.

    Attributes:
        target: The index.
        session: The session.
        read: Returns the messages with text that entries hold.
    """

    target: MessageIndex
    session: Session
    read: Callable[[Sequence[bytes]], list[RecallableMessage]]

    def added(self, said: Sequence[RecallableMessage], waiting: int) -> Task[None]:
        """Index messages that were added just now and, if that goes well, some of those that wait since before."""
        if not said:
            return
        number = len(said)
        failure: Exception | None = None
        try:
            refused = yield from self._index(said)
            number, failure = len(refused), refused[0] if refused else None
            entries = (yield history.read_unindexed(self.session, BATCH, ATTEMPTS)) if waiting > len(said) else []
        except Exception as error:  # noqa: BLE001  # they are kept, whatever it is
            entries, failure = [], error
        if failure is not None:
            self._tell(number, failure)
        new = {one.entry.encode() for one in said}
        yield from self._index_some([entry for entry in entries if entry not in new])

    def waiting(self) -> Task[None]:
        """Index some of the messages that wait; a failure is told.

        Raises:
            ServerError: If the server does not say which.
            SchemaMismatchError: If the index is none of messages.
        """
        yield recall.check_index(self.target.state)
        yield from self._index_some((yield history.read_unindexed(self.session, BATCH, ATTEMPTS)))

    def _index_some(self, entries: Sequence[bytes]) -> Task[None]:
        failure = None
        try:
            yield from self._index_entries(entries)
        except (ServerError, PartialWriteError, SchemaMismatchError) as error:
            failure = error
        if failure is not None:
            self._tell(0, failure)

    def missing(self) -> Task[int]:
        """Index all messages that recall does not find, and return how many it finds now.

        Raises:
            ServerError: If the server fails.
        """
        indexed = in_vain = 0
        tried: set[bytes] = set()
        while in_vain < 2:
            waiting = yield history.read_unindexed(self.session)
            entries = [entry for entry in waiting if entry not in tried][:BATCH]
            if not entries:
                break
            done = yield from self._index_entries(entries)
            # If none is indexed, the first one alone was looked at.
            tried.update(entries if done else entries[:1])
            in_vain = 0 if done else in_vain + 1
            indexed += done
        others = yield recall.entries_of_other_models(self.target, self.session)
        for batch in batched([entry.encode() for entry in others], BATCH):
            indexed += yield from self._index_entries(batch)
        return indexed

    def _index_entries(self, entries: Sequence[bytes]) -> Task[int]:
        """Index messages that wait, and return how many are indexed."""
        said = self.read(entries)
        known = {one.entry.encode() for one in said}
        if damaged := [entry for entry in entries if entry not in known]:
            yield history.drop_unindexed(self.session, damaged)
        if not said:
            return 0
        try:
            refused: Sequence[Exception] = yield from self._index(said)
        except (ServerError, PartialWriteError, SchemaMismatchError):
            raise
        except Exception as error:  # noqa: BLE001  # whatever an embedding model raises
            if len(said) > 1:
                return (yield from self._index_parts([one.entry.encode() for one in said]))
            refused = [error]
            yield history.note_indexed(self.session, [], [], [], [said[0].entry])
        if refused:
            self._tell(len(refused), refused[0])
        return len(said) - len(refused)

    def _index_parts(self, entries: Sequence[bytes]) -> Task[int]:
        """Index messages one of which may be too much for the embedding model; if the first one is, no other."""
        indexed = yield from self._index_entries(entries[:1])
        middle = len(entries) // 2
        for part in (entries[1:middle], entries[max(1, middle) :]) if indexed else ():
            indexed += yield from self._index_entries(part)
        return indexed

    def _index(self, said: Sequence[RecallableMessage]) -> Task[list[RecordError]]:
        """Index messages, and return what is wrong with those that cannot be."""
        vectors: Sequence[Vector] = yield Texts([one.text for one in said])
        return (yield recall.index_messages(self.target, self.session, said, vectors))  # type: ignore[no-any-return]

    def _tell(self, number: int, error: Exception) -> None:
        what = f"{number} of them" if number else "some of them"
        warnings.warn(
            f"the messages of session {self.session.session_id!r} are kept, but recall does not find {what} yet, since "
            f"they could not be indexed: {type(error).__name__}: {error!s:.300}. The next add_messages or recall tries "
            "again",
            NotIndexedWarning,
            stacklevel=5,
        )
