"""What an index tells of itself to whoever runs it, and whether it is well, in every state that it can be in."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.langchain.langchain_support import Model
from integration_tests.servers import has_slots, with_query
from redisvl_adapters import langchain, llama_index
from redisvl_adapters.errors import ArgumentError, IndexNotFoundError


@pytest.fixture(params=["langchain", "llama_index"])
async def store(request: pytest.FixtureRequest, redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Any]:
    """A store of either framework, on an index of twenty records."""
    where = {"index_name": index_name, "redis_url": redis_url, "storage": storage}
    schema: Any = {"year": {"type": "numeric", "description": "year of publication"}}
    title: Any = {"title": {"dims": 3, "algorithm": "flat"}}
    more: Any = {"metadata_schema": schema, "language": "german", "m": 24, "vectors": title}
    async with langchain.RedisVectorStore(Model(), **where, **more) as first:
        texts = [f"text {number}" for number in range(20)]
        first.add_texts(texts, [{"year": 2000 + n, "topic": f"t{n % 3}"} for n in range(20)], ids=texts)
        if request.param == "langchain":
            yield first
            return
    async with llama_index.RedisVectorStore(**where, language="german") as other:
        yield other


async def test_an_index_tells_what_it_is_and_holds(
    call: Call, store: Any, redis_url: str, index_name: str, storage: str
) -> None:
    info = await call(store, "info")
    assert (info.name, info.handle, info.records, info.storage) == (index_name, index_name, 20, storage)
    assert (info.dims, info.dtype, info.distance_metric, info.algorithm) == (8, "float32", "cosine", "hnsw")
    assert (info.parameters["m"], info.language, info.layout_version) == (24, "german", 2)
    assert (info.is_indexing, info.percent_indexed, info.failures) == (False, 100.0, None)
    fields = {field.key: (field.type, field.description, field.values) for field in info.fields}
    assert fields == {"year": ("numeric", "year of publication", None), "topic": ("tag", "", 3)}
    assert info.memory["vectors"] > 20 * 8 * 4
    assert info.memory["total"] > info.memory["vectors"] + info.memory["inverted"]
    assert info.is_cluster is has_slots(redis_url)
    assert info.server.split(".")[0].isdigit()
    assert any(name.lower().startswith("search") for name in info.modules)
    told = json.loads(json.dumps(info.to_dict()))
    assert told["fields"][0]["key"] == "topic"
    assert told["vectors"] == {
        "title": {
            "key": None,
            "algorithm": "flat",
            "parameters": {},
            "dims": 3,
            "dtype": "float32",
            "distance_metric": "cosine",
            "embedding_id": None,
        }
    }


async def test_what_the_index_could_not_take_in_is_told(
    call: Call, store: Any, server: redis.Redis, index_name: str, storage: str
) -> None:
    key = f"{index_name}:bad"
    if storage == "hash":
        server.hset(key, mapping={"embedding": b"12345", "metadata": b"{}", "text": b"secret"})
    else:
        server.execute_command("JSON.SET", key, "$", '{"embedding": [1, 2], "metadata": {}, "text": "secret"}')
    failures = (await call(store, "info")).failures
    assert (failures.count, failures.key) == (1, key)
    assert failures.error
    assert "secret" not in failures.error
    server.delete(key)


async def test_an_index_that_is_well_is_true_and_nothing_is_made_by_asking(
    call: Call, store: Any, redis_url: str, index_name: str, server: redis.Redis
) -> None:
    health = await call(store, "health")
    assert health
    assert (health.is_healthy, health.reason) == (True, "")
    assert health.round_trip_ms > 0
    before = set(server.execute_command("FT._LIST"))
    async with langchain.RedisVectorStore(Model(), index_name=f"{index_name}-none", redis_url=redis_url) as other:
        unwell = await call(other, "health")
        assert not unwell
        assert (unwell.reason, unwell.round_trip_ms) == (f"index '{index_name}-none' does not exist", None)
        with pytest.raises(IndexNotFoundError):
            await call(other, "info")
    assert set(server.execute_command("FT._LIST")) == before
    # The store that overwrites what is there does not do so for being asked how it is.
    async with langchain.RedisVectorStore(
        Model(), index_name=index_name, redis_url=redis_url, create="overwrite"
    ) as third:
        assert await call(third, "health")
    assert (await call(store, "info")).records == 20


async def test_a_scope_tells_nothing_of_the_whole(call: Call, store: Any) -> None:
    scoped = store.scoped(topic="t1")
    with pytest.raises(ArgumentError, match="info is of the whole index"):
        await call(scoped, "info")
    assert await call(scoped, "health")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:1", "127.0.0.1:1"),
        ("redis://127.0.0.1:1?cluster=true", "127.0.0.1:1"),
        ("redis://:wrong@{address}", "password"),
    ],
)
async def test_a_server_that_does_not_answer_is_told_in_one_line(
    call: Call, redis_url: str, url: str, said: str
) -> None:
    if "{address}" in url and has_slots(redis_url):
        pytest.skip("a cluster's nodes have no password here")
    address = redis_url.rpartition("@")[2].partition("?")[0].removeprefix("redis://")
    async with langchain.RedisVectorStore(Model(), index_name="docs", redis_url=url.format(address=address)) as store:
        health = await call(store, "health")
    assert not health
    assert said in health.reason
    assert "\n" not in health.reason
    assert "wrong" not in health.reason
    assert health.round_trip_ms is None


async def test_a_user_who_may_only_read_is_well_and_one_who_may_not_is_told(
    call: Call, store: Any, server: redis.Redis, redis_url: str, index_name: str
) -> None:
    if has_slots(redis_url):
        pytest.skip("the users of one node are not those of the others")
    reader, nobody = f"{index_name}-reader", f"{index_name}-nobody"
    rights = "+ft.info +ft.search +ft.tagvals +ft.aggregate +hgetall +json.get +client +ping +hello".split()
    server.acl_setuser(reader, enabled=True, passwords=["+p"], keys=["*"], commands=rights)
    server.acl_setuser(nobody, enabled=True, passwords=["+p"], keys=[f"{index_name}*"], commands=["+hgetall", "+ping"])
    address = redis_url.rpartition("@")[2].removeprefix("redis://")
    try:
        for user, is_well in ((reader, True), (nobody, False)):
            url = with_query(f"redis://{user}:p@{address}", "socket_timeout=5")
            async with langchain.RedisVectorStore(Model(), index_name=index_name, redis_url=url) as other:
                health = await call(other, "health")
                assert bool(health) is is_well, health.reason
                if is_well:
                    info = await call(other, "info")
                    assert (info.records, info.server, dict(info.modules)) == (20, None, {})
                else:
                    assert "does not permit" in health.reason
    finally:
        server.acl_deluser(reader, nobody)


async def test_a_server_that_takes_connections_and_says_nothing_is_not_waited_for(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}?socket_timeout=2"
        async with langchain.RedisVectorStore(Model(), index_name="docs", redis_url=url) as store:
            began = time.monotonic()
            health = await call(store, "health", timeout=0.05)
            assert time.monotonic() - began < 1.5
            assert not health
            assert health.reason.endswith("has not answered within 0.05 seconds")
            with pytest.raises(ArgumentError, match="timeout is a number of seconds from 0 on"):
                await call(store, "health", timeout=-1)
