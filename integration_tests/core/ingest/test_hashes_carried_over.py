"""Hashes are copied byte for byte into an index that lays them out alike; what does not fit is decoded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, ids_of, store_on
from redisvl_adapters.core.ingest import copying, stored_copy, write_batches
from redisvl_adapters.core.ingest.stored_copy import StoredReader
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

COUNT = 30
IDS = [f"id {n}" for n in range(COUNT)]
METADATAS: list[dict[str, Any]] = [
    {"n": n, "kind": "even" if n % 2 == 0 else n, "deep": {"list": [n, str(n)], "none": None}, "flag": n < 3}
    for n in range(COUNT)
]


@pytest.fixture
async def source(clients: Clients, index_name: str) -> AsyncIterator[RedisVectorStore]:
    """A store with some documents."""
    async with store_on(clients, index_name, language="german") as store:
        await store.aadd_texts([f"Häuser {n}" for n in range(COUNT)], METADATAS, ids=IDS)
        await store.aexpire(["id 3"], 1000)
        yield store


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the records that a copy has decoded and encoded."""
    ids: list[str] = []
    for module in (copying, stored_copy):
        real: Any = module.upsert

        def note(state: Any, records: Any, vectors: Any, real: Any = real) -> Any:
            ids.extend(record.id for record in records)
            return real(state, records, vectors)

        monkeypatch.setattr(module, "upsert", note)
    return ids


def copied(index_name: str) -> str:
    return f"{index_name}-copy"


@pytest.mark.sharded
async def test_all_behind_the_first_page_come_over_byte_for_byte(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str, server: redis.Redis, decoded: list[str]
) -> None:
    async with store_on(clients, copied(index_name), language="german", algorithm="flat") as copy:
        report = await call(source, "copy_to", copy, batch_size=5)
        assert (report.copied, report.skipped, report.compared, report.passes) == (COUNT, 0, COUNT, 1)
        assert len(decoded) == 5
        for record_id in IDS:
            fields: Any = server.hgetall(f"{index_name}:{record_id}")
            assert server.hgetall(f"{copied(index_name)}:{record_id}") == fields
        assert [ttl is not None for ttl in await call(copy, "ttl", IDS)] == [n == 3 for n in range(COUNT)]
        for filter in ({"kind": {"$in": ["even", 5]}}, {"flag": True}, {"deep.none": {"$exists": True}, "n": 4}):
            assert await find(call, copy, filter) == await find(call, source, filter) != set()
        assert len(await call(copy, "text_search", "Häuser", 100)) == COUNT
        assert (await call(source, "copy_to", copy)).skipped == COUNT


def learn(store: RedisVectorStore, server: redis.Redis) -> None:  # one of several
    store.add_texts(["neu"], [{"fresh": "x"}], ids=["id 27"])


def put_beside(store: RedisVectorStore, server: redis.Redis) -> None:
    for record_id in IDS:
        server.hset(f"{store.index.state.spec.name}:{record_id}", "alien", "1")


def write_again(store: RedisVectorStore, server: redis.Redis) -> None:  # as above
    store.delete(["id 28"])
    store.add_texts(["a", "b"], ids=["id 27", "id 28"])


SORTABLE = {"n": {"type": "numeric", "attrs": {"sortable": True}}}
GERMAN: dict[str, Any] = {"language": "german"}


@pytest.mark.parametrize(
    ("meanwhile", "options", "are_decoded"),
    [
        (write_again, GERMAN, 5),
        # The page that was read when it was learnt, and no other.
        (learn, GERMAN, 10),
        (put_beside, GERMAN, COUNT - 5),
        (None, {"language": "english"}, COUNT),
        (None, {**GERMAN, "dtype": "float64"}, COUNT),
        (None, {**GERMAN, "metadata_schema": SORTABLE}, COUNT),
        (None, {**GERMAN, "distance_metric": "l2"}, COUNT),
        (None, {**GERMAN, "learn": False}, COUNT),
    ],
)
async def test_what_does_not_fit_is_decoded(
    call: Call,
    source: RedisVectorStore,
    clients: Clients,
    index_name: str,
    redis_url: str,
    server: redis.Redis,
    decoded: list[str],
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[RedisVectorStore, redis.Redis], None] | None,
    options: dict[str, Any],
    are_decoded: int,
) -> None:
    read, times = StoredReader.read, []

    def interrupted(*args: Any) -> Any:
        times.append(args)
        if len(times) == 2 and meanwhile is not None:
            with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as other:
                meanwhile(other, server)
        return (yield from read(*args))

    monkeypatch.setattr(StoredReader, "read", interrupted)
    async with store_on(clients, copied(index_name), **options) as copy:
        report = await call(source, "copy_to", copy, batch_size=5)
        assert (report.copied, report.compared, report.passes) == (COUNT, COUNT, 1)
        assert len(decoded) == are_decoded
        there = {each.id: each for each in await call(copy, "get")}
        assert there == {each.id: each for each in await call(source, "get")}
        assert set(ids_of(await call(copy, "text_search", "Häuser", 100))) >= set(IDS[:27])
        if options.get("learn", True):
            for filter in ({"kind": "even"}, {"n": {"$lt": 9}}, *([{"fresh": "x"}] if meanwhile is learn else ())):
                assert await find(call, copy, filter) == await find(call, source, filter) != set()
        assert not server.hexists(f"{copied(index_name)}:id 20", "alien")


async def test_an_index_that_changes_while_it_is_written_gets_the_records_decoded(
    call: Call,
    source: RedisVectorStore,
    clients: Clients,
    index_name: str,
    redis_url: str,
    decoded: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, times = write_batches.write_batches, []

    def interrupted(*args: Any) -> Any:
        times.append(args)
        if len(times) == 2:
            with RedisVectorStore(Model(), index_name=copied(index_name), redis_url=redis_url) as other:
                other.add_texts(["its own"], [{"its": "own"}], ids=["its own"])
        return (yield from write(*args))

    monkeypatch.setattr(stored_copy, "write_batches", interrupted)
    async with store_on(clients, copied(index_name), **GERMAN) as copy:
        report = await call(source, "copy_to", copy, batch_size=5)
        assert (report.copied, len(times)) == (COUNT, 2)
        assert len(decoded) == COUNT - 5
        assert await call(copy, "count") == COUNT + 1
        assert len(await find(call, copy, {"kind": "even"})) == COUNT / 2


async def test_something_else_under_the_prefix_is_left_out_with_a_warning(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    server.hset(f"{index_name}:id 28", "metadata", "no record")
    server.hdel(f"{index_name}:id 28", "_keys")
    async with store_on(clients, copied(index_name), **GERMAN) as copy:
        with pytest.warns(RuntimeWarning, match=r"id 28.* is not a record of this library"):
            report = await call(source, "copy_to", copy, batch_size=5)
        assert report.copied == await call(copy, "count") == COUNT - 1
