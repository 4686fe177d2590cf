"""Times to live: of the store, a call, a document; shown, changed, renewed by reads; and what is expired."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import own_server, until
from integration_tests.core.ingest.ingest_support import (
    FACES,
    Face,
    OpenFace,
    metadata_of,
    names,
    open_faces,
    stored_in,
    text_of,
    ttl_in,
    vectors_of,
)
from redisvl_adapters.errors import ArgumentError

pytestmark = pytest.mark.sharded


@pytest.fixture(params=[*FACES])
def make(request: pytest.FixtureRequest) -> Callable[..., Face]:
    return FACES[request.param]


@pytest.fixture
async def open_face(
    make: Callable[..., Face], call: Call, redis_url: str, index_name: str, storage: str
) -> AsyncIterator[OpenFace]:
    async with open_faces(make, call, redis_url=redis_url, index_name=index_name, storage=storage) as opened:
        yield opened


@pytest.fixture
async def langchain(call: Call, redis_url: str, index_name: str, storage: str) -> AsyncIterator[OpenFace]:
    make = FACES["langchain"]
    async with open_faces(make, call, redis_url=redis_url, index_name=index_name, storage=storage) as opened:
        yield opened


# Given


async def test_records_expire_as_the_store_was_told_unless_the_call_says_otherwise(
    open_face: OpenFace, server: redis.Redis, index_name: str
) -> None:
    face = open_face(ttl=1000)
    await face.add(names(0, 2))
    await face.add(names(2, 4), ttl=5000)
    assert [999_000 < ttl_in(server, index_name, each) <= 1_000_000 for each in names(0, 2)] == [True] * 2
    assert [4_999_000 < ttl_in(server, index_name, each) <= 5_000_000 for each in names(2, 4)] == [True] * 2


async def test_each_document_can_have_its_own_time_to_live(
    langchain: OpenFace, server: redis.Redis, index_name: str
) -> None:
    face = langchain(ttl=1000)
    await face.add(names(0, 3), ttl=[5000, None, 0.5e4], batch_size=2)
    assert [ttl_in(server, index_name, each) > 1_000_000 for each in names(0, 3)] == [True, False, True]
    assert 999_000 < ttl_in(server, index_name, "r1") <= 1_000_000


async def test_a_record_that_is_added_again_has_no_time_to_live_of_its_former_self(
    open_face: OpenFace, server: redis.Redis, index_name: str
) -> None:
    """RedisVL's `load`: HSET merges, so the old TTL survives."""
    face = open_face()
    await face.add(names(0, 2), ttl=5000)
    await face.add(names(0, 1))
    assert ttl_in(server, index_name, "r0") == -1
    assert ttl_in(server, index_name, "r1") > 0


# Shown and changed


async def test_the_time_that_is_left_is_shown_in_seconds(open_face: OpenFace, call: Call) -> None:
    face = open_face()
    assert await call(face.store, "ttl", ["r0"]) == [None]
    await face.add(names(0, 1), ttl=5000)
    await face.add(names(1, 2))
    left = await call(face.store, "ttl", ["r1", "r0", "missing"])
    assert [left[0], left[2]] == [None, None]
    assert 4999 < left[1] <= 5000
    assert await call(face.store, "ttl", []) == []


async def test_records_can_be_told_to_expire_and_to_live_for_ever(
    open_face: OpenFace, call: Call, server: redis.Redis, index_name: str
) -> None:
    face = open_face()
    assert await call(face.store, "expire", ["r0"], 5) == 0
    await face.add(names(0, 3))
    assert await call(face.store, "expire", ["r0", "r1", "missing"], 5000) == 2
    assert [ttl_in(server, index_name, each) > 0 for each in names(0, 3)] == [True, True, False]
    assert await call(face.store, "expire", ["r0", "r2", "missing"], None) == 2
    assert [ttl_in(server, index_name, each) > 0 for each in names(0, 3)] == [False, True, False]
    assert await face.count() == 3


