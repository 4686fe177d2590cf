"""Records that others have damaged, and indexes that change: told by name or counted, never a raw traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.foreign_support import Field, make_index, put_record
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import text_node
from redisvl_adapters import ArgumentError, CopyError, RecordError, SchemaMismatchError, SkippedRecordWarning
from redisvl_adapters.core.index import snapshot
from redisvl_adapters.core.ingest import copying
from redisvl_adapters.core.moving import rebuild as rebuilding
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as NodeStore

clients = langchain_support.clients  # a fixture

MODEL = Model(dims=4)
IDS = ["1", "2", "3", "4"]
FIELDS: dict[str, list[Field]] = {
    "hash": [("text", "text", ["TEXT"]), ("n", "n", ["NUMERIC"])],
    "json": [("$.text", "text", ["TEXT"]), ("$.n", "n", ["NUMERIC"])],
}


@pytest.fixture(params=["langchain", "llama_index"])
def framework(request: pytest.FixtureRequest) -> str:
    """Which store is asked."""
    return str(request.param)


@pytest.fixture
def foreign(framework: str, clients: Clients, index_name: str) -> Callable[..., Any]:
    """What opens an index of another application in either framework."""

    def opened(**options: Any) -> Any:
        if framework == "langchain":
            return RedisVectorStore.from_existing_index(index_name, MODEL, **clients, **options)
        return NodeStore.from_existing_index(index_name, **clients, **options)

    return opened


async def read_all(call: Call, store: Any) -> set[str]:
    """Return the ids of all records that a store of either framework reads."""
    if isinstance(store, NodeStore):
        return {node.node_id for node in await call(store, "get_nodes")}
    return {document.id for document in await call(store, "get")}


async def test_an_index_without_a_vector_is_refused_with_what_to_do(
    call: Call, redis_url: str, server: redis.Redis, index_name: str, storage: str, framework: str
) -> None:
    make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"], vectors=[])
    kind, model = (RedisVectorStore, [MODEL]) if framework == "langchain" else (NodeStore, [])
    with pytest.raises(
        SchemaMismatchError, match=r"has no vector.* text \(text\), n \(numeric\).* Add a vector .*FT.ALTER"
    ):
        await call(kind, "from_existing_index", index_name, *model, redis_url=redis_url)


@pytest.mark.parametrize("damage", ["no text", "a list", "no vector", "not indexed"])
async def test_what_cannot_be_read_is_left_out_named_or_an_error_and_so_it_is_in_a_copy(
    call: Call,
    foreign: Callable[..., Any],
    clients: Clients,
    server: redis.Redis,
    index_name: str,
    storage: str,
    damage: str,
) -> None:
    make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"])
    for record_id in IDS:
        record: dict[str, Any] = {"text": record_id, "n": 1, "vec": MODEL.vector(record_id)}
        if record_id == "2":
            del record["vec" if damage == "no vector" else "text"]
            if damage == "a list" and storage == "json":
                record["text"] = ["a", "b"]
        put_record(server, f"{index_name}:{record_id}", storage, record)
    if damage == "not indexed":
        await _check_unindexed(call, foreign, server, index_name, storage)
        return
    why = "record '2' has no (text|vector)"
    target = store_on(clients, f"{index_name}-copy", MODEL)
    if damage != "no vector":
        with pytest.warns(SkippedRecordWarning, match=why):
            assert await read_all(call, foreign()) == {"1", "3", "4"}
        with pytest.raises(RecordError, match=why):
            await read_all(call, foreign(on_bad_record="raise"))
        assert await read_all(call, foreign(on_bad_record="skip")) == {"1", "3", "4"}
    with pytest.raises((CopyError, RecordError), match=why):
        await call(foreign(on_bad_record="raise"), "copy_to", target)
    with pytest.warns(SkippedRecordWarning, match=why):
        report = await call(foreign(), "copy_to", target)
    assert (report.copied, report.left_out, report.target_records) == (3, 1, 3)
    report = await call(foreign(on_bad_record="skip"), "copy_to", target)
    assert (report.copied, report.skipped, report.left_out) == (0, 3, 1)
    assert "1 left out" in str(report)
    with pytest.raises(ArgumentError, match="give it to from_existing_index"):
        await call(foreign(), "copy_to", target, on_bad_record="skip")


async def _check_unindexed(
    call: Call, foreign: Callable[..., Any], server: redis.Redis, index_name: str, storage: str
) -> None:
    damaged = {"text": 7 if storage == "json" else "x", "n": "much", "vec": MODEL.vector("2")}
    put_record(server, f"{index_name}:2", storage, damaged)
    with pytest.warns(SkippedRecordWarning, match=f"could not take in .*{index_name}:2"):
        store = foreign()
    assert await read_all(call, store) == {"1", "3", "4"}
    assert await read_all(call, foreign(on_bad_record="skip")) == {"1", "3", "4"}


def break_vector(server: redis.Redis, key: str, storage: str, how: str) -> None:
    """Damage the vector of a record of this library, as somebody else does."""
    if storage == "hash":
        if how == "none":
            server.hdel(key, "embedding")
        else:
            server.hset(key, "embedding", b"12345")
    elif how == "none":
        server.execute_command("JSON.DEL", key, "$.embedding")
    else:
        server.execute_command("JSON.SET", key, "$.embedding", orjson.dumps([1.0]))


def own_store(framework: str, clients: Clients, index_name: str, storage: Any) -> Any:
    """Return a store of either framework on an index of this library."""
    if framework == "langchain":
        return store_on(clients, index_name, MODEL, storage=storage)
    return NodeStore(index_name=index_name, storage=storage, **clients)


async def fill(call: Call, store: Any) -> None:
    """Write a few records by a store of either framework."""
    if isinstance(store, NodeStore):
        await call(store, "add", [text_node(record_id, "text", vector=MODEL.vector(record_id)) for record_id in IDS])
    else:
        await call(store, "add_texts", IDS, ids=IDS)


@pytest.mark.parametrize("how", ["short", "none"])
async def test_vectors_of_a_wrong_length_are_named_or_skipped_if_asked_where_all_are_copied(
    call: Call,
    clients: Clients,
    server: redis.Redis,
    index_name: str,
    storage: str,
    framework: str,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nobody else holds this index open.
    monkeypatch.setattr(snapshot, "MAX_AGE", -1.0)
    monkeypatch.setattr(rebuilding, "SETTLED", 0.0)
    store = own_store(framework, clients, index_name, storage)
    target = store_on(clients, f"{index_name}-copy", MODEL)
    await fill(call, store)
    break_vector(server, f"{index_name}:2", storage, how)
    why = "'2'.* on_bad_record='skip'"
    if framework == "langchain":
        assert await call(store, "get_embeddings", ["2"]) == [None]
    with pytest.raises(CopyError, match=why):
        await call(store, "copy_to", target)
    with pytest.raises(RecordError, match=why):
        await call(store, "rebuild", dtype="float64")
    assert await call(store, "cancel_rebuild") is False
    with pytest.warns(SkippedRecordWarning, match="'2'.* is left out"):
        report = await call(store, "copy_to", target, on_bad_record="warn")
    assert (report.copied, report.left_out, report.target_records) == (3, 1, 3)
    assert (await call(store, "copy_to", target, on_bad_record="skip")).skipped == 3
    with pytest.raises(ArgumentError, match="on_bad_record"):
        await call(store, "copy_to", target, on_bad_record="skp")
    with pytest.raises(ArgumentError, match="on_bad_record"):
        await call(store, "rebuild", dtype="float64", on_bad_record=None)
    # A model embeds what is there anew.
    if how == "none":
        anew = store_on(clients, f"{index_name}-anew", MODEL)
        assert (await call(store, "copy_to", anew, embedding=MODEL)).target_records == 4
    with pytest.warns(SkippedRecordWarning, match="'2'.* is left out"):
        await call(store, "rebuild", dtype="float64", on_bad_record="warn")
    assert await read_all(call, store) == {"1", "3", "4"}
    # What is mended is no finding any more.
    await fill(call, store)
    await call(store, "rebuild", dtype="float32")
    assert await read_all(call, store) == {*IDS}


async def test_a_document_with_a_list_for_its_text_is_no_record(
    call: Call,
    clients: Clients,
    server: redis.Redis,
    index_name: str,
    framework: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuilding, "SETTLED", 0.0)
    store = own_store(framework, clients, index_name, "json")
    await fill(call, store)
    server.execute_command("JSON.SET", f"{index_name}:2", "$.text", '["a","b"]')
    with pytest.warns(SkippedRecordWarning, match=f"the key '{index_name}:2' .* is not a record"):
        assert await read_all(call, store) == {"1", "3", "4"}
    with pytest.warns(SkippedRecordWarning, match=f"{index_name}:2"):
        report = await call(store, "copy_to", store_on(clients, f"{index_name}-copy", MODEL))
    assert (report.copied, report.left_out, report.target_records) == (3, 1, 3)
    # Nothing is lost by a rebuild without being told to.
    with pytest.raises(RecordError, match="'2' cannot be read: its text or its metadata is damaged"):
        await call(store, "rebuild", storage="hash", drop_old=True)
    assert server.exists(f"{index_name}:2")
    await call(store, "rebuild", storage="hash", on_bad_record="skip")
    assert await read_all(call, store) == {"1", "3", "4"}


@pytest.mark.parametrize("kind", ["own", "foreign"])
async def test_what_others_add_replace_and_delete_during_a_copy_is_counted_and_told(
    call: Call,
    foreign: Callable[..., Any],
    clients: Clients,
    server: redis.Redis,
    index_name: str,
    storage: str,
    framework: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = store_on(clients, f"{index_name}-copy", MODEL, storage=storage)
    writer: Any = store_on(clients, index_name, MODEL, storage=storage)
    ids = [str(n) for n in range(10)]
    if kind == "foreign":
        make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"])
        writer = RedisVectorStore.from_existing_index(index_name, MODEL, writable=True, **clients)
    writer.add_texts(ids, ids=ids)
    source: Any = writer
    if kind == "foreign":
        source = foreign()
    elif framework == "llama_index":
        source = own_store(framework, clients, index_name, storage)
    turns: list[list[Any]] = []

    def interrupted(real: Any) -> Any:
        def read(*args: Any) -> Any:
            # The first page is written when the second one is asked for the next.
            turns.append(copied := ids_of(target.get()) if len(turns) == 1 else [])
            if copied:
                writer.add_texts(["later"], ids=["added"])
                writer.add_texts(["replaced"], ids=[copied[0]])
                writer.delete([copied[1], *sorted({*ids} - {*copied})[:2]])
            return real(*args)

        return read

    for name in ("next_page", "next_page_read_by"):
        monkeypatch.setattr(copying, name, interrupted(getattr(copying, name)))
    report = await call(source, "copy_to", target, batch_size=3)
    replaced, deleted, *_ = turns[1]
    assert report.passes == 2
    assert await call(writer, "count") == 8
    # What was deleted behind the copy is there still, and counted.
    gone = {*ids_of(await call(target, "get"))} - {*ids_of(await call(writer, "get"))}
    assert deleted in gone
    assert report.target_records == await call(target, "count") == 8 + len(gone)
    assert [each.page_content for each in await call(target, "get_by_ids", [replaced, "added"])] == [
        "replaced",
        "later",
    ]
    assert (await call(source, "copy_to", target)).skipped == 8
