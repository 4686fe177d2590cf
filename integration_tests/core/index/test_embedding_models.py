"""Which embedding model an index is of: kept with it, and another one refused with the way out."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from langchain_core.embeddings import Embeddings

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.llama_index.llama_index_support import open_store, text_node
from redisvl_adapters import ArgumentError, SchemaMismatchError

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture


class Named(Model):
    """A model that says its name."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model


class Cached(Model):
    """A model that wraps another one."""

    def __init__(self, underlying: Embeddings) -> None:
        super().__init__()
        self.underlying = underlying


def registered(server: redis.Redis, index_name: str) -> Any:
    return server.hget(f"redisvl-adapters/{index_name}", "embedding")


async def add(call: Call, store: Any) -> None:
    await call(store, "add_texts", ["a text"], ids=["a"])


async def search(call: Call, store: Any) -> None:
    await call(store, "similarity_search", "a text")


@pytest.mark.parametrize("use", [add, search])
@pytest.mark.parametrize("other", [{"embedding_id": "other"}, Named("other"), Cached(Named("other"))])
async def test_another_model_is_refused_with_the_way_out(
    call: Call, clients: Clients, server: redis.Redis, index_name: str, storage: str, use: Any, other: Any
) -> None:
    async with store_on(clients, index_name, Named("first"), storage=storage) as store:
        await add(call, store)
        assert registered(server, index_name) == b"first"
        model, options = (Model(), other) if isinstance(other, dict) else (other, {})
        async with store_on(clients, index_name, model, **options) as another:
            with pytest.raises(SchemaMismatchError, match=r"'first', and .* 'other'.*rebuild\(embedding=.*='first'"):
                await use(call, another)
        assert registered(server, index_name) == b"first"


@pytest.mark.parametrize("model", [Model(), Named("first"), Cached(Named("first")), Named("unknown"), Named("/a/path")])
async def test_the_same_model_and_those_that_say_nothing_are_welcome(
    call: Call, clients: Clients, index_name: str, model: Embeddings
) -> None:
    async with store_on(clients, index_name, Named("first")) as store, store_on(clients, index_name, model) as same:
        await add(call, store)
        assert len(await call(same, "similarity_search", "a text")) == 1
        await add(call, same)


async def test_a_name_that_is_given_goes_before_that_of_the_model(
    call: Call, clients: Clients, index_name: str
) -> None:
    async with store_on(clients, index_name, Named("first")) as store:
        await add(call, store)
    async with store_on(clients, index_name, Named("a mirror of the first"), embedding_id="first") as same:
        assert len(await call(same, "similarity_search", "a text")) == 1


async def test_an_index_that_has_none_takes_the_first_one_that_writes(
    call: Call, clients: Clients, server: redis.Redis, index_name: str, storage: str
) -> None:
    async with store_on(clients, index_name, storage=storage) as store:
        await add(call, store)
    # As an index from before there were names.
    assert registered(server, index_name) is None
    async with store_on(clients, index_name, Named("first")) as first, store_on(clients, index_name) as silent:
        await search(call, first)
        assert registered(server, index_name) is None
        await call(first, "update_metadata", ["a"], {"n": 1})
        assert registered(server, index_name) == b"first"
        async with store_on(clients, index_name, Named("second")) as second:
            with pytest.raises(SchemaMismatchError, match="'first'"):
                await add(call, second)
        await add(call, silent)
        await search(call, first)


async def test_nodes_are_of_the_model_that_is_named(
    call: Call, redis_url: str, clients: Clients, index_name: str, storage: str
) -> None:
    async with open_store(redis_url, index_name, storage, embedding_id="first") as store:
        await call(store, "add", [text_node("a")])
    async with open_store(redis_url, index_name, storage) as silent:
        assert await call(silent, "count") == 1
    async with store_on(clients, index_name, Named("second")) as second:
        with pytest.raises(SchemaMismatchError, match="'first'"):
            await search(call, second)


async def test_emptying_keeps_the_model_and_dropping_forgets_it(
    call: Call, clients: Clients, server: redis.Redis, index_name: str
) -> None:
    async with store_on(clients, index_name, Named("first")) as store:
        await add(call, store)
        await call(store, "clear")
        assert registered(server, index_name) == b"first"
        await call(store, "drop")
        assert registered(server, index_name) is None
    async with store_on(clients, index_name, Named("second")) as second:
        await add(call, second)
    async with store_on(clients, index_name, Named("third"), create="overwrite") as third:
        await add(call, third)
        assert registered(server, index_name) == b"third"


@pytest.mark.parametrize("name", ["", 5, "\ud800"])
def test_a_name_is_a_text(name: Any) -> None:
    with pytest.raises(ArgumentError, match="embedding_id"):
        store_on({}, "docs", embedding_id=name)  # type: ignore[typeddict-item]  # refused before it connects


async def test_records_outlive_an_index_that_is_dropped_without_them(
    call: Call, clients: Clients, server: redis.Redis, index_name: str, storage: str
) -> None:
    options: dict[str, Any] = {"storage": storage, "language": "german"}
    async with store_on(clients, index_name, Named("first"), **options) as store:
        metadatas: list[dict[str, Any]] = [{"year": 2024, "done": True}, {"year": 2025}]
        await call(store, "add_texts", ["die Häuser", "der Baum"], metadatas, ids=["a", "b"], ttl=1000)
        await call(store, "drop", keep_records=True)
        assert index_name.encode() not in server.execute_command("FT._LIST")
        assert server.exists(f"{index_name}:a", f"{index_name}:b") == 2
        assert await call(store, "similarity_search", "x") == []
    async with store_on(clients, index_name, Named("second"), **options) as second:
        with pytest.raises(SchemaMismatchError, match="'first'"):
            await call(second, "create", 8)
        assert index_name.encode() not in server.execute_command("FT._LIST")
    async with store_on(clients, index_name, Named("first"), storage=storage) as again:
        await call(again, "create", 8)
        assert await call(again, "count", {"year": {"$gt": 2024}}) == 1
        assert [found.id for found in await call(again, "text_search", "Haus", 5)] == ["a"]
        assert await call(again, "count", {"done": True}) == 1
        assert all(ttl > 900 for ttl in await call(again, "ttl", ["a", "b"]))
        await call(again, "drop")
        assert server.exists(f"{index_name}:a", f"{index_name}:b") == 0


async def test_dropping_twice_and_what_is_no_flag(call: Call, clients: Clients, index_name: str) -> None:
    async with store_on(clients, index_name) as store:
        await call(store, "drop", keep_records=True)
        wrong: Any = "yes"
        with pytest.raises(ArgumentError, match="keep_records is True or False"):
            await call(store, "drop", keep_records=wrong)
