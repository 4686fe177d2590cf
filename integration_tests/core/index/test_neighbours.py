"""Two indexes of this library never cover the same keys, whoever makes them and when."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import add, count, own_server, record
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, find, indexes_of, keys_of, store_on
from integration_tests.llama_index.llama_index_support import open_store, text_node
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.errors import SchemaMismatchError

clients = langchain_support.clients  # a fixture


@pytest.mark.parametrize(("first", "second"), [("p", "p"), ("p", "p:q"), ("p:q", "p")])
@pytest.mark.parametrize("other_storage", [False, True])
async def test_a_prefix_of_another_index_is_refused(
    clients: Clients,
    server: redis.Redis,
    index_name: str,
    storage: str,
    call: Call,
    first: str,
    second: str,
    other_storage: bool,
) -> None:
    one = store_on(clients, f"{index_name}1", prefix=f"{index_name}/{first}", storage=storage)
    await call(one, "add_texts", ["a"], ids=["a"])
    storage = {"hash": "json", "json": "hash"}[storage] if other_storage else storage
    two = store_on(clients, f"{index_name}2", prefix=f"{index_name}/{second}", storage=storage)
    for name, arguments in (("create", [8]), ("add_texts", [["b"]])):
        with pytest.raises(SchemaMismatchError, match=rf"'{index_name}/{second}:'.*of index '{index_name}1' cover"):
            await call(two, name, *arguments)
    assert indexes_of(server, index_name) == {f"{index_name}1"}
    assert not keys_of(server, f"redisvl-adapters/{index_name}2")
    assert await find(call, one) == {"a"}


async def test_the_prefix_of_a_llama_index_store_is_that_of_an_index_too(
    clients: Clients, redis_url: str, index_name: str, call: Call
) -> None:
    async with open_store(redis_url, f"{index_name}1", prefix=index_name) as nodes:
        await call(nodes, "add", [text_node("a")])
    store = store_on(clients, f"{index_name}2", prefix=index_name)
    with pytest.raises(SchemaMismatchError, match=f"of index '{index_name}1' cover the same keys"):
        await call(store, "add_texts", ["b"])


async def test_an_index_of_somebody_else_over_the_same_keys_is_no_hindrance(
    clients: Clients, server: redis.Redis, index_name: str, call: Call
) -> None:
    server.execute_command("FT.CREATE", f"{index_name}-all", "PREFIX", 1, index_name, "SCHEMA", "text", "TEXT")
    store = store_on(clients, index_name)
    await call(store, "add_texts", ["a"], ids=["a"])
    assert await find(call, store) == {"a"}


def test_of_two_that_are_made_at_the_same_time_at_most_one_remains(redis_url: str, index_name: str) -> None:
    for attempt in range(10):
        indexes = [
            RedisIndex(index_name=f"{index_name}{attempt}-{each}", prefix=f"{index_name}{attempt}", redis_url=redis_url)
            for each in range(4)
        ]
        barrier = threading.Barrier(len(indexes))
        made: list[str] = []

        def make(index: RedisIndex, barrier: threading.Barrier = barrier, made: list[str] = made) -> None:
            barrier.wait()
            with contextlib.suppress(SchemaMismatchError):
                index.run(operations.create(index.state, 4))
                made.append(index.state.spec.name)

        threads = [threading.Thread(target=make, args=(index,)) for index in indexes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) <= 1
        for index in indexes:
            index.run(operations.drop(index.state))
            index.close()


def test_a_user_who_may_not_list_indexes_is_not_kept_from_writing(caplog: pytest.LogCaptureFixture) -> None:
    rules = ["on", ">secret", "~*", "+@all", "-FT._LIST"]
    with own_server() as (port, _), redis.Redis(port=port) as admin:
        admin.execute_command("ACL", "SETUSER", "ann", *rules)
        index = RedisIndex(index_name="docs", redis_url=f"redis://ann:secret@127.0.0.1:{port}")
        add(index, record("a"))
        assert count(index) == 1
        index.close()
    assert "'docs' is made without seeing whether another one covers its prefix 'docs:'" in caplog.text


async def test_overwriting_an_index_takes_nothing_of_its_neighbour(
    clients: Clients, server: redis.Redis, index_name: str, call: Call
) -> None:
    options: dict[str, Any] = {"prefix": f"{index_name}/p"}
    await call(store_on(clients, f"{index_name}1", **options), "add_texts", ["a"], ids=["a"])
    other = store_on(clients, f"{index_name}2", create="overwrite", **options)
    for name, arguments in (("count", []), ("add_texts", [["b"]]), ("drop", [])):
        with pytest.raises(SchemaMismatchError, match=f"of index '{index_name}1' cover"):
            await call(other, name, *arguments)
    assert keys_of(server, f"{index_name}/p:") == {f"{index_name}/p:a"}
    assert indexes_of(server, index_name) == {f"{index_name}1"}
