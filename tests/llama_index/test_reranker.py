"""Node postprocessors as rerankers: scores and order of what they give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.postprocessor import LongContextReorder, SimilarityPostprocessor
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle, TextNode

from redisvl_adapters.errors import ArgumentError, RerankError
from redisvl_adapters.llama_index.reranker import read_reranker

FOUND: list[tuple[BaseNode, float]] = [
    (TextNode(id_=name, text=text), score)
    for name, text, score in [("a", "one", 0.9), ("b", "three", 0.5), ("c", "4", 0.1)]
]


class Postprocessor(BaseNodePostprocessor):
    """Gives back what a function makes of nodes and query."""

    change: Callable[[list[NodeWithScore], Any], Any]

    def _postprocess_nodes(self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None) -> Any:
        return self.change(nodes, query_bundle)


async def reranked(rerank: Any) -> list[tuple[str, float]]:
    """Return ids and scores, sync and async alike."""
    reranker = read_reranker(rerank, [1.0])
    assert reranker is not None
    result = [(node.node_id, score) for node, score in reranker.rerank("q", FOUND)]
    assert [(node.node_id, score) for node, score in await reranker.arerank("q", FOUND)] == result
    return result


async def test_a_postprocessor_decides_order_and_scores() -> None:
    def change(nodes: list[NodeWithScore], query: QueryBundle) -> list[NodeWithScore]:
        assert (query.query_str, query.embedding) == ("q", [1.0])
        return [NodeWithScore(node=each.node, score=1 - (each.score or 0)) for each in reversed(nodes)]

    assert await reranked(Postprocessor(change=change)) == [("c", 0.9), ("b", 0.5), ("a", pytest.approx(0.1))]


async def test_postprocessors_of_llama_index_see_the_similarities() -> None:
    assert await reranked(SimilarityPostprocessor(similarity_cutoff=0.5)) == [("a", 0.9), ("b", 0.5)]
    # Which keeps the scores, and puts the best at both ends.
    assert await reranked(LongContextReorder()) == [("a", 0.9), ("c", 0.1), ("b", 0.5)]


async def test_a_node_that_was_added_without_a_score_counts_as_0() -> None:
    added = NodeWithScore(node=TextNode(id_="next", text="next"))
    assert await reranked(Postprocessor(change=lambda nodes, _: [nodes[0], added])) == [("a", 0.9), ("next", 0.0)]


async def test_a_function_sees_the_texts() -> None:
    assert await reranked(lambda query, texts: [len(query + text) for text in texts]) == [("b", 6), ("a", 4), ("c", 2)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "list of NodeWithScore; not NoneType"),
        ([TextNode(text="a")], "list of NodeWithScore; not list"),
        ([NodeWithScore(node=TextNode(text="a"), score=float("nan"))], "finite numbers as scores; not nan"),
    ],
)
def test_what_is_no_list_of_scored_nodes_is_refused(given: Any, said: str) -> None:
    reranker = read_reranker(Postprocessor(change=lambda *_: given), None)
    assert reranker is not None
    with pytest.raises(RerankError, match=said):
        reranker.rerank("q", FOUND)


@pytest.mark.parametrize("rerank", [5, "colbert", SimilarityPostprocessor])
def test_what_is_no_reranker_is_refused(rerank: Any) -> None:
    with pytest.raises(ArgumentError, match="rerank is a LlamaIndex BaseNodePostprocessor, or a function of the query"):
        read_reranker(rerank, None)
    assert read_reranker(None, None) is None
