"""What the tests of the LangChain store share: an embedding model whose vectors are told, and every way to read."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import pytest
import redis
import redis.asyncio
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from integration_tests.conftest import Call
from integration_tests.servers import aconnect
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.langchain.retriever import RedisRetriever


class Model(Embeddings):
    """An embedding model: a text has the vector that was told for it, or one that its digest decides.

    Attributes:
        told: The vectors that were told, which can be anything.
        dims: The number of dimensions of the other ones.
        calls: The method and the texts of every call, in order.
    """

    def __init__(self, told: Mapping[str, Any] | None = None, *, dims: int = 8) -> None:
        self.told = dict(told or {})
        self.dims = dims
        self.calls: list[tuple[str, list[str]]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.calls.append(("embed_documents", texts))
        return [self.vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        self.calls.append(("embed_query", [text]))
        return self.vector(text)

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        self.calls.append(("aembed_documents", texts))
        return [self.vector(text) for text in texts]

    async def aembed_query(self, text: str) -> list[float]:
        self.calls.append(("aembed_query", [text]))
        return self.vector(text)

    def vector(self, text: str) -> list[float]:
        """Return the vector of a text."""
        if text in self.told:
            told: list[float] = self.told[text]
            return told
        seed = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
        made: list[float] = np.random.default_rng(seed).normal(size=self.dims).tolist()
        return made


class Clients(TypedDict):
    """The clients that a store is given."""

    client: redis.Redis
    async_client: redis.asyncio.Redis


@pytest.fixture
async def clients(redis_url: str, server: redis.Redis) -> AsyncIterator[Clients]:
    """Clients to give to stores, which then open nothing that a test would have to close."""
    async with aconnect(redis_url, protocol=2) as client:
        yield {"client": server, "async_client": client}


def store_on(clients: Clients, index_name: str, model: Embeddings | None = None, **options: Any) -> RedisVectorStore:
    """Return a store on an index."""
    return RedisVectorStore(model or Model(), index_name=index_name, **clients, **options)


def retriever_on(store: RedisVectorStore, **options: Any) -> RedisRetriever:
    """Return a retriever over a store, whatever it is told: type checkers know only of what is written out."""
    return store.as_retriever(**options)


def keys_of(client: redis.Redis, prefix: str) -> set[str]:
    """Return the keys in Redis that start with a prefix."""
    return {key.decode() for key in client.scan_iter(f"{prefix}*", count=1000)}


def indexes_of(client: redis.Redis, name: str) -> set[str]:
    """Return the names of the indexes that start so."""
    names = [index.decode() for index in client.execute_command("FT._LIST") or ()]
    return {index for index in names if index.startswith(name)}


def ids_of(documents: Sequence[Document]) -> list[str | None]:
    """Return the ids of documents, in their order."""
    return [document.id for document in documents]


async def find(call: Call, store: RedisVectorStore, filter: Any = None, query: str = "anything") -> set[str | None]:
    """Return the ids of all documents that a search with this filter finds."""
    return set(ids_of(await call(store, "similarity_search", query, 1000, filter=filter)))


async def read_in_every_way(
    call: Call, store: RedisVectorStore, record_id: str, text: str, filter: Any = None
) -> dict[str, list[Document]]:
    """Return what each way of reading gives for the text of one record."""
    vector = store.embeddings.embed_query(text)
    found: dict[str, list[Document]] = {"get_by_ids": await call(store, "get_by_ids", [record_id])}
    for way in ("similarity_search", "max_marginal_relevance_search"):
        found[way] = await call(store, way, text, 1, filter=filter)
        found[f"{way}_by_vector"] = await call(store, f"{way}_by_vector", vector, 1, filter=filter)
    for way, query in (
        ("similarity_search_with_score", text),
        ("similarity_search_with_score_by_vector", vector),
        ("similarity_search_with_relevance_scores", text),
    ):
        found[way] = [document for document, _ in await call(store, way, query, 1, filter=filter)]
    found["retriever"] = await call(store.as_retriever(search_kwargs={"k": 1, "filter": filter}), "invoke", text)
    return found


def exact(value: Any) -> Any:
    """Return a value in a form that is equal only where types are the same all the way down, and -0.0 is not 0.0."""
    if type(value) is dict:
        return {key: exact(item) for key, item in value.items()}
    if type(value) is list:
        return [exact(item) for item in value]
    return type(value).__name__, repr(value)
