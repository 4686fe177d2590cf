"""A LlamaIndex query engine that answers from a semantic cache where it can."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Sequence
from dataclasses import replace
from typing import Any, Unpack, cast

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.response.schema import RESPONSE_TYPE, AsyncStreamingResponse, StreamingResponse
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from redisvl_adapters.core.arguments import check_name
from redisvl_adapters.core.caches.cache_options import CacheOptions
from redisvl_adapters.core.caches.prompts import digest
from redisvl_adapters.core.caches.semantic_cache import SemanticCacheBase
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.errors import ArgumentError, RecordError
from redisvl_adapters.llama_index.engine_fingerprint import UnreadableError, engine_fingerprint
from redisvl_adapters.llama_index.responses import (
    CachedResponse,
    decode_cached,
    encode_cached,
    to_async_response,
    to_cached,
    to_cached_stream,
    to_response,
)
from redisvl_adapters.signatures import list_keywords


class SemanticCacheQueryEngine(SemanticCacheBase[CachedResponse], BaseQueryEngine):
    """A query engine that answers a query from one that means the same, and asks another engine otherwise.

    Text, metadata, source nodes and scores come back from the cache. An identical query is answered by reading one key,
    without embedding anything. Nothing is sent before the first query; the first answer creates the index.

    Engines may share a cache: an answer is only given to queries of engines that are made alike. What answers depend on
    is read from the engine at each query: its index, retriever with filters and ``similarity_top_k``, postprocessors,
    prompts, synthesiser and language model. That can be read of what ``index.as_query_engine()`` makes over an index in
    memory, which is known by its id and nodes, or over our ``RedisVectorStore``. An engine with other parts (a router,
    a custom retriever, another vector store) needs a ``name``, which stands for all that cannot be read.

    Examples:
        >>> engine = SemanticCacheQueryEngine(
        ...     index.as_query_engine(), embed_model, redis_url="redis://localhost:6379", distance_threshold=0.15
        ... )
        >>> engine.query("How do I sort a list?")

    Args:
        query_engine: The engine that is asked if the cache has no answer.
        embed_model: The model that turns queries into vectors.
        index_name: The name of the index of the cache.
        name: What stands for all of the engine that cannot be read, and for its indexes in memory. Engines with the
            same name share answers, unless they differ in what can be read.
        output_cls: The class of structured responses, if the engine gives such.
        options: The keywords of ``CacheOptions``: ``distance_threshold``, ``ttl``, ``scope``, ``on_error``,
            ``redis_url``, ``client``, ``storage``, ``algorithm``, ...

    Raises:
        UnknownArgumentError: If there is a keyword that the cache does not have.
        ArgumentError: If a value is out of its range, or the engine needs a name.
    """

    _own_arguments = frozenset({"query_engine", "embed_model", "index_name", "name", "output_cls"})

    @list_keywords(CacheOptions, first=["distance_threshold"])
    def __init__(
        self,
        query_engine: BaseQueryEngine,
        embed_model: BaseEmbedding,
        *,
        index_name: str = "query-cache",
        name: str | None = None,
        output_cls: type[BaseModel] | None = None,
        **options: Unpack[CacheOptions],
    ) -> None:
        if not isinstance(query_engine, BaseQueryEngine):
            raise ArgumentError(f"query_engine is a LlamaIndex BaseQueryEngine; not {type(query_engine).__name__}")
        if not isinstance(embed_model, BaseEmbedding):
            raise ArgumentError(f"embed_model is a LlamaIndex BaseEmbedding; not {type(embed_model).__name__}")
        if output_cls is not None and not (isinstance(output_cls, type) and issubclass(output_cls, BaseModel)):
            raise ArgumentError(f"output_cls is a class of Pydantic models; not {output_cls!r:.80}")
        self._query_engine = query_engine
        self._embed_model = embed_model
        self._output_cls = output_cls
        self._name = None if name is None else check_name(name, "name")
        self._engine_fingerprint()
        SemanticCacheBase.__init__(self, embed_model, index_name, options)
        self._options = cast("IndexOptions", {**self._options, "output_cls": output_cls, "name": name})
        BaseQueryEngine.__init__(self, query_engine.callback_manager)

    def _made_with(self) -> tuple[BaseQueryEngine, BaseEmbedding]:
        return (self._query_engine, self._embed_model)

    def retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return what the engine that is cached retrieves. The cache is not asked."""
        return self._query_engine.retrieve(query_bundle)

    def synthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Return what the engine that is cached makes of nodes. The cache is not asked."""
        return self._query_engine.synthesize(query_bundle, nodes, additional_source_nodes)

    async def asynthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Return what the engine that is cached makes of nodes. The cache is not asked."""
        return await self._query_engine.asynthesize(query_bundle, nodes, additional_source_nodes)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {"query_engine": self._query_engine}

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        query, context = query_bundle.query_str, self._context(query_bundle)
        cached = None if context is None else self._find(query, context)
        if cached is not None:
            return to_response(cached, self._output_cls)
        # A copy, since an engine writes into it, and the caller may ask with it again.
        response = self._query_engine.query(replace(query_bundle))
        context = self._unchanged(query_bundle, context)
        if context is None:
            return response
        if isinstance(response, StreamingResponse):
            response.response_gen = self._cache_stream(response.response_gen, query, context, response)
        elif (cached := self._to_cached(response)) is not None:
            self._keep(query, context, cached)
        return response

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        query, context = query_bundle.query_str, self._context(query_bundle)
        cached = None if context is None else await self._afind(query, context)
        if cached is not None:
            return to_async_response(cached, self._output_cls)
        response = await self._query_engine.aquery(replace(query_bundle))
        context = self._unchanged(query_bundle, context)
        if context is None:
            return response
        if isinstance(response, AsyncStreamingResponse):
            response.response_gen = self._acache_stream(response.response_gen, query, context, response)
        elif isinstance(response, StreamingResponse):
            response.response_gen = self._cache_stream(response.response_gen, query, context, response)
        elif (cached := self._to_cached(response)) is not None:
            await self._akeep(query, context, cached)
        return response

    def _engine_fingerprint(self) -> str:
        """Return what the answers of the engine depend on.

        Raises:
            ArgumentError: If it has a part that cannot be read, and no name.
        """
        try:
            return engine_fingerprint(self._query_engine, self._name)
        except UnreadableError as error:
            raise ArgumentError(
                f"a cache cannot tell what the answers of this engine depend on: {error}. Give it a name, such as "
                "name='handbook': engines with the same name share answers"
            ) from None

    def _context(self, query: QueryBundle) -> str | None:
        """Return what must be equal besides the text of a query; None if that cannot be told, with a warning."""
        try:
            embedding = None if query.embedding is None else list(map(float, query.embedding))
            return digest(self._engine_fingerprint(), query.image_path, query.custom_embedding_strs, embedding)
        except Exception as error:  # noqa: BLE001  # a cache need not be why a query fails, whatever happens
            self._missed(error)
            return None

    def _unchanged(self, query: QueryBundle, context: str | None) -> str | None:
        """Return what must be equal; None, with a warning, if the engine was changed while it answered."""
        if context is not None and self._context(query) != context:
            self._unkept(RecordError("the engine was changed while it answered"))
            return None
        return context

    def _to_cached(self, response: Any) -> CachedResponse | None:
        """Return what is stored of a response; None, with a warning, if it could not be read back."""
        try:
            return to_cached(response, self._output_cls)
        except RecordError as error:
            self._unkept(error)
            return None

    def _cache_stream(
        self, pieces: Iterable[str], query: str, context: str, response: StreamingResponse
    ) -> Generator[str, None, None]:
        """Yield the pieces of a response, and store it after the last one."""
        passed: list[str] = []
        for piece in pieces:
            passed.append(piece)
            yield piece
        self._keep(query, context, to_cached_stream(passed, response))

    async def _acache_stream(
        self, pieces: AsyncIterable[str], query: str, context: str, response: AsyncStreamingResponse
    ) -> AsyncGenerator[str, None]:
        """Yield the pieces of a response, and store it after the last one."""
        passed: list[str] = []
        async for piece in pieces:
            passed.append(piece)
            yield piece
        await self._akeep(query, context, to_cached_stream(passed, response))

    def _embed(self, text: str) -> Vector:
        return self._embed_model.get_query_embedding(text)

    async def _aembed(self, text: str) -> Vector:
        return await self._embed_model.aget_query_embedding(text)

    def _write(self, value: CachedResponse) -> str:
        return encode_cached(value)

    def _read(self, text: str | bytes) -> CachedResponse:
        return decode_cached(text, self._output_cls)
