"""Stores as Python objects: how they look, that they are copied and pickled, and that a closed one opens again."""

from __future__ import annotations

import copy
import pickle
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.llama_index.llama_index_support import ids_of, open_store, text_node
from redisvl_adapters import ArgumentError
from redisvl_adapters.core.arguments import MAX_TTL
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture


def test_a_store_shows_its_index_and_its_server_without_the_password() -> None:
    url = "redis://ann:s3cret@localhost:7000/0?password=s3cret"
    store = RedisVectorStore(Model(), index_name="docs", redis_url=url, storage="json")
    assert repr(store) == "<RedisVectorStore index_name='docs', storage='json' at redis://localhost:7000/0>"
    other = LlamaIndexStore(index_name="docs", redis_url=url)
    assert repr(other) == str(other) == "<RedisVectorStore index_name='docs' at redis://localhost:7000/0>"


async def test_a_store_shows_the_storage_that_it_found(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    await call(store_on(clients, index_name, storage=storage), "add_texts", ["a"])
    store = store_on(clients, index_name)
    await call(store, "count")
    assert f"index_name='{index_name}', storage='{storage}' at " in repr(store)


async def test_a_store_that_was_closed_opens_again_when_it_is_used(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    store = open_store(redis_url, index_name, storage)
    for node_id in ("a", "b"):
        await call(store, "add", [text_node(node_id)])
        await store.aclose()
        store.close()
    async with store:
        assert await ids_of(call, store) == {"a", "b"}


def again(store: Any, how: str) -> Any:
    return copy.deepcopy(store) if how == "deepcopy" else pickle.loads(pickle.dumps(store))  # noqa: S301  # our own


@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
async def test_a_copy_of_a_llama_index_store_is_a_store_on_the_same_index(
    redis_url: str, index_name: str, storage: str, call: Call, how: str
) -> None:
    options: dict[str, Any] = {"metadata_schema": {"year": "numeric"}, "learn": False}
    async with open_store(redis_url, index_name, storage, **options) as store:
        await call(store, "add", [text_node("a", year=1)])
        other = again(store, how)
        assert other.index is not store.index
        assert other.index.state.spec == store.index.state.spec
        await call(other, "add", [text_node("b", year=2)])
        await store.aclose()
        async with other:
            assert await ids_of(call, other) == {"a", "b"}
        assert await ids_of(call, store) == {"a", "b"}


@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
async def test_a_copy_of_a_store_that_overwrites_its_index_does_not(
    redis_url: str, index_name: str, call: Call, how: str
) -> None:
    async with open_store(redis_url, index_name, create="overwrite") as store:
        await call(store, "add", [text_node("a")])
        async with again(store, how) as other:
            assert await ids_of(call, other) == {"a"}


def test_a_store_with_a_client_is_copied_with_it_and_not_pickled(server: redis.Redis, index_name: str) -> None:
    store = LlamaIndexStore(client=server, index_name=index_name)
    store.add([text_node("a")])
    other = copy.deepcopy(store)
    assert other.client is server
    assert other.count() == 1
    with pytest.raises(ArgumentError, match="given a client cannot be pickled; make it with redis_url"):
        pickle.dumps(store)


async def test_the_longest_life_that_may_be_asked_for_is_one(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage, ttl=MAX_TTL)
    await call(store, "add_texts", ["a"], ids=["1"])
    assert server.ttl(f"{index_name}:1") > MAX_TTL - 60
    assert [found.id for found in await call(store, "similarity_search", "a")] == ["1"]
    with pytest.raises(ArgumentError, match="ttl is a positive number of seconds, at most 1e"):
        await call(store, "add_texts", ["a"], ttl=2 * MAX_TTL)


def test_a_url_in_the_repr_is_that_of_the_server(redis_url: str, index_name: str) -> None:
    parts = urlsplit(redis_url)
    assert f"{parts.hostname}:{parts.port}" in repr(open_store(redis_url, index_name))
