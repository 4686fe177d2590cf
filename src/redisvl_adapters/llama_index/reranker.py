"""Rerankers of nodes: LlamaIndex's node postprocessors, and functions."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore, QueryBundle

from redisvl_adapters.core.search.rerank import FunctionReranker, Reranker, check_score
from redisvl_adapters.errors import ArgumentError, RerankError


def read_reranker(rerank: Any, embedding: list[float] | None) -> Reranker[BaseNode] | None:
    """Return what reranks nodes, of what a caller gave.

    Args:
        rerank: What was given.
        embedding: The vector of the query, which postprocessors are told.

    Raises:
        ArgumentError: If it is neither a postprocessor nor a function.
    """
    if rerank is None:
        return None
    if isinstance(rerank, BaseNodePostprocessor):
        return PostprocessorReranker(rerank, embedding)
    if not callable(rerank) or inspect.isclass(rerank):
        raise ArgumentError(
            "rerank is a LlamaIndex BaseNodePostprocessor, or a function of the query and a list of texts to one "
            f"score for each text; not {type(rerank).__name__} {rerank!r:.80}"
        )
    return FunctionReranker(rerank, lambda node: node.get_content(metadata_mode=MetadataMode.NONE))


class PostprocessorReranker(Reranker[BaseNode]):
    """Scores nodes by a postprocessor: what it gives back, in its order, with its scores; none is 0."""

    def __init__(self, postprocessor: BaseNodePostprocessor, embedding: list[float] | None) -> None:
        self._postprocessor = postprocessor
        self._embedding = embedding

    def rerank(self, query: str, found: Sequence[tuple[BaseNode, float]]) -> list[tuple[BaseNode, float]]:
        """Return the nodes that the postprocessor gives back, with their scores."""
        nodes, bundle = _with_scores(found), QueryBundle(query, embedding=self._embedding)
        return _scored(self._postprocessor.postprocess_nodes(nodes, query_bundle=bundle))

    async def arerank(self, query: str, found: Sequence[tuple[BaseNode, float]]) -> list[tuple[BaseNode, float]]:
        """Return the nodes that the postprocessor gives back, with their scores."""
        nodes, bundle = _with_scores(found), QueryBundle(query, embedding=self._embedding)
        return _scored(await self._postprocessor.apostprocess_nodes(nodes, query_bundle=bundle))


def _with_scores(found: Sequence[tuple[BaseNode, float]]) -> list[NodeWithScore]:
    return [NodeWithScore(node=node, score=score) for node, score in found]


def _scored(given: Any) -> list[tuple[BaseNode, float]]:
    if not isinstance(given, Sequence) or not all(isinstance(each, NodeWithScore) for each in given):
        raise RerankError(
            f"the postprocessor gives back a list of NodeWithScore; not {type(given).__name__} {given!r:.80}"
        )
    # LlamaIndex counts a node without a score, such as one that was added, as 0 too.
    return [(each.node, 0.0 if each.score is None else check_score(each.score)) for each in given]
