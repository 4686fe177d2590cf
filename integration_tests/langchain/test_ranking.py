"""Searches whose candidates are ranked anew, through LangChain: by a reranker, by their age, or by both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor, Document

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, distances_of, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, retriever_on, store_on
from redisvl_adapters import ArgumentError, RerankError, UnknownArgumentError, UnknownFieldError
from redisvl_adapters.core.search.mmr_search import choose_among
from redisvl_adapters.core.search.scores import between_0_and_1, relevance

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

RECENCY = {"key": "n", "half_life": 10, "now": 39}
"""By which the number of a record is its time, and the last one is new."""
FILTER = {"kind": {"$ne": "a"}}
TYPES: dict[str, str] = {
    "similarity": "similarity_search_with_score",
    "similarity_score_threshold": "similarity_search_with_relevance_scores",
    "text": "text_search_with_score",
    "hybrid": "hybrid_search_with_score",
}
EACH_NEEDS: dict[str, dict[str, Any]] = {"similarity_score_threshold": {"score_threshold": 0.1}}


def by_length(query: str, texts: list[str]) -> list[float]:
    """Prefer short texts."""
    assert query == QUERY
    return [1 / len(text) for text in texts]


async def by_length_async(query: str, texts: list[str]) -> list[float]:
    """Prefer short texts."""
    return by_length(query, texts)


class ByLength(BaseDocumentCompressor):
    """Prefers short texts, and returns copies without ids, as the rerankers of LangChain's partners do."""

    top_n: int = 1000

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> list[Document]:  # noqa: ARG002
        assert query == QUERY
        scored = [
            Document(each.page_content, metadata={**each.metadata, "relevance_score": 1 / len(each.page_content)})
            for each in documents
        ]
        return sorted(scored, key=lambda document: -document.metadata["relevance_score"])[: self.top_n]


class Awaited(ByLength):
    """Does the same, and only where it is awaited."""

    def compress_documents(self, *_: Any) -> list[Document]:
        raise AssertionError("it should have been awaited")

    async def acompress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Any:
        return ByLength().compress_documents(documents, query, callbacks)


async def candidates(there: Shelf, search_type: str, k: int, **options: Any) -> dict[str, float]:
    """Return the scores of what a search finds by id, best first: relevance where it is by vector."""
    needed = {"fetch_k": k} if search_type == "hybrid" else EACH_NEEDS.get(search_type, {})
    found = await there.lc(TYPES[search_type], QUERY, k, **needed, **options)
    told = distances_of(found)
    return {each: relevance(far, "cosine") for each, far in told.items()} if search_type == "similarity" else told


