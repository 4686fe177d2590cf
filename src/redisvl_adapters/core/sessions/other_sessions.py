"""Sessions that other libraries keep in Redis, as they lie there: langchain-redis, and the chat store of LlamaIndex."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Reply, Steps, batched
from redisvl_adapters.core.server.replies import is_wrong_type, ok
from redisvl_adapters.core.sessions.history import Session


@dataclass(frozen=True, slots=True)
class OtherSession:
    """A session of another library.

    Attributes:
        entries: Its messages, in order, as they are stored; None for one that cannot be read.
        ttl_ms: Milliseconds until the last of it expires; None if it does not.
    """

    entries: Sequence[Any]
    ttl_ms: int | None

    def kept_like(self, session: Session) -> Session:
        """Return a session of this library that expires when this one would, unless it is told when to expire."""
        if session.kept.ttl_ms is not None or self.ttl_ms is None:
            return session
        return replace(session, kept=replace(session.kept, ttl_ms=self.ttl_ms))


def group_by_session(keys: Iterable[str], prefix: str) -> dict[str, list[str]]:
    """Return the keys of langchain-redis by session: each is that of one message, with its id or time at the end."""
    sessions: dict[str, list[str]] = {}
    for key in sorted(keys):
        session_id, colon, message = key.removeprefix(prefix).rpartition(":")
        if colon and session_id and message:
            sessions.setdefault(session_id, []).append(key)
    return sessions


def read_documents(session_id: str, keys: Sequence[str]) -> Steps[OtherSession | None]:
    """Read a session of langchain-redis, of any version: a JSON document for each message, with the time it was added.

    Args:
        session_id: The session.
        keys: The keys that may be those of its messages.

    Returns:
        The session, its entries being the documents; None if there is none.
    """
    found: list[tuple[float, str, Mapping[str, Any] | None]] = []
    lives: list[int] = []
    for chunk in batched(keys, BATCH_SIZE):
        replies = yield [Command((name, key), key) for key in chunk for name in ("JSON.GET", "PTTL")]
        for key, document, left in zip(chunk, replies[::2], replies[1::2], strict=True):
            read = _document(document, session_id)
            if read is not None:
                found.append((read[0], key, read[1]))
                lives.append(int(ok(left)))
    entries = [entry for _, _, entry in sorted(found, key=lambda one: one[:2])]
    return OtherSession(entries, _last(lives)) if entries else None


def read_list(key: str) -> Steps[OtherSession | None]:
    """Read a session of LlamaIndex's Redis chat store, a list of JSON texts under its own name; None without one."""
    entries, left = yield [Command(("LRANGE", key, 0, -1), key), Command(("PTTL", key), key)]
    if is_wrong_type(entries) or not ok(entries):
        return None
    return OtherSession(ok(entries), _last([int(ok(left))]))


def exists(session: Session) -> Steps[bool]:
    """Tell whether a session of this library has messages."""
    (reply,) = yield [Command(("EXISTS", session.key), session.key)]
    return bool(ok(reply))


def _document(reply: Reply, session_id: str) -> tuple[float, Mapping[str, Any] | None] | None:
    """Return the time and the document of a message; None if there is none of this session."""
    if is_wrong_type(reply) or ok(reply) is None:
        return None
    document = orjson.loads(reply)
    if not isinstance(document, dict) or document.get("session_id") != session_id:
        return None
    time = document.get("timestamp")
    whole = isinstance(document.get("data"), dict) and isinstance(document.get("type"), str)
    return (float(time) if isinstance(time, int | float) else 0.0), document if whole else None


def _last(lives: Sequence[int]) -> int | None:
    """Return the longest of some remaining times; None if one does not end."""
    return max(lives) if lives and min(lives) > 0 else None
