"""What tells a record of this library from any other key: its exact metadata, and the list of its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from redisvl_adapters.core.records.field_values import Projected
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import KEYS, METADATA
from redisvl_adapters.core.schema.tag_encoding import TAG_SEPARATOR
from redisvl_adapters.core.server.commands import Argument, Command, Reply
from redisvl_adapters.core.server.noted_warnings import warn
from redisvl_adapters.core.server.replies import is_wrong_type, ok
from redisvl_adapters.errors import SkippedRecordWarning

_PARTS: Mapping[str, Sequence[str]] = {"hash": (METADATA, KEYS), "json": (f"$.{METADATA}", f"$.index.{KEYS}")}

# Something of another type is no record; another error, such as that the user may not look, is one.
_LOOK = (
    "(function() local r=redis.pcall({}) if type(r)=='table' and r.err then "
    "if not string.find(string.upper(r.err),'WRONG',1,true) then error(r) end return false end return {} end)()"
)

IS_RECORD: Mapping[str, str] = {
    "hash": _LOOK.format(f"'HEXISTS',key,'{KEYS}'", "r==1"),
    # A list of one type, where the path is there; of none where it is not; or nothing.
    "json": _LOOK.format(f"'JSON.TYPE',key,'$.index.{KEYS}'", "(r or {})[1]~=nil"),
}
"""By storage, the condition in Lua that ``key`` is that of a record."""
IS_FOREIGN: Mapping[str, str] = {
    "hash": _LOOK.format("'HLEN',key", "r>0"),
    "json": _LOOK.format("'JSON.TYPE',key,'$'", "(r or {})[1]~=nil"),
}
"""The same for indexes of other applications, whose records have nothing in common."""


class Held(NamedTuple):
    """An indexed value that a record must have for a script to touch it.

    Attributes:
        alias: The field; of a record of another application, the field of the hash or the path in the document.
        value: One tag, or a number.
        alone: Whether it must be the only value there.
        separator: What parts the tags in one value of another application; empty if nothing does.
    """

    alias: str
    value: Projected
    alone: bool
    separator: str = ""


_SEPARATOR = f"'\\{ord(TAG_SEPARATOR)}'"
_FIELD: Mapping[str, str] = {
    "hash": "local held=redis.call('HMGET',key,ARGV[i])[1]",
    "json": (
        "local held=cjson.decode(redis.call('JSON.GET',key,ARGV[i]))[1] "
        "if type(held)=='table' then local all={} for _,one in ipairs(held) do "
        "if type(one)=='string' or type(one)=='number' then all[#all+1]=one end end "
        f"held=table.concat(all,{_SEPARATOR}) end"
    ),
}
# Numbers have several spellings, tags have one. What another application has may be several of them in one text.
_HOLDS = f"""local function holds(key)
for i=2,1+3*ARGV[1],3 do
<field>
local how,wanted=ARGV[i+1],ARGV[i+2]
if how=='number' then if tonumber(held)~=tonumber(wanted) then return false end
elseif how=='numbers' then
local is=tonumber(held)==tonumber(wanted)
if type(held)=='string' then for one in string.gmatch(held,'[^'..{_SEPARATOR}..']+') do
is=is or tonumber(one)==tonumber(wanted) end end
if not is then return false end
elseif type(held)~='string' then return false
elseif how=='alone' then if held~=wanted then return false end
elseif how~='among' then
local is=false
for one in string.gmatch(held,how) do is=is or string.match(one,'^%s*(.-)%s*$')==wanted end
if not is then return false end
elseif not string.find({_SEPARATOR}..held..{_SEPARATOR},{_SEPARATOR}..wanted..{_SEPARATOR},1,true) then return false end
end
return true
end
local at=2+3*ARGV[1]
"""
HOLDS: Mapping[str, str] = {storage: _HOLDS.replace("<field>", field) for storage, field in _FIELD.items()}
"""By storage, what lets ``holds(key)`` tell in Lua whether a record has what ``held_arguments`` say, which come first.

