"""``langchain_core.indexing`` with our record manager and our store: three runs, against LangChain's own in memory."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, RecordManager, aindex, index

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, store_on
from redisvl_adapters.errors import ArgumentError, ServerUnavailableError
from redisvl_adapters.langchain import RedisRecordManager, RedisVectorStore

clients = langchain_support.clients  # a fixture


def page(source: str, *texts: str) -> list[Document]:
    return [Document(text, metadata={"source": source, "place": place}) for place, text in enumerate(texts)]


ADD = [*page("a", "one", "two", "three"), *page("b", "four", "five"), *page("c", "six")]
CHANGE = [*page("a", "one", "TWO", "three"), *page("b", "four", "five", "more"), *page("c", "six")]
REMOVE = [*page("a", "one"), *page("c", "SIX", "six")]
RUNS = [ADD, CHANGE, REMOVE]


async def run(
    call: Call, manager: RecordManager, store: RedisVectorStore, documents: list[Document], cleanup: Any
) -> Any:
    settings: dict[str, Any] = {
        "cleanup": cleanup,
        "source_id_key": "source",
        "key_encoder": "sha256",
        "batch_size": 3,
        "cleanup_batch_size": 2,
    }
    if call.__name__ == "sync":
        return index(documents, manager, store, **settings)
    return await aindex(documents, manager, store, **settings)


@pytest.mark.parametrize("cleanup", ["full", "incremental", "scoped_full", None])
async def test_three_runs_count_and_keep_what_they_do_in_memory(
    call: Call, clients: Clients, index_name: str, cleanup: str | None
) -> None:
    ours = RedisRecordManager(index_name, prefix=f"{index_name}-records", **clients)
    theirs = InMemoryRecordManager(index_name)
    mine, reference = store_on(clients, f"{index_name}-1"), store_on(clients, f"{index_name}-2")
    for documents in RUNS:
        counted = await run(call, ours, mine, documents, cleanup)
        assert counted == await run(call, theirs, reference, documents, cleanup)
        held, expected = ({found.id: found for found in store.get()} for store in (mine, reference))
        assert held == expected
        assert sorted(await call(ours, "list_keys")) == sorted(theirs.list_keys()) == sorted(map(str, held))
        for source in "abc":
            group = await call(ours, "list_keys", group_ids=[source])
            assert sorted(group) == sorted(theirs.list_keys(group_ids=[source]))


async def test_a_run_that_fails_half_way_loses_nothing_for_the_next_one(
    call: Call, clients: Clients, index_name: str
) -> None:
    manager = RedisRecordManager(index_name, prefix=f"{index_name}-records", **clients)
    store = store_on(clients, index_name)
    await run(call, manager, store, ADD, "incremental")

    def failing() -> Any:
        yield from ADD[:4]
        raise RuntimeError("the loader failed")

    with pytest.raises(RuntimeError, match="the loader failed"):
        await run(call, manager, store, failing(), "incremental")
    await run(call, manager, store, REMOVE, "full")
    assert sorted(found.page_content for found in store.get()) == ["SIX", "one", "six"]


# With store=, a record that is no longer in the store is not known.


def knowing(clients: Clients, index_name: str, store: Any) -> RedisRecordManager:
    """Return a record manager that looks into the store."""
    return RedisRecordManager(index_name, prefix=f"{index_name}-records", store=store, **clients)


async def test_records_that_were_cleared_or_deleted_are_added_again(
    call: Call, clients: Clients, index_name: str, storage: Any
) -> None:
    store = store_on(clients, index_name, storage=storage)
    manager = knowing(clients, index_name, store)
    assert (await run(call, manager, store, ADD, "full"))["num_added"] == 6
    assert (await run(call, manager, store, ADD, "full"))["num_skipped"] == 6
    await call(store, "clear")
    assert (await run(call, manager, store, ADD, "full"))["num_added"] == 6
    (gone, *_) = await call(manager, "list_keys", group_ids=["a"])
    await call(store, "delete", [gone])
    counted = await run(call, manager, store, ADD, "incremental")
    assert (counted["num_added"], counted["num_skipped"]) == (1, 5)
    await call(store, "drop")
    assert (await run(call, manager, store, ADD, "full"))["num_added"] == 6
    assert await call(store, "count") == 6


async def test_records_that_expired_are_added_again(
    call: Call, clients: Clients, index_name: str, storage: Any, server: redis.Redis
) -> None:
    store = store_on(clients, index_name, storage=storage, ttl=1000)
    manager = knowing(clients, index_name, store)
    await run(call, manager, store, ADD, "full")
    for key in langchain_support.keys_of(server, f"{index_name}:"):
        server.pexpire(key, 1)
    until(lambda: not store.count())
    assert (await run(call, manager, store, CHANGE, "full"))["num_added"] == 7
    assert sorted(found.page_content for found in store.get()) == sorted(page.page_content for page in CHANGE)


async def test_a_key_is_known_if_it_was_written_and_its_record_is_there(
    call: Call, clients: Clients, index_name: str, storage: Any
) -> None:
    store = store_on(clients, index_name, storage=storage)
    manager = knowing(clients, index_name, store)
    assert await call(manager, "exists", ["a"]) == [False]
    await call(manager, "update", ["a", "b"])
    await call(store, "add_texts", ["one", "two"], ids=["b", "c"])
    assert await call(manager, "exists", ["a", "b", "c", "b"]) == [False, True, False, True]
    assert await call(manager, "exists", []) == []
    assert sorted(await call(manager, "list_keys")) == ["a", "b"]


async def test_a_store_that_cannot_be_asked_is_an_error(call: Call, clients: Clients, index_name: str) -> None:
    away = RedisVectorStore(langchain_support.Model(), index_name=index_name, redis_url="redis://localhost:1", retry=0)
    manager = knowing(clients, index_name, away)
    await call(manager, "update", ["a"])
    with pytest.raises(ServerUnavailableError, match="no Redis server answers"):
        await call(manager, "exists", ["a"])
    with pytest.raises(ArgumentError, match=r"store is a redisvl_adapters.langchain.RedisVectorStore; not str"):
        knowing(clients, index_name, "docs")
