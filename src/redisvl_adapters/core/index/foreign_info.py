"""FT.INFO of a foreign index: its fields as filters see them, and which of them are text, vector and metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redisvl_adapters.core.filters.server_words import DEFAULT_STOPWORDS
from redisvl_adapters.core.index.info import attributes_of, index_name, prefixes_of, storage_of, vector_field
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.foreign import (
    Application,
    ForeignField,
    ForeignIndex,
    key_of_path,
    list_steps,
    path_steps,
)
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.named_vectors import NamedVector, vector_names
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.server.replies import as_mapping
from redisvl_adapters.errors import ArgumentError, SchemaMismatchError, did_you_mean

_TYPES = {
    "TAG": FieldType.TAG,
    "NUMERIC": FieldType.NUMERIC,
    "TEXT": FieldType.TEXT,
    "GEO": FieldType.GEO,
}
_SAMPLE = 100
"""How many keys are looked at for what stands between the prefix and the id."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an index, from the reply to FT.INFO.

    Attributes:
        name: What queries call it.
        path: The hash field or the JSON path that it indexes.
        type: Its type, in capitals.
        separator: What parts its tags.
        flags: Its flags, in capitals.
        row: All that FT.INFO says of it.
    """

    name: str
    path: str
    type: str
    separator: str
    flags: frozenset[str]
    row: Mapping[str, Any]


def read_attributes(info: Reply) -> list[Attribute]:
    """Return the attributes of any index."""
    rows = as_mapping(info)[b"attributes"]
    return [
        Attribute(
            told["attribute"],
            told["identifier"],
            str(told["type"]).upper(),
            str(told.get("separator", "")),
            _flags(row),
            told,
        )
        for row, told in zip(rows, attributes_of(info).values(), strict=True)
    ]


def _flags(row: Reply) -> frozenset[str]:
    told: Iterable[Any] = row.get(b"flags", ()) if isinstance(row, dict) else row
    return frozenset(part.decode("utf-8", "replace").upper() for part in told if isinstance(part, bytes))


def sample_command(name: str) -> Command:
    """Return the command that asks for some keys of an index."""
    return Command(("FT.SEARCH", name, "*", "NOCONTENT", "LIMIT", 0, _SAMPLE, "DIALECT", 2))


def foreign_schema(info: Reply, spec: IndexSpec, keys: Sequence[bytes], known: ForeignIndex | None) -> Schema:
    """Return what a foreign index is.

    Args:
        info: The reply to FT.INFO.
        spec: What the caller said of it.
        keys: Some of its keys.
        known: What was known of it before, if it was.

    Raises:
        SchemaMismatchError: If it has no vector, or what was asked for is not in it.
        ArgumentError: If it has several vectors or texts, and none was chosen.
    """
    name, storage, attributes = index_name(info), storage_of(info), read_attributes(info)
    if spec.fields:
        raise SchemaMismatchError(
            f"index {name!r} was made by another application, and metadata_schema= would add fields to it; it is "
            "filtered by the fields that it has, and metadata_fields= says what is read as metadata"
        )
    if spec.sliding_ttl:
        raise SchemaMismatchError(
            f"index {name!r} was made by another application: sliding_ttl= would change its records"
        )
    vectors = [attribute for attribute in attributes if attribute.type == "VECTOR"]
    vector = _chosen(name, "vector_field", spec.vector_field, vectors, attributes)
    application = _application(storage, attributes)
    text = _text(name, storage, spec.text_field, attributes, application)
    definition = as_mapping(as_mapping(info)[b"index_definition"])
    # One without any, and one that has all keys by a star.
    prefixes = tuple("" if prefix == "*" else prefix for prefix in prefixes_of(info)) or ("",)
    again = known is not None and known.prefixes == prefixes
    stopwords = as_mapping(info).get(b"stopwords_list")
    language = definition.get(b"default_language", b"english")
    foreign = ForeignIndex(
        prefixes,
        known.separator if known is not None and again else _separator(prefixes, keys, application),
        text,
        tuple(each.name for each in attributes if each.type == "TEXT" and each.path == text and not _is_hidden(each)),
        vector.path,
        tuple(each.path for each in vectors),
        _metadata(storage, spec.metadata_fields, attributes),
        application,
        DEFAULT_STOPWORDS if stopwords is None else frozenset(word.decode().lower() for word in stopwords),
        language.decode().lower(),
        definition.get(b"filter") is not None,
        spec.writable,
        spec.on_bad_record,
        {each.name: each.path for each in vectors},
    )
    fields = {field.key: field for each in attributes if each.type != "VECTOR" for field in [_field(each, storage)]}
    schema = Schema(name, foreign.prefix, storage, vector_field(vector.row), fields, foreign=foreign)
    others = {each.name: vector_field(each.row) for each in vectors if each is not vector}
    named = {called: NamedVector(called, others[each]) for each, called in vector_names(others).items()}
    return replace(schema, vectors=named)


def refuse_foreign_options(spec: IndexSpec, name: str) -> None:
    """Refuse what is for indexes of other applications, for one of this library.

    Raises:
        ArgumentError: If there is such.
    """
    given = {
        "text_field": spec.text_field,
        "vector_field": spec.vector_field,
        "metadata_fields": spec.metadata_fields,
    }
    for argument, value in given.items():
        if value is not None:
            raise ArgumentError(
                f"{argument}= is for indexes of other applications; index {name!r} is one of this library, which knows "
                "where the parts of its records lie: leave it out"
            )


def _is_hidden(attribute: Attribute) -> bool:
    return "NOINDEX" in attribute.flags


def _field(attribute: Attribute, storage: str) -> ForeignField:
    indexed = FieldType.UNINDEXED if _is_hidden(attribute) else _TYPES.get(attribute.type, FieldType.UNINDEXED)
    return ForeignField(
        key_of_path(attribute.name),
        indexed,
        attribute.name,
        path=attribute.path,
        separator=attribute.separator if attribute.type == "TAG" else "",
        folds_case=attribute.type == "TAG" and "CASESENSITIVE" not in attribute.flags,
        indexes_missing="INDEXMISSING" in attribute.flags,
        indexes_empty="INDEXEMPTY" in attribute.flags,
        storage=storage,
    )


def _application(storage: str, attributes: Sequence[Attribute]) -> Application:
    """Return which application made an index, by the fields that it gives each of its own."""
    types = {each.name: each.type for each in attributes}
    if types.get("_metadata_json") == "TEXT":
        return Application.LANGCHAIN
    own = {"id": "TAG", "doc_id": "TAG", "text": "TEXT", "vector": "VECTOR"}
    return Application.LLAMA_INDEX if storage == "hash" and own.items() <= types.items() else Application.OTHER


def _chosen(
    name: str, argument: str, asked: str | None, candidates: Sequence[Attribute], attributes: Sequence[Attribute]
) -> Attribute:
    listed = ", ".join(each.name for each in candidates)
    if not candidates:
        has = ", ".join(f"{each.name} ({each.type.lower()})" for each in attributes) or "none"
        raise SchemaMismatchError(
            f"index {name!r} has no vector, so it cannot be searched by one; its fields: {has}. Add a vector to its "
            "records and to it (FT.ALTER), or read its texts and add them to a store of this library, which embeds them"
        )
    if asked is None:
        if len(candidates) > 1:
            raise ArgumentError(f"index {name!r} has several vectors; choose one: {argument}= one of {listed}")
        return candidates[0]
    found = [each for each in candidates if asked in (each.name, each.path)]
    if not found:
        near = did_you_mean(asked, [each.name for each in candidates])
        raise SchemaMismatchError(f"{argument}={asked!r:.80} is no vector of index {name!r}{near}; it has: {listed}")
    return found[0]


def _text(name: str, storage: str, asked: str | None, attributes: Sequence[Attribute], application: Application) -> str:
    """Return the hash field or the JSON path of the text.

    Raises:
        ArgumentError: If it is not told, and there are several or none, or it is no path to a single value.
    """
    if asked is not None:
        found = [each.path for each in attributes if asked in (each.name, each.path)]
        path = found[0] if found else asked
    else:
        texts = {each.path: each.name for each in attributes if each.type == "TEXT" and each.name[:1] != "_"}
        called = [path for path, each in texts.items() if each == "text"]
        # Those of langchain-redis 0.1 have no other mark.
        is_known = application is not Application.OTHER or any(each.name == "embedding" for each in attributes)
        if is_known and called:
            texts = dict.fromkeys(called, "text")
        if len(texts) != 1:
            has = ", ".join(texts.values()) or ", ".join(each.name for each in attributes if each.type != "VECTOR")
            what = "several text fields" if texts else "no text field"
            raise ArgumentError(
                f"index {name!r} has {what}; say by text_field= which field is the text; it has: {has or 'none'}"
            )
        (path,) = texts
    if storage == "json" and path_steps(path) is None:
        raise ArgumentError(f"text_field={path!r:.80} can lead to several values; give the path of one text")
    return path


def _metadata(storage: str, asked: Any, attributes: Sequence[Attribute]) -> Mapping[str, str] | None:
    """Return what is read as metadata, as paths by key.

    Raises:
        ArgumentError: If a path can lead to several values.
    """
    if asked is None:
        return None
    paths = {each.name: each.path for each in attributes} | {key_of_path(each.name): each.path for each in attributes}
    given: Iterable[tuple[str, str]] = asked.items() if isinstance(asked, Mapping) else ((name, name) for name in asked)
    found = {key_of_path(key): paths.get(path) or path for key, path in given}
    for key, path in found.items():
        if storage == "json" and list_steps(path) is None:
            raise ArgumentError(f"metadata_fields: {path!r:.80}, for {key!r:.80}, can lead to several values")
    return found


def _separator(prefixes: Sequence[str], keys: Sequence[bytes], application: Application) -> str:
    """Return what stands between the prefix and the ids, which RedisVL puts there and FT.INFO does not tell."""
    prefix = prefixes[0]
    if len(prefixes) > 1 or not prefix[-1:].isalnum():
        return ""
    behind = {key.decode("utf-8", "replace").removeprefix(prefix)[:1] for key in keys}
    if not behind:
        return "_" if application is Application.LLAMA_INDEX else ":"
    (first,) = behind if len(behind) == 1 else ("",)
    return "" if first.isalnum() else first
