"""Fields that are declared for an index which exists without them: the first write adds them, or they are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, store_on
from integration_tests.llama_index.llama_index_support import ask, open_store, text_node, where
from redisvl_adapters import FilterError, SchemaMismatchError, UnknownFieldWarning
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

DECLARED: dict[str, Any] = {
    "year": {"type": "numeric", "attrs": {"sortable": True}},
    "kind": "tag",
    "sizes": "numbers",
    "draft": "bool",
    "when": "timestamp",
    "body": "text",
    "place": "geo",
    "a/b c": "tag",
    "note": "unindexed",
}
NEW: dict[str, Any] = {
    "year": 2024,
    "kind": "x",
    "sizes": [1, 2],
    "draft": True,
    "when": datetime(2024, 1, 31, tzinfo=UTC),
    "body": "running dogs",
    "place": "13.4,52.5",
    "a/b c": "y",
    "note": {"any": ["thing", 1]},
}
ASKED: list[dict[str, Any]] = [
    {"year": {"$gte": 2024}},
    {"kind": "x"},
    {"sizes": {"$contains": 2}},
    {"draft": True},
    {"when": "2024-01-31"},
    {"body": {"$text_match": "dog"}},
    {"place": {"$geo": {"lon": 13.4, "lat": 52.5, "radius": 1}}},
    {"a/b c": "y"},
    {"note": {"$exists": True}},
]


@pytest.mark.parametrize("learn", [True, False])
async def test_the_first_write_adds_declared_fields_of_every_type(
    clients: Clients, index_name: str, storage: str, call: Call, learn: bool
) -> None:
    old = store_on(clients, index_name, storage=storage)
    await call(old, "add_texts", ["a"], [{"source": "wiki"}], ids=["old"])
    store = store_on(clients, index_name, metadata_schema=DECLARED, learn=learn)
    await call(store, "add_texts", ["b"], [NEW], ids=["new"])
    for reader in (store, old, store_on(clients, index_name)):
        for filter in ASKED:
            assert await find(call, reader, filter) == {"new"}, filter
            assert await find(call, reader, {"$not": filter}) == {"old"}, filter
        assert await find(call, reader, {"source": "wiki"}) == {"old"}
    assert (await call(store, "get_by_ids", ["new"]))[0].metadata["note"] == NEW["note"]


async def test_create_adds_declared_fields(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    await call(store_on(clients, index_name, storage=storage), "add_texts", ["a"], ids=["old"])
    await call(store_on(clients, index_name, metadata_schema={"body": "text"}), "create")
    other = store_on(clients, index_name)
    assert [field["name"] for field in await call(other, "attribute_info")] == ["body"]
    await call(other, "add_texts", ["b"], [{"body": "running dogs"}], ids=["new"])
    assert await find(call, other, {"body": {"$text_match": "dog"}}) == {"new"}


async def test_before_the_first_write_no_record_has_a_declared_key(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    await call(store_on(clients, index_name, storage=storage), "add_texts", ["a"], [{"source": "wiki"}], ids=["old"])
    store: RedisVectorStore = await call(
        RedisVectorStore, "from_existing_index", index_name, Model(), **clients, metadata_schema=DECLARED
    )
    for filter in ASKED:
        assert await find(call, store, filter) == set(), filter
        assert await find(call, store, {"$not": filter}) == {"old"}, filter
    with pytest.warns(UnknownFieldWarning, match="'yeer' is not in index"):
        assert await call(store, "count", {"yeer": 1}) == 0


async def test_a_key_that_records_have_without_a_value_is_added(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    old = store_on(clients, index_name, storage=storage)
    await call(old, "add_texts", ["a", "b"], [{"year": None}, {"year": []}], ids=["none", "empty"])
    store = store_on(clients, index_name, metadata_schema={"year": "numeric"})
    await call(store, "add_texts", ["c"], [{"year": 2024}], ids=["new"])
    until(lambda: store.count({"year": 2024}) == 1)
    assert await find(call, store, {"year": {"$ne": 2024}}) == {"none", "empty"}
    assert await find(call, store, {"year": {"$exists": True}}) == {"none", "empty", "new"}


@pytest.mark.parametrize("name", ["add_texts", "create"])
async def test_values_that_were_never_indexed_are_indexed_when_their_key_is_declared(
    clients: Clients, index_name: str, storage: str, call: Call, name: str
) -> None:
    old = store_on(clients, index_name, storage=storage, learn=False)
    metadatas: list[dict[str, Any]] = [{"year": 2023, "kind": "x", "at": "2024-01-31"}, {"year": 1 / 3 * 1e22}]
    await call(old, "add_texts", ["a", "b"], metadatas, ids=["1", "2"], ttl=1000)
    with pytest.raises(FilterError, match=r"'year' is in records of index .* cannot be filtered: it was neither"):
        await call(old, "count", {"year": 2023})
    store = store_on(clients, index_name, metadata_schema={"year": "numeric", "at": "timestamp"})
    with pytest.raises(FilterError, match=r"'year' is in records of index .* the next write or create"):
        await call(store, "count", {"year": 2023})
    await call(store, name, *([["c"], [{"year": 1}]] if name == "add_texts" else []))
    for reader in (store, store_on(clients, index_name)):
        assert await find(call, reader, {"year": {"$gt": 2000}}) == {"1", "2"}
        assert await find(call, reader, {"year": metadatas[1]["year"]}) == {"2"}
        assert await find(call, reader, {"at": {"$lt": "2024-02-01"}}) == {"1"}
    assert [document.metadata for document in await call(store, "get_by_ids", ["1", "2"])] == metadatas
    assert all(left for left in await call(store, "ttl", ["1", "2"]))


async def test_a_declared_type_that_such_values_are_not_of_is_refused(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    old = store_on(clients, index_name, storage=storage, learn=False)
    await call(old, "add_texts", ["a", "b"], [{"year": 2023}, {"year": "late"}], ids=["1", "2"])
    store = store_on(clients, index_name, metadata_schema={"year": "numeric"})
    with pytest.raises(SchemaMismatchError, match=r"cannot hold.*the record '2'.*'year' is 'late'"):
        await call(store, "add_texts", ["c"], [{"year": 1}])
    await call(store_on(clients, index_name, metadata_schema={"year": "unindexed"}), "add_texts", ["c"], ids=["3"])
    assert await call(old, "count") == 3


async def test_a_key_of_another_type_is_still_a_mismatch(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    await call(store_on(clients, index_name, storage=storage), "add_texts", ["a"], [{"year": 2024}])
    store = store_on(clients, index_name, metadata_schema={"year": "tag", "new": "tag"})
    with pytest.raises(SchemaMismatchError, match="'year' is 'numeric', asked for 'tag'") as refusal:
        await call(store, "add_texts", ["b"])
    assert "'new'" not in str(refusal.value)


async def test_a_llama_index_store_adds_declared_fields_too(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    async with open_store(redis_url, index_name, storage) as old:
        await call(old, "add", [text_node("old", source="doc")])
    async with open_store(redis_url, index_name, storage, metadata_schema={"day": "timestamp"}) as store:
        await call(store, "add", [text_node("new", day="2024-01-31")])
        found = await ask(call, store, filters=where("day", "2024-01-31T00:00:00Z"))
        assert found.ids == ["new"]
