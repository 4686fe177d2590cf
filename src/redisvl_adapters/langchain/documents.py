"""From LangChain documents to records and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from langchain_core.documents import Document
from numpy.typing import NDArray

from redisvl_adapters.core.arguments import check_ttl
from redisvl_adapters.core.records.given_vectors import one_each, paired, with_named_vectors
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
    if isinstance(documents, Document | str | bytes | Mapping) or not isinstance(documents, Iterable):
        raise ArgumentError(f"documents is a list of documents; not {type(documents).__name__} {documents!r:.80}")
    if isinstance(documents, Sequence):
        return list(_parts(documents, one_each("documents", documents, "ids", ids)))
    return _parts(documents, ids)


def _parts(documents: Iterable[Document], ids: Iterable[str | None] | None) -> Iterator[Part]:
    for position, (document, record_id) in enumerate(paired("documents", documents, "ids", ids)):
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
    if isinstance(texts, str | bytes | Mapping) or not isinstance(texts, Iterable):
        raise ArgumentError(f"texts is a list of texts; not {type(texts).__name__} {texts!r:.80}")
    if not isinstance(texts, Sequence):
        return _texts(texts, metadatas, ids)
    metadatas = one_each("texts", texts, "metadatas", metadatas)
    return list(_texts(texts, metadatas, one_each("texts", texts, "ids", ids)))


def _texts(
    texts: Iterable[str], metadatas: Iterable[dict[str, Any] | None] | None, ids: Iterable[str | None] | None
) -> Iterator[Part]:
    pairs = paired("texts", texts, "metadatas", metadatas)
    for (text, metadata), record_id in paired("texts", pairs, "ids", ids):
        yield text, {} if metadata is None else metadata, record_id


def to_records(
    parts: Iterable[Part],
    ttl: Iterable[float | None] | None,
    embeddings: Iterable[Vector] | None = None,
    *,
    content_ids: bool,
    needs_ids: bool,
    vectors: Mapping[str, Iterable[Vector | None]] | None = None,
    scope: Mapping[str, Any] | None = None,
) -> Iterable[Record]:
    """Return the records of texts, a list for a list; those without an id get a fresh one, or that of their content.

    Args:
        parts: The texts.
        ttl: Seconds after which each expires.
        embeddings: The vector of each, if they exist.
        content_ids: Whether ids are of the content.
        needs_ids: Whether each must have an id.
        vectors: Their named vectors, by the names of these.
        scope: The metadata that a scoped store writes them with.

    Raises:
        ArgumentError: If the lengths differ, a time to live is no positive number of seconds, or one that needs an id
            has none.
        RecordError: If one has no vector, and others were given.
    """
    if isinstance(parts, list):
        ttl = one_each("texts", parts, "ttl", ttl)
        embeddings = one_each("texts", parts, "embeddings", embeddings)
    records: Iterable[Record] = _records(parts, ttl, scope, content_ids=content_ids, needs_ids=needs_ids)
    if embeddings is not None:
        records = _with_vectors(records, embeddings)
    records = with_named_vectors("texts", records, vectors, are_listed=isinstance(parts, list))
    return list(records) if isinstance(parts, list) else records


def _with_vectors(records: Iterable[Record], embeddings: Iterable[Vector]) -> Iterator[Record]:
    for position, (record, vector) in enumerate(paired("texts", records, "embeddings", embeddings)):
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
    for position, ((text, metadata, record_id), ttl) in enumerate(paired("texts", parts, "ttl", ttls)):
        if record_id is None and needs_ids and not content_ids:
            raise ArgumentError(
                f"skip_existing=True needs ids, and record {position} has none; give ids=, or content_ids=True"
            )
        fresh = "" if record_id is not None else content_id(text, metadata, scope) if content_ids else new_id()
        yield Record(fresh if record_id is None else record_id, text, metadata, ttl_ms=check_ttl(ttl))


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
