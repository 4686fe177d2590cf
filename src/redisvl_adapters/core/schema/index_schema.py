"""The schema of an index: name, prefix, storage, vector field and metadata fields, and its RedisVL form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from pydantic import BaseModel, ValidationError
from redisvl.schema import IndexSchema
from redisvl.schema.fields import BaseField

from redisvl_adapters.core.schema.field_names import field_alias
from redisvl_adapters.core.schema.fields import MAX_LEARNT_TEXT, FieldSpec, FieldType, MetadataField, VectorField
from redisvl_adapters.core.schema.foreign import ForeignIndex
from redisvl_adapters.core.schema.languages import DEFAULT_LANGUAGE
from redisvl_adapters.core.schema.named_vectors import MAIN, NamedVector, unknown_vector
from redisvl_adapters.core.schema.stored_fields import DISTANCE, KEYS, METADATA, SEARCHED, SOURCE, TEXT, TYPED
from redisvl_adapters.core.schema.tag_encoding import TAG_SEPARATOR
from redisvl_adapters.errors import FilterError, ReadOnlyError, SchemaError, UnknownFieldError, did_you_mean

_STORED_TERMS = {"no_stem": True}
"""Text fields hold terms, which the server takes as they are."""


class StaleSchemaError(Exception):
    """A reply shows that the index is not what was known of it; it is raised and caught within the core."""


@dataclass(frozen=True)
class Origin:
    """What an index that a rebuild has made was made from.

    Attributes:
        handle: The name of the first one, which stores are given.
        made_from: The mark of the index that it was made from: see ``index.registry.new_registry``.
        rebuilt: What is otherwise than it was, as options are called; stores that ask for what was are no mistake.
        vectors: A mark that changes when vectors are made by another model; None for those of the first one.
    """

    handle: str
    made_from: str | None = None
    rebuilt: tuple[str, ...] = ()
    vectors: str | None = None


@dataclass(frozen=True)
class Schema:
    """An index as it is, or as it is about to be created.

    Attributes:
        name: The name of the index.
        prefix: What its keys start with.
        storage: ``hash`` or ``json``.
        vector: Its vector: the main one, if it has several.
        fields: Its metadata fields by key.
        untyped_keys: Keys that records have had without a value to tell a type: None, an empty list or a mapping.
        text_attrs: RedisVL's attributes of the text field.
        stopwords: Words that text search ignores, besides the function words of the language.
        language: The language in which its texts are analysed: one of ``languages.LANGUAGES``, or ``none``.
        language_key: The metadata key that says the language of each record; None without one.
        embedding_id: The name of the embedding model that made its vectors, if anybody said it.
        alias: The alias by which it was opened, which may stand for another index by now; None without one.
        foreign: How its records lie, if another application made it; None if this library did.
        origin: What it was made from, if a rebuild has made it.
        vectors: The vectors beside the main one, by name.
    """

    name: str
    prefix: str
    storage: str
    vector: VectorField
    fields: Mapping[str, MetadataField]
    text_attrs: FieldSpec = field(default_factory=dict)
    stopwords: tuple[str, ...] = ()
    language: str = DEFAULT_LANGUAGE
    language_key: str | None = None
    untyped_keys: frozenset[str] = frozenset()
    embedding_id: str | None = None
    alias: str | None = None
    foreign: ForeignIndex | None = None
    origin: Origin | None = None
    vectors: Mapping[str, NamedVector] = field(default_factory=dict)

    @property
    def handle(self) -> str:
        """The name that stores are given: that of the index, unless a rebuild has made it."""
        return self.origin.handle if self.origin else self.name

    @cached_property
    def search_name(self) -> str:
        """The name that searches are sent to: the alias, so that they follow it at once, or that of the index."""
        return self.name if self.alias is None or self.foreign is not None else self.alias

    @cached_property
    def aliases(self) -> Mapping[str, MetadataField]:
        """The indexed metadata fields by their name in the index."""
        return {field.alias: field for field in self.indexed_fields.values()}

    @cached_property
    def indexed_fields(self) -> Mapping[str, MetadataField]:
        """The indexed metadata fields by key."""
        return {key: field for key, field in self.fields.items() if field.redis_type}

    @cached_property
    def reserved(self) -> frozenset[str]:
        """The names that no metadata field can have in the index."""
        return frozenset({TEXT, METADATA, DISTANCE, self.vector.name})

    def key_of(self, record_id: str) -> str:
        """Return the Redis key of a record."""
        return self.prefix + record_id if self.foreign is None else self.foreign.key_of(record_id)

    def declares(self, key: str) -> bool:
        """Tell whether a metadata key was declared for the index, not learnt from records."""
        field = self.fields.get(key)
        return field is not None and not field.learnt

    def learnt_field(self, key: str, type: FieldType) -> MetadataField:
        """Return a field for a new metadata key of this index, under the alias that the key gets here."""
        return MetadataField(key, type, field_alias(key, self.reserved), learnt=True)

    def lacks(self, key: str) -> bool:
        """Tell whether no field holds values of a key: it is new, or was learnt from values that no field can hold."""
        field = self.fields.get(key)
        return field is None or (field.learnt and field.redis_type is None)

    @property
    def learnt(self) -> int:
        """How many fields were learnt."""
        return sum(field.learnt for field in self.fields.values())

    def id_of(self, key: bytes) -> str:
        """Return the id of the record at a Redis key.

        Raises:
            StaleSchemaError: If the key is not under the prefix: an alias stands for another index by now.
        """
        if self.foreign is not None:
            return self.foreign.id_of(key.decode("utf-8", "replace"))
        if not key.startswith(self.prefix_bytes):
            raise StaleSchemaError(key)
        # A key of somebody else may be any bytes; then this is the id of no record.
        return key[len(self.prefix_bytes) :].decode("utf-8", "replace")

    @cached_property
    def prefix_bytes(self) -> bytes:
        """What all keys in replies begin with."""
        return self.prefix.encode() if self.foreign is None else b""

    @cached_property
    def vector_bytes(self) -> bytes:
        """The name of the vector, as it stands in a reply."""
        return self.vector.name.encode()

    def seen_by(self, name: str | None, others: Iterable[str] = ()) -> Schema:
        """Return this schema as a search by one of its vectors sees it: with that as the main one, and few others.

        Args:
            name: The vector; None for the main one.
            others: The named vectors that it has beside that one, the main one by ``MAIN``.

        Raises:
            ArgumentError: If there is no such vector.
        """
        if not self.vectors and name in (None, MAIN, self.vector.name):
            return self
        beside = {other: self._named(other) for other in others}
        seen, foreign = self._named(name or MAIN).field, self.foreign
        if foreign is not None:
            foreign = replace(foreign, vector=foreign.places[seen.name])
        return replace(self, vector=seen, vectors=beside, foreign=foreign)

    def _named(self, name: str) -> NamedVector:
        if name in (MAIN, self.vector.name):
            return NamedVector(MAIN, self.vector)
        if name not in self.vectors:
            raise unknown_vector(name, self.name, self.vector.name, self.vectors)
        return self.vectors[name]

    def lays_out_like(self, other: Schema) -> bool:
        """Tell whether records lie in this index just as in the other."""
        return self._layout == other._layout

    @property
    def _layout(self) -> tuple[object, ...]:
        vector = self.vector
        words = (self.language, self.language_key, self.text_attrs.get("no_stem"))
        layout = (self.prefix, self.storage, self.fields, *words, vector.name, vector.dims, vector.dtype, vector.scale)
        return (*layout, self.vectors) if self.vectors else layout

    def check_writable(self) -> None:
        """Refuse to change records of another application, unless that was asked for.

        Raises:
            ReadOnlyError: If so.
        """
        if self.foreign is not None and not self.foreign.writable:
            raise ReadOnlyError(
                f"index {self.name!r} was made by another application and is only read; from_existing_index(..., "
                "writable=True) writes, as that application lays its records out"
            )

    def with_fields(self, fields: Iterable[MetadataField]) -> Schema:
        """Return this schema with more metadata fields."""
        return replace(self, fields={**self.fields, **{field.key: field for field in fields}})

    def indexed(self, key: str) -> MetadataField:
        """Return the field of a key that can be filtered.

        Raises:
            FilterError: If the key is not indexed.
        """
        found = self.fields.get(key)
        if found is None:
            raise self.unknown(key)
        if found.redis_type is None and self.foreign is not None:
            raise FilterError(
                f"field {key!r:.80} in index {self.name!r} is not indexed for filters (NOINDEX or geoshape)"
            )
        if found.stays_unindexed:
            raise FilterError(
                f"field {key!r:.80} in index {self.name!r} is stored but not indexed: it had texts of more than "
                f"{MAX_LEARNT_TEXT} characters when it was first met, or is in unindexed=; it supports EXISTS and "
                f"IS_EMPTY. To filter by it, declare it: metadata_schema={{{key!r:.80}: 'tag'}}, or 'text'"
            )
        if found.redis_type is None:
            raise FilterError(
                f"field {key!r:.80} in index {self.name!r} is stored but not indexed: its values are mixed lists, "
                "lists of mappings or the like, or it was declared 'unindexed'; it supports EXISTS and IS_EMPTY"
            )
        return found

    def unknown(self, key: str, why: str = "") -> UnknownFieldError:
        """Return the error for a key that no record of the index has had."""
        known = {field.key: field.type for field in self.aliases.values()}
        listed = ", ".join(f"{key} ({type})" for key, type in sorted(known.items())) or "none yet"
        reason = f", {why}" if why else ""
        return UnknownFieldError(
            f"field {key!r:.80} is not in index {self.name!r}{did_you_mean(key, known)}{reason}; filterable: {listed}",
            key=key,
        )

    def redisvl_field(self, field: MetadataField) -> BaseField:
        """Return the RedisVL field of a metadata field, which renders its part of FT.CREATE and FT.ALTER."""
        attrs = dict(field.attrs)
        if field.redis_type == "tag":
            attrs |= {"separator": TAG_SEPARATOR, "case_sensitive": True}
        elif field.redis_type == "text":
            attrs |= _STORED_TERMS
        return self._redisvl_field(field.alias, field.redis_type, attrs, f'$.index["{field.alias}"]')

    @cached_property
    def redisvl(self) -> IndexSchema:
        """The RedisVL schema of this index.

        Raises:
            SchemaError: If RedisVL refuses it.
        """
        exact = {"separator": TAG_SEPARATOR, "case_sensitive": True}
        fields = [
            self._redisvl_field(SEARCHED, "text", {**self.text_attrs, **_STORED_TERMS}, f"$.index.{SEARCHED}"),
            *map(self._redisvl_vector, (self.vector, *(named.field for named in self.vectors.values()))),
            self._redisvl_field(KEYS, "tag", exact, f"$.index.{KEYS}"),
            self._redisvl_field(SOURCE, "tag", exact, f"$.index.{SOURCE}"),
            self._redisvl_field(TYPED, "tag", exact, f"$.index.{TYPED}"),
            *(self.redisvl_field(field) for field in self.aliases.values()),
        ]
        # RedisVL joins prefix and separator itself; ours ends with its separator.
        index = {"name": self.name, "prefix": self.prefix[:-1], "key_separator": self.prefix[-1]}
        return IndexSchema.model_validate(
            {"index": {**index, "storage_type": self.storage}, "fields": {field.name: field for field in fields}}
        )

    def _redisvl_vector(self, vector: VectorField) -> BaseField:
        attrs = {
            "dims": vector.dims,
            "datatype": vector.dtype,
            "distance_metric": vector.metric,
            "algorithm": vector.algorithm,
            **vector.tuning,
        }
        return self._redisvl_field(vector.name, "vector", attrs, f'$["{vector.name}"]')

    def _redisvl_field(self, name: str, type: str | None, attrs: FieldSpec, path: str) -> BaseField:
        spec = {"name": name, "type": type, "attrs": dict(attrs)}
        probe = {"index": {"name": self.name, "storage_type": self.storage}, "fields": [spec]}
        if self.storage == "json":
            spec["path"] = path
        try:
            made = IndexSchema.from_dict(probe).fields[name]
        except (ValidationError, ValueError) as error:
            raise SchemaError(f"field {name!r} of index {self.name!r}: {_first_message(error)}") from error
        known = attribute_class(made.attrs).model_fields
        for attr in attrs:
            if attr not in known:
                raise SchemaError(
                    f"field {name!r} of type {type} has no attribute {attr!r}{did_you_mean(attr, known)}; "
                    f"it has: {', '.join(sorted(known))}"
                )
        return made


def attribute_class(attrs: object) -> type[BaseModel]:
    """Return the pydantic class of a RedisVL field's attributes."""
    return cast("type[BaseModel]", type(attrs))


def _first_message(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
