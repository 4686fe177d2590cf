"""Pools of connections: how many there are at most, and what becomes of a call for which none is free."""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from integration_tests.servers import only_on_one, with_query
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.errors import ServerUnavailableError
from redisvl_adapters.langchain import RedisByteStore

AT_ONCE = 40


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_calls_beyond_the_pool_wait_for_a_connection(
    redis_url: str, server: redis.Redis, index_name: str, is_async: bool
) -> None:
    only_on_one(redis_url, "each node has a pool of its own")
    store = RedisByteStore(redis_url=with_query(redis_url, f"max_connections=2&client_name={index_name}"))
    if is_async:
        found = await asyncio.gather(*(store.amget(["none"]) for _ in range(AT_ONCE)))
    else:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(lambda _: store.mget(["none"]), range(AT_ONCE)))
    assert found == [[None]] * AT_ONCE
    assert 1 <= [client["name"] for client in server.client_list()].count(index_name) <= 2
    await store.aclose()


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_one_that_may_not_wait_so_long_is_told(redis_url: str, is_async: bool) -> None:
    only_on_one(redis_url, "each node has a pool of its own")
    store = RedisByteStore(redis_url=with_query(redis_url, "max_connections=1&timeout=0.01"), retry=1)
    connection: Any = store._connection
    # What watches a key has a connection of its own.
    if is_async:
        pipeline = (await connection.async_client()).pipeline()
        await pipeline.watch("key")
        with pytest.raises(ServerUnavailableError, match="No connection available"):
            await store.amget(["none"])
        await pipeline.reset()
        assert await store.amget(["none"]) == [None]
    else:
        pipeline = connection.sync_client().pipeline()
        pipeline.watch("key")
        with pytest.raises(ServerUnavailableError, match="No connection available"):
            store.mget(["none"])
        pipeline.reset()
        assert store.mget(["none"]) == [None]
    await store.aclose()


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_what_holds_unless_it_is_said_otherwise(is_async: bool) -> None:
    for query, limits, expected in (
        ("", {}, (100, None, 5.0, 5.0)),
        ("?max_connections=7&timeout=2&socket_timeout=0.5", {}, (7, 2.0, 5.0, 0.5)),
        ("", {"socket_timeout": math.inf, "socket_connect_timeout": 1}, (100, None, 1.0, None)),
    ):
        connection = Connection(f"redis://localhost:6379{query}", **limits)  # type: ignore[arg-type]  # as they come
        client: Any = await connection.async_client() if is_async else connection.sync_client()
        pool = client.connection_pool
        settings = pool.connection_kwargs
        limit = (settings["socket_connect_timeout"], settings["socket_timeout"])
        assert (pool.max_connections, pool.timeout, *limit) == expected
        assert "retry" not in settings, "attempts are counted here alone"
        await connection.aclose()
