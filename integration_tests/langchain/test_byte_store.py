"""The store of bytes: LangChain's own suites, all of them with nothing overridden, and what they leave out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis
from langchain_tests.integration_tests import BaseStoreAsyncTests, BaseStoreSyncTests

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.core.sessions.session_support import HOSTILE, keys_within
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain import RedisByteStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

VALUES = (b"foo", b"", bytes(range(256)))


class TestSync(BaseStoreSyncTests[bytes]):
    @pytest.fixture
    def kv_store(self, redis_url: str, index_name: str) -> Iterator[RedisByteStore]:
        """An empty store."""
        with RedisByteStore(redis_url=redis_url, prefix=index_name) as store:
            yield store

    @pytest.fixture
    def three_values(self) -> tuple[bytes, bytes, bytes]:
        """Three values."""
        return VALUES


class TestAsync(BaseStoreAsyncTests[bytes]):
    @pytest.fixture
    async def kv_store(self, redis_url: str, index_name: str) -> AsyncIterator[RedisByteStore]:
        """An empty store."""
        async with RedisByteStore(redis_url=redis_url, prefix=index_name) as store:
            yield store

    @pytest.fixture
    def three_values(self) -> tuple[bytes, bytes, bytes]:
        """Three values."""
        return VALUES


@pytest.fixture
def store(clients: Clients, index_name: str) -> RedisByteStore:
    return RedisByteStore(prefix=index_name, **clients)


async def test_keys_of_any_name_have_their_own_values(call: Call, store: RedisByteStore) -> None:
    pairs = [(key, key.encode()) for key in [*HOSTILE, ""]]
    await call(store, "mset", pairs)
    assert await call(store, "mget", [key for key, _ in pairs]) == [value for _, value in pairs]
    assert await keys_within(call, store) == sorted(key for key, _ in pairs)
    await call(store, "mdelete", ["*", "a*"])
    assert await keys_within(call, store) == sorted({key for key, _ in pairs} - {"*", "a*"})


@pytest.mark.parametrize("prefix", ["a", "a*", "*", "?", "[a]", "[", "\\", "a\\", "^", "käs", ""])
async def test_a_prefix_is_taken_literally(call: Call, store: RedisByteStore, prefix: str) -> None:
    keys = [*HOSTILE, "[ab", "a\\b", "^a", "-"]
    await call(store, "mset", [(key, b"") for key in keys])
    expected = sorted(key for key in keys if key.startswith(prefix))
    assert await keys_within(call, store, prefix=prefix) == expected


async def test_stores_never_meet(call: Call, clients: Clients, index_name: str) -> None:
    names = [index_name, f"{index_name}2", f"{index_name}*", f"{index_name}:a"]
    stores = [RedisByteStore(prefix=name, **clients) for name in names]
    for name, one in zip(names[1:], stores[1:], strict=True):
        await call(one, "mset", [(name, name.encode())])
    assert await keys_within(call, stores[0], prefix="b") == []
    for name, one in zip(names[1:], stores[1:], strict=True):
        assert await keys_within(call, one) == [name]


async def test_more_keys_than_fit_a_batch(call: Call, store: RedisByteStore) -> None:
    pairs = [(f"key-{number}", str(number).encode()) for number in range(2_345)]
    await call(store, "mset", pairs)
    keys = [key for key, _ in pairs]
    assert await call(store, "mget", keys) == [value for _, value in pairs]
    assert await keys_within(call, store) == sorted(keys)
    await call(store, "mdelete", keys)
    assert await call(store, "mget", keys) == [None] * len(keys)


async def test_a_value_expires_counted_from_its_last_write(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    store = RedisByteStore(prefix=index_name, ttl=1000, **clients)
    await call(store, "mset", [("a", b"1")])
    (key,) = server.keys(f"{index_name}*")
    server.pexpire(key, 5000)
    await call(store, "mset", [("a", b"2")])
    assert 900_000 < server.pttl(key) <= 1_000_000
    short = RedisByteStore(prefix=index_name, ttl=0.001, **clients)
    await call(short, "mset", [("b", b"3")])
    until(lambda: store.mget(["a", "b"]) == [b"2", None])


async def test_keys_can_be_deleted_while_they_are_listed(call: Call, store: RedisByteStore) -> None:
    await call(store, "mset", [(f"key-{number}", b"") for number in range(3_000)])
    if call.__name__ == "sync":
        for key in store.yield_keys():
            store.mdelete([key])
    else:
        async for key in store.ayield_keys():
            await store.amdelete([key])
    assert await keys_within(call, store) == []


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("mget", "a", "keys is a list"),
        ("mget", ["a", None], r"keys\[1\] is a string"),
        ("mdelete", "a", "keys is a list"),
        ("mset", "ab", "key_value_pairs is a list"),
        ("mset", [("a", b"1"), ("b", "text")], r"key_value_pairs\[1\] is a key and bytes"),
        ("mset", [("a", b"1"), ("b",)], r"key_value_pairs\[1\] is a key and bytes"),
        ("mset", [("a", b"1"), (3, b"2")], r"keys\[1\] is a string"),
    ],
)
async def test_what_cannot_be_honoured_is_refused(
    call: Call, store: RedisByteStore, name: str, given: Any, said: str
) -> None:
    with pytest.raises(ArgumentError, match=said):
        await call(store, name, given)
    assert await call(store, "mget", ["a"]) == [None]


async def test_embeddings_are_cached_in_it(call: Call, store: RedisByteStore) -> None:
    classic = pytest.importorskip("langchain_classic.embeddings")
    model = Model()
    cached = classic.CacheBackedEmbeddings.from_bytes_store(
        model, store, namespace="model", key_encoder="sha256", query_embedding_cache=True
    )
    for _ in range(2):
        assert await call(cached, "embed_documents", ["a", "b"]) == [model.vector("a"), model.vector("b")]
        assert await call(cached, "embed_query", "c") == model.vector("c")
    assert len(model.calls) == 2