``at`` is then the place of the argument behind them.
"""

_REMOVE = """{holds}local n=0 for _,key in ipairs(KEYS) do
if {is_record} and holds(key) then n=n+redis.call('UNLINK',key) end end return n"""
REMOVED_AT_ONCE = 10
"""More would keep others waiting while a graph lets them go."""
_GUARDED = """{holds}local key=KEYS[1]
if {is_record} and holds(key) then return redis.call(ARGV[at],key,unpack(ARGV,at+1)) end return 0"""


def own_parts(storage: str) -> Sequence[str]:
    """Return where the parts lie that every record of this library has."""
    return _PARTS[storage]


def is_record_command(schema: Schema, record_id: str) -> Command:
    """Return the command that tells whether there is a record."""
    key = schema.key_of(record_id)
    if schema.storage == "json":
        return Command(("JSON.TYPE", key, f"$.index.{KEYS}" if schema.foreign is None else "$"), key)
    return Command(("HEXISTS", key, KEYS) if schema.foreign is None else ("HLEN", key), key)


def _is_record(schema: Schema) -> str:
    return (IS_RECORD if schema.foreign is None else IS_FOREIGN)[schema.storage]


def read_is_record(reply: Reply) -> bool:
    """Return whether there is a record, from the reply to ``is_record_command``; something else is none."""
    return not is_wrong_type(reply) and ok(reply) not in (0, None, [], [None], [[]])


def held_arguments(schema: Schema, held: Sequence[Held]) -> list[Argument]:
    """Return the arguments that tell a script what a record must have. See ``HOLDS``."""
    args: list[Argument] = [len(held)]
    for alias, value, alone, separator in held:
        is_inner = schema.storage == "json" and schema.foreign is None
        path = f'$.index["{alias}"]' if is_inner else alias
        if isinstance(value, list):
            args += path, "alone" if alone else _parts_of(separator) if separator else "among", value[0]
        else:
            args += path, "number" if alone or schema.foreign is None else "numbers", repr(value)
    return args


def _parts_of(separator: str) -> str:
    """Return the pattern in Lua of what stands between separators."""
    return f"[^{TAG_SEPARATOR}{separator if separator.isalnum() else '%' + separator}]+"


def remove_commands(schema: Schema, chunks: Iterable[Sequence[str]], held: Sequence[Held] = ()) -> list[Command]:
    """Return the commands that delete records, each of which replies how many there were; all else is left alone.

    Args:
        schema: The index.
        chunks: The keys of the records that one command deletes.
        held: What they must have.
    """
    script = _script(_REMOVE, schema)
    args = held_arguments(schema, held)
    return [Command(("EVAL", script, len(chunk), *chunk, *args), chunk[0]) for chunk in chunks]


def on_record(schema: Schema, record_id: str, name: str, *args: Argument, held: Sequence[Held] = ()) -> Command:
    """Return a command on a record; where there is something else, or nothing, it replies 0 and does nothing.

    Args:
        schema: The index.
        record_id: The record.
        name: The name of the command.
        args: Its arguments behind the key.
        held: What the record must have.
    """
    key = schema.key_of(record_id)
    given = (*held_arguments(schema, held), name, *args)
    return Command(("EVAL", _script(_GUARDED, schema), 1, key, *given), key)


def _script(template: str, schema: Schema) -> str:
    return template.format(holds=HOLDS[schema.storage], is_record=_is_record(schema))


def warn_of_others(schema: Schema, count: int, key: str) -> None:
    """Warn of keys that were left alone since they are no records, naming one of them."""
    more = f" and {count - 1} more" if count > 1 else ""
    warn(
        f"the key {key!r}{more} under the prefix of index {schema.name!r} is not a record of this library, and is left "
        "out: something else writes there",
        SkippedRecordWarning,
    )
