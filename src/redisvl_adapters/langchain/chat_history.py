"""LangChain's chat message history: a session's messages, in order, on any Redis."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, Self, Unpack

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage

from redisvl_adapters.core.arguments import check_strings
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions import recall as recalling
from redisvl_adapters.core.sessions.history import Session, SessionSettings
from redisvl_adapters.core.sessions.recall import RecallableMessage
from redisvl_adapters.core.sessions.summaries import SessionSummary, summarise
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.langchain.history_copies import HistoryCopies
from redisvl_adapters.langchain.message_recall import MessageRecallBase, with_text
from redisvl_adapters.langchain.messages import FORMAT


class RedisChatMessageHistory(HistoryCopies, MessageRecallBase, BaseChatMessageHistory):
    """The messages of one session, in order: appended atomically, whole, and by any number of writers.

    Plain Redis or Valkey is enough (6.0.6 or newer); only ``embedding`` needs the search module. Nothing is sent before
    the first operation. Every method has an async twin that does not use threads. A stored message that is damaged is
    left out with a warning.

    With ``embedding``, messages are kept first and indexed then. What cannot be indexed, since the model or the server
    fails, is kept all the same, with a warning; the next ``add_messages`` or ``recall`` of the session tries again. Up
    to a thousand messages of a session wait for that, the last ones.

    A copy by ``copy.deepcopy`` or ``pickle`` is a history of the same session.

    Examples:
        >>> history = RedisChatMessageHistory("session-1", redis_url="redis://localhost:6379", ttl=3600)
        >>> history.add_messages([HumanMessage("What is a list?"), AIMessage("A row of items.")])
        >>> RunnableWithMessageHistory(model, history.for_session)

    Args:
        session_id: The session: any non-empty string.
        user_id: Whose session it is. One session id under two user ids is two sessions.
        prefix: What the keys of sessions start with.
        ttl: Seconds after which the session expires; None keeps it.
        sliding: Whether that time starts anew whenever messages are added (True), or with the first one only.
        max_messages: How many messages the session keeps at most: the last ones; None for all. Calls of tools and their
            results are kept or go together, so that there may be fewer, and more where one call alone has as many
            results. ``recall`` finds the others too.
        keep_system: Whether the system messages at the start of the session are among those that are kept.
        embedding: The model that turns texts into vectors, for ``recall``.
        index_name: The index of messages, for ``recall``, by default ``chat_messages``; sessions share it, and those
            under another ``prefix`` are never found. Messages whose vectors another model made are not compared: see
            ``index_missing``.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, ``socket_connect_timeout``,
            ``socket_timeout``, ``retry``.

    Raises:
        ArgumentError: If there is a keyword that the history does not have, or a value is out of its range.
    """

    @known_keywords
    def __init__(
        self,
        session_id: str,
        *,
        user_id: str | None = None,
        prefix: str = "chat_history",
        ttl: float | None = None,
        sliding: bool = True,
        max_messages: int | None = None,
        keep_system: bool = False,
        embedding: Embeddings | None = None,
        index_name: str | None = None,
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        if embedding is not None and not isinstance(embedding, Embeddings):
            raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
        if index_name is not None and embedding is None:
            raise ArgumentError("index_name is for histories with embedding=, whose messages are indexed for recall")
        settings = SessionSettings.checked(prefix, ttl, sliding, max_messages, keep_system=keep_system)
        self._session = settings.session(session_id, user_id)
        self._embedding = embedding
        self._connection = Connection(**connection)
        self._messages = self._message_index("chat_messages" if index_name is None else index_name)

    def __getstate__(self) -> dict[str, Any]:
        """Return what makes an equal history when it is unpickled: the URL is in it, password included.

        Raises:
            ArgumentError: If the history was given a client, which cannot be pickled.
        """
        self._connection.refuse_given("pickled", "a history")
        return {**vars(self), "_messages": self._index_name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the history anew."""
        vars(self).update(state)
        self._messages = self._message_index(state["_messages"])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return another history of the same session; a client or an embedding model that was given serves both."""
        other = type(self).__new__(type(self))
        connection = copy.deepcopy(self._connection, memo)
        other.__setstate__({**vars(self), "_messages": self._index_name, "_connection": connection})
        return other

    @property
    def session_id(self) -> str:
        """The session."""
        return self._session.session_id

    @property
    def user_id(self) -> str | None:
        """Whose session it is."""
        return self._session.user_id

    @known_keywords
    def for_session(self, session_id: str, user_id: str | None = None) -> Self:
        """Return the history of another session, kept in the same way and over the same connection.

        Args:
            session_id: The session.
            user_id: Whose session it is; by default the same user's.
        """
        return self._with_session(self._session.kept.session(session_id, self.user_id if user_id is None else user_id))

    def _with_session(self, session: Session) -> Self:
        other = type(self).__new__(type(self))
        vars(other).update(vars(self), _session=session)
        return other

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]  # LangChain's own histories have a property too
        """The messages of the session, in order."""
        return self._run(self._get())

    @known_keywords
    async def aget_messages(self) -> list[BaseMessage]:
        """Return the messages of the session, in order."""
        return await self._arun(self._get())

    def _get(self) -> Steps[list[BaseMessage]]:
        return FORMAT.read((yield from history.read(self._session)), self._session.key)

    @known_keywords
    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages, all of them or none; without ``embedding`` in one round trip.

        Raises:
            RecordError: If a message could not be read back just as it is; nothing is written then.
        """
        entries, said = self._write(messages)
        waiting = self._run(self._append(entries, said))
        if self._messages is not None:
            self._perform(self._indexing().added(said, waiting))

    @known_keywords
    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages, all of them or none. See ``add_messages``."""
        entries, said = self._write(messages)
        waiting = await self._arun(self._append(entries, said))
        if self._messages is not None:
            await self._aperform(self._indexing().added(said, waiting))

    def _write(self, messages: Sequence[BaseMessage]) -> tuple[list[str], list[RecallableMessage]]:
        entries = FORMAT.write(messages)
        return entries, [] if self._messages is None else with_text(zip(entries, messages, strict=True))

    def _append(self, entries: list[str], said: list[RecallableMessage]) -> Steps[int]:
        if self._messages is None:
            return history.append(self._session, entries)
        with_text = {one.entry for one in said}
        flags = [entry in with_text for entry in entries]
        prefix = self._messages.record_prefix
        return history.append(self._session, entries, to_index=flags, record_prefix=prefix)

    @known_keywords
    def clear(self) -> None:
        """Remove the messages of this session, and what ``recall`` finds of them."""
        self._run(history.forget(self._session))
        if self._messages is not None:
            self._index.run(recalling.forget_session(self._messages, self._session))

    @known_keywords
    async def aclear(self) -> None:
        """Remove the messages of this session, and what ``recall`` finds of them."""
        await self._arun(history.forget(self._session))
        if self._messages is not None:
            await self._index.arun(recalling.forget_session(self._messages, self._session))

    @known_keywords
    def sessions(self) -> list[SessionSummary]:
        """Return the sessions of this history's user that have messages, the one with the latest message first.

        They are those under the same prefix; without a user, those of no user. The server looks at all its keys, page
        by page.
        """
        found = self._session_ids(self._scan(self._stem))
        return self._run(summarise(map(self._session_of, found)))

    @known_keywords
    async def asessions(self) -> list[SessionSummary]:
        """Return the sessions of this history's user that have messages. See ``sessions``."""
        found = self._session_ids([key async for key in self._ascan(self._stem)])
        return await self._arun(summarise(map(self._session_of, found)))

    @known_keywords
    def clear_sessions(self, session_ids: Sequence[str] | None = None) -> int:
        """Remove sessions of this history's user, and what ``recall`` finds of them; return how many there were.

        Args:
            session_ids: Which ones; None for all of the user's.

        Raises:
            ArgumentError: If neither a user nor sessions are named.
        """
        named = self._check_named(session_ids)
        found = self._session_ids(self._scan(self._stem)) if named is None else named
        removed = sum(self._run(history.forget(session)) for session in list(map(self._session_of, found)))
        if self._messages is not None:
            self._index.run(self._forget_records(named))
        return removed

    @known_keywords
    async def aclear_sessions(self, session_ids: Sequence[str] | None = None) -> int:
        """Remove sessions of this history's user, and what ``recall`` finds of them. See ``clear_sessions``."""
        named = self._check_named(session_ids)
        found = self._session_ids([key async for key in self._ascan(self._stem)]) if named is None else named
        removed = sum([await self._arun(history.forget(session)) for session in list(map(self._session_of, found))])
        if self._messages is not None:
            await self._index.arun(self._forget_records(named))
        return removed

    @property
    def _stem(self) -> str:
        return self._session.kept.stem_of(self.user_id)

    def _session_of(self, session_id: str) -> Session:
        return self._session.kept.session(session_id, self.user_id)

    def _session_ids(self, keys: Iterable[str]) -> list[str]:
        found = (self._session.kept.session_id(key, self.user_id) for key in keys)
        return list(dict.fromkeys(one for one in found if one is not None))

    def _check_named(self, session_ids: Sequence[str] | None) -> list[str] | None:
        if session_ids is None:
            if self.user_id is None:
                raise ArgumentError(
                    "without a user_id, clear_sessions() would remove sessions of everybody; name the session_ids, or "
                    "make the history with user_id="
                )
            return None
        check_strings(session_ids, "session_ids")
        return list(session_ids)

    def _forget_records(self, named: Sequence[str] | None) -> Steps[None]:
        messages = self._indexed("clear_sessions")
        if named is None:
            yield from recalling.forget_user(messages, self._session)
        for one in named or ():
            yield from recalling.forget_session(messages, self._session_of(one))
