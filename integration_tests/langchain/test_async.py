"""Async use of the LangChain store is native, and the store closes what it has opened and nothing else."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from asyncio.base_events import BaseEventLoop
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, aindex

from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.servers import aconnect, connect, only_on_one, with_query
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture


def refuse(*_: object, **__: object) -> NoReturn:
    """Fail: stands for what must not be called."""
    raise AssertionError("a thread was used, or a sync method")


class AsyncModel(Model):
    """A model that must be awaited."""

    embed_documents = embed_query = refuse


@pytest.fixture
async def no_threads(clients: Clients, index_name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Whoever hands work to a thread, or sends anything over the sync client, fails."""
    await clients["async_client"].ping()  # which looks up the name of the host, in a thread
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "to_thread", refuse)
        patch.setattr(BaseEventLoop, "run_in_executor", refuse)
        patch.setattr(redis.Redis, "pipeline", refuse)
        patch.setattr(redis.Redis, "execute_command", refuse)
        yield


@pytest.mark.usefixtures("no_threads")
async def test_no_async_method_uses_a_thread_or_a_sync_method_of_the_model(  # noqa: PLR0915  # each of them is called
    clients: Clients, index_name: str, storage: str
) -> None:
    """langchain-redis 19: no native async."""
    model = AsyncModel()
    options: dict[str, Any] = {**clients, "storage": storage}
    vector = model.vector("a")
    store = await RedisVectorStore.afrom_texts(["a"], model, [{"n": 1}], ids=["1"], index_name=index_name, **options)
    await RedisVectorStore.afrom_documents(
        [Document(page_content="b", id="2")], model, index_name=index_name, **options
    )
    reopened = await RedisVectorStore.afrom_existing_index(index_name, model, **options)
    await reopened.aadd_texts(["c"], batch_size=1)
    await reopened.aadd_documents([Document(page_content="d")])
    for name in ("asimilarity_search", "amax_marginal_relevance_search"):
        assert len(await getattr(store, name)("a")) == 4
        assert len(await getattr(store, f"{name}_by_vector")(vector)) == 4
    assert len(await store.asimilarity_search_with_score("a")) == 4
    assert len(await store.asimilarity_search_with_score_by_vector(vector)) == 4
    assert len(await store.asimilarity_search_with_relevance_scores("a")) == 4
    assert len(await store.amax_marginal_relevance_search_with_score("a")) == 4
    assert ids_of(await store.atext_search("a")) == ["1"]
    assert [document.id for document, _ in await store.atext_search_with_score("a")] == ["1"]
    assert len(await store.ahybrid_search("a")) == 4
    assert len(await store.ahybrid_search_with_score("a")) == 4
    assert [len(each) for each in await store.asimilarity_search_batch(["a", "b"])] == [4, 4]
    assert [len(each) for each in await store.aretrieve_batch("hybrid", ["a", "b"])] == [4, 4]
    assert len([document async for document in store.aiterate(batch_size=3)]) == 4
    assert await store.aexpire(["1"], 100) == 1
    assert await store.attl(["1", "2"]) != [None, None]
    assert (await store.ainfo()).records == await store.acount()
    assert await store.ahealth()
    assert (await store.aexplain("a", "hybrid")).records == 4
    assert await store.apersist(["1"]) == 1
    types: Any = {"similarity": {}, "similarity_score_threshold": {"score_threshold": 0.0}, "mmr": {}}
    for search_type, kwargs in types.items():
        assert len(await store.asearch("a", search_type, **kwargs)) == 4
        assert len(await store.as_retriever(search_type=search_type, search_kwargs=kwargs).ainvoke("a")) == 4
    assert len((await store.as_retriever(search_type="hybrid").abatch(["a"]))[0]) == 4
    await store.as_retriever().aadd_documents([Document(page_content="e")])
    assert ids_of(await store.aget_by_ids(["1"])) == ["1"]
    assert [len(each or ()) for each in await store.aget_embeddings(["1", "none"])] == [len(vector), 0]
    assert await store.acount({"n": 1}) == 1
    assert ids_of(await store.aget({"n": 1})) == ["1"]
    assert [info["name"] for info in await store.aattribute_info()] == ["n"]
    await store.await_until_indexed(timeout=5)
    assert await store.aanalyse("foxes run") == ["fox", "run"]
    assert await store.ahighlight("fox", "foxes run") == ["**foxes** run"]
    assert (await store.aas_tool("find", "finds")).name == "find"
    given = await RedisVectorStore.afrom_embeddings([("g", vector)], model, index_name=f"{index_name}-g", **options)
    assert await given.aadd_embeddings(["h"], [vector], ids=["h"]) == ["h"]
    assert await given.aupdate_metadata(["h"], {"n": 2}) == 1
    assert (await given.acopy_to(store)).copied == 2
    assert (await given.arebuild(dry_run=True)).target is None
    assert await given.acancel_rebuild() is False
    await given.adrop()
    assert await store.adelete(["1"]) is True
    assert await store.adelete(filter={"n": {"$exists": False}}) is True
    await aindex(
        [Document(page_content="f")], InMemoryRecordManager("test"), store, cleanup="full", key_encoder="sha256"
    )
    await store.aclear()
    await store.adrop()
    await store.acreate(8)
    await store.aclose()
    assert {method for method, _ in model.calls} == {"aembed_documents", "aembed_query"}


