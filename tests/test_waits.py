"""How long Redis is waited for can be said to every face that has a connection, in both frameworks."""

from __future__ import annotations

import asyncio
import copy
import json
import math
import pickle
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.llms import MockLLM

from redisvl_adapters import langchain, llama_index
from redisvl_adapters.core import RedisIndex
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.waits import DEFAULT_RETRY
from redisvl_adapters.errors import ArgumentError

MODEL = DeterministicFakeEmbedding(size=4)
MODEL_OF_LLAMA_INDEX = MockEmbedding(embed_dim=4)

FACES: list[Callable[..., Any]] = [
    lambda **given: RedisIndex(index_name="docs", **given).connection,
    lambda **given: langchain.RedisVectorStore(MODEL, index_name="docs", **given).index.connection,
    lambda **given: langchain.RedisSemanticCache(MODEL, **given).index.connection,
    lambda **given: langchain.RedisCache(**given)._connection,
    lambda **given: langchain.RedisByteStore(**given)._connection,
    lambda **given: langchain.RedisDocumentStore(**given)._values._connection,
    lambda **given: langchain.RedisRecordManager("docs", **given)._connection,
    lambda **given: langchain.RedisChatMessageHistory("one", **given)._connection,
    lambda **given: langchain.RedisChatMessageHistory("one", embedding=MODEL, **given)._connection,
    lambda **given: copy.deepcopy(langchain.RedisChatMessageHistory("one", **given))._connection,
    lambda **given: pickle.loads(pickle.dumps(langchain.RedisChatMessageHistory("one", **given)))._connection,  # noqa: S301 (just made)
    lambda **given: llama_index.RedisVectorStore(index_name="docs", **given).index.connection,
    lambda **given: (
        llama_index.RedisVectorStore.from_dict(
            json.loads(json.dumps(llama_index.RedisVectorStore(index_name="docs", **given).to_dict()))
        ).index.connection
    ),
    lambda **given: llama_index.RedisChatStore(**given)._connection,
    lambda **given: llama_index.RedisMemoryStore(**given)._connection,
    lambda **given: llama_index.RedisKVStore(**given)._connection,
    lambda **given: llama_index.RedisDocumentStore(**given)._kvstore._connection,
    lambda **given: llama_index.RedisIndexStore(**given)._kvstore._connection,
    lambda **given: llama_index.RedisStorageContext(index_name="docs", **given).docstore._kvstore._connection,
    lambda **given: pickle.loads(pickle.dumps(llama_index.RedisChatStore(**given)))._connection,  # noqa: S301 (just made)
    lambda **given: llama_index.RedisChatStore.from_json(llama_index.RedisChatStore(**given).to_json())._connection,
    lambda **given: llama_index.SemanticCacheQueryEngine(engine(), MODEL_OF_LLAMA_INDEX, **given).index.connection,
]


def engine() -> BaseQueryEngine:
    """Return a query engine that asks no model."""
    return VectorStoreIndex([], embed_model=MODEL_OF_LLAMA_INDEX).as_query_engine(llm=MockLLM())


@pytest.mark.parametrize("face", FACES)
def test_every_face_takes_how_long_redis_is_waited_for(face: Callable[..., Any]) -> None:
    plain = face(redis_url="redis://nowhere")
    assert plain.retry == DEFAULT_RETRY == 3
    assert timeouts_of(plain) == (5.0, 5.0)
    told = face(
        redis_url="redis://nowhere", socket_connect_timeout=1, socket_timeout=math.inf, retry=timedelta(seconds=9)
    )
    assert told.retry == timedelta(seconds=9)
    assert timeouts_of(told) == (1.0, None)
    by_url = face(redis_url="redis://nowhere?socket_connect_timeout=2&socket_timeout=0.5", retry=0)
    assert by_url.retry == 0
    assert timeouts_of(by_url) == (2.0, 0.5)


def timeouts_of(connection: Connection) -> tuple[float | None, float | None]:
    """Return how long connections and replies may take, of the async client too."""
    client: Any = connection.sync_client()

    async def look() -> Any:
        client: Any = await connection.async_client()
        return client.connection_pool.connection_kwargs

    settings, twin = client.connection_pool.connection_kwargs, asyncio.run(look())
    limits, of_twin = ((made["socket_connect_timeout"], made["socket_timeout"]) for made in (settings, twin))
    assert limits == of_twin
    connection.close()
    return limits


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"retry": -1}, "retry is an integer from 0 to 100, or a datetime.timedelta"),
        ({"retry": 1.5}, "retry is an integer"),
        ({"retry": True}, "retry is an integer"),
        ({"retry": timedelta(seconds=-1)}, "retry is an integer"),
        ({"socket_timeout": 0}, "socket_timeout is a positive number of seconds, or math.inf"),
        ({"socket_timeout": "5"}, "socket_timeout is a positive number"),
        ({"socket_connect_timeout": -1}, "socket_connect_timeout is a positive number"),
        ({"socket_connect_timeout": math.nan}, "socket_connect_timeout is a positive number"),
        ({"redis_url": "redis://h?socket_timeout=1", "socket_timeout": 2}, "socket_timeout is in redis_url too"),
        ({"client": redis.Redis(), "socket_timeout": 2}, "socket_timeout is for a redis_url; a client .* has its own"),
    ],
)
def test_a_wait_that_is_none_is_refused(face: Callable[..., Any], given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        face(**given)


def test_a_cache_that_would_rather_miss_waits_only_if_it_is_told_to() -> None:
    makers: list[Callable[..., Any]] = [langchain.RedisCache, partial(langchain.RedisSemanticCache, MODEL)]
    for made in makers:
        for told, retry in (({}, 0), ({"retry": 2}, 2)):
            cache = made(on_error="miss", **told)
            connection = cache._connection if isinstance(cache, langchain.RedisCache) else cache.index.connection
            assert connection.retry == retry
