"""The named vectors of records: checked, as they are stored, and as they are read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from numpy.typing import NDArray

from redisvl_adapters.core.records.metadata import CheckedMetadata
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import Vector, as_matrix, check_matrix
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.named_vectors import NamedVector
from redisvl_adapters.errors import ArgumentError, RecordError, did_you_mean

StoredVectors: TypeAlias = Mapping[str, NDArray[Any]]
"""The named vectors of a record by the fields that hold them, in the dtypes of the index, each of shape (dims,)."""

NO_VECTORS: StoredVectors = {}
_VECTORS = attrgetter("vectors")


def named_dims(records: Sequence[Record]) -> dict[str, int]:
    """Return how many dimensions the named vectors of records have, by the first of each."""
    dims: dict[str, int] = {}
    for record in records:
        for name, vector in (record.vectors or {}).items():
            if name not in dims and hasattr(vector, "__len__"):
                dims[name] = len(vector)
    return dims


def check_named_vectors(
    schema: Schema,
    records: Sequence[Record],
    found: Sequence[CheckedMetadata],
    names: Sequence[object],
    embedded: frozenset[str] = frozenset(),
) -> Sequence[StoredVectors]:
    """Return the named vectors of records as an index stores them, if it can index and compare each.

    Args:
        schema: The index.
        records: The records.
        found: What the metadata of each holds.
        names: What each is called in errors.
        embedded: The vectors that are yet to be made, of the metadata.

    Returns:
        Those of each record, in their order.

    Raises:
        RecordError: If a vector is not what the index holds, is unknown there, or is missing where the metadata have
            the text that it is made of.
    """
    if not schema.vectors and not any(map(_VECTORS, records)):
        # By far the most.
        return [NO_VECTORS] * len(records)
    for record, where in zip(records, names, strict=True):
        for name in record.vectors or ():
            if name not in schema.vectors:
                raise _unknown(name, schema, where)
    stored: list[dict[str, NDArray[Any]]] = [{} for _ in records]
    for name, vector in schema.vectors.items():
        places: list[int] = []
        for place, record in enumerate(records):
            text = None if vector.key is None else _checked_text(vector, found[place].values, names[place])
            if (record.vectors or {}).get(name) is not None:
                places.append(place)
            elif text and name not in embedded:
                raise RecordError(f"{names[place]} has the metadata {vector.key!r:.80}, but no vector: {_remedy(name)}")
        if places:
            called = [_Called(names[place], name) for place in places]
            matrix = as_matrix([(records[place].vectors or {})[name] for place in places], called)
            for place, row in zip(places, check_matrix(matrix, called, vector.field), strict=True):
                stored[place][vector.field.name] = row
    return stored


class _Called:
    """What the vector of a record is called in errors, written out for these alone."""

    __slots__ = ("name", "where")

    def __init__(self, where: object, name: str) -> None:
        self.where = where
        self.name = name

    def __str__(self) -> str:
        return f"{self.where}, vector {self.name!r},"


def _unknown(name: str, schema: Schema, where: object) -> RecordError:
    known = ", ".join(schema.vectors) or "no named ones"
    return RecordError(
        f"{where} has a vector {name!r:.80}{did_you_mean(name, schema.vectors)}, and index {schema.name!r} has: "
        f"{known}; they are declared by vectors= when the index is made"
    )


def _checked_text(vector: NamedVector, values: Mapping[str, Any], where: object) -> str:
    """Return the text that a vector is made of; an empty one if there is none.

    Raises:
        RecordError: If there is something else.
    """
    value = values.get(vector.key or "")
    if value is None or isinstance(value, str):
        return value or ""
    raise RecordError(
        f"{where} has the metadata {vector.key!r:.80} {value!r:.80}, of which vector {vector.name!r} is made; it is "
        "a text, or None"
    )


def _remedy(name: str) -> str:
    return f"give the store its model, as vectors={{{name!r}: {{'embedding': model}}}}, or give the vector itself"


def check_changed_texts(
    schema: Schema, values: Mapping[str, Any], vectors: Mapping[str, Vector]
) -> dict[str, NDArray[Any]]:
    """Return the named vectors that changes of metadata bring with them, as an index stores them, by their names.

    Args:
        schema: The index.
        values: The value of every key that is changed.
        vectors: The vectors of the texts among them that vectors are made of, by the names of these.

    Raises:
        ArgumentError: If there is no vector of a text that one is made of.
        RecordError: If a vector, or a text that one is to be made of, is none.
    """
    changed: dict[str, NDArray[Any]] = {}
    for name, vector in schema.vectors.items():
        if vector.key is None or not _checked_text(vector, values, "changes"):
            continue
        if name not in vectors:
            raise ArgumentError(
                f"the changes have {vector.key!r:.80}, of which vector {name!r} is made, and it is to be made anew: "
                f"give the store its model, as vectors={{{name!r}: {{'embedding': model}}}}"
            )
        called = [_Called("the changes", name)]
        changed[name] = check_matrix(as_matrix([vectors[name]], called), called, vector.field)[0]
    return changed


def changed_vectors(
    schema: Schema,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    changed: Mapping[str, NDArray[Any]],
    texts: Mapping[str, Any],
) -> dict[str, NDArray[Any] | None]:
    """Return the named vectors that a record gets as its metadata change, by their fields; None for one that it loses.

    Args:
        schema: The index.
        before: The value of every key that the record has.
        after: Those that it will have.
        changed: The vectors that come with the changes, from ``check_changed_texts``.
        texts: The value of every key that is changed.

    Raises:
        RecordError: If a text changes of which nobody has made a vector.
    """
    fields: dict[str, NDArray[Any] | None] = {}
    for name, vector in schema.vectors.items():
        key = vector.key
        if key is None or before.get(key) == after.get(key):
            continue
        if not after.get(key):
            fields[vector.field.name] = None
        elif after[key] == texts.get(key) and name in changed:
            fields[vector.field.name] = changed[name]
        else:
            raise RecordError(
                f"the changes let metadata {key!r:.80} be {after[key]!r:.80} in a record, of which vector {name!r} is "
                f"made; change {key!r:.80} itself"
            )
    return fields
