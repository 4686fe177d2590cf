"""Vectors: what an index could not hold or compare is refused as a whole, with the position and id of the culprit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from redisvl_adapters.core.vectors import as_matrix, as_query, check_matrix
from redisvl_adapters.errors import ArgumentError, RecordError

IDS = ["a", "b", "c"]
GOOD = [1.0, 2.0]


def check(vectors: Any, *, dims: int = 2, dtype: str = "float32", metric: str = "cosine") -> Any:
    return check_matrix(as_matrix(vectors, IDS[: len(vectors)]), IDS, dims=dims, dtype=dtype, metric=metric)


@pytest.mark.parametrize(
    ("vectors", "options", "named"),
    [
        ([GOOD, [1.0, 2.0, 3.0]], {}, r"record 1 \(id 'b'\).*3 dimensions.*2"),
        ([GOOD, None], {}, r"record 1 \(id 'b'\) has no vector"),
        ([GOOD, ["x", "y"]], {}, r"record 1 \(id 'b'\).*not made of numbers"),
        ([GOOD, [[1.0, 2.0]]], {}, r"record 1 \(id 'b'\).*shape \(1, 2\)"),
        ([[], []], {}, r"record 0 \(id 'a'\).*at least one number"),
        ([[1.0, 2.0, 3.0]], {}, r"record 0.*3 dimensions, the index has 2"),
        ([GOOD, [math.nan, 1.0]], {}, r"record 1 \(id 'b'\).*NaN"),
        ([GOOD, GOOD, [math.inf, 1.0]], {}, r"record 2 \(id 'c'\).*infinity"),
        ([GOOD, [0.0, 0.0]], {}, r"record 1 \(id 'b'\).*zero vector"),
        ([GOOD, [1e-60, 0.0]], {}, r"record 1 \(id 'b'\).*zero vector"),
        ([GOOD, [1e60, 1.0]], {}, r"record 1 \(id 'b'\).*beyond float32"),
        ([[1e5, 1.0]], {"dtype": "float16"}, "record 0.*beyond float16"),
        ([[1, 2], [1, 2.5]], {"dtype": "int8"}, r"record 1 \(id 'b'\).*no integers of int8"),
        ([[1, 128]], {"dtype": "int8"}, "record 0.*int8"),
        ([[1, -1]], {"dtype": "uint8"}, "record 0.*uint8"),
        ([[math.nan, 1]], {"dtype": "int8"}, "record 0"),
    ],
)
def test_a_vector_that_could_not_be_found_is_refused(vectors: Any, options: dict[str, Any], named: str) -> None:
    """langchain-redis 8, llama-index 12: a wrong dimension was written and never found."""
    with pytest.raises(RecordError, match=named):
        check(vectors, **options)


def test_the_number_of_vectors_is_that_of_the_records() -> None:
    with pytest.raises(ArgumentError, match="2 records came with 1 vectors"):
        as_matrix([GOOD], ["a", "b"])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16", "int8", "uint8"])
def test_vectors_are_converted_to_the_dtype_of_the_index(dtype: str) -> None:
    """langchain-redis 11: with any dtype but float32 every search failed."""
    stored = check([[1, 2], (3, 4), np.array([5, 6])], dtype=dtype)
    assert str(stored.dtype) == dtype
    assert stored.astype(float).tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize("metric", ["l2", "ip"])
def test_a_zero_vector_has_a_place_where_the_distance_is_no_angle(metric: str) -> None:
    assert check([[0.0, 0.0]], metric=metric).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("vector", "named"),
    [
        ([1.0], "1 dimensions, the index has 2"),
        ([0.0, 0.0], "zero"),
        ([math.nan, 1], "NaN"),
        (["x"], "numbers"),
        (None, "vector"),
    ],
)
def test_a_query_that_has_no_answer_is_refused(vector: Any, named: str) -> None:
    with pytest.raises(ArgumentError, match=f"^the query .*{named}"):
        as_query(vector, dims=2, dtype="float32", metric="cosine")


def test_a_query_becomes_the_bytes_of_its_numbers() -> None:
    assert as_query([1, 2], dims=2, dtype="float32", metric="cosine") == np.array([1, 2], np.float32).tobytes()
