"""Overwriting: an index of this library is dropped with its records, of somebody else nothing is touched."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import own_server
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, indexes_of, keys_of, store_on
from redisvl_adapters.errors import SchemaMismatchError
from redisvl_adapters.langchain import RedisSemanticCache, RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture

FOREIGN = {
    "without a vector": ("title", "TEXT"),
    "with a vector": tuple("text TEXT embedding VECTOR FLAT 6 TYPE FLOAT32 DIM 8 DISTANCE_METRIC COSINE".split()),
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("face", ["langchain", "llama_index", "cache"])
async def test_an_index_of_somebody_else_is_not_overwritten(
    clients: Clients, server: redis.Redis, index_name: str, call: Call, kind: str, face: str
) -> None:
    server.execute_command("FT.CREATE", index_name, "PREFIX", 1, f"{index_name}:", "SCHEMA", *FOREIGN[kind])
    server.hset(f"{index_name}:1", mapping={"title": "theirs"})
    options: Any = {"index_name": index_name, "create": "overwrite", **clients}
    store: Any
    operations: list[tuple[str, list[Any]]] = [("clear", []), ("drop", [])]
    if face == "langchain":
        store, operations = RedisVectorStore(Model(), **options), [("add_texts", [["a"]]), *operations]
    elif face == "llama_index":
        store, operations = LlamaIndexStore(**options), [("get_nodes", []), *operations]
    else:
        store, operations = RedisSemanticCache(Model(), **options), [("lookup", ["a prompt", "a model"]), *operations]
    for name, arguments in operations:
        with pytest.raises(SchemaMismatchError, match=f"'{index_name}' exists, but was not made by this library"):
            await call(store, name, *arguments)
    assert indexes_of(server, index_name) == {index_name}
    assert server.hgetall(f"{index_name}:1") == {b"title": b"theirs"}


async def test_what_others_wrote_under_its_prefix_is_not_dropped_with_an_index(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    await call(store_on(clients, index_name, storage=storage), "add_texts", ["a"], ids=["1"])
    theirs = f"{index_name}:theirs"
    if storage == "json":
        server.json().set(theirs, "$", {"title": "theirs"})
    else:
        server.hset(theirs, mapping={"title": "theirs"})
    store = store_on(clients, index_name, storage=storage, create="overwrite")
    # A new index would take it for a record.
    with pytest.warns(RuntimeWarning, match=theirs), pytest.raises(SchemaMismatchError, match="1 keys that are not"):
        await call(store, "add_texts", ["b"], ids=["2"])
    assert keys_of(server, f"{index_name}:") == {theirs}


@pytest.mark.parametrize("many", [2, 1500])
async def test_records_that_outlived_their_index_are_overwritten_too(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call, many: int
) -> None:
    """A new index would take them in again."""
    old = store_on(clients, index_name, storage=storage, algorithm="flat")
    await call(old, "add_texts", ["a"] * many, [{"n": 1}] * many)
    server.execute_command("FT.DROPINDEX", index_name)
    store = store_on(clients, index_name, storage=storage, create="overwrite")
    await call(store, "add_texts", ["b"], [{"n": "now a text"}], ids=["new"])
    assert await call(store, "count") == 1
    assert await find(call, store, {"n": "now a text"}) == {"new"}
    assert keys_of(server, f"{index_name}:") == {f"{index_name}:new"}
    assert indexes_of(server, index_name) == {index_name}


async def test_what_is_left_of_a_server_that_was_emptied_does_no_harm(storage: str, call: Call) -> None:
    """FLUSHALL takes the indexes and the registries too; the store that had opened one goes on with the next write."""
    with own_server() as (port, _), redis.Redis(port=port, protocol=2) as client:
        async with RedisVectorStore(
            Model(),
            index_name="docs",
            redis_url=f"redis://127.0.0.1:{port}",
            storage=storage,  # type: ignore[arg-type]  # one of both
        ) as store:
            await call(store, "add_texts", ["a"], [{"n": 1}])
            client.flushall()
            await call(store, "add_texts", ["b"], [{"n": 2}], ids=["b"])
            assert await find(call, store, {"n": 2}) == {"b"}
            assert {key.decode() for key in client.scan_iter()} == {"docs:b", "redisvl-adapters/docs"}


async def test_a_user_with_rights_to_these_keys_alone_can_overwrite_an_index(storage: str, call: Call) -> None:
    rights = ["~docs", "~docs:*", "~redisvl-adapters/docs", "+@all", "-@admin", "-@dangerous", "+FT._LIST"]
    with own_server() as (port, _), redis.Redis(port=port, protocol=2) as admin:
        admin.execute_command("ACL", "SETUSER", "ann", "on", ">secret", *rights)
        options: Any = {"index_name": "docs", "redis_url": f"redis://ann:secret@127.0.0.1:{port}", "storage": storage}
        for number in range(3):
            async with RedisVectorStore(Model(), **options, create="overwrite") as store:
                await call(store, "add_texts", ["a"], [{"n": number}], ids=[f"r{number}"])
                assert await find(call, store, {"n": {"$gte": 0}}) == {f"r{number}"}
            if number == 1:
                admin.execute_command("FT.DROPINDEX", "docs")
        assert keys_of(admin, "") == {"docs:r2", "redisvl-adapters/docs"}
