"""The embedding models of named vectors: what makes them of metadata, and makes queries that are compared with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from redisvl_adapters.core.records.embedding_models import model_name
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.server.telemetry import embedding
from redisvl_adapters.errors import ArgumentError, did_you_mean


class TextModel(NamedTuple):
    """An embedding model, of either framework.

    Attributes:
        model: The model itself.
        embed: Returns the vectors of texts.
        aembed: The same, async.
        query: Returns the vector of the text of a query.
        aquery: The same, async.
    """

    model: object
    embed: Callable[[list[str]], Sequence[Vector]]
    aembed: Callable[[list[str]], Awaitable[Sequence[Vector]]]
    query: Callable[[str], Vector]
    aquery: Callable[[str], Awaitable[Vector]]


_METHODS = (("embed_documents", "embed_query"), ("get_text_embedding_batch", "get_query_embedding"))


def text_model(model: object) -> TextModel | None:
    """Return an embedding model of LangChain or LlamaIndex; None if something is neither."""
    for texts, query in _METHODS:
        found = [getattr(model, name, None) for name in (texts, f"a{texts}", query, f"a{query}")]
        if all(map(callable, found)):
            embed, aembed, ask, aask = (each for each in found if each is not None)
            return TextModel(model, embed, aembed, ask, aask)
    return None


class VectorModels:
    """The models of the named vectors of an index, as far as its store was given them.

    Args:
        models: The models, by the names of the vectors.
    """

    def __init__(self, models: Mapping[str, TextModel]) -> None:
        self._models = models

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._models)

    @property
    def names(self) -> frozenset[str]:
        """The vectors that have one."""
        return frozenset(self._models)

    def named_in(self, spec: IndexSpec) -> IndexSpec:
        """Return what is asked of an index, with the names that the models have for themselves, where none was said."""
        if not self._models:
            return spec
        vectors = {
            name: replace(asked, embedding_id=model_name(self._models[name].model))
            if asked.embedding_id is None and name in self._models
            else asked
            for name, asked in spec.vectors.items()
        }
        return replace(spec, vectors=vectors)

    def model(self, name: str) -> TextModel:
        """Return the model of a vector.

        Raises:
            ArgumentError: If the store was given none.
        """
        if name not in self._models:
            raise ArgumentError(
                f"vector {name!r} has no embedding model in this store{did_you_mean(name, self._models)}: give it, as "
                f"vectors={{{name!r}: {{'embedding': model}}}}, or search by vectors that you have"
            )
        return self._models[name]

    def fill(self, records: Sequence[Record], keys: Mapping[str, str]) -> None:
        """Make the vectors that records lack, and have a text for.

        Args:
            records: The records, whose ``vectors`` get them.
            keys: The metadata keys that vectors are made of, by the names of the vectors.

        Raises:
            ArgumentError: If a model does not return a vector for each text.
        """
        for name, texts in self._missing(records, keys):
            with embedding(None, len(texts)):
                _give(name, texts, self._models[name].embed(list(texts)))

    async def afill(self, records: Sequence[Record], keys: Mapping[str, str]) -> None:
        """Make the vectors that records lack, and have a text for. See ``fill``."""
        for name, texts in self._missing(records, keys):
            with embedding(None, len(texts)):
                _give(name, texts, await self._models[name].aembed(list(texts)))

    def _missing(self, records: Sequence[Record], keys: Mapping[str, str]) -> list[tuple[str, dict[str, list[Record]]]]:
        """Return the texts that are to be embedded, each with the records that have it, by the names of vectors."""
        missing = []
        for name in self._models.keys() & keys.keys():
            texts: dict[str, list[Record]] = {}
            for record in records:
                if (record.vectors or {}).get(name) is None and (text := _text_of(record, keys[name])):
                    texts.setdefault(text, []).append(record)
            if texts:
                missing.append((name, texts))
        return missing


def _give(name: str, texts: Mapping[str, Sequence[Record]], vectors: Sequence[Any]) -> None:
    if len(vectors) != len(texts):
        raise ArgumentError(f"the embedding model of vector {name!r} made {len(vectors)} vectors of {len(texts)} texts")
    for records, vector in zip(texts.values(), vectors, strict=True):
        for record in records:
            record.vectors = {**(record.vectors or {}), name: vector}


def _text_of(record: Record, key: str) -> str | None:
    value = record.metadata.get(key)
    if value is None and "." in key:
        value = check_metadata(record.metadata, record.id).values.get(key)
    return value if isinstance(value, str) else None


def read_vector_models(vectors: Mapping[str, Any] | None) -> VectorModels:
    """Return the models that are given to a store with its named vectors.

    Raises:
        ArgumentError: If one is no embedding model.
    """
    models: dict[str, TextModel] = {}
    for name, options in vectors.items() if isinstance(vectors, Mapping) else ():
        model = options.get("embedding") if isinstance(options, Mapping) else None
        if model is not None:
            if (found := text_model(model)) is None:
                raise ArgumentError(
                    f"the embedding of vector {name!r:.80} is an embedding model of LangChain or LlamaIndex; "
                    f"not {type(model).__name__} {model!r:.80}"
                )
            models[name] = found
    return VectorModels(models)


def with_default_model(vectors: Any, model: object, embedding_id: str | None) -> Any:
    """Return what a store is told of its named vectors, with its own model for those of a key that have none.

    Args:
        vectors: What it is told, whatever that is.
        model: Its model.
        embedding_id: The name of that.
    """
    if not isinstance(vectors, Mapping):
        return vectors
    own = {"embedding": model, "embedding_id": embedding_id}
    return {
        name: {**own, **{option: value for option, value in options.items() if value is not None}}
        if isinstance(options, Mapping) and options.get("key") is not None and options.get("embedding") is None
        else options
        for name, options in vectors.items()
    }


def vector_keys(schema: Schema | None, spec: IndexSpec) -> dict[str, str]:
    """Return the metadata keys that the named vectors of an index are made of, by the names of the vectors.

    Args:
        schema: The index; None if it does not exist yet.
        spec: What was asked of it.
    """
    vectors = spec.vectors if schema is None else schema.vectors
    return {name: vector.key for name, vector in vectors.items() if vector.key is not None}
