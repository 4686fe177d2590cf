"""Sessions of langchain-redis, copied into histories of this library by the same names."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from langchain_core.messages import BaseMessage, messages_from_dict
from pydantic import ValidationError

from redisvl_adapters.core.arguments import check_name, check_strings
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.sessions.history import Session
from redisvl_adapters.core.sessions.other_sessions import OtherSession, exists, group_by_session, read_documents
from redisvl_adapters.core.sessions.source import SessionSource, Source
from redisvl_adapters.errors import SkippedRecordWarning, known_keywords


class _Adding(Protocol):
    """What of the history of a session is used."""

    def add_messages(self, messages: Sequence[BaseMessage]) -> None: ...

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None: ...


class HistoryCopies(PlainRedisBase):
    """Copying the sessions of langchain-redis, with an async twin."""

    @known_keywords
    def copy_from_langchain_redis(
        self, session_ids: Sequence[str] | None = None, *, key_prefix: str = "chat:", source: Source | None = None
    ) -> dict[str, int]:
        """Copy sessions of langchain-redis (0.1 and 0.2) into this history's, by their names.

        Theirs stay as they are. A session that has messages here already is left alone, so this can be called again.
        What langchain-redis did not keep, such as the ids of messages and calls of tools, is not there. A session
        expires when theirs would, unless this history has a ``ttl``; ``max_messages`` and ``embedding`` hold as for
        messages that are added. A message that is damaged is left out with a warning.

        Args:
            session_ids: Which sessions; None for all under the prefix.
            key_prefix: Theirs, ``chat:`` by default.
            source: The server that theirs lie on, by its URL or a client of redis-py, sync or async; None for the one
                of this history. A client stays open.

        Returns:
            How many messages were copied, by session; of sessions that were left alone nothing.

        Raises:
            ArgumentError: If session_ids is no list of texts, key_prefix no text, or source neither URL nor client.
        """
        prefix = _check(session_ids, key_prefix)
        copied: dict[str, int] = {}
        with SessionSource(source, self._connection) as theirs:
            for session_id, keys in _wanted(theirs.keys(prefix), prefix, session_ids):
                session = self._session_of(session_id)
                found = None if self._run(exists(session)) else theirs.read(read_documents(session_id, keys))
                if found is not None:
                    messages = _messages(found, session_id)
                    self._with_session(found.kept_like(session)).add_messages(messages)
                    copied[session_id] = len(messages)
        return copied

    @known_keywords
    async def acopy_from_langchain_redis(
        self, session_ids: Sequence[str] | None = None, *, key_prefix: str = "chat:", source: Source | None = None
    ) -> dict[str, int]:
        """Copy sessions of langchain-redis into this history's. See ``copy_from_langchain_redis``."""
        prefix = _check(session_ids, key_prefix)
        copied: dict[str, int] = {}
        async with SessionSource(source, self._connection) as theirs:
            there = [key async for key in theirs.akeys(prefix)]
            for session_id, keys in _wanted(there, prefix, session_ids):
                session = self._session_of(session_id)
                is_there = await self._arun(exists(session))
                found = None if is_there else await theirs.aread(read_documents(session_id, keys))
                if found is not None:
                    messages = _messages(found, session_id)
                    await self._with_session(found.kept_like(session)).aadd_messages(messages)
                    copied[session_id] = len(messages)
        return copied

    def _session_of(self, session_id: str) -> Session:
        raise NotImplementedError

    def _with_session(self, session: Session) -> _Adding:
        raise NotImplementedError


def _check(session_ids: Sequence[str] | None, key_prefix: object) -> str:
    if session_ids is not None:
        check_strings(session_ids, "session_ids")
    return check_name(key_prefix, "key_prefix")


def _wanted(keys: Iterable[str], prefix: str, session_ids: Sequence[str] | None) -> list[tuple[str, list[str]]]:
    found = group_by_session(keys, prefix)
    return [(one, found[one]) for one in (found if session_ids is None else dict.fromkeys(session_ids)) if one in found]


def _messages(session: OtherSession, session_id: str) -> list[BaseMessage]:
    messages: list[BaseMessage] = []
    damaged = 0
    for entry in session.entries:
        try:
            messages += [] if entry is None else messages_from_dict([_as_langchain_has_it(entry)])
        except (ValidationError, ValueError, KeyError):
            entry = None  # noqa: PLW2901  # as one that could not be read
        damaged += entry is None
    if damaged:
        warnings.warn(
            f"{damaged} messages of session {session_id!r:.80} of langchain-redis are damaged, and left out",
            SkippedRecordWarning,
            stacklevel=3,
        )
    return messages


def _as_langchain_has_it(entry: dict[str, Any]) -> dict[str, Any]:
    data = entry["data"]
    if entry["type"] == "tool":
        # 0.1 did not keep it.
        data = {"tool_call_id": "", **data}
    return {"type": entry["type"], "data": data}
