"""Layouts: how a record lies in Redis, as a hash or as a JSON document.

| part | hash | JSON |
|---|---|---|
| text | ``text`` | ``$.text`` |
| vector | ``embedding``, the bytes of its numbers | ``$.embedding``, a list of numbers; ``$._exact_vector`` |
| metadata, exact | ``metadata``, JSON text | ``$.metadata``, nested as given |
| indexed values, the terms of the text as ``_text`` among them | fields of their own | ``$.index.*`` |
| node frame of LlamaIndex | ``_node``, JSON text | ``$._node``, JSON text |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from redisvl_adapters.core.records.field_values import Projected, hash_value
from redisvl_adapters.core.records.foreign_layouts import ForeignHashLayout, ForeignJsonLayout
from redisvl_adapters.core.records.json_numbers import index_path, json_vector, spelled, spelled_projection
from redisvl_adapters.core.records.metadata import CheckedMetadata
from redisvl_adapters.core.records.named_vectors import NO_VECTORS, StoredVectors
from redisvl_adapters.core.records.projection import presence_tags, project, record_language, stored_text
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.record_readers import (
    Reader,
    named_from_hash,
    named_from_json,
    named_json,
    named_paths,
    record_reader,
    vector_from_hash,
    vector_from_json,
    vector_path,
    with_named_vectors,
)
from redisvl_adapters.core.records.replace_script import (
    READ_JSON,
    REPLACE_HASHES,
    REPLACE_JSON,
    UPDATE_HASH,
    UPDATE_JSON,
    Write,
)
from redisvl_adapters.core.records.vectors import from_bytes, from_numbers
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import (
    EXACT,
    EXACT_VECTOR,
    FRAME,
    KEYS,
    METADATA,
    SEARCHED,
    SOURCE,
    TEXT,
)
from redisvl_adapters.core.schema.tag_encoding import encode_tag
from redisvl_adapters.core.server.commands import Command, Reply


class Layout(Protocol):
    """How a record lies in Redis."""

    @property
    def script(self) -> str:
        """The script that replaces records wholly."""
        ...

    def write(
        self,
        record: Record,
        found: CheckedMetadata,
        vector: NDArray[Any],
        ttl_ms: int | None,
        where: object,
        named: StoredVectors = NO_VECTORS,
    ) -> Write:
        """Return what replaces the record wholly.

        Args:
            record: The record; its own vector and metadata are not looked at.
            found: What its metadata holds.
            vector: The vector in the dtype of the index, shape (dims,).
            ttl_ms: Milliseconds until it expires, or None.
            where: Names the record in errors.
            named: Its named vectors.
        """
        ...

    def read(self, record_id: str, *, vector: bool = False) -> Command:
        """Return the command that fetches the record, with its vector if that is wanted."""
        ...

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """Return the record that the reply to ``read`` holds, or None if there is none, or something else."""
        ...

    def read_metadata(self, record_id: str) -> Command:
        """Return the command that fetches the exact metadata alone."""
        ...

    def decode_metadata(self, reply: Reply) -> dict[str, Any] | None:
        """Return the metadata that the reply to ``read_metadata`` holds, or None if there is no record."""
        ...

    def update_projection(self, record_id: str, reply: Reply, projection: Mapping[str, Projected]) -> Command:
        """Return the command that writes indexed values, if the metadata is still what the reply holds."""
        ...

    def return_fields(self, *, frame: bool, vector: bool, named: bool = False) -> Sequence[tuple[str, str]]:
        """Return what a search must return, as pairs of what is asked for and how it is called in the reply."""
        ...

    def reader(self, names: Sequence[bytes]) -> Reader:
        """Return what makes a record of its id and of the values that a search reply has of these fields."""
        ...

    def read_vectors(self, values: Sequence[bytes], field: VectorField) -> NDArray[np.float64]:
        """Return vectors, shape (vectors, dims), of the values that a search reply has of their field."""
        ...


@dataclass(frozen=True, slots=True)
class HashLayout:
    """A record as a Redis hash."""

    schema: Schema

    @property
    def script(self) -> str:
        """See ``Layout``."""
        return REPLACE_HASHES

    def write(
        self,
        record: Record,
        found: CheckedMetadata,
        vector: NDArray[Any],
        ttl_ms: int | None,
        where: object,
        named: StoredVectors = NO_VECTORS,
    ) -> Write:
        """See ``Layout``."""
        fields: list[Any] = [
            TEXT,
            record.text,
            self.schema.vector.name,
            vector.tobytes(),
            METADATA,
            found.json,
        ]
        for name, numbers in named.items():
            fields += name, numbers.tobytes()
        for name, value in _projection(self.schema, record, found, where).items():
            fields += name, hash_value(value)
        if record.frame is not None:
            fields += FRAME, record.frame
        return Write(self.schema.key_of(record.id), ttl_ms, fields)

    def read(self, record_id: str, *, vector: bool = False) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        return Command(("HMGET", key, TEXT, METADATA, FRAME, *(_vector_fields(self.schema) if vector else ())), key)

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """See ``Layout``."""
        record = None if reply[1] is None else _read_own(_read_whole, record_id, reply[:3])
        if record is not None and reply[3:] and reply[3] is not None:
            record.vector = vector_from_hash(reply[3], self.schema.vector)
            record.vectors = named_from_hash(reply[4:], self.schema)
        return record

    def read_metadata(self, record_id: str) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        return Command(("HGET", key, METADATA), key)

    def decode_metadata(self, reply: Reply) -> dict[str, Any] | None:
        """See ``Layout``."""
        return None if reply is None else orjson.loads(reply)

    def update_projection(self, record_id: str, reply: Reply, projection: Mapping[str, Projected]) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        fields = [part for name, value in projection.items() for part in (name, hash_value(value))]
        return Command(("EVAL", UPDATE_HASH, 1, key, METADATA, reply, *fields), key)

    def return_fields(self, *, frame: bool, vector: bool, named: bool = False) -> Sequence[tuple[str, str]]:
        """See ``Layout``."""
        names = [TEXT, METADATA]
        names += [FRAME] if frame else []
        names += [self.schema.vector.name] if vector else []
        names += [other.field.name for other in self.schema.vectors.values()] if named else []
        return [(name, name) for name in names]

    def reader(self, names: Sequence[bytes]) -> Reader:
        """See ``Layout``."""
        field = self.schema.vector
        read = record_reader(names, self.schema.vector_bytes, lambda raw: from_bytes(raw, field))
        return with_named_vectors(read, names, self.schema) if self.schema.vectors else read

    def read_vectors(self, values: Sequence[bytes], field: VectorField) -> NDArray[np.float64]:
        """See ``Layout``."""
        return from_bytes(b"".join(values), field).reshape(len(values), field.dims)


@dataclass(frozen=True, slots=True)
class JsonLayout:
    """A record as a JSON document."""

    schema: Schema

    @property
    def script(self) -> str:
        """See ``Layout``."""
        return REPLACE_JSON

    def write(
        self,
        record: Record,
        found: CheckedMetadata,
        vector: NDArray[Any],
        ttl_ms: int | None,
        where: object,
        named: StoredVectors = NO_VECTORS,
    ) -> Write:
        """See ``Layout``."""
        index, corrections = spelled_projection(_projection(self.schema, record, found, where))
        document: dict[str, Any] = {TEXT: record.text}
        document[METADATA], exact = spelled(found.plain)
        if not exact:
            document[EXACT] = found.json.decode()
        document["index"] = index
        if record.frame is not None:
            document[FRAME] = record.frame
        document[self.schema.vector.name], rounded = json_vector(vector, self.schema.vector.dtype)
        if rounded:
            document[EXACT_VECTOR] = rounded
        for name, numbers in named.items():
            document |= {part: value for part, value in named_json(name, numbers).items() if value is not None}
        body = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
        return Write(self.schema.key_of(record.id), ttl_ms, [body, *corrections])

    def read(self, record_id: str, *, vector: bool = False) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        paths = (self._vector_path, f"$.{EXACT_VECTOR}", *named_paths(self.schema)) if vector else ()
        return Command(("JSON.GET", key, *_WHOLE, *paths), key)

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """See ``Layout``."""
        if reply is None:
            return None
        found = orjson.loads(reply)
        # Each path has a list of what is there.
        text, metadata, exact, frame = [values[0] if (values := found.get(path)) else None for path in _WHOLE]
        if not isinstance(metadata, dict) or not isinstance(text, str | None):
            return None
        record = Record(record_id, text or "", orjson.loads(exact) if exact else metadata, None, frame)
        for numbers in found.get(self._vector_path, ()):
            record.vector = vector_from_json(numbers, self.schema.vector, found[f"$.{EXACT_VECTOR}"])
            record.vectors = named_from_json(found, self.schema)
        return record

    @property
    def _vector_path(self) -> str:
        return vector_path(self.schema.vector)

    def read_metadata(self, record_id: str) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        # Two paths of one JSON.GET come in any order, and the reply is compared.
        return Command(("EVAL", READ_JSON, 1, key, *_METADATA_PATHS), key)

    def decode_metadata(self, reply: Reply) -> dict[str, Any] | None:
        """See ``Layout``."""
        if reply[0] is None:
            return None
        metadata, exact = map(orjson.loads, reply)
        return cast("dict[str, Any]", orjson.loads(exact[0]) if exact else metadata[0])

    def update_projection(self, record_id: str, reply: Reply, projection: Mapping[str, Projected]) -> Command:
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        index, corrections = spelled_projection(projection)
        sets = [part for name, value in index.items() for part in (index_path(name), orjson.dumps(value))]
        paths = _METADATA_PATHS
        return Command(("EVAL", UPDATE_JSON, 1, key, *paths, *reply, len(sets), *sets, *corrections), key)

    def return_fields(self, *, frame: bool, vector: bool, named: bool = False) -> Sequence[tuple[str, str]]:
        """See ``Layout``."""
        pairs = [(f"$.{name}", name) for name in (TEXT, METADATA, EXACT)]
        pairs += [(f"$.{FRAME}", FRAME)] if frame else []
        pairs += [(self._vector_path, self.schema.vector.name)] if vector else []
        pairs += (
            [(vector_path(other.field), other.field.name) for other in self.schema.vectors.values()] if named else []
        )
        return pairs

    def reader(self, names: Sequence[bytes]) -> Reader:
        """See ``Layout``."""
        field = self.schema.vector
        read = record_reader(names, self.schema.vector_bytes, lambda raw: from_numbers(orjson.loads(raw), field))
        return with_named_vectors(read, names, self.schema) if self.schema.vectors else read

    def read_vectors(self, values: Sequence[bytes], field: VectorField) -> NDArray[np.float64]:
        """See ``Layout``."""
        return from_numbers(orjson.loads(b"[%b]" % b",".join(values)), field)


def layout_of(schema: Schema) -> Layout:
    """Return the layout of the records of an index."""
    if schema.foreign is not None:
        return ForeignJsonLayout(schema) if schema.storage == "json" else ForeignHashLayout(schema)
    return JsonLayout(schema) if schema.storage == "json" else HashLayout(schema)


def _vector_fields(schema: Schema) -> list[str]:
    return [schema.vector.name, *(named.field.name for named in schema.vectors.values())]


def _read_own(read: Reader, record_id: str, values: Sequence[Any]) -> Record | None:
    """Return a record from the values of its fields, or None if they are those of something else."""
    try:
        record = read(record_id, values)
    except ValueError:
        return None
    return record if type(record.metadata) is dict else None


# What is read of a document and of a hash by id.
_WHOLE = tuple(f"$.{name}" for name in (TEXT, METADATA, EXACT, FRAME))
_METADATA_PATHS = (f"$.{METADATA}", f"$.{EXACT}")
_read_whole = record_reader([b"text", b"metadata", b"_node"], b"", np.frombuffer)


def _projection(schema: Schema, record: Record, found: CheckedMetadata, where: object) -> dict[str, Projected]:
    projection = project(schema, found.values, where)
    language = record_language(schema, found.values, where)
    projection[SEARCHED] = stored_text(record.text, schema.text_attrs, language)
    projection[KEYS] = presence_tags(schema, found.values, language)
    if record.source is not None:
        projection[SOURCE] = [encode_tag(record.source)]
    return projection
