"""The store's methods that add: texts and documents that are embedded, or that come with their embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.streaming_ingest import agiven_vectors, aingest, given_vectors, ingest
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Matrix, Vector
from redisvl_adapters.langchain.add_options import AddOptions, read_add_options
from redisvl_adapters.langchain.documents import Part, one_vector_each, parts_of, texts_of, to_records


class AddMethods:
    """Adding records to a LangChain store, each method with its async twin."""

    _index: RedisIndex
    _embedding: Embeddings

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Iterable[dict[str, Any] | None] | None = None,
        *,
        ids: Iterable[str | None] | None = None,
        **options: Unpack[AddOptions],
    ) -> list[str]:
        """Embed texts and write them, replacing those that exist under their ids.

        A list is checked as a whole before anything is embedded; any other iterable is a stream, of any length, that is
        taken batch by batch. The next batch is embedded while the last one is written.

        Args:
            texts: The texts.
            metadatas: One mapping per text.
            ids: One id per text; where one is None, a fresh ULID.
            options: See ``AddOptions``: ``batch_size``, ``ttl``, ``show_progress``, ``content_ids``, ``skip_existing``,
                ``max_concurrency``, ``vectors``.

        Returns:
            The ids, in the order of the texts.

        Raises:
            ArgumentError: If the lengths differ, or an option is out of range.
            RecordError: If a record could not be stored, indexed and read back exactly.
            PartialWriteError: If something failed after some records were written, or may have been.
        """
        return self._ingest("add_texts", texts_of(texts, metadatas, ids), options)

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: Iterable[dict[str, Any] | None] | None = None,
        *,
        ids: Iterable[str | None] | None = None,
        **options: Unpack[AddOptions],
    ) -> list[str]:
        """Embed texts and write them, several batches being embedded at the same time. See ``add_texts``."""
        return await self._aingest("aadd_texts", texts_of(texts, metadatas, ids), options)

    def add_embeddings(
        self,
        texts: Iterable[str],
        embeddings: Iterable[Vector] | Matrix,
        metadatas: Iterable[dict[str, Any] | None] | None = None,
        ids: Iterable[str | None] | None = None,
        **options: Unpack[AddOptions],
    ) -> list[str]:
        """Write texts with embeddings that exist already; the model is not called. See ``add_texts``.

        Args:
            texts: The texts.
            embeddings: One vector per text, or a matrix of shape (texts, dims).
            metadatas: One mapping per text.
            ids: One id per text; where one is None, a fresh ULID.
            options: See ``AddOptions``.

        Raises:
            ArgumentError: If the lengths differ, or an option is out of range.
            RecordError: If a record could not be stored, indexed and read back exactly, or has no embedding.
            PartialWriteError: If something failed after some records were written, or may have been.
        """
        parts = texts_of(texts, metadatas, ids)
        return self._ingest("add_embeddings", parts, options, embeddings)

    async def aadd_embeddings(
        self,
        texts: Iterable[str],
        embeddings: Iterable[Vector] | Matrix,
        metadatas: Iterable[dict[str, Any] | None] | None = None,
        ids: Iterable[str | None] | None = None,
        **options: Unpack[AddOptions],
    ) -> list[str]:
        """Write texts with embeddings that exist already. See ``add_embeddings``."""
        parts = texts_of(texts, metadatas, ids)
        return await self._aingest("aadd_embeddings", parts, options, embeddings)

    def add_documents(
        self,
        documents: Iterable[Document],
        *,
        ids: Iterable[str | None] | None = None,
        embeddings: Iterable[Vector] | Matrix | None = None,
        **options: Unpack[AddOptions],
    ) -> list[str]:
        """Embed documents and write them. Ids given here go before those of the documents. See ``add_texts``.

        Args:
            documents: The documents.
            ids: One id per document.
            embeddings: One vector per document, if they exist already; the model is not called then.
            options: See ``AddOptions``.
        """
        return self._ingest("add_documents", parts_of(documents, ids), options, embeddings)

    async def aadd_documents(
        self,
        documents: Iterable[Document],
        *,
        ids: Iterable[str | None] | None = None,
        embeddings: Iterable[Vector] | Matrix | None = None,
        **options: Unpack[AddOptions],
    ) -> list[str]:
        """Embed documents and write them. See ``add_documents``."""
        return await self._aingest("aadd_documents", parts_of(documents, ids), options, embeddings)

    def _ingest(
        self,
        method: str,
        parts: Iterable[Part],
        options: AddOptions,
        embeddings: Iterable[Vector] | Matrix | None = None,
    ) -> list[str]:
        plan, given = read_add_options(method, options, _NAMED[method])
        records = to_records(parts, embeddings=embeddings, **given, scope=self._index.scope)
        return ingest(self._index, records, self._embed if embeddings is None else given_vectors, plan)

    async def _aingest(
        self,
        method: str,
        parts: Iterable[Part],
        options: AddOptions,
        embeddings: Iterable[Vector] | Matrix | None = None,
    ) -> list[str]:
        plan, given = read_add_options(method, options, _NAMED[method])
        records = to_records(parts, embeddings=embeddings, **given, scope=self._index.scope)
        return await aingest(self._index, records, self._aembed if embeddings is None else agiven_vectors, plan)

    def _embed(self, batch: list[Record]) -> list[list[float]]:
        texts = [record.text for record in batch]
        return one_vector_each(self._embedding.embed_documents(texts), texts)

    async def _aembed(self, batch: list[Record]) -> list[list[float]]:
        texts = [record.text for record in batch]
        return one_vector_each(await self._embedding.aembed_documents(texts), texts)


_NAMED = {
    f"{a}{method}": named
    for a in ("", "a")
    for method, named in {
        "add_texts": ("metadatas", "ids"),
        "add_embeddings": ("metadatas", "ids"),
        "add_documents": ("ids", "embeddings"),
    }.items()
}
"""What each method takes beside its options, for errors."""
