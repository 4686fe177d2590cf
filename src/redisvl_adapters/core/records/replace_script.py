"""The Lua script that replaces records wholly, several at a time."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from redis.exceptions import ResponseError

from redisvl_adapters.core.records.own_records import HOLDS, IS_FOREIGN, IS_RECORD
from redisvl_adapters.core.server.commands import Argument, Command
from redisvl_adapters.core.server.replies import note_command, server_error
from redisvl_adapters.errors import AdapterError, RecordError


class Write(NamedTuple):
    """What one record is written with.

    Attributes:
        key: Its key.
        ttl_ms: Milliseconds until it expires, or None.
        args: What the script of its layout takes for it.
    """

    key: str
    ttl_ms: int | None
    args: Sequence[Argument]


_TAKEN, _OUTSIDE = "TAKEN", "OUTSIDE"

# Each record is replaced in one step, so that nobody ever sees it missing or half new, and no field, index entry or
# time to live of an earlier one survives. It is written over the earlier one, not deleted first: a server with search
# threads could look at its index in between. One script writes several records, which is nearly as fast as bare
# commands. What is not a record is never replaced, nor is one that does not have what it must. The reply is how many
# records are written, and why the next one is not. The first line makes the server refuse the script as a whole when
# memory is full.
_SCRIPT = f"""#!lua
<holds>for i,key in ipairs(KEYS) do
local ttl,n=ARGV[at],tonumber(ARGV[at+1])
local old=redis.call('EXISTS',key)==1
if old and not <is_record> then return {{i-1,'{_TAKEN}'}} end
if old and not holds(key) then return {{i-1,'{_OUTSIDE}'}} end
local reply=<write>
if type(reply)=='table' and reply.err then return {{i-1,reply.err}} end
<rest>if ttl~='' then redis.call('PEXPIRE',key,ttl) elseif old then redis.call('PERSIST',key) end
at=at+2+n
end
return {{#KEYS}}"""


def _script(storage: str, write: str, rest: str, is_record: str | None = None) -> str:
    is_record = IS_RECORD[storage] if is_record is None else is_record
    parts = {"<holds>": HOLDS[storage], "<is_record>": is_record, "<write>": write, "<rest>": rest}
    return functools.reduce(lambda script, part: script.replace(*part), parts.items(), _SCRIPT)


REPLACE_HASHES = _script(
    "hash",
    "redis.pcall('HSET',key,unpack(ARGV,at+2,at+1+n))",
    """if old and redis.call('HLEN',key)>n/2 then
local new,stale={},{}
for j=at+2,at+1+n,2 do new[ARGV[j]]=true end
for _,name in ipairs(redis.call('HKEYS',key)) do if not new[name] then stale[#stale+1]=name end end
redis.call('HDEL',key,unpack(stale))
end
""",
)
# Behind the document: pairs of a path and what must be added to the number there.
REPLACE_JSON = _script(
    "json",
    "redis.pcall('JSON.SET',key,'$',ARGV[at+2])",
    "for j=at+3,at+1+n,2 do redis.call('JSON.NUMINCRBY',key,ARGV[j],ARGV[j+1]) end\n",
)

# A record of another application keeps what it has beside what is written, and its time to live. Before what is written
# stand the number of fields, or of paths, that it loses, and their names.
_MERGED = " elseif old then redis.call('PERSIST',key)"


def _merging(storage: str, write: str, rest: str) -> str:
    return _script(storage, write, rest, IS_FOREIGN[storage]).replace(_MERGED, "")


MERGE_HASHES = _merging(
    "hash",
    "redis.pcall('HSET',key,unpack(ARGV,at+3+ARGV[at+2],at+1+n))",
    "if tonumber(ARGV[at+2])>0 then redis.call('HDEL',key,unpack(ARGV,at+3,at+2+ARGV[at+2])) end\n",
)
MERGE_JSON = _merging(
    "json",
    "redis.pcall('JSON.MERGE',key,'$',ARGV[at+1+n])",
    "for j=at+3,at+2+ARGV[at+2] do redis.call('JSON.DEL',key,ARGV[j]) end\n",
)

# The indexed values of one record change, if its metadata is still what they were made of; the reply is whether it was.
UPDATE_HASH = (
    "if redis.call('HGET',KEYS[1],ARGV[1])~=ARGV[2] then return 0 end "
    "redis.call('HSET',KEYS[1],unpack(ARGV,3)) return 1"
)
READ_JSON = "return {redis.call('JSON.GET',KEYS[1],ARGV[1]),redis.call('JSON.GET',KEYS[1],ARGV[2])}"
UPDATE_JSON = (
    "for i=1,2 do if redis.call('JSON.GET',KEYS[1],ARGV[i])~=ARGV[i+2] then return 0 end end local n=5+ARGV[5] "
    "for i=6,n,2 do redis.call('JSON.SET',KEYS[1],ARGV[i],ARGV[i+1]) end "
    "for i=n+1,#ARGV,2 do redis.call('JSON.NUMINCRBY',KEYS[1],ARGV[i],ARGV[i+1]) end return 1"
)


def replace_commands(
    script: str, writes: Sequence[Write], chunks: Sequence[Sequence[int]], held: Sequence[Argument] = (0,)
) -> list[Command]:
    """Return the commands that write records, several of them each.

    Args:
        script: The script of their layout.
        writes: The records.
        chunks: The places of those that one script writes.
        held: What records must have to be replaced, from ``held_arguments``.
    """
    commands = []
    for places in chunks:
        chunk = [writes[place] for place in places]
        keys = [write.key for write in chunk]
        args: list[Argument] = ["EVAL", script, len(keys), *keys, *held]
        for write in chunk:
            args += "" if write.ttl_ms is None else write.ttl_ms, len(write.args), *write.args
        commands.append(Command(tuple(args), keys[0]))
    return commands


def refusal_error(reason: str | ResponseError, key: str) -> AdapterError:
    """Return the error for a record that the script did not write, from the reason that it gave.

    Args:
        reason: The reason, or what the server said to the script as a whole.
        key: The key of the record.
    """
    if isinstance(reason, ResponseError):
        return server_error(reason)
    if reason == _TAKEN:
        return RecordError(
            f"at the key {key!r} there is something that is not a record of this library, and is not overwritten; "
            "choose another id or another prefix"
        )
    if reason == _OUTSIDE:
        return RecordError(
            f"the id of the key {key!r} is taken by a record that is not within the scope of this store, and is not "
            "overwritten; ids are those of the whole index: choose another one, such as one that begins with the scope"
        )
    refusal = ResponseError(reason)
    note_command(refusal, Command(("EVAL",), key))
    return server_error(refusal)
