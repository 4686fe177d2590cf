"""Which sessions there are, and what is in them at a glance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ulid import ULID

from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.core.sessions.history import Session, entry_id
from redisvl_adapters.core.sessions.scripts import SUMMARY


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session at a glance.

    Attributes:
        session_id: Its id.
        messages: How many messages it has.
        last_added: When the last of them was added, in UTC; None if its entry is damaged.
    """

    session_id: str
    messages: int
    last_added: datetime | None


def summarise(sessions: Iterable[Session]) -> Steps[list[SessionSummary]]:
    """Return the sessions that have messages, the one with the latest message first."""
    found = []
    for batch in batched(list(sessions), BATCH_SIZE):
        replies = yield [session.script(SUMMARY) for session in batch]
        for session, reply in zip(batch, replies, strict=True):
            number, start = ok(reply)
            if number:
                found.append(SessionSummary(session.session_id, number, _time_of(start)))
    return sorted(
        found, key=lambda one: (one.last_added is not None, one.last_added or 0, one.session_id), reverse=True
    )


def _time_of(start: bytes) -> datetime | None:
    try:
        return ULID.from_str(entry_id(start.decode())).datetime
    except ValueError:
        return None
