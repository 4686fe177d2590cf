"""A record and how it lies in Redis: as a hash or as a JSON document.

| part | hash | JSON |
|---|---|---|
| text | ``text`` | ``$.text`` |
| vector | ``embedding``, the bytes of its numbers | ``$.embedding``, a list of numbers |
| metadata, exact | ``metadata``, JSON text | ``$.metadata``, nested as given |
| indexed values, the words of the text as ``_text`` among them | fields of their own | ``$.index.*`` |
| node frame of LlamaIndex | ``_node``, JSON text | ``$._node``, JSON text |
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray
from ulid import ULID

from redisvl_adapters.core.commands import Argument, Command, Reply
from redisvl_adapters.core.encoding import TAG_SEPARATOR, encode_tag, json_number, json_parse_error, searchable_text
from redisvl_adapters.core.metadata import Projected, Survey, presence_tags, project, survey
from redisvl_adapters.core.schema import FRAME, KEYS, METADATA, SEARCHED, SOURCE, TEXT, Schema
from redisvl_adapters.core.vectors import from_bytes, restored

EXACT = "_exact"
"""In JSON, the metadata as text once more, if RedisJSON would round one of its numbers."""


@dataclass(slots=True)
class Record:
    """A text with its metadata, and its vector where that was asked for.

    Attributes:
        id: Any non-empty string.
        text: The text.
        metadata: Anything that JSON can hold, by string keys.
        source: The id of the source document (LlamaIndex: ``ref_doc_id``), if there is one. Written, so that records
            can be found by it, but not read back: the frame has it too.
        frame: What LlamaIndex needs beyond this to restore its node, as JSON text.
        vector: The vector, shape (dims,).
        ttl_ms: Milliseconds after which it expires, if it is to be written and says so itself.
    """

    id: str
    text: str
    metadata: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    frame: str | None = None
    vector: NDArray[Any] | None = None
    ttl_ms: int | None = None


def new_id() -> str:
    """Return a fresh id: a ULID, which sorts by the time it was made."""
    return str(ULID())


def content_id(text: str, metadata: Mapping[str, Any]) -> str:
    """Return the id that the same text with the same metadata always gets: 32 hexadecimal digits.

    Raises:
        RecordError: If the metadata holds what cannot be stored.
    """
    plain = survey(metadata, "a record without an id").plain
    content = orjson.dumps([text, plain], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


Reader: TypeAlias = Callable[[str, Sequence[Any]], Record]
"""Makes a record of its id and the values of some fields."""


class Layout(Protocol):
    """How a record lies in Redis."""

    @property
    def script(self) -> str:
        """The script that replaces records wholly."""
        ...

    def write(self, record: Record, found: Survey, vector: NDArray[Any], ttl_ms: int | None, where: object) -> Write:
        """Return what replaces the record wholly.

        Args:
            record: The record; its own vector and metadata are not looked at.
            found: What its metadata holds.
            vector: The vector in the dtype of the index, shape (dims,).
            ttl_ms: Milliseconds until it expires, or None.
            where: Names the record in errors.
        """
        ...

    def read(self, record_id: str) -> Command:
        """Return the command that fetches the record without its vector."""
        ...

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """Return the record that the reply to ``read`` holds, or None if there is none."""
        ...

    def return_fields(self, *, frame: bool, vector: bool) -> Sequence[tuple[str, str]]:
        """Return what a search must return, as pairs of what is asked for and how it is called in the reply."""
        ...

    def reader(self, names: Sequence[bytes]) -> Reader:
        """Return what makes a record of its id and of the values that a search reply has of these fields."""
        ...


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


# Each record is replaced in one step, so that nobody ever sees it missing or half new, and no field, index entry or
# time to live of an earlier one survives. One script writes several records, which is nearly as fast as bare commands.
# Its first line makes the server refuse it as a whole where it could only delete, when memory is full. The reply is how
# many records are written, and why the next one is not.
_WRITE = """#!lua
local at=1
for i,key in ipairs(KEYS) do
local ttl,n=ARGV[at],tonumber(ARGV[at+1])
redis.call('DEL',key)
local reply={}
if type(reply)=='table' and reply.err then return {i-1,reply.err} end
{rest}if ttl~='' then redis.call('PEXPIRE',key,ttl) end
at=at+2+n
end
return {#KEYS}"""
_WRITE_HASH = _WRITE.replace("={}\n", "=redis.pcall('HSET',key,unpack(ARGV,at+2,at+1+n))\n").replace("{rest}", "")
# Behind the document: pairs of a path and what must be added to the number there.
_WRITE_JSON = _WRITE.replace("={}\n", "=redis.pcall('JSON.SET',key,'$',ARGV[at+2])\n").replace(
    "{rest}", "for j=at+3,at+1+n,2 do redis.call('JSON.NUMINCRBY',key,ARGV[j],ARGV[j+1]) end\n"
)


def write_commands(layout: Layout, writes: Sequence[Write], per_script: int) -> list[Command]:
    """Return the commands that write records, several of them each.

    Args:
        layout: How the records lie.
        writes: The records.
        per_script: How many one script writes; on a cluster one, since others may lie on other nodes.
    """
    commands = []
    for start in range(0, len(writes), per_script):
        chunk = writes[start : start + per_script]
        keys = [write.key for write in chunk]
        args: list[Argument] = ["EVAL", layout.script, len(keys), *keys]
        for write in chunk:
            args += "" if write.ttl_ms is None else write.ttl_ms, len(write.args), *write.args
        commands.append(Command(tuple(args), keys[0]))
    return commands


@dataclass(frozen=True, slots=True)
class HashLayout:
    """A record as a Redis hash."""

    schema: Schema

    @property
    def script(self) -> str:
        """See ``Layout``."""
        return _WRITE_HASH

    def write(self, record: Record, found: Survey, vector: NDArray[Any], ttl_ms: int | None, where: object) -> Write:
        """See ``Layout``."""
        fields: list[Any] = [
            TEXT,
            record.text,
            self.schema.vector.name,
            vector.tobytes(),
            METADATA,
            orjson.dumps(found.plain),
        ]
        for name, value in _projection(self.schema, record, found, where).items():
            fields += name, _hash_value(value)
        if record.frame is not None:
            fields += FRAME, record.frame
        return Write(self.schema.key_of(record.id), ttl_ms, fields)

    def read(self, record_id: str) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        return Command(("HMGET", key, TEXT, METADATA, FRAME), key)

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """See ``Layout``."""
        return None if reply[0] is None and reply[1] is None else _read_whole(record_id, reply)

    def return_fields(self, *, frame: bool, vector: bool) -> Sequence[tuple[str, str]]:
        """See ``Layout``."""
        names = [TEXT, METADATA]
        names += [FRAME] if frame else []
        names += [self.schema.vector.name] if vector else []
        return [(name, name) for name in names]

    def reader(self, names: Sequence[bytes]) -> Reader:
        """See ``Layout``."""
        field = self.schema.vector
        return _reader(names, self.schema.vector_bytes, lambda raw: from_bytes(raw, field))


@dataclass(frozen=True, slots=True)
class JsonLayout:
    """A record as a JSON document."""

    schema: Schema

    @property
    def script(self) -> str:
        """See ``Layout``."""
        return _WRITE_JSON

    def write(self, record: Record, found: Survey, vector: NDArray[Any], ttl_ms: int | None, where: object) -> Write:
        """See ``Layout``."""
        index: dict[str, Any] = {}
        corrections: list[str] = []
        for name, value in _projection(self.schema, record, found, where).items():
            index[name] = value
            if type(value) is float:
                spelling = json_number(value)
                if spelling is None:
                    corrections += f'$.index["{name}"]', repr(json_parse_error(value))
                else:
                    index[name] = orjson.Fragment(spelling)
        document: dict[str, Any] = {TEXT: record.text}
        document[METADATA], exact = _spelled(found.plain)
        if not exact:
            document[EXACT] = orjson.dumps(found.plain).decode()
        document["index"] = index
        if record.frame is not None:
            document[FRAME] = record.frame
        document[self.schema.vector.name] = (
            vector.astype(np.float32) if self.schema.vector.dtype == "bfloat16" else vector
        )
        body = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
        return Write(self.schema.key_of(record.id), ttl_ms, [body, *corrections])

    def read(self, record_id: str) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        return Command(("JSON.GET", key, *_WHOLE), key)

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """See ``Layout``."""
        if reply is None:
            return None
        found = orjson.loads(reply)
        # Each path has a list of what is there.
        text, metadata, exact, frame = [values[0] if (values := found.get(path)) else None for path in _WHOLE]
        return Record(record_id, text or "", orjson.loads(exact) if exact else metadata or {}, None, frame)

    def return_fields(self, *, frame: bool, vector: bool) -> Sequence[tuple[str, str]]:
        """See ``Layout``."""
        pairs = [(f"$.{name}", name) for name in (TEXT, METADATA, EXACT)]
        pairs += [(f"$.{FRAME}", FRAME)] if frame else []
        pairs += [(f'$["{self.schema.vector.name}"]', self.schema.vector.name)] if vector else []
        return pairs

    def reader(self, names: Sequence[bytes]) -> Reader:
        """See ``Layout``."""
        field = self.schema.vector
        return _reader(names, self.schema.vector_bytes, lambda raw: restored(orjson.loads(raw), field))


def layout_of(schema: Schema) -> Layout:
    """Return the layout of the records of an index."""
    return JsonLayout(schema) if schema.storage == "json" else HashLayout(schema)


def _reader(names: Sequence[bytes], vector: bytes, read_vector: Callable[[bytes], NDArray[Any]]) -> Reader:
    place = {name: at for at, name in enumerate(names)}.get
    text, frame, numbers = place(b"text"), place(b"_node"), place(vector)
    metadata = place(b"_exact", place(b"metadata"))

    def read(record_id: str, values: Sequence[Any]) -> Record:
        return Record(
            record_id,
            "" if text is None else (values[text] or b"").decode(),
            {} if metadata is None else orjson.loads(values[metadata] or b"{}"),
            None,
            values[frame].decode() if frame is not None and values[frame] else None,
            read_vector(values[numbers]) if numbers is not None else None,
        )

    return read


# What is read of a document and of a hash by id.
_WHOLE = tuple(f"$.{name}" for name in (TEXT, METADATA, EXACT, FRAME))
_read_whole = _reader([b"text", b"metadata", b"_node"], b"", np.frombuffer)


def _projection(schema: Schema, record: Record, found: Survey, where: object) -> dict[str, Projected]:
    projection = project(schema, found.values, where)
    projection[SEARCHED] = searchable_text(record.text)
    projection[KEYS] = presence_tags(schema, found.values)
    if record.source is not None:
        projection[SOURCE] = [encode_tag(record.source)]
    return projection


def _hash_value(value: Projected) -> str:
    if isinstance(value, str):
        return value
    return TAG_SEPARATOR.join(value) if isinstance(value, list) else repr(value)


_SPELLED = frozenset({float, dict, list})


def _spelled(value: Any) -> tuple[Any, bool]:
    """Return JSON with every number spelled so that RedisJSON reads it exactly, and whether that could be done."""
    match value:
        case float():
            spelling = json_number(value)
            return (value, False) if spelling is None else (orjson.Fragment(spelling), True)
        case dict() if _SPELLED.isdisjoint(map(type, value.values())):
            return value, True
        case dict():
            spelled = {key: _spelled(item) for key, item in value.items()}
            return {key: item for key, (item, _) in spelled.items()}, all(exact for _, exact in spelled.values())
        case list():
            items = [_spelled(item) for item in value]
            return [item for item, _ in items], all(exact for _, exact in items)
        case _:
            return value, True
