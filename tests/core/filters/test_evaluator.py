"""The reference itself, on the lines of the table that says what filters mean."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from redisvl_adapters.core.filters.algebra import MATCH_ALL, MATCH_NONE, And, Compare, Filter, Not, Operator, Or
from tests.core.filters.evaluator import matches

TYPES = {"tag": "tag", "n": "numeric", "flag": "bool", "when": "timestamp", "author.name": "tag"}
RECORD = {
    "tag": ["a", "b"],
    "n": 3,
    "flag": True,
    "when": datetime(2024, 1, 2, tzinfo=UTC),
    "none": None,
    "author": {"name": "Ann"},
}


@pytest.mark.parametrize(
    ("key", "operator", "value", "with_value", "without"),
    [
        ("tag", "eq", "a", True, False),
        ("tag", "eq", "A", False, False),
        ("tag", "ne", "a", False, True),
        ("tag", "ne", "c", True, True),
        ("tag", "in", ["c", "b"], True, False),
        ("tag", "in", [], False, False),
        ("tag", "nin", ["c", "b"], False, True),
        ("tag", "nin", [], True, True),
        ("n", "eq", 3.0, True, False),
        ("n", "gt", 3, False, False),
        ("n", "gte", 3, True, False),
        ("n", "lt", 3, False, False),
        ("n", "lte", 3, True, False),
        ("flag", "eq", "true", True, False),
        ("flag", "eq", 1, True, False),
        ("flag", "ne", 0, True, True),
        ("when", "eq", "2024-01-02", True, False),
        ("when", "eq", date(2024, 1, 2), True, False),
        ("when", "gt", 1704153599, True, False),
        ("author.name", "eq", "Ann", True, False),
        ("none", "exists", True, True, False),
        ("none", "exists", False, False, True),
    ],
)
def test_each_operator_with_and_without_a_value(
    key: str, operator: str, value: Any, with_value: bool, without: bool
) -> None:
    comparison = Compare(key, Operator(operator), value)
    assert matches(comparison, RECORD, TYPES) is with_value
    assert matches(comparison, {}, TYPES) is without
    if operator != "exists":
        assert matches(comparison, {key: None}, TYPES) is without


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, True),
        (MATCH_ALL, True),
        (MATCH_NONE, False),
        (Not(()), True),
        (Not((MATCH_NONE, MATCH_NONE)), True),
        (Not((MATCH_NONE, MATCH_ALL)), False),
        (And((MATCH_ALL, MATCH_NONE)), False),
        (Or((MATCH_ALL, MATCH_NONE)), True),
    ],
)
def test_logic_and_its_empty_forms(condition: Filter | None, expected: bool) -> None:
    assert matches(condition, {}, TYPES) is expected


def test_a_literal_key_goes_before_a_nested_one() -> None:
    comparison = Compare("author.name", Operator.EQ, "literal")
    assert matches(comparison, {"author": {"name": "nested"}, "author.name": "literal"}, TYPES)
    assert matches(Compare("author.name", Operator.EQ, "x"), {"author": {"name": "x"}}, TYPES)
