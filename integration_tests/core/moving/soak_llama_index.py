"""The store of LlamaIndex in the soak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from integration_tests.core.moving.soak_faces import STEADY, Caller
from redisvl_adapters.llama_index import RedisVectorStore


class Embedding(BaseEmbedding):
    """The same vectors by a model of LlamaIndex."""

    size: int

    def _get_text_embedding(self, text: str) -> list[float]:
        return DeterministicFakeEmbedding(size=self.size).embed_query(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class Face:
    """The store of LlamaIndex."""

    def __init__(self, url: str, name: str, size: int, *, is_async: bool) -> None:
        self._model = Embedding(size=size)
        given: Any = {"index_name": name, "redis_url": url, "embedding_id": f"m{size}"}
        self._call = Caller(RedisVectorStore(**given), is_async=is_async)

    def add(self, record_id: str, text: str, metadata: dict[str, Any]) -> None:
        node = TextNode(id_=record_id, text=text, metadata=metadata, embedding=self._model.get_text_embedding(text))
        self._call("add", [node])

    def update(self, record_id: str, changes: dict[str, Any]) -> int:
        return int(self._call("update_metadata", [record_id], changes))

    def delete(self, record_id: str) -> None:
        self._call("delete_nodes", [record_id])

    def delete_where(self, values: Mapping[str, str]) -> None:
        self._call("delete_nodes", filters=_equal(values))

    def numbers(self, ids: Sequence[str]) -> list[int]:
        return [each.metadata["n"] for each in self._call("get_nodes", list(ids))]

    def near(self) -> int:
        return self._found(query_embedding=self._model.get_query_embedding("fox"))

    def count(self) -> int:
        return int(self._call("count", _equal({"who": "steady"})))

    def words(self) -> int:
        return self._found(query_str="steady", mode=VectorStoreQueryMode.TEXT_SEARCH)

    def matching(self) -> int:
        return len(self._call("get_nodes", filters=_equal({"who": "steady"})))

    def rebuild(self, options: dict[str, Any]) -> object:
        if size := options.get("size"):
            options = {"embed_model": Embedding(size=size), "embedding_id": f"m{size}"}
        return self._call("rebuild", **options)

    def close(self) -> None:
        self._call.close()

    def _found(self, **asked: Any) -> int:
        query = VectorStoreQuery(similarity_top_k=STEADY, filters=_equal({"who": "steady"}), **asked)
        return len(self._call("query", query).ids or [])


def _equal(values: Mapping[str, str]) -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key=key, value=value) for key, value in values.items()])
