"""LlamaIndex's ``MetadataFilters`` as the filter algebra."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("llama_index.core")

from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from redisvl.query.filter import Num

from redisvl_adapters.core.filters.algebra import MAX_DEPTH, And, Compare, Not, Operator, Or, Raw, matches_everything
from redisvl_adapters.errors import FilterError
from redisvl_adapters.llama_index.filters import read_filter
from tests.core.filters.evaluator import matches

SERVED = {
    "==": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "gte",
    "<": "lt",
    "<=": "lte",
    "in": "in",
    "nin": "nin",
    "any": "any",
    "all": "all",
    "contains": "contains",
    "text_match": "text_match",
    "text_match_insensitive": "text_match_insensitive",
}
LISTS = ("in", "nin", "any", "all")
A, B = Compare("a", Operator.EQ, 1), Compare("b", Operator.EQ, 2)
PARTS: list[MetadataFilter | MetadataFilters] = [MetadataFilter(key="a", value=1), MetadataFilter(key="b", value=2)]


@pytest.mark.parametrize(("spelling", "operator"), SERVED.items())
def test_an_operator_is_ours(spelling: str, operator: str) -> None:
    value: Any = ["x", "y"] if operator in LISTS else 3
    given = MetadataFilter(key="a", value=value, operator=FilterOperator(spelling))
    assert read_filter(MetadataFilters(filters=[given])) == And((Compare("a", Operator(operator), value),))


def test_every_operator_is_served() -> None:
    """llama-index 19: six of fourteen filter operators were missing."""
    assert {operator.value for operator in FilterOperator} == {*SERVED, "is_empty"}
    given = MetadataFilter(key="a", value=None, operator=FilterOperator.IS_EMPTY)
    assert read_filter(MetadataFilters(filters=[given])) == And((Compare("a", Operator.IS_EMPTY, value=True),))


@pytest.mark.parametrize(
    ("condition", "logic"),
    [
        (FilterCondition.AND, And),
        (FilterCondition.OR, Or),
        (FilterCondition.NOT, Not),
        ("or", Or),
        ("not", Not),
        (None, And),
    ],
)
def test_a_condition_is_ours(condition: Any, logic: Any) -> None:
    """llama-index 5: NOT was compiled as OR."""
    assert read_filter(MetadataFilters(filters=PARTS, condition=condition)) == logic((A, B))


def test_conditions_nest() -> None:
    inner = MetadataFilters(filters=PARTS, condition=FilterCondition.NOT)
    outer = MetadataFilters(filters=[PARTS[0], inner], condition=FilterCondition.OR)
    assert read_filter(outer) == Or((A, Not((A, B))))


@pytest.mark.parametrize(
    ("condition", "everything"), [(FilterCondition.AND, True), (FilterCondition.OR, False), (FilterCondition.NOT, True)]
)
def test_filters_without_a_part_mean_what_their_condition_means(condition: FilterCondition, everything: bool) -> None:
    """`AND []` matches all, `OR []` matches none, NOT is true when none of its children is."""
    assert matches(read_filter(MetadataFilters(filters=[], condition=condition)), {}, {}) is everything


def test_filters_without_a_part_are_known_to_be_empty_so_that_a_delete_can_refuse_them() -> None:
    assert matches_everything(read_filter(MetadataFilters(filters=[])))
    assert read_filter(None) is None


def test_other_spellings_are_taken() -> None:
    expression = Num("n") > 1
    assert read_filter(expression) == Raw(expression)
    assert read_filter(A) is A


@pytest.mark.parametrize("given", [{"a": 1}, "a", [A], 3])
def test_what_is_no_filter_is_refused(given: Any) -> None:
    with pytest.raises(FilterError, match="a filter was expected"):
        read_filter(given)


def test_filters_that_are_too_deep_are_refused_before_python_gives_up() -> None:
    given = MetadataFilters(filters=[PARTS[0]])
    for _ in range(2 * MAX_DEPTH):
        # As the constructor makes it, which copies at each level.
        given = MetadataFilters.model_construct(filters=[given], condition=FilterCondition.AND)
    with pytest.raises(FilterError, match="deeper"):
        read_filter(given)
