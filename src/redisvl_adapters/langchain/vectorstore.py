"""The LangChain vector store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypedDict, Unpack

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore, VectorStoreRetriever

from redisvl_adapters.core import operations
from redisvl_adapters.core.commands import Steps
from redisvl_adapters.core.index import RedisIndex
from redisvl_adapters.core.options import IndexOptions, check_ttl
from redisvl_adapters.core.query import Hit, check_k
from redisvl_adapters.core.ranking import as_rows, check_fraction, maximal_marginal_relevance, relevance
from redisvl_adapters.core.record import Record, new_id
from redisvl_adapters.errors import ArgumentError, did_you_mean, refuse_unknown
from redisvl_adapters.langchain.filters import FilterLike, read_filter

_SEARCH_KWARGS: dict[str, frozenset[str]] = {
    "similarity": frozenset({"k", "filter"}),
    "similarity_score_threshold": frozenset({"k", "filter", "score_threshold"}),
    "mmr": frozenset({"k", "filter", "fetch_k", "lambda_mult"}),
}
_ADD_KWARGS = frozenset({"ids", "batch_size", "ttl"})


class RedisVectorStore(VectorStore):
    """A LangChain vector store on a Redis index that LlamaIndex can use as well.

    Nothing is sent before the first operation, which opens the index; the first write creates it. Every method has an
    async twin that does not use threads. Filters are Mongo-style dicts, RedisVL filter expressions or this library's own.

    Example:
        >>> store = RedisVectorStore(embedding, index_name="docs", redis_url="redis://localhost:6379")
        >>> store.add_texts(["Redis is quick."], [{"year": 2024}])
        >>> store.similarity_search("a quick store", k=1, filter={"year": {"$gte": 2020}})

    Args:
        embedding: The model that turns texts into vectors.
        options: The keywords of ``IndexOptions``: ``index_name``, ``redis_url``, ``storage``, ``metadata_schema``, ...

    Raises:
        UnknownArgumentError: If there is a keyword that the store does not have.
        ArgumentError: If a value is out of its range.
        SchemaError: If the values contradict each other.
    """

    def __init__(self, embedding: Embeddings, **options: Unpack[IndexOptions]) -> None:
        if not isinstance(embedding, Embeddings):
            raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
        self._embedding = embedding
        self._index = RedisIndex(**options)

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts to it. See ``add_texts`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    async def afrom_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts to it. See ``add_texts`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        await store.aadd_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[Document],
        embedding: Embeddings,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add documents to it. See ``add_documents`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        store.add_documents(documents, ids=ids)
        return store

    @classmethod
    async def afrom_documents(
        cls,
        documents: Iterable[Document],
        embedding: Embeddings,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add documents to it. See ``add_documents`` and ``IndexOptions``."""
        store = cls(embedding, **options)
        await store.aadd_documents(documents, ids=ids)
        return store

    @classmethod
    def from_existing_index(cls, index_name: str, embedding: Embeddings, **options: Unpack[IndexOptions]) -> Self:
        """Open an index that exists; its prefix, storage, metric and fields are read from the server.

        Raises:
            IndexNotFoundError: If there is no such index.
        """
        store = cls(embedding, **_existing(index_name, options))
        store.count()
        return store

    @classmethod
    async def afrom_existing_index(
        cls, index_name: str, embedding: Embeddings, **options: Unpack[IndexOptions]
    ) -> Self:
        """Open an index that exists; its prefix, storage, metric and fields are read from the server.

        Raises:
            IndexNotFoundError: If there is no such index.
        """
        store = cls(embedding, **_existing(index_name, options))
        await store.acount()
        return store

    @property
    def embeddings(self) -> Embeddings:
        """The model that turns texts into vectors."""
        return self._embedding

    @property
    def index(self) -> RedisIndex:
        """The Redis index under this store."""
        return self._index

    # Writing

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int | None = None,
        ttl: float | None = None,
        **unknown: Any,
    ) -> list[str]:
        """Embed texts and write them, replacing those that exist under their ids.

        Args:
            texts: The texts.
            metadatas: One mapping per text.
            ids: One id per text; where one is None, a fresh ULID.
            batch_size: How many texts are embedded at a time; by default all at once.
            ttl: Seconds after which these records expire; by default as the store was told.
            unknown: Nothing: other keywords are refused.

        Returns:
            The ids, in the order of the texts.

        Raises:
            ArgumentError: If the lengths differ.
            RecordError: If a record could not be stored, indexed and read back exactly; nothing is written then.
            PartialWriteError: If the server failed after some records may have been written.
        """
        refuse_unknown("add_texts", unknown, _ADD_KWARGS)
        records, ttl_ms = _records(texts, metadatas, ids), check_ttl(ttl)
        vectors: list[list[float]] = []
        for batch in _batches(records, batch_size):
            vectors += _one_each(self._embedding.embed_documents(batch), batch)
        return self._index.run(operations.upsert(self._index.state, records, vectors, ttl_ms))

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int | None = None,
        ttl: float | None = None,
        **unknown: Any,
    ) -> list[str]:
        """Embed texts and write them. See ``add_texts``."""
        refuse_unknown("aadd_texts", unknown, _ADD_KWARGS)
        records, ttl_ms = _records(texts, metadatas, ids), check_ttl(ttl)
        vectors: list[list[float]] = []
        for batch in _batches(records, batch_size):
            vectors += _one_each(await self._embedding.aembed_documents(batch), batch)
        return await self._index.arun(operations.upsert(self._index.state, records, vectors, ttl_ms))

    def add_documents(
        self, documents: Iterable[Document], *, ids: Sequence[str | None] | None = None, **kwargs: Any
    ) -> list[str]:
        """Embed documents and write them. Ids given here go before those of the documents. See ``add_texts``."""
        return self.add_texts(**_parts(documents, ids), **kwargs)

    async def aadd_documents(
        self, documents: Iterable[Document], *, ids: Sequence[str | None] | None = None, **kwargs: Any
    ) -> list[str]:
        """Embed documents and write them. Ids given here go before those of the documents. See ``add_texts``."""
        return await self.aadd_texts(**_parts(documents, ids), **kwargs)

    def delete(
        self, ids: Sequence[str] | None = None, *, filter: FilterLike | None = None, **unknown: Any
    ) -> bool:
        """Delete records by their ids, by a filter, or those of some ids that match a filter.

        Args:
            ids: The ids. Those that do not exist do no harm; an empty list deletes nothing.
            filter: A filter; one that matches everything is refused.
            unknown: Nothing: other keywords are refused.

        Returns:
            True.

        Raises:
            ArgumentError: If there are neither ids nor a filter that could fail to match.
            FilterError: If the filter cannot be honoured.
        """
        refuse_unknown("delete", unknown, ("ids", "filter"))
        self._index.run(self._delete(ids, filter))
        return True

    async def adelete(
        self, ids: Sequence[str] | None = None, *, filter: FilterLike | None = None, **unknown: Any
    ) -> bool:
        """Delete records. See ``delete``."""
        refuse_unknown("adelete", unknown, ("ids", "filter"))
        await self._index.arun(self._delete(ids, filter))
        return True

    def _delete(self, ids: Sequence[str] | None, filter: FilterLike | None) -> Steps[int]:
        if ids is None and filter is None:
            raise ArgumentError("delete needs ids or a filter; call clear() to delete everything")
        return operations.delete_matching(self._index.state, read_filter(filter), _id_list(ids))

    def clear(self) -> None:
        """Delete all records. The index stays, with its fields."""
        self._index.run(operations.clear(self._index.state))

    async def aclear(self) -> None:
        """Delete all records. The index stays, with its fields."""
        await self._index.arun(operations.clear(self._index.state))

    # Reading

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents with these ids, in their order; ids that do not exist are left out."""
        return self._index.run(self._get(ids))

    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents with these ids, in their order; ids that do not exist are left out."""
        return await self._index.arun(self._get(ids))

    def _get(self, ids: Sequence[str]) -> Steps[list[Document]]:
        found = yield from operations.fetch(self._index.state, _id_list(ids) or [])
        return [_document(record) for record in found if record is not None]

    def count(self, filter: FilterLike | None = None) -> int:
        """Count the records, or those that match a filter."""
        return self._index.run(operations.count(self._index.state, read_filter(filter)))

    async def acount(self, filter: FilterLike | None = None) -> int:
        """Count the records, or those that match a filter."""
        return await self._index.arun(operations.count(self._index.state, read_filter(filter)))

    # Searching

    def similarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a text, nearest first.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            unknown: Nothing: other keywords are refused.

        Raises:
            ArgumentError: If k is out of range.
            FilterError: If the filter cannot be honoured.
        """
        refuse_unknown("similarity_search", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(self.similarity_search_with_score(query, k, filter))

    async def asimilarity_search(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a text. See ``similarity_search``."""
        refuse_unknown("asimilarity_search", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(await self.asimilarity_search_with_score(query, k, filter))

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        refuse_unknown("similarity_search_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(self.similarity_search_with_score_by_vector(embedding, k, filter))

    async def asimilarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[Document]:
        """Return the documents nearest to a vector. See ``similarity_search``."""
        refuse_unknown("asimilarity_search_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return _documents(await self.asimilarity_search_with_score_by_vector(embedding, k, filter))

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        refuse_unknown("similarity_search_with_score", unknown, _SEARCH_KWARGS["similarity"])
        check_k(k)
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, filter)

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a text with their distances: smaller is nearer. See ``similarity_search``."""
        refuse_unknown("asimilarity_search_with_score", unknown, _SEARCH_KWARGS["similarity"])
        check_k(k)
        vector = await self._embedding.aembed_query(query)
        return await self.asimilarity_search_with_score_by_vector(vector, k, filter)

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        refuse_unknown("similarity_search_with_score_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return self._index.run(self._nearest(embedding, k, filter))

    async def asimilarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: FilterLike | None = None, **unknown: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a vector with their distances. See ``similarity_search``."""
        refuse_unknown("asimilarity_search_with_score_by_vector", unknown, _SEARCH_KWARGS["similarity"])
        return await self._index.arun(self._nearest(embedding, k, filter))

    def similarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **unknown: Any,
    ) -> list[tuple[Document, float]]:
        """Return the documents nearest to a text with their relevance, in [0, 1]: larger is nearer.

        Args:
            query: The text.
            k: How many at most.
            filter: Only documents that match this.
            score_threshold: Only documents that are at least this relevant.
            unknown: Nothing: other keywords are refused.
        """
        refuse_unknown(
            "similarity_search_with_relevance_scores", unknown, _SEARCH_KWARGS["similarity_score_threshold"]
        )
        found = self.similarity_search_with_score(query, k, filter)
        return self._relevant(found, score_threshold)

    async def asimilarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        filter: FilterLike | None = None,
        *,
        score_threshold: float | None = None,
        **unknown: Any,
    ) -> list[tuple[Document, float]]:
        """Return documents with their relevance. See ``similarity_search_with_relevance_scores``."""
        refuse_unknown(
            "asimilarity_search_with_relevance_scores", unknown, _SEARCH_KWARGS["similarity_score_threshold"]
        )
        found = await self.asimilarity_search_with_score(query, k, filter)
        return self._relevant(found, score_threshold)

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near to a text and unlike each other, in the order of their choice.

        Args:
            query: The text.
            k: How many at most.
            fetch_k: From how many of the nearest they are chosen.
            lambda_mult: 1 looks at nearness alone, 0 at variety alone.
            filter: Only documents that match this.
            unknown: Nothing: other keywords are refused.

        Raises:
            ArgumentError: If k or fetch_k is out of range, fetch_k is less than k, or lambda_mult is not within 0 and 1.
            FilterError: If the filter cannot be honoured.
        """
        refuse_unknown("max_marginal_relevance_search", unknown, _SEARCH_KWARGS["mmr"])
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter)

    async def amax_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near and unlike each other. See ``max_marginal_relevance_search``."""
        refuse_unknown("amax_marginal_relevance_search", unknown, _SEARCH_KWARGS["mmr"])
        vector = await self._embedding.aembed_query(query)
        return await self.amax_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        refuse_unknown("max_marginal_relevance_search_by_vector", unknown, _SEARCH_KWARGS["mmr"])
        return self._index.run(self._diverse(embedding, k, fetch_k, lambda_mult, filter))

    async def amax_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: FilterLike | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Return documents that are near to a vector and unlike each other. See ``max_marginal_relevance_search``."""
        refuse_unknown("amax_marginal_relevance_search_by_vector", unknown, _SEARCH_KWARGS["mmr"])
        return await self._index.arun(self._diverse(embedding, k, fetch_k, lambda_mult, filter))

    def as_retriever(self, **kwargs: Any) -> VectorStoreRetriever:
        """Return a retriever over this store.

        Args:
            kwargs: ``search_type`` ("similarity", "similarity_score_threshold" or "mmr"), ``search_kwargs`` (what the search
                method of that type takes: ``k``, ``filter``, ``score_threshold``, ``fetch_k``, ``lambda_mult``), and what
                every LangChain retriever has (``tags``, ``metadata``, ``name``).

        Raises:
            UnknownArgumentError: If there is a keyword, or a search keyword, that the retriever does not have.
            ArgumentError: If the search type does not exist.
        """
        known = set(VectorStoreRetriever.model_fields) - {"vectorstore"}
        refuse_unknown("as_retriever", {name: kwargs[name] for name in kwargs if name not in known}, known)
        search_type = kwargs.get("search_type", "similarity")
        if search_type not in _SEARCH_KWARGS:
            raise ArgumentError(
                f"search_type is one of {', '.join(_SEARCH_KWARGS)}; not {search_type!r}"
                f"{did_you_mean(str(search_type), _SEARCH_KWARGS)}"
            )
        search_kwargs = kwargs.get("search_kwargs") or {}
        allowed = _SEARCH_KWARGS[search_type]
        unknown = {name: value for name, value in search_kwargs.items() if name not in allowed}
        refuse_unknown(f"search_kwargs of a {search_type!r} retriever", unknown, allowed)
        if search_type == "similarity_score_threshold":
            threshold = search_kwargs.get("score_threshold")
            if threshold is None:
                raise ArgumentError("a 'similarity_score_threshold' retriever needs search_kwargs={'score_threshold': ...}")
            # LangChain takes a float alone.
            search_kwargs = {**search_kwargs, "score_threshold": float(check_fraction(threshold, "score_threshold"))}
        return super().as_retriever(**{**kwargs, "search_kwargs": search_kwargs})

    # The index and its connection

    def create(self, dims: int | None = None) -> None:
        """Create the index now, if it does not exist.

        Args:
            dims: The number of dimensions of its vectors, if the store was not told.
        """
        self._index.run(operations.create(self._index.state, dims))

    async def acreate(self, dims: int | None = None) -> None:
        """Create the index now, if it does not exist. See ``create``."""
        await self._index.arun(operations.create(self._index.state, dims))

    def drop(self) -> None:
        """Drop the index with all its records. The next write creates it anew."""
        self._index.run(operations.drop(self._index.state))

    async def adrop(self) -> None:
        """Drop the index with all its records. The next write creates it anew."""
        await self._index.arun(operations.drop(self._index.state))

    def close(self) -> None:
        """Close the connection; a client that was given stays open."""
        self._index.close()

    async def aclose(self) -> None:
        """Close the connection, that of the running event loop too; a client that was given stays open."""
        await self._index.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # What each search is made of

    def _nearest(self, vector: list[float], k: int, filter: FilterLike | None) -> Steps[list[tuple[Document, float]]]:
        hits = yield from operations.search(self._index.state, vector, k, read_filter(filter))
        return [(_document(hit.record), hit.distance) for hit in hits]

    def _diverse(
        self, vector: list[float], k: int, fetch_k: int, lambda_mult: float, filter: FilterLike | None
    ) -> Steps[list[Document]]:
        check_fraction(lambda_mult, "lambda_mult")
        if check_k(fetch_k, "fetch_k") < check_k(k):
            raise ArgumentError(f"fetch_k is at least k; not {fetch_k} with k={k}")
        hits = yield from operations.search(self._index.state, vector, fetch_k, read_filter(filter), vectors=True)
        candidates = as_rows([hit.record.vector for hit in hits])
        chosen = maximal_marginal_relevance(np.asarray(vector), candidates, k=k, lambda_mult=lambda_mult)
        return [_document(hits[place].record) for place in chosen]

    def _relevant(self, found: list[tuple[Document, float]], threshold: float | None) -> list[tuple[Document, float]]:
        at_least = 0.0 if threshold is None else check_fraction(threshold, "score_threshold")
        score = self._select_relevance_score_fn()
        scored = [(document, score(distance)) for document, distance in found]
        return [(document, relevance) for document, relevance in scored if relevance >= at_least]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        schema = self._index.state.schema
        metric = schema.vector.metric if schema else self._index.state.spec.metric or "cosine"
        return lambda distance: relevance(distance, metric)


def _existing(index_name: str, options: IndexOptions) -> IndexOptions:
    if options.get("create", "never") != "never":
        raise ArgumentError("from_existing_index opens an index that exists: create= has no place here")
    return {**options, "index_name": index_name, "create": "never"}


def _parts(documents: Iterable[Document], ids: Sequence[str | None] | None) -> _Parts:
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


class _Parts(TypedDict):
    texts: list[str]
    metadatas: list[dict[str, Any] | None]
    ids: Sequence[str | None]


def _records(
    texts: Iterable[str], metadatas: Sequence[dict[str, Any] | None] | None, ids: Sequence[str | None] | None
) -> list[Record]:
    if isinstance(texts, str):
        raise ArgumentError("texts is a list of texts, not one text")
    texts = list(texts)
    for name, given in (("metadatas", metadatas), ("ids", ids)):
        if given is not None and len(given) != len(texts):
            raise ArgumentError(f"{len(texts)} texts came with {len(given)} {name}")
    return [
        Record(new_id() if record_id is None else record_id, text, metadata or {})
        for text, metadata, record_id in zip(
            texts, metadatas or [None] * len(texts), ids or [None] * len(texts), strict=True
        )
    ]


def _batches(records: list[Record], size: int | None) -> list[list[str]]:
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise ArgumentError(f"batch_size is a positive integer; not {size!r}")
    texts = [record.text for record in records]
    size = size or len(texts) or 1
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _one_each(vectors: list[list[float]], texts: list[str]) -> list[list[float]]:
    if len(vectors) != len(texts):
        raise ArgumentError(f"the embedding model made {len(vectors)} vectors of {len(texts)} texts")
    return vectors


def _id_list(ids: Sequence[str] | None) -> Sequence[str] | None:
    if isinstance(ids, str):
        raise ArgumentError(f"ids is a list of ids, not one id; write [{ids!r}]")
    return ids


def _document(record: Record) -> Document:
    return Document(id=record.id, page_content=record.text, metadata=record.metadata)


def _documents(found: list[tuple[Document, float]]) -> list[Document]:
    return [document for document, _ in found]
