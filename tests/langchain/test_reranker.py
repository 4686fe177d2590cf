"""Document compressors as rerankers: scores, order, ids and metadata of what they give back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor, Document

from redisvl_adapters.errors import ArgumentError, RerankError
from redisvl_adapters.langchain.reranker import read_reranker

FOUND = [
    (Document("one", id="1", metadata={"n": 1, "nested": {"a": [1]}}), 0.9),
    (Document("two", id="2", metadata={"n": 2}), 0.8),
    (Document("two", id="3", metadata={"n": 3}), 0.7),
    (Document("four", id="4", metadata={"n": 4, "relevance_score": "stored"}), 0.6),
]
Change = Callable[[Sequence[Document]], Any]


class Compressor(BaseDocumentCompressor):
    """Gives back what a function makes of the documents."""

    change: Change

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Any:  # noqa: ARG002
        assert query == "q"
        return self.change(documents)

    async def acompress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Any:  # noqa: ARG002
        return self.compress_documents(documents, query)


class SyncCompressor(BaseDocumentCompressor):
    """Has no async method of its own."""

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Any:  # noqa: ARG002
        return documents[::-1]


async def reranked(compressor: Any, found: list[tuple[Document, float]] = FOUND) -> list[tuple[Document, float]]:
    """Return what a compressor makes of what was found, sync and async alike."""
    before = deepcopy(found)
    reranker = read_reranker(compressor)
    assert reranker is not None
    result = reranker.rerank("q", found)
    assert await reranker.arerank("q", found) == result
    assert found == before
    return result


def marked(documents: Sequence[Document], **scores: Any) -> list[Document]:
    """Return copies with their scores in their metadata, as the rerankers of LangChain's partners do: without ids."""
    by_id = {document.id: document for document in documents}
    return [
        Document(by_id[name[1:]].page_content, metadata={**by_id[name[1:]].metadata, "relevance_score": score})
        for name, score in scores.items()
    ]


async def test_scores_come_out_of_the_metadata_and_ids_are_given_back() -> None:
    found = await reranked(Compressor(change=lambda documents: marked(documents, _3=0.9, _1=0.5, _2=0.1)))
    assert found == [(FOUND[2][0], 0.9), (FOUND[0][0], 0.5), (FOUND[1][0], 0.1)]


async def test_a_key_of_that_name_that_was_stored_is_no_score_and_comes_back() -> None:
    seen: list[dict[str, Any]] = []

    def change(documents: Sequence[Document]) -> list[Document]:
        seen.extend(document.metadata for document in documents)
        return marked(documents, _4=0.9)

    assert await reranked(Compressor(change=change)) == [(FOUND[3][0], 0.9)]
    assert all("relevance_score" not in metadata or metadata["relevance_score"] == 0.9 for metadata in seen)
    assert await reranked(Compressor(change=lambda documents: documents[3:])) == [(FOUND[3][0], 1.0)]


async def test_a_compressor_without_scores_gives_an_order() -> None:
    assert [(document.id, score) for document, score in await reranked(SyncCompressor())] == [
        ("4", 1.0),
        ("3", 1 / 2),
        ("2", 1 / 3),
        ("1", 1 / 4),
    ]


async def test_what_a_compressor_changes_is_not_changed_in_what_was_found() -> None:
    def change(documents: Sequence[Document]) -> Sequence[Document]:
        for document in documents:
            document.metadata["added"] = True
            document.metadata.get("nested", {}).clear()
        return documents

    found = await reranked(Compressor(change=change))
    assert found[0][0].metadata == {"n": 1, "nested": {}, "added": True}
    assert found[0][0].id == "1"


async def test_a_document_with_another_text_has_no_id_unless_it_says_so() -> None:
    def change(documents: Sequence[Document]) -> list[Document]:
        return [Document("on", metadata=documents[0].metadata), Document("tw", id="2", metadata={})]

    found = await reranked(Compressor(change=change))
    assert [(document.page_content, document.id) for document, _ in found] == [("on", None), ("tw", "2")]


async def test_two_documents_alike_get_an_id_each() -> None:
    twins = [(Document("same", id=record_id), 1.0) for record_id in ("a", "b")]
    strip: Change = lambda documents: [Document(document.page_content) for document in documents]  # noqa: E731
    assert [document.id for document, _ in await reranked(Compressor(change=strip), twins)] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: None, "list of documents; not NoneType"),
        (lambda documents: [document.page_content for document in documents], "list of documents; not list"),
        (lambda documents: marked(documents, _1=float("nan")), "finite numbers as scores; not nan"),
        (lambda documents: [*marked(documents, _1=1.0), documents[1]], "finite numbers as scores; not nan"),
        (lambda documents: marked(documents, _1="high"), "finite numbers as scores; not 'high'"),
    ],
)
def test_what_is_no_list_of_scored_documents_is_refused(change: Any, said: str) -> None:
    reranker = read_reranker(Compressor(change=change))
    assert reranker is not None
    with pytest.raises(RerankError, match=said):
        reranker.rerank("q", FOUND)


async def test_a_function_sees_the_texts() -> None:
    found = await reranked(lambda query, texts: [len(query) + len(text) for text in texts])
    assert [(document.id, score) for document, score in found] == [("4", 5), ("1", 4), ("2", 4), ("3", 4)]


@pytest.mark.parametrize("rerank", [5, "cross-encoder", SyncCompressor, [len]])
def test_what_is_no_reranker_is_refused(rerank: Any) -> None:
    with pytest.raises(ArgumentError, match="rerank is a langchain_core BaseDocumentCompressor, or a function of the"):
        read_reranker(rerank)
    assert read_reranker(None) is None
