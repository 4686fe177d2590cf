"""Walking over all records of an index, in pages."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import Sent, await_scan, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.servers import cursors
from redisvl_adapters import ArgumentError, FilterError, UnknownFieldWarning
from redisvl_adapters.core import Record, operations
from redisvl_adapters.core.search import cursor_pages
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

KINDS = ["sync", "async"]


async def walk(kind: str, store: RedisVectorStore, *args: Any, **kwargs: Any) -> list[Document]:
    """Return all that a walk yields."""
    if kind == "sync":
        return list(store.iterate(*args, **kwargs))
    return [document async for document in store.aiterate(*args, **kwargs)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_size", [1, 7, 39, 40, 41, 500])
async def test_every_document_comes_once_whatever_the_batch_size(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, kind: str, batch_size: int
) -> None:
    call = _call(kind)
    there = await shelf(call, clients, index_name, storage=storage)
    found = await walk(kind, there.langchain, batch_size=batch_size)
    assert sorted(map(str, ids_of(found))) == sorted(there.items)
    for document in found:
        item = there.items[str(document.id)]
        assert (document.page_content, document.metadata) == (item.text, item.metadata)
    few = await walk(kind, there.langchain, {"n": {"$lt": 11}}, batch_size)
    assert len(few) == 11
    assert {document.metadata["n"] for document in few} == {*range(11)}
    assert await walk(kind, there.langchain, {"n": -1}, batch_size=batch_size) == []
    assert cursors(server, index_name) == 0


def _call(kind: str) -> Call:
    async def call(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if kind == "sync":
            return getattr(target, name)(*args, **kwargs)
        return await getattr(target, f"a{name}")(*args, **kwargs)

    return call


async def test_more_documents_than_one_search_returns_come_once_each(
    clients: Clients, server: redis.Redis, index_name: str, storage: str
) -> None:
    size = 10_050
    store = store_on(clients, index_name, Model(dims=2), storage=storage, algorithm="flat", dims=2)
    store.create()
    # A record that is indexed again while a walk goes on can come twice.
    await_scan(server, index_name)
    records = [Record(str(place), "", {"n": place}) for place in range(size)]
    store.index.run(operations.upsert(store.index.state, records, [[1.0, float(place)] for place in range(size)]))
    for kind in KINDS:
        found = await walk(kind, store, batch_size=3000)
        assert len(found) == size
        assert {document.metadata["n"] for document in found} == {*range(size)}
    assert len(await walk("sync", store, {"n": {"$gte": 10}})) == size - 10
    assert cursors(server, index_name) == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_page_is_fetched_when_it_is_asked_for(clients: Clients, index_name: str, kind: str, sent: Sent) -> None:
    there = await shelf(_call(kind), clients, index_name)
    sent.clear()
    walking: Iterator[Document] | AsyncIterator[Document]
    walking = there.langchain.iterate(batch_size=10) if kind == "sync" else there.langchain.aiterate(batch_size=10)
    assert not sent
    for place in range(11):
        assert (next(walking) if isinstance(walking, Iterator) else await anext(walking)).id
        # The first page is three round trips: how many there are, their keys, then the records of the page.
        assert len(sent) == (3 if place < 10 else 4)
    rest = list(walking) if isinstance(walking, Iterator) else [document async for document in walking]
    assert len(rest) == len(there.items) - 11


async def test_a_walk_that_is_given_up_frees_its_cursor(
    clients: Clients, server: redis.Redis, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor_pages, "MAX_KEYS", 0)
    there = await shelf(_call("sync"), clients, index_name)
    for document in there.langchain.iterate(batch_size=3):
        assert cursors(server, index_name) == 1
        assert document.id
        break
    # Nobody has the walk any more.
    gc.collect()
    assert cursors(server, index_name) == 0
    walking: Any = there.langchain.iterate(batch_size=3)
    next(walking)
    walking.close()
    assert cursors(server, index_name) == 0
    awalking: Any = there.langchain.aiterate(batch_size=3)
    await anext(awalking)
    assert cursors(server, index_name) == 1
    await awalking.aclose()
    assert cursors(server, index_name) == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_walk_is_complete_while_others_read_and_write(
    clients: Clients, index_name: str, storage: str, kind: str
) -> None:
    call = _call(kind)
    there = await shelf(call, clients, index_name, storage=storage)
    seen: list[str | None] = []

    async def meanwhile(document: Document) -> None:
        seen.append(document.id)
        await there.lc("similarity_search", "anything", 5)
        await there.lc("text_search", "fox", 5)
        if len(seen) % 10 == 0:
            await there.lc("add_texts", [f"new {len(seen)}"], ids=[f"new {len(seen)}"])

    if kind == "sync":
        for document in there.langchain.iterate(batch_size=4):
            await meanwhile(document)
    else:
        async for document in there.langchain.aiterate(batch_size=4):
            await meanwhile(document)
    assert {*there.items} <= {*seen}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_index_without_records_is_walked_at_once(clients: Clients, index_name: str, kind: str) -> None:
    store = store_on(clients, index_name, Model())
    assert await walk(kind, store) == []
    with pytest.warns(UnknownFieldWarning, match="'anything' is not in index"):
        assert await walk(kind, store, {"anything": 1}) == []
    await _call(kind)(store, "create", 8)
    assert await walk(kind, store) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "10", None, True, 1_000_001], ids=repr)
async def test_a_batch_size_is_a_positive_integer(
    clients: Clients, index_name: str, kind: str, sent: Sent, batch_size: Any
) -> None:
    store = store_on(clients, index_name, Model())
    sent.refusing = True
    with pytest.raises(ArgumentError, match="batch_size is"):
        await walk(kind, store, batch_size=batch_size)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_filter_that_cannot_be_honoured_never_walks_over_everything(
    clients: Clients, index_name: str, kind: str
) -> None:
    there = await shelf(_call(kind), clients, index_name)
    for wrong in ({"nothing": {"$ne": 1}}, {"n": {"$like": "a%"}}, {"n": None}, "n"):
        with pytest.raises(FilterError):
            await walk(kind, there.langchain, wrong)
    with pytest.warns(UnknownFieldWarning, match="'nothing' is not in index"):
        assert await walk(kind, there.langchain, {"nothing": 1}) == []
