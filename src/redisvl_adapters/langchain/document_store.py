"""LangChain's store of documents by key, such as a ``ParentDocumentRetriever`` keeps whole documents in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Unpack

import orjson
from langchain_core.documents import Document
from langchain_core.stores import BaseStore

from redisvl_adapters.core.arguments import is_utf8
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.server.closeable import Closeable
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.errors import ArgumentError, RecordError, known_keywords
from redisvl_adapters.langchain.byte_store import RedisByteStore

_PARTS = {"page_content", "metadata", "id"}


class RedisDocumentStore(Closeable, BaseStore[str, Document]):
    """Documents by key, on plain Redis or Valkey: text, id and metadata as a vector store would give them back.

    LangChain's own serialisation, which a retriever with ``byte_store=`` writes, loses dates and whatever else JSON
    lacks. Here metadata come back as from a vector store, or are refused. Nothing is sent before the first operation.
    Every method has an async twin that does not use threads.

    Examples:
        >>> parents = RedisDocumentStore(redis_url="redis://localhost:6379", prefix="parents")
        >>> retriever = ParentDocumentRetriever(vectorstore=store, docstore=parents, child_splitter=splitter)

    Args:
        prefix: What the Redis keys start with. Stores with the same prefix are the same store.
        ttl: Seconds after which a document expires, counted from its last write; None keeps it.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, ``socket_connect_timeout``,
            ``socket_timeout``, ``retry``.

    Raises:
        ArgumentError: If there is a keyword that the store does not have, or a value is out of its range.
    """

    @known_keywords
    def __init__(
        self, *, prefix: str = "documents", ttl: float | None = None, **connection: Unpack[ConnectionOptions]
    ) -> None:
        self._values = RedisByteStore(prefix=prefix, ttl=ttl, **connection)

    @known_keywords
    def mget(self, keys: Sequence[str]) -> list[Document | None]:
        """Return the documents of keys, None where there is none."""
        return list(map(_decode, keys, self._values.mget(keys)))

    @known_keywords
    async def amget(self, keys: Sequence[str]) -> list[Document | None]:
        """Return the documents of keys, None where there is none."""
        return list(map(_decode, keys, await self._values.amget(keys)))

    @known_keywords
    def mset(self, key_value_pairs: Sequence[tuple[str, Document]]) -> None:
        """Write documents, replacing those that their keys have.

        Raises:
            ArgumentError: If something is no document; nothing is written then.
            RecordError: If a document would not come back; nothing is written then.
        """
        self._values.mset(_encode(key_value_pairs))

    @known_keywords
    async def amset(self, key_value_pairs: Sequence[tuple[str, Document]]) -> None:
        """Write documents, replacing those that their keys have. See ``mset``."""
        await self._values.amset(_encode(key_value_pairs))

    @known_keywords
    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete documents; keys that do not exist do no harm."""
        self._values.mdelete(keys)

    @known_keywords
    async def amdelete(self, keys: Sequence[str]) -> None:
        """Delete documents; keys that do not exist do no harm."""
        await self._values.amdelete(keys)

    @known_keywords
    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys, or those that start with a prefix. See ``RedisByteStore``."""
        return self._values.yield_keys(prefix=prefix)

    @known_keywords
    def ayield_keys(  # pyright: ignore[reportIncompatibleMethodOverride]  # it sees no generator in LangChain's
        self, *, prefix: str | None = None
    ) -> AsyncIterator[str]:
        """Yield the keys, or those that start with a prefix. See ``RedisByteStore``."""
        return self._values.ayield_keys(prefix=prefix)

    @known_keywords
    def close(self) -> None:
        """Close the connection; a client that was given stays open."""
        self._values.close()

    @known_keywords
    async def aclose(self) -> None:
        """Close the connection, on the running event loop too; a client that was given stays open."""
        await self._values.aclose()


def _encode(pairs: Sequence[tuple[str, Document]]) -> list[tuple[str, bytes]]:
    if isinstance(pairs, str) or not isinstance(pairs, Sequence):
        raise ArgumentError(f"key_value_pairs is a list of pairs; not {pairs!r:.80}")
    texts: list[tuple[str, bytes]] = []
    for place, pair in enumerate(pairs):
        if len(pair) != 2 or not isinstance(pair[1], Document):
            raise ArgumentError(f"key_value_pairs[{place}] is a key and a document; not {pair!r:.80}")
        key, document = pair
        where = f"document {place} (key {key!r:.80})"
        if not is_utf8(document.page_content) or not is_utf8(document.id or ""):
            raise RecordError(f"{where} has a lone surrogate in its text or id, which UTF-8 lacks")
        held: dict[str, Any] = {
            "page_content": document.page_content,
            "metadata": check_metadata(document.metadata, where).plain,
            "id": document.id,
        }
        texts.append((key, orjson.dumps(held)))
    return texts


def _decode(key: str, text: bytes | None) -> Document | None:
    if text is None:
        return None
    try:
        held = orjson.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict) or held.keys() != _PARTS:
        raise RecordError(
            f"the value of {key!r:.80} is none that a RedisDocumentStore wrote; what a retriever with byte_store= has "
            "written is read by byte_store=RedisByteStore(...)"
        )
    return Document(**held)
