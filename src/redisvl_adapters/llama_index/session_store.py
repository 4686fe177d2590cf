"""Base class of the chat stores: messages of any number of sessions, by key, on plain Redis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import BaseModel, PrivateAttr

from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.options import connection_options
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import Session, SessionSettings
from redisvl_adapters.core.sessions.options import ChatStoreOptions
from redisvl_adapters.llama_index.messages import FORMAT

DEFAULT_PREFIX = "chat_store"


class SessionStore(PlainRedisBase, BaseModel):
    """Sessions by key. Plain Redis or Valkey is enough (6.0.6 or newer); nothing is sent before the first operation.

    Args:
        options: See ``ChatStoreOptions``. Those that are fields of the class are kept there too.

    Raises:
        ArgumentError: If a value is out of its range.
    """

    _connection: Connection = PrivateAttr()
    _sessions: SessionSettings = PrivateAttr()

    def __init__(self, **options: Unpack[ChatStoreOptions]) -> None:
        sessions = SessionSettings.checked(
            options.get("prefix", DEFAULT_PREFIX),
            options.get("ttl"),
            options.get("sliding", True),
            options.get("max_messages"),
            keep_system=options.get("keep_system", False),
        )
        connection = Connection(**connection_options(options))
        super().__init__(**{name: value for name, value in options.items() if name in type(self).model_fields})
        self._sessions = sessions
        self._connection = connection

    def _session(self, key: str) -> Session:
        return self._sessions.session(key, what="key")

    def _delete_at(self, key: str, idx: int) -> Steps[ChatMessage | None]:
        """Delete a message and return it; None if there is none at that place."""
        entry = yield from history.remove(self._session(key), idx)
        messages = [] if entry is None else FORMAT.read([entry], key)
        return messages[0] if messages else None

    def _keys(self) -> list[str]:
        return self._session_ids(self._scan(self._sessions.stem))

    async def _akeys(self) -> list[str]:
        return self._session_ids([key async for key in self._ascan(self._sessions.stem)])

    def _session_ids(self, redis_keys: Iterable[str]) -> list[str]:
        """Return the sessions that Redis keys are of, each once: an archive has a key of its own."""
        found = map(self._sessions.session_id, redis_keys)
        return list(dict.fromkeys(key for key in found if key is not None))
