"""Stores with an index in a database that search does not have: refused when they are made, in both frameworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core import MockEmbedding
from llama_index.core.query_engine import CustomQueryEngine

from redisvl_adapters import ArgumentError, langchain, llama_index

URL = "redis://localhost:1/3"
MODEL = DeterministicFakeEmbedding(size=4)


class Engine(CustomQueryEngine):
    """A query engine that is never asked."""

    def custom_query(self, query_str: str) -> str:
        return query_str


MAKERS: list[Callable[[], Any]] = [
    lambda: langchain.RedisVectorStore(MODEL, index_name="docs", redis_url=URL),
    lambda: langchain.RedisSemanticCache(MODEL, redis_url=URL),
    lambda: langchain.RedisChatMessageHistory("monday", redis_url=URL, embedding=MODEL),
    lambda: llama_index.RedisVectorStore(index_name="docs", redis_url=URL),
    lambda: llama_index.SemanticCacheQueryEngine(Engine(), MockEmbedding(embed_dim=4), redis_url=URL, name="handbook"),
]


@pytest.mark.parametrize("make", MAKERS)
def test_a_store_with_an_index_is_in_database_0(make: Callable[[], Any]) -> None:
    with pytest.raises(ArgumentError, match="database 0 alone, and the URL is of database 3"):
        make()


def test_what_needs_no_index_is_in_any_database() -> None:
    langchain.RedisChatMessageHistory("monday", redis_url=URL)
    langchain.RedisCache(redis_url=URL)
    langchain.RedisRecordManager("docs", redis_url=URL)
    llama_index.RedisChatStore(redis_url=URL)
