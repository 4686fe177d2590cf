"""Rebuilds: an index is made anew beside the one that is there, and stores that have it open go on with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import redis
from langchain_core.embeddings import Embeddings
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.core.index.test_languages_of_indexes import make_older
from integration_tests.langchain.langchain_support import Model
from integration_tests.llama_index.llama_index_support import WordEmbedding
from redisvl_adapters import langchain, llama_index
from redisvl_adapters.core.index import snapshot
from redisvl_adapters.core.moving import rebuild as rebuilding
from redisvl_adapters.errors import (
    ArgumentError,
    RecordError,
    SchemaMismatchError,
    UnknownArgumentError,
)

TEXTS = [f"the fox number {number} is houses" for number in range(30)]
IDS = [f"id{number}" for number in range(30)]
KINDS = ("even", "odd")
METADATAS = [{"n": number, "kind": KINDS[number % 2], "at": {"deep": [number]}} for number in range(30)]
IN_PLACE: Mapping[str, dict[str, Any]] = {
    "algorithm": {"algorithm": "flat"},
    "parameters": {"m": 24, "ef_construction": 120},
    "metric": {"distance_metric": "l2"},
}
COPIED: Mapping[str, dict[str, Any]] = {
    "dtype": {"dtype": "float64"},
    "bfloat16": {"dtype": "bfloat16"},
    "language": {"language": "german"},
    "type": {"metadata_schema": {"kind": {"type": "tag", "attrs": {"sortable": True}}}},
    "storage": {},
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody look at the index before each operation, so that nothing is to be waited for."""
    monkeypatch.setattr(snapshot, "MAX_AGE", -1.0)
    monkeypatch.setattr(rebuilding, "SETTLED", 0.0)


class Longer(Embeddings):
    """Another embedding model, with vectors of six numbers."""

    model = "longer"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(text.count(letter)) + 0.5 for letter in "abcdef"]


class Stores:
    """Stores of several processes on one index."""

    def __init__(self, url: str, name: str, storage: str) -> None:
        self.url, self.name, self.storage = url, name, storage
        self.made: list[Any] = []

    def open(self, embedding: Embeddings | None = None, **options: Any) -> langchain.RedisVectorStore:
        given: Any = {"index_name": self.name, "redis_url": self.url, **options}
        store = langchain.RedisVectorStore(embedding or Model(), **given)
        self.made.append(store)
        return store

    def filled(self) -> langchain.RedisVectorStore:
        store = self.open(storage=self.storage, algorithm="hnsw", dtype="float32")
        store.add_texts(TEXTS, METADATAS, ids=IDS)
        store.expire(["id7"], 5000)
        return store


@pytest.fixture
def stores(redis_url: str, index_name: str, storage: str) -> Iterator[Stores]:
    made = Stores(redis_url, index_name, storage)
    yield made
    for store in made.made:
        store.close()


def seen(store: langchain.RedisVectorStore) -> tuple[Any, ...]:
    """Return all that a store has to say."""
    whole = {each.id: (each.page_content, each.metadata) for each in store.get()}
    near = [each.id for each in store.similarity_search(TEXTS[3], k=3, filter={"n": {"$lt": 10}})]
    words = {each.id for each in store.text_search("number 12", k=1)}
    return whole, near[0], words, store.count({"kind": "even"}), store.count({"at.deep": {"$any": [4, 5]}})


@pytest.mark.parametrize("options", [*IN_PLACE.values(), *COPIED.values()], ids=[*IN_PLACE, *COPIED])
async def test_stores_that_were_open_go_on_with_the_new_index(
    stores: Stores, call: Call, options: dict[str, Any]
) -> None:
    mine, other = stores.filled(), stores.open(algorithm="hnsw", dtype="float32", storage=stores.storage)
    before = seen(other)
    wanted = options or {"storage": {"hash": "json", "json": "hash"}[stores.storage]}
    plan = await call(mine, "rebuild", **wanted)
    assert (plan.index_name, plan.target, plan.records) == (stores.name, f"{stores.name}@2", 30)
    assert plan.copies is (options not in IN_PLACE.values())
    assert seen(mine) == seen(other) == seen(stores.open()) == before
    assert other.ttl(["id7"])[0] == pytest.approx(5000, abs=100)
    assert other.ttl(["id8"]) == [None]
    other.add_texts(["a new fox"], [{"n": 99, "fresh": "x"}], ids=["new"])
    assert mine.delete(["id1"])
    mine.update_metadata(["id2"], {"kind": None, "n": 200})
    assert other.count() == 30
    assert [each.id for each in other.get(filter={"fresh": "x"})] == ["new"]
    assert [each.id for each in mine.get(filter={"n": {"$gt": 150}})] == ["id2"]


