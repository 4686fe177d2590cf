"""A semantic cache: an answer is found by the prompt it was given to, or by one that means the same.

An entry is a record of an index of its own. Its id is a digest of the prompt and of all that must be equal for the
answer to hold, so that an identical prompt is answered by reading one key. For any other prompt there is one search for
the nearest entry among those for which the same things are equal: that is part of the search, so nothing hides a hit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

import orjson

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import is_utf8
from redisvl_adapters.core.caches.cache_index import CACHE_FIELDS, SCOPE, WITHIN, CacheIndexBase
from redisvl_adapters.core.caches.cache_options import (
    CacheOptions,
    OnError,
    Scope,
    check_on_error,
    check_threshold,
)
from redisvl_adapters.core.caches.entry_vectors import check_vector, placeholder_vector
from redisvl_adapters.core.caches.failures import (
    DAMAGE,
    DamagedEntryError,
    FailureHandling,
    embedding_failures,
    is_wrong_type,
)
from redisvl_adapters.core.caches.nearest_entry import NearestEntryQuery, read_first_row
from redisvl_adapters.core.caches.prompts import Question, check_prompt, digest
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.embedding_models import describe_embedding_model
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.schema.stored_fields import DISTANCE, FRAME
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import is_missing_index, ok
from redisvl_adapters.errors import (
    ArgumentError,
    refuse_unknown,
)

T = TypeVar("T")

_ID = 40
_REMEMBERED = 256
_ATTEMPTS = 3
_DISTANCE, _ANSWER = DISTANCE.encode(), FRAME.encode()
# How the answer of an entry is read: the command, what it reads, and what becomes of the reply.
_READ: Mapping[str, tuple[str, str, Callable[[bytes], str | bytes]]] = {
    "hash": ("HGET", FRAME, lambda reply: reply),
    "json": ("JSON.GET", f"$.{FRAME}", lambda reply: cast("str", orjson.loads(reply)[0])),
}
_PROBE = "How many dimensions does a vector of this model have?"


class SemanticCacheBase(CacheIndexBase, FailureHandling, ABC, Generic[T]):
    """A semantic cache of answers, whatever the framework. The adapters say how answers and prompts are written.

    Args:
        embedding: The embedding model, whose vectors are not compared with those of another one.
        index_name: The name of its index.
        distance_threshold: The largest cosine distance of a hit.
        ttl: Seconds after which an entry expires.
        scope: What else must be equal for an answer to hold.
        on_error: What becomes of a failure: ``raise``, or ``miss`` with a warning.
        options: The keywords of ``CacheOptions``.
    """

    def __init__(
        self,
        embedding: object,
        index_name: str,
        distance_threshold: float,
        ttl: float | None,
        scope: Scope | None,
        on_error: OnError,
        options: CacheOptions,
    ) -> None:
        known = CacheOptions.__optional_keys__
        unknown = {name: value for name, value in options.items() if name not in known}
        refuse_unknown(type(self).__name__, unknown, known | {"distance_threshold", "ttl", "scope", "on_error"})
        if options.get("algorithm") not in (None, "hnsw", "flat"):
            raise ArgumentError(f"algorithm is one of hnsw, flat; not {options.get('algorithm')!r}")
        self._threshold = check_threshold(distance_threshold)
        self._on_error = check_on_error(on_error)
        self._vectors_of = describe_embedding_model(embedding)
        # What makes an equal cache, by deepcopy or pickle.
        given = {"index_name": index_name, "distance_threshold": distance_threshold, "ttl": ttl, "on_error": on_error}
        self._options = cast("IndexOptions", {**options, **given})
        self._take_scope(scope)
        own = {"index_name": index_name, "ttl": ttl, "metadata_schema": CACHE_FIELDS, "distance_metric": "cosine"}
        # Whoever would rather miss would rather not wait.
        patience = {"retry": 0} if on_error == "miss" else {}
        self._index = RedisIndex(**cast("IndexOptions", {**patience, **options, **own}))
        self._search = NearestEntryQuery(WITHIN)
        # The vectors of prompts that were missed, and so are about to be stored.
        self._missed_vectors: OrderedDict[str, Vector] = OrderedDict()

    @abstractmethod
    def _embed(self, text: str) -> Vector:
        """Return the vector of a text."""

    @abstractmethod
    async def _aembed(self, text: str) -> Vector:
        """Return the vector of a text."""

    @abstractmethod
    def _write(self, value: T) -> str:
        """Return an answer as text.

        Raises:
            RecordError: If it could not be read back whole.
        """

    @abstractmethod
    def _read(self, text: str | bytes) -> T:
        """Return the answer that a text holds; any of ``DAMAGE`` says that it is damaged."""

    def _question(self, prompt: str) -> Question:
        """Return what of a prompt is compared."""
        return Question(prompt)

    def _check_identifiable(self, prompt: str, model: str) -> None:
        """Refuse a prompt, or a model, that could be mistaken for another one.

        Raises:
            RecordError: If so.
        """

    def _compared(self, prompt: str) -> Question:
        """Return what of a prompt is compared: none of it if UTF-8, and so an embedding model, cannot hold it."""
        question = self._question(prompt)
        return question if is_utf8(question.text) else Question("", prompt)

    @property
    def distance_threshold(self) -> float:
        """The largest cosine distance of a hit."""
        return self._threshold

    def _find(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt or to one that means the same; None if there is none."""
        try:
            entry_id = self._id(prompt, model)
            found = self._index.run(self._exact(entry_id))
            if found is None and (question := self._compared(prompt)).text:
                with embedding_failures():
                    vector = self._embed(question.text)
                found = self._index.run(self._nearest(vector, self._within(question, model)))
                self._remember(found, entry_id, vector)
        except Exception as error:  # noqa: BLE001  # a cache need not be why a call fails, whatever happens
            self._missed(error)
            return None
        return found

    async def _afind(self, prompt: str, model: str) -> T | None:
        """Return the answer to a prompt or to one that means the same; None if there is none."""
        try:
            entry_id = self._id(prompt, model)
            found = await self._index.arun(self._exact(entry_id))
            if found is None and (question := self._compared(prompt)).text:
                with embedding_failures():
                    vector = await self._aembed(question.text)
                found = await self._index.arun(self._nearest(vector, self._within(question, model)))
                self._remember(found, entry_id, vector)
        except Exception as error:  # noqa: BLE001  # as above
            self._missed(error)
            return None
        return found

    def _keep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            entry_id, question = self._id(prompt, model), self._compared(prompt)
            vector = self._known_vector(entry_id, question)
            if vector is None:
                with embedding_failures():
                    vector = self._embed(question.text or _PROBE)
            self._index.run(self._store(entry_id, question, model, value, vector))
        except Exception as error:  # noqa: BLE001  # as above
            self._unkept(error)

    async def _akeep(self, prompt: str, model: str, value: T) -> None:
        """Store the answer to a prompt; one that could not be read back is not stored, with a warning."""
        try:
            entry_id, question = self._id(prompt, model), self._compared(prompt)
            vector = self._known_vector(entry_id, question)
            if vector is None:
                with embedding_failures():
                    vector = await self._aembed(question.text or _PROBE)
            await self._index.arun(self._store(entry_id, question, model, value, vector))
        except Exception as error:  # noqa: BLE001  # as above
            self._unkept(error)

    def _id(self, prompt: str, model: str) -> str:
        self._check_identifiable(check_prompt(prompt), model)
        return digest(prompt, model, self._scope)[:_ID]

    def _within(self, question: Question, model: str) -> str:
        return digest(model, self._scope, question.context, self._vectors_of)

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
        for _ in range(_ATTEMPTS):
            (reply,) = yield [command]
            if is_missing_index(reply):
                state.snapshot = None
                return None
            total, key, fields = read_first_row(ok(reply))
            if fields:
                if float(fields[_DISTANCE]) > self._threshold:
                    return None
                try:
                    return self._read(fields[_ANSWER])
                except DAMAGE as error:
                    raise DamagedEntryError(f"{key.decode()} is damaged: {error!r:.200}") from error
            if not total:
                return None
            # The nearest entry has just expired, which the server knows now: the next one counts.
        return None

    def _store(self, entry_id: str, question: Question, model: str, value: T, vector: Vector) -> Steps[object]:
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
