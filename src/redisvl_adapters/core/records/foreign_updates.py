"""Changing the metadata of a record of another application where it lies: its text and its vector stay untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from redisvl_adapters.core.records.foreign_layouts import json_path
from redisvl_adapters.core.records.foreign_records import foreign_of, read_document, read_hash
from redisvl_adapters.core.records.foreign_writes import document_parts, hash_parts, place_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.foreign import list_steps, path_steps
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Argument, Command, Reply
from redisvl_adapters.core.server.replies import as_mapping, is_wrong_type, ok
from redisvl_adapters.errors import RecordError

# What the record must still be, what it loses, and what it gets; the reply is whether it was.
_UPDATE_HASH = """#!lua
local n=tonumber(ARGV[1])
if redis.call('HLEN',KEYS[1])*2~=n then return 0 end
for i=2,n,2 do if redis.call('HGET',KEYS[1],ARGV[i])~=ARGV[i+1] then return 0 end end
local at=n+2
local gone=tonumber(ARGV[at])
if at+gone<#ARGV then redis.call('HSET',KEYS[1],unpack(ARGV,at+gone+1)) end
if gone>0 then redis.call('HDEL',KEYS[1],unpack(ARGV,at+1,at+gone)) end
return 1"""
_UPDATE_JSON = """#!lua
if redis.call('JSON.GET',KEYS[1],'$')~=ARGV[1] then return 0 end
for i=3,#ARGV do redis.call('JSON.DEL',KEYS[1],ARGV[i]) end
redis.call('JSON.MERGE',KEYS[1],'$',ARGV[2])
return 1"""


def read_whole(schema: Schema, record_id: str) -> Command:
    """Return the command that reads all of a record."""
    key = schema.key_of(record_id)
    return Command(("JSON.GET", key, "$") if schema.storage == "json" else ("HGETALL", key), key)


def foreign_update_command(
    schema: Schema,
    record_id: str,
    reply: Reply,
    changes: Mapping[str, Any],
    is_changeable: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> Command | None:
    """Return the command that merges changes into the metadata of a record, if it is still what was read.

    Args:
        schema: The index.
        record_id: The record.
        reply: The reply to ``read_whole``.
        changes: The changes; None removes a key, and a mapping is replaced.
        is_changeable: Tells by its metadata whether a record may be changed, and may be what it is changed to.

    Returns:
        The command, whose reply is 1 if the record was what was read, else 0; None if there is no record, or none that
        may be changed.

    Raises:
        RecordError: If something has no place in the record, it may not be what it is changed to, or has no text.
    """
    if is_wrong_type(reply) or not ok(reply):
        return None
    where = f"the record {record_id!r:.80}"
    if schema.storage == "json":
        document = orjson.loads(reply)[0]
        if not isinstance(document, dict):
            return None
        record = read_document(record_id, document, schema, vector=False)
    else:
        record = read_hash(record_id, as_mapping(reply), schema)
    if not is_changeable(record.metadata):
        return None
    merged = {key: value for key, value in {**record.metadata, **changes}.items() if value is not None}
    plain = check_metadata(merged, where).plain
    if not is_changeable(plain):
        raise RecordError(f"the changes would take {where} out of the scope of the store")
    key = schema.key_of(record_id)
    if schema.storage == "json":
        written = _json_parts(schema, record, plain, changes, where)
        return Command(("EVAL", _UPDATE_JSON, 1, key, reply, *written), key)
    raw = as_mapping(reply)
    compared = [part for pair in raw.items() for part in pair]
    fields, lost = hash_parts(schema, record, plain, where)
    lost += [path for path in _removed(schema, changes, where) if path not in fields]
    own = {foreign_of(schema).text, *foreign_of(schema).vectors}
    pairs: list[Argument] = [part for name, value in fields.items() if name not in own for part in (name, value)]
    gone = sorted({*lost})
    return Command(("EVAL", _UPDATE_HASH, 1, key, len(compared), *compared, len(gone), *gone, *pairs), key)


def _json_parts(
    schema: Schema, record: Record, plain: Mapping[str, Any], changes: Mapping[str, Any], where: object
) -> list[Argument]:
    """Return what is merged into a document, and the paths that it loses before."""
    foreign = foreign_of(schema)
    document, lost = document_parts(schema, record, plain, 0, where)
    for path in (foreign.text, foreign.vector):
        _take(document, path_steps(path) or ())
    gone = {json_path(steps) for steps in lost}
    # An object would be merged into the one that is there, not replace it.
    replaced = [key for key, value in changes.items() if value is None or isinstance(value, Mapping)]
    for path in _removed(schema, dict.fromkeys(replaced), where):
        steps = list_steps(path) if path.startswith("$") else (path,)
        if steps:
            gone.add(json_path(steps))
    return [orjson.dumps(document), *sorted(gone)]


def _removed(schema: Schema, changes: Mapping[str, Any], where: object) -> Iterable[str]:
    """Return the fields or paths of the keys that are removed."""
    return [place_of(schema, foreign_of(schema), key, where)[0] for key, value in changes.items() if value is None]


def _take(document: dict[str, Any], steps: Iterable[str]) -> None:
    """Take a value out of a document, with the objects that are empty without it."""
    *outer, last = steps
    if not outer:
        document.pop(last, None)
        return
    inner = document.get(outer[0])
    if isinstance(inner, dict):
        _take(inner, [*outer[1:], last])
        if not inner:
            del document[outer[0]]
