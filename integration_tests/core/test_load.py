"""Many threads and tasks on one store: no lost record, no mixed reply, no leaked connection, nothing stale.

The soak writes 3,000 records, or as many as the environment variable SOAK says.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.core.ingest.ingest_support import FACES, Face, QuickModel, metadata_of, names, stored_in, text_of
from integration_tests.servers import connect, with_query
from redisvl_adapters.langchain import RedisVectorStore

THREADS, TASKS, EACH = 16, 64, 20
SOAK = int(os.environ.get("SOAK", "3000"))


@pytest.fixture
def own_url(redis_url: str, index_name: str) -> str:
    """The URL of the server, under which connections have the name of the index."""
    return with_query(redis_url, f"client_name={index_name}")


def connections(server: redis.Redis, name: str) -> int:
    """Count the connections of this name; on a cluster those to the node that has most."""
    at = Counter(each["laddr"] for each in server.client_list() if each["name"] == name)
    return max(at.values(), default=0)


async def work(face: Face, worker: int) -> None:
    """Write records one by one, and check that each can be read, found and counted at once, and is one's own."""
    mine = names(worker * EACH, (worker + 1) * EACH)
    for each in mine:
        assert await face.add([each]) == [each]
        assert await face.get([each]) == {each: (text_of(each), metadata_of(each))}
        assert await face.search(text_of(each), 1) == [each]
    assert await face.get(mine) == {each: (text_of(each), metadata_of(each)) for each in mine}


def check_all(server: redis.Redis, index_name: str, workers: int) -> None:
    assert stored_in(server, index_name) == set(names(0, workers * EACH))


