"""What the tests of LlamaIndex's storage share: a restart, documents, and an embedding that counts what it embeds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import pytest
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import Document

from integration_tests.llama_index.llama_index_support import WordEmbedding, embed
from redisvl_adapters.llama_index import RedisStorageContext

Restart: TypeAlias = Callable[[], Awaitable[RedisStorageContext]]


class CountingEmbedding(WordEmbedding):
    """Embeds texts by ``embed``, and knows which."""

    _embedded: list[str] = PrivateAttr(default_factory=list)

    @property
    def embedded(self) -> list[str]:
        """The texts that were embedded, but for queries."""
        return self._embedded

    def _get_text_embedding(self, text: str) -> list[float]:
        self._embedded.append(text)
        return embed(text)


def documents(*texts: str, **metadata: Any) -> list[Document]:
    """Return documents with the ids d0, d1, ..."""
    return [Document(id_=f"d{place}", text=text, metadata=dict(metadata)) for place, text in enumerate(texts)]


@pytest.fixture
async def restart(redis_url: str, index_name: str) -> AsyncIterator[Restart]:
    """Make the storage of an index anew, as a process does that has just started."""
    async with AsyncExitStack() as opened:

        async def make() -> RedisStorageContext:
            await opened.aclose()
            return await opened.enter_async_context(RedisStorageContext(index_name=index_name, redis_url=redis_url))

        yield make
        await (await make()).aclear()
