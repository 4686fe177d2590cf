"""A cache of exact matches: one plain string for each prompt, which needs no search module."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

from redisvl_adapters.core.arguments import check_ttl
from redisvl_adapters.core.caches.cache_options import OnError, check_on_error
from redisvl_adapters.core.caches.failures import (
    DAMAGE,
    DamagedEntryError,
    FailureHandling,
    is_wrong_type,
)
from redisvl_adapters.core.caches.prompts import check_prompt, digest
from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.key_names import check_prefix
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.server.replies import ok

T = TypeVar("T")

_BATCH = 500


class ExactCacheBase(PlainRedisBase, FailureHandling, ABC, Generic[T]):
    """A cache of exact matches, whatever the framework. The adapters say how answers are written.

    Args:
        prefix: What its keys start with.
        ttl: Seconds after which an entry expires.
        on_error: What becomes of a failure: ``raise``, or ``miss`` with a warning.
        redis_url: The server.
        client: A sync client to use instead.
        async_client: An async client to use instead.
    """

    def __init__(
        self,
        prefix: str,
        ttl: float | None,
        on_error: OnError,
        redis_url: str | None,
        client: SyncClient | None,
        async_client: AsyncClient | None,
    ) -> None:
        self._prefix = check_prefix(prefix)
        self._is_own = re.compile(re.escape(self._prefix) + "[0-9a-f]{64}").fullmatch
        self._ttl_ms = check_ttl(ttl)
        self._on_error = check_on_error(on_error)
        self._connection = Connection(redis_url, client, async_client)

    @abstractmethod
    def _write(self, value: T) -> str:
        """Return an answer as text.

        Raises:
            RecordError: If it could not be read back whole.
        """

    @abstractmethod
    def _read(self, text: str | bytes) -> T:
        """Return the answer that a text holds; any of ``DAMAGE`` says that it is damaged."""

    def _check_identifiable(self, prompt: str, model: str) -> None:
        """Refuse a prompt, or a model, that could be mistaken for another one.

        Raises:
            RecordError: If so.
        """

    def _find(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt, None if there is none."""
        try:
            return self._run(self._get(prompt, model))
        except Exception as error:  # noqa: BLE001  # a cache need not be why a call fails, whatever happens
            self._missed(error)
            return None

    async def _afind(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt, None if there is none."""
        try:
            return await self._arun(self._get(prompt, model))
        except Exception as error:  # noqa: BLE001  # a cache need not be why a call fails, whatever happens
            self._missed(error)
            return None

    def _keep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            self._run(self._set(prompt, model, value))
        except Exception as error:  # noqa: BLE001  # as above
            self._unkept(error)

    async def _akeep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            await self._arun(self._set(prompt, model, value))
        except Exception as error:  # noqa: BLE001  # as above
            self._unkept(error)

    def _clear(self) -> None:
        """Delete the entries of this cache."""
        for batch in _batches(self._scan(self._prefix)):
            self._run(self._unlink(batch))

    async def _aclear(self) -> None:
        """Delete the entries of this cache."""
        async for batch in _abatches(self._ascan(self._prefix)):
            await self._arun(self._unlink(batch))

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
