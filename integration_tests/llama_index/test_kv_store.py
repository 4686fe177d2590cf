"""LlamaIndex's key-value store: what its store in memory does, exact values, times to live, and nobody else's keys."""

from __future__ import annotations

import copy
import math
import pickle
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import redis
from llama_index.core.storage.kvstore import SimpleKVStore

from integration_tests.conftest import Call
from integration_tests.core.core_support import own_server, until
from integration_tests.core.sessions import session_support
from integration_tests.core.sessions.session_support import HOSTILE
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from redisvl_adapters.core.keyvalue import json_values
from redisvl_adapters.errors import ArgumentError, RecordError, ServerError, UnknownArgumentError
from redisvl_adapters.llama_index import RedisKVStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture
repeating = session_support.repeating  # a fixture

EXACT = [
    {},
    {"text": "käse \0 \u2028 🎉", "": None, "yes": True, "no": False},
    {"int": -(2**63), "large": 2**64 - 1, "float": 0.1, "whole": 1.0, "tiny": 5e-324, "minus": -0.0},
    {"nested": {"list": [1, [2.5, {"deep": [None, True, "1"]}], {}], "dict": {"a.b": {"$c": []}}}},
    {"embedding": [random.Random(7).uniform(-1, 1) for _ in range(500)]},
]


@pytest.fixture
def store(clients: Clients, index_name: str) -> RedisKVStore:
    return RedisKVStore(prefix=index_name, **clients)


@pytest.mark.parametrize("value", EXACT)
async def test_values_come_back_with_their_types(call: Call, store: RedisKVStore, value: Any) -> None:
    await call(store, "put", "a", value)
    assert repr(await call(store, "get", "a")) == repr(value)
    assert repr(await call(store, "get_all")) == repr({"a": value})


async def test_what_json_lacks_comes_back_in_the_form_of_metadata(call: Call, store: RedisKVStore) -> None:
    given = {"at": datetime(2024, 5, 1, tzinfo=UTC), "id": UUID(int=7), "pair": (1, [2]), "set": {2, 1}}
    await call(store, "put", "a", given | {"number": np.float32(0.5)})
    expected = {"at": "2024-05-01T00:00:00+00:00", "id": str(UUID(int=7)), "pair": [1, [2]], "set": [1, 2]}
    assert await call(store, "get", "a") == expected | {"number": 0.5}


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**64, "\ud800", b"bytes", object(), {1: 2}])
async def test_what_would_not_come_back_is_refused_and_nothing_is_written(
    call: Call, store: RedisKVStore, value: Any
) -> None:
    with pytest.raises(RecordError, match="'bad' in 'data'"):
        await call(store, "put_all", [("good", {"a": 1}), ("bad", {"a": [value]})])
    assert await call(store, "get_all") == {}


async def test_keys_and_collections_of_any_name_have_their_own_values(call: Call, store: RedisKVStore) -> None:
    for collection in HOSTILE:
        await call(store, "put_all", [(key, {collection: key}) for key in [*HOSTILE, ""]], collection)
    for collection in HOSTILE:
        assert await call(store, "get_all", collection) == {key: {collection: key} for key in [*HOSTILE, ""]}
        assert await call(store, "get", "*", collection) == {collection: "*"}
        assert await call(store, "get", "b", collection) is None


async def test_stores_never_meet(call: Call, clients: Clients, index_name: str) -> None:
    names = [(index_name, "a:b"), (f"{index_name}:a", "b"), (f"{index_name}:a:b", "c"), (index_name, "a%3Ab")]
    stores = [(RedisKVStore(prefix=prefix, **clients), collection) for prefix, collection in names]
    for place, (store, collection) in enumerate(stores):
        await call(store, "put", "key", {"place": place}, collection)
    for place, (store, collection) in enumerate(stores):
        assert await call(store, "get_all", collection) == {"key": {"place": place}}
    await call(stores[0][0], "clear", stores[0][1])
    found = [await call(store, "get_all", collection) for store, collection in stores]
    assert [bool(values) for values in found] == [False, True, True, True]


async def test_random_calls_give_what_they_give_in_memory(call: Call, store: RedisKVStore) -> None:
    rng = random.Random(7)
    memory = SimpleKVStore()
    for number in range(300):
        collection, key = rng.choice(["a", "b"]), rng.choice("klmnop")
        steps: list[tuple[str, list[Any]]] = [
            ("put", [key, {"number": number}]),
            ("put_all", [[(each, {"number": number}) for each in rng.sample("klmnop", 3)]]),
            ("get", [key]),
            ("get_all", []),
            ("delete", [key]),
        ]
        name, given = rng.choice(steps)
        assert await call(store, name, *given, collection=collection) == getattr(memory, name)(
            *given, collection=collection
        )


