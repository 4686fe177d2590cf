"""LangChain retrievers of all five types: what they find, and what is refused when they are made."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, retriever_on, store_on
from redisvl_adapters import ArgumentError, FilterError, UnknownArgumentError
from redisvl_adapters.core import Compare, Operator

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

# The method that each type stands for, and options that it takes.
TYPES: dict[str, tuple[str, dict[str, Any]]] = {
    "similarity": ("similarity_search", {"ef_runtime": 300, "distance_threshold": 1.2}),
    "similarity_score_threshold": ("similarity_search_with_relevance_scores", {"score_threshold": 0.45}),
    "mmr": ("max_marginal_relevance_search", {"fetch_k": 15, "lambda_mult": 0.25, "keywords": "red river"}),
    "text": ("text_search", {"match": "all", "scorer": "TFIDF", "text_fields": ["text", "title"]}),
    "hybrid": ("hybrid_search", {"alpha": 0.3, "fusion": "linear", "fetch_k": 20, "keywords": "red"}),
}


async def expected(there: Shelf, search_type: str, query: str, **options: Any) -> list[str | None]:
    """Return what the method of a type finds."""
    found = await there.lc(TYPES[search_type][0], query, **options)
    return ids_of([each[0] if isinstance(each, tuple) else each for each in found])


@pytest.mark.parametrize("filter", [None, {"n": {"$lt": 30}}, Compare("kind", Operator.NE, "a")], ids=repr)
@pytest.mark.parametrize("search_type", TYPES)
async def test_a_retriever_finds_what_the_method_of_its_type_finds(
    clients: Clients, index_name: str, storage: str, call: Call, search_type: str, filter: Any
) -> None:
    """langchain-redis 12: the ``similarity_score_threshold`` retriever is NotImplementedError; 25: no hybrid search."""
    there = await shelf(call, clients, index_name, storage=storage)
    for k in ({}, {"k": 7}):
        options = {**TYPES[search_type][1], **k, **({} if filter is None else {"filter": filter})}
        retriever = retriever_on(there.langchain, search_type=search_type, search_kwargs=options)
        found = ids_of(await call(retriever, "invoke", "red river"))
        assert found == await expected(there, search_type, "red river", **options)
        assert 0 < len(found) <= k.get("k", 4)
        assert ids_of(await there.lc("search", "red river", search_type, **options)) == found
    # Keywords of the call go before those of the retriever.
    kind = {"kind": "b"}
    found = ids_of(await call(retriever, "invoke", "red river", filter=kind, k=3))
    assert found == await expected(there, search_type, "red river", **{**options, "filter": kind, "k": 3})


@pytest.mark.parametrize("search_type", TYPES)
async def test_nothing_that_was_said_is_swallowed(
    clients: Clients, index_name: str, call: Call, search_type: str
) -> None:
    """langchain-redis 22: unknown keyword arguments are swallowed."""
    there = await shelf(call, clients, index_name)
    needed = {"score_threshold": 0.5} if search_type == "similarity_score_threshold" else {}
    retriever = retriever_on(there.langchain, search_type=search_type, search_kwargs=needed)
    for unknown in ("nonsense", "filters", "top_k"):
        with pytest.raises(UnknownArgumentError, match=unknown):
            retriever_on(there.langchain, search_type=search_type, search_kwargs={**needed, unknown: 1})
        with pytest.raises(UnknownArgumentError, match=unknown):
            await call(retriever, "invoke", QUERY, **{unknown: 1})
        with pytest.raises(UnknownArgumentError, match=unknown):
            await call(retriever, "batch", [QUERY], **{unknown: 1})
    with pytest.raises(FilterError, match="'nothing' is not in index"):
        await call(retriever, "invoke", QUERY, filter={"nothing": 1})


IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("similarity", {"k": -1}, "k is an integer from 0"),
    ("similarity", {"k": 2.5}, "k is an integer from 0"),
    ("similarity", {"k": "4"}, "k is an integer from 0"),
    ("similarity", {"ef_runtime": 0}, "ef_runtime is an integer from 1"),
    ("similarity", {"batch_size": -1}, "batch_size is an integer from 1"),
    ("similarity", {"search_window_size": 0}, "search_window_size is an integer from 1"),
    ("similarity", {"hybrid_policy": "best"}, "hybrid_policy is one of batches, adhoc_bf"),
    ("similarity", {"hybrid_policy": "adhoc_bf", "batch_size": 2}, "batch_size has no meaning"),
    ("similarity", {"hybrid_policy": "adhoc_bf", "ef_runtime": 20}, "ef_runtime has no meaning"),
    ("similarity", {"epsilon": 0.1}, "epsilon is for searches with a distance_threshold"),
    ("similarity", {"distance_threshold": 1, "epsilon": 0}, "epsilon is a positive number"),
    ("similarity", {"distance_threshold": 1, "epsilon": 0.1, "ef_runtime": 20}, "ef_runtime and epsilon exclude"),
    ("similarity", {"distance_threshold": "1"}, "distance_threshold is a number"),
    ("similarity", {"keywords_match": "all"}, "keywords_match is for searches with keywords"),
    ("similarity", {"keywords": "fox", "keywords_match": "most"}, "match is one of any, all, phrase"),
    ("similarity", {"keywords": 7}, "keywords is a text"),
    ("similarity", {"score_threshold": 0.5}, "no argument 'score_threshold'"),
    ("similarity", {"fetch_k": 10}, "no argument 'fetch_k'"),
    ("similarity_score_threshold", {}, "needs search_kwargs={'score_threshold': ...}"),
    ("similarity_score_threshold", {"score_threshold": 1.5}, "score_threshold is a number from 0 to 1"),
    ("similarity_score_threshold", {"score_threshold": True}, "score_threshold is a number from 0 to 1"),
    ("similarity_score_threshold", {"score_threshold": 0.5, "distance_threshold": 1}, "two names for one thing"),
    ("similarity_score_threshold", {"score_threshold": 0.5, "alpha": 1}, "no argument 'alpha'"),
    ("mmr", {"k": 5, "fetch_k": 4}, "fetch_k is at least k; not 4 with k=5"),
    ("mmr", {"fetch_k": 3}, "fetch_k is at least k; not 3 with k=4"),
    ("mmr", {"fetch_k": 2.5}, "fetch_k is an integer from 0"),
    ("mmr", {"lambda_mult": 1.1}, "lambda_mult is a number from 0 to 1"),
    ("mmr", {"lambda_mult": None}, "lambda_mult is a number from 0 to 1"),
    ("mmr", {"scorer": "BM25"}, "no argument 'scorer'"),
    ("text", {"scorer": "BM26"}, "scorer is one of"),
    ("text", {"match": "some"}, "match is one of any, all, phrase"),
    ("text", {"k": None}, "k is an integer from 0"),
    ("text", {"text_fields": "title"}, "text_fields is a list of text fields"),
    ("text", {"text_fields": []}, "text_fields is a list of text fields"),
    ("text", {"ef_runtime": 20}, "no argument 'ef_runtime'"),
    ("text", {"keywords": "fox"}, "no argument 'keywords'"),
    ("text", {"score_threshold": 0.5}, "no argument 'score_threshold'"),
    ("hybrid", {"alpha": -0.01}, "alpha is a number from 0 to 1"),
    ("hybrid", {"alpha": "1"}, "alpha is a number from 0 to 1"),
    ("hybrid", {"fusion": "sum"}, "fusion is one of"),
    ("hybrid", {"rrf_constant": -1}, "rrf_constant is a number of at least 0"),
    ("hybrid", {"fetch_k": 3}, "fetch_k is at least k; not 3 with k=4"),
    ("hybrid", {"match": "some"}, "match is one of any, all, phrase"),
    ("hybrid", {"lambda_mult": 0.5}, "no argument 'lambda_mult'"),
]


@pytest.mark.parametrize(("search_type", "search_kwargs", "named"), IMPOSSIBLE, ids=repr)
def test_what_can_never_work_is_refused_when_the_retriever_is_made(
    clients: Clients, index_name: str, sent: Sent, search_type: str, search_kwargs: dict[str, Any], named: str
) -> None:
    store = store_on(clients, index_name, Model())
    sent.refusing = True
    with pytest.raises(ArgumentError, match=named):
        retriever_on(store, search_type=search_type, search_kwargs=search_kwargs)


@pytest.mark.parametrize("search_type", ["nonsense", "Hybrid", "", None, "similarity_search"])
def test_a_search_type_that_does_not_exist_is_refused(clients: Clients, index_name: str, search_type: Any) -> None:
    with pytest.raises(ArgumentError, match="search_type is one of similarity, similarity_score_threshold, mmr, text"):
        store_on(clients, index_name, Model()).as_retriever(search_type=search_type)


def test_making_a_retriever_changes_nothing_that_was_handed_in(clients: Clients, index_name: str) -> None:
    store = store_on(clients, index_name, Model())
    search_kwargs: Any = {"score_threshold": 1, "filter": {"n": 1}}
    tags = ["mine"]
    retriever = store.as_retriever(
        search_type="similarity_score_threshold", search_kwargs=search_kwargs, tags=tags, metadata={"a": 1}, name="me"
    )
    assert (search_kwargs, tags) == ({"score_threshold": 1, "filter": {"n": 1}}, ["mine"])
    assert type(search_kwargs["score_threshold"]) is int
    assert retriever.search_kwargs == search_kwargs
    assert retriever.tags is not None
    assert retriever.tags[0] == "mine"
    assert (retriever.metadata, retriever.name) == ({"a": 1}, "me")
    assert store.as_retriever().tags == ["RedisVectorStore", "Model"]


@pytest.mark.parametrize("search_type", TYPES)
async def test_a_retriever_adds_documents_to_its_store(
    clients: Clients, index_name: str, call: Call, search_type: str
) -> None:
    there = await shelf(call, clients, index_name)
    retriever = retriever_on(there.langchain, search_type=search_type, search_kwargs=TYPES[search_type][1])
    documents = await there.lc("get_by_ids", ["r1"])
    documents[0].id = "again"
    assert await call(retriever, "add_documents", documents) == ["again"]
    assert await there.lc("count") == len(there.items) + 1
