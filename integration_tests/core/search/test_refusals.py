"""Bad input of every kind of search: a clear error that names the argument and its range, before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from redisvl_adapters import ArgumentError, FilterError
from redisvl_adapters.core import operations
from redisvl_adapters.core.search.fusion import Fusion

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

NAN, INF = float("nan"), float("inf")
VECTOR = [1.0] * 8

# The search, what it is told, and what the error says; none of it needs to know the index.
BAD: list[tuple[str, dict[str, Any], str]] = [
    *[
        (search, {"k": k}, "k is an integer from 0 to 1000000; not ")
        for search in ("similarity_search", "text_search", "hybrid_search", "max_marginal_relevance_search")
        for k in (-1, 2.5, "4", True, None, 1_000_001)
    ],
    *[
        (search, {"query": query}, "query is a text; not ")
        for search in ("similarity_search", "text_search", "hybrid_search", "max_marginal_relevance_search")
        for query in (None, 7, b"fox", ["fox"])
    ],
    *[("hybrid_search", {"alpha": alpha}, "alpha is a number from 0 to 1; not ") for alpha in (-1e-9, 1.01, NAN, "1")],
    *[
        ("max_marginal_relevance_search", {"lambda_mult": value}, "lambda_mult is a number from 0 to 1; not ")
        for value in (-1e-9, 1.01, NAN, None)
    ],
    ("max_marginal_relevance_search", {"k": 9, "fetch_k": 8}, "fetch_k is at least k; not 8 with k=9"),
    ("hybrid_search", {"k": 9, "fetch_k": 8}, "fetch_k is at least k; not 8 with k=9"),
    ("hybrid_search", {"fusion": "dbsf"}, "fusion is one of linear, rrf; not 'dbsf'"),
    ("hybrid_search", {"scorer": "BM42"}, "scorer is one of .*BM25STD.*; not 'BM42'"),
    ("text_search", {"scorer": "BM42"}, "scorer is one of .*BM25STD.*; not 'BM42'"),
    ("text_search", {"match": "none"}, "match is one of any, all, phrase; not 'none'"),
    ("text_search", {"text_fields": "title"}, "text_fields is a list of text fields"),
    ("similarity_search", {"ef_runtime": 0}, "ef_runtime is an integer from 1 to 1000000; not 0"),
    ("similarity_search", {"ef_runtime": 1_000_001}, "ef_runtime is an integer from 1 to 1000000"),
    ("similarity_search", {"distance_threshold": NAN}, "distance_threshold is a number; not nan"),
    ("similarity_search", {"epsilon": 0.1}, "epsilon is for searches with a distance_threshold"),
    ("similarity_search", {"hybrid_policy": "fast"}, "hybrid_policy is one of batches, adhoc_bf; not 'fast'"),
    ("similarity_search", {"keywords_match": "all"}, "keywords_match is for searches with keywords"),
    ("similarity_search_with_relevance_scores", {"score_threshold": 1.1}, "score_threshold is a number from 0 to 1"),
    (
        "similarity_search_with_relevance_scores",
        {"score_threshold": 0.5, "distance_threshold": 1},
        "score_threshold and distance_threshold are two names for one thing",
    ),
]


@pytest.mark.parametrize(("search", "options", "named"), BAD, ids=lambda value: repr(value)[:40])
async def test_what_no_index_could_honour_is_refused_before_anything_is_embedded_or_sent(
    clients: Clients, index_name: str, call: Call, sent: Sent, search: str, options: dict[str, Any], named: str
) -> None:
    model = Model()
    store = store_on(clients, index_name, model)
    sent.refusing = True
    with pytest.raises(ArgumentError, match=named):
        await call(store, search, **{"query": QUERY, **options})
    assert not model.calls


@pytest.mark.parametrize(
    ("vector", "named"),
    [
        ([1.0] * 7, "7 dimensions, the index has 8"),
        ([1.0] * 9, "9 dimensions, the index has 8"),
        ([1.0] * 7 + [NAN], "NaN or infinity"),
        ([1.0] * 7 + [INF], "NaN or infinity"),
        ([0.0] * 8, "zero vector"),
        ([1e39] * 8, "beyond float32"),
        (["a"] * 8, "not made of numbers"),
        ([VECTOR], "shape|list"),
        ([], "shape|list"),
        (None, "no vector|no query_embedding|needs a query vector|query"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_a_query_vector_that_is_none_is_refused_before_a_round_trip(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, vector: Any, named: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    there.model.told["wrong"] = vector
    sent.refusing = True
    for search in ("similarity_search", "max_marginal_relevance_search", "hybrid_search"):
        if vector is not None or search != "hybrid_search":
            with pytest.raises(ArgumentError, match=f"the query.*({named})|{named}"):
                await there.lc(search, "wrong")
    with pytest.raises(ArgumentError, match=named):
        await there.lc("similarity_search_batch", [QUERY, "wrong"])
    for mode in ("default", "mmr", "hybrid"):
        with pytest.raises(ArgumentError, match=named):
            await there.li(query_embedding=vector, query_str="fox", mode=mode)
    with pytest.raises(ArgumentError, match=named):
        await there.run(operations.search_hybrid, vector, "fox", 3, fusion=Fusion(alpha=0.1))


async def test_what_only_the_index_knows_is_refused_before_a_round_trip(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, storage=storage, algorithm="flat")
    sent.refusing = True
    for search in ("text_search", "hybrid_search"):
        with pytest.raises(ArgumentError, match="text_fields: 'kind' is no text field of index"):
            await there.lc(search, QUERY, text_fields=["kind"])
    with pytest.raises(ArgumentError, match="ef_runtime is for hnsw indexes"):
        await there.lc("hybrid_search", QUERY, ef_runtime=10)
    with pytest.raises(ArgumentError, match="ids is a list of ids"):
        await there.run(operations.search_text, "fox", 3, ids="r1")
    with pytest.raises(ArgumentError, match="an id is a non-empty string"):
        await there.run(operations.search_hybrid, VECTOR, "fox", 3, ids=[""])
    # Somebody else may have taught the field another type: that alone is asked.
    sent.refusing = False
    sent.clear()
    with pytest.raises(FilterError, match=r"'n' in index .* cannot be asked LIKE"):
        await there.lc("text_search", QUERY, filter={"n": {"$like": "1%"}})
    assert sent.names() == [{"HGETALL", "FT.INFO"}]


@pytest.mark.parametrize("name", ["similarity_search", "text_search", "hybrid_search", "max_marginal_relevance_search"])
async def test_a_keyword_that_is_nearly_right_is_recognised(
    clients: Clients, index_name: str, call: Call, sent: Sent, name: str
) -> None:
    store = store_on(clients, index_name)
    sent.refusing = True
    with pytest.raises(ArgumentError, match=r"has no argument 'filters' .did you mean 'filter'"):
        await call(store, name, QUERY, filters={"n": 1})