async def test_more_values_than_fit_a_page(call: Call, store: RedisKVStore, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [(f"key-{number}", {"text": "x" * 100, "number": number}) for number in range(2_345)]
    await call(store, "put_all", pairs, batch_size=10_000)
    assert await call(store, "get_all") == dict(pairs)
    monkeypatch.setattr(json_values, "MAX_PAGE_BYTES", 1_000)
    await call(store, "put_all", pairs[:50], "small")
    assert await call(store, "get_all", "small") == dict(pairs[:50])


async def test_a_value_expires_counted_from_its_last_write(
    call: Call, clients: Clients, index_name: str, store: RedisKVStore, server: redis.Redis
) -> None:
    kept = RedisKVStore(prefix=index_name, ttl=1000, **clients)
    await call(kept, "put_all", [("a", {}), ("b", {})])
    server.execute_command("HPEXPIRE", f"{index_name}:data", 5000, "FIELDS", 2, "a", "b")
    await call(kept, "put", "a", {"new": True})
    await call(store, "put", "c", {})
    a, b, c = server.execute_command("HPTTL", f"{index_name}:data", "FIELDS", 3, "a", "b", "c")
    assert 900_000 < a <= 1_000_000
    assert 0 < b <= 5000
    assert c == -1
    short = RedisKVStore(prefix=index_name, ttl=0.001, **clients)
    await call(short, "put", "a", {})
    until(lambda: store.get("a") is None)
    assert set(await call(store, "get_all")) == {"b", "c"}


async def test_a_server_without_times_to_live_of_fields_has_nothing_written(call: Call) -> None:
    with own_server("--rename-command", "HPEXPIRE", "", modules=()) as (port, _):
        url = f"redis://localhost:{port}"
        async with RedisKVStore(redis_url=url, ttl=1000) as store, RedisKVStore(redis_url=url) as kept:
            with pytest.raises(ServerError, match=r"Redis 7\.4 or Valkey 9\.0 or newer; use one, or leave ttl out"):
                await call(store, "put", "a", {})
            assert await call(store, "get_all") == {}
            await call(kept, "put", "a", {})
            assert await call(store, "get_all") == {"a": {}}


async def test_writes_that_are_sent_again_change_nothing(
    call: Call, repeating: dict[str, Any], index_name: str
) -> None:
    for ttl in (None, 1000):
        store = RedisKVStore(prefix=index_name, ttl=ttl, **repeating)
        await call(store, "put_all", [("a", {"v": 1}), ("b", {"v": 2})])
        assert await call(store, "get_all") == {"a": {"v": 1}, "b": {"v": 2}}


def test_a_copy_is_a_store_of_its_own_on_the_same_values(redis_url: str, index_name: str) -> None:
    with RedisKVStore(redis_url=redis_url, prefix=index_name, ttl=1000) as store:
        store.put("a", {"v": 1})
        pickled = pickle.loads(pickle.dumps(store))  # noqa: S301  # it is our own
        for twin in (copy.deepcopy(store), pickled):
            with twin:
                assert twin.get("a") == {"v": 1}


def test_a_store_that_was_given_a_client_cannot_be_pickled(store: RedisKVStore) -> None:
    with pytest.raises(ArgumentError, match="cannot be pickled"):
        pickle.dumps(store)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("put", [3, {}], "key is a string"),
        ("put", ["a", [1]], "val is a dict"),
        ("put_all", ["ab"], "kv_pairs is a list"),
        ("put_all", [[("a", {}), ("b",)]], r"kv_pairs\[1\] is a key and a dict"),
        ("put_all", [[("a", {})], "c", 0], "batch_size is an integer from 1 on"),
        ("get", [None], "key is a string"),
        ("get_all", [""], "collection is a non-empty string"),
        ("delete", ["a", None], "collection is a non-empty string"),
    ],
)
async def test_what_cannot_be_honoured_is_refused(
    call: Call, store: RedisKVStore, name: str, given: list[Any], said: str
) -> None:
    with pytest.raises(ArgumentError, match=said):
        await call(store, name, *given)
    assert await call(store, "get_all") == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"prefix": "{a}"}, "without braces"),
        ({"ttl": 0}, "ttl is a positive number"),
        ({"ttl": 10**14}, "ttl is at most 5e"),
        ({"redis_uri": "redis://localhost"}, "did you mean 'redis_url'"),
        ({"redis_client": None}, "did you mean 'client'"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        RedisKVStore(**options)


async def test_a_keyword_that_a_call_lacks_is_refused(call: Call, store: RedisKVStore) -> None:
    with pytest.raises(UnknownArgumentError, match="did you mean 'collection'"):
        await call(store, "get", "a", colection="b")


async def test_what_is_no_json_object_is_told_by_its_key(
    call: Call, store: RedisKVStore, server: redis.Redis, index_name: str
) -> None:
    server.hset(f"{index_name}:data", mapping={"a": "[1]", "b": "{"})
    for key in "ab":
        with pytest.raises(RecordError, match=f"'{key}' in 'data' is not a JSON object"):
            await call(store, "get", key)
