"""Indexes of other applications: opened as they are, read in every way, and never changed without being told."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from integration_tests.conftest import Call
from integration_tests.core.foreign_support import Field, make_index, put_record
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from redisvl_adapters import (
    ArgumentError,
    FilterError,
    ReadOnlyError,
    RecordError,
    SchemaMismatchError,
    UnknownArgumentError,
)
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as NodeStore

clients = langchain_support.clients  # a fixture

MODEL = Model(dims=4)
TEXTS = {"1": "Running shoes for the road", "2": "A red dog runs", "3": "Cards of the house"}
FIELDS: dict[str, list[Field]] = {
    "hash": [
        ("description", "description", ["TEXT"]),
        ("name", "title", ["TAG", "SORTABLE"]),
        ("price", "price", ["NUMERIC", "SORTABLE"]),
    ],
    "json": [
        ("$.item.text", "description", ["TEXT"]),
        ("$.item.name", "title", ["TAG"]),
        ("$.price", "price", ["NUMERIC"]),
        ("$.tags[*]", "tags", ["TAG"]),
    ],
}


def product(storage: str, record_id: str, text: Any) -> dict[str, Any]:
    """Return a record as the application lays it out."""
    vector, price = MODEL.vector(TEXTS.get(record_id, record_id)), 19.123456789012345
    if storage == "hash":
        return {"description": text, "name": "Shoe", "price": price, "stock": "007", "vec": vector}
    item = {"text": text, "name": "Shoe", "stock": "007"}
    return {"item": item, "price": price, "tags": ["a", "b"], "vec": vector}


@pytest.fixture
def shop(server: redis.Redis, index_name: str, storage: str) -> str:
    """The name of an index of another application, with three records."""
    make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"], algorithm="HNSW")
    for record_id, text in TEXTS.items():
        put_record(server, f"{index_name}:{record_id}", storage, product(storage, record_id, text))
    return index_name


def opened(clients: Clients, name: str, **options: Any) -> RedisVectorStore:
    """Open an index of another application."""
    return RedisVectorStore.from_existing_index(name, MODEL, **clients, **options)


@pytest.fixture(autouse=True)
def no_registry(server: redis.Redis, index_name: str) -> Iterator[None]:
    """Whatever a test does, nothing is registered for an index of another application."""
    yield
    assert not server.exists(f"redisvl-adapters/{index_name}")


async def test_documents_are_found_in_every_way(clients: Clients, shop: str, storage: str, call: Call) -> None:
    store = opened(clients, shop)
    metadata = {
        "hash": {"title": "Shoe", "price": 19.123456789012345, "stock": "007"},
        "json": {"item": {"stock": "007"}, "title": "Shoe", "price": 19.123456789012345, "tags": ["a", "b"]},
    }[storage]
    (found,) = await call(store, "similarity_search", "A red dog runs", k=1)
    assert (found.id, found.page_content, found.metadata) == ("2", "A red dog runs", metadata)
    assert await call(store, "get_by_ids", ["2", "9"]) == [found]
    assert [each.id for each in await call(store, "text_search", "dogs, running?", match="all")] == ["2"]
    assert [each.id for each in await call(store, "text_search", "red dog", match="phrase", text_fields=["text"])] == [
        "2"
    ]
    assert await call(store, "text_search", "the of") == []
    assert found in await call(store, "hybrid_search", "red dogs", k=2)
    assert len(await call(store, "max_marginal_relevance_search", "dog", k=2)) == 2
    assert [len(each) for each in await call(store, "similarity_search_batch", ["dog", "house"], k=2)] == [2, 2]
    ((near, distance),) = await call(store, "similarity_search_with_score", "A red dog runs", distance_threshold=0.01)
    assert (near, round(distance, 5)) == (found, 0)
    assert [each.id for each in await call(store, "similarity_search", "x", k=3, keywords="dogs")] == ["2"]
    retriever = store.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.99})
    assert retriever.invoke("A red dog runs") == [found]
    assert await call(store, "count") == await call(store, "count", {"title": "shoe", "price": {"$lt": 20}}) == 3
    assert {each.id for each in store.iterate()} == {*TEXTS}
    (vector,) = await call(store, "get_embeddings", ["2"])
    assert vector == pytest.approx(MODEL.vector("A red dog runs"))
    told = {each["name"]: each["description"] for each in await call(store, "attribute_info")}
    assert "case does not count" in told["title"]
    assert "like" not in told["title"]


async def test_nodes_are_found_in_every_mode(redis_url: str, shop: str, call: Call) -> None:
    store = NodeStore.from_existing_index(shop, redis_url=redis_url)
    for mode in (VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.HYBRID, VectorStoreQueryMode.MMR):
        asked = VectorStoreQuery(MODEL.vector("A red dog runs"), 1, query_str="dogs", mode=mode, embedding_field="vec")
        assert (await call(store, "query", asked)).ids == ["2"]
    asked = VectorStoreQuery(similarity_top_k=1, query_str="dogs", mode=VectorStoreQueryMode.TEXT_SEARCH)
    (node,) = (await call(store, "query", asked)).nodes
    assert (node.node_id, node.get_content()) == ("2", "A red dog runs")
    assert [each.node_id for each in await call(store, "get_nodes", ["3"])] == ["3"]
    with pytest.raises(FilterError, match="source documents"):
        await call(store, "query", VectorStoreQuery(MODEL.vector("x"), 1, doc_ids=["a"]))
    with pytest.raises(ReadOnlyError):
        await call(store, "delete_nodes", ["3"])
    await store.aclose()


async def test_nothing_is_changed_without_being_told(clients: Clients, shop: str, call: Call) -> None:
    store = opened(clients, shop)
    calls: list[tuple[Any, ...]] = [
        ("add_texts", ["a"]),
        ("delete", ["1"]),
        ("expire", ["1"], 5),
        ("clear",),
        ("drop",),
    ]
    for method, *args in calls:
        with pytest.raises(ReadOnlyError, match="another application"):
            await call(store, method, *args)
    with pytest.raises(ReadOnlyError):
        await call(store, "delete", filter={"title": "shoe"})
    writable = opened(clients, shop, writable=True)
    with pytest.raises(ReadOnlyError, match="another application"):
        await call(store, "update_metadata", ["1"], {"price": 2})
    calls = [("clear",), ("drop",)]
    for method, *args in calls:
        with pytest.raises(ReadOnlyError, match="another application"):
            await call(writable, method, *args)
    assert await call(store, "count") == 3
    assert await call(store, "ttl", ["1"]) == [None]
    for method in ("analyse", "highlight"):
        with pytest.raises(ArgumentError, match="analysed by the server"):
            await call(store, method, *(["dog"] if method == "analyse" else ["dog", "a dog"]))


async def test_other_stores_are_refused_and_told_the_way(clients: Clients, shop: str, call: Call) -> None:
    with pytest.raises(SchemaMismatchError, match="from_existing_index"):
        await call(store_on(clients, shop, MODEL), "count")
    with pytest.raises(UnknownArgumentError, match="it is one of from_existing_index"):
        store_on(clients, shop, MODEL, metadata_fields=["title"])
    with pytest.raises(SchemaMismatchError, match="metadata_fields"):
        opened(clients, shop, metadata_schema={"price": "numeric"})
    with pytest.raises(SchemaMismatchError, match="dims is 4"):
        opened(clients, shop, dims=8)


async def test_its_records_are_copied_with_their_vectors(
    clients: Clients, shop: str, index_name: str, call: Call
) -> None:
    store, ours = opened(clients, shop), store_on(clients, f"{index_name}-ours", MODEL)
    report = await call(store, "copy_to", ours)
    assert (report.copied, report.embedded) == (3, 0)
    for record_id in TEXTS:
        assert await call(ours, "get_by_ids", [record_id]) == await call(store, "get_by_ids", [record_id])
    assert await call(ours, "get_embeddings", ["2"]) == await call(store, "get_embeddings", ["2"])
    assert (await call(store, "copy_to", ours)).skipped == 3


async def test_metadata_is_what_was_named(clients: Clients, shop: str, storage: str, call: Call) -> None:
    fields = {"what": "title", "stock": "stock" if storage == "hash" else "$.item.stock", "none": "nothing"}
    (found,) = await call(opened(clients, shop, metadata_fields=fields), "get_by_ids", ["1"])
    assert found.metadata == {"what": "Shoe", "stock": "007"}
    (found,) = await call(opened(clients, shop, metadata_fields=["price"]), "similarity_search", TEXTS["1"], k=1)
    assert (found.id, found.metadata) == ("1", {"price": 19.123456789012345})


async def test_an_alias_is_followed(clients: Clients, shop: str, server: redis.Redis, call: Call) -> None:
    server.execute_command("FT.ALIASADD", f"{shop}-alias", shop)
    store = opened(clients, f"{shop}-alias")
    assert await call(store, "count") == len(await call(store, "similarity_search", "x", k=9)) == 3
    make_index(server, f"{shop}-two", "hash", FIELDS["hash"], [f"{shop}-two:"])
    put_record(server, f"{shop}-two:8", "hash", product("hash", "8", "another"))
    server.execute_command("FT.ALIASUPDATE", f"{shop}-alias", f"{shop}-two")
    assert [each.id for each in await call(store, "similarity_search", "x", k=9)] == ["8"]
    assert [each.id for each in await call(store, "get_by_ids", ["8"])] == ["8"]


async def test_ids_of_several_prefixes_are_whole_keys(
    clients: Clients, index_name: str, server: redis.Redis, storage: str, call: Call
) -> None:
    prefixes = [f"{index_name}:a:", f"{index_name}:b:"]
    make_index(server, index_name, storage, FIELDS[storage], prefixes)
    for prefix in prefixes:
        put_record(server, f"{prefix}1", storage, product(storage, "1", prefix))
    store = opened(clients, index_name)
    found = await call(store, "similarity_search", "x", k=9)
    assert {each.id: each.page_content for each in found} == {f"{prefix}1": prefix for prefix in prefixes}
    assert len(await call(store, "get_by_ids", [each.id for each in found])) == 2
    with pytest.raises(ArgumentError, match="whole keys"):
        await call(store, "get_by_ids", ["1"])


async def test_one_of_several_vectors_is_chosen(
    clients: Clients, index_name: str, server: redis.Redis, storage: str, call: Call
) -> None:
    make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"], vectors=["vec", "other"])
    for record_id in TEXTS:
        other = MODEL.vector(TEXTS[str(4 - int(record_id))])
        put_record(
            server,
            f"{index_name}:{record_id}",
            storage,
            {**product(storage, record_id, "t"), "other": other},
        )
    with pytest.raises(ArgumentError, match="vec, other"):
        opened(clients, index_name)
    for name, nearest in (("vec", "1"), ("other", "3")):
        (found,) = await call(opened(clients, index_name, vector_field=name), "similarity_search", TEXTS["1"], k=1)
        assert found.id == nearest
        assert not found.metadata.keys() & {"vec", "other"}
    with pytest.raises(SchemaMismatchError, match="did you mean 'other'"):
        opened(clients, index_name, vector_field="othr")


async def test_what_cannot_be_guessed_is_asked_for(
    clients: Clients, index_name: str, server: redis.Redis, storage: str
) -> None:
    fields = [*FIELDS[storage], ("$.more" if storage == "json" else "more", "more", ["TEXT"])]
    make_index(server, index_name, storage, fields, [f"{index_name}:"])
    with pytest.raises(ArgumentError, match="description, more"):
        opened(clients, index_name)
    make_index(server, f"{index_name}-bare", storage, FIELDS[storage], [f"{index_name}-bare:"], vectors=[])
    with pytest.raises(SchemaMismatchError, match="has no vector"):
        opened(clients, f"{index_name}-bare")
    if storage == "json":
        with pytest.raises(ArgumentError, match="several values"):
            opened(clients, index_name, text_field="$.tags[*]")


async def test_records_that_cannot_be_read_are_named_or_skipped(
    clients: Clients, shop: str, server: redis.Redis, storage: str, call: Call
) -> None:
    bad = product(storage, "bad", ["a", "list"])
    if storage == "hash":
        del bad["description"]
    put_record(server, f"{shop}:bad", storage, bad)
    with pytest.warns(RuntimeWarning, match="record 'bad' has no text"):
        found = await call(opened(clients, shop), "similarity_search", "x", k=9)
    assert {each.id for each in found} == {*TEXTS}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(await call(opened(clients, shop, on_bad_record="skip"), "similarity_search", "x", k=9)) == 3
    strict = opened(clients, shop, on_bad_record="raise")
    with pytest.raises(RecordError, match="record 'bad' has no text"):
        await call(strict, "similarity_search", "x", k=9)
    with pytest.raises(RecordError, match="record 'bad' has no text"):
        await call(strict, "get_by_ids", ["bad"])


async def test_vectors_of_another_length_are_named(
    clients: Clients, shop: str, server: redis.Redis, storage: str, call: Call
) -> None:
    put_record(server, f"{shop}:short", storage, {**product(storage, "short", "text"), "vec": [1.0, 2.0]})
    with pytest.warns(RuntimeWarning, match=f"could not take in .*{shop}:short"):
        store = opened(clients, shop)
    assert len(await call(store, "similarity_search", "x", k=9)) == 3
    with pytest.warns(RuntimeWarning, match="record 'short' has no vector"):
        assert await call(store, "get_embeddings", ["short", "1"]) == [None, pytest.approx(MODEL.vector(TEXTS["1"]))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await call(opened(clients, shop, on_bad_record="skip"), "get_embeddings", ["short"]) == [None]
