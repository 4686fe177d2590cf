"""Vectors are read back as they were given, as far as the dtype of the index holds them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from ml_dtypes import bfloat16
from redis import Redis

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.llama_index.llama_index_support import text_node
from redisvl_adapters import ArgumentError
from redisvl_adapters.core.records.json_numbers import json_number
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture

KINDS: dict[str, Any] = {"float64": np.float64, "float32": np.float32, "float16": np.float16, "bfloat16": bfloat16}
# Among these are doubles that RedisJSON's parser rounds, and some that have no spelling which it would not round.
GIVEN = np.random.default_rng(7).normal(size=(4, 1000)).tolist()
TEXTS = {f"n{place}": vector for place, vector in enumerate(GIVEN)}


class Pair(NamedTuple):
    """The stores of both frameworks on one index."""

    langchain: RedisVectorStore
    llama: LlamaIndexStore


@pytest.fixture
def pair(clients: Clients, index_name: str) -> Pair:
    """Two stores on one index, neither of which has been used yet."""
    return Pair(store_on(clients, index_name, Model(TEXTS)), LlamaIndexStore(index_name=index_name, **clients))


async def write(call: Call, clients: Clients, index_name: str, **options: Any) -> None:
    """Write the vectors, with their names as texts and ids; one by LangChain, the others by LlamaIndex."""
    (first, *others) = TEXTS
    by_langchain = store_on(clients, index_name, Model(TEXTS), **options)
    assert await call(by_langchain, "add_texts", [first], [{"n": 0}], ids=[first]) == [first]
    nodes = [text_node(name, name, vector=TEXTS[name], n=place) for place, name in enumerate(others, 1)]
    await call(LlamaIndexStore(index_name=index_name, **clients), "add", nodes)


def held(vector: list[float], dtype: str) -> list[float]:
    """Return a vector as a dtype holds it."""
    found: list[float] = np.asarray(vector).astype(KINDS[dtype]).astype(np.float64).tolist()
    return found


async def walked(call: Call, store: LlamaIndexStore, **options: Any) -> dict[str, Any]:
    """Return the embeddings of all nodes of a walk, by their ids."""
    if call.__name__ == "sync":
        return {node.node_id: node.embedding for node in store.iterate(**options)}
    return {node.node_id: node.embedding async for node in store.aiterate(**options)}


def test_some_of_the_numbers_have_no_spelling_that_redisjson_reads() -> None:
    assert sum(json_number(number) is None for vector in GIVEN for number in vector) > 3


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("metric", ["cosine", "l2"])
async def test_each_way_gives_the_vectors_that_were_written(
    clients: Clients, index_name: str, storage: str, call: Call, pair: Pair, dtype: str, metric: str
) -> None:
    await write(call, clients, index_name, storage=storage, dtype=dtype, distance_metric=metric)
    expected = {name: held(vector, dtype) for name, vector in TEXTS.items()}
    for store in pair:
        found = await call(store, "get_embeddings", ["n1", "gone", "n0", "n1"])
        assert found == [expected["n1"], None, expected["n0"], expected["n1"]]
        assert {type(number) for number in found[0]} == {float}
    nodes = await call(pair.llama, "get_nodes", with_vectors=True)
    assert {node.node_id: node.embedding for node in nodes} == expected
    assert await walked(call, pair.llama, with_vectors=True, batch_size=3) == expected


async def test_what_was_read_can_be_written_again_and_stays_as_it_is(
    clients: Clients, index_name: str, storage: str, call: Call, pair: Pair, server: Redis
) -> None:
    await write(call, clients, index_name, storage=storage, dtype="float64")
    before = {key: server.dump(key) for key in server.scan_iter(f"{index_name}:*")}
    nodes = await call(pair.llama, "get_nodes", with_vectors=True)
    await call(pair.llama, "add", [node for node in nodes if node.node_id != "n0"])
    assert len(before) == len(TEXTS)
    assert {key: server.dump(key) for key in server.scan_iter(f"{index_name}:*")} == before


async def test_nodes_and_walks_have_no_vectors_unless_they_are_asked_for(
    clients: Clients, index_name: str, storage: str, call: Call, pair: Pair
) -> None:
    await write(call, clients, index_name, storage=storage)
    assert [node.embedding for node in await call(pair.llama, "get_nodes", ["n0", "n1"])] == [None, None]
    assert await walked(call, pair.llama) == dict.fromkeys(TEXTS)


async def test_there_is_no_vector_where_there_is_no_index(call: Call, pair: Pair) -> None:
    for store in pair:
        assert await call(store, "get_embeddings", ["a", "b"]) == [None, None]
        assert await call(store, "get_embeddings", []) == []


@pytest.mark.parametrize("ids", ["ab", [""], ["a", None], 7], ids=repr)
async def test_ids_that_are_no_list_of_ids_are_refused(call: Call, pair: Pair, ids: Any) -> None:
    for store in pair:
        with pytest.raises(ArgumentError, match="id"):
            await call(store, "get_embeddings", ids)
