"""The chat store that LlamaIndex's ``Memory`` takes: its messages are in use, or in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore, MessageStatus

from redisvl_adapters.core.arguments import check_count
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.options import SessionOptions
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.messages import FORMAT
from redisvl_adapters.llama_index.session_store import SessionStore
from redisvl_adapters.signatures import list_keywords


class RedisMemoryStore(SessionStore, AsyncDBChatStore):
    """The sessions of ``RedisChatStore``, for ``Memory``, whose interface is async throughout.

    Examples:
        >>> store = RedisMemoryStore(redis_url="redis://localhost:6379", ttl=3600)
        >>> memory = Memory.from_defaults(session_id="session-1", chat_store=store)

    Args:
        options: The keywords of ``SessionOptions``: ``redis_url`` or a client, ``prefix`` (that of ``RedisChatStore``),
            ``ttl``, ``sliding``.

    Raises:
        UnknownArgumentError: If there is a keyword that the store does not have.
        ArgumentError: If a value is out of its range.
    """

    @known_keywords
    @list_keywords(SessionOptions)
    def __init__(self, **options: Unpack[SessionOptions]) -> None:
        super().__init__(**options)

    @classmethod
    def class_name(cls) -> str:
        """Return the name of the store in LlamaIndex."""
        return "RedisMemoryStore"

    @known_keywords
    async def get_messages(
        self,
        key: str,
        status: MessageStatus | None = MessageStatus.ACTIVE,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[ChatMessage]:
        """Return messages of a session, in order.

        Args:
            key: The session.
            status: Those in use, or those in the archive; None for both.
            limit: How many at most; None for all.
            offset: How many to leave out at the start.
        """
        session, (archived, active) = self._session(key), _archived_and_active(status)
        first = check_count(offset or 0, "offset")
        last = None if limit is None else first + check_count(limit, "limit")
        if archived:
            entries = await self._arun(history.read_archived(session, active=active))
        else:
            entries = await self._arun(history.read(session))
        return FORMAT.read(entries[first:last], key)

    @known_keywords
    async def count_messages(self, key: str, status: MessageStatus | None = MessageStatus.ACTIVE) -> int:
        """Count messages of a session. See ``get_messages``."""
        archived, active = _archived_and_active(status)
        return await self._arun(history.count(self._session(key), archived=archived, active=active))

    @known_keywords
    async def add_message(self, key: str, message: ChatMessage, status: MessageStatus = MessageStatus.ACTIVE) -> None:
        """Append a message to a session."""
        await self.add_messages(key, [message], status)

    @known_keywords
    async def add_messages(
        self, key: str, messages: Sequence[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        """Append messages to a session, all of them or none.

        Raises:
            RecordError: If a message could not be read back just as it is; nothing is written then.
        """
        entries = FORMAT.write(messages)
        await self._arun(history.append(self._session(key), entries, archived=_is_archived(status)))

    @known_keywords
    async def set_messages(
        self, key: str, messages: Sequence[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        """Replace all messages of a session, archived ones too. See ``add_messages``."""
        entries = FORMAT.write(messages)
        await self._arun(history.replace(self._session(key), entries, archived=_is_archived(status)))

    @known_keywords
    async def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message in use by its place, and return it; None if there is none."""
        return await self._arun(self._delete_at(key, idx))

    @known_keywords
    async def delete_messages(self, key: str, status: MessageStatus | None = None) -> None:
        """Delete messages of a session: those in use, those in the archive, or, with None, both."""
        archived, active = _archived_and_active(status)
        await self._arun(history.clear(self._session(key), archived=archived, active=active))

    @known_keywords
    async def delete_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Delete the oldest messages in use, and return them."""
        return FORMAT.read(await self._arun(history.shift(self._session(key), check_count(n, "n"), keep=False)), key)

    @known_keywords
    async def archive_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Put the oldest messages in use into the archive, and return them."""
        return FORMAT.read(await self._arun(history.shift(self._session(key), check_count(n, "n"), keep=True)), key)

    @known_keywords
    async def get_keys(self) -> list[str]:
        """Return the sessions that have messages, in no order. The server looks at all its keys, page by page."""
        return await self._akeys()


def _archived_and_active(status: MessageStatus | None) -> tuple[bool, bool]:
    """Tell whether a status means the messages in the archive, and whether it means those in use."""
    if status is None:
        return True, True
    return _is_archived(status), not _is_archived(status)


def _is_archived(status: MessageStatus) -> bool:
    if status not in (MessageStatus.ACTIVE, MessageStatus.ARCHIVED):
        raise ArgumentError(f"status is one of {', '.join(MessageStatus)}; not {status!r:.80}")
    return status == MessageStatus.ARCHIVED
