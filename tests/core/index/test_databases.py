"""Databases: search is in database 0 alone, and whoever names another one is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from redis import asyncio as aredis
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.sentinel import Sentinel

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.errors import ArgumentError

# redis-py does not type these.
_Sentinel: Any = Sentinel
_AsyncSentinel: Any = AsyncSentinel


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("redis://host/1", 1),
        ("redis://host?db=2", 2),
        ("redis://host/0?db=3", 3),
        ("rediss://host/4", 4),
        ("unix:///redis.sock?db=5", 5),
        ("redis+sentinel://host/service/6", 6),
        ("redis+sentinel://host/service?db=7", 7),
    ],
)
def test_a_url_of_another_database_is_refused(monkeypatch: pytest.MonkeyPatch, url: str, database: int) -> None:
    with pytest.raises(ArgumentError, match=f"database 0 alone, and the URL is of database {database}; .*ends? in /0"):
        RedisIndex(index_name="docs", redis_url=url)
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ArgumentError, match=f"of database {database}"):
        RedisIndex(index_name="docs")


@pytest.mark.parametrize(
    "given",
    [
        {"client": redis.Redis(db=1)},
        {"client": redis.Redis.from_url("redis://host/1")},
        {"client": redis.Redis(connection_pool=redis.BlockingConnectionPool(db=1))},
        {"client": _Sentinel([("host", 1)]).master_for("service", db=1)},
        {"async_client": aredis.Redis(db=1)},
        {"async_client": _AsyncSentinel([("host", 1)]).master_for("service", db=1)},
    ],
    ids=["client", "from_url", "pool", "sentinel", "async client", "async sentinel"],
)
def test_a_client_of_another_database_is_refused(given: Any) -> None:
    with pytest.raises(ArgumentError, match="the client is of database 1"):
        RedisIndex(index_name="docs", **given)


@pytest.mark.parametrize(
    "url",
    ["redis://host", "redis://host/0", "redis://host/1?db=0", "unix:///redis.sock", "redis+sentinel://host/service"],
)
def test_database_0_is_taken_however_it_is_named(url: str) -> None:
    assert RedisIndex(index_name="docs", redis_url=url).connection.database == 0


def test_a_client_of_database_0_is_taken() -> None:
    for given in ({"client": redis.Redis()}, {"async_client": aredis.Redis()}):
        assert RedisIndex(index_name="docs", **given).connection.database == 0
