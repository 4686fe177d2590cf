"""LangChain caches of what models answer: one for prompts that mean the same, one for identical prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from langchain_core.caches import BaseCache
from langchain_core.embeddings import Embeddings
from langchain_core.outputs import Generation

from redisvl_adapters.core.caches.answer_cache import AnswerCache
from redisvl_adapters.core.caches.cache_options import CacheOptions
from redisvl_adapters.core.caches.exact_cache import ExactCacheBase
from redisvl_adapters.core.caches.prompts import Question
from redisvl_adapters.core.caches.semantic_cache import SemanticCacheBase
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.langchain.generations import read_generations, write_generations
from redisvl_adapters.langchain.prompts import check_identifiable, read_question


class CacheMethods(AnswerCache[Sequence[Generation]], BaseCache):
    """The methods of both LangChain caches: looking answers up, and storing them."""

    @known_keywords
    def lookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the answer to a prompt by this model; None if there is none.

        Raises:
            ArgumentError: If the prompt is empty; like all that follows, unless ``on_error`` is ``miss``.
            EmbeddingError: If the embedding model of a semantic cache fails.
            SchemaMismatchError: If the index of a semantic cache holds something else, or vectors of other dimensions.
            ServerError: If Redis is away, or refuses.
        """
        return self._find(prompt, llm_string)

    @known_keywords
    async def alookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the answer to a prompt by this model. See ``lookup``."""
        return await self._afind(prompt, llm_string)

    @known_keywords
    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store the answer to a prompt. One that could not be read back whole is not stored, with a warning.

        Raises:
            ArgumentError: If the prompt is empty; like all that follows, unless ``on_error`` is ``miss``.
            EmbeddingError: If the embedding model of a semantic cache fails.
            SchemaMismatchError: If the index of a semantic cache holds something else, or vectors of other dimensions.
            ServerError: If Redis is away, or refuses.
        """
        self._keep(prompt, llm_string, return_val)

    @known_keywords
    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store the answer to a prompt. See ``update``."""
        await self._akeep(prompt, llm_string, return_val)

    def _check_identifiable(self, prompt: str, model: str) -> None:
        check_identifiable(prompt, model)

    def _write(self, value: Sequence[Generation]) -> str:
        return write_generations(value)

    def _read(self, text: str | bytes) -> Sequence[Generation]:
        return read_generations(text)


class RedisSemanticCache(  # type: ignore[misc]  # LangChain's clear takes any keyword, this one none
    CacheMethods, SemanticCacheBase[Sequence[Generation]]
):
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

    Examples:
        >>> cache = RedisSemanticCache(embedding, redis_url="redis://localhost:6379", distance_threshold=0.15, ttl=3600)
        >>> model = ChatModel(cache=cache)  # or, for all models, langchain_core.globals.set_llm_cache(cache)

    Args:
        embedding: The model that turns prompts into vectors.
        index_name: The index that holds its entries; caches with the same index share their answers.
        options: The keywords of ``CacheOptions``: ``redis_url``, ``distance_threshold``, ``ttl``, ``scope``,
            ``on_error``, ``storage`` and more.

    Raises:
        ArgumentError: If there is a keyword that the cache does not have, or a value is out of its range.
    """

    _own_arguments = frozenset({"embedding", "index_name"})

    def __init__(
        self, embedding: Embeddings, *, index_name: str = "semantic-cache", **options: Unpack[CacheOptions]
    ) -> None:
        if not isinstance(embedding, Embeddings):
            raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
        self._embedding = embedding
        super().__init__(embedding, index_name, options)

    def _made_with(self) -> tuple[Embeddings]:
        return (self._embedding,)

    def _question(self, prompt: str) -> Question:
        return read_question(prompt)

    def _embed(self, text: str) -> Vector:
        return self._embedding.embed_query(text)

    async def _aembed(self, text: str) -> Vector:
        return await self._embedding.aembed_query(text)


class RedisCache(  # type: ignore[misc]  # LangChain's clear takes any keyword, this one none
    CacheMethods, ExactCacheBase[Sequence[Generation]]
):
    """A LangChain cache that answers identical prompts. It needs no search module.

    A model is known by what LangChain tells caches of it: see ``RedisSemanticCache``. Where that is too little, give
    caches a ``prefix`` each.

    Examples:
        >>> cache = RedisCache(redis_url="redis://localhost:6379", ttl=3600)

    Args:
        prefix: What its keys start with. A colon parts it from the rest of the key.
        ttl: Seconds after which an answer expires; None keeps it.
        on_error: What becomes of a failure of Redis, or of a prompt that cannot be looked up: see ``CacheOptions``.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, ``socket_connect_timeout``,
            ``socket_timeout``, ``retry``.

    Raises:
        ArgumentError: If there is a keyword that the cache does not have, or a value is out of its range.
    """