async def test_persist_lets_records_live_for_ever(
    langchain: OpenFace, call: Call, server: redis.Redis, index_name: str
) -> None:
    face = langchain(ttl=1000)
    await face.add(names(0, 3))
    assert await call(face.store, "persist", ["r0", "r1", "missing"]) == 2
    assert [ttl_in(server, index_name, each) for each in names(0, 2)] == [-1, -1]
    assert ttl_in(server, index_name, "r2") > 0
    assert await call(face.store, "persist", ["r0"]) == 1


async def test_what_is_told_to_expire_does(
    open_face: OpenFace, call: Call, server: redis.Redis, index_name: str
) -> None:
    face = open_face()
    await face.add(names(0, 3))
    assert await call(face.store, "expire", ["r1"], 0.001) == 1
    until(lambda: ttl_in(server, index_name, "r1") == -2)
    assert await call(face.store, "ttl", ["r1"]) == [None]
    assert await face.get(["r1"]) == {}
    assert set(await face.search("text 1", 9)) == {"r0", "r2"}
    assert await face.count() == 2


@pytest.mark.parametrize("ttl", [0, -1, True, "60", float("inf")], ids=repr)
async def test_a_time_to_live_that_is_none_is_refused(
    open_face: OpenFace, call: Call, server: redis.Redis, index_name: str, ttl: Any
) -> None:
    """RedisVL's `load`: `ttl=0` means none."""
    face = open_face()
    await face.add(names(0, 1))
    with pytest.raises(ArgumentError, match="ttl is a positive number of seconds"):
        await call(face.store, "expire", ["r0"], ttl)
    with pytest.raises(ArgumentError, match="ttl is a positive number of seconds"):
        await face.add(names(0, 2), ttl=ttl)
    assert ttl_in(server, index_name, "r0") == -1
    assert stored_in(server, index_name) == {"r0"}


@pytest.mark.parametrize("ids", ["r0", [""], [None], [3]], ids=repr)
@pytest.mark.parametrize("name", ["ttl", "expire"])
async def test_what_is_no_list_of_ids_is_refused(open_face: OpenFace, call: Call, name: str, ids: Any) -> None:
    face = open_face()
    await face.add(names(0, 1))
    with pytest.raises(ArgumentError, match=r"ids is a list of ids|an id is a non-empty string"):
        await call(face.store, name, ids, *([5] if name == "expire" else []))


# Renewed by reads

