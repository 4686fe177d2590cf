"""The indexes on a server: which there are, of what, and how they are."""

from __future__ import annotations

import json
import logging

import pytest
import redis

import redisvl_adapters
from integration_tests.core.core_support import own_server
from integration_tests.servers import has_slots
from redisvl_adapters import AuthenticationError, IndexSummary, MissingModuleError, ServerUnavailableError
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.caches.cache_index import CACHE_FIELDS
from redisvl_adapters.core.index.moves import MOVING, Rebuild
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.core.sessions.recall import MESSAGE_FIELDS


async def listed(url: str, name: str, mode: str) -> dict[str, IndexSummary]:
    found = redisvl_adapters.indexes(url) if mode == "sync" else await redisvl_adapters.aindexes(url)
    assert [each.name for each in found] == sorted(each.name for each in found)
    return {each.name.removeprefix(name): each for each in found if each.name.startswith(name)}


@pytest.mark.parametrize("mode", ["sync", "async"])
async def test_all_of_ours_are_listed_and_no_others(
    server: redis.Redis, redis_url: str, index_name: str, storage: str, mode: str
) -> None:
    kinds = {"": None, "-cache": CACHE_FIELDS, "-messages": MESSAGE_FIELDS}
    for suffix, fields in kinds.items():
        name = f"{index_name}{suffix}"
        schema = {} if fields is None else {"metadata_schema": fields}
        index = RedisIndex(index_name=name, redis_url=redis_url, storage=storage, embedding_id="m", **schema)  # type: ignore[arg-type]  # of one kind each
        index.run(operations.create(index.state, 4))
        index.close()
    store = RedisIndex(index_name=index_name, redis_url=redis_url)
    # Keys that others declare are learnt here.
    record = Record("a", "a", {"within": "x", "session": "y"})
    store.run(operations.upsert(store.state, [record], [[1.0, 0.0, 0.0, 0.0]]))
    store.close()
    server.execute_command(
        "FT.CREATE", f"{index_name}-other", "PREFIX", 1, f"{index_name}-other:", "SCHEMA", "title", "TEXT"
    )
    mark = Rebuild(f"{index_name}-cache@2", copies=True, token="t", asked="x")  # noqa: S106  # no secret
    server.hset(registry_key(f"{index_name}-cache"), MOVING, mark.dumps())
    found = await listed(redis_url, index_name, mode)
    assert {suffix: each.kind for suffix, each in found.items()} == {
        "": "store",
        "-cache": "cache",
        "-messages": "messages",
    }
    assert [each.is_rebuilding for each in found.values()] == [False, True, False]
    whole = found[""]
    assert (whole.handle, whole.records, whole.storage, whole.dims) == (index_name, 1, storage, 4)
    assert (whole.dtype, whole.algorithm, whole.embedding_id) == ("float32", "hnsw", "m")
    assert (whole.failures, whole.is_indexing, whole.percent_indexed, whole.moved_to) == (0, False, 100.0, None)
    assert whole.layout_version == 2
    assert whole.memory is not None
    assert whole.memory > 0
    assert json.loads(json.dumps(whole.to_dict()))["kind"] == "store"


@pytest.mark.parametrize("mode", ["sync", "async"])
async def test_a_server_that_cannot_be_asked_is_an_error(
    server: redis.Redis, redis_url: str, index_name: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ServerUnavailableError):
        await listed("redis://127.0.0.1:1", index_name, mode)
    with own_server(modules=()) as (port, _), pytest.raises(MissingModuleError):
        await listed(f"redis://127.0.0.1:{port}", index_name, mode)
    if has_slots(redis_url):
        return
    address = redis_url.rpartition("@")[2].removeprefix("redis://")
    with pytest.raises(AuthenticationError) as told:
        await listed(f"redis://:hidden@{address}", index_name, mode)
    assert "hidden" not in str(told.value)
    index = RedisIndex(index_name=index_name, redis_url=redis_url)
    index.run(operations.create(index.state, 4))
    index.close()
    user = f"{index_name}-lister"
    server.acl_setuser(user, enabled=True, passwords=["+p"], keys=[], commands=["+ft._list", "+ft.info", "+hgetall"])
    try:
        with caplog.at_level(logging.WARNING):
            assert await listed(f"redis://{user}:p@{address}", index_name, mode) == {}
    finally:
        server.acl_deluser(user)
    assert f"index '{index_name}' is not listed" in caplog.text
