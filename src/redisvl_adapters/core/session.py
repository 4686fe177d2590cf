"""What needs Redis, but no index: a connection to run operations on, and keys that cannot meet those of others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from redis import exceptions as redis_errors
from redis.client import NEVER_DECODE

from redisvl_adapters.core.closing import Closing
from redisvl_adapters.core.commands import Steps, T
from redisvl_adapters.core.connection import Connection
from redisvl_adapters.core.drivers import adrive, drive, translate
from redisvl_adapters.core.encoding import is_utf8
from redisvl_adapters.errors import ArgumentError, known_keywords

PAGE = 1000
"""How many keys the server looks at in one step of a scan; in between it serves others."""

_GLOB = re.compile(r"[\\*?\[\]]")
_RESERVED = re.compile(r"[%{}/:]")


class SessionBase(Closing):
    """Something on plain Redis. It closes only the connections that it opened."""

    _connection: Connection

    def _run(self, steps: Steps[T]) -> T:
        return drive(self._connection.sync_client(), steps, self._address)

    async def _arun(self, steps: Steps[T]) -> T:
        return await adrive(await self._connection.async_client(), steps, self._address)

    def _scan(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with a prefix, each once, on every node of a cluster."""
        seen: set[str] = set()
        with self._translated():
            for key in self._connection.sync_client().scan_iter(**_matching(prefix)):
                if (name := key.decode("utf-8", "replace")) not in seen:
                    seen.add(name)
                    yield name

    async def _ascan(self, prefix: str) -> AsyncIterator[str]:
        """Yield the keys that start with a prefix, each once, on every node of a cluster."""
        seen: set[str] = set()
        client = await self._connection.async_client()
        with self._translated():
            async for key in client.scan_iter(**_matching(prefix)):
                if (name := key.decode("utf-8", "replace")) not in seen:
                    seen.add(name)
                    yield name

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except redis_errors.RedisError as error:
            raise translate(error, self._address()) from error

    @known_keywords
    def close(self) -> None:
        """Close the connection; a client that was given stays open."""
        self._connection.close()

    @known_keywords
    async def aclose(self) -> None:
        """Close the connection, that of the running event loop too; a client that was given stays open."""
        await self._connection.aclose()

    def _address(self) -> str:
        return self._connection.address


def check_prefix(prefix: object) -> str:
    """Return what keys start with: with a separator at its end, so that ``chat`` does not cover ``chat2``.

    Raises:
        ArgumentError: If it is empty, or has braces, which on a cluster decide where a key lies.
    """
    if not isinstance(prefix, str) or not prefix.strip(":") or not is_utf8(prefix) or "{" in prefix or "}" in prefix:
        raise ArgumentError(f"prefix is a non-empty string without braces; not {prefix!r}")
    return prefix if prefix.endswith(":") else prefix + ":"


def check_name(name: object, what: str) -> str:
    """Return a name that a caller chose.

    Raises:
        ArgumentError: If it is not a non-empty string, or UTF-8 cannot hold it.
    """
    if not isinstance(name, str) or not name or not is_utf8(name):
        raise ArgumentError(f"{what} is a non-empty string; not {name!r:.80}")
    return name


def check_strings(strings: object, what: str) -> None:
    """Refuse what is no list of strings that UTF-8 can hold.

    Raises:
        ArgumentError: If so.
    """
    if isinstance(strings, str) or not isinstance(strings, Sequence):
        raise ArgumentError(f"{what} is a list of strings; not {strings!r:.80}")
    for place, string in enumerate(strings):
        if not isinstance(string, str) or not is_utf8(string):
            raise ArgumentError(f"{what}[{place}] is a string; not {string!r:.80}")


def encode_name(name: str) -> str:
    """Return a name as it stands in a key: what has a meaning there is written as in a URL."""
    return _RESERVED.sub(lambda match: f"%{ord(match[0]):02X}", name)


def decode_name(encoded: str) -> str:
    """Return the name that stands in a key."""
    return unquote(encoded)


def _matching(prefix: str) -> dict[str, Any]:
    return {"match": _GLOB.sub(r"\\\g<0>", prefix) + "*", "count": PAGE, NEVER_DECODE: True}
