"""The contract of LlamaIndex's ``BasePydanticVectorStore``: what is added is there, and what is deleted is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import redis
from llama_index.core.vector_stores.types import BasePydanticVectorStore, FilterOperator

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import (
    ask,
    bare,
    by_id,
    filters,
    ids_of,
    open_store,
    snapshot,
    text_node,
    turned,
    where,
)
from integration_tests.servers import only_on_one
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.errors import ArgumentError, FilterError
from redisvl_adapters.llama_index import RedisVectorStore

ODD_IDS = [
    "a,b",
    "a",
    "b",
    "zz|p",
    "p",
    "DocA",
    "doca",
    " padded ",
    "padded",
    "two words",
    "x:y:z",
    "a-b.c",
    "{braces}",
    'quo"te',
    "back\\slash",
    "back`tick",
    "qu?es*tion",
    "line\nbreak",
    "äöü",
    "日本語",
    "🙂",
    "None",
    "*",
    "%20",
]


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """An empty store."""
    async with open_store(redis_url, index_name, storage) as store:
        yield store


def test_it_is_a_vector_store_that_holds_texts_and_is_asked_by_embedding(store: RedisVectorStore) -> None:
    assert isinstance(store, BasePydanticVectorStore)
    assert store.stores_text
    assert store.is_embedding_query
    assert RedisVectorStore.class_name() == "RedisVectorStore"


def test_client_is_a_redis_client_of_the_same_server(
    store: RedisVectorStore, server: redis.Redis, redis_url: str
) -> None:
    only_on_one(redis_url, "there is no one run id")
    assert isinstance(store.client, redis.Redis)
    assert store.client.info("server")["run_id"] == server.info("server")["run_id"]


async def test_add_returns_the_node_ids_in_input_order(store: RedisVectorStore, call: Call, index_name: str) -> None:
    """llama-index 9: characters of the prefix were stripped off the ids."""
    given = ["z", "a", f"{index_name}:x", "test-", "m"]
    assert await call(store, "add", [text_node(node_id) for node_id in given]) == given
    assert await ids_of(call, store) == set(given)


async def test_adding_nothing_adds_nothing(store: RedisVectorStore, call: Call) -> None:
    assert await call(store, "add", []) == []
    assert await call(store, "count") == 0


async def test_adding_an_id_again_replaces_the_whole_node(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node("a", "old", source="doc", colour="red", year=1)])
    new = text_node("a", "new", year=2)
    await call(store, "add", [new])
    assert await call(store, "get_nodes") == [bare(new)]
    assert await ids_of(call, store, filters=filters(where("colour", "red"))) == set()
    assert (await ask(call, store, doc_ids=["doc"])).ids == []


async def test_of_one_id_twice_in_a_call_the_last_node_wins(store: RedisVectorStore, call: Call) -> None:
    twice = [text_node("a", "first"), text_node("b"), text_node("a", "last")]
    assert await call(store, "add", twice) == ["a", "b", "a"]
    assert by_id(await call(store, "get_nodes"))["a"] == bare(twice[2])
    assert await call(store, "count") == 2


async def test_adding_does_not_change_the_nodes(store: RedisVectorStore, call: Call) -> None:
    node = text_node("a", source="doc", tags=["x"], nested={"deep": 1})
    before = node.model_copy(deep=True)
    await call(store, "add", [node])
    assert node == before


async def test_a_ttl_holds_for_the_nodes_of_one_add(
    store: RedisVectorStore, call: Call, server: redis.Redis, index_name: str
) -> None:
    await call(store, "add", [text_node("short")], ttl=100)
    await call(store, "add", [text_node("long")])
    assert 0 < server.ttl(f"{index_name}:short") <= 100
    assert server.ttl(f"{index_name}:long") == -1


async def test_get_nodes_returns_those_that_exist_in_the_order_of_the_ids(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node(node_id) for node_id in "abc"])
    assert [node.node_id for node in await call(store, "get_nodes", ["c", "gone", "a"])] == ["c", "a"]
    assert await call(store, "get_nodes", []) == []


async def test_get_nodes_takes_ids_and_filters_together(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node("a", n=1), text_node("b", n=1), text_node("c", n=2)])
    assert await ids_of(call, store, node_ids=["a", "c", "gone"], filters=filters(where("n", 1))) == {"a"}
    assert await ids_of(call, store, node_ids=[], filters=filters(where("n", 1))) == set()
    assert await ids_of(call, store, filters=filters(where("n", 1))) == {"a", "b"}


async def test_node_ids_of_any_spelling_are_exact(store: RedisVectorStore, call: Call) -> None:
    """llama-index 3: ids were split at commas and pipes, and told apart without regard to case."""
    await call(store, "add", [text_node(node_id, text=f"text of {node_id}") for node_id in ODD_IDS])
    for place, node_id in enumerate(ODD_IDS, 1):
        (node,) = await call(store, "get_nodes", [node_id])
        assert (node.node_id, node.get_content()) == (node_id, f"text of {node_id}")
        assert (await ask(call, store, node_ids=[node_id])).ids == [node_id]
        await call(store, "delete_nodes", [node_id])
        assert await ids_of(call, store) == set(ODD_IDS[place:])


async def test_source_ids_of_any_spelling_are_exact(store: RedisVectorStore, call: Call) -> None:
    """llama-index 3: delete("DocA") deleted doca, delete("zz|p") deleted p, and delete("a,b") deleted nothing."""
    nodes = [text_node(f"node {place}", source=source) for place, source in enumerate(ODD_IDS)]
    await call(store, "add", [*nodes, text_node("of no source")])
    for place, source in enumerate(ODD_IDS, 1):
        assert (await ask(call, store, doc_ids=[source])).ids == [f"node {place - 1}"]
        await call(store, "delete", source)
        assert await ids_of(call, store) == {*(node.node_id for node in nodes[place:]), "of no source"}


async def test_delete_takes_all_nodes_of_a_source_and_no_other(store: RedisVectorStore, call: Call) -> None:
    nodes = [text_node(f"{source}{place}", source=source) for source in ("a", "b") for place in range(3)]
    await call(store, "add", nodes)
    await call(store, "delete", "a")
    await call(store, "delete", "a")
    await call(store, "delete", "never there")
    assert await ids_of(call, store) == {"b0", "b1", "b2"}


async def test_deleting_a_source_called_none_spares_nodes_without_source(store: RedisVectorStore, call: Call) -> None:
    """llama-index 2: delete("None") deleted all nodes that had no source."""
    await call(store, "add", [text_node("a"), text_node("b")])
    await call(store, "delete", "None")
    assert await ids_of(call, store) == {"a", "b"}


@pytest.mark.parametrize("source", ["", None, 7, ["a"]])
async def test_deleting_a_source_without_a_proper_id_is_refused(
    store: RedisVectorStore, call: Call, source: object
) -> None:
    """llama-index 2: delete("") deleted everything."""
    await call(store, "add", [text_node("a"), text_node("b", source="doc")])
    with pytest.raises(ArgumentError):
        await call(store, "delete", source)
    assert await ids_of(call, store) == {"a", "b"}


async def test_delete_nodes_takes_ids_filters_or_both(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node(node_id, n=place) for place, node_id in enumerate("abcdef")])
    await call(store, "delete_nodes", ["a", "gone"])
    assert await ids_of(call, store) == {*"bcdef"}
    await call(store, "delete_nodes", filters=filters(where("n", 4, FilterOperator.GTE)))
    assert await ids_of(call, store) == {*"bcd"}
    await call(store, "delete_nodes", ["b", "d"], filters(where("n", 2, FilterOperator.LTE)))
    assert await ids_of(call, store) == {*"cd"}


EVERYTHING = [
    filters(),
    filters(filters(), filters()),
    filters(where("n", [], FilterOperator.NIN)),
    filters(filters(where("n", [], FilterOperator.NIN)), filters()),
]


@pytest.mark.parametrize("given", [None, *EVERYTHING])
async def test_delete_nodes_never_takes_everything(
    store: RedisVectorStore, call: Call, given: object, server: redis.Redis, index_name: str
) -> None:
    """llama-index 2: delete_nodes with empty filters deleted everything."""
    await call(store, "add", [text_node("a", n=1), text_node("b", n=2)])
    before = snapshot(server, index_name)
    with pytest.raises(ArgumentError, match="clear"):
        await call(store, "delete_nodes", filters=given)
    assert snapshot(server, index_name) == before


async def test_delete_nodes_with_what_matches_nothing_takes_nothing(store: RedisVectorStore, call: Call) -> None:
    """llama-index 2: delete_nodes with ``IN []`` deleted everything."""
    await call(store, "add", [text_node("a", n=1), text_node("b", n=2)])
    await call(store, "delete_nodes", [])
    await call(store, "delete_nodes", [], filters(where("n", 1)))
    await call(store, "delete_nodes", filters=filters(where("n", [], FilterOperator.IN)))
    assert await ids_of(call, store) == {"a", "b"}
    with pytest.raises(FilterError, match="m"):
        await call(store, "delete_nodes", filters=filters(where("m", 1, FilterOperator.NE)))
    assert await ids_of(call, store) == {"a", "b"}


async def test_clear_takes_everything_and_the_store_goes_on(store: RedisVectorStore, call: Call) -> None:
    """llama-index 14: clear was a NotImplementedError, and a store could not be used after its index was dropped."""
    await call(store, "clear")
    await call(store, "add", [text_node("a", colour="red")])
    await call(store, "clear")
    assert (await call(store, "count"), await call(store, "get_nodes"), (await ask(call, store)).ids) == (0, [], [])
    await call(store, "add", [text_node("b", colour="blue")])
    assert (await ask(call, store, filters=filters(where("colour", "blue")))).ids == ["b"]


async def test_a_thousand_ids_are_served_in_one_call(store: RedisVectorStore, call: Call) -> None:
    """llama-index 13: more than 250 ids overflowed the stack of the query parser."""
    nodes = [text_node(f"n{place}", source=f"doc {place}", place=place) for place in range(1500)]
    await call(store, "add", nodes)
    first, middle = [f"n{place}" for place in range(1000)], [f"n{place}" for place in range(500, 1500)]
    assert [node.node_id for node in await call(store, "get_nodes", first)] == first
    halves = filters(where("place", 500, FilterOperator.GTE))
    assert await ids_of(call, store, node_ids=first, filters=halves) == set(first) & set(middle)
    assert set((await ask(call, store, node_ids=first, similarity_top_k=1500)).ids) == set(first)
    sources = [f"doc {place}" for place in range(1000)]
    assert set((await ask(call, store, doc_ids=sources, similarity_top_k=1500)).ids) == set(first)
    many = filters(where("place", list(range(1000)), FilterOperator.IN))
    assert await ids_of(call, store, filters=many) == set(first)
    await call(store, "delete_nodes", first)
    assert await ids_of(call, store) == set(middle) - set(first)


async def test_get_nodes_is_complete_beyond_ten_thousand(redis_url: str, index_name: str, call: Call) -> None:
    nodes = [text_node(f"n{place}", vector=turned(place), even=place % 2) for place in range(20_400)]
    async with open_store(redis_url, index_name, algorithm="flat") as store:
        await call(store, "add", nodes)
        found = [node.node_id for node in await call(store, "get_nodes", filters=filters(where("even", 0)))]
        assert len(found) == 10_200
        assert set(found) == {f"n{place}" for place in range(0, 20_400, 2)}
        await call(store, "delete_nodes", filters=filters(where("even", 0)))
        assert await call(store, "count") == 10_200


async def test_filters_of_this_library_are_taken_too(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node("a", n=1), text_node("b")])
    exists = Compare("n", Operator.EXISTS, value=True)
    assert await ids_of(call, store, filters=exists) == {"a"}
    assert await call(store, "count", ~exists) == 1
