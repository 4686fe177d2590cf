"""The named vectors of records that are copied: which are copied as they are, and which are made anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

import numpy as np

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vector_models import VectorModels, vector_keys
from redisvl_adapters.core.records.vectors import Matrix, Vector, as_matrix, check_matrix, from_bytes, read_back
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import ArgumentError, RecordError


def check_none_is_lost(source: Schema, target: str, names: Collection[str]) -> None:
    """Refuse to copy records into an index that lacks one of their vectors.

    Args:
        source: The index that is copied.
        target: The name of the other one.
        names: The named vectors that it has.

    Raises:
        ArgumentError: If it does.
    """
    if lost := sorted(source.vectors.keys() - set(names)):
        raise ArgumentError(
            f"index {target!r} has no vector {lost[0]!r}, which records of index {source.name!r} have, and which would "
            f"be lost; make it with vectors={{{lost[0]!r}: ...}}"
        )


def dimensions_probe(target: RedisIndex) -> Record:
    """Return a record whose named vectors, once made, tell their dimensions to an index that does not exist yet."""
    keys = vector_keys(None, target.state.spec) if target.state.schema is None else {}
    return Record("-", "", dict.fromkeys(keys.values(), "dimensions"))


def carried_vectors(source: Schema | None, target: Schema | None) -> set[str]:
    """Return the named vectors that are copied as they are: both indexes have them alike, of one model."""
    if source is None or target is None:
        return set()
    carried = set[str]()
    for name in source.vectors.keys() & target.vectors.keys():
        was, becomes = source.vectors[name], target.vectors[name]
        is_of_one_model = None in (was.embedding_id, becomes.embedding_id) or was.embedding_id == becomes.embedding_id
        if was.field.dims == becomes.field.dims and is_of_one_model:
            carried.add(name)
    return carried


def leave_out_others(records: Sequence[Record], source: Schema, target: Schema, models: VectorModels) -> None:
    """Let records keep those of their vectors that are copied as they are; the others are made anew.

    Raises:
        ArgumentError: If nothing can make one of these.
    """
    carried = carried_vectors(source, target)
    for name in source.vectors.keys() - carried:
        if name not in models.names or target.vectors[name].key is None:
            raise ArgumentError(
                f"the vector {name!r} of index {source.name!r} is of another model than that of index {target.name!r}, "
                "or has another number of dimensions: it must be made anew; give the other store its model, as "
                f"vectors={{{name!r}: {{'key': ..., 'embedding': model}}}}"
            )
    for record in records:
        record.vectors = {name: vector for name, vector in (record.vectors or {}).items() if name in carried}


def stored_vectors(records: Sequence[Record], schema: Schema) -> Sequence[Any]:
    """Return the main vectors of records as an index would give them back; None for all if it could not store them."""
    names = [record.id for record in records]
    try:
        matrix: Matrix = as_matrix([cast("Vector", record.vector) for record in records], names)
        return [from_bytes(row.tobytes(), schema.vector) for row in check_matrix(matrix, names, schema.vector)]
    except RecordError:
        # The one that writes says which, and why.
        return [None] * len(records)


def has_same_vectors(record: Record, other: Record, carried: Collection[str], target: Schema) -> bool:
    """Tell whether a record has just the vectors that are copied, as the target stores them.

    Args:
        record: The record of the source.
        other: The one of the target.
        carried: The vectors that are copied as they are.
        target: The index of the other record.
    """
    for name in carried:
        mine, theirs = ((each.vectors or {}).get(name) for each in (record, other))
        if mine is None or theirs is None:
            if mine is not theirs:
                return False
        elif (held := read_back(mine, target.vectors[name].field)) is None or not np.array_equal(held, theirs):
            return False
    return True
