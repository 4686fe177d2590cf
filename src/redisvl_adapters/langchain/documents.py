"""From LangChain documents to records and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from langchain_core.documents import Document

from redisvl_adapters.core.record import Record, new_id
from redisvl_adapters.errors import ArgumentError


class Parts(TypedDict):
    """Documents as ``add_texts`` takes them."""

    texts: list[str]
    metadatas: list[dict[str, Any] | None]
    ids: Sequence[str | None]


def parts_of(documents: Iterable[Document], ids: Sequence[str | None] | None) -> Parts:
    """Return the parts of documents; ids that are given go before those of the documents.

    Raises:
        ArgumentError: If the lengths differ.
    """
    documents = list(documents)
    if ids is None:
        ids = [document.id for document in documents]
    elif len(ids) != len(documents):
        raise ArgumentError(f"{len(documents)} documents came with {len(ids)} ids")
    return {
        "texts": [document.page_content for document in documents],
        "metadatas": [document.metadata for document in documents],
        "ids": ids,
    }


def to_records(
    texts: Iterable[str], metadatas: Sequence[dict[str, Any] | None] | None, ids: Sequence[str | None] | None
) -> list[Record]:
    """Return the records of texts; those without an id get a fresh one.

    Raises:
        ArgumentError: If the lengths differ.
    """
    if isinstance(texts, str):
        raise ArgumentError("texts is a list of texts, not one text")
    texts = list(texts)
    if isinstance(ids, str):
        raise ArgumentError(f"ids is a list of ids, not one id; write [{ids!r}]")
    for name, given in (("metadatas", metadatas), ("ids", ids)):
        if given is not None and len(given) != len(texts):
            raise ArgumentError(f"{len(texts)} texts came with {len(given)} {name}")
    none = [None] * len(texts)
    return [
        Record(new_id() if record_id is None else record_id, text, {} if metadata is None else metadata)
        for text, metadata, record_id in zip(texts, metadatas or none, ids or none, strict=True)
    ]


def to_document(record: Record) -> Document:
    """Return the document of a record."""
    return Document(id=record.id, page_content=record.text, metadata=record.metadata)


def batches_of(records: Sequence[Record], size: int | None) -> list[list[str]]:
    """Return the texts of records in batches of a size, or in one.

    Raises:
        ArgumentError: If the size is not a positive integer.
    """
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise ArgumentError(f"batch_size is a positive integer; not {size!r}")
    texts = [record.text for record in records]
    size = size or len(texts) or 1
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def one_each(vectors: list[list[float]], texts: list[str]) -> list[list[float]]:
    """Return the vectors of texts.

    Raises:
        ArgumentError: If the embedding model did not make one of each text.
    """
    if len(vectors) != len(texts):
        raise ArgumentError(f"the embedding model made {len(vectors)} vectors of {len(texts)} texts")
    return vectors
