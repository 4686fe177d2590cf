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
from redisvl_adapters import FilterError, SchemaMismatchError
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
    with pytest.raises(FilterError, match="'yeer' is not in index"):
        await call(store, "count", {"yeer": 1})


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


async def test_a_key_with_values_that_were_never_indexed_is_refused_with_what_to_do(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    old = store_on(clients, index_name, storage=storage, learn=False)
    await call(old, "add_texts", ["a", "b"], [{"year": 2023, "kind": "x"}, {"year": 2024}], ids=["1", "2"])
    for name, arguments in (("add_texts", (["c"], [{"year": 1}])), ("create", ()), ("count", ({"year": 2024},))):
        store = store_on(clients, index_name, metadata_schema={"year": "numeric", "when": "timestamp"})
        with pytest.raises(
            SchemaMismatchError, match=r"'year' has values in 2 records that were written without.*another index"
        ):
            await call(store, name, *arguments)
    await call(store_on(clients, index_name, metadata_schema={"when": "timestamp"}), "add_texts", ["c"], ids=["3"])
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
