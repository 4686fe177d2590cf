"""Vectors: what an index could not hold or compare is refused as a whole, with the position and id of the culprit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from redisvl_adapters.core.records.vectors import (
    ROUNDING,
    as_matrix,
    as_query,
    check_matrix,
    from_bytes,
    stored_bound,
    true_distance,
)
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.errors import ArgumentError, RecordError

NAMES = [f"record {place} (id {each!r})" for place, each in enumerate("abc")]
GOOD = [1.0, 2.0]


def field(dtype: str = "float32", metric: str = "cosine", scale: float | None = None) -> VectorField:
    return VectorField("v", 2, dtype, metric, "flat", scale=scale)


def check(vectors: Any, **options: Any) -> Any:
    return check_matrix(as_matrix(vectors, NAMES[: len(vectors)]), NAMES, field(**options))


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
        ([[1, 2], [1, 2.5]], {"dtype": "int8", "metric": "l2"}, r"record 1 \(id 'b'\).*no integers of int8.*scale="),
        ([[1, 128]], {"dtype": "int8", "metric": "ip"}, "record 0.*int8"),
        ([[0.5, 1.1]], {"dtype": "int8", "metric": "l2", "scale": 127}, "record 0.*times the scale 127.*int8"),
        ([[1, -1]], {"dtype": "uint8"}, "record 0.*negative.*uint8"),
        ([[0.1, -0.1]], {"dtype": "uint8", "scale": 9.0}, "record 0.*uint8"),
        ([GOOD, [0.0, 0.0]], {"dtype": "int8"}, r"record 1 \(id 'b'\).*zero vector"),
        ([[0.001, -0.001]], {"dtype": "int8", "scale": 127}, "zero vector"),
        ([[1e300, 1.0]], {"dtype": "int8", "metric": "l2", "scale": 1e30}, "record 0.*int8"),
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
        ({1.0, 2.0}, "numbers"),
        ({1.0: 0, 2.0: 0}, "numbers"),
    ],
)
def test_a_query_that_has_no_answer_is_refused(vector: Any, named: str) -> None:
    with pytest.raises(ArgumentError, match=f"^the query .*{named}"):
        as_query(vector, field())


def test_a_query_becomes_the_bytes_of_its_numbers() -> None:
    assert as_query([1, 2], field()) == np.array([1, 2], np.float32).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8"])
@pytest.mark.parametrize("make", [list, tuple, np.array, lambda numbers: np.array(numbers, np.float32)])
def test_a_query_is_the_same_whatever_holds_its_numbers(dtype: str, make: Any) -> None:
    for numbers in ([0.25, -0.5], [2**-10, 1.0], [2**-13, 2**-13], [3, -4]):
        expected = check_matrix(np.array([numbers], dtype=np.float64), ["a"], field(dtype)).tobytes()
        assert as_query(make(numbers), field(dtype)) == expected


def test_lists_become_the_matrix_that_numpy_makes_of_them() -> None:
    rows = np.random.default_rng(5).normal(size=(3, 40))
    for vectors in (rows.tolist(), [tuple(row) for row in rows.tolist()], rows, list(rows)):
        assert np.array_equal(as_matrix(vectors, NAMES), rows)
    assert as_matrix([[1, True], [2**70, float(np.float32(0.5))]], NAMES[:2]).tolist() == [[1.0, 1.0], [2.0**70, 0.5]]


# Quantised


def test_int8_keeps_the_direction_of_each_vector_as_well_as_it_can() -> None:
    assert check([[0.1, -0.2], [-1000.0, 500.0], [3, -4]], dtype="int8").tolist() == [[64, -127], [-127, 64], [3, -4]]
    assert check([[0.1, 0.2], [200, 100]], dtype="uint8").tolist() == [[128, 255], [200, 100]]
    assert check([[1e-310, -1e-310], [1e300, 0]], dtype="int8").tolist() == [[127, -127], [127, 0]]
    assert check([[-128, 64]], dtype="int8").tolist() == [[-128, 64]]
    # Integers that do not fit are scaled too.
    assert check([[254, 127]], dtype="int8").tolist() == [[127, 64]]


def test_a_scale_is_the_same_for_all_vectors_and_queries() -> None:
    assert check([[0.1, -0.2], [1, 0.5]], dtype="int8", metric="l2", scale=100).tolist() == [[10, -20], [100, 50]]
    assert as_query([0.1, -0.2], field("int8", "l2", 100)) == np.array([10, -20], np.int8).tobytes()
    assert from_bytes(np.array([10, -20], np.int8).tobytes(), field("int8", "l2", 100)).tolist() == [0.1, -0.2]


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip"])
def test_distances_of_scaled_vectors_are_told_as_those_of_the_vectors(metric: str) -> None:
    first, second = np.array([0.25, -0.5]), np.array([1.0, 0.75])
    distances: dict[str, Callable[[Any, Any], float]] = {
        "cosine": lambda a, b: float(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)),
        "l2": lambda a, b: float(((a - b) ** 2).sum()),
        "ip": lambda a, b: float(1 - a @ b),
    }
    distance = distances[metric]
    scaled = field("int8", metric, 100)
    assert true_distance(distance(first * 100, second * 100), scaled) == pytest.approx(distance(first, second))
    assert stored_bound(distance(first, second), scaled) == pytest.approx(distance(first * 100, second * 100))


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip"])
@pytest.mark.parametrize("scale", [0.01, 1.0, 25.0, 100.0, 127.0, 300.0])
def test_a_distance_that_was_told_is_a_bound_that_keeps_its_record(metric: str, scale: float) -> None:
    scaled = field("int8", metric, scale)
    for stored in (0.0, 1.0, -5.0, 17.0, 400.0, -12345.0, 99999.0):
        assert stored_bound(true_distance(stored, scaled), scaled) >= stored
    assert stored_bound(0.25, field(metric=metric)) == (0.25 + ROUNDING["float32"] if metric == "cosine" else 0.25)
