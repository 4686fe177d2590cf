"""A semantic cache: an answer is found by the prompt it was given to, or by one that means the same.

An entry is a record of an index of its own. Its id is a digest of the prompt and of all that must be equal for the
answer to hold, so that an identical prompt is answered by reading one key. For any other prompt there is one search for
the nearest entry among those for which the same things are equal: that is part of the search, so nothing hides a hit.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, TypeVar, cast

import orjson

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import is_utf8
from redisvl_adapters.core.caches.answer_cache import AnswerCache
from redisvl_adapters.core.caches.cache_index import CACHE_FIELDS, SCOPE, WITHIN, CacheIndexBase
from redisvl_adapters.core.caches.cache_options import (
    DEFAULT_THRESHOLD,
    CacheOptions,
    check_on_error,
    check_threshold,
)
from redisvl_adapters.core.caches.entry_vectors import check_vector, placeholder_vector
from redisvl_adapters.core.caches.failures import DAMAGE, DamagedEntryError, embedding_failures
from redisvl_adapters.core.caches.nearest_entry import NearestEntryQuery, nearest_entry
from redisvl_adapters.core.caches.prompts import Question, check_prompt, digest
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.embedding_models import describe_embedding_model
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector, rounded_up
from redisvl_adapters.core.schema.index_schema import StaleSchemaError
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.schema.stored_fields import FRAME
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import is_wrong_type, ok
from redisvl_adapters.errors import (
    ArgumentError,
    refuse_unknown,
)

T = TypeVar("T")

_OF_CACHE = frozenset({"distance_threshold", "scope", "on_error"})
_ID = 40
_REMEMBERED = 256
_ANSWER = FRAME.encode()
# How the answer of an entry is read: the command, what it reads, and what becomes of the reply.
_READ: Mapping[str, tuple[str, str, Callable[[bytes], str | bytes]]] = {
    "hash": ("HGET", FRAME, lambda reply: reply),
    "json": ("JSON.GET", f"$.{FRAME}", lambda reply: cast("str", orjson.loads(reply)[0])),
}
_PROBE = "How many dimensions does a vector of this model have?"


class SemanticCacheBase(CacheIndexBase, AnswerCache[T]):
    """A semantic cache of answers, whatever the framework. The adapters say how answers and prompts are written.

    Args:
        embedding: The embedding model, whose vectors are not compared with those of another one.
        index_name: The name of its index.
        options: See ``CacheOptions``.
    """

    _own_arguments: frozenset[str]
    """The names of what its constructor takes beside options."""

    def __init__(self, embedding: object, index_name: str, options: CacheOptions) -> None:
        known = CacheOptions.__optional_keys__
        unknown = {name: value for name, value in options.items() if name not in known}
        refuse_unknown(type(self).__name__, unknown, known | self._own_arguments)
        if options.get("algorithm") not in (None, "hnsw", "flat"):
            raise ArgumentError(f"algorithm is one of hnsw, flat; not {options.get('algorithm')!r:.80}")
        self._threshold = check_threshold(options.get("distance_threshold", DEFAULT_THRESHOLD))
        self._on_error = check_on_error(options.get("on_error", "raise"))
        self._vectors_of = describe_embedding_model(embedding)
        # What makes an equal cache, by deepcopy or pickle.
        self._options = cast("IndexOptions", {**options, "index_name": index_name})
        self._take_scope(options.get("scope"))
        of_index = {name: value for name, value in options.items() if name not in _OF_CACHE}
        # Whoever would rather miss would rather not wait.
        patience = {"retry": 0} if self._on_error == "miss" else {}
        own = {"index_name": index_name, "metadata_schema": CACHE_FIELDS, "distance_metric": "cosine"}
        self._index = RedisIndex(**cast("IndexOptions", {**patience, **of_index, **own}))
        # A scope is cleared by a filter, however long its texts are.
        self._index.state.spec = replace(self._index.state.spec, learn_long=True)
        # With create="overwrite" too, nothing but a cache is dropped.
        self._index.state.mark = WITHIN
        self._search = NearestEntryQuery(WITHIN)
        # The vectors of prompts that were missed, and so are about to be stored.
        self._missed_vectors: OrderedDict[str, Vector] = OrderedDict()

    @abstractmethod
    def _embed(self, text: str) -> Vector:
        """Return the vector of a text."""

    @abstractmethod
    async def _aembed(self, text: str) -> Vector:
        """Return the vector of a text."""

    def _question(self, prompt: str) -> Question:
        """Return what of a prompt is compared."""
        return Question(prompt)

    @property
    def distance_threshold(self) -> float:
        """The largest cosine distance of a hit."""
        return self._threshold

    def _traced(self, operation: str) -> AbstractContextManager[None]:
        return self._index.traced(operation)

    def _look_up(self, prompt: str, model: str) -> T | None:
        entry_id = self._id(prompt, model)
        found = self._index.run(self._exact(entry_id))
        if found is None and (question := self._compared(prompt)).text:
            with embedding_failures(), self._index.embedding():
                vector = self._embed(question.text)
            found = self._index.run(self._nearest(vector, self._within(question, model)))
            self._remember(found, entry_id, vector)
        return found

    async def _alook_up(self, prompt: str, model: str) -> T | None:
        entry_id = self._id(prompt, model)
        found = await self._index.arun(self._exact(entry_id))
        if found is None and (question := self._compared(prompt)).text:
            with embedding_failures(), self._index.embedding():
                vector = await self._aembed(question.text)
            found = await self._index.arun(self._nearest(vector, self._within(question, model)))
            self._remember(found, entry_id, vector)
        return found

    def _store(self, prompt: str, model: str, value: T) -> None:
        entry_id, question = self._id(prompt, model), self._compared(prompt)
        vector = self._known_vector(entry_id, question)
        if vector is None:
            with embedding_failures(), self._index.embedding():
                vector = self._embed(question.text or _PROBE)
        self._index.run(self._put(entry_id, question, model, value, vector))

    async def _astore(self, prompt: str, model: str, value: T) -> None:
        entry_id, question = self._id(prompt, model), self._compared(prompt)
        vector = self._known_vector(entry_id, question)
        if vector is None:
            with embedding_failures(), self._index.embedding():
                vector = await self._aembed(question.text or _PROBE)
        await self._index.arun(self._put(entry_id, question, model, value, vector))

    def _compared(self, prompt: str) -> Question:
        """Return what of a prompt is compared: none of it if UTF-8, and so an embedding model, cannot hold it."""
        question = self._question(prompt)
        return question if is_utf8(question.text) else Question("", prompt)

    def _id(self, prompt: str, model: str) -> str:
        self._check_identifiable(check_prompt(prompt), model)
        return digest(prompt, model, self._scope)[:_ID]

    def _within(self, question: Question, model: str) -> str:
        # The context of a prompt without text may be that of another one with text.
        alone = () if question.text else ("alone",)
        return digest(model, self._scope, question.context, self._vectors_of, *alone)

    def _remember(self, found: T | None, entry_id: str, vector: Vector) -> None:
        """Keep the vector of a prompt that was missed, so that storing its answer need not embed it again."""
        if found is None:
            self._missed_vectors[entry_id] = vector
            if len(self._missed_vectors) > _REMEMBERED:
                self._missed_vectors.popitem(last=False)

    def _known_vector(self, entry_id: str, question: Question) -> Vector | None:
        """Return the vector of an entry, if it is known without embedding."""
        schema, spec = self._index.state.schema, self._index.state.spec
        dims = schema.vector.dims if schema else spec.dims
        if not question.text and dims:
            return placeholder_vector(entry_id, dims)
        return self._missed_vectors.pop(entry_id, None)

    def _exact(self, entry_id: str) -> Steps[T | None]:
        """Return the answer of one entry."""
        snapshot = yield from self._opened()
        if snapshot is None:
            return None
        key = snapshot.schema.key_of(entry_id)
        name, path, unpack = _READ[snapshot.schema.storage]
        (reply,) = yield [Command((name, key, path), key)]
        if is_wrong_type(reply):
            raise DamagedEntryError(f"something else lies at {key}: {reply}")
        found = ok(reply)
        try:
            return None if found is None else self._read(unpack(found))
        except DAMAGE as error:
            raise DamagedEntryError(f"{key} is damaged: {error!r:.200}") from error

    def _nearest(self, vector: Vector, within: str) -> Steps[T | None]:
        """Return the answer of the nearest entry, if it is near enough."""
        state = self._index.state
        snapshot = yield from self._opened()
        if snapshot is None:
            return None
        check_vector(vector, snapshot.schema)
        command = self._search.command(snapshot.schema, vector, within)
        try:
            found = yield from nearest_entry(command)
        except StaleSchemaError:
            state.snapshot = None
            return None
        if found is None or found.distance > rounded_up(self._threshold, snapshot.schema.vector):
            return None
        try:
            return self._read(found.fields[_ANSWER])
        except DAMAGE as error:
            raise DamagedEntryError(f"{found.key.decode()} is damaged: {error!r:.200}") from error

    def _put(self, entry_id: str, question: Question, model: str, value: T, vector: Vector) -> Steps[object]:
        state = self._index.state
        snapshot = yield from self._opened()
        if snapshot is not None:
            check_vector(vector, snapshot.schema)
        metadata: dict[str, Any] = {WITHIN: self._within(question, model)}
        if self._scope:
            metadata[SCOPE] = self._scope
        # The frame of a record is the text beside its metadata that a framework reads back.
        record = Record(entry_id, question.text, metadata, frame=self._write(value))
        return (yield from operations.upsert(state, [record], [vector]))