async def sync(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    return getattr(target, name)(*args, **kwargs)


async def twin(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    return await (getattr(target, f"async_{name}", None) or getattr(target, f"a{name}"))(*args, **kwargs)


@pytest.mark.parametrize("make", FACES.values(), ids=FACES)
def test_sixteen_threads_write_and_read_one_store(
    server: redis.Redis, own_url: str, index_name: str, storage: str, make: Callable[..., Face]
) -> None:
    face = make(sync, redis_url=own_url, index_name=index_name, storage=storage, algorithm="flat")
    start = threading.Barrier(THREADS)

    def run(worker: int) -> None:
        start.wait(30)
        asyncio.run(work(face, worker))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(run, range(THREADS)))
    assert asyncio.run(face.count()) == THREADS * EACH
    check_all(server, index_name, THREADS)
    assert 1 <= connections(server, index_name) <= THREADS
    face.store.close()
    until(lambda: connections(server, index_name) == 0)


@pytest.mark.parametrize("make", FACES.values(), ids=FACES)
async def test_sixty_four_tasks_write_and_read_one_store(
    server: redis.Redis, own_url: str, index_name: str, storage: str, make: Callable[..., Face]
) -> None:
    """langchain-redis 19: no native async."""
    face = make(twin, redis_url=own_url, index_name=index_name, storage=storage, algorithm="flat")
    await asyncio.gather(*(work(face, worker) for worker in range(TASKS)))
    assert await face.count() == TASKS * EACH
    check_all(server, index_name, TASKS)
    assert 1 <= connections(server, index_name) <= TASKS
    await face.store.aclose()
    until(lambda: connections(server, index_name) == 0)


async def test_an_ingest_keeps_no_more_connections_than_it_uses_at_once(
    server: redis.Redis, own_url: str, index_name: str, call: Call
) -> None:
    face = FACES["langchain"](call, redis_url=own_url, index_name=index_name)
    await face.add(iter(names(0, 200)), batch_size=10, skip_existing=True)
    assert 1 <= connections(server, index_name) <= 5
    threads = threading.active_count()
    await face.add(names(0, 200), batch_size=10)
    assert threading.active_count() == threads
    await face.store.aclose()
    until(lambda: connections(server, index_name) == 0)


# Upserts under readers


@pytest.mark.parametrize("way", ["get_by_ids", "similarity_search", "get"])
def test_a_reader_never_finds_a_record_missing_or_half_new_while_it_is_replaced(
    redis_url: str, index_name: str, storage: Any, way: str
) -> None:
    versions = 300
    model = QuickModel()
    with RedisVectorStore(model, redis_url=redis_url, index_name=index_name, storage=storage) as store:

        def write(version: int) -> None:
            # Tags come and go, numbers change, and one in many has no exact spelling in JSON.
            metadata: dict[str, Any] = {"n": version, "x": version * 0.1, "name": f"version {version}"}
            if version % 2:
                metadata["odd"] = "yes"
            store.add_texts([f"version {version}"], [metadata], ids=["one"], ttl=1000 if version % 3 else None)

        def read() -> Any:
            if way == "get_by_ids":
                return store.get_by_ids(["one"])
            return (
                store.similarity_search("version 0", 1) if way == "similarity_search" else store.get({"n": {"$gte": 0}})
            )

        write(1)
        done = threading.Event()

        def read_on() -> int:
            reads = last = 0
            while not done.is_set() or not reads:
                (found,) = read()
                version = found.metadata["n"]
                assert found.page_content == found.metadata["name"] == f"version {version}"
                assert found.metadata["x"] == version * 0.1
                assert ("odd" in found.metadata) == bool(version % 2)
                assert version >= last, "an older version came back"
                reads, last = reads + 1, version
            return reads

        with ThreadPoolExecutor(3) as readers:
            reading = [readers.submit(read_on) for _ in range(3)]
            try:
                for version in range(2, versions):
                    write(version)
            finally:
                done.set()
            assert sum(each.result() for each in reading) >= 3


# Soak


@pytest.mark.filterwarnings("ignore::redisvl_adapters.UnknownFieldWarning")  # until the first records are there
def test_upserts_with_times_to_live_under_search_leave_nothing_stale(
    redis_url: str, server: redis.Redis, index_name: str, storage: Any
) -> None:
    """A hit is stale if a newer version was written, or it had expired, before the search began."""
    pool, batch = 400, 50
    written: dict[str, tuple[int, float]] = {}
    """Of each record the version that was last written, and when it expires at the latest."""

    def now() -> float:
        seconds, microseconds = server.time()
        return float(seconds) + float(microseconds) / 1e6

    with RedisVectorStore(
        QuickModel(), redis_url=redis_url, index_name=index_name, storage=storage, algorithm="flat"
    ) as store:
        done = threading.Event()

        def search() -> int:
            hits, turn = 0, 0
            with connect(redis_url) as clock:
                while not done.is_set():
                    turn += 1
                    before = dict(written)
                    seconds, microseconds = clock.time()
                    began = float(seconds) + float(microseconds) / 1e6
                    found = [
                        *store.similarity_search(f"version {turn % pool}", 20),
                        *store.get_by_ids(names(turn % pool, turn % pool + 5)),
                        *store.similarity_search("version 0", 10, filter={"place": {"$gte": turn % pool}}),
                    ]
                    for each in found:
                        assert each.id is not None
                        version, expires = before.get(each.id, (0, 0.0))
                        assert each.metadata["version"] >= version, f"{each.id}: a replaced version came back"
                        assert each.metadata["version"] > version or expires > began, f"{each.id}: it had expired"
                        assert each.page_content == f"version {each.metadata['version']} of {each.id[1:]}"
                    hits += len(found)
            return hits

        with ThreadPoolExecutor(2) as readers:
            reading = [readers.submit(search) for _ in range(2)]
            try:
                for start in range(0, SOAK, batch):
                    places = [(start * 7 + step * 3) % pool for step in range(batch)]
                    ids = [f"r{place}" for place in places]
                    versions = range(start + 1, start + 1 + batch)
                    ttls = [0.005 + (version % 40) / 100 for version in versions]
                    store.add_texts(
                        [f"version {version} of {place}" for version, place in zip(versions, places, strict=True)],
                        [{"version": version, "place": place} for version, place in zip(versions, places, strict=True)],
                        ids=ids,
                        ttl=ttls,
                    )
                    end = now()
                    # Search threads look at the clock of the last turn of the server's loop.
                    written |= {
                        record_id: (version, end + ttl + 0.02)
                        for record_id, version, ttl in zip(ids, versions, ttls, strict=True)
                    }
            finally:
                done.set()
            assert all(each.result() > 0 for each in reading)
        until(lambda: stored_in(server, index_name) == set())
        until(lambda: store.similarity_search("version 0", 100) == [])
        assert store.count() == 0
