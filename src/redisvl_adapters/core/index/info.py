"""FT.INFO: reading the schema of an existing index from the server's reply and the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import orjson

from redisvl_adapters.core.index.background_scan import info_command
from redisvl_adapters.core.index.registry import (
    HEADER,
    LAYOUT,
    SCALE,
    Registry,
    check_version,
    older_layout,
    read_registry_command,
    registered_fields,
    registered_language,
    registered_model,
    registered_origin,
    registered_vectors,
    registered_version,
    registry_key,
    untyped_keys,
)
from redisvl_adapters.core.schema.fields import QUANTISED, TUNING, VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.named_vectors import NamedVector, name_of_vector_field
from redisvl_adapters.core.schema.stored_fields import KEYS, SEARCHED, SOURCE, TYPED
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.server.replies import as_mapping
from redisvl_adapters.errors import SchemaMismatchError


def snapshot_commands(name: str, registered: str) -> list[Command]:
    """Return the commands that tell all about an index: the registry twice, so that a change in between shows.

    Args:
        name: The index, or an alias of it.
        registered: The index whose registry is read: if the name is an alias, the one that it stands for.
    """
    registry = read_registry_command(registered)
    return [registry, info_command(name), registry]


def index_name(info: Reply) -> str:
    """Return the name of an index from the reply to FT.INFO, which may have been asked by an alias."""
    return str(as_mapping(info)[b"index_name"].decode())


def prefixes_of(info: Reply) -> list[str]:
    """Return the prefixes of an index from the reply to FT.INFO."""
    definition = as_mapping(as_mapping(info)[b"index_definition"])
    return [prefix.decode() for prefix in definition[b"prefixes"]]


def storage_of(info: Reply) -> str:
    """Return where the records of an index lie, from the reply to FT.INFO."""
    return str(as_mapping(as_mapping(info)[b"index_definition"])[b"key_type"].decode().lower())


def scores_unions_whole(info: Reply) -> bool:
    """Tell from the reply to FT.INFO whether the server scores a union whole where it is intersected.

    RediSearch 2.10 does not: see ``search.text_query``. What replaced it, from Redis 8 on, says here whether it keeps a
    list of all records.
    """
    return b"indexes_all" in as_mapping(as_mapping(info)[b"index_definition"])


def is_ours(info: Reply) -> bool:
    """Tell from the reply to FT.INFO whether an index was made by this library."""
    return {KEYS, SOURCE, TYPED, SEARCHED} <= _names(info)


def check_ours(info: Reply) -> None:
    """Refuse an index that was not made by this library, or was changed by others since.

    Raises:
        SchemaMismatchError: If so.
    """
    names, prefixes = _names(info), prefixes_of(info)
    if len(prefixes) != 1 or not is_ours(info) or len(_main_vectors(attributes_of(info))) != 1:
        raise SchemaMismatchError(
            f"index {index_name(info)!r} exists, but was not made by this library: it has fields "
            f"{', '.join(sorted(names))} under the prefixes {', '.join(prefixes)}; open it with from_existing_index, "
            "which reads it where it lies, or choose another index_name"
        )


def attributes_of(info: Reply) -> dict[str, dict[str, Any]]:
    """Return the attributes of an index by their names, from the reply to FT.INFO."""
    return {row["attribute"]: row for row in map(_attribute, as_mapping(info)[b"attributes"])}


def _names(info: Reply) -> set[str]:
    rows = as_mapping(info)[b"attributes"]
    return {(row if isinstance(row, dict) else dict(pairwise(row)))[b"attribute"].decode() for row in rows}


def _main_vectors(attributes: Mapping[str, Mapping[str, Any]]) -> list[VectorField]:
    """Return the vectors of an index that are no named ones; of one alone its name says nothing."""
    vectors = [vector_field(row) for row in attributes.values() if row["type"] == "VECTOR"]
    return [vector for vector in vectors if len(vectors) == 1 or name_of_vector_field(vector.name) is None]


def _named_vectors(info: Reply, main: VectorField, registry: Registry) -> dict[str, NamedVector]:
    """Return the named vectors of an index: what FT.INFO tells of them, and the registry beyond that."""
    known = registered_vectors(registry)
    found: dict[str, NamedVector] = {}
    for row in attributes_of(info).values():
        name = name_of_vector_field(row["attribute"]) if row["type"] == "VECTOR" else None
        if name is not None and row["attribute"] != main.name:
            told, more = vector_field(row), known.get(name)
            if more is None and told.dtype in QUANTISED and told.metric != "cosine":
                raise _lost_scale(index_name(info), told)
            found[name] = NamedVector(name, told)
            if more is not None:
                tuning = {**more.field.tuning, **told.tuning}
                found[name] = replace(more, field=replace(told, tuning=tuning, scale=more.field.scale))
    return found


def _lost_scale(name: str, vector: VectorField) -> SchemaMismatchError:
    return SchemaMismatchError(
        f"index {name!r} exists, but the scale of its {vector.dtype} vectors is lost, with the key "
        f"{registry_key(name)!r}: what they stand for is unknown. Restore that key, or pass create='overwrite' to drop "
        "the index with its records"
    )


def bare_schema(info: Reply) -> Schema:
    """Return what the reply to FT.INFO tells of an index by itself: no metadata fields, and no scale of its vectors.

    Raises:
        SchemaMismatchError: If the index was not made by this library.
    """
    check_ours(info)
    (vector,) = _main_vectors(attributes_of(info))
    return Schema(index_name(info), prefixes_of(info)[0], storage_of(info), vector, {})


def is_older_layout(info: Reply, registry: Registry) -> bool:
    """Tell whether an index of this library has records of an older layout, whose words the server analysed."""
    return is_ours(info) and (registered_version(registry) < LAYOUT or not _has_stored_terms(info))


def read_schema(info: Reply, registry: Registry, *, older: bool = False) -> tuple[Schema, int]:
    """Return what an index is, and how many records it holds.

    Args:
        info: The reply to FT.INFO.
        registry: The registry.
        older: Whether its records may have an older layout.

    Raises:
        SchemaMismatchError: If the index was not made by this library, or by another version of it.
    """
    schema = bare_schema(info)
    check_version(schema.name, registry, older=older)
    if not (older or _has_stored_terms(info)):
        raise older_layout(schema.name)
    header = orjson.loads(registry.get(HEADER, b"{}"))
    vector = replace(schema.vector, tuning={**header.get("tuning", {}), **schema.vector.tuning})
    if vector.dtype in QUANTISED:
        if SCALE not in registry and vector.metric != "cosine":
            raise _lost_scale(schema.name, vector)
        vector = replace(vector, scale=orjson.loads(registry.get(SCALE, b"null")))
    names = _names(info)
    language, language_key = registered_language(registry)
    known = registered_fields(registry, schema.reserved)
    schema = replace(
        schema,
        vector=vector,
        fields={key: field for key, field in known.items() if field.redis_type is None or field.alias in names},
        text_attrs=header.get("text_attrs", {}),
        stopwords=tuple(header.get("stopwords", ())),
        language=language,
        language_key=language_key,
        untyped_keys=untyped_keys(registry),
        embedding_id=registered_model(registry),
        origin=registered_origin(registry),
        vectors=_named_vectors(info, vector, registry),
    )
    return schema, read_count(info)


def read_count(info: Reply) -> int:
    """Return how many records an index holds, from the reply to FT.INFO."""
    return int(as_mapping(info)[b"num_docs"])


def _has_stored_terms(info: Reply) -> bool:
    """Tell whether the text of records is indexed by terms that are stored, not by stems that the server makes."""
    for row in as_mapping(info)[b"attributes"]:
        parts = [part for pair in row.items() for part in pair] if isinstance(row, dict) else row
        flags = {flag for part in parts for flag in (part if isinstance(part, list | set) else [part])}
        if SEARCHED.encode() in flags:
            return b"NOSTEM" in flags
    return False


def _attribute(row: Reply) -> dict[str, Any]:
    """Return one attribute of FT.INFO by lower-case names; flags have no value and are left out."""
    if isinstance(row, dict):
        parts = row
    else:
        parts, rest = {}, list(row)
        while rest:
            name = rest.pop(0)
            if name.upper() not in _FLAGS:
                parts[name] = rest.pop(0)
    return {
        name.decode().lower(): value.decode() if isinstance(value, bytes) else value for name, value in parts.items()
    }


_FLAGS = frozenset(b"SORTABLE UNF NOINDEX NOSTEM CASESENSITIVE WITHSUFFIXTRIE INDEXEMPTY INDEXMISSING".split())


def vector_field(row: Mapping[str, Any]) -> VectorField:
    """Return the vector that an attribute of FT.INFO is."""
    algorithm = str(row["algorithm"]).lower().replace("_", "-")
    told = {
        name: value
        for name, value in row.items()
        if name in TUNING.get(algorithm, ()) and name in ("m", "ef_construction")
    }
    return VectorField(
        row["attribute"],
        int(row["dim"]),
        row["data_type"].lower(),
        row["distance_metric"].lower(),
        algorithm,
        told,
    )
