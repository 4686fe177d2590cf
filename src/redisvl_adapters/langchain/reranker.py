"""Rerankers of documents: LangChain's document compressors, and functions."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from langchain_core.documents import BaseDocumentCompressor, Document

from redisvl_adapters.core.search.rerank import FunctionReranker, Reranker, check_score
from redisvl_adapters.errors import ArgumentError, RerankError

RELEVANCE = "relevance_score"
"""The metadata key under which compressors tell their scores."""


def read_reranker(rerank: Any) -> Reranker[Document] | None:
    """Return what reranks documents, of what a caller gave.

    Raises:
        ArgumentError: If it is neither a compressor nor a function.
    """
    if rerank is None:
        return None
    if isinstance(rerank, BaseDocumentCompressor):
        return CompressorReranker(rerank)
    if not callable(rerank) or inspect.isclass(rerank):
        raise ArgumentError(
            "rerank is a langchain_core BaseDocumentCompressor, or a function of the query and a list of texts to one "
            f"score for each text; not {type(rerank).__name__} {rerank!r:.80}"
        )
    return FunctionReranker(rerank, lambda document: document.page_content)


class CompressorReranker(Reranker[Document]):
    """Scores documents by a document compressor: what it gives back, in its order.

    The score is what the compressor says under ``relevance_score`` in the metadata, and is taken out of there. A
    compressor that says none gives an order alone: then scores are 1, 1/2, 1/3 and so on. A document that comes back
    without its id gets it again, if its text and metadata are the same.
    """

    def __init__(self, compressor: BaseDocumentCompressor) -> None:
        self._compressor = compressor

    def rerank(self, query: str, found: Sequence[tuple[Document, float]]) -> list[tuple[Document, float]]:
        """Return the documents that the compressor gives back, with their scores."""
        return _scored(self._compressor.compress_documents(_handed_over(found), query), found)

    async def arerank(self, query: str, found: Sequence[tuple[Document, float]]) -> list[tuple[Document, float]]:
        """Return the documents that the compressor gives back, with their scores."""
        return _scored(await self._compressor.acompress_documents(_handed_over(found), query), found)


def _handed_over(found: Sequence[tuple[Document, float]]) -> list[Document]:
    """Return copies of documents, so that whatever is done to them is not done to what was found."""
    copies = [document.model_copy(update={"metadata": deepcopy(document.metadata)}) for document, _ in found]
    for document in copies:
        # A score that is there afterwards is the compressor's.
        document.metadata.pop(RELEVANCE, None)
    return copies


def _scored(given: Any, found: Sequence[tuple[Document, float]]) -> list[tuple[Document, float]]:
    if not isinstance(given, Sequence) or not all(isinstance(document, Document) for document in given):
        raise RerankError(f"the compressor gives back a list of documents; not {type(given).__name__} {given!r:.80}")
    by_id = {document.id: document for document, _ in found}
    by_text: dict[str, list[Document]] = {}
    for document, _ in found:
        by_text.setdefault(document.page_content, []).append(document)
    scored: list[tuple[Document, float]] = []
    has_scores = any(RELEVANCE in document.metadata for document in given)
    for rank, document in enumerate(given, 1):
        metadata = {**document.metadata}
        score = check_score(metadata.pop(RELEVANCE, math.nan)) if has_scores else 1 / rank
        origin = by_id.get(document.id) if document.id else _same(document, metadata, by_text)
        if origin is not None and RELEVANCE in origin.metadata:
            metadata[RELEVANCE] = origin.metadata[RELEVANCE]
        record_id = document.id or (origin.id if origin else None)
        scored.append((document.model_copy(update={"id": record_id, "metadata": metadata}), score))
    return scored


def _same(document: Document, metadata: dict[str, Any], by_text: dict[str, list[Document]]) -> Document | None:
    """Return the candidate with the same text and metadata, each only once; what the compressor added does no harm."""
    candidates = by_text.get(document.page_content, [])
    for place, candidate in enumerate(candidates):
        own = {key: value for key, value in candidate.metadata.items() if key != RELEVANCE}
        if {**metadata, **own} == metadata:
            return candidates.pop(place)
    return None
