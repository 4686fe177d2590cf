"""Searching by text, and by text and vector at once, through LangChain; and walking over all documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import Any, Unpack, cast

from langchain_core.documents import Document

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.search.argument_checks import check_hybrid_search, check_text_search
from redisvl_adapters.core.search.fusion import Fusion
from redisvl_adapters.core.search.options import SEARCH_OPTIONS, HybridOptions, SearchOptions, TextOptions
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.text_query import DEFAULT_SCORER
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.steps import pipelined
from redisvl_adapters.errors import AdapterError, ArgumentError, known_keywords
from redisvl_adapters.langchain.documents import to_document
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.options import check_query, check_search
from redisvl_adapters.langchain.search import Scored, SearchMethods, documents_of


class TextMethods(SearchMethods):
    """The text and hybrid search methods of a LangChain store, each with its async twin."""

    def text_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextOptions]
    ) -> list[Document]:
        """Return the documents whose text matches best, best first. Nothing is embedded.

        Args:
            query: Any text: its words and their stems are looked for. Nothing in it is syntax, and a text without any
                word finds nothing.
            k: How many at most.
            filter: Only documents that match this; with BM25STD it never touches the score.
            options: See ``TextOptions``.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If an argument is out of range.
            FilterError: If the filter cannot be honoured.
        """
        return _documents(self._index.run(self._matching(query, k, filter, options)))

    async def atext_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextOptions]
    ) -> list[Document]:
        """Return the documents whose text matches best. See ``text_search``."""
        return _documents(await self._index.arun(self._matching(query, k, filter, options)))

    def text_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextOptions]
    ) -> Scored:
        """Return the documents whose text matches best, with their scores: larger is better. See ``text_search``."""
        return _scored(self._index.run(self._matching(query, k, filter, options)))

    async def atext_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[TextOptions]
    ) -> Scored:
        """Return the documents whose text matches best, with their scores. See ``text_search``."""
        return _scored(await self._index.arun(self._matching(query, k, filter, options)))

    def hybrid_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridOptions]
    ) -> list[Document]:
        """Return the documents that are near to a text or have its words, or both, best first.

        Args:
            query: Any text. It is embedded for the vector side; its words are looked for on the text side.
            k: How many at most.
            filter: Only documents that match this, on both sides.
            options: See ``HybridOptions``.

        Raises:
            UnknownArgumentError: If there is another keyword.
            ArgumentError: If an argument is out of range.
            FilterError: If the filter cannot be honoured.
        """
        return _documents(self._hybrid(query, k, filter, options))

    async def ahybrid_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridOptions]
    ) -> list[Document]:
        """Return the documents that are near to a text or have its words. See ``hybrid_search``."""
        return _documents(await self._ahybrid(query, k, filter, options))

    def hybrid_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridOptions]
    ) -> Scored:
        """Return what ``hybrid_search`` returns, with the fused scores: larger is better."""
        return _scored(self._hybrid(query, k, filter, options))

    async def ahybrid_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **options: Unpack[HybridOptions]
    ) -> Scored:
        """Return what ``hybrid_search`` returns, with the fused scores: larger is better."""
        return _scored(await self._ahybrid(query, k, filter, options))

    def similarity_search_batch(
        self, queries: Sequence[str], k: int = 4, filter: FilterLike | None = None, **options: Unpack[SearchOptions]
    ) -> list[list[Document]]:
        """Return the documents nearest to each of some texts, embedded by one call and searched in one round trip.

        The call is ``embed_documents``, the one that takes several texts. See ``similarity_search``.
        """
        return self.retrieve_batch("similarity", queries, k=k, filter=filter, **options)

    async def asimilarity_search_batch(
        self, queries: Sequence[str], k: int = 4, filter: FilterLike | None = None, **options: Unpack[SearchOptions]
    ) -> list[list[Document]]:
        """Return the documents nearest to each of some texts. See ``similarity_search_batch``."""
        return await self.aretrieve_batch("similarity", queries, k=k, filter=filter, **options)

    def search(self, query: str, search_type: str, **search_kwargs: Any) -> list[Document]:
        """Return what a retriever of a type finds for a text. See ``as_retriever``."""
        vector = self._embedding.embed_query(query) if self._needs_vector(query, search_type, search_kwargs) else []
        return self._index.run(self._retrieve_one(search_type, query, vector, **search_kwargs))

    async def asearch(self, query: str, search_type: str, **search_kwargs: Any) -> list[Document]:
        """Return what a retriever of a type finds for a text. See ``as_retriever``."""
        needs_vector = self._needs_vector(query, search_type, search_kwargs)
        vector = await self._embedding.aembed_query(query) if needs_vector else []
        return await self._index.arun(self._retrieve_one(search_type, query, vector, **search_kwargs))

    def retrieve_batch(self, search_type: str, queries: Sequence[str], **search_kwargs: Any) -> list[list[Document]]:
        """Return what a retriever finds for each of some texts, embedded by one call and searched in one round trip.

        Args:
            search_type: See ``as_retriever``.
            queries: The texts.
            search_kwargs: See ``as_retriever``.
        """
        needs_vectors = check_search(search_type, search_kwargs)
        texts = _checked_queries(queries)
        vectors = self._embedding.embed_documents(texts) if needs_vectors and texts else [[]] * len(texts)
        return self._index.run(self._retrieve(search_type, texts, vectors, search_kwargs))

    async def aretrieve_batch(
        self, search_type: str, queries: Sequence[str], **search_kwargs: Any
    ) -> list[list[Document]]:
        """Return what a retriever finds for each of some texts. See ``retrieve_batch``."""
        needs_vectors = check_search(search_type, search_kwargs)
        texts = _checked_queries(queries)
        vectors = await self._embedding.aembed_documents(texts) if needs_vectors and texts else [[]] * len(texts)
        return await self._index.arun(self._retrieve(search_type, texts, vectors, search_kwargs))

    @known_keywords
    def iterate(self, filter: FilterLike | None = None, batch_size: int = 500) -> Iterator[Document]:
        """Walk over all documents, or over those that match a filter, in no order and in constant memory.

        Documents that are there all the time come, whatever else is read meanwhile. One that is written while the walk
        goes on comes once, twice or not at all.

        Args:
            filter: Only documents that match this.
            batch_size: How many are fetched at once.

        Raises:
            ArgumentError: If batch_size is out of range.
            FilterError: If the filter cannot be honoured.
            ServerError: If more than five minutes go by between two batches.
        """
        return self._walk(_checked_size(batch_size), filter)

    @known_keywords
    def aiterate(self, filter: FilterLike | None = None, batch_size: int = 500) -> AsyncIterator[Document]:
        """Walk over all documents, or over those that match a filter. See ``iterate``."""
        return self._awalk(_checked_size(batch_size), filter)

    # What each is made of

    @staticmethod
    def _needs_vector(query: str, search_type: str, search_kwargs: dict[str, Any]) -> bool:
        needs_vector = check_search(search_type, search_kwargs)
        check_query(query)
        return needs_vector

    def _matching(self, query: str, k: int, filter: FilterLike | None, options: TextOptions) -> Steps[list[Hit]]:
        check_text_search("text_search", k, options)
        check_query(query)
        return operations.search_text(self._index.state, query, k, read_filter(filter), **_text(options))

    def _hybrid(self, query: str, k: int, filter: FilterLike | None, options: HybridOptions) -> list[Hit]:
        fusion = check_hybrid_search("hybrid_search", k, options)
        check_query(query)
        vector = self._embedding.embed_query(query) if fusion.alpha else None
        return self._index.run(self._both(query, vector, k, filter, fusion, options))

    async def _ahybrid(self, query: str, k: int, filter: FilterLike | None, options: HybridOptions) -> list[Hit]:
        fusion = check_hybrid_search("hybrid_search", k, options)
        check_query(query)
        vector = await self._embedding.aembed_query(query) if fusion.alpha else None
        return await self._index.arun(self._both(query, vector, k, filter, fusion, options))

    def _both(
        self,
        query: str,
        vector: list[float] | None,
        k: int,
        filter: FilterLike | None,
        fusion: Fusion,
        options: HybridOptions,
    ) -> Steps[list[Hit]]:
        near: Any = {name: value for name, value in options.items() if name in SEARCH_OPTIONS}
        return operations.search_hybrid(
            self._index.state,
            vector,
            query,
            k,
            read_filter(filter),
            fusion=fusion,
            fetch_k=options.get("fetch_k"),
            **_text(options),
            **near,
        )

    def _retrieve(
        self, search_type: str, queries: list[str], vectors: Sequence[list[float]], search_kwargs: dict[str, Any]
    ) -> Steps[list[list[Document]]]:
        steps = zip(queries, vectors, strict=True)
        return pipelined([self._retrieve_one(search_type, query, vector, **search_kwargs) for query, vector in steps])

    def _retrieve_one(
        self,
        search_type: str,
        query: str,
        vector: list[float],
        k: int = 4,
        filter: FilterLike | None = None,
        **options: Any,
    ) -> Steps[list[Document]]:
        match search_type:
            case "text":
                return _documents((yield from self._matching(query, k, filter, cast("TextOptions", options))))
            case "hybrid":
                hybrid = cast("HybridOptions", options)
                fusion = check_hybrid_search("hybrid_search", k, hybrid)
                return _documents((yield from self._both(query, vector, k, filter, fusion, hybrid)))
            case "mmr":
                fetch_k, lambda_mult = options.pop("fetch_k", None), options.pop("lambda_mult", 0.5)
                found = yield from self._diverse(vector, k, fetch_k, lambda_mult, filter, options)
            case "similarity_score_threshold":
                threshold = options.pop("score_threshold", None)
                found = yield from self._relevant(vector, k, filter, threshold, options)
            case _:
                found = yield from self._nearest(vector, k, filter, options)
        return documents_of(found)

    def _walk(self, size: int, filter: FilterLike | None) -> Iterator[Document]:
        state = self._index.state
        page = self._index.run(operations.first_page(state, read_filter(filter), size))
        try:
            yield from map(to_document, page.records)
            while not page.is_last:
                page = self._index.run(operations.next_page(state, page, size))
                yield from map(to_document, page.records)
        except BaseException:
            if page.cursor:
                with suppress(AdapterError):
                    self._index.run(operations.close_walk(state, page.cursor))
            raise

    async def _awalk(self, size: int, filter: FilterLike | None) -> AsyncIterator[Document]:
        state = self._index.state
        page = await self._index.arun(operations.first_page(state, read_filter(filter), size))
        try:
            for record in page.records:
                yield to_document(record)
            while not page.is_last:
                page = await self._index.arun(operations.next_page(state, page, size))
                for record in page.records:
                    yield to_document(record)
        except BaseException:
            if page.cursor:
                with suppress(AdapterError):
                    await self._index.arun(operations.close_walk(state, page.cursor))
            raise


def _text(options: TextOptions | HybridOptions) -> dict[str, Any]:
    given: dict[str, Any] = {"match": options.get("match", "any"), "scorer": options.get("scorer", DEFAULT_SCORER)}
    return {**given, "fields": options.get("text_fields")}


def _checked_queries(queries: Any) -> list[str]:
    if isinstance(queries, str) or not isinstance(queries, Sequence):
        raise ArgumentError(f"queries is a list of texts; not {queries!r:.80}")
    return [check_query(query) for query in queries]


def _checked_size(batch_size: Any) -> int:
    if not check_k(batch_size, "batch_size"):
        raise ArgumentError("batch_size is at least 1")
    return int(batch_size)


def _documents(hits: list[Hit]) -> list[Document]:
    return [to_document(hit.record) for hit in hits]


def _scored(hits: list[Hit]) -> Scored:
    return [(to_document(hit.record), hit.score or 0.0) for hit in hits]
