"""LangChain's chat message history: a session's messages, in order, on any Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage

from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions import recall as recalling
from redisvl_adapters.core.sessions.history import SessionSettings
from redisvl_adapters.core.sessions.recall import RecallableMessage
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.langchain.documents import one_each
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.messages import FORMAT, text_of
from redisvl_adapters.langchain.options import check_query


class RedisChatMessageHistory(PlainRedisBase, BaseChatMessageHistory):
    """The messages of one session, in order: appended atomically, whole, and by any number of writers.

    Plain Redis or Valkey is enough (6.0.6 or newer); only ``embedding`` needs the search module. Nothing is sent before
    the first operation. Every method has an async twin that does not use threads. A stored message that is damaged is
    left out with a warning.

    Example:
        >>> history = RedisChatMessageHistory("session-1", redis_url="redis://localhost:6379", ttl=3600)
        >>> history.add_messages([HumanMessage("What is a list?"), AIMessage("A row of items.")])
        >>> RunnableWithMessageHistory(model, history.for_session)

    Args:
        session_id: The session: any non-empty string.
        redis_url: See ``ExistingOptions``, as for the two next ones.
        client: A sync redis-py client to use instead.
        async_client: An async redis-py client to use instead.
        user_id: Whose session it is. One session id under two user ids is two sessions.
        prefix: What the keys of sessions start with.
        ttl: Seconds after which the session expires; None keeps it.
        sliding: Whether that time starts anew whenever messages are added (True), or with the first one only.
        max_messages: How many messages the session keeps at most: the last ones; None for all. Calls of tools and their
            results are kept or go together, so that there may be fewer, and more where one call alone has as many
            results. ``recall`` finds the others too.
        keep_system: Whether the system messages at the start of the session are among those that are kept.
        embedding: The model that turns texts into vectors, for ``recall``.
        index_name: The index of messages, for ``recall``; sessions share it.

    Raises:
        UnknownArgumentError: If there is a keyword that the history does not have.
        ArgumentError: If a value is out of its range.
    """

    @known_keywords
    def __init__(
        self,
        session_id: str,
        *,
        redis_url: str | None = None,
        client: SyncClient | None = None,
        async_client: AsyncClient | None = None,
        user_id: str | None = None,
        prefix: str = "chat_history",
        ttl: float | None = None,
        sliding: bool = True,
        max_messages: int | None = None,
        keep_system: bool = False,
        embedding: Embeddings | None = None,
        index_name: str = "chat_messages",
    ) -> None:
        if embedding is not None and not isinstance(embedding, Embeddings):
            raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
        settings = SessionSettings.checked(prefix, ttl, sliding, max_messages, keep_system=keep_system)
        self._session = settings.session(session_id, user_id)
        self._embedding = embedding
        self._index: RedisIndex | None = None
        if embedding is None:
            self._connection = Connection(redis_url, client, async_client)
        else:
            self._index = recalling.message_index(index_name, redis_url, client, async_client)
            self._connection = self._index.connection

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
        other = type(self).__new__(type(self))
        session = self._session.kept.session(session_id, self.user_id if user_id is None else user_id)
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
        if self._index is None or self._embedding is None or not said:
            self._run(history.append(self._session, entries))
        else:
            texts = [one.text for one in said]
            vectors = one_each(self._embedding.embed_documents(texts), texts)
            self._index.run(recalling.remember(self._index.state, self._session, entries, said, vectors))

    @known_keywords
    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages, all of them or none. See ``add_messages``."""
        entries, said = self._write(messages)
        if self._index is None or self._embedding is None or not said:
            await self._arun(history.append(self._session, entries))
        else:
            texts = [one.text for one in said]
            vectors = one_each(await self._embedding.aembed_documents(texts), texts)
            await self._index.arun(recalling.remember(self._index.state, self._session, entries, said, vectors))

    def _write(self, messages: Sequence[BaseMessage]) -> tuple[list[str], list[RecallableMessage]]:
        entries = FORMAT.write(messages)
        said = [
            RecallableMessage(entry, text, {"type": message.type, "name": message.name, "id": message.id})
            for entry, message in zip(entries, messages, strict=True)
            if (text := text_of(message)).strip()
        ]
        return entries, said

    @known_keywords
    def clear(self) -> None:
        """Remove the messages of this session, and what ``recall`` finds of them."""
        if self._index is None:
            self._run(history.forget(self._session))
        else:
            self._index.run(recalling.forget(self._index.state, self._session))

    @known_keywords
    async def aclear(self) -> None:
        """Remove the messages of this session, and what ``recall`` finds of them."""
        if self._index is None:
            await self._arun(history.forget(self._session))
        else:
            await self._index.arun(recalling.forget(self._index.state, self._session))

    @known_keywords
    def recall(
        self, query: str, k: int = 4, filter: FilterLike | None = None, *, all_sessions: bool = False
    ) -> list[BaseMessage]:
        """Return the messages whose text is nearest to a text, nearest first.

        Args:
            query: The text.
            k: How many at most.
            filter: Only messages that match this; it can name ``session_id``, ``user_id``, ``type`` (``human``, ``ai``,
                ...), ``name``, ``id`` and ``at``, the time when they were added.
            all_sessions: Whether to look at all sessions of this history's user, not at this session only.

        Raises:
            ArgumentError: If the history has no embedding, or no user where it needs one, or k is out of range.
            FilterError: If the filter cannot be honoured.
        """
        index, embedding = self._recallable(query, k, all_sessions=all_sessions)
        return index.run(self._recall(index, embedding.embed_query(query), k, filter, all_sessions=all_sessions))

    @known_keywords
    async def arecall(
        self, query: str, k: int = 4, filter: FilterLike | None = None, *, all_sessions: bool = False
    ) -> list[BaseMessage]:
        """Return the messages whose text is nearest to a text, nearest first. See ``recall``."""
        index, embedding = self._recallable(query, k, all_sessions=all_sessions)
        return await index.arun(
            self._recall(index, await embedding.aembed_query(query), k, filter, all_sessions=all_sessions)
        )

    def _recallable(self, query: str, k: int, *, all_sessions: bool) -> tuple[RedisIndex, Embeddings]:
        check_query(query)
        check_k(k)
        if not isinstance(all_sessions, bool):
            raise ArgumentError(f"all_sessions is True or False; not {all_sessions!r:.80}")
        if self._index is None or self._embedding is None:
            raise ArgumentError("recall needs the history to be made with embedding=")
        if all_sessions and self.user_id is None:
            raise ArgumentError("all_sessions=True needs the history to be made with user_id=")
        return self._index, self._embedding

    def _recall(
        self, index: RedisIndex, vector: list[float], k: int, filter: FilterLike | None, *, all_sessions: bool
    ) -> Steps[list[BaseMessage]]:
        where = read_filter(filter)
        found = yield from recalling.recall(index.state, vector, k, where, self._session, all_sessions=all_sessions)
        return FORMAT.read(found, index.state.spec.name)