def test_the_test_above_calls_every_async_method() -> None:
    source = inspect.getsource(test_no_async_method_uses_a_thread_or_a_sync_method_of_the_model)
    twins = {
        name for name, method in inspect.getmembers(RedisVectorStore, inspect.iscoroutinefunction) if name[0] == "a"
    }
    by_vector = {
        name for name in twins if name in ("asimilarity_search_by_vector", "amax_marginal_relevance_search_by_vector")
    }
    assert len(by_vector) == 2
    assert {name for name in twins - by_vector if name not in source} == set()


class Crowd(Model):
    """A model that answers nobody before a number of callers are there."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.barrier = asyncio.Barrier(size)

    async def aembed_query(self, text: str) -> list[float]:
        await self.barrier.wait()
        return await super().aembed_query(text)


async def test_any_number_of_searches_run_at_once(redis_url: str, index_name: str, storage: Any) -> None:
    """langchain-redis 19: 200 concurrent searches with a 50 ms embedder take 1.77 s, a few threads at a time."""
    texts = [f"text {number}" for number in range(200)]
    async with RedisVectorStore(Crowd(200), index_name=index_name, redis_url=redis_url, storage=storage) as store:
        await store.aadd_texts(texts, ids=texts)
        async with asyncio.timeout(30):
            searches = (store.asimilarity_search(text, 1) for text in texts)
            found = await asyncio.gather(*searches, return_exceptions=True)
    assert [error for error in found if isinstance(error, BaseException)] == []
    assert [ids_of(documents) for documents in found if isinstance(documents, list)] == [[text] for text in texts]


def test_any_number_of_threads_search_at_once(redis_url: str, index_name: str, storage: Any) -> None:
    texts = [f"text {number}" for number in range(150)]
    start = threading.Barrier(150)
    with (
        RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url, storage=storage) as store,
        ThreadPoolExecutor(150) as threads,
    ):
        store.add_texts(texts, ids=texts)

        def search(text: str) -> list[str | None]:
            start.wait(30)
            return ids_of(store.similarity_search(text, 1))

        assert [*threads.map(search, texts)] == [[text] for text in texts]


async def test_writers_at_once_do_not_disturb_each_other(clients: Clients, index_name: str, storage: str) -> None:
    stores = [store_on(clients, index_name, storage=storage) for _ in range(8)]
    keys = [f"key{number % 5}" for number in range(40)]
    ids = [str(number) for number in range(40)]
    writes = (
        stores[number % 8].aadd_texts([ids[number]], [{keys[number]: number}], ids=[ids[number]])
        for number in range(40)
    )
    await asyncio.gather(*writes)
    for store in stores:
        assert await store.acount() == 40
        for number in range(40):
            assert ids_of(await store.asimilarity_search("a", filter={keys[number]: number})) == [ids[number]]


def named(server: redis.Redis, name: str) -> list[str]:
    """Return the ids of the connections of this name that the server has."""
    return [client["id"] for client in server.client_list() if client["name"] == name]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until the server, too, has seen what was done."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def own_url(redis_url: str, index_name: str) -> str:
    """The URL of the server, under which connections have the name of the index."""
    only_on_one(redis_url, "there are connections to each node")
    return with_query(redis_url, f"client_name={index_name}")


def test_a_store_keeps_one_connection_until_it_is_closed(server: redis.Redis, own_url: str, index_name: str) -> None:
    """langchain-redis 21: get_by_ids opens a new client on each call, and there is no close()."""
    store = RedisVectorStore(Model(), index_name=index_name, redis_url=own_url)
    assert named(server, index_name) == [], "a constructor does no I/O"
    store.add_texts(["a"], ids=["1"])
    (connection,) = named(server, index_name)
    for _ in range(5):
        assert ids_of(store.get_by_ids(["1"])) == ["1"]
        assert ids_of(store.similarity_search("a")) == ["1"]
        assert named(server, index_name) == [connection]
    store.close()
    wait_until(lambda: named(server, index_name) == [])
    store.close()


async def test_an_async_store_keeps_one_connection_until_it_is_closed(
    server: redis.Redis, own_url: str, index_name: str
) -> None:
    """langchain-redis 21: get_by_ids opens a new client on each call, and there is no close()."""
    store = RedisVectorStore(Model(), index_name=index_name, redis_url=own_url)
    await store.aadd_texts(["a"], ids=["1"])
    (connection,) = named(server, index_name)
    for _ in range(5):
        assert ids_of(await store.aget_by_ids(["1"])) == ["1"]
        assert ids_of(await store.asimilarity_search("a")) == ["1"]
        assert named(server, index_name) == [connection]
    assert store.count() == 1
    assert len(named(server, index_name)) == 2
    await store.aclose()
    wait_until(lambda: named(server, index_name) == [])
    await store.aclose()


async def test_a_store_is_a_context_manager(server: redis.Redis, own_url: str, index_name: str) -> None:
    with RedisVectorStore(Model(), index_name=index_name, redis_url=own_url) as store:
        store.add_texts(["a"])
        assert len(named(server, index_name)) == 1
    wait_until(lambda: named(server, index_name) == [])
    async with RedisVectorStore(Model(), index_name=index_name, redis_url=own_url) as store:
        await store.aadd_texts(["a"])
        assert len(named(server, index_name)) == 1
    wait_until(lambda: named(server, index_name) == [])


async def test_clients_that_were_given_stay_open(server: redis.Redis, own_url: str, index_name: str) -> None:
    sync_client = connect(own_url)
    async_client = aconnect(own_url)
    async with async_client:
        with (
            sync_client,
            RedisVectorStore(Model(), index_name=index_name, client=sync_client, async_client=async_client) as store,
        ):
            store.add_texts(["a"])
            await store.aadd_texts(["b"])
            before = named(server, index_name)
            assert len(before) == 2
            store.close()
            await store.aclose()
            assert sync_client.ping()
            assert await async_client.ping()
            assert named(server, index_name) == before


async def test_of_a_given_client_and_its_twin_only_the_twin_is_closed(
    server: redis.Redis, own_url: str, index_name: str
) -> None:
    with connect(own_url) as client:
        async with RedisVectorStore(Model(), index_name=index_name, client=client) as store:
            store.add_texts(["a"])
            (given,) = named(server, index_name)
            assert await store.acount() == 1
            assert len(named(server, index_name)) == 2
        wait_until(lambda: named(server, index_name) == [given])


async def test_a_store_that_was_closed_opens_again(clients: Clients, redis_url: str, index_name: str) -> None:
    await store_on(clients, index_name).aadd_texts(["a"])
    with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as store:
        store.close()
        assert store.count() == 1


def test_a_store_survives_several_event_loops(own_url: str, server: redis.Redis, index_name: str) -> None:
    with RedisVectorStore(Model(), index_name=index_name, redis_url=own_url) as store:
        for number in range(3):
            asyncio.run(store.aadd_texts([str(number)]))
            # A loop takes its connections with it.
            wait_until(lambda: named(server, index_name) == [])
            assert asyncio.run(store.acount()) == number + 1
