"""From LangChain documents to records and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeAlias, TypeVar, cast

from langchain_core.documents import Document
from numpy.typing import NDArray

from redisvl_adapters.core.arguments import check_ttl
from redisvl_adapters.core.records.record import Record, content_id, describe_record, new_id
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.serialization.pydantic_models import fast_model_maker
from redisvl_adapters.errors import ArgumentError, RecordError

S = TypeVar("S")
T = TypeVar("T")
Part: TypeAlias = tuple[str, dict[str, Any], str | None]
"""The text, metadata and id of a document."""


def parts_of(documents: Iterable[Document], ids: Iterable[str | None] | None) -> Iterable[Part]:
    """Return the text, metadata and id of each document; ids that are given go before those of the documents.

    Raises:
        ArgumentError: If something is no document, or the lengths differ.
    """
    if isinstance(documents, Document) or not isinstance(documents, Iterable):
        raise ArgumentError(f"documents is a list of documents; not {type(documents).__name__} {documents!r:.80}")
    if isinstance(documents, Sequence):
        return list(_parts(documents, _one_each("documents", documents, "ids", ids)))
    return _parts(documents, ids)


def _parts(documents: Iterable[Document], ids: Iterable[str | None] | None) -> Iterator[Part]:
    for position, (document, record_id) in enumerate(_paired("documents", documents, "ids", ids)):
        if not isinstance(document, Document):
            raise ArgumentError(f"document {position} is no Document but {type(document).__name__} {document!r:.80}")
        yield document.page_content, document.metadata, document.id if ids is None else record_id


def texts_of(
    texts: Iterable[str],
    metadatas: Iterable[dict[str, Any] | None] | None,
    ids: Iterable[str | None] | None,
) -> Iterable[Part]:
    """Return the text, metadata and id of each text.

    Raises:
        ArgumentError: If something is no list, or the lengths differ.
    """
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise ArgumentError(f"texts is a list of texts; not {type(texts).__name__} {texts!r:.80}")
    if not isinstance(texts, Sequence):
        return _texts(texts, metadatas, ids)
    metadatas = _one_each("texts", texts, "metadatas", metadatas)
    return list(_texts(texts, metadatas, _one_each("texts", texts, "ids", ids)))


def _texts(
    texts: Iterable[str], metadatas: Iterable[dict[str, Any] | None] | None, ids: Iterable[str | None] | None
) -> Iterator[Part]:
    paired = _paired("texts", texts, "metadatas", metadatas)
    for (text, metadata), record_id in _paired("texts", paired, "ids", ids):
        yield text, {} if metadata is None else metadata, record_id


def to_records(
    parts: Iterable[Part],
    ttl: Iterable[float | None] | None,
    embeddings: Iterable[Vector] | None = None,
    *,
    content_ids: bool,
    needs_ids: bool,
    scope: Mapping[str, Any] | None = None,
) -> Iterable[Record]:
    """Return the records of texts, a list for a list; those without an id get a fresh one, or that of their content.

    Args:
        parts: The texts.
        ttl: Seconds after which each expires.
        embeddings: The vector of each, if they exist.
        content_ids: Whether ids are of the content.
        needs_ids: Whether each must have an id.
        scope: The metadata that a scoped store writes them with.

    Raises:
        ArgumentError: If the lengths differ, a time to live is no positive number of seconds, or one that needs an id
            has none.
        RecordError: If one has no vector, and others were given.
    """
    if isinstance(parts, list):
        ttl = _one_each("texts", parts, "ttl", ttl)
        embeddings = _one_each("texts", parts, "embeddings", embeddings)
    records = _records(parts, ttl, scope, content_ids=content_ids, needs_ids=needs_ids)
    if embeddings is not None:
        records = _with_vectors(records, embeddings)
    return list(records) if isinstance(parts, list) else records


def _with_vectors(records: Iterable[Record], embeddings: Iterable[Vector]) -> Iterator[Record]:
    for position, (record, vector) in enumerate(_paired("texts", records, "embeddings", embeddings)):
        if vector is None:
            raise RecordError(f"{describe_record(position, record.id)} has no embedding")
        record.vector = cast("NDArray[Any]", vector)
        yield record


def _records(
    parts: Iterable[Part],
    ttls: Iterable[float | None] | None,
    scope: Mapping[str, Any] | None,
    *,
    content_ids: bool,
    needs_ids: bool,
) -> Iterator[Record]:
    for position, ((text, metadata, record_id), ttl) in enumerate(_paired("texts", parts, "ttl", ttls)):
        if record_id is None and needs_ids and not content_ids:
            raise ArgumentError(
                f"skip_existing=True needs ids, and record {position} has none; give ids=, or content_ids=True"
            )
        fresh = "" if record_id is not None else content_id(text, metadata, scope) if content_ids else new_id()
        yield Record(fresh if record_id is None else record_id, text, metadata, ttl_ms=check_ttl(ttl))


def _one_each(name: str, items: Sequence[Any], other: str, values: Iterable[T] | None) -> list[T] | None:
    """Return as many values as there are items."""
    if values is None:
        return None
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise ArgumentError(f"{other} is a list with one for each of the {name}; not {values!r:.80}")
    values = list(values)
    if len(values) != len(items):
        raise ArgumentError(f"{len(items)} {name} came with {len(values)} {other}")
    return values


_END: Any = object()


def _paired(name: str, items: Iterable[S], other: str, values: Iterable[T] | None) -> Iterator[tuple[S, T | None]]:
    """Yield items with their values, of which there must be as many."""
    if values is None:
        yield from ((item, None) for item in items)
        return
    for item, value in zip_longest(items, values, fillvalue=_END):
        if item is _END or value is _END:
            raise ArgumentError(f"there are not as many {other} as {name}")
        yield item, value


_make_document = fast_model_maker(Document)


def to_document(record: Record) -> Document:
    """Return the document of a record."""
    return _make_document({"id": record.id, "page_content": record.text, "metadata": record.metadata}, None)


def one_vector_each(vectors: list[list[float]], texts: Sequence[str]) -> list[list[float]]:
    """Return the vectors of texts.

    Raises:
        ArgumentError: If the embedding model did not make one of each text.
    """
    if len(vectors) != len(texts):
        raise ArgumentError(f"the embedding model made {len(vectors)} vectors of {len(texts)} texts")
    return vectors
