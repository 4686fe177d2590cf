"""A registry that was lost, restored from the records: which keys they have, and of what types their values are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from redisvl_adapters.core.filters.tag_queries import prefix_query, presence_query
from redisvl_adapters.core.index.background_scan import wait_for_scan
from redisvl_adapters.core.index.info import attributes_of, read_schema
from redisvl_adapters.core.index.record_keys import keys_command, read_keys, tag_values_command
from redisvl_adapters.core.index.registry import SCALE, Registry, new_registry
from redisvl_adapters.core.records.field_values import as_list
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.projection import infer_type, typed_tag_of
from redisvl_adapters.core.schema.field_names import key_of_alias
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.languages import DEFAULT_LANGUAGE
from redisvl_adapters.core.schema.named_vectors import NamedVector
from redisvl_adapters.core.schema.stored_fields import KEYS, SEARCHED, SOURCE, TYPED
from redisvl_adapters.core.schema.tag_encoding import decode_tag, read_typed_text, typed_prefix
from redisvl_adapters.core.server.commands import BATCH_SIZE, Reply, Steps, batched
from redisvl_adapters.core.server.noted_warnings import warn
from redisvl_adapters.core.server.replies import as_mapping, ok
from redisvl_adapters.errors import LostRegistryWarning, SchemaMismatchError

_SAMPLES = 20
"""How many records are looked at for the type of a key: a declared field takes values of more than one type."""

_BY_REDIS_TYPE = {"TAG": FieldType.TAG, "NUMERIC": FieldType.NUMERIC, "TEXT": FieldType.TEXT, "GEO": FieldType.GEO}


def has_same_fields(schema: Schema, info: Reply) -> bool:
    """Tell whether an index is one that was known before its registry was lost, and has no field that was not."""
    told, _ = read_schema(info, new_registry(schema) | {SCALE: b"null"})
    return told.fields == schema.fields and set(attributes_of(info)) == {
        *schema.aliases,
        *_own_names(schema),
    }


def _own_names(schema: Schema) -> set[str]:
    vectors = (schema.vector, *(named.field for named in schema.vectors.values()))
    return {KEYS, SOURCE, TYPED, SEARCHED, *(vector.name for vector in vectors)}


def restore_registry(info: Reply, registry: Registry, spec: IndexSpec) -> Steps[Registry]:
    """Return the registry of an index that has lost it, as far as its records tell.

    Args:
        info: The reply to FT.INFO.
        registry: What is left of it.
        spec: Says how long to wait for the end of a scan, and which types were declared.

    Raises:
        SchemaMismatchError: If the index was not made by this library, or its vectors cannot be read without it.
        IndexNotReadyError: If the index is still being scanned.
    """
    schema, _ = read_schema(info, registry)
    yield from wait_for_scan(schema.name, spec.wait_until_indexed)
    keys, typed = map(ok, (yield [tag_values_command(schema, alias) for alias in (KEYS, TYPED)]))
    tags = {value for tag in keys if (value := decode_tag(tag.decode()))}
    languages = {tag[1:] for tag in tags if tag.startswith("=")}
    tags = {tag for tag in tags if not tag.startswith("=")}
    beside = frozenset(tag.decode() for tag in typed)
    attributes = attributes_of(info)
    own = _own_names(schema)
    told = [
        MetadataField(key_of_alias(alias), _BY_REDIS_TYPE[row["type"]], alias, learnt=True)
        for alias, row in attributes.items()
        if alias not in own and row["type"] in _BY_REDIS_TYPE
    ]
    fields = {field.key: spec.declared_as(field) or field for field in told}
    unclear = [field for field in fields.values() if field.learnt and field.redis_type in ("tag", "numeric")]
    types: dict[str, FieldType | None] = {}
    for where in _TELLING:
        unknown_yet = [field for field in unclear if types.get(field.key) is None]
        values = yield from _sample(schema, unknown_yet, where, beside)
        types |= {field.key: _type_of(field, found) for field, found in zip(unknown_yet, values, strict=True)}
    if unknown := sorted(key for key, type in types.items() if type is None):
        warn(
            f"index {schema.name!r} has lost its registry, and no record tells the types of {', '.join(unknown)}: "
            "they are taken for tags and numbers, as the server has them. If they were something else, declare them "
            "in metadata_schema",
            LostRegistryWarning,
        )
    kinds = _kinds_beside(beside, [field.alias for field in unclear])
    fields |= {
        field.key: replace(field, type=types[field.key] or field.type, other_kinds=kinds[field.alias])
        for field in unclear
    }
    met = {tag[1:] for tag in tags} - fields.keys()
    unindexed = {tag[1:] for tag in tags if tag.startswith("~")} & met
    fields |= {key: schema.learnt_field(key, FieldType.UNINDEXED) for key in unindexed}
    stopwords = tuple(sorted(word.decode() for word in as_mapping(info).get(b"stopwords_list") or ()))
    schema = replace(
        schema,
        fields=fields,
        untyped_keys=frozenset(met - unindexed),
        stopwords=stopwords,
        language=_language_of(schema, languages, spec),
        language_key=spec.language_key,
        vectors=_vectors_of(schema, spec),
    )
    return {**registry, **new_registry(schema)}


def _vectors_of(schema: Schema, spec: IndexSpec) -> dict[str, NamedVector]:
    """Return the named vectors of an index, made of the metadata keys that were declared."""
    vectors = dict(schema.vectors)
    for name in vectors.keys() & spec.vectors.keys():
        asked, has = spec.vectors[name], vectors[name].field
        field = replace(has, tuning={**asked.tuning, **has.tuning})
        vectors[name] = NamedVector(name, field, asked.key, asked.embedding_id)
    if unknown := sorted(name for name, vector in vectors.items() if name not in spec.vectors):
        warn(
            f"index {schema.name!r} has lost its registry, and nothing tells of which metadata keys its vectors "
            f"{', '.join(unknown)} are made: they are taken for ones that are given. Declare them in vectors=",
            LostRegistryWarning,
        )
    return vectors


def _language_of(schema: Schema, languages: Collection[str], spec: IndexSpec) -> str:
    """Return the language of an index whose records are in some languages.

    Raises:
        SchemaMismatchError: If they do not tell.
    """
    if len(languages) == 1 and spec.language_key is None:
        return next(iter(languages))
    if languages and not (spec.language and spec.language_key):
        raise SchemaMismatchError(
            f"index {schema.name!r} has lost its registry, and records in {', '.join(sorted(languages))}: say what it "
            "was made with, as language= and language_key="
        )
    return spec.language or DEFAULT_LANGUAGE


def _kinds_beside(tags: Collection[str], aliases: Sequence[str]) -> dict[str, frozenset[Kind]]:
    """Return the kinds of values that are kept beside fields, from the typed tags of an index."""
    texts = set(map(decode_tag, tags))
    # A text of which only the digest is there may be of any field.
    told = {(alias, Kind.TEXT) for alias in aliases} if None in texts else set()
    told |= {read_typed_text(text) for text in texts if text is not None}
    return {alias: frozenset(kind for of, kind in told if of == alias) for alias in aliases}


def _present(field: MetadataField, sign: str) -> str:
    # Values that a declared field cannot hold lie beside the others, under its key.
    return f"{presence_query(field.key, sign)} (-{presence_query(field.key, '~')})"


_TELLING: tuple[Callable[[MetadataField], str], ...] = (
    lambda field: f"{_present(field, '+')} (-{prefix_query(TYPED, typed_prefix(field.alias))})",
    lambda field: _present(field, "+"),
    # An empty text tells as much as another one, but there may be any number of keys without a value.
    lambda field: _present(field, "-"),
)
"""Which records tell the type of a field: the next ones if those before do not."""


def _sample(
    schema: Schema,
    fields: Sequence[MetadataField],
    where: Callable[[MetadataField], str],
    beside: Collection[str],
) -> Steps[list[list[Any]]]:
    """Return some values that each field itself holds, as records have them.

    Args:
        schema: The index.
        fields: The fields.
        where: Returns the query for the records to look at.
        beside: The typed tags of the index: of the values that are kept beside the fields.
    """
    replies = (yield [keys_command(schema, query, _SAMPLES) for query in map(where, fields)]) if fields else []
    prefix = schema.prefix_bytes
    ids = [[schema.id_of(key) for key in read_keys(ok(reply)) if key.startswith(prefix)] for reply in replies]
    layout = layout_of(schema)
    found: dict[str, dict[str, Any]] = {}
    for chunk in batched(list({record_id for some in ids for record_id in some}), BATCH_SIZE):
        for record_id, reply in zip(chunk, (yield [layout.read(record_id) for record_id in chunk]), strict=True):
            if (record := layout.decode_reply(record_id, ok(reply))) is not None:
                found[record_id] = check_metadata(record.metadata, record_id).values

    def own(field: MetadataField, value: Any) -> Any:
        held = [item for item in as_list(value) if typed_tag_of(field, item) not in beside]
        return held if isinstance(value, list) else next(iter(held), None)

    return [
        [own(field, found[record_id].get(field.key)) for record_id in some if record_id in found]
        for field, some in zip(fields, ids, strict=True)
    ]


def _type_of(field: MetadataField, values: Sequence[Any]) -> FieldType | None:
    """Return the type of a field that has these values; None without any."""
    inferred = {infer_type(value) for value in values} - {None}
    if not inferred:
        return None
    if field.redis_type == "numeric":
        # A point in time is stored as ISO 8601 text.
        return FieldType.TIMESTAMP if FieldType.TAG in inferred else FieldType.NUMERIC
    if inferred <= {FieldType.TAG}:
        return FieldType.TAG
    if any(isinstance(value, list) for value in values) and FieldType.NUMBERS in inferred:
        return FieldType.NUMBERS
    return FieldType.BOOL if FieldType.BOOL in inferred else _number_or_bool(values)


def _number_or_bool(values: Sequence[Any]) -> FieldType:
    # A field of booleans takes 0 and 1 as well, one of numbers any number.
    return FieldType.BOOL if all(value in (0, 1, "true", "false") for value in values) else FieldType.NUMBERS
