"""LangChain's own suite for vector stores: the whole of it, nothing skipped, nothing overridden."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from redisvl_adapters.langchain import RedisVectorStore

pytestmark = pytest.mark.sharded


class TestStandard(VectorStoreIntegrationTests):
    """The standard suite, for every storage with every kind of index (langchain-redis passes 15 of its 25 tests)."""

    @pytest.fixture(params=[("hash", "flat"), ("hash", "hnsw"), ("json", "flat"), ("json", "hnsw")], ids="-".join)
    def vectorstore(
        self, request: pytest.FixtureRequest, redis_url: str, index_name: str
    ) -> Iterator[RedisVectorStore]:
        """An empty store."""
        storage, algorithm = request.param
        with RedisVectorStore(
            self.get_embeddings(), redis_url=redis_url, index_name=index_name, storage=storage, algorithm=algorithm
        ) as store:
            yield store


def test_the_standard_suite_is_asked_for_as_a_whole() -> None:
    switches = {name for name in vars(VectorStoreIntegrationTests) if name.startswith("has_")}
    assert switches
    assert all(getattr(TestStandard(), name) is True for name in switches)
