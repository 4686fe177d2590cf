"""Filters as the search module reads them: each operator on each type, what folds away, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from redisvl_adapters.core.filters.algebra import (
    MATCH_ALL,
    MATCH_NONE,
    MAX_DEPTH,
    And,
    Compare,
    Filter,
    FromSources,
    Not,
    Operator,
    Or,
    as_filter,
    matches_everything,
)
from redisvl_adapters.core.filters.conditions import NOTHING
from redisvl_adapters.core.filters.context import RenderContext, ValuesNeededError
from redisvl_adapters.core.filters.operators import operators_of
from redisvl_adapters.core.filters.render import render as render_for
from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.tag_encoding import encode_tag
from redisvl_adapters.errors import FilterError, UnknownFieldError
from tests.core.filters.render_support import SCHEMA, is_, render, text

ORDER = ("gt", "gte", "lt", "lte", "between")
EQUALITY = ("eq", "ne", "in", "nin")
LISTS = ("any", "all", "contains")
PATTERNS = ("like", "ilike", "text_match", "text_match_insensitive")
ANY_KEY = {"exists", "is_empty"}


EVERYTHING = "*"
KIND = is_("kind", "eq", "a")
FLAG = is_("flag", "eq", True)
N = is_("n", "gt", 1)


@pytest.mark.parametrize(
    ("key", "operator", "value", "expected"),
    [
        ("kind", "eq", "a", "@kind:{a}"),
        ("kind", "ne", "a", "(-@kind:{a})"),
        ("kind", "in", ["a", "b"], "@kind:{a|b}"),
        ("kind", "in", {"a"}, "@kind:{a}"),
        ("kind", "nin", ("a", "b"), "(-@kind:{a|b})"),
        ("kind", "eq", "", f"@kind:{{{encode_tag('')}}}"),
        ("kind", "eq", "\n", f"@kind:{{{encode_tag(chr(10))}}}"),
        ("a.b-c", "eq", "a", r"@a\.b\-c:{a}"),
        ("a b", "eq", "a", "@_k_a_20_b:{a}"),
        ("n", "eq", 3, "@n:[3 3]"),
        ("n", "eq", -0.5, "@n:[-0.5 -0.5]"),
        ("n", "ne", 3, "(-@n:[3 3])"),
        ("n", "gt", 3, "@n:[(3 +inf]"),
        ("n", "gte", 3, "@n:[3 +inf]"),
        ("n", "lt", 3, "@n:[-inf (3]"),
        ("n", "lte", 3, "@n:[-inf 3]"),
        ("n", "in", [1, 2], "(@n:[1 1] | @n:[2 2])"),
        ("n", "nin", [1], "(-@n:[1 1])"),
        ("flag", "eq", True, "@flag:{true}"),
        ("flag", "eq", "FALSE", "@flag:{false}"),
        ("flag", "eq", 1, "@flag:{true}"),
        ("flag", "ne", 0, "(-@flag:{false})"),
        ("flag", "in", [True, "false"], "@flag:{true|false}"),
        ("when", "eq", date(1970, 1, 2), "@when:[86400.0 86400.0]"),
        ("when", "gt", datetime(1970, 1, 2, tzinfo=UTC), "@when:[(86400.0 +inf]"),
        ("when", "lte", "1970-01-02T00:00:00", "@when:[-inf 86400.0]"),
        ("when", "in", [5], "@when:[5 5]"),
    ],
)
def test_each_operator_has_its_text(key: str, operator: str, value: Any, expected: str) -> None:
    assert text(is_(key, operator, value)) == expected


@pytest.mark.parametrize("char", [chr(code) for code in range(0x21, 0x7F) if not chr(code).isalnum()])
def test_punctuation_in_a_value_never_becomes_syntax(char: str) -> None:
    """llama-index 6 and 7: `A|B` matched both tenants, and other characters could not be matched at all."""
    assert text(is_("kind", "eq", f"a{char}b")) == f"@kind:{{a\\{char}b}}"
    assert text(is_("kind", "eq", "a b")) == "@kind:{a\\ b}"


def test_a_key_never_becomes_syntax() -> None:
    with pytest.raises(UnknownFieldError):
        text(is_("kind:{a}|@n", "eq", "x"))


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (And((KIND, N)), "(@kind:{a} @n:[(1 +inf])"),
        (Or((KIND, N)), "(@kind:{a} | @n:[(1 +inf])"),
        (Not((KIND,)), "(-@kind:{a})"),
        (Not((KIND, N)), "(-(@kind:{a} | @n:[(1 +inf]))"),
        (Not((KIND & N,)), "(-(@kind:{a} @n:[(1 +inf]))"),
        (Not((Not((KIND,)),)), "@kind:{a}"),
        (KIND & N | ~KIND, "((-@kind:{a}) | (@kind:{a} @n:[(1 +inf]))"),
        (And((KIND, Not((N,)))), "(@kind:{a} (-@n:[(1 +inf]))"),
        (Or((FLAG, And((KIND, Not((N,)))))), "((@flag:{true} | @kind:{a}) ((-@n:[(1 +inf]) | @flag:{true}))"),
        (FromSources(("a", "b c")), r"@_doc_id:{a|b\ c}"),
    ],
)
def test_logic_is_always_in_parentheses(filter: Filter, expected: str) -> None:
    assert text(filter) == expected


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (None, EVERYTHING),
        (MATCH_ALL, EVERYTHING),
        (MATCH_NONE, None),
        (Not(()), EVERYTHING),
        (Not((MATCH_ALL,)), None),
        (Not((KIND, MATCH_ALL)), None),
        (And((KIND, MATCH_NONE)), None),
        (Or((KIND, MATCH_ALL)), EVERYTHING),
        (is_("kind", "in", []), None),
        (is_("n", "in", []), None),
        (is_("flag", "nin", []), EVERYTHING),
        (FromSources(()), None),
        (And((MATCH_ALL, Or((MATCH_NONE,)))), None),
    ],
)
def test_what_always_or_never_matches_is_folded_away(filter: Filter | None, expected: str | None) -> None:
    """langchain-redis 18, llama-index 2 and 5: `IN []` and the like matched everything."""
    assert render(filter) == expected


def test_what_folds_away_leaves_the_rest_as_it_is() -> None:
    assert text(And((KIND, MATCH_ALL))) == text(Or((KIND, MATCH_NONE))) == text(KIND)
    assert text(Or((And((N, MATCH_ALL)), KIND))) == text(Or((N, KIND)))


def test_a_filter_that_folds_away_is_still_checked() -> None:
    with pytest.raises(UnknownFieldError):
        render(And((MATCH_NONE, is_("new", "eq", 1))))


def test_logic_nests_as_deep_as_promised_and_no_deeper() -> None:
    filter: Filter = KIND
    for _ in range(MAX_DEPTH):
        filter = Not((filter,))
    assert text(filter) == "@kind:{a}"
    with pytest.raises(FilterError, match=f"deeper than {MAX_DEPTH}"):
        render(Not((filter,)))


def test_a_wide_filter_does_not_recurse() -> None:
    many = tuple(is_("kind", "eq", str(number)) for number in range(5000))
    assert text(Or(many)).count("@kind") == 5000


def test_presence_is_a_matter_of_keys() -> None:
    assert text(is_("kind", "exists", True)) == r"@_keys:{\+kind|\-kind}"
    assert text(is_("note", "exists", False)) == r"(-@_keys:{\+note|\-note})"
    assert text(is_("kind", "is_empty", True)) == r"(-@_keys:{\+kind})"
    assert text(is_("kind", "is_empty", False)) == r"@_keys:{\+kind}"
    assert presence_query("a", "~") == r"@_keys:{\~a}"
    assert render(is_("new", "exists", True)) == r"@_keys:{\+new|\-new}"
    with pytest.raises(UnknownFieldError, match="'new'"):
        render_for(is_("new", "exists", False), RenderContext(SCHEMA, strict=True))
    assert render_for(is_("new", "exists", False), RenderContext(SCHEMA, present={"new"}, strict=True))


@pytest.mark.parametrize(
    ("operator", "value"), [("eq", 1), ("in", ["a"]), ("gt", 1), ("like", "%"), ("all", [1]), ("between", [1, 2])]
)
def test_a_key_that_was_never_met_finds_nothing_and_widens_nothing(operator: str, value: Any) -> None:
    comparison = is_("new", operator, value)
    with pytest.raises(UnknownFieldError, match="'new' is not in index 'docs'"):
        render(comparison)
    assert render(comparison, {"new"}) is None
    assert render(Or((comparison, KIND)), {"new"}) == "@kind:{a}"
    with pytest.raises(UnknownFieldError, match="everything would match"):
        render(Not((comparison,)), {"new"})


@pytest.mark.parametrize(("operator", "value"), [("ne", 1), ("nin", ["a"]), ("nin", []), ("all", [])])
def test_a_key_that_was_never_met_is_refused_where_everything_would_match(operator: str, value: Any) -> None:
    with pytest.raises(UnknownFieldError, match="everything would match"):
        render(is_("new", operator, value), {"new"})
    assert render(Not((is_("new", operator, value),)), {"new"}) is None


@pytest.mark.parametrize(
    ("type_name", "operators"),
    [
        ("tag", (*EQUALITY, *ORDER, *LISTS, *PATTERNS)),
        ("bool", EQUALITY),
        ("numeric", (*EQUALITY, *ORDER, *LISTS)),
        ("timestamp", (*EQUALITY, *ORDER)),
        ("text", (*EQUALITY, "text_match", "text_match_insensitive")),
        ("geo", ("geo",)),
    ],
)
def test_each_type_has_its_operators_and_names_them_when_asked_another(
    type_name: str, operators: tuple[str, ...]
) -> None:
    assert {str(operator) for operator in operators_of(FieldType(type_name))} == {*operators, *ANY_KEY}
    key = next(key for key, field in SCHEMA.fields.items() if field.type == type_name)
    for operator in set(Operator) - set(operators) - ANY_KEY:
        with pytest.raises(FilterError) as refusal:
            render(is_(key, operator, "x"))
        names = [Operator(name).name for name in operators]
        for part in (repr(key), repr(type_name), f"no {operator.name}", "EXISTS", "kind (tag)", *names):
            assert part in str(refusal.value)


@pytest.mark.parametrize("operator", ["eq", "ne", "in", "nin"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", 1),
        ("kind", True),
        ("kind", None),
        ("kind", ["a"]),
        ("kind", {"a": 1}),
        ("n", "one"),
        ("n", "1 000"),
        ("n", True),
        ("n", None),
        ("n", math.nan),
        ("n", math.inf),
        ("n", 2**64),
        ("n", -(2**63) - 1),
        ("n", 10**400),
        ("flag", 2),
        ("flag", "yes"),
        ("flag", None),
        ("when", "soon"),
        ("when", True),
        ("when", None),
        ("when", 10**400),
        ("when", math.nan),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_value_of_the_wrong_type_is_refused(operator: str, key: str, value: Any) -> None:
    """langchain-redis 18, llama-index 5: such a comparison matched everything."""
    operand = [value] if operator in ("in", "nin") else value
    with pytest.raises(FilterError, match=rf"{key!r} in index 'docs'.*supports: EQ, "):
        render(is_(key, operator, operand))


@pytest.mark.parametrize("value", ["ab", b"ab", {"a": 1}, 1, None])
def test_in_takes_a_list(value: Any) -> None:
    for operator in ("in", "nin"):
        with pytest.raises(FilterError, match=r"takes? a list"):
            render(is_("kind", operator, value))


@pytest.mark.parametrize("value", [1, "true", None])
def test_exists_takes_true_or_false(value: Any) -> None:
    with pytest.raises(FilterError, match=r"'kind'.*true or false"):
        render(is_("kind", "exists", value))


def test_a_comparison_with_none_tells_of_exists() -> None:
    with pytest.raises(FilterError, match="use EXISTS"):
        render(is_("kind", "eq", None))


def test_what_is_no_filter_is_refused() -> None:
    for wrong in ("kind", {"kind": "a"}, 3):
        with pytest.raises(FilterError, match="a filter was expected"):
            as_filter(wrong)  # type: ignore[arg-type]
    with pytest.raises(FilterError, match="a filter was expected"):
        KIND & "x"  # type: ignore[operator]
    with pytest.raises(FilterError, match="no filter"):
        render("kind")  # type: ignore[arg-type]


@pytest.mark.parametrize(("filter", "expected"), [(None, True), (MATCH_ALL, True), (And((MATCH_ALL, And(()))), True)])
def test_a_filter_without_any_condition_is_known(filter: Filter | None, expected: bool) -> None:
    assert matches_everything(filter) is expected
    assert not matches_everything(KIND)
    assert not matches_everything(MATCH_NONE)


@pytest.mark.parametrize("operator", [*Operator])
def test_an_operator_may_be_given_as_its_text(operator: Operator) -> None:
    value: Any = True if operator in ANY_KEY else ["a"] if operator in ("in", "nin", "any", "all") else "a"
    for key in ("kind", "new"):
        told = []
        for given in (operator, operator.value):
            try:
                told.append(render(Compare(key, given, value), {"new"}))  # type: ignore[arg-type]  # the text of one
            except (FilterError, ValuesNeededError) as error:
                told.append(str(error))
        assert told[0] == told[1]


def test_a_list_of_values_is_no_iterator() -> None:
    """Rendered a second time it would be empty, and `NIN []` is always true."""
    with pytest.raises(FilterError, match="it takes a list of values"):
        render(is_("kind", "nin", iter(["a"])))
    assert text(is_("kind", "in", {"a": 1}.keys())) == "@kind:{a}"


@pytest.mark.parametrize("empty", [[], (), set()], ids=repr)
def test_all_of_an_empty_list_is_true_of_a_key_without_a_value_too(empty: Any) -> None:
    untyped = RenderContext(replace(SCHEMA, untyped_keys=frozenset({"met"})), fresh=True)
    assert render_for(is_("met", "all", empty), untyped) == ()
    assert render_for(Not((is_("met", "all", empty),)), untyped) == NOTHING


def test_slips_in_filters_of_ones_own_are_told() -> None:
    wrong: Any = "EQ"
    with pytest.raises(FilterError, match=r"give Operator\.EQ"):
        render(Compare("n", wrong, 1))
    alone: Any = is_("n", "eq", 1)
    with pytest.raises(FilterError, match="And has a tuple of filters; not Compare"):
        And(alone)
