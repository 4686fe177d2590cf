"""The store of LangChain in the soak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.embeddings import DeterministicFakeEmbedding

from integration_tests.core.moving.soak_faces import STEADY, Caller
from redisvl_adapters.langchain import RedisVectorStore


class Face:
    """The store of LangChain."""

    def __init__(self, url: str, name: str, size: int, *, is_async: bool) -> None:
        model = DeterministicFakeEmbedding(size=size)
        given: Any = {"index_name": name, "redis_url": url, "embedding_id": f"m{size}"}
        self._call = Caller(RedisVectorStore(model, **given), is_async=is_async)

    def add(self, record_id: str, text: str, metadata: dict[str, Any]) -> None:
        self._call("add_texts", [text], [metadata], ids=[record_id])

    def update(self, record_id: str, changes: dict[str, Any]) -> int:
        return int(self._call("update_metadata", [record_id], changes))

    def delete(self, record_id: str) -> None:
        self._call("delete", [record_id])

    def delete_where(self, values: Mapping[str, str]) -> None:
        self._call("delete", filter=dict(values))

    def numbers(self, ids: Sequence[str]) -> list[int]:
        return [each.metadata["n"] for each in self._call("get_by_ids", ids)]

    def near(self) -> int:
        return len(self._call("similarity_search", "fox", k=STEADY, filter={"who": "steady"}))

    def count(self) -> int:
        return int(self._call("count", {"who": "steady"}))

    def words(self) -> int:
        return len(self._call("text_search", "steady", k=STEADY))

    def matching(self) -> int:
        return len(self._call("get", filter={"who": "steady"}))

    def rebuild(self, options: dict[str, Any]) -> object:
        if size := options.get("size"):
            options = {"embedding": DeterministicFakeEmbedding(size=size), "embedding_id": f"m{size}"}
        return self._call("rebuild", **options)

    def close(self) -> None:
        self._call.close()
