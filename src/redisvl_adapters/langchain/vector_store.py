"""The LangChain vector store: its constructors, retrievers and searches by type.

Its other methods are in the other modules that are named ``..._methods``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, Unpack

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.embedding_models import model_name
from redisvl_adapters.core.records.vector_models import with_default_model
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.foreign_options import existing_options
from redisvl_adapters.core.schema.options import ExistingOptions, IndexOptions
from redisvl_adapters.core.search.word_methods import WordMethods
from redisvl_adapters.core.store import VectorStoreBase
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError, known_keywords, refuse_unknown
from redisvl_adapters.langchain.add_methods import AddMethods
from redisvl_adapters.langchain.add_options import AddOptions
from redisvl_adapters.langchain.explain_methods import ExplainMethods
from redisvl_adapters.langchain.rebuild_methods import RebuildMethods
from redisvl_adapters.langchain.record_methods import RecordMethods
from redisvl_adapters.langchain.retriever import RedisRetriever
from redisvl_adapters.langchain.search_methods import SearchMethods
from redisvl_adapters.langchain.search_options import SearchKwargs
from redisvl_adapters.langchain.search_types import SearchType, documents_of, search_of_type
from redisvl_adapters.langchain.searcher import Searcher
from redisvl_adapters.langchain.tool_methods import ToolMethods
from redisvl_adapters.signatures import list_keywords


class RedisVectorStore(  # type: ignore[misc]  # LangChain's methods take any keyword, these do not
    SearchMethods,
    AddMethods,
    RecordMethods,
    RebuildMethods,
    ToolMethods,
    ExplainMethods,
    VectorStoreBase,
    WordMethods[Document],
    VectorStore,
):
    """A LangChain vector store on a Redis index that LlamaIndex can use as well.

    Nothing is sent before the first operation, which opens the index; the first write creates it. Every method has an
    async twin that does not use threads. Filters are Mongo-style dicts, RedisVL filter expressions or this library's
    own.

    Examples:
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

    @list_keywords(IndexOptions, first=["index_name"])
    def __init__(self, embedding: Embeddings, **options: Unpack[IndexOptions]) -> None:
        if not isinstance(embedding, Embeddings):
            raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
        self._embedding = embedding
        self._options = options
        named: IndexOptions = {**options}
        if named.get("embedding_id") is None:
            named["embedding_id"] = model_name(embedding)
        if "vectors" in named:
            # Kept with the model that they have now, whatever a rebuild makes of the main vector.
            named["vectors"] = with_default_model(named["vectors"], embedding, named.get("embedding_id"))
            self._options = {**options, "vectors": named["vectors"]}
        self._index = RedisIndex(**named)
        self._searcher = Searcher(self._index, embedding)

    def _sharing(self, index: RedisIndex) -> Self:
        store = object.__new__(type(self))
        vars(store).update(vars(self), _index=index, _searcher=Searcher(index, self._embedding))
        return store

    def _made_with(self) -> tuple[Any, ...]:
        return (self._embedding,)

    def _model(self) -> Embeddings:
        return self._embedding

    def _text_of(self, found: Document) -> tuple[str, Mapping[str, Any]]:
        if not isinstance(found, Document):
            raise ArgumentError(f"found is a Document or a text; not {type(found).__name__} {found!r:.80}")
        return found.page_content, found.metadata

    @classmethod
    def from_texts(  # type: ignore[override]  # LangChain's takes any keyword
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts to it. See ``add_texts`` and ``IndexOptions``."""
        _check_options("from_texts", options, ("texts", "metadatas", "ids"))
        store = cls(embedding, **options)
        with store._closed_on_error():  # its own class
            store.add_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    async def afrom_texts(  # type: ignore[override]  # LangChain's takes any keyword
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts to it. See ``add_texts`` and ``IndexOptions``."""
        _check_options("afrom_texts", options, ("texts", "metadatas", "ids"))
        store = cls(embedding, **options)
        async with store._aclosed_on_error():  # its own class
            await store.aadd_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    def from_documents(  # type: ignore[override]  # LangChain's takes any keyword
        cls,
        documents: Iterable[Document],
        embedding: Embeddings,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add documents to it. See ``add_documents`` and ``IndexOptions``."""
        _check_options("from_documents", options, ("documents", "ids"))
        store = cls(embedding, **options)
        with store._closed_on_error():  # its own class
            store.add_documents(documents, ids=ids)
        return store

    @classmethod
    async def afrom_documents(  # type: ignore[override]  # LangChain's takes any keyword
        cls,
        documents: Iterable[Document],
        embedding: Embeddings,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add documents to it. See ``add_documents`` and ``IndexOptions``."""
        _check_options("afrom_documents", options, ("documents", "ids"))
        store = cls(embedding, **options)
        async with store._aclosed_on_error():  # its own class
            await store.aadd_documents(documents, ids=ids)
        return store

    @classmethod
    def from_embeddings(
        cls,
        text_embeddings: Iterable[tuple[str, Vector]],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts with embeddings that exist already, as pairs. See ``add_embeddings``."""
        _check_options("from_embeddings", options, ("text_embeddings", "metadatas", "ids"))
        texts, embeddings = _unzipped(text_embeddings)
        store = cls(embedding, **options)
        with store._closed_on_error():  # its own class
            store.add_embeddings(texts, embeddings, metadatas, ids)
        return store

    @classmethod
    async def afrom_embeddings(
        cls,
        text_embeddings: Iterable[tuple[str, Vector]],
        embedding: Embeddings,
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **options: Unpack[IndexOptions],
    ) -> Self:
        """Make a store and add texts with embeddings that exist already, as pairs. See ``add_embeddings``."""
        _check_options("afrom_embeddings", options, ("text_embeddings", "metadatas", "ids"))
        texts, embeddings = _unzipped(text_embeddings)
        store = cls(embedding, **options)
        async with store._aclosed_on_error():  # its own class
            await store.aadd_embeddings(texts, embeddings, metadatas, ids)
        return store

    @classmethod
    def from_existing_index(cls, index_name: str, embedding: Embeddings, **options: Unpack[ExistingOptions]) -> Self:
        """Open an index that exists, whoever made it; its prefix, storage, metric and fields are read from the server.

        An index of another application is read where it lies, and changed only with ``writable=True``. Its text, its
        vector and its metadata are those that the options name, or the only ones that there are.

        Args:
            index_name: The name of the index, or an alias of it.
            embedding: The model that made its vectors.
            options: The keywords of ``ExistingOptions``: ``text_field``, ``vector_field``, ``metadata_fields``, ...

        Raises:
            IndexNotFoundError: If there is no such index.
            ArgumentError: If it has several texts or vectors, and none was chosen.
            SchemaMismatchError: If it has no vector, or is not what was asked for.
        """
        store = cls(embedding, **existing_options(index_name, options))
        with store._closed_on_error():  # its own class
            store.count()
        return store

    @classmethod
    async def afrom_existing_index(
        cls, index_name: str, embedding: Embeddings, **options: Unpack[ExistingOptions]
    ) -> Self:
        """Open an index that exists, whoever made it. See ``from_existing_index``."""
        store = cls(embedding, **existing_options(index_name, options))
        async with store._aclosed_on_error():  # its own class
            await store.acount()
        return store

    @property
    def embeddings(self) -> Embeddings:
        """The model that turns texts into vectors."""
        return self._embedding

    # By search type

    @known_keywords
    def as_retriever(  # type: ignore[override]  # LangChain's takes any keyword
        self,
        *,
        search_type: SearchType = "similarity",
        search_kwargs: SearchKwargs | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> RedisRetriever:
        """Return a retriever over this store.

        Args:
            search_type: What it does: ``similarity``, ``similarity_score_threshold``, ``mmr``, ``text`` or ``hybrid``.
            search_kwargs: What the search method of that type takes. See ``SearchKwargs``.
            tags: The tags of its runs; by default the names of the store and of the model.
            metadata: The metadata of its runs.
            name: Its name in traces.

        Raises:
            UnknownArgumentError: If there is a keyword, or a search keyword, that the retriever does not have.
            ArgumentError: If the search type does not exist, or a search keyword is out of its range or contradicts
                another.
        """
        search_of_type(search_type, search_kwargs)
        given: dict[str, Any] = {**search_kwargs} if search_kwargs else {}
        if "score_threshold" in given:
            # LangChain takes a float alone.
            given["score_threshold"] = float(given["score_threshold"])
        tags = tags or self._get_retriever_tags()
        return RedisRetriever(
            vectorstore=self, search_type=search_type, search_kwargs=given, tags=tags, metadata=metadata, name=name
        )

    def search(  # type: ignore[override]  # LangChain's takes any keyword
        self, query: str, search_type: SearchType, **search_kwargs: Unpack[SearchKwargs]
    ) -> list[Document]:
        """Return what a retriever of a type finds for a text. See ``as_retriever``."""
        return documents_of(self._searcher.run(query, search_of_type(search_type, search_kwargs)))

    async def asearch(  # type: ignore[override]  # LangChain's takes any keyword
        self, query: str, search_type: SearchType, **search_kwargs: Unpack[SearchKwargs]
    ) -> list[Document]:
        """Return what a retriever of a type finds for a text. See ``as_retriever``."""
        return documents_of(await self._searcher.arun(query, search_of_type(search_type, search_kwargs)))

    def retrieve_batch(
        self, search_type: SearchType, queries: Sequence[str], **search_kwargs: Unpack[SearchKwargs]
    ) -> list[list[Document]]:
        """Return what a retriever finds for each of some texts, embedded by one call and searched in one round trip.

        Args:
            search_type: See ``as_retriever``.
            queries: The texts.
            search_kwargs: See ``SearchKwargs``.
        """
        found = self._searcher.run_batch(queries, search_of_type(search_type, search_kwargs))
        return [documents_of(each) for each in found]

    async def aretrieve_batch(
        self, search_type: SearchType, queries: Sequence[str], **search_kwargs: Unpack[SearchKwargs]
    ) -> list[list[Document]]:
        """Return what a retriever finds for each of some texts. See ``retrieve_batch``."""
        found = await self._searcher.arun_batch(queries, search_of_type(search_type, search_kwargs))
        return [documents_of(each) for each in found]


def _check_options(method: str, options: IndexOptions, own: tuple[str, ...]) -> None:
    """Refuse what neither the store nor the method that makes it takes.

    Raises:
        UnknownArgumentError: If there is such.
    """
    known = IndexOptions.__optional_keys__
    unknown = {name: value for name, value in options.items() if name not in known}
    for name in unknown:
        if name in AddOptions.__annotations__:
            add = method.replace("from", "add")
            raise UnknownArgumentError(f"{method} has no argument {name!r}; make the store, then {add}(..., {name}=)")
    own = (*own, "embedding")
    refuse_unknown(method, unknown, known | {*own}, f"beside {', '.join(own)}, redisvl_adapters.core.IndexOptions")


def _unzipped(pairs: Iterable[tuple[str, Vector]]) -> tuple[list[str], list[Vector]]:
    """Return the texts and the vectors of pairs.

    Raises:
        ArgumentError: If they are no pairs.
    """
    if isinstance(pairs, str | Mapping) or not isinstance(pairs, Iterable):
        raise ArgumentError(f"text_embeddings is a list of pairs of a text and its vector; not {pairs!r:.80}")
    texts, vectors = [], []
    for position, pair in enumerate(pairs):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ArgumentError(f"text_embeddings[{position}] is a pair of a text and its vector; not {pair!r:.80}")
        texts.append(pair[0])
        vectors.append(pair[1])
    return texts, vectors
