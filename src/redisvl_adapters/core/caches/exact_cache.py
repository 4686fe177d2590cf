"""A cache of exact matches: one plain string for each prompt, which needs no search module."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import TypeVar, Unpack

from redisvl_adapters.core.arguments import check_ttl
from redisvl_adapters.core.caches.answer_cache import AnswerCache
from redisvl_adapters.core.caches.cache_options import OnError, check_on_error
from redisvl_adapters.core.caches.failures import DAMAGE, DamagedEntryError
from redisvl_adapters.core.caches.prompts import check_prompt, digest
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.key_names import check_prefix
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.server.replies import is_wrong_type, ok
from redisvl_adapters.core.server.telemetry import operation as traced
from redisvl_adapters.errors import known_keywords

T = TypeVar("T")

_BATCH = 500


class ExactCacheBase(PlainRedisBase, AnswerCache[T]):
    """A cache of exact matches, whatever the framework. The adapters say how answers are written.

    Args:
        prefix: What its keys start with. A colon parts it from the rest of the key.
        ttl: Seconds after which an answer expires; None keeps it.
        on_error: See ``CacheOptions``.
        connection: See ``ConnectionOptions``.
    """

    @known_keywords
    def __init__(
        self,
        *,
        prefix: str = "exact-cache",
        ttl: float | None = None,
        on_error: OnError = "raise",
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        self._prefix = check_prefix(prefix)
        self._is_own = re.compile(re.escape(self._prefix) + "[0-9a-f]{64}").fullmatch
        self._ttl_ms = check_ttl(ttl)
        self._on_error = check_on_error(on_error)
        # Whoever would rather miss would rather not wait.
        if self._on_error == "miss":
            connection.setdefault("retry", 0)
        self._connection = Connection(**connection)

    @known_keywords
    def clear(self) -> None:
        """Delete the answers of this cache, and no other key."""
        for batch in _batches(self._scan(self._prefix)):
            self._run(self._unlink(batch))

    @known_keywords
    async def aclear(self) -> None:
        """Delete the answers of this cache, and no other key."""
        async for batch in _abatches(self._ascan(self._prefix)):
            await self._arun(self._unlink(batch))

    def _traced(self, operation: str) -> AbstractContextManager[None]:
        return traced(operation, self._connection)

    def _look_up(self, prompt: str, model: str) -> T | None:
        return self._run(self._get(prompt, model))

    async def _alook_up(self, prompt: str, model: str) -> T | None:
        return await self._arun(self._get(prompt, model))

    def _store(self, prompt: str, model: str, value: T) -> None:
        self._run(self._set(prompt, model, value))

    async def _astore(self, prompt: str, model: str, value: T) -> None:
        await self._arun(self._set(prompt, model, value))

    def _key(self, prompt: str, model: str) -> str:
        self._check_identifiable(check_prompt(prompt), model)
        return self._prefix + digest(prompt, model)

    def _get(self, prompt: str, model: str) -> Steps[T | None]:
        key = self._key(prompt, model)
        (reply,) = yield [Command(("GET", key), key)]
        if is_wrong_type(reply):
            raise DamagedEntryError(f"something else lies at {key}: {reply}")
        text = ok(reply)
        try:
            return None if text is None else self._read(text)
        except DAMAGE as error:
            raise DamagedEntryError(f"{key} is damaged: {error!r:.200}") from error

    def _set(self, prompt: str, model: str, value: T) -> Steps[None]:
        key = self._key(prompt, model)
        expiry = () if self._ttl_ms is None else ("PX", self._ttl_ms)
        (reply,) = yield [Command(("SET", key, self._write(value), *expiry), key)]
        ok(reply)

    def _unlink(self, keys: Sequence[str]) -> Steps[None]:
        # A key of this cache is its prefix and a digest: those of prefix "a:b:" start with "a:" too, and are not its.
        own = filter(self._is_own, keys)
        for reply in (yield [Command(("UNLINK", key), key) for key in own]):
            ok(reply)


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, _BATCH)):
        yield batch


async def _abatches(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    batch: list[str] = []
    async for key in keys:
        batch.append(key)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
