"""What metadata takes, a filter takes too, and means the same by it: numpy scalars, Decimal, UUID, enumerations."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, find, store_on
from redisvl_adapters import FilterError
from redisvl_adapters.core import Compare
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture


class Colour(str, enum.Enum):  # noqa: UP042  # the older kind, whose str() is its name
    """An enumeration whose members are texts."""

    RED = "red"


class Rank(enum.IntEnum):
    """An enumeration whose members are numbers."""

    FIRST = 1


UID = UUID("12345678-1234-5678-1234-567812345678")
HIGH: dict[str, Any] = {
    "n": np.int64(3),
    "x": np.float64(0.1),
    "price": Decimal("19.99"),
    "uid": UID,
    "colour": Colour.RED,
    "rank": Rank.FIRST,
    "flag": np.bool_(1),
    "when": np.datetime64("2024-01-31T12:00:00"),
    "sizes": [np.int32(1), Decimal(2)],
    "uids": [UID],
}
LOW: dict[str, Any] = {
    "n": 1,
    "x": 0.05,
    "price": 1.5,
    "uid": "other",
    "colour": "blue",
    "rank": 2,
    "flag": False,
    "when": datetime(2020, 1, 1, tzinfo=UTC),
    "sizes": [7],
    "uids": ["other"],
}


@pytest.fixture
async def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    store = store_on(clients, index_name, storage=storage)
    await store.aadd_texts(["a", "b"], [HIGH, LOW], ids=["high", "low"])
    return store


async def test_what_a_record_was_given_finds_it(store: RedisVectorStore, call: Call) -> None:
    for key in ("n", "x", "price", "uid", "colour", "rank", "flag", "when"):
        assert await find(call, store, {key: HIGH[key]}) == {"high"}, key
        assert await find(call, store, {key: {"$ne": HIGH[key]}}) == {"low"}, key
        assert await find(call, store, {key: {"$in": [HIGH[key]]}}) == {"high"}, key
        assert await find(call, store, {key: {"$nin": {HIGH[key]}}}) == {"low"}, key


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"n": {"$gt": np.float32(2.5)}}, {"high"}),
        ({"n": {"$between": (Decimal(2), np.int8(3))}}, {"high"}),
        ({"n": {"$in": np.array([3, 4])}}, {"high"}),
        ({"price": {"$lt": Decimal("19.99")}}, {"low"}),
        ({"price": {"$lte": Decimal("19.990")}}, {"high", "low"}),
        ({"when": {"$gte": np.datetime64("2024-01-31")}}, {"high"}),
        ({"when": {"$lt": Decimal(1_600_000_000)}}, {"low"}),
        ({"sizes": {"$contains": Decimal("2.0")}}, {"high"}),
        ({"sizes": {"$all": np.array([1, 2])}}, {"high"}),
        ({"sizes": {"$gt": np.int64(2)}}, {"low"}),
        ({"uids": {"$any": [UID]}}, {"high"}),
        ({"colour": {"$like": Colour.RED}}, {"high"}),
        ({"flag": {"$exists": np.bool_(1)}}, {"high", "low"}),
    ],
    ids=str,
)
async def test_each_operator_takes_them(store: RedisVectorStore, call: Call, filter: Any, expected: set[str]) -> None:
    assert await find(call, store, filter) == expected


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        ({"price": Decimal("0.1000000000000000055511151231257827")}, "no double holds this number exactly"),
        ({"n": {"$gt": Decimal(2**53 + 1)}}, "no double holds this number exactly"),
        ({"n": {"$in": [1, Decimal("NaN")]}}, "no double holds this number exactly"),
        ({"n": Decimal("sNaN")}, "no double holds this number exactly"),
        ({"n": {"$lt": Decimal("Infinity")}}, "no double holds this number exactly"),
        ({"n": np.float64("inf")}, "finite"),
        ({"n": np.bool_(1)}, "its values are numbers"),
        ({"n": UID}, "its values are numbers"),
        ({"uid": np.int64(3)}, "its values are texts"),
        ({"flag": {"$exists": np.int64(1)}}, "true or false"),
        ({"flag": {"$is_empty": Decimal("NaN")}}, "true or false"),
    ],
    ids=str,
)
async def test_what_is_not_exact_or_of_another_type_is_refused(
    store: RedisVectorStore, call: Call, filter: Any, said: str
) -> None:
    with pytest.raises(FilterError, match=said):
        await call(store, "count", filter)


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        ({"uid": ["a", "b"]}, "EQ .*: its values are texts; to compare with each value of a list use IN"),
        ({"n": (1, 2)}, "EQ .*; to compare with each value of a list use IN"),
        ({"n": {"$ne": {1, 2}}}, "NE .*; to compare with each value of a list use NIN"),
        ({"sizes": {"$contains": [1, 2]}}, "CONTAINS .*; to compare with each value of a list use ANY"),
        (Compare("n", "equals", 1), "'n' is compared by 'equals'; operators are: EQ, NE"),  # type: ignore[arg-type]
        (Compare("n", "gtt", 1), r"'n' is compared by 'gtt' \(did you mean 'gt'\?\)"),  # type: ignore[arg-type]
        ("year = 2024", r'a filter was expected here: a dict such as {"year": {"\$gte": 2020}.*not str'),
    ],
    ids=str,
)
async def test_a_refusal_says_what_is_right(store: RedisVectorStore, call: Call, filter: Any, said: str) -> None:
    with pytest.raises(FilterError, match=said):
        await call(store, "count", filter)
    assert await call(store, "count", Compare("n", "eq", 3)) == 1  # type: ignore[arg-type]
