"""A semantic cache: an answer is found by the prompt it was given to, or by one that means the same.

An entry is a record of an index of its own. Its id is a digest of the prompt and of all that must be equal for the
answer to hold, so that an identical prompt is answered by reading one key. For any other prompt there is one search for
the nearest entry among those for which the same things are equal: that is part of the search, so nothing hides a hit.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar, cast

import numpy as np
import orjson

from redisvl_adapters.core import operations
from redisvl_adapters.core.caches.answer_cache import AnswerCache
from redisvl_adapters.core.caches.cache_options import (
    DEFAULT_THRESHOLD,
    CacheOptions,
    Scope,
    check_on_error,
    check_scope,
    check_threshold,
)
from redisvl_adapters.core.caches.failures import DAMAGE, DamagedEntryError
from redisvl_adapters.core.caches.nearest_entry import NearestEntryQuery, read_first_row
from redisvl_adapters.core.caches.prompts import check_prompt, digest
from redisvl_adapters.core.filters.algebra import And, Compare, Operator
from redisvl_adapters.core.index import lifecycle
from redisvl_adapters.core.index.readiness import known_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.schema.stored_fields import DISTANCE, FRAME
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import is_missing_index, is_wrong_type, ok
from redisvl_adapters.core.store import StoreBase
from redisvl_adapters.errors import (
    ArgumentError,
    SchemaMismatchError,
    UnknownFieldError,
    known_keywords,
    refuse_unknown,
)

T = TypeVar("T")

WITHIN = "within"
SCOPE = "scope"
_FIELDS = {WITHIN: "tag"}
_OF_CACHE = frozenset({"distance_threshold", "scope", "on_error"})
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


@dataclass(frozen=True, slots=True)
class Question:
    """What of a prompt is compared by meaning, and what must be equal.

    Attributes:
        text: What is compared; empty if the answer is only to be found by the very same prompt.
        context: All else.
    """

    text: str
    context: str = ""


class SemanticCacheBase(StoreBase, AnswerCache[T]):
    """A semantic cache of answers, whatever the framework. The adapters say how answers and prompts are written.

    Args:
        index_name: The name of its index.
        options: See ``CacheOptions``.
    """

    def __init__(self, index_name: str, options: CacheOptions) -> None:
        known = CacheOptions.__optional_keys__
        unknown = {name: value for name, value in options.items() if name not in known}
        refuse_unknown(type(self).__name__, unknown, known | {"index_name"})
        if options.get("algorithm") not in (None, "hnsw", "flat"):
            raise ArgumentError(f"algorithm is one of hnsw, flat; not {options.get('algorithm')!r:.80}")
        self._threshold = check_threshold(options.get("distance_threshold", DEFAULT_THRESHOLD))
        self._on_error = check_on_error(options.get("on_error", "raise"))
        # What makes an equal cache, by deepcopy or pickle.
        self._options = cast("IndexOptions", {**options, "index_name": index_name})
        self._take_scope(options.get("scope"))
        of_index = {name: value for name, value in options.items() if name not in _OF_CACHE}
        # Whoever would rather miss would rather not wait.
        patience = {"retry": 0} if self._on_error == "miss" else {}
        own = {"index_name": index_name, "metadata_schema": _FIELDS, "distance_metric": "cosine"}
        self._index = RedisIndex(**cast("IndexOptions", {**patience, **of_index, **own}))
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

    @property
    def scope(self) -> dict[str, str]:
        """What else must be equal for an answer to hold."""
        return dict(self._scope)

    def scoped(self, **scope: str | int) -> Self:
        """Return this cache for a narrower scope: on the same index and connection, never with the same answers.

        Raises:
            ArgumentError: If a value is not a non-empty text or an integer.
        """
        narrower = object.__new__(type(self))
        vars(narrower).update(vars(self))
        narrower._take_scope({**self._scope, **scope})
        return narrower

    def _take_scope(self, scope: Scope | None) -> None:
        self._scope = check_scope(scope)
        self._options = cast("IndexOptions", {**self._options, "scope": self._scope})

    @known_keywords
    def clear(self) -> None:
        """Delete the entries of this cache: all of its index or, if it has a scope, those within that scope."""
        self._index.run(self._clear())

    @known_keywords
    async def aclear(self) -> None:
        """Delete the entries of this cache. See ``clear``."""
        await self._index.arun(self._clear())

    def _clear(self) -> Steps[object]:
        if not self._scope:
            return lifecycle.clear(self._index.state)
        return _delete_within(self._index.state, self._scope)

    def _look_up(self, prompt: str, model: str) -> T | None:
        entry_id = self._id(prompt, model)
        found = self._index.run(self._exact(entry_id))
        if found is None and (question := self._question(prompt)).text:
            vector = self._embed(question.text)
            found = self._index.run(self._nearest(vector, self._within(question, model)))
            self._remember(found, entry_id, vector)
        return found

    async def _alook_up(self, prompt: str, model: str) -> T | None:
        entry_id = self._id(prompt, model)
        found = await self._index.arun(self._exact(entry_id))
        if found is None and (question := self._question(prompt)).text:
            vector = await self._aembed(question.text)
            found = await self._index.arun(self._nearest(vector, self._within(question, model)))
            self._remember(found, entry_id, vector)
        return found

    def _store(self, prompt: str, model: str, value: T) -> None:
        entry_id, question = self._id(prompt, model), self._question(prompt)
        vector = self._known_vector(entry_id, question)
        if vector is None:
            vector = self._embed(question.text or _PROBE)
        self._index.run(self._put(entry_id, question, model, value, vector))

    async def _astore(self, prompt: str, model: str, value: T) -> None:
        entry_id, question = self._id(prompt, model), self._question(prompt)
        vector = self._known_vector(entry_id, question)
        if vector is None:
            vector = await self._aembed(question.text or _PROBE)
        await self._index.arun(self._put(entry_id, question, model, value, vector))

    def _id(self, prompt: str, model: str) -> str:
        return digest(check_prompt(prompt), model, self._scope)[:_ID]

    def _within(self, question: Question, model: str) -> str:
        return digest(model, self._scope, question.context)

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
            return _placeholder(entry_id, dims)
        return self._missed_vectors.pop(entry_id, None)

    def _exact(self, entry_id: str) -> Steps[T | None]:
        """Return the answer of one entry."""
        state = self._index.state
        snapshot = yield from known_snapshot(state)
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
        snapshot = yield from known_snapshot(state)
        if snapshot is None:
            return None
        _check_dims(vector, snapshot.schema)
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

    def _put(self, entry_id: str, question: Question, model: str, value: T, vector: Vector) -> Steps[object]:
        state = self._index.state
        if state.schema is not None:
            _check_dims(vector, state.schema)
        metadata: dict[str, Any] = {WITHIN: self._within(question, model)}
        if self._scope:
            metadata[SCOPE] = self._scope
        # The frame of a record is the text beside its metadata that a framework reads back.
        record = Record(entry_id, question.text, metadata, frame=self._write(value))
        return (yield from operations.upsert(state, [record], [vector]))


def _check_dims(vector: Vector, schema: Schema) -> None:
    """Refuse a vector of another model.

    Raises:
        SchemaMismatchError: If it has another number of dimensions than those in the cache.
    """
    if len(vector) != schema.vector.dims:
        raise SchemaMismatchError(
            f"cache {schema.name!r} holds vectors of {schema.vector.dims} dimensions, but the embedding model made one "
            f"of {len(vector)}; use the model that the cache was made with, choose another index_name, or drop() it"
        )


def _placeholder(entry_id: str, dims: int) -> Vector:
    """Return the vector of an entry that is only found by its key: no search asks for what it is within."""
    return np.random.default_rng(int(entry_id[:16], 16)).integers(1, 100, dims).astype(np.float32)


def _delete_within(state: IndexState, scope: Scope) -> Steps[object]:
    conditions = tuple(Compare(f"{SCOPE}.{name}", Operator.EQ, value) for name, value in scope.items())
    try:
        return (yield from operations.delete_matching(state, And(conditions)))
    except UnknownFieldError:
        # No entry has such a scope.
        return 0
