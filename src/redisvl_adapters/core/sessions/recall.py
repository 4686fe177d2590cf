"""Recall: finding the messages of sessions by meaning or words, in an index with a record for each that has text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Unpack, get_args

import orjson
from ulid import ULID

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_choice, check_flag, check_k
from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Operator
from redisvl_adapters.core.index.readiness import known_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.embedding_models import describe_embedding_model
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_spec import default_prefix
from redisvl_adapters.core.schema.languages import MULTILINGUAL
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.search_checks import check_query
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.key_names import escape_key_part
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.server.steps import pipelined
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import Session
from redisvl_adapters.errors import RecordError, SchemaMismatchError

_ENTRY = "entry"
_SESSION = "session"
_OWNER = "owner"
_MODEL = "embedding_model"
MESSAGE_FIELDS = {
    _SESSION: "tag",
    _OWNER: "tag",
    _MODEL: "tag",
    "session_id": "tag",
    "user_id": "tag",
    "type": "tag",
    "name": "tag",
    "id": "tag",
    "at": "timestamp",
    _ENTRY: "unindexed",
}


RecallType = Literal["vector", "text", "hybrid"]
RECALL_TYPES = get_args(RecallType)


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

    @property
    def record_id(self) -> str:
        """The id of its record, which is that of its entry: a message that is indexed again has the same one."""
        return history.entry_id(self.entry)


@dataclass(frozen=True, slots=True)
class MessageIndex:
    """An index of messages, and the model that makes their vectors.

    Attributes:
        index: The index.
        model: Which model that is.
    """

    index: RedisIndex
    model: str

    @classmethod
    def of(cls, index_name: str, embedding: object, **connection: Unpack[ConnectionOptions]) -> MessageIndex:
        """Return an index of messages.

        Args:
            index_name: Its name.
            embedding: The embedding model.
            connection: See ``ConnectionOptions``.
        """
        index = RedisIndex(
            index_name=index_name,
            metadata_schema=MESSAGE_FIELDS,
            learn=False,
            # Of a conversation nobody says in which language it is.
            language=MULTILINGUAL,
            **connection,
        )
        described = orjson.dumps(describe_embedding_model(embedding))
        return cls(index, hashlib.sha256(described).hexdigest()[:32])

    @property
    def state(self) -> IndexState:
        """What is known of the index."""
        return self.index.state

    @property
    def record_prefix(self) -> str:
        """What the keys of its records start with, as far as is known before it was opened."""
        schema, spec = self.state.schema, self.state.spec
        return schema.prefix if schema else spec.prefix or default_prefix(spec.name)


def index_messages(
    target: MessageIndex, session: Session, said: Sequence[RecallableMessage], vectors: Sequence[Vector]
) -> Steps[list[RecordError]]:
    """Write records of messages that are kept already, and return what is wrong with those that cannot be indexed."""
    yield from check_index(target.state)
    foreseen = target.record_prefix
    records = [_record(target, session, one) for one in said]
    refused: dict[int, RecordError] = {}
    try:
        yield from operations.upsert(target.state, records, vectors, session.kept.ttl_ms)
    except RecordError:
        # Nothing is written then. One by one, so that one message does not keep the others from being found.
        for place, (record, vector) in enumerate(zip(records, vectors, strict=True)):
            try:
                yield from operations.upsert(target.state, [record], [vector], session.kept.ttl_ms)
            except RecordError as error:
                refused[place] = error
    written = [one for place, one in enumerate(said) if place not in refused]
    yield from history.note_indexed(
        session,
        [foreseen + one.record_id for one in written],
        [target.record_prefix + one.record_id for one in written],
        [one.entry for one in written],
        [said[place].entry for place in refused],
    )
    return list(refused.values())


def _record(target: MessageIndex, session: Session, said: RecallableMessage) -> Record:
    facts = {name: value for name, value in said.facts.items() if value is not None}
    metadata: dict[str, Any] = {**facts, _SESSION: session.key, _MODEL: target.model, "session_id": session.session_id}
    if session.user_id is not None:
        metadata |= {"user_id": session.user_id, _OWNER: _owner(session)}
    metadata |= {"at": ULID.from_str(said.record_id).datetime, _ENTRY: said.entry}
    return Record(said.record_id, said.text.encode("utf-8", "replace").decode(), metadata)


@dataclass(frozen=True, slots=True)
class RecallRequest:
    """What is asked for.

    Attributes:
        text: The text whose like is looked for.
        k: How many messages at most.
        filter: Only messages that match this.
        search_type: By what: the meaning of the text, its words, or both.
        all_sessions: Whether to look at all sessions of the user of a session instead of that session.
    """

    text: str
    k: int
    filter: Filter | None
    search_type: RecallType
    all_sessions: bool

    def __post_init__(self) -> None:
        check_query(self.text)
        check_k(self.k)
        check_choice(self.search_type, "search_type", RECALL_TYPES)
        check_flag(self.all_sessions, "all_sessions")


def recall(
    target: MessageIndex, asked: RecallRequest, vector: Vector | None, session: Session
) -> Steps[tuple[list[str], int]]:
    """Return the entries of the messages that are nearest to a text, best first.

    Args:
        target: The index.
        asked: The text, and which messages are looked at.
        vector: That of the text; None for a search by words.
        session: The session, and so the user, that asks.

    Returns:
        The entries, and how many messages were not looked at, since another embedding model made their vectors.
    """
    yield from check_index(target.state)
    scope = Compare(_OWNER, Operator.EQ, _owner(session)) if asked.all_sessions else _of_session(session)
    where = scope if asked.filter is None else And((scope, asked.filter))
    if vector is None:
        return _entries((yield from operations.search_text(target.state, asked.text, asked.k, where))), 0
    own = And((where, Compare(_MODEL, Operator.EQ, target.model)))
    search: Steps[Any] = (
        operations.search_hybrid(target.state, vector, asked.text, asked.k, own)
        if asked.search_type == "hybrid"
        else operations.search_by_vector(target.state, vector, asked.k, own)
    )
    others: Steps[Any] = operations.count(target.state, And((scope, _of_other_models(target))))
    hits, unlike = yield from pipelined([search, others])
    return _entries(hits), unlike


def _entries(hits: Sequence[Hit]) -> list[str]:
    return [hit.record.metadata.get(_ENTRY, "") for hit in hits]


def entries_of_other_models(target: MessageIndex, session: Session) -> Steps[list[str]]:
    """Return the entries of the messages of a session whose vectors another embedding model made."""
    yield from check_index(target.state)
    where = And((_of_session(session), _of_other_models(target)))
    found = yield from operations.fetch_matching(target.state, where)
    return [record.metadata.get(_ENTRY, "") for record in found]


def forget_session(target: MessageIndex, session: Session) -> Steps[None]:
    """Remove the records of a session, those too that it does not know of, since a writer went away half-way."""
    yield from check_index(target.state)
    yield from operations.delete_matching(target.state, _of_session(session))


def forget_user(target: MessageIndex, session: Session) -> Steps[None]:
    """Remove the records of all sessions of the user of a session."""
    yield from check_index(target.state)
    yield from operations.delete_matching(target.state, Compare(_OWNER, Operator.EQ, _owner(session)))


def check_index(state: IndexState) -> Steps[None]:
    """Refuse an index that is none of messages.

    Raises:
        SchemaMismatchError: If so.
    """
    snapshot = yield from known_snapshot(state)
    if snapshot is not None and not snapshot.schema.declares(_SESSION):
        raise SchemaMismatchError(
            f"index {state.spec.name!r} is none of messages: it holds the records of a store or of a cache; choose "
            "another index_name for the history"
        )


def _owner(session: Session) -> str:
    """Return whose sessions these are, under which prefix."""
    return session.kept.prefix + escape_key_part(session.user_id or "")


def _of_session(session: Session) -> Compare:
    return Compare(_SESSION, Operator.EQ, session.key)


def _of_other_models(target: MessageIndex) -> Compare:
    return Compare(_MODEL, Operator.NE, target.model)
