"""Changing metadata in both frameworks: exact, filterable, and nothing else of a record is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from llama_index.core.schema import ImageNode

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, exact, find, store_on
from integration_tests.llama_index.llama_index_support import ask, filters, open_store, text_node, where
from redisvl_adapters import ArgumentError, FilterError, RecordError
from redisvl_adapters.core import Compare, Operator

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

EXACT: dict[str, Any] = {
    "text": "wörter 🙂\n",
    "float": 0.1 + 0.2,
    "tiny": 7.1e-320,
    "many digits": 8.41e21 / 3,
    "large": 2**63,
    "flag": False,
    "nested": {"a": {"b": [1, None, {"c": None}]}, "none": None},
    "list": [1.5, "x", None],
    "halves": [0.0999755859375, 0.5],
    "singles": [[-1.7082843780517578], [123456792.0]],
    "empty": [],
    "embedding": "a name of ours",
    "$.x[*]": 1,
}


def fields_of(server: redis.Redis, key: str, storage: str, names: Sequence[str]) -> list[Any]:
    """Return what lies in Redis, byte for byte."""
    if storage == "json":
        return [server.execute_command("JSON.GET", key, f"$.{name}") for name in names]
    return server.hmget(key, list(names))


@pytest.fixture
async def filled(clients: Clients, index_name: str, storage: str) -> Any:
    """A LangChain store with three documents, whose model counts its calls."""
    model = Model()
    async with store_on(clients, index_name, model, storage=storage) as store:
        metadatas = [{"n": n, "kind": "old", "nested": {"x": n}} for n in range(3)]
        await store.aadd_texts([f"running text {n}" for n in range(3)], metadatas, ids=["a", "b", "c"], ttl=1000)
        model.calls.clear()
        yield store


async def test_changes_are_merged_exactly_and_nothing_else_is_written(
    call: Call, filled: Any, server: redis.Redis, index_name: str, storage: str
) -> None:
    names = ["text", "embedding"] + (["index._text"] if storage == "json" else ["_text"])
    before = fields_of(server, f"{index_name}:a", storage, names)
    assert await call(filled, "update_metadata", ["a", "c", "none"], {**EXACT, "kind": None}) == 2
    (document,) = await call(filled, "get_by_ids", ["a"])
    assert exact(document.metadata) == exact({"n": 0, **EXACT})
    (untouched,) = await call(filled, "get_by_ids", ["b"])
    assert untouched.metadata == {"n": 1, "kind": "old", "nested": {"x": 1}}
    assert fields_of(server, f"{index_name}:a", storage, names) == before
    assert filled.embeddings.calls == []
    assert all(900 < ttl < 1000 for ttl in await call(filled, "ttl", ["a", "b", "c"]))


async def test_new_values_are_found_and_old_ones_are_not(call: Call, filled: Any) -> None:
    when = datetime(2024, 2, 29, tzinfo=UTC)
    changes: dict[str, Any] = {
        "kind": ["new", "newer"],
        "n": "a text now",
        "when": when,
        "nested": {"y": 2.5},
        "draft": True,
    }
    await call(filled, "update_metadata", ["a"], changes)
    conditions: list[dict[str, Any]] = [
        {"kind": {"$contains": "newer"}},
        {"n": "a text now"},
        {"when": {"$gte": "2024-02-29"}},
        {"nested.y": {"$gt": 2}},
        {"draft": True},
        {"n": {"$ne": 1}, "kind": {"$ne": "old"}},
        {"nested.x": {"$exists": False}},
    ]
    for condition in conditions:
        assert await find(call, filled, condition) == {"a"}, condition
    for condition in ({"n": 0}, {"nested.x": 0}):
        assert await find(call, filled, condition) == set(), condition
    assert await find(call, filled, {"kind": "old"}) == {"b", "c"}
    found = await call(filled, "text_search", "run", 10)
    assert {document.id for document in found} == {"a", "b", "c"}


async def test_records_that_match_a_filter_change(call: Call, filled: Any) -> None:
    assert await call(filled, "update_metadata", changes={"n": 7, "kind": "new"}, filter={"n": {"$gte": 1}}) == 2
    assert await find(call, filled, {"n": 7, "kind": "new"}) == {"b", "c"}
    assert await call(filled, "update_metadata", ["a", "b"], {"n": 8}, filter={"kind": "new"}) == 1
    assert await find(call, filled, {"n": 8}) == {"b"}
    assert await call(filled, "update_metadata", changes={"n": 9}, filter={"kind": "none"}) == 0


@pytest.mark.parametrize("filter", [{}, {"$and": []}, {"kind": {"$nin": []}}])
async def test_a_filter_that_matches_everything_is_refused(call: Call, filled: Any, filter: Any) -> None:
    with pytest.raises((ArgumentError, FilterError)):
        await call(filled, "update_metadata", changes={"n": 1}, filter=filter)
    assert await find(call, filled, {"n": 1}) == {"b"}


async def test_writers_that_change_other_keys_at_once_lose_nothing(call: Call, filled: Any) -> None:
    async def change(key: str) -> None:
        for step in range(5):
            await filled.aupdate_metadata(["a", "b", "c"], {key: step})

    await asyncio.gather(*(change(f"key {place}") for place in range(6)))
    for document in await call(filled, "get_by_ids", ["a", "b", "c"]):
        assert {key: value for key, value in document.metadata.items() if key.startswith("key")} == {
            f"key {place}": 4 for place in range(6)
        }
    assert await find(call, filled, {"key 3": 4, "key 5": 4}) == {"a", "b", "c"}


async def test_a_change_of_language_analyses_the_text_anew(
    call: Call, clients: Clients, index_name: str, storage: str
) -> None:
    schema = {"body": "text", "lang": "tag"}
    async with store_on(
        clients, index_name, storage=storage, language="english", language_key="lang", metadata_schema=schema
    ) as store:
        metadatas = [{"body": "Häuser"}, {"body": "Häuser"}]
        await call(store, "add_texts", ["die Häuser am See", "die Häuser am See"], metadatas, ids=["a", "b"])
        assert await call(store, "update_metadata", ["a"], {"lang": "german"}) == 1
        found = await call(store, "text_search", "Haus", 10, language="german")
        assert [document.id for document in found] == ["a"]
        with pytest.raises(RecordError, match="language"):
            await call(store, "update_metadata", ["a"], {"lang": "klingon"})
        await call(store, "update_metadata", ["a"], {"lang": None})
        assert await call(store, "text_search", "Haus", 10, language="german") == []
        assert len(await call(store, "text_search", "Häuser", 10)) == 2


async def test_nodes_keep_their_type_and_their_relationships(
    call: Call, redis_url: str, index_name: str, storage: str
) -> None:
    nodes = [
        text_node("a", "a text", source="doc", n=1),
        ImageNode(id_="b", text="an image", image_url="http://x/y.png", embedding=[1.0, 1.0, 0.0, 0.0]),
    ]
    async with open_store(redis_url, index_name, storage) as store:
        await call(store, "add", nodes)
        assert await call(store, "update_metadata", ["a", "b"], {"kind": "x", "n": None}) == 2
        assert await call(store, "update_metadata", changes={"m": 1}, filters=filters(where("kind", "x"))) == 2
        assert await call(store, "update_metadata", ["a"], {"only": "a"}, filters(where("m", 1))) == 1
        found = {node.node_id: node for node in await call(store, "get_nodes", with_vectors=True)}
        nodes[0].metadata = {"kind": "x", "m": 1, "only": "a"}
        nodes[1].metadata = {"kind": "x", "m": 1}
        assert found == {"a": nodes[0], "b": nodes[1]}
        assert (await ask(call, store, doc_ids=["doc"])).ids == ["a"]
        with pytest.raises(ArgumentError, match="needs ids or a filter"):
            await call(store, "update_metadata", changes={"x": 1})


async def test_what_is_no_record_is_left_alone(
    call: Call, filled: Any, server: redis.Redis, index_name: str, storage: str
) -> None:
    server.set(f"{index_name}:string", "x")
    server.hset(f"{index_name}:hash", "metadata", "{}")
    assert await call(filled, "update_metadata", ["string", "hash", "a", "nul\0"], {"n": 5}) == 1
    assert server.hgetall(f"{index_name}:hash") == {b"metadata": b"{}"}


async def test_more_than_one_batch_changes(call: Call, clients: Clients, index_name: str, storage: str) -> None:
    async with store_on(clients, index_name, storage=storage) as store:
        ids = [f"r{place}" for place in range(1200)]
        embeddings = [[1.0, float(place)] for place in range(1200)]
        await call(store, "add_embeddings", ids, embeddings, [{"n": place % 2} for place in range(1200)], ids)
        assert await call(store, "update_metadata", changes={"odd": True}, filter=Compare("n", Operator.EQ, 1)) == 600
        assert await call(store, "count", {"odd": True}) == 600
