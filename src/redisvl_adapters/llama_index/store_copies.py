"""Sessions of LlamaIndex's own Redis chat store, copied into one of this library by the same names."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from llama_index.core.base.llms.types import ChatMessage
from pydantic import ValidationError

from redisvl_adapters.core.arguments import check_name, check_strings
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import Session
from redisvl_adapters.core.sessions.other_sessions import OtherSession, exists, read_list
from redisvl_adapters.core.sessions.source import SessionSource, Source
from redisvl_adapters.errors import SkippedRecordWarning, known_keywords
from redisvl_adapters.llama_index.messages import FORMAT


class StoreCopies(PlainRedisBase):
    """Copying the sessions of llama-index-storage-chat-store-redis, with an async twin."""

    @known_keywords
    def copy_from_llama_index(self, keys: Sequence[str], *, source: Source | None = None) -> dict[str, int]:
        """Copy sessions of llama-index-storage-chat-store-redis into this store, by their keys.

        Theirs stay as they are; nothing tells their keys from others, so they are to be named. A session that has
        messages here already is left alone, so this can be called again. A session expires when theirs would, unless
        this store has a ``ttl``. A message that is damaged is left out with a warning.

        Args:
            keys: The sessions.
            source: The server that theirs lie on, by its URL or a client of redis-py, sync or async; None for the one
                of this store. A client stays open.

        Returns:
            How many messages were copied, by session; of sessions that were left alone, or are not there, nothing.

        Raises:
            ArgumentError: If keys is no list of non-empty texts, or source neither a URL nor a client.
        """
        _check(keys)
        copied: dict[str, int] = {}
        with SessionSource(source, self._connection) as theirs:
            for key in keys:
                session = self._session(key)
                found = None if self._run(exists(session)) else theirs.read(read_list(key))
                if found is not None:
                    messages = _messages(found, key)
                    self._run(history.append(found.kept_like(session), FORMAT.write(messages)))
                    copied[key] = len(messages)
        return copied

    @known_keywords
    async def acopy_from_llama_index(self, keys: Sequence[str], *, source: Source | None = None) -> dict[str, int]:
        """Copy sessions of llama-index-storage-chat-store-redis. See ``copy_from_llama_index``."""
        _check(keys)
        copied: dict[str, int] = {}
        async with SessionSource(source, self._connection) as theirs:
            for key in keys:
                session = self._session(key)
                is_there = await self._arun(exists(session))
                found = None if is_there else await theirs.aread(read_list(key))
                if found is not None:
                    messages = _messages(found, key)
                    await self._arun(history.append(found.kept_like(session), FORMAT.write(messages)))
                    copied[key] = len(messages)
        return copied

    def _session(self, key: str) -> Session:
        raise NotImplementedError


def _check(keys: Sequence[str]) -> None:
    check_strings(keys, "keys")
    for key in keys:
        check_name(key, "a key")


def _messages(session: OtherSession, key: str) -> list[ChatMessage]:
    messages: list[ChatMessage] = []
    for entry in session.entries:
        try:
            messages.append(ChatMessage.model_validate_json(entry))
        except ValidationError:
            continue
    if damaged := len(session.entries) - len(messages):
        warnings.warn(
            f"{damaged} messages of session {key!r:.80} of LlamaIndex's chat store are damaged, and left out",
            SkippedRecordWarning,
            stacklevel=3,
        )
    return messages
