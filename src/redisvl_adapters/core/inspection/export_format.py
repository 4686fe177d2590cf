"""The format of an export: JSON lines. The first says what the index is, each other one is a record, the last counts.

Vectors are what was given, as far as the dtype of the index holds it, in numbers that read back as the same. Times to
live are points in time, so that a record which has expired since is not brought back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from redisvl_adapters.core.index.registry import (
    HEADER,
    new_registry,
    registered_fields,
    registered_language,
    registered_vectors,
    untyped_keys,
)
from redisvl_adapters.core.records.record import Record, frame_source
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import ArgumentError

FORMAT = "redisvl-adapters export"
VERSION = 1
_SHORT = {"float32": np.float32, "float16": np.float32, "bfloat16": np.float32}
"""What holds the numbers of a dtype exactly, and is spelled shorter than a float64."""


@dataclass(frozen=True, slots=True)
class ExportHeader:
    """What the first line of an export says.

    Attributes:
        schema: What the index was.
        records: How many records it held when the export began.
        exported_at: When that was, in ISO 8601.
        source: Which index of all it was, by what it got when it was made; that of another application, by its server.
    """

    schema: Schema
    records: int
    exported_at: str
    source: str


def write_header(header: ExportHeader) -> bytes:
    """Return the first line of an export."""
    schema = header.schema
    registry = new_registry(replace(schema, origin=None))
    told = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": header.exported_at,
        "source": header.source,
        "records": header.records,
        "index": schema.name,
        "prefix": schema.prefix,
        "storage": schema.storage,
        "embedding_id": schema.embedding_id,
        "vector": asdict(schema.vector),
        "registry": {name.decode(): value.decode() for name, value in registry.items()},
    }
    return orjson.dumps(told) + b"\n"


def read_header(line: bytes) -> ExportHeader:
    """Return what the first line of an export says.

    Raises:
        ArgumentError: If it is none, or one of a newer version.
    """
    try:
        told = _read(line, 1)
    except ArgumentError:
        told = {}
    if told.get("format") != FORMAT:
        raise ArgumentError("the file is no export of this library: its first line does not say so")
    if told.get("version") != VERSION:
        raise ArgumentError(
            f"the file is an export of version {told.get('version')!r:.20}, and this library reads version {VERSION}; "
            "use a newer one (pip install -U redisvl-adapters)"
        )
    try:
        registry = {name.encode(): value.encode() for name, value in told["registry"].items()}
        vector, header = VectorField(**told["vector"]), orjson.loads(registry[HEADER])
        language, language_key = registered_language(registry)
        schema = Schema(
            told["index"],
            told["prefix"],
            told["storage"],
            vector,
            {},
            text_attrs=header["text_attrs"],
            stopwords=tuple(header["stopwords"]),
            language=language,
            language_key=language_key,
            untyped_keys=untyped_keys(registry),
            embedding_id=told["embedding_id"],
            vectors=registered_vectors(registry),
        )
        schema = replace(schema, fields=registered_fields(registry, schema.reserved))
        return ExportHeader(schema, int(told["records"]), str(told["exported_at"]), str(told["source"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArgumentError("the first line of the file is damaged; export the index once more") from error


def write_record(record: Record, schema: Schema, now_ms: int) -> bytes:
    """Return the line of a record.

    Args:
        record: The record, with its vectors and the milliseconds that are left to it.
        schema: What its index is.
        now_ms: The time at which these were left, in milliseconds since 1970.
    """
    line: dict[str, Any] = {"id": record.id, "text": record.text, "metadata": record.metadata}
    if record.frame is not None:
        line["frame"] = record.frame
    if record.ttl_ms is not None:
        line["expires_at"] = now_ms + record.ttl_ms
    line["vector"] = _short(record.vector, schema.vector)
    if record.vectors:
        line["vectors"] = {
            name: _short(vector, schema.vectors[name].field)
            for name, vector in record.vectors.items()
            if vector is not None
        }
    return orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"


def read_record(line: bytes, number: int, now_ms: int) -> Record | None:
    """Return the record of a line; None if it has expired.

    Args:
        line: The line.
        number: Its number in the file, from 1 on, for errors.
        now_ms: What the time is, in milliseconds since 1970.

    Raises:
        ArgumentError: If it is none.
    """
    told = _read(line, number)
    expires_at = told.get("expires_at")
    try:
        left = None if expires_at is None else math.ceil(expires_at) - now_ms
        if left is not None and left <= 0:
            return None
        vectors = {name: np.asarray(vector, np.float64) for name, vector in told.get("vectors", {}).items()}
        frame = told.get("frame")
        vector = None if told["vector"] is None else np.asarray(told["vector"], np.float64)
        record_id, text, metadata = told["id"], told["text"], told["metadata"]
        record = Record(record_id, text, metadata, frame_source(frame), frame, vector, left, vectors or None)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_record(number) from error
    if not isinstance(record_id, str) or not isinstance(text, str) or not isinstance(metadata, dict):
        raise _no_record(number)
    return record


def _no_record(number: int) -> ArgumentError:
    return ArgumentError(f"line {number} of the file is no record; export the index once more")


def write_end(records: int) -> bytes:
    """Return the last line of an export, by which one that was cut off is told.

    Args:
        records: How many records there are before it.
    """
    return orjson.dumps({"end": True, "records": records}) + b"\n"


def read_end(line: bytes) -> int | None:
    """Return how many records there are before the last line; None if the line is another one."""
    if not line.startswith(b'{"end":'):
        return None
    records = _read(line, 0).get("records")
    return records if isinstance(records, int) else -1


def record_id_of(line: bytes) -> str | None:
    """Return the id of the record of a line; None if the line is another one, or was cut off."""
    if not line.endswith(b"\n"):
        return None
    try:
        told = orjson.loads(line)
    except ValueError:
        return None
    return told.get("id") if isinstance(told, Mapping) else None


def _read(line: bytes, number: int) -> dict[str, Any]:
    try:
        told = orjson.loads(line)
    except ValueError as error:
        raise ArgumentError(f"line {number} of the file is no JSON; export the index once more") from error
    if not isinstance(told, dict):
        raise ArgumentError(f"line {number} of the file is no JSON object; export the index once more")
    return told


def _short(vector: NDArray[Any] | None, field: VectorField) -> NDArray[Any] | None:
    kind = _SHORT.get(field.dtype)
    return vector if vector is None or kind is None else np.ascontiguousarray(vector, kind)
