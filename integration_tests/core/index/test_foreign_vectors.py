"""Indexes of other applications with several vectors: each is searched, all are read, written and copied."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.foreign_support import make_index, put_record
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from redisvl_adapters import ArgumentError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

MODEL = Model(dims=4)
TEXTS = {"1": "one", "2": "two", "3": "three"}
OTHERS = {"1": [0.0, 1.0, 0.0, 0.0], "2": [1.0, 0.0, 0.0, 0.0]}
TEXT = {"hash": ("body", "body", ["TEXT"]), "json": ("$.body", "body", ["TEXT"])}


@pytest.fixture
def made(server: redis.Redis, index_name: str, storage: str) -> str:
    make_index(server, index_name, storage, [TEXT[storage]], [f"{index_name}:"], vectors=["vec", "other-one"])
    for key, text in TEXTS.items():
        values = {"body": text, "vec": MODEL.vector(text), **({"other-one": OTHERS[key]} if key in OTHERS else {})}
        put_record(server, f"{index_name}:{key}", storage, values)
    return index_name


def opened(clients: Clients, name: str, **options: Any) -> RedisVectorStore:
    return RedisVectorStore.from_existing_index(name, MODEL, vector_field="vec", **clients, **options)


async def test_each_vector_is_searched_and_read(clients: Clients, made: str, call: Call) -> None:
    store = opened(clients, made)
    assert ids_of(await call(store, "similarity_search", "two", 1)) == ["2"]
    found = await call(store, "similarity_search_with_score_by_vector", OTHERS["2"], 9, vector="other_one")
    assert [(document.id, distance, document.metadata) for document, distance in found] == [("2", 0, {}), ("1", 1, {})]
    mmr = await call(store, "max_marginal_relevance_search_by_vector", OTHERS["2"], 2, vector="other_one")
    assert ids_of(mmr) == ["2", "1"]
    assert await call(store, "get_embeddings", ["1", "3"], vector="other_one") == [OTHERS["1"], None]
    with pytest.raises(ArgumentError, match=r"no vector 'other-one' \(did you mean 'other_one'\?\)"):
        await call(store, "similarity_search_by_vector", OTHERS["2"], vector="other-one")
    several: Any = {"weights": {"text": 1, "other_one": 1}}
    with pytest.raises(ArgumentError, match=r"searched by one vector at a time; copy_to"):
        await call(store, "similarity_search_by_vector", {"text": OTHERS["1"], "other_one": OTHERS["1"]}, **several)
    only = await call(store, "similarity_search_with_score", "two", 1, weights={"text": 2})
    assert [(document.id, score) for document, score in only] == [("2", pytest.approx(1, abs=1e-6))]


async def test_all_vectors_are_written_and_copied(clients: Clients, made: str, call: Call) -> None:
    store = opened(clients, made, writable=True)
    more: Any = {"vectors": {"other_one": [[0.0, 0.0, 1.0, 0.0], None]}}
    await call(store, "add_texts", ["new", "one again"], ids=["4", "1"], **more)
    expected = [OTHERS["1"], OTHERS["2"], None, [0.0, 0.0, 1.0, 0.0]]
    # As all else that is not written anew, the vector that a record has there stays.
    assert await call(store, "get_embeddings", ["1", "2", "3", "4"], vector="other_one") == expected
    target = store_on(clients, f"{made}-copy", MODEL)
    assert (await call(store, "copy_to", target)).copied == 4
    assert await call(target, "get_embeddings", ["1", "2", "3", "4"], vector="other_one") == expected
    queries = {"text": MODEL.vector("new"), "other_one": OTHERS["2"]}
    both: Any = {"weights": {"text": 0.1, "other_one": 0.9}}
    assert ids_of(await call(target, "similarity_search_by_vector", queries, 1, **both)) == ["2"]
