"""LlamaIndex's chat store, such as ``ChatMemoryBuffer`` takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Unpack

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, field_serializer
from llama_index.core.storage.chat_store.base import BaseChatStore

from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.waits import DEFAULT_RETRY, write_retry
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.options import ChatStoreOptions
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.messages import FORMAT
from redisvl_adapters.llama_index.session_store import DEFAULT_PREFIX, SessionStore
from redisvl_adapters.llama_index.store_copies import StoreCopies
from redisvl_adapters.signatures import list_keywords


class RedisChatStore(SessionStore, StoreCopies, BaseChatStore):
    """The messages of sessions, in order: appended atomically, whole, and by any number of writers.

    Plain Redis or Valkey is enough (6.0.6 or newer). Nothing is sent before the first operation. Every method has an
    async twin that does not block. A stored message that is damaged is left out with a warning.

    ``to_dict``, ``to_json`` and the ``to_string`` of a ``ChatMemoryBuffer`` write the URL down, password included: give
    it by the environment variable ``REDIS_URL`` instead. A ``ChatMemoryBuffer`` cannot be read back by ``from_string``,
    which knows LlamaIndex's own ``SimpleChatStore`` only: make it anew with this store and the same ``chat_store_key``,
    and it has its messages.

    Examples:
        >>> store = RedisChatStore(redis_url="redis://localhost:6379", ttl=3600)
        >>> memory = ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="session-1")

    Args:
        options: The keywords of ``ChatStoreOptions``: ``redis_url`` or a client, ``prefix`` (``chat_store``), ``ttl``,
            ``sliding``, ``max_messages``, ``keep_system``, ``retry`` and more.

    Raises:
        UnknownArgumentError: If there is a keyword that the store does not have.
        ArgumentError: If a value is out of its range.
    """

    redis_url: str | None = Field(default=None, repr=False)
    prefix: str = DEFAULT_PREFIX
    ttl: float | None = None
    sliding: bool = True
    max_messages: int | None = None
    keep_system: bool = False
    socket_connect_timeout: float | None = None
    socket_timeout: float | None = None
    retry: int | timedelta = DEFAULT_RETRY

    @field_serializer("retry")
    def _write_retry(self, retry: int | timedelta) -> int | str:
        return write_retry(retry)

    @known_keywords
    @list_keywords(ChatStoreOptions)
    def __init__(self, **options: Unpack[ChatStoreOptions]) -> None:
        super().__init__(**options)

    def __getstate__(self) -> dict[str, Any]:
        """Return what makes an equal store when it is unpickled: the URL is in it, password included.

        Raises:
            ArgumentError: If the store was given a client, which cannot be written down.
        """
        self._connection.refuse_given("written down")
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
        self._run(history.replace(self._session(key), FORMAT.write(messages)))

    @known_keywords
    async def aset_messages(self, key: str, messages: Sequence[ChatMessage]) -> None:
        """Replace the messages of a session. See ``set_messages``."""
        await self._arun(history.replace(self._session(key), FORMAT.write(messages)))

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
        session, (entry,) = self._session(key), FORMAT.write([message])
        return history.append(session, [entry]) if idx is None else history.insert(session, entry, _check_idx(idx))

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
        return FORMAT.read((yield from history.read(self._session(key))), key)

    @known_keywords
    def get_keys(self) -> list[str]:
        """Return the sessions that have messages, in no order. The server looks at all its keys, page by page."""
        return self._keys()

    @known_keywords
    async def aget_keys(self) -> list[str]:
        """Return the sessions that have messages, in no order. See ``get_keys``."""
        return await self._akeys()

    # Deleting

    @known_keywords
    def delete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a session and return its messages; None if there is no such session."""
        return self._run(self._delete(key))

    @known_keywords
    async def adelete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a session and return its messages; None if there is no such session."""
        return await self._arun(self._delete(key))

    def _delete(self, key: str) -> Steps[list[ChatMessage] | None]:
        entries = yield from history.take(self._session(key))
        return FORMAT.read(entries, key) if entries else None

    @known_keywords
    def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message and return it; None if there is none at that place, counted as Python's lists do."""
        return self._run(self._delete_at(key, _check_idx(idx)))

    @known_keywords
    async def adelete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message and return it. See ``delete_message``."""
        return await self._arun(self._delete_at(key, _check_idx(idx)))

    @known_keywords
    def delete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message of a session and return it; None if there is none."""
        return self._run(self._delete_at(key, -1))

    @known_keywords
    async def adelete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message of a session and return it; None if there is none."""
        return await self._arun(self._delete_at(key, -1))


def _check_idx(idx: object) -> int:
    if isinstance(idx, bool) or not isinstance(idx, int):
        raise ArgumentError(f"idx is an integer; not {idx!r:.80}")
    return idx
