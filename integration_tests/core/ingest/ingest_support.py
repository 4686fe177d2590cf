"""What the tests of ingest share: stores of both frameworks behind one face, and items for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import numpy as np
import redis
from langchain_core.documents import Document
from llama_index.core.schema import BaseNode, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.langchain import RedisVectorStore as LangChainStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore


class QuickModel(Model):
    """An embedding model that does something first in some of its calls.

    Attributes:
        seen: The texts of each call to ``embed_documents``.
    """

    def __init__(self, acts: Mapping[int, Callable[[], object]] | None = None) -> None:
        super().__init__(dims=8)
        self.seen: list[list[str]] = []
        self.acts: dict[int, Callable[[], object]] = dict(acts or {})

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.seen.append(texts)
        if act := self.acts.get(len(self.seen)):
            act()
        return vectors_of(texts)

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return vectors_of([text])[0]

    async def aembed_query(self, text: str) -> list[float]:
        return self.embed_query(text)


def vectors_of(texts: Sequence[str]) -> list[list[float]]:
    """Return a vector for each text, another one for each number in it."""
    places = np.array([int("".join(filter(str.isdigit, text)) or 0) for text in texts], dtype=np.float64)
    turns = places[:, None] * np.array([1.0, 0.7, 0.31, 0.17])
    rows: list[list[float]] = np.concatenate([np.cos(turns), np.sin(turns)], axis=1).tolist()
    return rows


class Face(Protocol):
    """A store of either framework."""

    store: Any
    model: QuickModel

    async def add(self, ids: Iterable[str], **options: Any) -> list[str]:
        """Add records with these ids, as a list if they are a list and else as a stream."""
        ...

    async def get(self, ids: Sequence[str]) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return text and metadata of records by id."""
        ...

    async def search(self, text: str, k: int) -> list[str]:
        """Return the ids of what is nearest to a text."""
        ...

    async def count(self) -> int:
        """Count all records."""
        ...


class LangChainFace:
    """A LangChain store."""

    def __init__(self, call: Call, **options: Any) -> None:
        self.call = call
        self.model = QuickModel()
        self.store: Any = LangChainStore(self.model, **options)

    async def add(self, ids: Iterable[str], **options: Any) -> list[str]:
        documents = (Document(id=each, page_content=text_of(each), metadata=metadata_of(each)) for each in ids)
        items: Any = list(documents) if isinstance(ids, Sequence) else documents
        return list(await self.call(self.store, "add_documents", items, **options))

    async def get(self, ids: Sequence[str]) -> dict[str, tuple[str, dict[str, Any]]]:
        found = await self.call(self.store, "get_by_ids", ids)
        return {each.id: (each.page_content, each.metadata) for each in found}

    async def search(self, text: str, k: int) -> list[str]:
        return [each.id for each in await self.call(self.store, "similarity_search", text, k)]

    async def count(self) -> int:
        return int(await self.call(self.store, "count"))


class LlamaIndexFace:
    """A LlamaIndex store."""

    def __init__(self, call: Call, **options: Any) -> None:
        self.call = call
        self.model = QuickModel()
        self.store: Any = LlamaIndexStore(**options)

    async def add(self, ids: Iterable[str], **options: Any) -> list[str]:
        def nodes() -> Iterator[BaseNode]:
            for each in ids:
                (vector,) = self.model.embed_documents([text_of(each)])
                yield TextNode(id_=each, text=text_of(each), metadata=metadata_of(each), embedding=vector)

        items: Any = list(nodes()) if isinstance(ids, Sequence) else nodes()
        return list(await self.call(self.store, "add", items, **options))

    async def get(self, ids: Sequence[str]) -> dict[str, tuple[str, dict[str, Any]]]:
        found = await self.call(self.store, "get_nodes", ids)
        return {each.node_id: (each.get_content(), each.metadata) for each in found}

    async def search(self, text: str, k: int) -> list[str]:
        query = VectorStoreQuery(query_embedding=vectors_of([text])[0], similarity_top_k=k)
        return list((await self.call(self.store, "query", query)).ids)

    async def count(self) -> int:
        return int(await self.call(self.store, "count"))


FACES: dict[str, Callable[..., Face]] = {"langchain": LangChainFace, "llama-index": LlamaIndexFace}


class OpenFace(Protocol):
    """Opens a store, with options of its own."""

    def __call__(self, **options: Any) -> Face: ...


@asynccontextmanager
async def open_faces(make: Callable[..., Face], call: Call, **defaults: Any) -> AsyncIterator[OpenFace]:
    """Open stores, which are closed in the end."""
    opened: list[Face] = []

    def open_face(**options: Any) -> Face:
        opened.append(make(call, **{**defaults, **options}))
        return opened[-1]

    yield open_face
    for face in opened:
        await face.store.aclose()


def names(start: int, stop: int) -> list[str]:
    """Return ids."""
    return [f"r{place}" for place in range(start, stop)]


def text_of(record_id: str) -> str:
    """Return the text of the record with this id."""
    return f"text of {record_id}"


def metadata_of(record_id: str) -> dict[str, Any]:
    """Return the metadata of the record with this id."""
    return {"n": int(record_id[1:]), "name": record_id}


def stored_in(client: redis.Redis, index_name: str) -> set[str]:
    """Return the ids of the records that lie in Redis."""
    prefix = f"{index_name}:"
    return {key.decode().removeprefix(prefix) for key in client.scan_iter(f"{prefix}*", count=1000)}


def ttl_in(client: redis.Redis, index_name: str, record_id: str) -> int:
    """Return the milliseconds after which a record expires; -1 if never, -2 if there is none."""
    return int(client.pttl(f"{index_name}:{record_id}"))
