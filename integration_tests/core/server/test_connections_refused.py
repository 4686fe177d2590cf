"""Clusters and sentinels that do not answer, and clients of the wrong kind: an error of ours, sync and async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from redis import asyncio as aredis
from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_tests.conftest import Call
from integration_tests.servers import has_slots
from redisvl_adapters import ArgumentError, IndexNotFoundError, ServerUnavailableError
from redisvl_adapters.core import RedisIndex, operations


@pytest.fixture
async def trial() -> AsyncIterator[Callable[..., RedisIndex]]:
    """Make indexes that are closed after the test."""
    made: list[RedisIndex] = []

    def make(**options: Any) -> RedisIndex:
        made.append(RedisIndex(index_name="docs", **options))
        return made[-1]

    yield make
    for index in made:
        await index.aclose()


@pytest.mark.parametrize("given", ["redis://ann:s3cret@{0}?cluster=true", "redis://ann:s3cret@{0},localhost:{1}"])
async def test_a_cluster_that_is_not_there_is_told_by_its_address(
    trial: Callable[..., RedisIndex], call: Call, given: str, unused_tcp_port: int
) -> None:
    index = trial(redis_url=given.format(f"127.0.0.1:{unused_tcp_port}", unused_tcp_port))
    for _ in range(2):
        with pytest.raises(ServerUnavailableError, match=f"no Redis cluster .*127.0.0.1:{unused_tcp_port}") as refusal:
            await call(index, "run", operations.count(index.state))
        assert "s3cret" not in str(refusal.value)


async def test_a_single_server_that_was_called_a_cluster_is_told(
    redis_url: str, trial: Callable[..., RedisIndex], call: Call
) -> None:
    if has_slots(redis_url):
        pytest.skip("the server may be a node of a cluster")
    url = urlsplit(redis_url)._replace(query="cluster=true", path="").geturl()
    index = trial(redis_url=url)
    with pytest.raises(ServerUnavailableError, match=r"is no cluster|cluster support disabled"):
        await call(index, "run", operations.count(index.state))


async def test_a_sentinel_that_is_not_there_is_told_by_its_service(
    trial: Callable[..., RedisIndex], call: Call, unused_tcp_port: int
) -> None:
    at_once: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "password": "s3cret"}
    manager: Any = redis.Sentinel([("127.0.0.1", unused_tcp_port)], sentinel_kwargs=at_once, **at_once)
    index = trial(client=manager.master_for("the-master", **at_once))
    with pytest.raises(ServerUnavailableError, match="at sentinel the-master") as refusal:
        await call(index, "run", operations.count(index.state))
    assert "s3cret" not in str(refusal.value)


def test_a_client_of_the_other_kind_is_told_its_place(trial: Callable[..., RedisIndex]) -> None:
    client, aclient = redis.Redis(retry=Retry(NoBackoff(), 0)), aredis.Redis()
    with pytest.raises(ArgumentError, match=r"client is a redis\.Redis.*not redis\.asyncio.*as async_client="):
        trial(client=aclient)
    with pytest.raises(ArgumentError, match=r"async_client is a redis\.asyncio.*not redis\.client\.Redis.*as client="):
        trial(async_client=client)
    with pytest.raises(ArgumentError, match=r"client is a redis\.Redis .*; not builtins\.str$"):
        trial(client="redis://localhost")


async def test_an_index_that_is_only_opened_tells_that_it_is_not_there(
    redis_url: str, trial: Callable[..., RedisIndex], call: Call
) -> None:
    index = RedisIndex(redis_url=redis_url, index_name="no-such-index", create="never")
    with pytest.raises(IndexNotFoundError, match=r"'no-such-index' does not exist.*from_existing_index.*redis_url"):
        await call(index, "run", operations.count(index.state))
    await index.aclose()
