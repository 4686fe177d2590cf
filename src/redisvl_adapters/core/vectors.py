"""Vectors: checked as a whole, converted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from ml_dtypes import bfloat16
from numpy.typing import NDArray

from redisvl_adapters.errors import ArgumentError, RecordError

Matrix: TypeAlias = NDArray[Any]
Vector: TypeAlias = Sequence[float] | NDArray[Any]

_DTYPES: dict[str, np.dtype[Any]] = {
    "bfloat16": np.dtype(bfloat16),
    **{name: np.dtype(name) for name in ("float16", "float32", "float64", "int8", "uint8")},
}


def as_matrix(vectors: Sequence[Vector] | NDArray[Any], ids: Sequence[str]) -> NDArray[np.float64 | np.float32]:
    """Return vectors as the rows of one matrix.

    Args:
        vectors: One per record, all of one length, or a matrix of shape (records, dims).
        ids: The ids of the records, for errors.

    Returns:
        Shape (records, dims); float32 if they came as float32, else float64.

    Raises:
        RecordError: If a vector is missing, is not made of numbers, or has another length than the first.
    """
    if len(vectors) != len(ids):
        raise ArgumentError(f"{len(ids)} records came with {len(vectors)} vectors")
    try:
        matrix: Matrix = np.asarray(vectors)
        if matrix.dtype not in (np.float32, np.float64):
            matrix = matrix.astype(np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise _culprit(vectors, ids)
    return matrix


def _culprit(vectors: Sequence[Vector] | NDArray[Any], ids: Sequence[str]) -> RecordError:
    dims = None
    for position, (vector, record_id) in enumerate(zip(vectors, ids, strict=True)):
        where = describe(position, record_id)
        if vector is None:
            return RecordError(f"{where} has no vector")
        try:
            row = np.asarray(vector, dtype=np.float64)
        except (TypeError, ValueError):
            return RecordError(f"{where} has a vector that is not made of numbers: {vector!r:.80}")
        if row.ndim != 1 or not row.size:
            return RecordError(
                f"{where} has a vector of shape {row.shape}; a vector is a flat list of at least one number"
            )
        dims = dims or row.size
        if row.size != dims:
            return RecordError(f"{where} has a vector of {row.size} dimensions, the first one has {dims}")
    return RecordError("the vectors are not a list of lists of numbers")


def check_matrix(matrix: Matrix, ids: Sequence[str], *, dims: int, dtype: str, metric: str) -> Matrix:
    """Return the vectors in the dtype of the index, if it can index and compare each.

    Args:
        matrix: Shape (records, dims).
        ids: The ids of the records, for errors.
        dims: The dimensions of the index.
        dtype: The dtype of the index.
        metric: The distance metric of the index.

    Raises:
        RecordError: If the number of dimensions differs, a number is NaN, infinite or beyond the dtype, or a vector is
            zero where the distance is an angle.
    """
    if matrix.shape[1] != dims:
        raise RecordError(
            f"{describe(0, ids[0])} has a vector of {matrix.shape[1]} dimensions, the index has {dims}, "
            "by dims= or its first vector; was another embedding model used?"
        )
    target = _DTYPES[dtype]
    with np.errstate(over="ignore", invalid="ignore"):
        stored = np.ascontiguousarray(matrix, dtype=target)
    if target.kind in "iu":
        _refuse((stored != matrix).any(axis=1), ids, f"has numbers that are no integers of {dtype}")
    else:
        _refuse((~np.isfinite(matrix)).any(axis=1), ids, "has NaN or infinity in its vector")
        _refuse((~np.isfinite(stored)).any(axis=1), ids, f"has a number in its vector that is beyond {dtype}")
    if metric == "cosine":
        _refuse((stored == 0).all(axis=1), ids, "has a zero vector, which has no cosine distance to anything")
    return stored


def as_query(vector: Vector, *, dims: int, dtype: str, metric: str) -> bytes:
    """Return a query vector as the bytes that a search takes.

    Raises:
        ArgumentError: If it has the wrong number of dimensions, a number that is not finite, or no direction where the
            distance is an angle.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            row = np.asarray(vector, dtype=_DTYPES[dtype])
            # One number tells whether all are finite and not all are zero; where it does not, a closer look follows.
            if row.shape == (dims,) and row.dtype.kind == "f" and 0 < float(row @ row) < math.inf:
                return row.tobytes()
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        return check_matrix(as_matrix([vector], ["query"]), ["query"], dims=dims, dtype=dtype, metric=metric).tobytes()
    except RecordError as error:
        raise ArgumentError(str(error).replace(describe(0, "query"), "the query")) from None


def from_bytes(raw: bytes, dtype: str) -> NDArray[Any]:
    """Return a stored vector as float64, shape (dims,)."""
    return np.frombuffer(raw, dtype=_DTYPES[dtype]).astype(np.float64)


def describe(position: int, record_id: str) -> str:
    """Name a record in an error."""
    return f"record {position} (id {record_id!r:.80})"


def _refuse(wrong: Any, ids: Sequence[str], what: str) -> None:
    if wrong.any():
        position = int(wrong.argmax())
        raise RecordError(f"{describe(position, ids[position])} {what}")
