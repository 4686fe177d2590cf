"""LangChain caches of what models answer: one for prompts that mean the same, one for identical prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from langchain_core.caches import BaseCache
from langchain_core.embeddings import Embeddings
from langchain_core.outputs import Generation

from redisvl_adapters.core.caches.cache_options import DEFAULT_THRESHOLD, CacheOptions, OnError, Scope
from redisvl_adapters.core.caches.exact_cache import ExactCacheBase
from redisvl_adapters.core.caches.prompts import Question
from redisvl_adapters.core.caches.semantic_cache import SemanticCacheBase
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.errors import ArgumentError, known_keywords, refuse_unknown
from redisvl_adapters.langchain.generations import read_generations, write_generations
from redisvl_adapters.langchain.prompts import check_identifiable, read_question

_EXACT_KEYWORDS = frozenset({"prefix", "ttl", "on_error", "redis_url", "client", "async_client"})


class RedisSemanticCache(SemanticCacheBase[Sequence[Generation]], BaseCache):
    """A LangChain cache that answers a prompt from one that means the same.

    An identical prompt is answered by reading one key, without embedding anything. Otherwise the nearest prompt that
    was asked of the same model, configured the same, is looked for. Of a chat the text of the last message is compared,
    if a human wrote it, and all else must be equal: system message, history, images. What cannot be told apart with
    certainty is not compared: a chat with values in it that JSON lacks has the answer to the very same chat only.
    Nothing is sent before the first lookup; the first answer creates the index.

    A model is known by what LangChain tells caches of it, its ``llm_string``. Settings that its class leaves out are
    not in it, nor are keywords of a single call of an ``LLM`` that is no chat model: where such differ, give the caches
    a ``scope`` each. Vectors of two embedding models are not compared, as far as class, names and settings tell them
    apart.

    Example:
        >>> cache = RedisSemanticCache(embedding, redis_url="redis://localhost:6379", distance_threshold=0.15, ttl=3600)
        >>> model = ChatModel(cache=cache)  # or, for all models, langchain_core.globals.set_llm_cache(cache)

    Args:
        embedding: The model that turns prompts into vectors.
        index_name: The name of its index.
        distance_threshold: The largest cosine distance of a hit, from 0 to 2; ``calibrate`` finds one that suits the
            embedding model.
        ttl: Seconds after which an answer expires; None keeps it.
        scope: What else must be equal for an answer to hold, such as ``{"tenant": "acme", "locale": "en"}``.
        on_error: What becomes of a failure of Redis or of the embedding model, or of a prompt that cannot be looked up:
            ``raise``, or ``miss`` with a warning, so that no call of a model fails because of its cache. For how long a
            server that hangs is waited for can be in its URL: ``?socket_timeout=0.5``.
        options: The keywords of ``CacheOptions``: ``redis_url``, ``client``, ``storage``, ``algorithm``, ...

    Raises:
        UnknownArgumentError: If there is a keyword that the cache does not have.
        ArgumentError: If a value is out of its range.
    """

    def __init__(
        self,
        embedding: Embeddings,
        *,
        index_name: str = "semantic-cache",
        distance_threshold: float = DEFAULT_THRESHOLD,
        ttl: float | None = None,
        scope: Scope | None = None,
        on_error: OnError = "raise",
        **options: Unpack[CacheOptions],
    ) -> None:
        if not isinstance(embedding, Embeddings):
            raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
        self._embedding = embedding
        super().__init__(embedding, index_name, distance_threshold, ttl, scope, on_error, options)

    def _made_with(self) -> tuple[Embeddings]:
        return (self._embedding,)

    @known_keywords
    def lookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the answer to a prompt or to one that means the same, by this model; None if there is none.

        Raises:
            ArgumentError: If the prompt is empty; like all that follows, unless ``on_error`` is ``miss``.
            EmbeddingError: If the embedding model fails.
            SchemaMismatchError: If the index holds something else, or vectors of other dimensions.
            ServerError: If Redis is away, or refuses.
        """
        return self._find(prompt, llm_string)

    @known_keywords
    async def alookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the answer to a prompt or to one that means the same. See ``lookup``."""
        return await self._afind(prompt, llm_string)

    @known_keywords
    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store the answer to a prompt. One that could not be read back whole is not stored, with a warning.

        Raises:
            ArgumentError: If the prompt is empty; like all that follows, unless ``on_error`` is ``miss``.
            EmbeddingError: If the embedding model fails.
            SchemaMismatchError: If the index holds something else, or vectors of other dimensions.
            ServerError: If Redis is away, or refuses.
        """
        self._keep(prompt, llm_string, return_val)

    @known_keywords
    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store the answer to a prompt. See ``update``."""
        await self._akeep(prompt, llm_string, return_val)

    def clear(self, **unknown: Any) -> None:
        """Delete the answers of this cache: all of its index or, if it has a scope, those within that scope."""
        refuse_unknown("clear", unknown, ())
        self._index.run(self._clear())

    async def aclear(self, **unknown: Any) -> None:
        """Delete the answers of this cache. See ``clear``."""
        refuse_unknown("aclear", unknown, ())
        await self._index.arun(self._clear())

    def _embed(self, text: str) -> Vector:
        return self._embedding.embed_query(text)

    async def _aembed(self, text: str) -> Vector:
        return await self._embedding.aembed_query(text)

    def _question(self, prompt: str) -> Question:
        return read_question(prompt)

    def _check_identifiable(self, prompt: str, model: str) -> None:
        check_identifiable(prompt, model)

    def _write(self, value: Sequence[Generation]) -> str:
        return write_generations(value)

    def _read(self, text: str | bytes) -> Sequence[Generation]:
        return read_generations(text)


class RedisCache(ExactCacheBase[Sequence[Generation]], BaseCache):
    """A LangChain cache that answers identical prompts. It needs no search module.

    A model is known by what LangChain tells caches of it: see ``RedisSemanticCache``. Where that is too little, give
    caches a ``prefix`` each.

    Example:
        >>> cache = RedisCache(redis_url="redis://localhost:6379", ttl=3600)

    Args:
        prefix: What its keys start with. A colon parts it from the rest of the key.
        ttl: Seconds after which an answer expires; None keeps it.
        on_error: What becomes of a failure of Redis, or of a prompt that cannot be looked up: ``raise``, or ``miss``
            with a warning, so that no call of a model fails because of its cache. For how long a server that hangs is
            waited for can be in its URL: ``?socket_timeout=0.5``.
        redis_url: The server; by default the environment variable ``REDIS_URL``, or ``redis://localhost:6379``.
        client: A sync redis-py client to use instead of a URL. Serves async calls too.
        async_client: An async redis-py client to use instead of a URL. Serves sync calls too.
        unknown: Nothing: other keywords are refused.

    Raises:
        UnknownArgumentError: If there is a keyword that the cache does not have.
        ArgumentError: If a value is out of its range.
    """

    def __init__(
        self,
        *,
        prefix: str = "exact-cache",
        ttl: float | None = None,
        on_error: OnError = "raise",
        redis_url: str | None = None,
        client: SyncClient | None = None,
        async_client: AsyncClient | None = None,
        **unknown: Any,
    ) -> None:
        refuse_unknown("RedisCache", unknown, _EXACT_KEYWORDS)
        super().__init__(prefix, ttl, on_error, redis_url, client, async_client)

    @known_keywords
    def lookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the answer to this very prompt by this model; None if there is none.

        Raises:
            ArgumentError: If the prompt is empty; like all that follows, unless ``on_error`` is ``miss``.
            ServerError: If Redis is away, or refuses.
        """
        return self._find(prompt, llm_string)

    @known_keywords
    async def alookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the answer to this very prompt by this model. See ``lookup``."""
        return await self._afind(prompt, llm_string)

    @known_keywords
    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store the answer to a prompt. One that could not be read back whole is not stored, with a warning.

        Raises:
            ArgumentError: If the prompt is empty; like all that follows, unless ``on_error`` is ``miss``.
            ServerError: If Redis is away, or refuses.
        """
        self._keep(prompt, llm_string, return_val)

    @known_keywords
    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store the answer to a prompt. See ``update``."""
        await self._akeep(prompt, llm_string, return_val)

    def clear(self, **unknown: Any) -> None:
        """Delete the answers of this cache, and no other key."""
        refuse_unknown("clear", unknown, ())
        self._clear()

    async def aclear(self, **unknown: Any) -> None:
        """Delete the answers of this cache, and no other key."""
        refuse_unknown("aclear", unknown, ())
        await self._aclear()

    def _check_identifiable(self, prompt: str, model: str) -> None:
        check_identifiable(prompt, model)

    def _write(self, value: Sequence[Generation]) -> str:
        return write_generations(value)

    def _read(self, text: str | bytes) -> Sequence[Generation]:
        return read_generations(text)
