"""Reading records of other applications: text, metadata and vector out of the fields of a hash or a JSON document.

Two applications are known by what they write into each record: langchain-redis 0.2 keeps the metadata as it was given
in ``_metadata_json``, llama-index-vector-stores-redis the whole node in ``_node_content``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.record_readers import vector_from_hash, vector_from_json
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.foreign import ForeignField, ForeignIndex, list_steps, path_steps
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import RecordError

METADATA_JSON = "_metadata_json"
INDEX_NAME = "_index_name"
NODE_CONTENT = "_node_content"
NODE_TYPE = "_node_type"
DOC_ID = "doc_id"
NO_SOURCE = "None"
_APART = ("id_", "embedding", "metadata", "text")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
ABSENT: Any = object()
"""What is found where a document has nothing."""


def read_hash(record_id: str, raw: Mapping[bytes, bytes], schema: Schema) -> Record:
    """Return the record of a hash, with its vector if it has one that the index could hold.

    Raises:
        RecordError: If it has no text.
    """
    foreign = foreign_of(schema)
    # What is no text cannot be metadata: other vectors are such.
    values = {
        name.decode("utf-8", "replace"): text for name, value in raw.items() if (text := _text(value)) is not None
    }
    found = _read_known(record_id, values, foreign) or Record(record_id, _string(record_id, values, foreign.text))
    if found.frame is None and METADATA_JSON not in values:
        found.metadata = _hash_metadata(values, schema, foreign)
    found.vector = vector_from_hash(raw.get(foreign.vector.encode()), schema.vector)
    for name, each in schema.vectors.items():
        if (vector := vector_from_hash(raw.get(foreign.places[each.field.name].encode()), each.field)) is not None:
            found.vectors = {**(found.vectors or {}), name: vector}
    return found


def read_document(record_id: str, document: Mapping[str, Any], schema: Schema, *, vector: bool) -> Record:
    """Return the record of a JSON document, or of those parts of it that were asked for. See ``read_hash``.

    Args:
        record_id: Its id.
        document: The document.
        schema: The index.
        vector: Whether the vector is read.

    Raises:
        RecordError: If it has no text.
    """
    foreign = foreign_of(schema)
    text = value_at(document, path_steps(foreign.text))
    if not isinstance(text, str):
        what = "is missing" if text is ABSENT else f"is {_NAMES.get(type(text), 'null')}"
        raise RecordError(f"record {record_id!r:.80} has no text: its {foreign.text!r} {what}")
    found = Record(record_id, text)
    if vector:
        found.vector = vector_from_json(value_at(document, path_steps(foreign.vector)), schema.vector)
        for name, each in schema.vectors.items():
            numbers = value_at(document, path_steps(foreign.places[each.field.name]))
            if (made := vector_from_json(numbers, each.field)) is not None:
                found.vectors = {**(found.vectors or {}), name: made}
    told = document.get(METADATA_JSON)
    if foreign.metadata is not None:
        pairs = ((key, value_at(document, list_steps(path))) for key, path in foreign.metadata.items())
        found.metadata = {key: value for key, value in pairs if value is not ABSENT}
    elif not isinstance(told, str) or (metadata := _json_object(told)) is None:
        found.metadata = _document_metadata(document, schema, foreign)
    else:
        found.metadata = metadata
    return found


_NAMES: Mapping[type, str] = {list: "a list", dict: "an object", int: "a number", float: "a number", bool: "a boolean"}


def foreign_of(schema: Schema) -> ForeignIndex:
    """Return how the records of a foreign index lie."""
    if schema.foreign is None:
        raise TypeError("records of this library are read by other layouts")
    return schema.foreign


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _string(record_id: str, values: Mapping[str, str], name: str) -> str:
    text = values.get(name)
    if text is None:
        raise RecordError(f"record {record_id!r:.80} has no text: its field {name!r} is missing, or is no UTF-8")
    return text


def _read_known(record_id: str, values: Mapping[str, str], foreign: ForeignIndex) -> Record | None:
    """Return the record that a known application wrote, if it was one."""
    if foreign.metadata is not None:
        return None
    node = _json_object(values.get(NODE_CONTENT, ""))
    if node is not None and isinstance(node.get("metadata", {}), dict):
        frame = {key: value for key, value in node.items() if key not in _APART}
        frame.setdefault("class_name", values.get(NODE_TYPE, "TextNode"))
        source = values.get(DOC_ID, NO_SOURCE)
        return Record(
            record_id,
            _string(record_id, values, foreign.text),
            node.get("metadata", {}),
            None if source == NO_SOURCE else source,
            orjson.dumps(frame).decode(),
        )
    metadata = _json_object(values.get(METADATA_JSON, ""))
    return None if metadata is None else Record(record_id, _string(record_id, values, foreign.text), metadata)


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _hash_metadata(values: Mapping[str, str], schema: Schema, foreign: ForeignIndex) -> dict[str, Any]:
    fields: dict[str, list[ForeignField]] = {}
    for field in foreign_fields(schema):
        fields.setdefault(field.path, []).append(field)
    if foreign.metadata is not None:
        return {
            key: _as_number(values[path]) if _is_numeric(fields.get(path, ())) else values[path]
            for key, path in foreign.metadata.items()
            if path in values
        }
    metadata: dict[str, Any] = {}
    for name, value in values.items():
        if name == foreign.text or name in foreign.vectors or name in (INDEX_NAME, METADATA_JSON):
            continue
        for field in fields.get(name, ()):
            metadata[field.key] = _as_number(value) if field.type is FieldType.NUMERIC else value
        if name not in fields:
            metadata.setdefault(name, value)
    return metadata


def foreign_fields(schema: Schema) -> list[ForeignField]:
    """Return the fields of a foreign index."""
    return [field for field in schema.fields.values() if isinstance(field, ForeignField)]


def _is_numeric(fields: Iterable[ForeignField]) -> bool:
    return any(field.type is FieldType.NUMERIC for field in fields)


def _as_number(text: str) -> Any:
    """Return a number that a hash has as text; what is none stays text."""
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _document_metadata(document: Mapping[str, Any], schema: Schema, foreign: ForeignIndex) -> dict[str, Any]:
    """Return all that a document has beside its text and its vectors; what the index calls by another name, by that."""
    renamed = {
        field.key: steps
        for field in foreign_fields(schema)
        if (steps := list_steps(field.path)) is not None and ".".join(steps) != field.key and field.path != foreign.text
    }
    found = {key: value for key, steps in renamed.items() if (value := value_at(document, steps)) is not ABSENT}
    taken = [*renamed.values(), *map(path_steps, (foreign.text, *foreign.vectors)), (INDEX_NAME,), (METADATA_JSON,)]
    left = _without(document, [steps for steps in taken if steps])
    return {(f"$.{name}" if name in found else name): value for name, value in left.items()} | found


def _without(value: Mapping[str, Any], paths: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Return an object without the values at some paths, and without the objects that are empty for that."""
    left = {}
    for name, inner in value.items():
        below = [steps[1:] for steps in paths if steps[0] == name]
        if () in below:
            continue
        if below and isinstance(inner, dict):
            kept = _without(inner, below)
            if kept or not inner:
                left[name] = kept
        else:
            left[name] = inner
    return left


def value_at(document: Any, steps: Sequence[str] | None) -> Any:
    """Return the value at a path of a document, or a mark of its own if there is none."""
    if steps is None:
        return ABSENT
    for step in steps:
        if not isinstance(document, dict) or step not in document:
            return ABSENT
        document = document[step]
    return document
