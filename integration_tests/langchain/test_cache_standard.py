"""LangChain's own suites for caches: the whole of them, nothing skipped, nothing overridden."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from langchain_core.caches import BaseCache
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_tests.integration_tests import AsyncCacheTestSuite, SyncCacheTestSuite

from redisvl_adapters.langchain import RedisCache, RedisSemanticCache

STORED = [("hash", "flat"), ("hash", "hnsw"), ("json", "flat"), ("json", "hnsw")]


class TestExact(SyncCacheTestSuite):
    """The suite for the exact cache."""

    @pytest.fixture
    def cache(self, redis_url: str, index_name: str) -> Iterator[BaseCache]:
        with RedisCache(redis_url=redis_url, prefix=index_name) as cache:
            yield cache


class TestExactAsync(AsyncCacheTestSuite):
    """The async suite for the exact cache."""

    @pytest.fixture
    async def cache(self, redis_url: str, index_name: str) -> AsyncIterator[BaseCache]:
        async with RedisCache(redis_url=redis_url, prefix=index_name) as cache:
            yield cache


class TestSemantic(SyncCacheTestSuite):
    """The suite for the semantic cache, for every storage with every kind of index."""

    @pytest.fixture(params=STORED, ids="-".join)
    def cache(self, request: pytest.FixtureRequest, redis_url: str, index_name: str) -> Iterator[BaseCache]:
        storage, algorithm = request.param
        model = DeterministicFakeEmbedding(size=6)
        with RedisSemanticCache(
            model, redis_url=redis_url, index_name=index_name, storage=storage, algorithm=algorithm
        ) as cache:
            yield cache


class TestSemanticAsync(AsyncCacheTestSuite):
    """The async suite for the semantic cache, for every storage with every kind of index."""

    @pytest.fixture(params=STORED, ids="-".join)
    async def cache(self, request: pytest.FixtureRequest, redis_url: str, index_name: str) -> AsyncIterator[BaseCache]:
        storage, algorithm = request.param
        model = DeterministicFakeEmbedding(size=6)
        async with RedisSemanticCache(
            model, redis_url=redis_url, index_name=index_name, storage=storage, algorithm=algorithm
        ) as cache:
            yield cache
