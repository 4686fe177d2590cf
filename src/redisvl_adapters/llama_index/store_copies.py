"""Sessions of LlamaIndex's own Redis chat store, copied into one of this library by the same names."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from llama_index.core.base.llms.types import ChatMessage
from pydantic import ValidationError

from redisvl_adapters.core.arguments import check_name, check_strings
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import Session
from redisvl_adapters.core.sessions.other_sessions import OtherSession, exists, read_list
from redisvl_adapters.errors import SkippedRecordWarning, known_keywords
from redisvl_adapters.llama_index.messages import FORMAT


class StoreCopies(PlainRedisBase):
    """Copying the sessions of llama-index-storage-chat-store-redis, with an async twin."""

    @known_keywords
    def copy_from_llama_index(self, keys: Sequence[str]) -> dict[str, int]:
        """Copy sessions of llama-index-storage-chat-store-redis on the same server into this store, by their keys.

        Theirs stay as they are; nothing tells their keys from others, so they are to be named. A session that has
        messages here already is left alone, so this can be called again. A session expires when theirs would, unless
        this store has a ``ttl``. A message that is damaged is left out with a warning.

        Args:
            keys: The sessions.

        Returns:
            How many messages were copied, by session; of sessions that were left alone, or are not there, nothing.

        Raises:
            ArgumentError: If keys is no list of non-empty texts.
        """
        _check(keys)
        counts = {key: self._run(self._copy(key)) for key in keys}
        return {key: count for key, count in counts.items() if count is not None}

    @known_keywords
    async def acopy_from_llama_index(self, keys: Sequence[str]) -> dict[str, int]:
        """Copy sessions of llama-index-storage-chat-store-redis. See ``copy_from_llama_index``."""
        _check(keys)
        counts = {key: await self._arun(self._copy(key)) for key in keys}
        return {key: count for key, count in counts.items() if count is not None}

    def _session(self, key: str) -> Session:
        raise NotImplementedError

    def _copy(self, key: str) -> Steps[int | None]:
        session = self._session(key)
        found = None if (yield from exists(session)) else (yield from read_list(key))
        if found is None:
            return None
        messages = _messages(found, key)
        yield from history.append(found.kept_like(session), FORMAT.write(messages))
        return len(messages)


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
