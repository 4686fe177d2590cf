"""Copying a store into another one: everything of a record comes over, once, whatever fails or changes on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import redis
from langchain_core.documents import Document
from llama_index.core.schema import ImageNode

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, exact, find, store_on
from integration_tests.llama_index.llama_index_support import WordEmbedding, ask, open_store, text_node
from redisvl_adapters import ArgumentError, CopyError, IndexNotFoundError, RecordError, ServerUnavailableError
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.ingest import copying
from redisvl_adapters.core.search import cursor_pages
from redisvl_adapters.langchain import RedisVectorStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

METADATA: dict[str, Any] = {
    "float": 0.1 + 0.2,
    "large": 2**63,
    "flag": False,
    "nested": {"a": [1, None, {"c": None}], "none": None},
    "when": datetime(2024, 2, 29, tzinfo=UTC),
    "tags": ["x", "y"],
}
COUNT = 25


@pytest.fixture(params=["hash", "json"])
def into(request: pytest.FixtureRequest) -> str:
    """Where the records of the copy lie."""
    return str(request.param)


@pytest.fixture
async def source(clients: Clients, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """A store with some documents."""
    async with store_on(clients, index_name, Model(), storage=storage, dtype="float64") as store:
        metadatas = [{**METADATA, "n": n} for n in range(COUNT)]
        ids = [f"id {n}" for n in range(COUNT)]
        await store.aadd_texts([f"running text {n}" for n in range(COUNT)], metadatas, ids=ids)
        await store.aexpire(["id 3"], 1000)
        yield store


def named(index_name: str) -> str:
    return f"{index_name}-copy"


@pytest.mark.parametrize("dtype", ["float64", "float16"])
async def test_everything_of_a_record_comes_over_and_the_second_time_nothing(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str, into: str, dtype: str
) -> None:
    model = Model()
    async with store_on(clients, named(index_name), model, storage=into, dtype=dtype) as copy:
        report = await call(source, "copy_to", copy, batch_size=10)
        assert (report.copied, report.skipped, report.embedded, report.compared) == (COUNT, 0, 0, COUNT)
        ids = [f"id {n}" for n in range(COUNT)]
        read = {document.id: document for document in await call(copy, "get_by_ids", ids)}
        for document in await call(source, "get_by_ids", ids):
            assert exact(read[document.id].metadata) == exact(document.metadata)
            assert read[document.id] == document
        if dtype == "float64":
            assert await call(copy, "get_embeddings", ids) == await call(source, "get_embeddings", ids)
        assert [ttl is not None for ttl in await call(copy, "ttl", ids)] == [n == 3 for n in range(COUNT)]
        assert await find(call, copy, {"when": {"$gte": datetime(2024, 2, 29, tzinfo=UTC)}, "n": 7}) == {"id 7"}
        assert await find(call, copy, {"flag": False, "n": {"$lt": 1}}) == {"id 0"}
        assert len(await call(copy, "text_search", "run", 100)) == COUNT
        # One text tells how many dimensions the vectors of the model have.
        assert sum(len(texts) for name, texts in model.calls if "documents" in name) == 1
        again = await call(source, "copy_to", copy, batch_size=10)
        assert (again.copied, again.skipped, again.passes) == (0, COUNT, 1)


async def test_what_differs_is_copied_again(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str, into: str
) -> None:
    async with store_on(clients, named(index_name), storage=into) as copy:
        await call(source, "copy_to", copy)
        await call(source, "update_metadata", ["id 0"], {"n": 100})
        await call(source, "add_texts", ["another text"], [{}], ids=["id 1"])
        await call(source, "expire", ["id 2"], 500)
        await call(copy, "persist", ["id 3"])
        await call(copy, "add_embeddings", ["running text 4"], [[1.0] * 8], [{**METADATA, "n": 4}], ["id 4"])
        await call(copy, "delete", ["id 5"])
        await call(copy, "add_texts", ["more"], ids=["its own"])
        report = await call(source, "copy_to", copy)
        assert (report.copied, report.skipped) == (6, COUNT - 6)
        assert await call(copy, "count") == COUNT + 1
        assert [found.metadata.get("n") for found in await call(copy, "get_by_ids", ["id 0", "id 1"])] == [100, None]
        assert None not in await call(copy, "ttl", ["id 2", "id 3"])
        ids = ["id 1", "id 4"]
        for one, other in zip(
            await call(copy, "get_embeddings", ids), await call(source, "get_embeddings", ids), strict=True
        ):
            assert one == pytest.approx(other, rel=1e-6)


async def test_another_model_embeds_anew(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str, into: str
) -> None:
    model = Model(dims=5)
    async with store_on(clients, named(index_name), model, storage=into) as copy:
        report = await call(source, "copy_to", copy)
        assert (report.copied, report.embedded) == (COUNT, COUNT)
        (vector,) = await call(copy, "get_embeddings", ["id 9"])
        assert vector == pytest.approx(model.vector("running text 9"), rel=1e-6)
        assert await find(call, copy, {"n": 9, "when": {"$lt": datetime(2025, 1, 1, tzinfo=UTC)}}) == {"id 9"}
        again = await call(source, "copy_to", copy)
        assert (again.copied, again.skipped) == (0, COUNT)


@pytest.mark.parametrize("names", [("first", "second"), ("first", "first"), (None, "second")])
async def test_models_are_told_by_their_names(
    call: Call, clients: Clients, index_name: str, names: tuple[str | None, str]
) -> None:
    async with (
        store_on(clients, index_name, embedding_id=names[0]) as source,
        store_on(clients, named(index_name), embedding_id=names[1]) as copy,
    ):
        await call(source, "add_texts", ["a", "b"])
        report = await call(source, "copy_to", copy)
        assert report.embedded == (2 if names == ("first", "second") else 0)


async def test_a_model_that_is_given_embeds_also_what_was_copied_before(
    call: Call, source: RedisVectorStore, redis_url: str, index_name: str, into: str
) -> None:
    async with open_store(redis_url, named(index_name), into) as copy:
        await call(source, "copy_to", copy)
        shifted = Model({f"running text {n}": [1.0] + [0.0] * 6 + [float(n)] for n in range(COUNT)})
        shifted.told |= {node.get_content("embed"): [1.0] + [0.0] * 6 + [2.0] for node in await call(copy, "get_nodes")}
        report = await call(source, "copy_to", copy, embedding=shifted)
        assert report.embedded == COUNT
        assert await call(copy, "get_embeddings", ["id 9"]) == [[1.0] + [0.0] * 6 + [2.0]]
        assert (await call(source, "copy_to", copy, embedding=shifted)).skipped == COUNT


async def test_nodes_go_to_the_other_framework_and_back(
    call: Call, redis_url: str, clients: Clients, index_name: str, storage: str, into: str
) -> None:
    nodes = [
        text_node("a", "a text", source="doc", n=1),
        ImageNode(id_="b", text="an image", image_url="http://x/y.png", embedding=[1.0, 1.0, 0.0, 0.0]),
    ]
    async with (
        open_store(redis_url, index_name, storage) as source,
        store_on(clients, named(index_name), Model(dims=4), storage=into) as middle,
        open_store(redis_url, f"{index_name}-back", storage) as back,
    ):
        await call(source, "add", nodes)
        await call(source, "copy_to", middle)
        assert await call(middle, "get_by_ids", ["a"]) == [Document("a text", id="a", metadata={"n": 1})]
        await call(middle, "copy_to", back)
        assert {node.node_id: node for node in await call(back, "get_nodes", with_vectors=True)} == {
            node.node_id: node for node in nodes
        }
        assert (await ask(call, back, doc_ids=["doc"])).ids == ["a"]
        with pytest.raises(ArgumentError, match="pass the model as embedding="):
            async with open_store(redis_url, f"{index_name}-words", dims=64) as words:
                await call(back, "copy_to", words)
        async with open_store(redis_url, f"{index_name}-words") as words:
            assert (await call(back, "copy_to", words, embedding=WordEmbedding())).embedded == 2


async def test_a_copy_that_failed_says_how_far_it_came_and_goes_on(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = operations.upsert, []

    def fail(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise ServerUnavailableError("no Redis server answers at here:1")
        return real(*args)

    async with store_on(clients, named(index_name)) as copy:
        monkeypatch.setattr(copying, "upsert", fail)
        with pytest.raises(CopyError, match=r"of 25 records 10 are copied .* no Redis server answers") as told:
            await call(source, "copy_to", copy, batch_size=10)
        assert told.value.report.copied == 10
        assert isinstance(told.value.__cause__, ServerUnavailableError)
        report = await call(source, "copy_to", copy, batch_size=10)
        assert (report.copied, report.skipped) == (15, 10)


async def test_a_record_that_the_target_refuses_is_named(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str
) -> None:
    async with store_on(clients, named(index_name), metadata_schema={"float": "tag"}) as copy:
        with pytest.raises(CopyError, match=r"0 are copied .*'id \d+'.*metadata 'float'") as told:
            await call(source, "copy_to", copy)
        assert isinstance(told.value.__cause__, RecordError)


@pytest.mark.parametrize("by_cursor", [False, True])
async def test_an_index_that_changes_meanwhile_is_gone_through_again(
    call: Call,
    source: RedisVectorStore,
    clients: Clients,
    index_name: str,
    monkeypatch: pytest.MonkeyPatch,
    by_cursor: bool,  # a parameter
) -> None:
    real, left = cursor_pages.next_page, [1]

    def interrupt(*args: Any) -> Any:
        if left[0]:
            left[0] -= 1
            add_one(source.index, f"late {left[0]}")
        return real(*args)

    monkeypatch.setattr(copying, "next_page", interrupt)
    if by_cursor:
        monkeypatch.setattr(cursor_pages, "MAX_KEYS", 1)
    async with store_on(clients, named(index_name)) as copy:
        report = await call(source, "copy_to", copy, batch_size=10)
        assert (report.copied, report.passes) == (COUNT + 1, 2)
        assert await call(copy, "count") == COUNT + 1
        left[0] = 1000
        with pytest.raises(CopyError, match=r"changes while it is copied: there are .* records now, after 3 passes"):
            await call(source, "copy_to", copy, batch_size=10)
        left[0] = 0
        await call(source, "copy_to", copy)
        assert await call(copy, "count") == await call(source, "count")


def add_one(index: RedisIndex, record_id: str) -> None:
    """Write a record as somebody else does."""
    other = RedisIndex(index_name=index.state.spec.name, client=cast("redis.Redis", index.connection.sync_client()))
    other.run(operations.upsert(other.state, [Record(record_id, "late")], [[1.0] * 8]))


async def test_a_time_to_live_of_the_store_is_for_records_that_have_none(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str
) -> None:
    async with store_on(clients, named(index_name), ttl=50, sliding_ttl=True) as copy:
        await call(source, "copy_to", copy)
        lives = await call(copy, "ttl", ["id 2", "id 3"])
        assert lives[0] <= 50
        assert lives[1] >= 900
        assert (await call(source, "copy_to", copy)).skipped == COUNT


async def test_the_name_of_the_model_comes_over(call: Call, clients: Clients, index_name: str) -> None:
    async with store_on(clients, index_name, embedding_id="m") as source, store_on(clients, named(index_name)) as copy:
        await call(source, "add_texts", ["a"])
        await call(source, "copy_to", copy)
        assert copy.index.state.schema is not None
        assert copy.index.state.schema.embedding_id == "m"


async def test_a_bar_is_drawn_if_asked(
    call: Call, source: RedisVectorStore, clients: Clients, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with store_on(clients, named(index_name)) as copy:
        await call(source, "copy_to", copy, show_progress=True)
    assert "Copying" in capsys.readouterr().err


async def test_what_cannot_be_copied_is_refused(call: Call, clients: Clients, index_name: str) -> None:
    async with store_on(clients, index_name) as store, store_on(clients, index_name) as same:
        with pytest.raises(IndexNotFoundError, match="nothing to copy"):
            await call(store, "copy_to", same)
        await call(store, "add_texts", ["a"])
        with pytest.raises(ArgumentError, match="into itself"):
            await call(store, "copy_to", same)
        for wrong in ({"batch_size": 0}, {"show_progress": 1}, {"embedding": "model"}):
            with pytest.raises(ArgumentError):
                await call(store, "copy_to", same, **wrong)
        with pytest.raises(ArgumentError, match="takes a store of this library"):
            await call(store, "copy_to", "docs")


async def test_an_empty_index_is_copied_into_nothing(call: Call, clients: Clients, index_name: str) -> None:
    async with store_on(clients, index_name) as source, store_on(clients, named(index_name)) as copy:
        await call(source, "create", 8)
        assert (await call(source, "copy_to", copy)).copied == 0
