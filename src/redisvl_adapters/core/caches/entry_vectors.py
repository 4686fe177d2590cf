"""The vectors of entries: those of a model are checked, and entries that no search is to find get another one."""

from __future__ import annotations

import numpy as np

from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import ArgumentError, SchemaMismatchError


def check_vector(vector: Vector, schema: Schema) -> None:
    """Refuse a vector of another model.

    Raises:
        SchemaMismatchError: If it has another number of dimensions than those in the cache.
        ArgumentError: If it is none.
    """
    try:
        dims = len(vector)
    except TypeError:
        raise ArgumentError(f"the embedding model made {vector!r:.80}, which is no vector") from None
    if dims != schema.vector.dims:
        raise SchemaMismatchError(
            f"cache {schema.name!r} holds vectors of {schema.vector.dims} dimensions, but the embedding model made one "
            f"of {dims}; use the model that the cache was made with, choose another index_name, or drop() it"
        )


def placeholder_vector(entry_id: str, dims: int) -> Vector:
    """Return the vector of an entry that is only found by its key: no search asks for what it is within."""
    return np.random.default_rng(int(entry_id[:16], 16)).integers(1, 100, dims).astype(np.float32)
