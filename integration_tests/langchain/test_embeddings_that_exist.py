"""Texts that come with their embeddings: nothing is embedded, and what is wrong with one is told by its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from redisvl_adapters import ArgumentError, RecordError, UnknownArgumentError
from redisvl_adapters.langchain import RedisVectorStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

TEXTS = ["one", "two", "three"]
VECTORS = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
METADATAS: list[dict[str, Any] | None] = [{"n": 1}, None, {"n": 3}]


@pytest.mark.parametrize("vectors", [VECTORS, np.array(VECTORS, np.float32), [*map(np.array, VECTORS)], iter])
async def test_texts_are_added_with_their_embeddings(
    call: Call, clients: Clients, index_name: str, storage: str, vectors: Any
) -> None:
    model = Model()
    async with store_on(clients, index_name, model, storage=storage) as store:
        given = iter(VECTORS) if vectors is iter else vectors
        texts = iter(TEXTS) if vectors is iter else TEXTS
        ids = await call(store, "add_embeddings", texts, given, METADATAS, ["a", None, "c"], batch_size=2, ttl=100)
        assert (ids[0], ids[2]) == ("a", "c")
        assert await call(store, "get_embeddings", ids) == VECTORS
        found = await call(store, "similarity_search_by_vector", [-1.0, 0.1], 1, filter={"n": {"$gt": 1}})
        assert found == [Document("three", id="c", metadata={"n": 3})]
        assert None not in await call(store, "ttl", ids)
        assert model.calls == []


async def test_documents_are_added_with_their_embeddings(
    call: Call, clients: Clients, index_name: str, storage: str
) -> None:
    documents = [Document("one", id="a", metadata={"n": 1}), Document("two", id="b")]
    model = Model(dims=2)
    async with store_on(clients, index_name, model, storage=storage) as store:
        assert await call(store, "add_documents", documents, embeddings=VECTORS[:2]) == ["a", "b"]
        assert await call(store, "get_embeddings", ["a", "b"]) == VECTORS[:2]
        again = [*documents, Document("three", id="c")]
        await call(store, "add_documents", again, embeddings=reversed(VECTORS), skip_existing=True)
        assert await call(store, "get_embeddings", ["a", "b", "c"]) == [*VECTORS[:2], VECTORS[0]]
        assert model.calls == []


async def test_a_store_is_made_of_pairs(call: Call, clients: Clients, index_name: str, storage: str) -> None:
    made = RedisVectorStore.from_embeddings if call.__name__ == "sync" else RedisVectorStore.afrom_embeddings
    pairs = zip(TEXTS, VECTORS, strict=True)
    options: Any = {"index_name": index_name, "storage": storage, **clients}
    outcome: Any = made(pairs, Model(), METADATAS, ids=["a", "b", "c"], **options)
    store = outcome if call.__name__ == "sync" else await outcome
    assert ids_of(await call(store, "similarity_search_by_vector", VECTORS[0], 3)) == ["a", "b", "c"]


def stream(*vectors: Any) -> Iterator[Any]:
    yield from vectors


@pytest.mark.parametrize(
    ("texts", "vectors", "error", "message"),
    [
        (TEXTS, VECTORS[:2], ArgumentError, "3 texts came with 2 embeddings"),
        (iter(TEXTS), VECTORS[:2], ArgumentError, "not as many embeddings as texts"),
        (TEXTS, 5, ArgumentError, "embeddings is a list"),
        (TEXTS, [VECTORS[0], None, VECTORS[2]], RecordError, "record 1 .* has no embedding"),
        (TEXTS, [VECTORS[0], [1.0], VECTORS[2]], RecordError, "record 1 .* has a vector of 1 dimensions"),
        (TEXTS, [*VECTORS[:2], ["x", 1]], RecordError, "record 2 .* not made of numbers"),
        (TEXTS, [*VECTORS[:2], [float("nan"), 1.0]], RecordError, "record 2 .* NaN"),
        (TEXTS, [*VECTORS[:2], [0.0, 0.0]], RecordError, "record 2 .* zero vector"),
    ],
)
async def test_what_is_wrong_is_told_before_anything_is_written(
    call: Call, clients: Clients, index_name: str, texts: Any, vectors: Any, error: type[Exception], message: str
) -> None:
    texts = list(texts) if call.__name__ == "async" and not isinstance(texts, list) else texts
    async with store_on(clients, index_name) as store:
        with pytest.raises(error, match=message):
            await call(store, "add_embeddings", list(texts) if error is RecordError else texts, vectors)
        assert await call(store, "count") == 0


@pytest.mark.parametrize("pairs", [["ab"], [("a",)], "ab", 5, [("a", [1.0], 2)]])
def test_what_are_no_pairs_is_refused(pairs: Any) -> None:
    with pytest.raises(ArgumentError, match="pair"):
        RedisVectorStore.from_embeddings(pairs, Model(), index_name="docs", redis_url="redis://localhost:1")


def test_unknown_keywords_are_refused() -> None:
    store = RedisVectorStore(Model(), index_name="docs", redis_url="redis://localhost:1")
    options: Any = {"batchsize": 1}
    with pytest.raises(UnknownArgumentError, match=r"add_embeddings has no argument 'batchsize'.*batch_size"):
        store.add_embeddings(TEXTS, VECTORS, **options)