Read = Callable[[Face], Awaitable[Any]]
READS: dict[str, Read] = {
    "get": lambda face: face.get(["r1"]),
    "search": lambda face: face.search("text 1", 1),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_record_that_is_read_or_found_lives_on(
    open_face: OpenFace, server: redis.Redis, index_name: str, read: Read
) -> None:
    face = open_face(ttl=1000, sliding_ttl=True)
    await face.add(names(0, 3))
    for each in names(0, 3):
        server.pexpire(f"{index_name}:{each}", 60_000)
    assert await read(face)
    assert [ttl_in(server, index_name, each) > 900_000 for each in names(0, 3)] == [False, True, False]


async def test_every_way_of_langchain_to_read_renews(
    langchain: OpenFace, call: Call, server: redis.Redis, index_name: str
) -> None:
    store = langchain(ttl=1000, sliding_ttl=True).store
    await langchain(ttl=1000).add(names(0, 1))
    (vector,) = vectors_of(["text 0"])
    ways: list[tuple[str, tuple[Any, ...]]] = [
        ("get", ({"n": 0},)),
        ("get_by_ids", (["r0"],)),
        ("similarity_search", ("text 0",)),
        ("similarity_search_by_vector", (vector,)),
        ("similarity_search_with_score", ("text 0",)),
        ("similarity_search_with_relevance_scores", ("text 0",)),
        ("max_marginal_relevance_search", ("text 0",)),
        ("text_search", ("text",)),
        ("hybrid_search", ("text",)),
        ("similarity_search_batch", (["text 0"],)),
    ]
    renewed = {}
    for name, arguments in ways:
        server.pexpire(f"{index_name}:r0", 60_000)
        found = await call(store, name, *arguments)
        assert len(found) == 1, name
        renewed[name] = ttl_in(server, index_name, "r0") > 900_000
    assert renewed == {name: True for name, _ in ways}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_reading_renews_nothing_unless_asked_to(
    open_face: OpenFace, server: redis.Redis, index_name: str, read: Read
) -> None:
    face = open_face(ttl=1000)
    await face.add(names(0, 3))
    server.pexpire(f"{index_name}:r1", 60_000)
    assert await read(face)
    assert 0 < ttl_in(server, index_name, "r1") <= 60_000


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_record_that_was_told_to_live_for_ever_still_does_when_it_is_read(
    open_face: OpenFace, call: Call, server: redis.Redis, index_name: str, read: Read
) -> None:
    face = open_face(ttl=1000, sliding_ttl=True)
    await face.add(names(0, 3))
    assert await call(face.store, "expire", ["r1"], None) == 1
    assert await read(face)
    assert ttl_in(server, index_name, "r1") == -1


async def test_looking_at_the_time_that_is_left_renews_nothing(open_face: OpenFace, call: Call) -> None:
    face = open_face(ttl=1000, sliding_ttl=True)
    await face.add(names(0, 1), ttl=60)
    assert await face.count() == 1
    (left,) = await call(face.store, "ttl", ["r0"])
    assert 0 < left <= 60


# What is expired


async def test_what_is_expired_is_gone_from_every_answer(
    open_face: OpenFace, call: Call, server: redis.Redis, index_name: str
) -> None:
    face = open_face()
    await face.add(names(0, 20))
    for each in names(0, 10):
        server.pexpireat(f"{index_name}:{each}", 1)
    assert await face.count() == 10
    assert set(await face.get(names(0, 20))) == set(names(10, 20))
    assert set(await face.search("text 0", 20)) == set(names(10, 20))
    assert await face.add(names(0, 20), skip_existing=True) == names(0, 20)
    assert await face.count() == 20
    assert await face.get(["r0"]) == {"r0": (text_of("r0"), metadata_of("r0"))}


async def test_what_expires_while_it_is_searched_is_there_wholly_or_not_at_all(open_face: OpenFace) -> None:
    face = open_face()
    await face.add(names(100, 105))
    await face.add(names(0, 100), ttl=0.03)
    seen = 101
    while seen:
        found = await face.get(names(0, 100))
        assert all(found[each] == (text_of(each), metadata_of(each)) for each in found)
        assert set(await face.search("text 102", 200)) <= set(names(0, 105))
        assert 0 <= await face.count() <= 105
        assert len(found) <= seen
        seen = len(found)
    assert set(await face.search("text 102", 200)) == set(names(100, 105))
    assert await face.count() == 5


async def test_what_is_expired_but_not_yet_removed_is_in_no_answer(
    make: Callable[..., Face], call: Call, storage: str
) -> None:
    """The server removes what expired in its own time, and until then its rows have no fields."""
    with own_server("--enable-debug-command", "yes") as (port, _), redis.Redis(port=port) as client:
        client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        url = f"redis://127.0.0.1:{port}"
        async with open_faces(make, call, redis_url=url, index_name="docs", storage=storage) as open_face:
            face = open_face()
            await face.add(names(10, 20))
            await face.add(names(0, 10), ttl=0.05)
            seconds, microseconds = client.time()
            until(lambda: client.time() >= divmod(seconds * 1_000_000 + microseconds + 60_000, 1_000_000))
            assert client.dbsize() == 21, "the server removed them after all, or has more than these and the registry"
            assert set(await face.search("text 0", 20)) == set(names(10, 20))
            assert set(await face.get(names(0, 20))) == set(names(10, 20))
