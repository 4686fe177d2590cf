"""Searching the LangChain store: distances, relevance, diversity, retrievers, and every type of number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, ids_of, retriever_on, store_on
from redisvl_adapters import AdapterError, ArgumentError, FilterError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

# What lies where, seen from the query; all of it exact in every type of number.
QUERY = [2.0, 0.0]
PLACES = {"here": [2.0, 0.0], "ahead": [4.0, 0.0], "aside": [0.0, 2.0], "slanted": [2.0, 2.0], "behind": [-8.0, 0.0]}
COSINES = {"here": 1.0, "ahead": 1.0, "aside": 0.0, "slanted": 0.5**0.5, "behind": -1.0}
SQUARES = {"here": 0.0, "ahead": 4.0, "aside": 8.0, "slanted": 4.0, "behind": 100.0}
PRODUCTS = {"here": 4.0, "ahead": 8.0, "aside": 0.0, "slanted": 4.0, "behind": -16.0}
DISTANCES = {
    "cosine": {name: 1 - cosine for name, cosine in COSINES.items()},
    "l2": SQUARES,
    "ip": {name: 1 - product for name, product in PRODUCTS.items()},
}
RELEVANCES = {
    "cosine": {name: (1 + cosine) / 2 for name, cosine in COSINES.items()},
    "l2": {name: 1 / (1 + square) for name, square in SQUARES.items()},
    "ip": {name: 1 / (1 + np.exp(-product)) for name, product in PRODUCTS.items()},
}
METRICS = sorted(DISTANCES)
SEARCH_TYPES: dict[str, dict[str, Any]] = {
    "similarity": {},
    "similarity_score_threshold": {"score_threshold": 0.0},
    "mmr": {},
}


async def placed(call: Call, clients: Clients, index_name: str, **options: Any) -> RedisVectorStore:
    """Return a store with a record at each place, and the place as its id and in its metadata."""
    store = store_on(clients, index_name, Model({**PLACES, "query": QUERY}), **options)
    await call(store, "add_texts", [*PLACES], [{"place": place} for place in PLACES], ids=[*PLACES])
    return store


@pytest.mark.parametrize("algorithm", ["flat", "hnsw"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
async def test_vectors_of_every_type_are_found(
    clients: Clients, index_name: str, storage: str, call: Call, dtype: str, algorithm: str
) -> None:
    """langchain-redis 11: with any dtype but float32 every search fails."""
    store = await placed(
        call, clients, index_name, storage=storage, dtype=dtype, algorithm=algorithm, distance_metric="l2"
    )
    found = await call(store, "similarity_search_with_score", "query", 5)
    assert {document.id: distance for document, distance in found} == pytest.approx(SQUARES)
    assert ids_of(await call(store, "similarity_search_by_vector", QUERY, 1)) == ["here"]
    assert ids_of(await call(store, "max_marginal_relevance_search", "query", 1)) == ["here"]
    assert await find(call, store, {"place": "behind"}, "query") == {"behind"}
    reopened = await call(RedisVectorStore, "from_existing_index", index_name, store.embeddings, **clients)
    assert len(await find(call, reopened, query="query")) == 5


@pytest.mark.parametrize("metric", METRICS)
async def test_the_score_is_the_distance_and_the_nearest_come_first(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str
) -> None:
    store = await placed(call, clients, index_name, storage=storage, distance_metric=metric)
    for search, query in (("similarity_search_with_score", "query"), ("similarity_search_with_score_by_vector", QUERY)):
        found = await call(store, search, query, 5)
        assert {document.id: distance for document, distance in found} == pytest.approx(DISTANCES[metric], abs=1e-6)
        distances = [distance for _, distance in found]
        assert distances == sorted(distances)
    nearest = [document.id for document, _ in found]
    assert ids_of(await call(store, "similarity_search", "query", 3)) == nearest[:3]
    assert ids_of(await call(store, "similarity_search_by_vector", QUERY, 3)) == nearest[:3]


@pytest.mark.parametrize("metric", METRICS)
async def test_relevance_lies_between_0_and_1_and_1_is_nearest(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str
) -> None:
    """langchain-redis 12: relevance scores are NotImplementedError."""
    await placed(call, clients, index_name, storage=storage, distance_metric=metric)
    # The metric of an index that exists counts, whatever this store was told.
    model = Model({**PLACES, "query": QUERY, "far": [-1e4, 1e4]})
    store = await call(RedisVectorStore, "from_existing_index", index_name, model, **clients)
    found = await call(store, "similarity_search_with_relevance_scores", "query", 5)
    assert {document.id: relevance for document, relevance in found} == pytest.approx(RELEVANCES[metric], abs=1e-6)
    for query in (*PLACES, "far"):
        scores = [relevance for _, relevance in await call(store, "similarity_search_with_relevance_scores", query, 5)]
        assert len(scores) == 5
        assert all(0 <= score <= 1 for score in scores), query
        assert scores == sorted(scores, reverse=True), query


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("threshold", [0, 0.2, 0.5, 0.9, 1, 1.0])
async def test_a_threshold_leaves_out_what_is_less_relevant(
    clients: Clients, index_name: str, call: Call, metric: str, threshold: float
) -> None:
    """langchain-redis 12: the ``similarity_score_threshold`` retriever is NotImplementedError."""
    store = await placed(call, clients, index_name, distance_metric=metric)
    # Distances are float32 on the server: leave out what lies on the edge.
    certain = {name for name, relevance in RELEVANCES[metric].items() if relevance >= threshold + 1e-6}
    possible = {name for name, relevance in RELEVANCES[metric].items() if relevance >= threshold - 1e-6}
    found = await call(store, "similarity_search_with_relevance_scores", "query", 5, score_threshold=threshold)
    assert all(relevance >= threshold for _, relevance in found)
    assert certain <= {document.id for document, _ in found} <= possible
    retriever = store.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"k": 5, "score_threshold": threshold}
    )
    assert await call(retriever, "invoke", "query") == [document for document, _ in found]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "0.5", True, float("nan"), None], ids=repr)
async def test_a_threshold_is_a_number_from_0_to_1(
    clients: Clients, index_name: str, call: Call, threshold: Any
) -> None:
    store = await placed(call, clients, index_name)
    with pytest.raises(ArgumentError, match="score_threshold"):
        store.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": threshold})
    if threshold is not None:
        with pytest.raises(ArgumentError, match="score_threshold"):
            await call(store, "similarity_search_with_relevance_scores", "query", score_threshold=threshold)


@pytest.mark.parametrize("lambda_mult", [0.0, 0.25, 0.5, 0.8, 1.0])
async def test_diversity_is_what_langchain_itself_would_choose(
    clients: Clients, index_name: str, storage: str, call: Call, lambda_mult: float
) -> None:
    """langchain-redis 20: MMR (which takes 197 ms on hash and 843 ms on JSON)."""
    vectors = {f"text {place}": np.random.default_rng(place).normal(size=16).tolist() for place in range(60)}
    query = np.random.default_rng(99).normal(size=16)
    # Like texts, so that diversity has something to choose from.
    vectors |= {f"{name}, too": (np.array(vector) + 0.01).tolist() for name, vector in vectors.items()}
    store = store_on(
        clients, index_name, Model({**vectors, "query": query.tolist()}), storage=storage, algorithm="flat"
    )
    await call(store, "add_texts", [*vectors], ids=[*vectors])

    def cosine(name: str) -> float:
        return float(query @ vectors[name] / np.linalg.norm(query) / np.linalg.norm(vectors[name]))

    nearest = sorted(vectors, key=cosine, reverse=True)[:40]
    chosen = maximal_marginal_relevance(query, [vectors[name] for name in nearest], lambda_mult, k=12)
    expected = [nearest[place] for place in chosen]
    for search, asked in (
        ("max_marginal_relevance_search", "query"),
        ("max_marginal_relevance_search_by_vector", query.tolist()),
    ):
        assert ids_of(await call(store, search, asked, k=12, fetch_k=40, lambda_mult=lambda_mult)) == expected
    retriever = store.as_retriever(
        search_type="mmr", search_kwargs={"k": 12, "fetch_k": 40, "lambda_mult": lambda_mult}
    )
    assert ids_of(await call(retriever, "invoke", "query")) == expected


async def test_diversity_chooses_among_what_there_is(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await placed(call, clients, index_name, storage=storage)
    assert set(ids_of(await call(store, "max_marginal_relevance_search", "query", k=9))) == {*PLACES}
    among = {"place": {"$in": ["aside", "behind"]}}
    assert ids_of(await call(store, "max_marginal_relevance_search", "query", k=4, filter=among)) == ["aside", "behind"]
    assert await call(store, "max_marginal_relevance_search", "query", filter={"place": "nowhere"}) == []


@pytest.mark.parametrize(
    "options",
    [
        {"lambda_mult": 1.1},
        {"lambda_mult": -0.1},
        {"lambda_mult": "1"},
        {"fetch_k": -1},
        {"fetch_k": 2.5},
        {"k": 4, "fetch_k": 3},
    ],
    ids=repr,
)
async def test_diversity_is_asked_for_within_its_range(
    clients: Clients, index_name: str, call: Call, options: Any
) -> None:
    store = await placed(call, clients, index_name)
    with pytest.raises(ArgumentError, match=next(reversed(options))):
        await call(store, "max_marginal_relevance_search", "query", **options)
    with pytest.raises(ArgumentError, match=next(reversed(options))):
        await call(store, "max_marginal_relevance_search_by_vector", QUERY, **options)


@pytest.mark.parametrize("search_type", SEARCH_TYPES)
async def test_a_retriever_of_each_type_searches_with_k_and_a_filter(
    clients: Clients, index_name: str, storage: str, call: Call, search_type: str
) -> None:
    """langchain-redis 12: the ``similarity_score_threshold`` retriever is NotImplementedError."""
    store = await placed(call, clients, index_name, storage=storage)
    needed = SEARCH_TYPES[search_type]
    plain = retriever_on(store, search_type=search_type, search_kwargs={**needed, "k": 2})
    assert set(ids_of(await call(plain, "invoke", "query"))) <= {*PLACES}
    assert len(await call(plain, "invoke", "query")) == 2
    among = {"place": {"$in": ["aside", "behind"]}}
    filtered = retriever_on(store, search_type=search_type, search_kwargs={**needed, "filter": among})
    assert await call(filtered, "invoke", "query") == [
        Document(page_content=place, id=place, metadata={"place": place}) for place in ("aside", "behind")
    ]
    assert ids_of(await call(plain, "invoke", "query", filter={"place": "aside"})) == ["aside"]
    wrong = retriever_on(store, search_type=search_type, search_kwargs={**needed, "filter": {"plaec": "aside"}})
    with pytest.raises(FilterError, match=r"'plaec'.*did you mean 'place'.*place \(tag\)"):
        await call(wrong, "invoke", "query")
    searched = await call(store, "search", "query", search_type, **needed, filter=among)
    assert ids_of(searched) == ["aside", "behind"]


async def test_a_retriever_adds_documents_to_its_store(clients: Clients, index_name: str, call: Call) -> None:
    store = await placed(call, clients, index_name)
    await call(store.as_retriever(), "add_documents", [Document(page_content="here", id="new")])
    assert "new" in await find(call, store, query="query")


async def test_a_search_type_that_does_not_exist_is_refused(clients: Clients, index_name: str, call: Call) -> None:
    store = await placed(call, clients, index_name)
    with pytest.raises((AdapterError, ValueError), match="search_type"):
        await call(store, "search", "query", "nonsense")


async def test_records_added_in_several_calls_are_all_found(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage)
    for number in range(30):
        await call(store, "add_texts", [f"text {number}"], [{"n": number}], ids=[str(number)])
        assert await find(call, store) == {str(other) for other in range(number + 1)}
