"""Writes to indexes of other applications: as these lay out their records, and nothing beside that."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.foreign_support import Field, make_index, put_record, read_raw
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model
from redisvl_adapters import RecordError
from redisvl_adapters.core import operations
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

MODEL = Model(dims=4)
FIELDS: dict[str, list[Field]] = {
    "hash": [("text", "text", ["TEXT"]), ("kind", "title", ["TAG"]), ("price", "price", ["NUMERIC"])],
    "json": [
        ("$.item.text", "text", ["TEXT"]),
        ("$.item.kind", "title", ["TAG"]),
        ("$.price", "price", ["NUMERIC"]),
        ("$.tags[*]", "tags", ["TAG"]),
    ],
}


@pytest.fixture
def store(clients: Clients, server: redis.Redis, index_name: str, storage: str) -> RedisVectorStore:
    """A writable store on an index of another application, with one record."""
    make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"])
    vector = MODEL.vector("old")
    record = {"text": "old", "kind": "A", "price": 1, "stock": "007", "vec": vector}
    if storage == "json":
        record = {"item": {"text": "old", "kind": "A", "stock": "007"}, "price": 1, "vec": vector}
    put_record(server, f"{index_name}:1", storage, record)
    server.expire(f"{index_name}:1", 1000)
    return RedisVectorStore.from_existing_index(index_name, MODEL, writable=True, **clients)


async def test_a_write_merges(
    store: RedisVectorStore, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    ids = await call(store, "add_texts", ["new", "more"], [{"price": 2.5, "note": "x"}, {"title": "B"}], ids=["1", "2"])
    assert ids == ["1", "2"]
    expected: Any = {
        "hash": [{"text": "new", "price": "2.5", "stock": "007", "note": "x"}, {"text": "more", "kind": "B"}],
        "json": [
            {"item": {"text": "new", "stock": "007"}, "price": 2.5, "note": "x"},
            {"item": {"text": "more", "kind": "B"}},
        ],
    }[storage]
    assert [read_raw(server, f"{index_name}:{record_id}", storage) for record_id in ids] == expected
    assert [each > 0 for each in map(server.ttl, (f"{index_name}:1",))] == [True]
    assert server.ttl(f"{index_name}:2") == -1
    # What it had before is not found any more, what it has now is.
    assert await call(store, "count", {"title": "a"}) == 0
    assert [each.id for each in await call(store, "similarity_search", "new", k=1, filter={"price": 2.5})] == ["1"]
    assert await call(store, "count", {"title": "b"}) == 1
    assert not server.exists(f"redisvl-adapters/{index_name}")


async def test_metadata_is_changed_and_nothing_else(
    store: RedisVectorStore, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    (vector,) = await call(store, "get_embeddings", ["1"])
    assert await call(store, "update_metadata", ["1", "none"], {"price": 3, "note": "x"}) == 1
    expected: dict[str, Any] = {"text": "old", "kind": "A", "price": "3", "stock": "007", "note": "x"}
    if storage == "json":
        expected = {"item": {"text": "old", "kind": "A", "stock": "007"}, "price": 3, "note": "x"}
    assert read_raw(server, f"{index_name}:1", storage) == expected
    assert await call(store, "update_metadata", changes={"title": "B", "note": None}, filter={"price": 3}) == 1
    del expected["note"]
    (expected if storage == "hash" else expected["item"])["kind"] = "B"
    assert read_raw(server, f"{index_name}:1", storage) == expected
    assert await call(store, "count", {"title": "b"}) == 1
    assert await call(store, "get_embeddings", ["1"]) == [vector]
    assert server.ttl(f"{index_name}:1") > 0
    if storage == "json":
        for given in ({"a": 1, "b": 2}, {"a": 3}):
            assert await call(store, "update_metadata", ["1"], {"more": given}) == 1
            assert read_raw(server, f"{index_name}:1", storage) == {**expected, "more": given}
    with pytest.raises(RecordError, match="price"):
        await call(store, "update_metadata", ["1"], {"price": "much"})
    assert not server.exists(f"redisvl-adapters/{index_name}")


async def test_what_somebody_else_changes_meanwhile_is_kept(
    store: RedisVectorStore, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    changed: list[None] = []

    def meanwhile(steps: Steps[int]) -> Steps[int]:
        batch = next(steps)
        while True:
            replies = yield batch
            if not changed and batch[0].args[0] in ("HGETALL", "JSON.GET"):
                changed.append(None)
                if storage == "json":
                    server.execute_command("JSON.SET", f"{index_name}:1", "$.item.stock", '"008"')
                else:
                    server.hset(f"{index_name}:1", "stock", "008")
            try:
                batch = steps.send(replies)
            except StopIteration as stop:
                return int(stop.value)

    steps = operations.update_metadata(store.index.state, {"price": 5}, ["1"])
    assert await call(store.index, "run", meanwhile(steps)) == 1
    found = read_raw(server, f"{index_name}:1", storage)
    assert changed
    assert (found["item"]["stock"] if storage == "json" else found["stock"], float(found["price"])) == ("008", 5)


async def test_a_record_is_deleted_with_its_key(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call
) -> None:
    server.set(f"{index_name}:other", "theirs")
    assert await call(store, "delete", ["1", "other", "nothing"])
    assert not server.exists(f"{index_name}:1")
    assert server.get(f"{index_name}:other") == b"theirs"
    with pytest.raises(RecordError, match="not overwritten"):
        await call(store, "add_texts", ["new"], ids=["other"])
    await call(store, "add_texts", ["new"], [{"title": "C"}], ids=["3"])
    assert await call(store, "delete", filter={"title": "c"})
    assert await call(store, "count") == 0


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"price": "much"}, "price"),
        ({"vec": "x"}, "would overwrite"),
        ({"title": 7}, "title"),
        ({"title": {"a": 1}}, "title"),
    ],
)
async def test_what_has_no_place_is_refused_before_anything_is_written(
    store: RedisVectorStore,
    server: redis.Redis,
    index_name: str,
    storage: str,
    call: Call,
    metadata: dict[str, Any],
    reason: str,
) -> None:
    before = read_raw(server, f"{index_name}:1", storage)
    if storage == "json" and "vec" in metadata:
        metadata = {"item": {"text": "x"}}
        reason = "has its text"
    with pytest.raises(RecordError, match=reason):
        await call(store, "add_texts", ["new", "more"], [{"price": 9}, metadata], ids=["1", "2"])
    assert read_raw(server, f"{index_name}:1", storage) == before
    assert not server.exists(f"{index_name}:2")


async def test_an_index_with_a_condition_of_its_own_takes_no_writes(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    options = ["FILTER", "@price>0"]
    make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"], options=options)
    store = RedisVectorStore.from_existing_index(index_name, MODEL, writable=True, **clients)
    with pytest.raises(RecordError, match="FILTER"):
        await call(store, "add_texts", ["new"], [{"price": 1}])


async def test_only_named_metadata_is_written(
    clients: Clients, store: RedisVectorStore, index_name: str, call: Call
) -> None:
    options: Any = {"writable": True, "metadata_fields": ["price"], **clients}
    named = RedisVectorStore.from_existing_index(index_name, MODEL, **options)
    with pytest.raises(RecordError, match="metadata_fields"):
        await call(named, "add_texts", ["new"], [{"note": "x"}])
    await call(named, "add_texts", ["new"], [{"price": 7}], ids=["5"])
    assert [each.metadata for each in await call(store, "get_by_ids", ["5"])] == [{"price": 7}]
