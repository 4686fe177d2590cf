"""What the server knows of an index: FT.CREATE, FT.ALTER, FT.INFO, and one small hash for what FT.INFO cannot say.

That hash, the registry, lies outside the index's prefix. It holds the type of each metadata key that the index has
met, which tells a boolean from a tag and a point in time from a number, and gives a key to each name in the index. And
it holds the parameters of the algorithm that FT.INFO leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from redisvl_adapters.core.commands import Argument, Command, Reply, as_mapping
from redisvl_adapters.core.encoding import field_alias
from redisvl_adapters.core.record import new_id
from redisvl_adapters.core.schema import (
    DISTANCE,
    KEYS,
    METADATA,
    QUANTISED,
    SEARCHED,
    SOURCE,
    TEXT,
    TUNING,
    FieldType,
    MetadataField,
    Schema,
    VectorField,
)
from redisvl_adapters.errors import SchemaMismatchError

Registry = Mapping[bytes, bytes]

_HEADER = b"layout"
_SCALE = b"scale"
_LAYOUT = 1
_KEY_PREFIX = b"key:"
_MET_PREFIX = b"met:"
_TYPES = {"TAG": FieldType.TAG, "NUMERIC": FieldType.NUMERIC, "TEXT": FieldType.TEXT, "GEO": FieldType.GEO}


def registry_key(name: str) -> str:
    """Return the key of the registry of an index."""
    return f"redisvl-adapters/{name}"


def look_commands(name: str) -> list[Command]:
    """Return the commands that tell all about an index: the registry twice, so that a change in between shows."""
    return [read_registry(name), Command(("FT.INFO", name)), read_registry(name)]


def read_registry(name: str) -> Command:
    """Return the command that reads the registry."""
    key = registry_key(name)
    return Command(("HGETALL", key), key)


def create_command(schema: Schema) -> Command:
    """Return the command that creates an index. Records that lie under its prefix already are indexed too."""
    made: list[Any] = schema.redisvl.redis_fields
    fields: list[Argument] = [part for field in made for part in field.redis_args()]
    head: list[Argument] = ["FT.CREATE", schema.name, "ON", schema.storage.upper(), "PREFIX", 1, schema.prefix]
    return Command((*head, "STOPWORDS", len(schema.stopwords), *schema.stopwords, "SCHEMA", *fields))


def register_command(schema: Schema) -> Command:
    """Return the command that writes a header, and the fields of a schema, into the registry.

    Each header is unlike any before it: so whoever reads the registry sees that the index was made anew.
    """
    header = {
        "version": _LAYOUT,
        "made": new_id(),
        "tuning": dict(schema.vector.tuning),
        "text_attrs": dict(schema.text_attrs),
        "stopwords": schema.stopwords,
    }
    parts: list[bytes] = [_HEADER, orjson.dumps(header)]
    for field in schema.fields.values():
        parts += _entry(field)
    key = registry_key(schema.name)
    return Command(("HSET", key, *parts), key)


def scale_commands(schema: Schema) -> list[Command]:
    """Return the commands that register the scale of quantised vectors, where nobody else was first.

    It is kept when the index is made anew, as its records may be: with another scale they would be other vectors.
    """
    if schema.vector.dtype not in QUANTISED:
        return []
    key = registry_key(schema.name)
    return [Command(("HSETNX", key, _SCALE, orjson.dumps(schema.vector.scale)), key)]


def forget_command(name: str, header: bytes | None) -> Command:
    """Return the command that deletes the registry, if it still has this header: nobody made the index anew."""
    key = registry_key(name)
    script = "if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then redis.call('DEL',KEYS[1]) end"
    return Command(("EVAL", script, 1, key, _HEADER, header or b""), key)


def header_of(registry: Registry) -> bytes | None:
    """Return the header of a registry, which changes whenever the index is made anew."""
    return registry.get(_HEADER)


def claim_commands(name: str, fields: Iterable[MetadataField], met: Iterable[str]) -> list[Command]:
    """Return the commands that register what was learnt, where nobody else was first, and read what holds then.

    Args:
        name: The index.
        fields: The fields of new keys.
        met: New keys without a type.
    """
    key = registry_key(name)
    entries = [*map(_entry, fields), *((_MET_PREFIX + name.encode(), b"") for name in met)]
    return [*(Command(("HSETNX", key, *entry), key) for entry in entries), read_registry(name)]


def disclaim_commands(name: str, header: bytes | None, fields: Iterable[MetadataField]) -> list[Command]:
    """Return the commands that mark keys as not indexed, if nobody made the index anew, and read what holds then."""
    key = registry_key(name)
    script = (
        "if (redis.call('HGET',KEYS[1],ARGV[1]) or '')==ARGV[2] then redis.call('HSET',KEYS[1],ARGV[3],ARGV[4]) end"
    )
    entries = [_entry(replace(field, type=FieldType.UNINDEXED)) for field in fields]
    marks = [Command(("EVAL", script, 1, key, _HEADER, header or b"", *entry), key) for entry in entries]
    return [*marks, read_registry(name)]


def alter_command(schema: Schema, field: MetadataField, *, scan: bool = False) -> Command:
    """Return the command that adds a field to an index.

    Args:
        schema: The index.
        field: The field.
        scan: Whether to look through the records that exist; without need, where none of them has the key yet.
    """
    made: Any = schema.redisvl_field(field).as_redis_field()
    skip: list[Argument] = [] if scan else ["SKIPINITIALSCAN"]
    return Command(("FT.ALTER", schema.name, *skip, "SCHEMA", "ADD", *made.redis_args()))


def drop_command(name: str) -> Command:
    """Return the command that drops an index with its records."""
    return Command(("FT.DROPINDEX", name, "DD"))


def _entry(field: MetadataField) -> tuple[bytes, bytes]:
    return _KEY_PREFIX + field.key.encode(), orjson.dumps(
        {"type": field.type, "attrs": dict(field.attrs), "learnt": field.learnt}
    )


def registered(registry: Registry, reserved: frozenset[str]) -> dict[str, MetadataField]:
    """Return the metadata fields of a registry by key."""
    fields = {}
    for name, value in registry.items():
        if name.startswith(_KEY_PREFIX):
            key, entry = name.removeprefix(_KEY_PREFIX).decode(), orjson.loads(value)
            fields[key] = MetadataField(
                key, FieldType(entry["type"]), field_alias(key, reserved), entry["attrs"], entry["learnt"]
            )
    return fields


def met_keys(registry: Registry) -> frozenset[str]:
    """Return the keys of a registry that were met without a type."""
    return frozenset(name.removeprefix(_MET_PREFIX).decode() for name in registry if name.startswith(_MET_PREFIX))


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
    if len(prefixes) != 1 or len(vectors) != 1 or not {KEYS, SOURCE, SEARCHED} <= attributes.keys():
        raise SchemaMismatchError(
            f"index {name!r} exists, but was not made by this library: it has fields {', '.join(sorted(attributes))} "
            f"under the prefixes {', '.join(prefixes)}; choose another index_name"
        )
    header = orjson.loads(registry.get(_HEADER, b"{}"))
    vector = _vector(vectors[0], header.get("tuning", {}))
    if vector.dtype in QUANTISED:
        if _SCALE not in registry and vector.metric != "cosine":
            raise SchemaMismatchError(
                f"index {name!r} exists, but the scale of its {vector.dtype} vectors is lost, with the key "
                f"{registry_key(name)!r}: what they stand for is unknown. Restore that key, or pass create='overwrite' "
                "to drop the index with its records"
            )
        vector = replace(vector, scale=orjson.loads(registry.get(_SCALE, b"null")))
    reserved = frozenset({TEXT, METADATA, DISTANCE, vector.name})
    known = registered(registry, reserved)
    fields = {key: field for key, field in known.items() if field.redis_type is None or field.alias in attributes}
    if not header:
        # The registry was lost.
        claimed = {KEYS, SOURCE, SEARCHED, vector.name}
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
        met_keys(registry),
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
