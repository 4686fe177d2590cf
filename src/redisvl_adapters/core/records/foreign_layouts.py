"""Layouts of records that other applications lay out: in hashes and in JSON documents.

Searches return keys and distances alone, and what they find is read by its keys: what RETURN says of an indexed number
is rounded, and of a sortable tag in lower case. A write merges: fields that nobody named stay, nothing of this library
is added, and an error says what has no place there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson
from numpy.typing import NDArray

from redisvl_adapters.core.records.field_values import Projected
from redisvl_adapters.core.records.foreign_records import foreign_of, read_document, read_hash
from redisvl_adapters.core.records.foreign_writes import document_parts, hash_parts, put, put_vector
from redisvl_adapters.core.records.json_numbers import json_vector
from redisvl_adapters.core.records.metadata import CheckedMetadata
from redisvl_adapters.core.records.named_vectors import NO_VECTORS, StoredVectors
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.replace_script import MERGE_HASHES, MERGE_JSON, Write
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.foreign import list_steps, path_steps
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.server.replies import as_mapping
from redisvl_adapters.errors import ReadOnlyError


@dataclass(frozen=True, slots=True)
class _ForeignLayout:
    schema: Schema

    def return_fields(
        self,
        *,
        frame: bool,  # noqa: ARG002  # see ``Layout``
        vector: bool,  # noqa: ARG002  # as above
        named: bool = False,  # noqa: ARG002  # as above
    ) -> Sequence[tuple[str, str]]:
        """See ``Layout``."""
        return [("__key", "__key")]

    def reader(self, names: Sequence[bytes]) -> Callable[[str, Sequence[Any]], Record]:  # noqa: ARG002  # see ``Layout``
        """See ``Layout``: no more than the id is there."""
        return lambda record_id, values: Record(record_id, "")  # noqa: ARG005  # see ``Layout``

    def read_vectors(self, values: Sequence[bytes], field: VectorField) -> NDArray[Any]:
        """See ``Layout``: such an index has no named vectors, which alone a search returns."""
        raise NotImplementedError

    def read(self, record_id: str, *, vector: bool = False) -> Command:
        """See ``Layout``."""
        raise NotImplementedError

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """See ``Layout``."""
        raise NotImplementedError

    def read_metadata(self, record_id: str) -> Command:
        """See ``Layout``."""
        return self.read(record_id)

    def decode_metadata(self, reply: Reply) -> dict[str, Any] | None:
        """See ``Layout``."""
        record = self.decode_reply("", reply)
        return None if record is None else record.metadata

    def update_projection(
        self,
        record_id: str,
        reply: Reply,  # noqa: ARG002  # see ``Layout``
        projection: Mapping[str, Projected],  # noqa: ARG002  # see ``Layout``
    ) -> NoReturn:
        """See ``Layout``: nothing is indexed apart from what lies there."""
        raise ReadOnlyError(f"record {record_id!r:.80} is of another application, and has no projection")


class ForeignHashLayout(_ForeignLayout):
    """A record as a hash of another application."""

    __slots__ = ()

    @property
    def script(self) -> str:
        """See ``Layout``."""
        return MERGE_HASHES

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
        fields, lost = hash_parts(self.schema, record, found.plain, where)
        foreign = foreign_of(self.schema)
        fields[foreign.vector] = vector.tobytes()
        fields |= {foreign.places[name]: other.tobytes() for name, other in named.items()}
        args = [len(lost), *lost, *(part for pair in fields.items() for part in pair)]
        return Write(self.schema.key_of(record.id), ttl_ms, args)

    def read(self, record_id: str, *, vector: bool = False) -> Command:  # noqa: ARG002  # it comes in any case
        """See ``Layout``."""
        key = self.schema.key_of(record_id)
        return Command(("HGETALL", key), key)

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """See ``Layout``.

        Raises:
            RecordError: If it has no text.
        """
        return read_hash(record_id, as_mapping(reply), self.schema) if reply else None


class ForeignJsonLayout(_ForeignLayout):
    """A record as a JSON document of another application."""

    __slots__ = ()

    @property
    def script(self) -> str:
        """See ``Layout``."""
        return MERGE_JSON

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
        # What of a float64 RedisJSON rounds, or gives back with fewer digits, has no other place here.
        numbers, _ = json_vector(vector, self.schema.vector.dtype)
        document, lost = document_parts(self.schema, record, found.plain, numbers, where)
        for name, other in named.items():
            put_vector(document, foreign_of(self.schema).places[name], json_vector(other, other.dtype.name)[0], where)
        body = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
        return Write(self.schema.key_of(record.id), ttl_ms, [len(lost), *map(json_path, lost), body])

    def read(self, record_id: str, *, vector: bool = False) -> Command:
        """See ``Layout``: the whole document, unless the caller said what is metadata."""
        key, foreign = self.schema.key_of(record_id), foreign_of(self.schema)
        if foreign.metadata is None:
            # By these two the reply tells whether the vector is wanted.
            return Command(("JSON.GET", key, "." if vector else "$"), key)
        vectors = [foreign.vector, *(foreign.places[each.field.name] for each in self.schema.vectors.values())]
        paths = [foreign.text, *foreign.metadata.values(), *(vectors if vector else [])]
        plain = [json_path(steps) for path in paths if (steps := list_steps(path)) is not None]
        # With one path alone, the reply would have another form.
        return Command(("JSON.GET", key, *plain, "$.__none"), key)

    def decode_reply(self, record_id: str, reply: Reply) -> Record | None:
        """See ``Layout``.

        Raises:
            RecordError: If it has no text.
        """
        if reply is None:
            return None
        found, foreign = orjson.loads(reply), foreign_of(self.schema)
        if foreign.metadata is not None:
            return read_document(record_id, _nested(found), self.schema, vector=True)
        vector = isinstance(found, dict)
        document = found if vector else found[0]
        return read_document(record_id, document if isinstance(document, dict) else {}, self.schema, vector=vector)


def json_path(steps: Sequence[str]) -> str:
    """Return the JSON path of a value by the keys that lead to it."""
    return "$" + "".join(f"[{orjson.dumps(step).decode()}]" for step in steps)


def _nested(found: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return the parts of a document at some paths as a document."""
    document: dict[str, Any] = {}
    for path, values in found.items():
        steps = path_steps(path)
        if values and steps:
            put(document, steps, values[0])
    return document
