"""Streams of any length through both frameworks: stored, indexed, read back, and skipped where they exist."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import redis
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.core.ingest.ingest_support import (
    FACES,
    Face,
    OpenFace,
    metadata_of,
    names,
    open_faces,
    stored_in,
    text_of,
)
from redisvl_adapters.errors import PartialWriteError

pytestmark = pytest.mark.sharded

MANY = 2000


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


async def test_a_stream_of_thousands_is_stored_indexed_and_read_back(
    open_face: OpenFace, server: redis.Redis, index_name: str
) -> None:
    """langchain-redis 5: ids were dropped; RedisVL needs the whole list in memory."""
    face = open_face(algorithm="flat")
    ids = names(0, MANY)
    assert await face.add((each for each in ids), batch_size=300) == ids
    assert stored_in(server, index_name) == set(ids)
    assert await face.count() == MANY
    assert await face.get(ids) == {each: (text_of(each), metadata_of(each)) for each in ids}
    for each in ("r0", "r299", "r300", "r1999"):
        assert (await face.search(text_of(each), 1)) == [each]


async def test_a_stream_is_drawn_as_it_is_written(open_face: OpenFace, server: redis.Redis, index_name: str) -> None:
    face = open_face(algorithm="flat")
    most_ahead = 0

    def stream() -> Iterator[str]:
        nonlocal most_ahead
        for drawn, each in enumerate(names(0, 200), 1):
            if drawn % 20 == 1:
                most_ahead = max(most_ahead, drawn - len(stored_in(server, index_name)))
            yield each

    assert len(await face.add(stream(), batch_size=20)) == 200
    assert await face.count() == 200
    assert most_ahead <= 5 * 20 + 1  # of async calls, four batches and the next one


async def test_a_list_in_many_batches_is_all_there(open_face: OpenFace) -> None:
    face = open_face()
    assert await face.add(names(0, 95), batch_size=10) == names(0, 95)
    assert await face.count() == 95


async def test_records_that_exist_are_left_alone_if_so_asked(open_face: OpenFace) -> None:
    face = open_face()
    await face.add(names(0, 30))
    kept = await face.get(names(0, 30))
    face.model.seen.clear()
    assert await face.add(iter(names(10, 60)), batch_size=15, skip_existing=True) == names(10, 60)
    assert await face.count() == 60
    assert await face.get(names(0, 30)) == kept
    assert await face.add(names(0, 60), batch_size=15, skip_existing=True) == names(0, 60)


async def test_a_stream_that_fails_is_told_and_completed_by_adding_it_again(
    open_face: OpenFace, server: redis.Redis, index_name: str
) -> None:
    face = open_face()

    def broken() -> Iterator[str]:
        yield from names(0, 75)
        raise OSError("the file ends here")

    with pytest.raises(PartialWriteError, match="the file ends here") as told:
        await face.add(broken(), batch_size=10)
    assert stored_in(server, index_name) == set(told.value.written)
    assert set(told.value.written).isdisjoint(told.value.unwritten)
    assert await face.add(iter(names(0, 75)), batch_size=10) == names(0, 75)
    assert stored_in(server, index_name) == set(names(0, 75))
    assert await face.count() == 75


async def test_the_bar_counts_what_is_written(open_face: OpenFace, capfd: pytest.CaptureFixture[str]) -> None:
    face = open_face()
    await face.add(names(0, 30), batch_size=10)
    assert capfd.readouterr().err == ""
    await face.add(names(0, 30), batch_size=10, show_progress=True)
    assert "30/30" in capfd.readouterr().err


# LangChain alone: it embeds, and makes ids


async def test_records_that_exist_are_not_embedded_again(langchain: OpenFace) -> None:
    face = langchain()
    await face.add(names(0, 20))
    face.model.seen.clear()
    await face.add(names(10, 30), batch_size=5, skip_existing=True)
    assert sorted(text for texts in face.model.seen for text in texts) == sorted(map(text_of, names(20, 30)))
    face.model.seen.clear()
    await face.add(iter(names(0, 30)), batch_size=5, skip_existing=True)
    assert face.model.seen == []


async def test_content_that_is_ingested_again_has_its_id_and_is_not_embedded_again(
    langchain: OpenFace, call: Call
) -> None:
    face = langchain()
    options: dict[str, Any] = {"content_ids": True, "skip_existing": True, "batch_size": 7}
    texts = [f"text {place % 20}" for place in range(25)]
    metadata = [{"n": place % 20, "m": {"x": 1, "y": 2}} for place in range(25)]
    ids = await call(face.store, "add_texts", texts, metadata, **options)
    assert (len(ids), len(set(ids)), await face.count()) == (25, 20, 20)
    assert ids[:5] == ids[20:]
    face.model.seen.clear()
    turned = [{"m": {"y": 2, "x": 1}, "n": place % 20} for place in range(25)]
    assert await call(face.store, "add_texts", iter(texts), iter(turned), **options) == ids
    assert face.model.seen == []
    (fresh,) = await call(face.store, "add_texts", ["text 3"], [{"n": 4}], **options)
    assert fresh not in ids
    assert face.model.seen == [["text 3"]]
    assert await face.count() == 21
    again = [Document(page_content=text, metadata=each) for text, each in zip(texts, turned, strict=True)]
    assert await call(face.store, "add_documents", again, **options) == ids
    assert await face.count() == 21


async def test_columns_can_be_streams_too(langchain: OpenFace, call: Call) -> None:
    face = langchain()
    ids = names(0, 45)
    given = await call(
        face.store,
        "add_texts",
        map(text_of, ids),
        map(metadata_of, ids),
        ids=iter(ids),
        ttl=(1000 if place % 2 else None for place in range(45)),
        batch_size=10,
    )
    assert given == ids
    assert await face.get(ids) == {each: (text_of(each), metadata_of(each)) for each in ids}
    left = await call(face.store, "ttl", ids)
    assert [each is not None for each in left] == [bool(place % 2) for place in range(45)]


async def test_one_embedding_call_is_made_for_each_batch(langchain: OpenFace) -> None:
    """langchain-redis 22: the documented `batch_size` was never used."""
    face = langchain()
    await face.add(names(0, 25), batch_size=10)
    assert [len(texts) for texts in face.model.seen] == [10, 10, 5]
