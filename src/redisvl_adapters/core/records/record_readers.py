"""Making records of the values of their fields, and the named vectors of records as JSON and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import orjson
from numpy.typing import NDArray

from redisvl_adapters.core.records.json_numbers import json_vector
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import from_bytes, from_numbers
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import EXACT_VECTOR
from redisvl_adapters.core.server.commands import Reply

Reader: TypeAlias = Callable[[str, Sequence[Any]], Record]
"""Makes a record of its id and the values of some fields."""


def record_reader(names: Sequence[bytes], vector: bytes, read_vector: Callable[[bytes], NDArray[Any]]) -> Reader:
    """Return what makes a record of its id and of the values of these fields.

    Args:
        names: The fields.
        vector: The one with the vector.
        read_vector: Reads that.
    """
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


def with_named_vectors(read: Reader, names: Sequence[bytes], schema: Schema) -> Reader:
    """Return what makes a record with those of its named vectors that are among the fields. See ``record_reader``.

    They are left as they stand in the reply, for ``Layout.read_vectors``: most are of records that nobody returns.
    """
    places = {name: at for at, name in enumerate(names)}
    there = [
        (places[raw], name) for name, each in schema.vectors.items() if (raw := each.field.name.encode()) in places
    ]

    def read_more(record_id: str, values: Sequence[Any]) -> Record:
        record = read(record_id, values)
        record.vectors = {name: values[at] for at, name in there}
        return record

    return read_more if there else read


def vector_from_hash(raw: bytes | None, field: VectorField) -> NDArray[Any] | None:
    """Return the vector in a field of a hash; None if it is none that the index could hold."""
    try:
        return None if raw is None else _of_index(from_bytes(raw, field), field)
    except ValueError:
        return None


def vector_from_json(numbers: Any, field: VectorField, rounded: Sequence[str | None] = ()) -> NDArray[Any] | None:
    """Return the vector that lies in a document as numbers; None if it is none that the index could hold.

    Args:
        numbers: The numbers.
        field: The field.
        rounded: Those that RedisJSON has rounded, as they were: see ``json_vector``.
    """
    if not isinstance(numbers, list):
        return None
    try:
        return _of_index(from_numbers(_exact_numbers(numbers, rounded), field), field)
    except (TypeError, ValueError, IndexError):
        return None


def _of_index(vector: NDArray[Any], field: VectorField) -> NDArray[Any] | None:
    return vector if vector.shape == (field.dims,) else None


def named_from_hash(values: Sequence[Reply], schema: Schema) -> dict[str, NDArray[Any]] | None:
    """Return the named vectors of a record from the values of their fields, in the order of the schema."""
    pairs = zip(schema.vectors.values(), values, strict=True)
    read = {each.name: vector_from_hash(raw, each.field) for each, raw in pairs}
    return {name: vector for name, vector in read.items() if vector is not None} or None


def named_from_json(found: Mapping[str, Any], schema: Schema) -> dict[str, NDArray[Any]] | None:
    """Return the named vectors of a record from what lies at ``named_paths``."""
    read = {
        each.name: vector_from_json(numbers, each.field, found[_exact_path(each.field)])
        for each in schema.vectors.values()
        for numbers in found[vector_path(each.field)]
    }
    return {name: vector for name, vector in read.items() if vector is not None} or None


def named_paths(schema: Schema) -> list[str]:
    """Return the paths in a document of the named vectors of an index."""
    fields = [each.field for each in schema.vectors.values()]
    return [path for field in fields for path in (vector_path(field), _exact_path(field))]


def named_json(name: str, vector: NDArray[Any] | None) -> dict[str, Any]:
    """Return what a document has of a named vector; None in each place if it has none any more.

    Args:
        name: Its field.
        vector: The vector in the dtype of the index, shape (dims,).
    """
    numbers, rounded = (None, None) if vector is None else json_vector(vector, vector.dtype.name)
    return {name: numbers, EXACT_VECTOR + name: rounded}


def vector_path(field: VectorField) -> str:
    """Return the path of a vector in a document."""
    return f'$["{field.name}"]'


def _exact_path(field: VectorField) -> str:
    return f'$["{EXACT_VECTOR}{field.name}"]'


def _exact_numbers(numbers: list[float], rounded: Sequence[str | None]) -> list[float]:
    """Return the numbers of a vector, with those that RedisJSON has rounded as they were."""
    for text in rounded:
        for place, number in orjson.loads(text or "{}").items():
            numbers[int(place)] = number
    return numbers
