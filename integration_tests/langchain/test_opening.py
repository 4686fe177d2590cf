"""The LangChain store and its index: created, compared, cleared, dropped, and searched when it is not there."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, ids_of, indexes_of, keys_of, store_on
from redisvl_adapters import (
    ArgumentError,
    IndexNotFoundError,
    SchemaMismatchError,
    UnknownFieldError,
    UnknownFieldWarning,
)
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

AS_IT_IS: dict[str, Any] = {
    "storage": "hash",
    "dims": 8,
    "dtype": "float32",
    "distance_metric": "cosine",
    "algorithm": "hnsw",
    "m": 20,
    "metadata_schema": {"year": "numeric", "source": "tag"},
}
DIFFERENCES: dict[str, tuple[dict[str, Any], str]] = {
    "dims": ({"dims": 9}, "dims is 8, asked for 9"),
    "metric": ({"distance_metric": "l2"}, "distance_metric is 'cosine', asked for 'l2'"),
    "storage": ({"storage": "json"}, "storage is 'hash', asked for 'json'"),
    "dtype": ({"dtype": "float64"}, "dtype is 'float32', asked for 'float64'"),
    "prefix": ({"prefix": "elsewhere"}, "prefix is .*, asked for 'elsewhere:'"),
    "algorithm": ({"algorithm": "flat"}, "algorithm is 'hnsw', asked for 'flat'"),
    "m": ({"m": 30}, "m is 20, asked for 30"),
    "field type": ({"metadata_schema": {"year": "tag"}}, "'year' is 'numeric', asked for 'tag'"),
}
OPERATIONS: dict[str, tuple[Any, ...]] = {
    "add_texts": (["a"],),
    "similarity_search": ("a",),
    "max_marginal_relevance_search": ("a",),
    "get_by_ids": (["1"],),
    "delete": (["1"],),
    "count": (),
    "clear": (),
    "create": (8,),
}


@pytest.fixture
def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    return store_on(clients, index_name, storage=storage)


@pytest.mark.parametrize("difference", DIFFERENCES)
async def test_an_index_that_is_not_what_was_asked_for_is_refused(
    clients: Clients, server: redis.Redis, index_name: str, call: Call, difference: str
) -> None:
    """langchain-redis 9: reopening with another metric, prefix or schema is silently ignored."""
    await call(store_on(clients, index_name, **AS_IT_IS), "add_texts", ["a"], [{"year": 2024}], ids=["1"])
    options, message = DIFFERENCES[difference]
    for operation, arguments in OPERATIONS.items():
        other = store_on(clients, index_name, **options)
        for _ in ("the first time", "and again"):
            with pytest.raises(SchemaMismatchError, match=f"{index_name}.*{message}"):
                await call(other, operation, *arguments)
    assert keys_of(server, f"{index_name}:") == {f"{index_name}:1"}
    assert not keys_of(server, "elsewhere:")


async def test_all_differences_are_named_at_once(clients: Clients, index_name: str, call: Call) -> None:
    """langchain-redis 9: reopening with another metric, prefix or schema is silently ignored."""
    await call(store_on(clients, index_name, **AS_IT_IS), "create")
    asked = {"dims": 9, "distance_metric": "l2", "storage": "json", "dtype": "float64", "prefix": "elsewhere"}
    with pytest.raises(SchemaMismatchError) as caught:
        await call(store_on(clients, index_name, None, **asked), "count")
    assert all(name in str(caught.value) for name in asked)


async def test_an_index_that_is_what_was_asked_for_is_opened(clients: Clients, index_name: str, call: Call) -> None:
    await call(store_on(clients, index_name, **AS_IT_IS), "add_texts", ["a"], ids=["1"])
    assert await find(call, store_on(clients, index_name, **AS_IT_IS)) == {"1"}
    assert await find(call, store_on(clients, index_name)) == {"1"}
    assert await find(call, store_on(clients, index_name, prefix=index_name)) == {"1"}


async def test_an_index_of_another_library_is_refused(
    clients: Clients, server: redis.Redis, index_name: str, call: Call
) -> None:
    server.execute_command(
        *("FT.CREATE", index_name, "ON", "HASH", "PREFIX", 1, f"{index_name}:", "SCHEMA", "text", "TEXT"),
        *("embedding", "VECTOR", "FLAT", 6, "TYPE", "FLOAT32", "DIM", 8, "DISTANCE_METRIC", "COSINE"),
    )
    with pytest.raises(SchemaMismatchError, match="not made by this library"):
        await call(store_on(clients, index_name), "add_texts", ["a"])
    assert not keys_of(server, f"{index_name}:")


async def test_an_index_that_does_not_exist_holds_nothing_and_is_not_created_by_looking(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call
) -> None:
    vector = Model().vector("a")

    async def ask(filter: Any) -> None:
        for search in ("similarity_search", "max_marginal_relevance_search"):
            assert await call(store, search, "a", filter=filter) == []
            assert await call(store, f"{search}_by_vector", vector, filter=filter) == []
        assert await call(store, "similarity_search_with_score", "a", filter=filter) == []
        assert await call(store, "similarity_search_with_relevance_scores", "a", filter=filter) == []
        assert await call(store, "count", filter) == 0

    for filter in (None, {}, {"a": {"$not": {"$exists": True}}}):
        await ask(filter)
    with pytest.warns(UnknownFieldWarning, match="'n' is not in index") as warned:
        await ask({"n": 1})
    assert len(warned) == 1
    with pytest.raises(UnknownFieldError, match="'n'"):
        await ask({"$not": {"n": {"$in": []}}})
    assert await call(store, "get_by_ids", ["1"]) == []
    assert await call(store, "delete", ["1"]) is True
    with pytest.raises(UnknownFieldError, match="'n'"):
        await call(store, "delete", filter={"n": 1})
    await call(store, "clear")
    await call(store, "drop")
    assert not indexes_of(server, index_name)


async def test_an_index_without_records_finds_nothing_whatever_the_filter(store: RedisVectorStore, call: Call) -> None:
    await call(store, "create", 8)
    with pytest.warns(UnknownFieldWarning, match="'anything' is not in index"):
        assert await find(call, store, {"anything": {"$gt": 1}}) == set()
    await call(store, "add_texts", ["a"], [{"n": 1}], ids=["1"])
    assert await find(call, store, {"n": 1}) == {"1"}


async def test_clear_deletes_the_records_and_keeps_the_index(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call
) -> None:
    await call(store, "add_texts", ["a", "b"], [{"n": 1}, {"n": 2}])
    await call(store, "clear")
    assert await call(store, "count") == 0
    assert not keys_of(server, f"{index_name}:")
    assert indexes_of(server, index_name) == {index_name}
    assert await find(call, store, {"n": 1}) == set()
    await call(store, "add_texts", ["c"], [{"n": 1}], ids=["1"])
    assert await find(call, store, {"n": 1}) == {"1"}


async def test_drop_deletes_everything_and_the_next_write_starts_anew(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call
) -> None:
    await call(store, "add_texts", ["a"], [{"n": 1}])
    await call(store, "drop")
    assert not indexes_of(server, index_name)
    assert not keys_of(server, index_name)
    assert not keys_of(server, f"redisvl-adapters/{index_name}")
    assert await find(call, store) == set()
    await call(store, "add_texts", ["a"], [{"n": "now a text"}], ids=["1"])
    assert await find(call, store, {"n": "now a text"}) == {"1"}


async def test_another_store_notices_that_the_index_was_dropped(
    clients: Clients, store: RedisVectorStore, index_name: str, storage: str, call: Call
) -> None:
    await call(store, "add_texts", ["a"], [{"n": 1}], ids=["1"])
    other = store_on(clients, index_name, storage=storage)
    assert await find(call, other) == {"1"}
    await call(other, "drop")
    assert await find(call, other) == set()
    with pytest.raises(IndexNotFoundError, match=f"{index_name}.*somebody dropped it"):
        await find(call, store)
    await call(store, "add_texts", ["b"], [{"n": 2}], ids=["2"])
    assert await find(call, other, {"n": 2}) == {"2"}


async def test_overwriting_drops_the_index_once(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    await call(store_on(clients, index_name, metadata_schema={"n": "tag"}), "add_texts", ["a"], ids=["1"])
    store = store_on(clients, index_name, storage=storage, create="overwrite", metadata_schema={"n": "numeric"})
    await call(store, "add_texts", ["b"], [{"n": 1}], ids=["2"])
    assert ids_of(await store.asimilarity_search("anything")) == ["2"]
    assert ids_of(store.similarity_search("anything")) == ["2"]
    await call(store, "add_texts", ["c"], [{"n": 2}], ids=["3"])
    assert await find(call, store, {"n": {"$gte": 1}}) == {"2", "3"}


async def test_an_index_that_is_never_to_be_created_is_not(
    clients: Clients, server: redis.Redis, index_name: str, call: Call
) -> None:
    for operation, arguments in OPERATIONS.items():
        with pytest.raises(IndexNotFoundError, match=f"{index_name}.*create='never'"):
            await call(store_on(clients, index_name, create="never"), operation, *arguments)
    assert not indexes_of(server, index_name)


async def test_an_index_can_be_created_before_the_first_record(
    clients: Clients, server: redis.Redis, index_name: str, call: Call
) -> None:
    with pytest.raises(ArgumentError, match="dims="):
        await call(store_on(clients, index_name), "create")
    assert not indexes_of(server, index_name)
    store = store_on(clients, index_name, dims=8)
    await call(store, "create")
    await call(store, "create")
    assert indexes_of(server, index_name) == {index_name}
    await call(store, "add_texts", ["a"], ids=["1"])
    assert await find(call, store) == {"1"}


@pytest.mark.parametrize(
    "options",
    [
        {"storage": "hsh"},
        {"algorithm": "ivf"},
        {"distance_metric": "L3"},
        {"dtype": "float8"},
        {"create": "always"},
        {"dims": 0},
        {"dims": "8"},
        {"ttl": 0},
        {"prefix": ""},
        {"index_name": ""},
        {"metadata_schema": {"n": "number"}},
        {"algorithm": "flat", "m": 16},
    ],
    ids=repr,
)
def test_an_option_that_is_out_of_range_is_refused_at_once(options: dict[str, Any]) -> None:
    name = next(reversed(options))
    given: dict[str, Any] = {"index_name": "never-opened", **options}
    with pytest.raises(ValueError, match="metadata field 'n'" if name == "metadata_schema" else name):
        RedisVectorStore(Model(), **given)
