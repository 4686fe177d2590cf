"""Changing the metadata of a record where it lies: neither its text nor its vector is written again.

What a record has is read, and the script that writes compares it with what was read: a record that anybody changed
meanwhile is left alone, to be read once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from numpy.typing import NDArray

from redisvl_adapters.core.records.field_values import Projected, hash_value
from redisvl_adapters.core.records.json_numbers import spelled, spelled_projection
from redisvl_adapters.core.records.metadata import CheckedMetadata, check_metadata
from redisvl_adapters.core.records.named_vectors import changed_vectors, check_changed_texts
from redisvl_adapters.core.records.projection import presence_tags, project, record_language, stored_text
from redisvl_adapters.core.records.record_readers import named_json
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import EXACT, KEYS, METADATA, SEARCHED, TEXT, TYPED
from redisvl_adapters.core.server.commands import Argument, Command, Reply
from redisvl_adapters.core.server.replies import is_wrong_type, ok

# Fields or paths that are read, what they must hold still, and what is written then; the reply is whether it was.
UPDATE_HASH_METADATA = """#!lua
local n=tonumber(ARGV[1])
local now=redis.call('HMGET',KEYS[1],unpack(ARGV,2,n+1))
for i=1,n do if now[i]~=ARGV[n+1+i] then return 0 end end
local at=2*n+2
local gone=tonumber(ARGV[at])
redis.call('HSET',KEYS[1],unpack(ARGV,at+1+gone))
if gone>0 then redis.call('HDEL',KEYS[1],unpack(ARGV,at+1,at+gone)) end
return 1"""
_READ_JSON = "local t={} for i,path in ipairs(ARGV) do t[i]=redis.call('JSON.GET',KEYS[1],path) end return t"
# The whole metadata, if they cannot be merged; what is merged; and pairs of a path and what must be added there.
UPDATE_JSON_METADATA = """#!lua
local n=tonumber(ARGV[1])
for i=2,n+1 do if redis.call('JSON.GET',KEYS[1],ARGV[i])~=ARGV[n+i] then return 0 end end
local at=2*n+2
if ARGV[at]~='' then redis.call('JSON.SET',KEYS[1],'$.metadata',ARGV[at]) end
redis.call('JSON.MERGE',KEYS[1],'$',ARGV[at+1])
for i=at+2,#ARGV,2 do redis.call('JSON.NUMINCRBY',KEYS[1],ARGV[i],ARGV[i+1]) end
return 1"""


@dataclass(slots=True)
class Changes(CheckedMetadata):
    """What is merged into the metadata of records.

    Attributes:
        vectors: The named vectors that are made of texts among it, by their names.
    """

    vectors: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetadataUpdate:
    """A change of the metadata of one record.

    Attributes:
        record_id: The record.
        reply: What was read of it.
        before: Its metadata as they were read.
        after: Its metadata as they will be.
        text: Its text, if its language may change.
    """

    record_id: str
    reply: Sequence[Argument]
    before: CheckedMetadata
    after: CheckedMetadata
    text: str | None


def read_for_update(schema: Schema, record_id: str) -> Command:
    """Return the command that reads what a change of metadata is made of."""
    key = schema.key_of(record_id)
    names = _names(schema)
    if schema.storage == "json":
        # Several paths of one JSON.GET come in any order, and the reply is compared.
        return Command(("EVAL", _READ_JSON, 1, key, *names), key)
    return Command(("HMGET", key, *names), key)


def merged_metadata(schema: Schema, record_id: str, reply: Reply, changes: Mapping[str, Any]) -> MetadataUpdate | None:
    """Return the change of a record; None if there is no record.

    Args:
        schema: The index.
        record_id: The record.
        reply: The reply to ``read_for_update``.
        changes: What is merged into its metadata; None removes a key.

    Raises:
        RecordError: If JSON cannot hold what comes of it.
    """
    if is_wrong_type(reply) or None in ok(reply):
        return None
    text = None
    if schema.storage == "json":
        parts = [orjson.loads(part) for part in reply]
        if not (parts[0] and parts[2]):
            return None
        metadata = orjson.loads(parts[1][0]) if parts[1] else parts[0][0]
        text = parts[3][0] if parts[3:] else None
    else:
        metadata = orjson.loads(reply[0])
        text = reply[2].decode() if reply[2:] else None
    merged = {key: value for key, value in {**metadata, **changes}.items() if value is not None or key not in changes}
    where = f"the record {record_id!r:.80}"
    return MetadataUpdate(record_id, reply, check_metadata(metadata, where), check_metadata(merged, where), text)


def update_command(schema: Schema, update: MetadataUpdate, changes: Changes) -> Command:
    """Return the command that writes a change, if the record is still what was read; the reply is 1 if it was, else 0.

    Args:
        schema: The index.
        update: The change.
        changes: What was merged.

    Raises:
        RecordError: If a value is not of the type of its declared field.
    """
    key, names = schema.key_of(update.record_id), _names(schema)
    compared: list[Argument] = [len(names), *names, *update.reply]
    projection = _projection(schema, update)
    vectors = _vectors(schema, update, changes)
    if schema.storage == "json":
        written = _json_arguments(update.after, changes, projection, vectors)
        return Command(("EVAL", UPDATE_JSON_METADATA, 1, key, *compared, *written), key)
    gone = [name for name, value in (*projection.items(), *vectors.items()) if value is None]
    fields: list[Argument] = [METADATA, update.after.json]
    for name, value in projection.items():
        if value is not None:
            fields += name, hash_value(value)
    for name, vector in vectors.items():
        if vector is not None:
            fields += name, vector.tobytes()
    return Command(("EVAL", UPDATE_HASH_METADATA, 1, key, *compared, len(gone), *gone, *fields), key)


def _names(schema: Schema) -> list[str]:
    """Return the fields or paths that are read: the metadata, what tells a record, and the text if it may be needed."""
    if schema.storage == "json":
        names = [f"$.{METADATA}", f"$.{EXACT}", f"$.index.{KEYS}"]
        return names if schema.language_key is None else [*names, f"$.{TEXT}"]
    return [METADATA, KEYS] if schema.language_key is None else [METADATA, KEYS, TEXT]


def _projection(schema: Schema, update: MetadataUpdate) -> dict[str, Projected | None]:
    """Return the indexed values that the record will have, with None for those that it loses."""
    where = f"the record {update.record_id!r:.80}"
    before, after = update.before.values, update.after.values
    indexed = schema.indexed_fields
    projection: dict[str, Projected | None] = {indexed[key].alias: None for key in before if key in indexed}
    projection |= {TYPED: None, **project(schema, after, where)}
    language = record_language(schema, after, where)
    projection[KEYS] = presence_tags(schema, after, language)
    if language != record_language(schema, before, where):
        projection[SEARCHED] = stored_text(update.text, schema.text_attrs, language)
    return projection


def _vectors(schema: Schema, update: MetadataUpdate, changes: Changes) -> dict[str, NDArray[Any] | None]:
    """Return the named vectors that the record gets, by their fields, with None for those that it loses."""
    if not schema.vectors:
        return {}
    made = check_changed_texts(schema, changes.values, changes.vectors)
    return changed_vectors(schema, update.before.values, update.after.values, made, changes.values)


def _json_arguments(
    after: CheckedMetadata,
    changes: Changes,
    projection: Mapping[str, Projected | None],
    vectors: Mapping[str, NDArray[Any] | None],
) -> list[Argument]:
    """Return what the script writes into a document."""
    index, corrections = spelled_projection({name: value for name, value in projection.items() if value is not None})
    metadata, exact = spelled(after.plain)
    patch: dict[str, Any] = {"index": {**dict.fromkeys(projection), **index}}
    # Without it the text of numbers that have no spelling goes.
    patch[EXACT] = None if exact else after.json.decode()
    for name, vector in vectors.items():
        patch |= named_json(name, vector)
    # A mapping would be merged into the one that is there, not replace it.
    whole = any(isinstance(value, Mapping) for value in changes.plain.values())
    if not whole:
        patch[METADATA] = {key: metadata.get(key) for key in changes.plain}
    return [
        orjson.dumps(metadata) if whole else "",
        orjson.dumps(patch, option=orjson.OPT_SERIALIZE_NUMPY),
        *corrections,
    ]