async def test_vectors_of_a_copy_are_those_that_were_given(stores: Stores, call: Call) -> None:
    mine = stores.filled()
    before = mine.get_embeddings(IDS)
    await call(mine, "rebuild", dtype="float64")
    assert mine.get_embeddings(IDS) == before


async def test_a_plan_is_told_and_nothing_is_done(stores: Stores, server: redis.Redis, call: Call) -> None:
    mine = stores.filled()
    names, keys = server.execute_command("FT._LIST"), sorted(server.keys(f"*{stores.name}*"))
    plan = await call(mine, "rebuild", m=32, language="de", drop_old=True, dry_run=True)
    assert str(plan) == (
        f"index '{stores.name}' has 30 records\n  language: 'english' -> 'german'\n  m: 16 -> 32\n"
        f"  the records are copied into index '{stores.name}@2', which takes its place then\n"
        f"  index '{stores.name}' is dropped"
    )
    assert (server.execute_command("FT._LIST"), sorted(server.keys(f"*{stores.name}*"))) == (names, keys)
    assert "nothing changes" in str(await call(mine, "rebuild", m=16))


async def test_old_indexes_stay_until_they_are_dropped(stores: Stores, server: redis.Redis, call: Call) -> None:
    mine, other = stores.filled(), stores.open()
    assert other.count() == 30
    for options in ({"m": 8}, {"dtype": "float64"}, {"algorithm": "flat"}):
        await call(mine, "rebuild", **options)
    assert generations(server, stores.name) == {"", "@2", "@3", "@4"}
    assert server.execute_command("FT.SEARCH", stores.name, "*", "LIMIT", 0, 0)[0] == 30
    plan = await call(mine, "rebuild", drop_old=True)
    assert plan.dropped == tuple(f"{stores.name}{each}" for each in ("", "@2", "@3"))
    assert generations(server, stores.name) == {"@4"}
    assert not list(server.scan_iter(f"{stores.name}:*", count=1000))
    assert seen(other) == seen(mine) == seen(stores.open())
    await call(other, "drop")
    assert not list(server.scan_iter(f"*{stores.name}*", count=1000))
    mine.add_texts(["first"], ids=["first"])
    assert generations(server, stores.name) == {""}


def generations(server: redis.Redis, name: str) -> set[str]:
    listed = (index.decode() for index in server.execute_command("FT._LIST"))
    return {index.removeprefix(name) for index in listed if index.startswith(name)}


async def test_an_index_that_was_rebuilt_is_overwritten_as_a_whole(
    stores: Stores, server: redis.Redis, call: Call
) -> None:
    mine = stores.filled()
    await call(mine, "rebuild", dtype="float64")
    fresh = stores.open(create="overwrite", storage=stores.storage)
    assert fresh.count() == 0
    fresh.add_texts(["one"], ids=["one"])
    assert generations(server, stores.name) == {""}
    assert [each.id for each in mine.get()] == ["one"]


async def test_a_generation_is_not_dropped_by_its_own_name(stores: Stores, call: Call) -> None:
    mine = stores.filled()
    await call(mine, "rebuild", m=8)
    beside = langchain.RedisVectorStore(Model(), index_name=f"{stores.name}@2", redis_url=stores.url)
    stores.made.append(beside)
    assert beside.count() == 30
    with pytest.raises(SchemaMismatchError, match="is what a rebuild made of"):
        await call(beside, "drop")


async def test_records_that_do_not_fit_are_named_and_all_is_as_it_was(
    stores: Stores, server: redis.Redis, call: Call
) -> None:
    mine = stores.filled()
    before = seen(mine)
    with pytest.raises(RecordError, match=r"id 'id\d+'.*'kind'"):
        await call(mine, "rebuild", metadata_schema={"kind": "numeric"})
    assert generations(server, stores.name) == {""}
    assert not list(server.scan_iter(f"*{stores.name}@*", count=1000))
    assert seen(mine) == before
    assert await call(mine, "cancel_rebuild") is False


async def test_a_field_for_values_that_were_written_undeclared_needs_no_new_index(
    stores: Stores, server: redis.Redis, call: Call
) -> None:
    mine = stores.open(storage=stores.storage, learn=False)
    mine.add_texts(TEXTS, METADATAS, ids=IDS)
    plan = await call(mine, "rebuild", metadata_schema={"n": "numeric"})
    assert (plan.target, plan.copies) == (None, False)
    assert stores.open().count({"n": {"$lt": 5}}) == 5
    assert generations(server, stores.name) == {""}


