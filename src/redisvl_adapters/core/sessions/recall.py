"""Recall: finding the messages of sessions by meaning, in an index that has a record for each message with text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Operator
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record, new_id
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.vector_search import search_by_vector
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import Session

_ENTRY = "entry"
_SESSION = "session"
_USER = "user_id"
_FIELDS = {
    _SESSION: "tag",
    "session_id": "tag",
    _USER: "tag",
    "type": "tag",
    "name": "tag",
    "id": "tag",
    "at": "timestamp",
    _ENTRY: "unindexed",
}


@dataclass(frozen=True, slots=True)
class RecallableMessage:
    """A message with text.

    Attributes:
        entry: Its entry.
        text: Its text.
        facts: What else is known of it, by which it can be filtered; None stands for nothing.
    """

    entry: str
    text: str
    facts: dict[str, str | None]


def message_index(index_name: str, connection: ConnectionOptions) -> RedisIndex:
    """Return the index of messages."""
    return RedisIndex(index_name=index_name, metadata_schema=_FIELDS, learn=False, **connection)


def remember(
    state: IndexState,
    session: Session,
    entries: Sequence[str],
    said: Sequence[RecallableMessage],
    vectors: Sequence[Vector],
) -> Steps[None]:
    """Append entries to a session, with records of those that have text.

    The records are written first: what cannot be indexed is refused before the session has it.
    """
    now = datetime.now(UTC)
    records = [_record(session, one, now) for one in said]
    ids = yield from operations.upsert(state, records, vectors, session.kept.ttl_ms)
    schema = state.schema
    keys = [] if schema is None else [schema.key_of(record_id) for record_id in ids]
    left = yield from history.append(session, entries, records=keys)
    if left > 0:
        yield from history.expire_records(session, left)


def _record(session: Session, said: RecallableMessage, now: datetime) -> Record:
    facts = {name: value for name, value in said.facts.items() if value is not None}
    metadata: dict[str, Any] = {**facts, _SESSION: session.name, "session_id": session.session_id}
    if session.user_id is not None:
        metadata[_USER] = session.user_id
    metadata |= {"at": now, _ENTRY: said.entry}
    return Record(new_id(), said.text.encode("utf-8", "replace").decode(), metadata)


def recall(
    state: IndexState, vector: Vector, k: int, filter: Filter | None, session: Session, *, all_sessions: bool
) -> Steps[list[str]]:
    """Return the entries of the messages whose text is nearest to a vector, nearest first.

    Args:
        state: The index.
        vector: The query.
        k: How many at most.
        filter: Only messages that match this.
        session: Only messages of this session.
        all_sessions: Whether to look at all sessions of its user instead.
    """
    scope = Compare(_USER, Operator.EQ, session.user_id) if all_sessions else _of_session(session)
    where = scope if filter is None else And((scope, filter))
    hits = yield from search_by_vector(state, vector, k, where)
    return [hit.record.metadata.get(_ENTRY, "") for hit in hits]


def forget(state: IndexState, session: Session) -> Steps[None]:
    """Remove a session and all records of its messages."""
    yield from history.forget(session)
    # Those too whose messages did not reach the session, since the server went away.
    yield from operations.delete_matching(state, _of_session(session))


def _of_session(session: Session) -> Compare:
    return Compare(_SESSION, Operator.EQ, session.name)
