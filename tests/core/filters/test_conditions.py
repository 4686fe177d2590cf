"""Every condition comes to clauses that mean the same, in the form that RediSearch answers exactly."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redisvl_adapters.core.filters.conditions import (
    EVERYTHING,
    MAX_CLAUSES,
    NOTHING,
    Condition,
    Positive,
    all_of,
    any_of,
    literal,
    query_text,
)
from redisvl_adapters.errors import FilterError

ATOMS = "abcd"
Truth: TypeAlias = dict[str, bool]
Formula: TypeAlias = tuple[Condition, Callable[[Truth], bool]]


def atom(part: str, negated: bool) -> Formula:
    return literal(part, negated=negated), lambda truth: truth[part] is not negated


def joined(parts: list[Formula], conjunction: bool) -> Formula:
    conditions, tests = [part for part, _ in parts], [test for _, test in parts]
    if conjunction:
        return all_of(conditions), lambda truth: all(test(truth) for test in tests)
    return any_of(conditions), lambda truth: any(test(truth) for test in tests)


formulas = st.recursive(
    st.builds(atom, st.sampled_from(ATOMS), st.booleans()),
    lambda parts: st.builds(joined, st.lists(parts, max_size=3), st.booleans()),
    max_leaves=12,
)


def holds(part: Positive, truth: Truth) -> bool:
    """Evaluate query text of atoms, blanks, pipes and parentheses."""
    if isinstance(part, bool):
        return part
    python = re.sub(r"(?<=[a-d)]) (?=[a-d(])", " and ", part).replace("|", "or")
    return bool(eval(python, dict(truth)))  # noqa: S307  # made of atoms and operators


@given(formulas)
def test_the_clauses_mean_what_was_joined(formula: Formula) -> None:
    condition, test = formula
    for values in itertools.product([False, True], repeat=len(ATOMS)):
        truth = dict(zip(ATOMS, values, strict=True))
        met = all(holds(clause.positive, truth) or not holds(clause.negative, truth) for clause in condition)
        assert met == test(truth)


@given(formulas)
def test_no_negation_is_inside_another_one_nor_beside_anything_in_a_union_of_intersections(formula: Formula) -> None:
    condition, _ = formula
    for clause in condition:
        assert "-" not in f"{clause.positive} {clause.negative}"
        assert re.fullmatch(r"\(-[^-]+\)|\(\(-[^-]+\) \| [^-]+\)|[^-]+", str(clause))


def test_what_follows_from_another_clause_is_left_out() -> None:
    a, b, no_c = literal("a", negated=False), literal("b", negated=False), literal("c", negated=True)
    drafts = any_of([all_of([a, no_c]), all_of([b, no_c])])
    assert query_text(all_of([drafts, no_c])) == "((a | b) (-c))"
    assert query_text(all_of([a, a])) == "a"


def test_everything_and_nothing_have_their_texts() -> None:
    assert (query_text(EVERYTHING), query_text(NOTHING)) == ("*", None)
    assert any_of([]) == all_of([NOTHING, literal("a", negated=False)]) == NOTHING
    assert all_of([]) == any_of([EVERYTHING, literal("a", negated=True)]) == EVERYTHING


def test_a_condition_that_comes_to_too_many_clauses_is_refused() -> None:
    parts = [all_of([literal(f"a{n}", negated=False), literal(f"b{n}", negated=True)]) for n in range(12)]
    assert len(any_of(parts[:8])) < MAX_CLAUSES
    with pytest.raises(FilterError, match="more than 1000 clauses"):
        any_of(parts)
