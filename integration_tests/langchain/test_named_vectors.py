"""Vectors beside that of the text, through LangChain: every search, retrievers, batches, tools, and all refusals."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import Sent
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, retriever_on, store_on
from redisvl_adapters import ArgumentError, UnknownArgumentError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

QUERY = "a fox"
BODIES = Model({QUERY: [1.0, 0.0], "fox": [1.0, 0.0], "hound": [0.8, 0.6], "snow": [0.6, 0.8], "ice": [0.0, 1.0]})
TITLES = Model({QUERY: [1.0, 0.0, 0.0], "ice": [0.0, 1.0, 0.0], "Dogs": [0.6, 0.8, 0.0], "Winter": [0.8, 0.0, 0.6]})
RECORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a": ("fox", {"title": "Dogs", "n": 1}),
    "b": ("hound", {"title": "Dogs", "n": 2}),
    "c": ("snow", {"title": "Winter", "n": 3}),
    "d": ("ice", {"n": 4}),
}
HALVES = {"text": 1, "title": 1}
# By the means of the cosines above; a record without a title has 0 there.
SCORES = {"a": (1 + 0.6) / 2, "b": (0.8 + 0.6) / 2, "c": (0.6 + 0.8) / 2, "d": 0.0}
RELEVANCES = {"a": (1 + 0.8) / 2, "b": (0.9 + 0.8) / 2, "c": (0.8 + 0.9) / 2, "d": 0.25}


async def filled(call: Call, clients: Clients, name: str, **options: Any) -> RedisVectorStore:
    vectors: Any = {"title": {"key": "title", "embedding": TITLES}, "image": {"dims": 2}}
    store = store_on(clients, name, BODIES, vectors=vectors, **options)
    documents = [Document(page_content=text, metadata=metadata, id=key) for key, (text, metadata) in RECORDS.items()]
    await call(store, "add_documents", documents, vectors={"image": [[1, 0], None, None, [0, 1]]})
    return store


def told(found: list[tuple[Document, float]]) -> dict[str | None, float]:
    return {document.id: score for document, score in found}


async def test_a_search_compares_the_vector_that_it_names(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    store = await filled(call, clients, index_name, storage=storage)
    await call(store, "count")
    BODIES.calls.clear()
    sent.clear()
    found = told(await call(store, "similarity_search_with_score", QUERY, vector="title"))
    assert found == pytest.approx({"c": 0.2, "a": 0.4, "b": 0.4}, abs=1e-6)
    assert [*found] == ["c", "a", "b"]
    assert sent.names()[0] == {"FT.SEARCH"}
    # By the model of the title, and by no other.
    assert BODIES.calls == []
    relevances = told(await call(store, "similarity_search_with_relevance_scores", QUERY, vector="title"))
    assert relevances == pytest.approx({"c": 0.9, "a": 0.8, "b": 0.8}, abs=1e-6)
    least: Any = {"score_threshold": 0.85, "vector": "title"}
    assert [*told(await call(store, "similarity_search_with_relevance_scores", QUERY, **least))] == ["c"]
    by_vector = await call(store, "similarity_search_with_score_by_vector", [0.0, 1.0], vector="image")
    assert told(by_vector) == pytest.approx({"d": 0.0, "a": 1.0}, abs=1e-6)
    assert ids_of(await call(store, "max_marginal_relevance_search", QUERY, 2, vector="title")) == ["c", "a"]
    aged: Any = {"recency": {"key": "n", "half_life": 1, "now": 4}, "vector": "title"}
    found = told(await call(store, "similarity_search_with_score", QUERY, **aged))
    assert found == pytest.approx({"c": 0.45, "b": 0.2, "a": 0.1}, abs=1e-6)
    assert [*told(await call(store, "hybrid_search_with_score", QUERY, 1, vector="title", alpha=1.0))] == ["c"]
    for name in ("text", "embedding", None):
        assert ids_of(await call(store, "similarity_search", QUERY, 1, vector=name)) == ["a"]


async def test_a_search_compares_several_by_their_weights(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage=storage)
    given: Any = {"weights": HALVES}
    assert told(await call(store, "similarity_search_with_score", QUERY, **given)) == pytest.approx(SCORES, abs=1e-6)
    found = told(await call(store, "similarity_search_with_score", QUERY, weights={"text": 1, "title": 0}))
    assert found == pytest.approx({"a": 1.0, "b": 0.8, "c": 0.6, "d": 0.0}, abs=1e-6)
    assert ids_of(await call(store, "similarity_search", QUERY, 1, filter={"n": {"$gt": 2}}, **given)) == ["c"]
    assert ids_of(await call(store, "similarity_search", QUERY, 1, fetch_k=1, **given)) == ["a"]
    relevances = await call(store, "similarity_search_with_relevance_scores", QUERY, **given)
    assert told(relevances) == pytest.approx(RELEVANCES, abs=1e-6)
    least = await call(store, "similarity_search_with_relevance_scores", QUERY, score_threshold=0.88, **given)
    assert [*told(least)] == ["a"]
    vectors = {"text": [1.0, 0.0], "image": [0.0, 1.0]}
    found = told(
        await call(store, "similarity_search_with_score_by_vector", vectors, 2, weights={"text": 1, "image": 3})
    )
    assert found == pytest.approx({"d": 0.75, "a": 0.25}, abs=1e-6)

    def reversed_order(query: str, texts: list[str]) -> list[float]:
        return [float(place) for place in range(len(texts))]

    assert ids_of(await call(store, "similarity_search", QUERY, 1, rerank=reversed_order, **given)) == ["d"]
    aged: Any = {"recency": {"key": "n", "half_life": 1, "now": 4}, **given}
    halved = {key: RELEVANCES[key] * 0.5 ** (4 - metadata["n"]) for key, (_, metadata) in RECORDS.items()}
    assert told(await call(store, "similarity_search_with_score", QUERY, **aged)) == pytest.approx(halved, abs=1e-6)
    assert ids_of(await call(store, "hybrid_search", "ice", 1, alpha=0.01, **given)) == ["d"]


async def test_retrievers_batches_and_tools_have_both(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage=storage)
    BODIES.calls.clear()
    TITLES.calls.clear()
    for kwargs, best in (({"vector": "title"}, "c"), ({"weights": HALVES}, "a")):
        for search_type, more in (("similarity", {}), ("hybrid", {"alpha": 1.0})):
            given = {"k": 1, **kwargs, **more}
            retriever = retriever_on(store, search_type=search_type, search_kwargs=given)
            assert ids_of(await call(retriever, "invoke", QUERY)) == [best]
            assert [ids_of(each) for each in await call(retriever, "batch", [QUERY, QUERY])] == [[best]] * 2
    assert not [texts for method, texts in BODIES.calls if "documents" in method and len(texts) != 2]
    (batch,) = await call(store, "similarity_search_batch", [QUERY], 1, weights=HALVES)
    assert ids_of(batch) == ["a"]
    tool = await call(store, "as_tool", search_kwargs={"weights": HALVES}, k=1)
    assert "Dogs" in await call(tool, "invoke", {"query": QUERY})


async def test_one_model_for_several_vectors_is_asked_once(clients: Clients, index_name: str, call: Call) -> None:
    # A vector of a key has the model of the store, unless it is given another one.
    model = Model(dims=4)
    store = store_on(clients, index_name, model, vectors={"title": {"key": "title"}})
    await call(store, "add_texts", ["text", "other"], [{"title": "one"}, {"title": "two"}], ids=["a", "b"])
    model.calls.clear()
    assert ids_of(await call(store, "similarity_search", "one", 1, weights={"text": 0.01, "title": 1})) == ["a"]
    assert [texts for _, texts in model.calls] == [["one"]]


def test_a_pickled_store_has_its_vectors(redis_url: str, index_name: str) -> None:
    vectors: Any = {"title": {"key": "title"}}
    with RedisVectorStore(Model(dims=4), index_name=index_name, redis_url=redis_url, vectors=vectors) as store:
        store.add_texts(["text"], [{"title": "one"}], ids=["a"])
        with pickle.loads(pickle.dumps(store)) as other:  # noqa: S301  # its own
            assert ids_of(other.similarity_search("one", 1, vector="title")) == ["a"]
            assert np.allclose(other.get_embeddings(["a"], vector="title"), [Model(dims=4).vector("one")], rtol=1e-6)


async def test_what_cannot_be_is_refused_before_anything_is_embedded(
    clients: Clients, index_name: str, call: Call
) -> None:
    store = await filled(call, clients, index_name)
    BODIES.calls.clear()
    TITLES.calls.clear()
    refused: list[tuple[str, dict[str, Any], type[ArgumentError], str]] = [
        ("similarity_search", {"vector": "titel"}, ArgumentError, r"'titel' has no embedding model.*mean 'title'"),
        ("similarity_search", {"vector": "image"}, ArgumentError, r"'image' has no embedding model in this store"),
        ("similarity_search", {"weights": {"text": 1, "image": 1}}, ArgumentError, "'image' has no embedding model"),
        ("similarity_search", {"weights": {"text": -1}}, ArgumentError, "finite numbers from 0 on"),
        ("similarity_search", {"weights": {"text": 0}}, ArgumentError, "at least one is above 0"),
        ("similarity_search", {"weights": HALVES, "vector": "text"}, ArgumentError, "give one of them"),
        ("similarity_search", {"weights": HALVES, "distance_threshold": 0.5}, ArgumentError, "by one vector"),
        ("similarity_search", {"weights": HALVES, "k": 4, "fetch_k": 3}, ArgumentError, "fetch_k is at least k"),
        ("similarity_search", {"vector": "title", "fetch_k": 9}, UnknownArgumentError, "'fetch_k' without rerank"),
        ("max_marginal_relevance_search", {"weights": HALVES}, ArgumentError, "mmr compares vectors of one kind"),
        ("text_search", {"vector": "title"}, UnknownArgumentError, "no argument 'vector'"),
        ("hybrid_search", {"weights": {"text": "x"}}, ArgumentError, "finite numbers from 0 on"),
    ]
    for method, options, error, said in refused:
        with pytest.raises(error, match=said):
            await call(store, method, QUERY, **options)
    with pytest.raises(ArgumentError, match="finite numbers"):
        retriever_on(store, search_kwargs={"weights": {"text": None}})
    assert BODIES.calls == TITLES.calls == []
    with pytest.raises(ArgumentError, match="takes the query vector of each"):
        await call(store, "similarity_search_by_vector", [1.0, 0.0], weights=HALVES)
    with pytest.raises(ArgumentError, match="no vector 'titel'"):
        await call(store, "similarity_search_by_vector", [1.0, 0.0], vector="titel")
    with pytest.raises(ArgumentError, match="no vector 'titel'"):
        await call(store, "get_embeddings", ["a"], vector="titel")
