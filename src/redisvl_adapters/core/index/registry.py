"""The registry: one small hash for each index that holds what FT.INFO cannot say.

It lies outside the prefix of the index. It holds the type of each metadata key that the index has seen, which tells a
boolean from a tag and a point in time from a number, and the parameters of the algorithm that FT.INFO leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

import orjson

from redisvl_adapters.core.records.record import new_id
from redisvl_adapters.core.schema.field_names import field_alias
from redisvl_adapters.core.schema.fields import LONG, QUANTISED, FieldType, Kind, MetadataField, VectorField
from redisvl_adapters.core.schema.index_schema import Origin, Schema
from redisvl_adapters.core.schema.languages import DEFAULT_LANGUAGE
from redisvl_adapters.core.schema.named_vectors import NamedVector
from redisvl_adapters.core.server.commands import Command
from redisvl_adapters.errors import SchemaMismatchError

Registry = Mapping[bytes, bytes]

HEADER = b"layout"
SCALE = b"scale"
EMBEDDING = b"embedding"
UNCHECKED = b"unchecked"
"""An index that has this was made over keys of which nobody has seen yet whether they are records."""
LAYOUT = 2
"""The version of the layout of records that this library reads and writes."""
_KEY_PREFIX = b"key:"
_UNTYPED_PREFIX = b"met:"
_KIND_PREFIX = b"kind:"
_DESCRIPTION_PREFIX = b"about:"


def registry_key(name: str) -> str:
    """Return the key of the registry of an index."""
    return f"redisvl-adapters/{name}"


def read_registry_command(name: str) -> Command:
    """Return the command that reads the registry."""
    key = registry_key(name)
    return Command(("HGETALL", key), key)


def register_command(name: str, entries: Registry) -> Command:
    """Return the command that writes entries into a registry."""
    key = registry_key(name)
    return Command(("HSET", key, *(part for pair in entries.items() for part in pair)), key)


def new_registry(schema: Schema) -> dict[bytes, bytes]:
    """Return the registry of an index: a header, and the fields.

    Each header is unlike any before it: so whoever reads the registry sees that the index was made anew.
    """
    header = {
        "version": LAYOUT,
        "made": new_id(),
        "prefix": schema.prefix,
        "storage": schema.storage,
        "tuning": dict(schema.vector.tuning),
        "text_attrs": dict(schema.text_attrs),
        "stopwords": schema.stopwords,
        "language": schema.language,
        "language_key": schema.language_key,
        "origin": None if schema.origin is None else asdict(schema.origin),
        **({"vectors": {name: asdict(vector) for name, vector in schema.vectors.items()}} if schema.vectors else {}),
    }
    untyped = {_UNTYPED_PREFIX + key.encode(): b"" for key in schema.untyped_keys}
    kinds = dict(_kind_entry(key, kind) for key, field in schema.fields.items() for kind in field.other_kinds)
    fields = dict(map(_entry, schema.fields.values()))
    return {HEADER: orjson.dumps(header), **fields, **untyped, **kinds, **_descriptions(schema.fields.values())}


def restore_command(name: str, registry: Registry) -> Command:
    """Return the command that writes back a registry that was lost, unless somebody else did."""
    key = registry_key(name)
    script = "if redis.call('HEXISTS',KEYS[1],ARGV[1])==0 then redis.call('HSET',KEYS[1],unpack(ARGV)) end"
    parts = (part for name in (HEADER, *(registry.keys() - {HEADER})) for part in (name, registry[name]))
    return Command(("EVAL", script, 1, key, *parts), key)


def describe_command(name: str, registry: Registry, fields: Iterable[MetadataField]) -> Command | None:
    """Return the command that registers the descriptions of fields, unless somebody made the index anew.

    Args:
        name: The index.
        registry: Its registry.
        fields: The fields, each with what is now said of it; those without a description are left as they are.

    Returns:
        None if the registry has them all.
    """
    new = {entry: text for entry, text in _descriptions(fields).items() if registry.get(entry) != text}
    if not new:
        return None
    key = registry_key(name)
    script = "if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then redis.call('HSET',KEYS[1],unpack(ARGV,3)) end"
    parts = (part for pair in new.items() for part in pair)
    return Command(("EVAL", script, 1, key, HEADER, registry.get(HEADER, b""), *parts), key)


def mark_command(name: str, *, unchecked: bool) -> Command:
    """Return the command that sets or takes away the mark of an index of which nobody has seen what lies under it."""
    key = registry_key(name)
    return Command(("HSET", key, UNCHECKED, b"1") if unchecked else ("HDEL", key, UNCHECKED), key)


def put_back_command(name: str, header: bytes, before: Registry) -> Command:
    """Return the command that undoes ``register_command``, unless somebody made the index anew since.

    Args:
        name: The index.
        header: The header that it wrote.
        before: The registry before that, which may be empty.
    """
    key = registry_key(name)
    script = (
        "if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then redis.call('DEL',KEYS[1]) "
        "if #ARGV>2 then redis.call('HSET',KEYS[1],unpack(ARGV,3)) end end"
    )
    parts = (part for pair in before.items() for part in pair)
    return Command(("EVAL", script, 1, key, HEADER, header, *parts), key)


def registered_version(registry: Registry) -> int:
    """Return the layout version of the records of an index."""
    return int(orjson.loads(registry.get(HEADER, b"{}")).get("version", LAYOUT))


def check_version(name: str, registry: Registry, *, older: bool = False) -> None:
    """Refuse an index that another version of this library has made, with records of another layout.

    Args:
        name: The index.
        registry: Its registry.
        older: Whether it may be an older one, as to be dropped or brought over.

    Raises:
        SchemaMismatchError: If so.
    """
    version = registered_version(registry)
    if version < LAYOUT and not older:
        raise older_layout(name)
    if version > LAYOUT:
        raise SchemaMismatchError(
            f"index {name!r} has layout version {version}, made by a newer version of this library; this one reads and "
            f"writes version {LAYOUT}. Use a newer one (pip install -U redisvl-adapters), or another index_name"
        )


def older_layout(name: str) -> SchemaMismatchError:
    """Return the error for an index whose records have the layout of an older version of this library."""
    return SchemaMismatchError(
        f"index {name!r} has records of layout version 1, whose words the server analysed; this library reads and "
        f"writes version {LAYOUT}: call rebuild() once to bring it over (or redisvl-adapters rebuild {name}), or pass "
        "create='overwrite' to drop it"
    )


def made_id(registry: Registry) -> str | None:
    """Return what an index got when it was made, which no other has; None if its registry does not say it."""
    return orjson.loads(registry.get(HEADER, b"{}")).get("made")  # type: ignore[no-any-return]  # of JSON


def registered_language(registry: Registry) -> tuple[str, str | None]:
    """Return the language of a registry, and the metadata key that says that of each record."""
    header = orjson.loads(registry.get(HEADER, b"{}"))
    return header.get("language", DEFAULT_LANGUAGE), header.get("language_key")


def registered_vectors(registry: Registry) -> dict[str, NamedVector]:
    """Return the named vectors of a registry: all that FT.INFO does not tell of them, and what it told."""
    told = orjson.loads(registry.get(HEADER, b"{}")).get("vectors", {})
    return {name: NamedVector(**{**parts, "field": VectorField(**parts["field"])}) for name, parts in told.items()}


def is_of(registry: Registry, schema: Schema) -> bool:
    """Tell whether a registry can be that of records which lie where those of this index do."""
    header = orjson.loads(registry.get(HEADER, b"{}"))
    told = (header.get("prefix", schema.prefix), header.get("storage", schema.storage))
    return told == (schema.prefix, schema.storage)


def place_of(registry: Registry, schema: Schema) -> Schema:
    """Return a schema for records that lie where those of a registry do."""
    told = orjson.loads(registry.get(HEADER, b"{}"))
    prefix, storage = told.get("prefix", schema.prefix), told.get("storage", schema.storage)
    return replace(schema, prefix=prefix, storage=storage, origin=registered_origin(registry))


def scale_commands(schema: Schema) -> list[Command]:
    """Return the commands that register the scale of quantised vectors, where nobody else was first.

    It is kept when the index is made anew, as its records may be: with another scale they would be other vectors.
    """
    if schema.vector.dtype not in QUANTISED:
        return []
    key = registry_key(schema.name)
    return [Command(("HSETNX", key, SCALE, orjson.dumps(schema.vector.scale)), key)]


def name_model_commands(schema: Schema) -> list[Command]:
    """Return the commands that register the embedding model of an index, where nobody else was first.

    It is kept when the index is made anew, as its records may be.
    """
    if schema.embedding_id is None:
        return []
    key = registry_key(schema.name)
    return [Command(("HSETNX", key, EMBEDDING, schema.embedding_id.encode()), key)]


def registered_model(registry: Registry) -> str | None:
    """Return the name of the embedding model of a registry, if anybody said it."""
    name = registry.get(EMBEDDING)
    return None if name is None else name.decode()


def forget_command(name: str, header: bytes | None) -> Command:
    """Return the command that deletes the registry, if it still has this header: nobody made the index anew."""
    key = registry_key(name)
    script = "if (redis.call('HGET',KEYS[1],ARGV[1]) or '')==ARGV[2] then redis.call('DEL',KEYS[1]) end"
    return Command(("EVAL", script, 1, key, HEADER, header or b""), key)


def registry_header(registry: Registry) -> bytes | None:
    """Return the header of a registry, which changes whenever the index is made anew."""
    return registry.get(HEADER)


def registered_origin(registry: Registry) -> Origin | None:
    """Return what the index of a registry was made from, if a rebuild has made it."""
    told = orjson.loads(registry.get(HEADER, b"{}")).get("origin")
    return None if told is None else Origin(**{**told, "rebuilt": tuple(told["rebuilt"])})


def has_same_records(header: bytes | None, before: bytes | None) -> bool:
    """Tell whether an index with one header has the records of one with another: it is the same, or was made from it.

    Args:
        header: The header of the registry of the index; None if it had none.
        before: The header of the registry of the other one.
    """
    if header is None or before is None or header == before:
        return header == before
    origin = registered_origin({HEADER: header})
    return origin is not None and origin.made_from == made_of({HEADER: before})


def made_of(registry: Registry) -> str | None:
    """Return the mark of an index, which changes whenever it is made anew."""
    made = orjson.loads(registry.get(HEADER, b"{}")).get("made")
    return None if made is None else str(made)


def claim_commands(
    name: str,
    fields: Iterable[MetadataField],
    untyped_keys: Iterable[str],
    other_kinds: Iterable[tuple[str, Kind]] = (),
) -> list[Command]:
    """Return the commands that register what was learnt, where nobody else was first, and read what holds then.

    Args:
        name: The index.
        fields: The fields of new keys.
        untyped_keys: New keys without a type.
        other_kinds: Kinds of values that known keys have beside their own, with the keys.
    """
    key = registry_key(name)
    # A learnt key whose values no field could hold may become one whose values a field holds; one that was met with
    # long texts, by being declared alone.
    script = "if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then redis.call('HSET',KEYS[1],ARGV[1],ARGV[3]) end"
    fields = list(fields)
    renewed = [
        Command(("EVAL", script, 1, key, *was, _entry(field)[1]), key)
        for field in fields
        if field.redis_type
        for attrs in (({},) if field.learnt else ({}, {LONG: True}))
        for was in [_entry(replace(field, type=FieldType.UNINDEXED, attrs=attrs, learnt=True))]
    ]
    entries = [
        *map(_entry, fields),
        *((_UNTYPED_PREFIX + untyped.encode(), b"") for untyped in untyped_keys),
        *(_kind_entry(of, kind) for of, kind in other_kinds),
    ]
    return [*renewed, *(Command(("HSETNX", key, *entry), key) for entry in entries), read_registry_command(name)]


def _entry(field: MetadataField) -> tuple[bytes, bytes]:
    return _KEY_PREFIX + field.key.encode(), orjson.dumps(
        {"type": field.type, "attrs": dict(field.attrs), "learnt": field.learnt}
    )


def _descriptions(fields: Iterable[MetadataField]) -> dict[bytes, bytes]:
    return {_DESCRIPTION_PREFIX + each.key.encode(): each.description.encode() for each in fields if each.description}


def _kind_entry(key: str, kind: Kind) -> tuple[bytes, bytes]:
    return _KIND_PREFIX + f"{kind}:{key}".encode(), b""


def registered_fields(registry: Registry, reserved: frozenset[str]) -> dict[str, MetadataField]:
    """Return the metadata fields of a registry by key."""
    fields = {}
    kinds: dict[str, set[Kind]] = {}
    for name in registry:
        if name.startswith(_KIND_PREFIX):
            kind, _, key = name.removeprefix(_KIND_PREFIX).decode().partition(":")
            kinds.setdefault(key, set()).add(Kind(kind))
    for name, value in registry.items():
        if name.startswith(_KEY_PREFIX):
            key, entry = name.removeprefix(_KEY_PREFIX).decode(), orjson.loads(value)
            fields[key] = MetadataField(
                key,
                FieldType(entry["type"]),
                field_alias(key, reserved),
                entry["attrs"],
                entry["learnt"],
                frozenset(kinds.get(key, ())),
                registry.get(_DESCRIPTION_PREFIX + key.encode(), b"").decode(),
            )
    return fields


def untyped_keys(registry: Registry) -> frozenset[str]:
    """Return the keys of a registry that records have had without a value to tell a type."""
    return frozenset(
        name.removeprefix(_UNTYPED_PREFIX).decode() for name in registry if name.startswith(_UNTYPED_PREFIX)
    )
