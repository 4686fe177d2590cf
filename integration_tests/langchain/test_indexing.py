"""``langchain_core.indexing``: what the store holds after several runs over a changing set of documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, aindex, index

from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, keys_of, store_on
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

Run = Callable[..., Awaitable[dict[str, int]]]


@pytest.fixture
def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    return store_on(clients, index_name, storage=storage)


@pytest.fixture(params=["index", "aindex"])
def run(request: pytest.FixtureRequest, store: RedisVectorStore) -> Run:
    """One run of ``index`` or ``aindex`` over some documents; returns what was counted, zeros left out."""
    manager = InMemoryRecordManager(namespace="test")
    manager.create_schema()

    async def run(documents: list[Document], **options: Any) -> dict[str, int]:
        settings = {"source_id_key": "source", "key_encoder": "sha256", **options}
        if request.param == "index":
            counted = index(documents, manager, store, **settings)
        else:
            counted = await aindex(documents, manager, store, **settings)
        return {name: number for name, number in {**counted}.items() if number}  # type: ignore[misc]  # a TypedDict

    return run


def passage(text: str, source: str = "s", **metadata: Any) -> Document:
    return Document(page_content=text, metadata={"source": source, **metadata})


def held(store: RedisVectorStore) -> list[tuple[str, dict[str, Any]]]:
    """Return text and metadata of all that the store holds."""
    return sorted((found.page_content, found.metadata) for found in store.similarity_search("anything", 1000))


def expected(*documents: Document) -> list[tuple[str, dict[str, Any]]]:
    return sorted((document.page_content, document.metadata) for document in documents)


async def test_full_clean_up_makes_the_store_hold_what_the_last_run_gave(run: Run, store: RedisVectorStore) -> None:
    a, b, c = passage("a", page=1), passage("b", page=2), passage("c", "other", page=3)
    assert await run([a, b, c], cleanup="full") == {"num_added": 3}
    assert await run([a, b, c], cleanup="full") == {"num_skipped": 3}
    assert held(store) == expected(a, b, c)
    changed, new = passage("b, changed", page=2), passage("d", "other", page=4)
    assert await run([a, changed, new], cleanup="full") == {"num_added": 2, "num_skipped": 1, "num_deleted": 2}
    assert held(store) == expected(a, changed, new)
    assert await run([], cleanup="full") == {"num_deleted": 3}
    assert held(store) == []


async def test_incremental_clean_up_replaces_within_the_sources_that_a_run_gave(
    run: Run, store: RedisVectorStore
) -> None:
    a, b, c = passage("a", "one"), passage("b", "one"), passage("c", "two")
    assert await run([a, b, c], cleanup="incremental") == {"num_added": 3}
    changed = passage("a, changed", "one")
    assert await run([changed, b], cleanup="incremental") == {"num_added": 1, "num_skipped": 1, "num_deleted": 1}
    assert held(store) == expected(changed, b, c)
    d = passage("d", "three")
    assert await run([d], cleanup="incremental") == {"num_added": 1}
    assert await run([], cleanup="incremental") == {}
    assert held(store) == expected(changed, b, c, d)


async def test_scoped_full_clean_up_replaces_within_the_sources_that_a_run_gave(
    run: Run, store: RedisVectorStore
) -> None:
    a, b, c = passage("a", "one"), passage("b", "one"), passage("c", "two")
    assert await run([a, b, c], cleanup="scoped_full", batch_size=1) == {"num_added": 3}
    assert await run([b], cleanup="scoped_full", batch_size=1) == {"num_skipped": 1, "num_deleted": 1}
    assert held(store) == expected(b, c)
    assert await run([], cleanup="scoped_full") == {}
    assert held(store) == expected(b, c)


async def test_without_clean_up_nothing_is_removed(run: Run, store: RedisVectorStore) -> None:
    assert await run([passage("a")], cleanup=None) == {"num_added": 1}
    assert await run([passage("b")], cleanup=None) == {"num_added": 1}
    assert held(store) == expected(passage("a"), passage("b"))


async def test_a_change_of_metadata_alone_is_a_change(run: Run, store: RedisVectorStore) -> None:
    await run([passage("a", year=2020, draft=True)], cleanup="full")
    await run([passage("a", year=2021)], cleanup="full")
    assert held(store) == expected(passage("a", year=2021))
    assert store.count({"year": 2020}) == 0
    assert store.count({"draft": True}) == 0


async def test_many_documents_go_in_batches_and_are_cleaned_up_in_batches(run: Run, store: RedisVectorStore) -> None:
    passages = [passage(f"text {number}", number=number) for number in range(60)]
    options: dict[str, Any] = {"cleanup": "full", "batch_size": 7, "cleanup_batch_size": 11}
    assert await run(passages, **options) == {"num_added": 60}
    assert await run(passages[40:], **options) == {"num_skipped": 20, "num_deleted": 40}
    assert held(store) == expected(*passages[40:])


async def test_documents_that_are_the_same_are_written_once(run: Run, store: RedisVectorStore) -> None:
    assert await run([passage("a"), passage("a")], cleanup="full") == {"num_added": 1, "num_skipped": 1}
    assert held(store) == expected(passage("a"))


async def test_a_forced_update_replaces_records_in_place(
    run: Run, store: RedisVectorStore, server: redis.Redis, index_name: str
) -> None:
    await run([passage("a"), passage("b")], cleanup="full")
    keys = keys_of(server, f"{index_name}:")
    assert await run([passage("a"), passage("b")], cleanup="full", force_update=True) == {"num_updated": 2}
    assert keys_of(server, f"{index_name}:") == keys
    assert held(store) == expected(passage("a"), passage("b"))


async def test_the_keywords_of_add_documents_pass_through(
    run: Run, store: RedisVectorStore, server: redis.Redis, index_name: str
) -> None:
    await run([passage("a")], cleanup="full", upsert_kwargs={"ttl": 1000})
    (key,) = keys_of(server, f"{index_name}:")
    assert 990 < server.ttl(key) <= 1000


async def test_other_stores_on_the_server_are_left_alone(
    run: Run, store: RedisVectorStore, clients: Clients, index_name: str
) -> None:
    neighbour = store_on(clients, f"{index_name}-2", Model())
    neighbour.add_texts(["theirs"], [{"source": "s"}])
    await run([passage("a")], cleanup="full")
    await run([], cleanup="full")
    assert held(neighbour) == expected(passage("theirs"))
