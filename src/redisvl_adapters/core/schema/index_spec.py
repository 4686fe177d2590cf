"""The index specification: what was asked of an index, and how an existing index differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from redisvl_adapters.core.schema.fields import DEFAULT_TUNING, QUANTISED, FieldSpec, MetadataField, VectorField
from redisvl_adapters.core.schema.foreign import MetadataFields
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.languages import DEFAULT_LANGUAGE, said_language
from redisvl_adapters.core.schema.named_vectors import NamedVector, VectorSpec
from redisvl_adapters.core.schema.stored_fields import DEFAULT_VECTOR_NAME
from redisvl_adapters.errors import ArgumentError, SchemaError

DEFAULT_ALGORITHM = "hnsw"
DEFAULT_METRIC = "cosine"
DEFAULT_DTYPE = "float32"
NOTHING: Mapping[str, Any] = {}
LEARN_LIMIT = 64
DEFAULT_WAIT = 10.0


@dataclass(frozen=True)
class IndexSpec:
    """What was asked of an index. None stands for what was left open.

    Attributes:
        name: Its name.
        prefix: What its keys start with.
        storage: Where records lie.
        vector_name: The field of the vector.
        dims: Its number of dimensions.
        dtype: The type of its numbers.
        metric: Its distance metric.
        algorithm: Its algorithm.
        tuning: The parameters of the algorithm.
        scale: What numbers are multiplied with before they are rounded.
        fields: The declared metadata fields by key.
        text_attrs: RedisVL's attributes of the text field.
        stopwords: Words that text search ignores.
        language: The language in which its texts are analysed.
        language_key: The metadata key that says the language of each record.
        learn_limit: How many metadata keys may be learnt.
        learn_long: Whether keys that are met with long texts become filterable too.
        unindexed: Metadata keys that are stored, but not indexed, when they are met.
        ttl_ms: Milliseconds after which a record expires.
        sliding_ttl: Whether that is counted from its last read.
        create: When to create the index.
        wait_until_indexed: How many seconds an operation waits for the end of a scan.
        embedding_id: The name of the embedding model.
        is_foreign: Whether it may be one of another application, which the following is of.
        text_field: The field that holds the text.
        vector_field: The vector.
        metadata_fields: What is read as metadata.
        writable: Whether records may be written.
        on_bad_record: What to do with records that cannot be read: see ``foreign.BAD_RECORDS``.
        vectors: The declared vectors beside the main one, by name.
    """

    name: str
    prefix: str | None = None
    storage: str | None = None
    vector_name: str = DEFAULT_VECTOR_NAME
    dims: int | None = None
    dtype: str | None = None
    metric: str | None = None
    algorithm: str | None = None
    tuning: Mapping[str, Any] = field(default_factory=dict)
    scale: float | None = None
    fields: Mapping[str, MetadataField] = field(default_factory=dict)
    text_attrs: FieldSpec = field(default_factory=dict)
    stopwords: tuple[str, ...] = ()
    language: str | None = None
    language_key: str | None = None
    learn_limit: int = LEARN_LIMIT
    learn_long: bool = False
    unindexed: frozenset[str] = frozenset()
    ttl_ms: int | None = None
    sliding_ttl: bool = False
    create: str = "if-missing"
    wait_until_indexed: float = DEFAULT_WAIT
    embedding_id: str | None = None
    is_foreign: bool = False
    text_field: str | None = None
    vector_field: str | None = None
    metadata_fields: MetadataFields | None = None
    writable: bool = False
    on_bad_record: str = "warn"
    vectors: Mapping[str, VectorSpec] = field(default_factory=dict)

    def schema(self, dims: int | None, named_dims: Mapping[str, int] = NOTHING) -> Schema:
        """Return the schema to create when the vectors turn out to have this many dimensions.

        Args:
            dims: Those of the main vector.
            named_dims: Those of named vectors, by name.

        Raises:
            ArgumentError: If nobody said how many they have.
        """
        dims = self.dims or dims
        if dims is None:
            raise ArgumentError(f"creating index {self.name!r} before its first record needs dims=")
        if self.scale is not None:
            check_quantised(self.dtype or DEFAULT_DTYPE)
        vector = VectorField(
            self.vector_name,
            dims,
            self.dtype or DEFAULT_DTYPE,
            self.metric or DEFAULT_METRIC,
            self.algorithm or DEFAULT_ALGORITHM,
            self.tuning,
            self.scale,
        )
        return Schema(
            self.name,
            self.prefix or default_prefix(self.name),
            self.storage or "hash",
            vector,
            self.fields,
            self.text_attrs,
            self.stopwords,
            self.language or DEFAULT_LANGUAGE,
            self.language_key,
            embedding_id=self.embedding_id,
            vectors={name: self._named_vector(spec, named_dims, vector) for name, spec in self.vectors.items()},
        )

    def draft(self, named_dims: Mapping[str, int] = NOTHING) -> Schema:
        """Return the schema as far as it is known, with one dimension for vectors of which nobody said how many."""
        return self.schema(self.dims or 1, {**dict.fromkeys(self.vectors, 1), **named_dims})

    def _named_vector(self, spec: VectorSpec, named_dims: Mapping[str, int], main: VectorField) -> NamedVector:
        dims = spec.dims or named_dims.get(spec.name)
        if dims is None:
            raise ArgumentError(
                f"creating index {self.name!r} before the first record with a vector {spec.name!r} needs its dims: "
                f"vectors={{{spec.name!r}: {{'dims': ...}}}}"
            )
        if spec.scale is not None:
            check_quantised(spec.dtype or main.dtype)
        return spec.vector(dims, main)

    def differences(self, schema: Schema) -> list[str]:
        """Say, one by one, where an existing index is not what was asked for."""
        vector = schema.vector
        # What a rebuild has changed is not held against stores that were made before.
        rebuilt = schema.origin.rebuilt if schema.origin else ()
        pairs: list[tuple[str, object, object]] = [
            ("prefix", self.prefix, schema.prefix),
            ("storage", self.storage, schema.storage),
            ("dims", self.dims, vector.dims),
            ("dtype", self.dtype, vector.dtype),
            ("distance_metric", self.metric, vector.metric),
            ("algorithm", self.algorithm, vector.algorithm),
            ("scale", self.scale, vector.scale),
            ("language_key", self.language_key, schema.language_key),
        ]
        has_tuning = {**DEFAULT_TUNING, **vector.tuning}
        pairs += [(name, asked, has_tuning.get(name, asked)) for name, asked in self.tuning.items()]
        found = [
            f"{name} is {has!r:.80}, asked for {asked!r:.80}"
            for name, asked, has in pairs
            if asked is not None and asked != has and name not in rebuilt
        ]
        if self.language not in (None, schema.language):
            asked = said_language(self.language)
            found.append(f"language is {said_language(schema.language)}, asked for {asked}")
        for name, spec in self.vectors.items():
            has = schema.vectors.get(name)
            found += [f"it has no vector {name!r}"] if has is None else spec.differences(has)
        found += [
            f"metadata field {key!r:.80} is {str(schema.fields[key].type)!r}, asked for {str(asked.type)!r}"
            for key, asked in self.fields.items()
            if not schema.lacks(key) and asked.type != schema.fields[key].type and f"field {key}" not in rebuilt
        ]
        return found

    def declared_as(self, field: MetadataField) -> MetadataField | None:
        """Return a field of an existing index as it was declared; None if it was not, or as another type of field."""
        asked = self.fields.get(field.key)
        return asked if asked is not None and asked.redis_type == field.redis_type else None

    def additions(self, schema: Schema) -> list[MetadataField]:
        """Return the declared metadata fields that an existing index does not have yet, named as they will be there."""
        return [
            replace(schema.learnt_field(key, asked.type), attrs=asked.attrs, learnt=False)
            for key, asked in self.fields.items()
            if schema.lacks(key) and not (key in schema.fields and asked.redis_type is None)
        ]


def check_quantised(dtype: str) -> None:
    """Refuse a scale for a dtype that vectors are not rounded for.

    Raises:
        SchemaError: If so.
    """
    if dtype not in QUANTISED:
        raise SchemaError(f"scale is for {' and '.join(QUANTISED)}; dtype is {dtype!r}")


def default_prefix(name: str) -> str:
    """Return ``<name>:`` with colons in the name escaped: index ``a`` must not cover the keys of index ``a:b``."""
    return name.replace("%", "%25").replace(":", "%3A") + ":"
