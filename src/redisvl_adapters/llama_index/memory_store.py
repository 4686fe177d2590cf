"""The chat store that LlamaIndex's ``Memory`` asks for: messages are in use, or in the archive."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore, MessageStatus

from redisvl_adapters.core.arguments import check_count
from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import Session, SessionSettings
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.messages import FORMAT


class RedisMemoryStore(PlainRedisBase, AsyncDBChatStore):
    """The sessions of ``RedisChatStore``, for ``Memory``, whose interface is async throughout.

    Example:
        >>> store = RedisMemoryStore(redis_url="redis://localhost:6379", ttl=3600)
        >>> memory = Memory.from_defaults(session_id="session-1", chat_store=store)

    Args:
        redis_url: See ``ExistingOptions``, as for the two next ones.
        client: A sync redis-py client to use instead.
        async_client: An async redis-py client to use instead.
        prefix: What the Redis keys of sessions start with: those of a ``RedisChatStore`` unless told otherwise.
        ttl: Seconds after which a session expires; None keeps it.
        sliding: Whether that time starts anew whenever messages are added (True), or with the first one only.

    Raises:
        UnknownArgumentError: If there is a keyword that the store does not have.
        ArgumentError: If a value is out of its range.
    """

    _connection: Connection = PrivateAttr()
    _sessions: SessionSettings = PrivateAttr()

    @known_keywords
    def __init__(
        self,
        *,
        redis_url: str | None = None,
        client: SyncClient | None = None,
        async_client: AsyncClient | None = None,
        prefix: str = "chat_store",
        ttl: float | None = None,
        sliding: bool = True,
    ) -> None:
        sessions = SessionSettings.checked(prefix, ttl, sliding, None)
        connection = Connection(redis_url, client, async_client)
        super().__init__()
        self._sessions = sessions
        self._connection = connection

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
        session, (archived, active) = self._at(key), _parts(status)
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
        archived, active = _parts(status)
        return await self._arun(history.count(self._at(key), archived=archived, active=active))

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
        await self._arun(history.append(self._at(key), entries, archived=_is_archived(status)))

    @known_keywords
    async def set_messages(
        self, key: str, messages: Sequence[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        """Replace all messages of a session, archived ones too. See ``add_messages``."""
        entries = FORMAT.write(messages)
        await self._arun(history.replace(self._at(key), entries, archived=_is_archived(status)))

    @known_keywords
    async def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message in use by its place, and return it; None if there is none."""
        entry = await self._arun(history.remove(self._at(key), idx))
        found = [] if entry is None else FORMAT.read([entry], key)
        return found[0] if found else None

    @known_keywords
    async def delete_messages(self, key: str, status: MessageStatus | None = None) -> None:
        """Delete messages of a session: those in use, those in the archive, or, with None, both."""
        archived, active = _parts(status)
        await self._arun(history.clear(self._at(key), archived=archived, active=active))

    @known_keywords
    async def delete_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Delete the oldest messages in use, and return them."""
        return FORMAT.read(await self._arun(history.shift(self._at(key), check_count(n, "n"), keep=False)), key)

    @known_keywords
    async def archive_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Put the oldest messages in use into the archive, and return them."""
        return FORMAT.read(await self._arun(history.shift(self._at(key), check_count(n, "n"), keep=True)), key)

    @known_keywords
    async def get_keys(self) -> list[str]:
        """Return the sessions that have messages, in no order. The server looks at all its keys, page by page."""
        found = [self._sessions.session_id(key) async for key in self._ascan(self._sessions.stem)]
        return list(dict.fromkeys(key for key in found if key is not None))

    def _at(self, key: str) -> Session:
        return self._sessions.session(key, what="key")


def _parts(status: MessageStatus | None) -> tuple[bool, bool]:
    """Tell whether archived messages are meant, and whether the others are."""
    if status is None:
        return True, True
    return _is_archived(status), not _is_archived(status)


def _is_archived(status: MessageStatus) -> bool:
    if status not in (MessageStatus.ACTIVE, MessageStatus.ARCHIVED):
        raise ArgumentError(f"status is one of {', '.join(MessageStatus)}; not {status!r:.80}")
    return status == MessageStatus.ARCHIVED
