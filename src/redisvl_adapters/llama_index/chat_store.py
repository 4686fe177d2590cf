"""LlamaIndex's chat store: the messages of any number of sessions, on any Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.storage.chat_store.base import BaseChatStore

from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import Session, SessionSettings
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.messages import FORMAT


class RedisChatStore(PlainRedisBase, BaseChatStore):
    """The messages of sessions, in order: appended atomically, whole, and by any number of writers.

    Plain Redis or Valkey is enough (6.0.6 or newer). Nothing is sent before the first operation. Every method has an
    async twin that does not block. A stored message that is damaged is left out with a warning.

    ``to_dict``, ``to_json`` and the ``to_string`` of a ``ChatMemoryBuffer`` write the URL down, password included: give
    it by the environment variable ``REDIS_URL`` instead. A ``ChatMemoryBuffer`` cannot be read back by ``from_string``,
    which knows LlamaIndex's own ``SimpleChatStore`` only: make it anew with this store and the same ``chat_store_key``,
    and it has its messages.

    Example:
        >>> store = RedisChatStore(redis_url="redis://localhost:6379", ttl=3600)
        >>> memory = ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="session-1")

    Args:
        redis_url: See ``ExistingOptions``, as for the two next ones.
        client: A sync redis-py client to use instead.
        async_client: An async redis-py client to use instead.
        prefix: What the Redis keys of sessions start with.
        ttl: Seconds after which a session expires; None keeps it.
        sliding: Whether that time starts anew whenever messages are added (True), or with the first one only.
        max_messages: How many messages a session keeps at most: the last ones; None for all. Calls of tools and their
            results are kept or go together, so that there may be fewer, and more where one call alone has as many
            results.
        keep_system: Whether the system messages at the start of a session are among those that are kept.

    Raises:
        UnknownArgumentError: If there is a keyword that the store does not have.
        ArgumentError: If a value is out of its range.
    """

    redis_url: str | None = Field(default=None, repr=False)
    prefix: str = "chat_store"
    ttl: float | None = None
    sliding: bool = True
    max_messages: int | None = None
    keep_system: bool = False

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
        max_messages: int | None = None,
        keep_system: bool = False,
    ) -> None:
        sessions = SessionSettings.checked(prefix, ttl, sliding, max_messages, keep_system=keep_system)
        connection = Connection(redis_url, client, async_client)
        limits: dict[str, Any] = {"max_messages": max_messages, "keep_system": keep_system}
        fields: dict[str, Any] = {"prefix": prefix, "ttl": ttl, "sliding": sliding, **limits}
        super().__init__(**{"redis_url": redis_url, **fields})
        self._sessions = sessions
        self._connection = connection

    def __getstate__(self) -> dict[str, Any]:
        """Return what makes an equal store when it is unpickled: the URL is in it, password included.

        Raises:
            ArgumentError: If the store was given a client, which cannot be written down.
        """
        if self._connection.given is not None:
            raise ArgumentError(
                "a store that was given a client cannot be written down; make it with redis_url instead"
            )
        return {"__dict__": dict(self.__dict__)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the store anew."""
        self.__init__(**state["__dict__"])  # type: ignore[misc]  # as LlamaIndex's components do

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex serialises the store."""
        return "RedisChatStore"

    # Writing

    @known_keywords
    def set_messages(self, key: str, messages: Sequence[ChatMessage]) -> None:
        """Replace the messages of a session.

        Raises:
            RecordError: If a message could not be read back just as it is; nothing is written then.
        """
        self._run(history.replace(self._at(key), FORMAT.write(messages)))

    @known_keywords
    async def aset_messages(self, key: str, messages: Sequence[ChatMessage]) -> None:
        """Replace the messages of a session. See ``set_messages``."""
        await self._arun(history.replace(self._at(key), FORMAT.write(messages)))

    @known_keywords
    def add_message(self, key: str, message: ChatMessage, idx: int | None = None) -> None:
        """Append a message to a session, or insert it.

        Args:
            key: The session: any non-empty string.
            message: The message.
            idx: Before which message to insert it, counted as Python's lists do.

        Raises:
            RecordError: If the message could not be read back just as it is; nothing is written then.
        """
        self._run(self._add(key, message, idx))

    @known_keywords
    async def async_add_message(self, key: str, message: ChatMessage, idx: int | None = None) -> None:
        """Append a message to a session, or insert it. See ``add_message``."""
        await self._arun(self._add(key, message, idx))

    def _add(self, key: str, message: ChatMessage, idx: int | None) -> Steps[object]:
        session, entries = self._at(key), FORMAT.write([message])
        return history.append(session, entries) if idx is None else history.insert(session, entries[0], _place(idx))

    # Reading

    @known_keywords
    def get_messages(self, key: str) -> list[ChatMessage]:
        """Return the messages of a session, in order."""
        return self._run(self._get(key))

    @known_keywords
    async def aget_messages(self, key: str) -> list[ChatMessage]:
        """Return the messages of a session, in order."""
        return await self._arun(self._get(key))

    def _get(self, key: str) -> Steps[list[ChatMessage]]:
        return FORMAT.read((yield from history.read(self._at(key))), key)

    @known_keywords
    def get_keys(self) -> list[str]:
        """Return the sessions that have messages, in no order. The server looks at all its keys, page by page."""
        found = [self._sessions.session_id(key) for key in self._scan(self._sessions.stem)]
        return list(dict.fromkeys(key for key in found if key is not None))

    @known_keywords
    async def aget_keys(self) -> list[str]:
        """Return the sessions that have messages, in no order. See ``get_keys``."""
        found = [self._sessions.session_id(key) async for key in self._ascan(self._sessions.stem)]
        return list(dict.fromkeys(key for key in found if key is not None))

    # Deleting

    @known_keywords
    def delete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a session and return its messages; None if there is no such session."""
        return self._run(self._take(key))

    @known_keywords
    async def adelete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a session and return its messages; None if there is no such session."""
        return await self._arun(self._take(key))

    def _take(self, key: str) -> Steps[list[ChatMessage] | None]:
        entries = yield from history.take(self._at(key))
        return FORMAT.read(entries, key) if entries else None

    @known_keywords
    def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message and return it; None if there is none at that place, counted as Python's lists do."""
        return self._run(self._remove(key, idx))

    @known_keywords
    async def adelete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message and return it. See ``delete_message``."""
        return await self._arun(self._remove(key, idx))

    @known_keywords
    def delete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message of a session and return it; None if there is none."""
        return self._run(self._remove(key, -1))

    @known_keywords
    async def adelete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message of a session and return it; None if there is none."""
        return await self._arun(self._remove(key, -1))

    def _remove(self, key: str, idx: int) -> Steps[ChatMessage | None]:
        entry = yield from history.remove(self._at(key), _place(idx))
        found = [] if entry is None else FORMAT.read([entry], key)
        return found[0] if found else None

    def _at(self, key: str) -> Session:
        return self._sessions.session(key, what="key")


def _place(idx: int) -> int:
    if isinstance(idx, bool) or not isinstance(idx, int):
        raise ArgumentError(f"idx is an integer; not {idx!r:.80}")
    return idx
