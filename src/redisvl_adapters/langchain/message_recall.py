"""Recall for LangChain's histories: messages are indexed when they are added, or later, and found by meaning."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.server.steps import aperform, perform
from redisvl_adapters.core.sessions import recall as recalling
from redisvl_adapters.core.sessions.history import Session
from redisvl_adapters.core.sessions.indexing import Indexing, Task, Texts
from redisvl_adapters.core.sessions.recall import MessageIndex, RecallableMessage, RecallRequest, RecallType
from redisvl_adapters.errors import ArgumentError, NotIndexedWarning, known_keywords
from redisvl_adapters.langchain.documents import one_vector_each
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.messages import FORMAT, text_of

T = TypeVar("T")


class MessageRecallBase(PlainRedisBase):
    """A history whose messages can be found by meaning, if it has an embedding model."""

    _session: Session
    _embedding: Embeddings | None
    _messages: MessageIndex | None

    def _message_index(self, index_name: str | None) -> MessageIndex | None:
        """Return the index of messages on the connection of this history; None if it needs none."""
        if self._embedding is None or index_name is None:
            return None
        made = MessageIndex.of(index_name, self._embedding, **self._connection.arguments)
        # One connection for both.
        self._connection = made.index.connection
        return made

    @known_keywords
    def recall(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        search_type: RecallType = "vector",
        all_sessions: bool = False,
    ) -> list[BaseMessage]:
        """Return the messages whose text is nearest to a text, nearest first.

        Args:
            query: The text.
            k: How many at most.
            filter: Only messages that match this; it can name ``session_id``, ``user_id``, ``type`` (``human``, ``ai``,
                ...), ``name``, ``id`` and ``at``, the time when they were added.
            search_type: What makes a message near: its meaning (``vector``), its words (``text``), which finds names
                and numbers and needs no embedding, or both (``hybrid``).
            all_sessions: Whether to look at all sessions of this history's user, not at this session only. Messages of
                another session that could not be indexed yet are not found.

        Raises:
            ArgumentError: If the history has no embedding, or no user where it needs one, or k is out of range.
            FilterError: If the filter cannot be honoured.
        """
        messages, asked = self._check_recall(RecallRequest(query, k, read_filter(filter), search_type, all_sessions))
        with self._index.traced("recall", k):
            vector = None
            if search_type != "text":
                with self._index.embedding():
                    vector = self._model().embed_query(query)
            self._perform(self._indexing().waiting())
            found = self._index.run(recalling.recall(messages, asked, vector, self._session))
        return self._recalled(*found)

    @known_keywords
    async def arecall(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        search_type: RecallType = "vector",
        all_sessions: bool = False,
    ) -> list[BaseMessage]:
        """Return the messages whose text is nearest to a text, nearest first. See ``recall``."""
        messages, asked = self._check_recall(RecallRequest(query, k, read_filter(filter), search_type, all_sessions))
        with self._index.traced("recall", k):
            vector = None
            if search_type != "text":
                with self._index.embedding():
                    vector = await self._model().aembed_query(query)
            await self._aperform(self._indexing().waiting())
            found = await self._index.arun(recalling.recall(messages, asked, vector, self._session))
        return self._recalled(*found)

    def _check_recall(self, asked: RecallRequest) -> tuple[MessageIndex, RecallRequest]:
        messages = self._indexed("recall")
        if asked.all_sessions and self._session.user_id is None:
            raise ArgumentError("all_sessions=True needs the history to be made with user_id=")
        return messages, asked

    def _recalled(self, entries: Sequence[str], unlike: int) -> list[BaseMessage]:
        if unlike:
            warnings.warn(
                f"{unlike} messages were not looked at, since another embedding model made their vectors; "
                "index_missing() of their history embeds them with the model of now",
                NotIndexedWarning,
                stacklevel=4,
            )
        return FORMAT.read(entries, self._indexed("recall").state.spec.name)

    @known_keywords
    def index_missing(self) -> int:
        """Index the messages of this session that ``recall`` does not find, and return how many it finds now.

        These are the messages that could not be indexed when they were added, and those whose vectors another embedding
        model made. The former are indexed by and by too, a hundred with each ``add_messages`` and ``recall``, unless
        they were refused three times. What cannot be indexed now is told by a warning.

        Raises:
            ArgumentError: If the history has no embedding.
            ServerError: If the server fails.
        """
        with self._indexed("index_missing").index.traced("index_missing"):
            return self._perform(self._indexing().missing())

    @known_keywords
    async def aindex_missing(self) -> int:
        """Index the messages of this session that ``recall`` does not find. See ``index_missing``."""
        with self._indexed("index_missing").index.traced("index_missing"):
            return await self._aperform(self._indexing().missing())

    def _indexed(self, what: str) -> MessageIndex:
        if self._messages is None:
            raise ArgumentError(f"{what} needs the history to be made with embedding=")
        return self._messages

    @property
    def _index(self) -> RedisIndex:
        return self._indexed("recall").index

    @property
    def _index_name(self) -> str | None:
        return None if self._messages is None else self._messages.state.spec.name

    def _model(self) -> Embeddings:
        if self._embedding is None:
            raise ArgumentError("recall needs the history to be made with embedding=")
        return self._embedding

    def _indexing(self) -> Indexing:
        return Indexing(self._indexed("index_missing"), self._session, self._read_with_text)

    def _read_with_text(self, entries: Sequence[bytes]) -> list[RecallableMessage]:
        pairs = ((entry, FORMAT.read([entry], self._session.key)) for entry in entries)
        return with_text((entry.decode(), found[0]) for entry, found in pairs if found)

    def _perform(self, task: Task[T]) -> T:
        """Embed the texts and run the operations that a task yields."""

        def handle(request: Texts | Steps[Any]) -> Any:
            return self._embed(request.texts) if isinstance(request, Texts) else self._index.run(request)

        return perform(task, handle)

    async def _aperform(self, task: Task[T]) -> T:
        """Embed the texts and run the operations that a task yields. See ``_perform``."""

        async def handle(request: Texts | Steps[Any]) -> Any:
            if isinstance(request, Texts):
                return await self._aembed(request.texts)
            return await self._index.arun(request)

        return await aperform(task, handle)

    def _embed(self, texts: list[str]) -> list[list[float]]:
        with self._index.embedding(len(texts)):
            return one_vector_each(self._model().embed_documents(texts), texts)

    async def _aembed(self, texts: list[str]) -> list[list[float]]:
        with self._index.embedding(len(texts)):
            return one_vector_each(await self._model().aembed_documents(texts), texts)


def with_text(entries: Iterable[tuple[str, BaseMessage]]) -> list[RecallableMessage]:
    """Return those of some entries and their messages that have a text."""
    return [
        RecallableMessage(entry, text, {"type": message.type, "name": message.name, "id": message.id})
        for entry, message in entries
        if (text := text_of(message)).strip()
    ]