async def test_an_alias_as_the_handle_and_others_stand_for_the_new_index(
    stores: Stores, server: redis.Redis, call: Call
) -> None:
    stores.filled()
    for alias in ("prod", "more"):
        server.execute_command("FT.ALIASADD", f"{stores.name}-{alias}", stores.name)
    mine = stores.open(index_name=f"{stores.name}-prod")
    before = seen(mine)
    with pytest.raises(ArgumentError, match="cannot be an alias: it is the name of an index"):
        await call(mine, "rebuild", dtype="float64", aliases=[f"{stores.name}-more", stores.name], dry_run=True)
    await call(mine, "rebuild", dtype="float64", aliases=[f"{stores.name}-more"], drop_old=True)
    assert seen(mine) == seen(stores.open()) == seen(stores.open(index_name=f"{stores.name}-more")) == before
    assert server.execute_command("FT.SEARCH", f"{stores.name}-prod", "*", "LIMIT", 0, 0)[0] == 30


async def test_another_model_embeds_all_anew_and_stores_of_the_old_one_are_refused(stores: Stores, call: Call) -> None:
    mine, other = stores.filled(), stores.open()
    assert other.count() == 30
    plan = await call(mine, "rebuild", embedding=Longer())
    assert (plan.copies, plan.embeds) == (True, True)
    assert mine.get_embeddings(["id3"]) == [pytest.approx(Longer().embed_query(TEXTS[3]))]
    assert mine.similarity_search(TEXTS[3], k=1)[0].page_content == TEXTS[3] or mine.embeddings.model == "longer"  # type: ignore[attr-defined]
    with pytest.raises(SchemaMismatchError, match="model"):
        other.similarity_search(TEXTS[3], k=1)
    assert stores.open(Longer()).count({"kind": "even"}) == 15
    with pytest.raises(ArgumentError, match="6 dimensions cannot become"):
        await call(mine, "rebuild", dims=4)


async def test_nodes_of_llama_index_are_copied_and_embedded_as_they_are(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    options: Any = {"index_name": index_name, "redis_url": redis_url, "storage": storage}
    store = llama_index.RedisVectorStore(**options)
    long = "x" * 5000
    nodes = [
        TextNode(id_=f"n{place}", text=f"tree {place}", metadata={"n": place}, embedding=[1.0, place])
        for place in range(5)
    ]
    for node, source in zip(nodes, ["doc", "doc", "doc", long, long], strict=True):
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=source)
    store.add(nodes)
    before = store.get_nodes([node.node_id for node in nodes])
    await call(store, "rebuild", dtype="float64")
    assert store.get_nodes([node.node_id for node in nodes]) == before
    model = WordEmbedding()
    await call(store, "rebuild", embed_model=model)
    query = VectorStoreQuery(query_embedding=model.get_query_embedding("tree"), similarity_top_k=5)
    assert len(store.query(query).ids or []) == 5
    store.delete(long)
    store.delete("doc")
    assert store.get_nodes([node.node_id for node in nodes]) == []
    store.close()


@pytest.mark.parametrize("registered", [True, False], ids=["registered", "without its registry"])
async def test_an_index_of_the_first_layout_is_brought_over(
    stores: Stores, server: redis.Redis, call: Call, *, registered: bool
) -> None:
    make_older(server, stores.name, stores.storage, registered=registered)
    mine = stores.open(Model())
    plan = await call(mine, "rebuild", drop_old=True)
    assert plan.copies
    assert [each.page_content for each in mine.text_search("foxes")] == ["a fox"]
    assert generations(server, stores.name) == {"@2"}
    mine.add_embeddings(["more"], [[1.0, 2.0]], ids=["more"])
    assert stores.open().count() == 2


async def test_what_rebuild_does_not_take_is_refused_before_anything_is_sent(stores: Stores, call: Call) -> None:
    mine = stores.open(redis_url="redis://localhost:1")
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"algoritm": "flat"}, UnknownArgumentError, "did you mean 'algorithm'"),
        ({"dtype": "float33"}, ArgumentError, "dtype is one of"),
        ({"language": "klingon"}, ArgumentError, "language is"),
        ({"aliases": "prod"}, ArgumentError, "aliases is a list"),
        ({"drop_old": 1}, ArgumentError, "drop_old is True or False"),
        ({"embedding": "text-embedding-3"}, ArgumentError, "Embeddings"),
        ({"embedding_id": "m"}, ArgumentError, "give that, too"),
    ]
    for options, error, said in wrong:
        with pytest.raises(error, match=said):
            await call(mine, "rebuild", **options)
