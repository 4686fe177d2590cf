"""What tells a record of this library from any other key: its exact metadata, and the list of its keys."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence

from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import KEYS, METADATA
from redisvl_adapters.core.server.commands import Argument, Command, Reply
from redisvl_adapters.core.server.replies import is_wrong_type, ok

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

_REMOVE = "local n=0 for _,key in ipairs(KEYS) do if {} then n=n+redis.call('UNLINK',key) end end return n"
REMOVED_AT_ONCE = 10
"""More would keep others waiting while a graph lets them go."""
_GUARDED = "local key=KEYS[1] if {} then return redis.call(ARGV[1],key,unpack(ARGV,2)) end return 0"


def own_parts(storage: str) -> Sequence[str]:
    """Return where the parts lie that every record of this library has."""
    return _PARTS[storage]


def is_record_command(schema: Schema, record_id: str) -> Command:
    """Return the command that tells whether there is a record."""
    key = schema.key_of(record_id)
    if schema.storage == "json":
        return Command(("JSON.TYPE", key, f"$.index.{KEYS}"), key)
    return Command(("HEXISTS", key, KEYS), key)


def read_is_record(reply: Reply) -> bool:
    """Return whether there is a record, from the reply to ``is_record_command``; something else is none."""
    return not is_wrong_type(reply) and ok(reply) not in (0, None, [], [None], [[]])


def remove_commands(schema: Schema, chunks: Iterable[Sequence[str]]) -> list[Command]:
    """Return the commands that delete records, each of which replies how many there were; all else is left alone.

    Args:
        schema: The index.
        chunks: The keys of the records that one command deletes.
    """
    script = _REMOVE.format(IS_RECORD[schema.storage])
    return [Command(("EVAL", script, len(chunk), *chunk), chunk[0]) for chunk in chunks]


def on_record(schema: Schema, record_id: str, name: str, *args: Argument) -> Command:
    """Return a command that changes a record; where there is something else, or nothing, it replies 0 and does nothing.

    Args:
        schema: The index.
        record_id: The record.
        name: The name of the command.
        args: Its arguments behind the key.
    """
    key = schema.key_of(record_id)
    return Command(("EVAL", _GUARDED.format(IS_RECORD[schema.storage]), 1, key, name, *args), key)


def warn_of_others(schema: Schema, count: int, key: str) -> None:
    """Warn of keys that were left alone since they are no records, naming one of them."""
    more = f" and {count - 1} more" if count > 1 else ""
    warnings.warn(
        f"the key {key!r}{more} under the prefix of index {schema.name!r} is not a record of this library, and is left "
        "out: something else writes there",
        RuntimeWarning,
        stacklevel=2,
    )
