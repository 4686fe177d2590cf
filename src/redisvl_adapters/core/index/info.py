"""FT.INFO: reading the schema of an existing index from the server's reply and the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from redisvl_adapters.core.index.registry import (
    HEADER,
    SCALE,
    Registry,
    read_registry_command,
    registered_fields,
    registry_key,
    untyped_keys,
)
from redisvl_adapters.core.schema.fields import QUANTISED, TUNING, FieldType, MetadataField, VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import DISTANCE, KEYS, METADATA, SEARCHED, SOURCE, TEXT, TYPED
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.server.replies import as_mapping
from redisvl_adapters.errors import SchemaMismatchError

_TYPES = {"TAG": FieldType.TAG, "NUMERIC": FieldType.NUMERIC, "TEXT": FieldType.TEXT, "GEO": FieldType.GEO}


def snapshot_commands(name: str) -> list[Command]:
    """Return the commands that tell all about an index: the registry twice, so that a change in between shows."""
    return [read_registry_command(name), Command(("FT.INFO", name)), read_registry_command(name)]


def info_command(name: str) -> Command:
    """Return the command that tells what an index is and does."""
    return Command(("FT.INFO", name))


def is_scanning(info: Reply) -> bool:
    """Tell from the reply to ``info_command`` whether an index still looks for records that were there before."""
    return float(as_mapping(info).get(b"indexing", 0)) > 0


def read_schema(info: Reply, registry: Registry) -> tuple[Schema, int]:
    """Return what an index is, and how many records it holds.

    Args:
        info: The reply to FT.INFO.
        registry: The registry; if it is lost, types are those that FT.INFO tells.

    Raises:
        SchemaMismatchError: If the index was not made by this library.
    """
    told = as_mapping(info)
    name = told[b"index_name"].decode()
    definition = as_mapping(told[b"index_definition"])
    prefixes = [prefix.decode() for prefix in definition[b"prefixes"]]
    attributes = {row["attribute"]: row for row in map(_attribute, told[b"attributes"])}
    vectors = [row for row in attributes.values() if row["type"] == "VECTOR"]
    if len(prefixes) != 1 or len(vectors) != 1 or not {KEYS, SOURCE, TYPED, SEARCHED} <= attributes.keys():
        raise SchemaMismatchError(
            f"index {name!r} exists, but was not made by this library: it has fields {', '.join(sorted(attributes))} "
            f"under the prefixes {', '.join(prefixes)}; choose another index_name"
        )
    header = orjson.loads(registry.get(HEADER, b"{}"))
    vector = _vector(vectors[0], header.get("tuning", {}))
    if vector.dtype in QUANTISED:
        if SCALE not in registry and vector.metric != "cosine":
            raise SchemaMismatchError(
                f"index {name!r} exists, but the scale of its {vector.dtype} vectors is lost, with the key "
                f"{registry_key(name)!r}: what they stand for is unknown. Restore that key, or pass create='overwrite' "
                "to drop the index with its records"
            )
        vector = replace(vector, scale=orjson.loads(registry.get(SCALE, b"null")))
    reserved = frozenset({TEXT, METADATA, DISTANCE, vector.name})
    known = registered_fields(registry, reserved)
    fields = {key: field for key, field in known.items() if field.redis_type is None or field.alias in attributes}
    if not header:
        # The registry was lost.
        claimed = {KEYS, SOURCE, TYPED, SEARCHED, vector.name}
        fields = {
            alias: MetadataField(alias, _TYPES[row["type"]], alias)
            for alias, row in attributes.items()
            if alias not in claimed and row["type"] in _TYPES
        }
    storage = definition[b"key_type"].decode().lower()
    schema = Schema(
        name,
        prefixes[0],
        storage,
        vector,
        fields,
        header.get("text_attrs", {}),
        tuple(header.get("stopwords", ())),
        untyped_keys(registry),
    )
    return schema, int(told[b"num_docs"])


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


def _vector(row: Mapping[str, Any], tuning: Mapping[str, Any]) -> VectorField:
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
        {**tuning, **told},
    )