def aged(there: Shelf, scores: dict[str, float]) -> dict[str, float]:
    """Return scores after their decay, best first."""
    found = {each: score * 0.5 ** ((39 - there.items[each].metadata["n"]) / 10) for each, score in scores.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def lengths(there: Shelf, ids: Any) -> dict[str, float]:
    """Return what rerankers give records, best first."""
    return dict(sorted({each: 1 / len(there.items[each].text) for each in ids}.items(), key=lambda pair: -pair[1]))


def first(k: int, scores: dict[str, float]) -> dict[str, float]:
    return dict([*scores.items()][:k])


@pytest.mark.parametrize("filter", [None, FILTER], ids=repr)
@pytest.mark.parametrize("search_type", TYPES)
async def test_the_best_of_fetch_k_candidates_come_with_the_scores_of_the_reranker(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, search_type: str, filter: Any
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    among = await candidates(there, search_type, 12, filter=filter)
    assert len(among) == 12
    expected = first(5, lengths(there, among))
    options = {"k": 5, "filter": filter, "fetch_k": 12, **EACH_NEEDS.get(search_type, {})}
    for rerank in (by_length, ByLength()):
        sent.clear()
        found = await there.lc(TYPES[search_type], QUERY, rerank=rerank, **options)
        assert len(sent) == 1
        assert distances_of(found) == expected
        assert [*distances_of(found)] == [*expected]
        assert [document.metadata for document, _ in found] == [there.items[each].metadata for each in expected]
        found = await there.lc("search", QUERY, search_type, rerank=rerank, **options)
        assert ids_of(found) == [*expected]
    # Of 100 candidates by default, which here are all that there are.
    every = await candidates(there, search_type, 100, filter=filter)
    found = await there.lc(
        TYPES[search_type], QUERY, k=5, filter=filter, rerank=by_length, **EACH_NEEDS.get(search_type, {})
    )
    assert distances_of(found) == first(5, lengths(there, every))


@pytest.mark.parametrize("search_type", TYPES)
async def test_scores_decay_with_age(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, search_type: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    among = await candidates(there, search_type, 12, filter=FILTER)
    options = {"k": 5, "filter": FILTER, "fetch_k": 12, "recency": RECENCY, **EACH_NEEDS.get(search_type, {})}
    sent.clear()
    found = distances_of(await there.lc(TYPES[search_type], QUERY, **options))
    assert len(sent) == 1
    assert found == pytest.approx(first(5, aged(there, among)))
    assert [*found.values()] == sorted(found.values(), reverse=True)
    # What the reranker says decays too.
    both = distances_of(await there.lc(TYPES[search_type], QUERY, rerank=ByLength(), **options))
    assert both == pytest.approx(first(5, aged(there, lengths(there, among))))


@pytest.mark.parametrize("metric", ["l2", "ip"])
async def test_the_relevance_of_every_metric_decays_from_1_to_0(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage, distance_metric=metric)
    told = distances_of(await there.lc("similarity_search_with_relevance_scores", QUERY, 40))
    found = distances_of(await there.lc("similarity_search_with_score", QUERY, 40, recency=RECENCY))
    assert found == pytest.approx(aged(there, told))
    assert all(0 <= score <= 1 for score in found.values())
    vector = there.model.vector(QUERY)
    assert distances_of(await there.lc("similarity_search_with_score_by_vector", vector, 40, recency=RECENCY)) == found


async def test_mmr_chooses_among_the_new_scores(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    near = await candidates(there, "similarity", 15, filter=FILTER)
    for options, scores in (
        ({"rerank": ByLength()}, lengths(there, near)),
        ({"recency": RECENCY}, aged(there, near)),
        ({"rerank": by_length, "recency": RECENCY}, aged(there, lengths(there, near))),
    ):
        vectors = [there.items[each].vector for each in scores]
        for weight in (0.0, 0.3, 1.0):
            chosen = choose_among(vectors, [*between_0_and_1(scores).values()], k=6, lambda_mult=weight)
            expected = {each: scores[each] for each in ([*scores][place] for place in chosen)}
            found = await there.lc("max_marginal_relevance_search_with_score", QUERY, 6, 15, weight, FILTER, **options)
            assert distances_of(found) == pytest.approx(expected)
            assert [*distances_of(found)] == [*expected]


@pytest.mark.parametrize("search_type", [*TYPES, "mmr"])
async def test_retrievers_and_their_batches_rank_anew(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, search_type: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    options = {"k": 4, "filter": FILTER, "rerank": ByLength(), "recency": RECENCY, **EACH_NEEDS.get(search_type, {})}
    retriever = retriever_on(there.langchain, search_type=search_type, search_kwargs=options)
    expected = await there.lc("search", QUERY, search_type, **options)
    assert len(expected) == 4
    assert await call(retriever, "invoke", QUERY) == expected
    sent.clear()
    assert await call(retriever, "batch", [QUERY, QUERY]) == [expected] * 2
    assert len(sent) == 1
    assert await there.lc("retrieve_batch", search_type, [QUERY] * 3, **options) == [expected] * 3
    assert await there.lc("retrieve_batch", search_type, [], **options) == []


async def test_a_tool_ranks_anew_by_what_its_developer_fixed(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    fixed = {"rerank": ByLength(), "recency": RECENCY, "fetch_k": 20}
    tool = await there.lc("as_tool", "search", "Searches.", search_kwargs=fixed)
    message = await call(tool, "invoke", {"type": "tool_call", "id": "1", "name": "search", "args": {"query": QUERY}})
    assert message.artifact == await there.lc("similarity_search_with_score", QUERY, **fixed)
    assert len(message.artifact) == 4


async def test_async_rerankers_are_awaited_and_sync_searches_refuse_async_functions(
    clients: Clients, index_name: str, storage: str
) -> None:
    async def asynchronous(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return await getattr(target, f"a{name}")(*args, **kwargs)

    there = await shelf(asynchronous, clients, index_name, storage=storage)
    expected = await there.lc("similarity_search", QUERY, rerank=by_length)
    for rerank in (by_length_async, Awaited()):
        assert await there.lc("similarity_search", QUERY, rerank=rerank) == expected
        assert await there.lc("similarity_search_batch", [QUERY] * 3, rerank=rerank) == [expected] * 3
        retriever = retriever_on(there.langchain, search_kwargs={"rerank": rerank})
        assert await retriever.ainvoke(QUERY) == expected
        assert await retriever.abatch([QUERY] * 2) == [expected] * 2
    store, model = there.langchain, there.model
    model.calls.clear()
    for call in (
        lambda: store.similarity_search(QUERY, rerank=by_length_async),
        lambda: store.similarity_search_batch([QUERY], rerank=by_length_async),
        lambda: retriever_on(store, search_kwargs={"rerank": by_length_async}).invoke(QUERY),
    ):
        with pytest.raises(ArgumentError, match="a sync search cannot await; use the async twin"):
            call()
    assert model.calls == []


async def test_documents_tell_their_scores_only_where_that_is_asked_for(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for options in ({}, {"rerank": ByLength()}, {"recency": RECENCY}):
        scored = await there.lc("similarity_search_with_score", QUERY, 3, **options)
        assert await there.lc("similarity_search", QUERY, 3, **options) == [document for document, _ in scored]
        assert [document.metadata for document, _ in scored] == [
            there.items[each].metadata for each in distances_of(scored)
        ]
        retriever = retriever_on(there.langchain, search_kwargs={"k": 3, "score_key": "relevance_score", **options})
        told = await call(retriever, "invoke", QUERY)
        assert [document.metadata.pop("relevance_score") for document in told] == [score for _, score in scored]
        assert told == [document for document, _ in scored]
    with pytest.raises(ArgumentError, match="score_key 'kind' is a metadata key of document 'r"):
        await there.lc("similarity_search", QUERY, score_key="kind")


async def test_a_compressor_may_leave_out_documents_and_an_empty_index_has_none(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, Model(), storage=storage)
    everything = {"rerank": by_length, "recency": RECENCY}
    assert await call(store, "similarity_search", QUERY, **everything) == []
    there = await shelf(call, clients, f"{index_name}2", storage=storage)
    assert len(await there.lc("similarity_search", QUERY, 4, rerank=ByLength(top_n=2))) == 2
    assert await there.lc("similarity_search", QUERY, 0, **everything) == []
    assert len(await there.lc("max_marginal_relevance_search", QUERY, 4, rerank=ByLength(top_n=2))) == 2


async def test_a_key_that_no_record_has_would_let_nothing_decay(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for search in ("similarity_search", "text_search", "hybrid_search", "max_marginal_relevance_search"):
        with pytest.raises(UnknownFieldError, match=r"field 'nn' is not in index .*nothing would decay"):
            await there.lc(search, QUERY, recency={**RECENCY, "key": "nn"})
    # One that some records have, though none of those that were found, or that is not indexed, is no mistake.
    store = there.langchain
    await call(store, "add_texts", ["other"], [{"rare": 5, "deep": [[1]], "inner": {"at": 3}}], ids=["x"])
    plain = await there.lc("similarity_search_with_score", QUERY, 3, FILTER, recency={**RECENCY, "now": -1})
    for key in ("rare", "deep", "inner.at"):
        found = await there.lc(
            "similarity_search_with_score", QUERY, 3, FILTER | {"n": {"$gte": 0}}, recency={**RECENCY, "key": key}
        )
        assert distances_of(found) == distances_of(plain), key
    with pytest.raises(ArgumentError, match=r"recency: metadata 'kind' is '[abc]', and"):
        await there.lc("similarity_search", QUERY, recency={**RECENCY, "key": "kind"})


async def test_what_cannot_be_ranked_is_refused_before_anything_is_embedded_or_sent(
    clients: Clients, index_name: str, call: Call, sent: Sent
) -> None:
    model = Model()
    store = store_on(clients, index_name, model)
    sent.refusing = True
    for search in ("similarity_search", "text_search", "hybrid_search", "max_marginal_relevance_search"):
        for options, said in (
            ({"rerank": 5}, "rerank is a langchain_core BaseDocumentCompressor, or a function"),
            ({"recency": {"key": "at"}}, "recency has no 'half_life'"),
            ({"recency": {"key": "at", "half_life": "30 days"}}, "'half_life' of recency"),
            ({"rerank": by_length, "k": 5, "fetch_k": 4}, "fetch_k is at least k; not 4 with k=5"),
            ({"rerank": by_length, "fetch_k": 2.5}, "fetch_k is an integer"),
            ({"score_key": ""}, "score_key is a non-empty string"),
            ({"rerank_": by_length}, "mean 'rerank'"),
        ):
            with pytest.raises(ArgumentError, match=said):
                await call(store, search, QUERY, **options)
    for search in ("similarity_search_by_vector", "max_marginal_relevance_search_by_vector"):
        with pytest.raises(
            ArgumentError, match=r"rerank compares documents with the text of a query, which .* does not"
        ):
            await call(store, search, [1.0] * 8, rerank=by_length)
    for search in ("similarity_search", "text_search"):
        with pytest.raises(UnknownArgumentError, match=f"{search} has no argument 'fetch_k' without rerank or recency"):
            await call(store, search, QUERY, fetch_k=20)
    with pytest.raises(ArgumentError, match="recency has no 'key'"):
        retriever_on(store, search_kwargs={"recency": {"half_life": 3}})
    assert model.calls == []


async def test_wrong_scores_are_refused(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for rerank, said in (
        (lambda _, texts: [1.0] * (len(texts) - 1), "one number for each of 40 texts; not an array of shape"),
        (lambda _, texts: [math.nan] * len(texts), "finite numbers as scores; not nan"),
        (lambda *_: None, "not NoneType"),
    ):
        for search in ("similarity_search", "hybrid_search"):
            with pytest.raises(RerankError, match=said):
                await there.lc(search, QUERY, rerank=rerank)
    with pytest.raises(ArgumentError, match=r"recency is a factor on scores from 0 on, and the reranker gave -1"):
        await there.lc("text_search", QUERY, rerank=lambda _, texts: [-1] * len(texts), recency=RECENCY)
