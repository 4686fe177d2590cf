"""Queries whose candidates are ranked anew, through LlamaIndex: by a reranker, by their age, or by both."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle
from llama_index.core.vector_stores.types import FilterOperator

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, distances_of, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from integration_tests.llama_index.llama_index_support import WordEmbedding, filters, where
from redisvl_adapters import ArgumentError, RerankError, UnknownFieldError
from redisvl_adapters.core.search.mmr_search import choose_among
from redisvl_adapters.core.search.scores import between_0_and_1

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

RECENCY = {"key": "n", "half_life": 10, "now": 39}
NOT_A = filters(where("kind", "a", FilterOperator.NE))
# The mode, the parts that ask for five results, and LangChain's method.
MODES: dict[str, tuple[dict[str, Any], str]] = {
    "default": ({"similarity_top_k": 5}, "similarity_search_with_score"),
    "text_search": ({"sparse_top_k": 5}, "text_search_with_score"),
    "hybrid": ({"hybrid_top_k": 5}, "hybrid_search_with_score"),
    "mmr": ({"similarity_top_k": 5}, "max_marginal_relevance_search_with_score"),
}


def by_length(query: str, texts: list[str]) -> list[float]:
    """Prefer short texts."""
    assert query == QUERY
    return [1 / len(text) for text in texts]


async def by_length_async(query: str, texts: list[str]) -> list[float]:
    """Prefer short texts."""
    return by_length(query, texts)


class ByLength(BaseNodePostprocessor):
    """Prefers short texts."""

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        assert query_bundle is not None
        scores = by_length(query_bundle.query_str, [each.node.get_content() for each in nodes])
        found = [NodeWithScore(node=each.node, score=score) for each, score in zip(nodes, scores, strict=True)]
        return sorted(found, key=lambda each: -(each.score or 0))


def asked(there: Shelf, mode: str, **parts: Any) -> dict[str, Any]:
    """Return the parts of a query for five nodes."""
    return {"query_embedding": there.model.vector(QUERY), "query_str": QUERY, "mode": mode, **MODES[mode][0], **parts}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["function", "postprocessor", "recency", "both"])
async def test_a_query_finds_what_langchain_finds_with_the_same_scores(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, mode: str, how: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    ways: dict[str, dict[str, Any]] = {
        "function": {"rerank": by_length},
        "postprocessor": {"rerank": ByLength()},
        "recency": {"recency": RECENCY},
        "both": {"rerank": ByLength(), "recency": RECENCY},
    }
    options = ways[how]
    theirs = {**options, **({"rerank": by_length} if "rerank" in options else {})}
    if mode == "hybrid":
        # The weight that a query of LlamaIndex's has.
        theirs["alpha"] = 0.5
        options = {**options, "alpha": 0.5}
    for fetch_k in ({"fetch_k": 12}, {}):
        expected = await there.lc(MODES[mode][1], QUERY, 5, filter={"kind": {"$ne": "a"}}, **fetch_k, **theirs)
        sent.clear()
        found = await there.li(**asked(there, mode, filters=NOT_A, options={**options, **fetch_k}))
        assert len(sent) == 1
        assert found == pytest.approx(distances_of(expected))
        assert [*found] == [*distances_of(expected)]
        assert len(found) == 5


async def test_postprocessors_see_the_similarities_of_the_mode(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    plain = await there.li(**asked(there, "default", similarity_top_k=40))
    cut = SimilarityPostprocessor(similarity_cutoff=0.2)
    found = await there.li(**asked(there, "default", similarity_top_k=40, options={"rerank": cut}))
    assert found == {each: score for each, score in plain.items() if score >= 0.2}
    assert 0 < len(found) < 40


async def test_mmr_chooses_by_mmr_threshold(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    texts = {each: 1 / len(there.items[each].text) for each in [*there.distances()][:15]}
    scores = dict(sorted(texts.items(), key=lambda pair: -pair[1]))
    vectors = [there.items[each].vector for each in scores]
    for weight in (0.0, 0.4, 1.0):
        chosen = choose_among(vectors, [*between_0_and_1(scores).values()], k=5, lambda_mult=weight)
        options = {"rerank": ByLength(), "fetch_k": 15}
        found = await there.li(**asked(there, "mmr", mmr_threshold=weight, options=options))
        assert [*found] == [[*scores][place] for place in chosen]


async def test_retrievers_rank_anew_by_their_vector_store_kwargs(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    index = VectorStoreIndex.from_vector_store(there.llama_index, embed_model=_Model(there))
    rerank = by_length_async if call.__name__ == "twin" else ByLength()
    kwargs = {"rerank": rerank, "recency": RECENCY, "fetch_k": 20}
    for mode in MODES:
        parts = {"sparse_top_k": 5} if mode == "text_search" else {"hybrid_top_k": 5} if mode == "hybrid" else {}
        retriever = index.as_retriever(
            vector_store_query_mode=mode, similarity_top_k=5, vector_store_kwargs=kwargs, alpha=0.5, **parts
        )
        found = await call(retriever, "retrieve", QUERY)
        options = {**kwargs, **({"alpha": 0.5} if mode == "hybrid" else {})}
        assert {each.node.node_id: each.score for each in found} == await there.li(
            **asked(there, mode, options=options)
        )
        assert len(found) == 5


async def test_an_empty_query_is_not_reranked_and_its_nodes_decay(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for mode in ("default", "mmr", "hybrid"):
        parts = {"query_str": "", "mode": mode, "filters": NOT_A, "similarity_top_k": 3}
        found = await there.li(**parts, options={"rerank": ByLength(), "recency": RECENCY})
        newest = sorted(
            (n for n, item in enumerate(there.items.values()) if item.metadata["kind"] != "a"), reverse=True
        )
        if mode == "mmr":
            # Among 20, which are in no order.
            assert len(found) == 3
        else:
            assert found == pytest.approx({f"r{n}": 0.5 ** ((39 - n) / 10) for n in newest[:3]})


async def test_output_fields_leave_the_key_of_the_time_out_after_it_was_read(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    whole = await there.li(**asked(there, "default", options={"recency": RECENCY}))
    assert await there.li(**asked(there, "default", output_fields=["kind"], options={"recency": RECENCY})) == whole


async def test_what_cannot_be_ranked_is_refused(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    with pytest.raises(RerankError, match="one number for each of 40 texts"):
        await there.li(**asked(there, "default", options={"rerank": lambda *_: [1.0]}))
    with pytest.raises(UnknownFieldError, match="field 'nn' is not in index"):
        await there.li(**asked(there, "default", options={"recency": {**RECENCY, "key": "nn"}}))
    sent.refusing = True
    for mode in MODES:
        for options, said in (
            ({"rerank": 5}, "rerank is a LlamaIndex BaseNodePostprocessor, or a function"),
            ({"recency": {"key": "n"}}, "recency has no 'half_life'"),
            ({"rerank": by_length, "fetch_k": 4}, "fetch_k is at least k; not 4 with k=5"),
        ):
            with pytest.raises(ArgumentError, match=said):
                await there.li(**asked(there, mode, options=options))
    with pytest.raises(ArgumentError, match="rerank compares nodes with the words of a query, and it has no query_str"):
        await there.li(**asked(there, "default", query_str=None, options={"rerank": by_length}))
    if call.__name__ == "sync":
        with pytest.raises(ArgumentError, match="a sync search cannot await; use the async twin"):
            await there.li(**asked(there, "default", options={"rerank": by_length_async}))


class _Model(WordEmbedding):
    """Embeds the query as the model of a shelf does."""

    _there: Any = None

    def __init__(self, there: Shelf) -> None:
        super().__init__()
        self._there = there

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = self._there.model.vector(query)
        return vector

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)
