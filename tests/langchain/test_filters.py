"""The Mongo-style dict that LangChain users write, as the filter algebra."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

pytest.importorskip("langchain_core")

from redisvl.query.filter import Num

from redisvl_adapters.core.filters.algebra import MATCH_ALL, MAX_DEPTH, And, Compare, Not, Operator, Or, Raw
from redisvl_adapters.errors import FilterError
from redisvl_adapters.langchain.filters import read_filter

A, B = Compare("a", Operator.EQ, 1), Compare("b", Operator.EQ, 2)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({}, MATCH_ALL),
        ({"a": 1}, A),
        ({"a": 1, "b": 2}, And((A, B))),
        ({"a": None}, Compare("a", Operator.EQ, None)),
        ({"a": []}, Compare("a", Operator.EQ, [])),
        ({"a.b": "x"}, Compare("a.b", Operator.EQ, "x")),
        ({"": 1}, Compare("", Operator.EQ, 1)),
        *(({"a": {f"${name}": [1]}}, Compare("a", name, [1])) for name in Operator),
        ({"a": {"$gte": 1, "$lt": 2}}, And((Compare("a", Operator.GTE, 1), Compare("a", Operator.LT, 2)))),
        ({"a": {"$not": {"$eq": 1}}}, Not((A,))),
        ({"$and": [{"a": 1}, {"b": 2}]}, And((A, B))),
        ({"$or": [{"a": 1}, {"b": 2}]}, Or((A, B))),
        ({"$or": ({"a": 1},)}, Or((A,))),
        ({"$not": {"a": 1}}, Not((A,))),
        ({"$not": [{"a": 1}, {"b": 2}]}, Not((A, B))),
        ({"$and": []}, And(())),
        ({"$or": []}, Or(())),
        ({"$not": []}, Not(())),
        ({"a": 1, "$or": [{"b": 2}]}, And((A, Or((B,))))),
        ({"$and": [{}, {"a": 1, "b": 2}]}, And((MATCH_ALL, And((A, B))))),
        (MappingProxyType({"a": 1}), A),
        (A, A),
        ({"$or": [A, {"b": 2}]}, Or((A, B))),
    ],
)
def test_a_dict_becomes_a_filter(given: Any, expected: object) -> None:
    assert read_filter(given) == expected


def test_a_redisvl_expression_is_taken_alone_or_inside() -> None:
    expression = Num("n") > 1
    assert read_filter(expression) == Raw(expression)
    assert read_filter({"$and": [expression, {"a": 1}]}) == And((Raw(expression), A))
    assert read_filter({"$not": expression}) == Not((Raw(expression),))


def test_the_dict_given_is_not_changed() -> None:
    given = {"a": {"$in": [1, 2]}, "$or": [{"b": 2}]}
    read_filter(given)
    assert given == {"a": {"$in": [1, 2]}, "$or": [{"b": 2}]}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"a": {"$eqq": 1}}, r"filter\.a\.\$eqq: unknown operator '\$eqq' \(did you mean '\$eq'"),
        ({"a": {"$regex": "x"}}, r"unknown operator '\$regex'.*operators are: \$eq"),
        ({"$nor": []}, r"filter\.\$nor: unknown operator"),
        ({"$eq": 1}, r"unknown operator|\$eq"),
        ({"a": {"b": 1}}, r"filter\.a\.b: .*write a\.b"),
        ({"a": {}}, r"filter\.a: an empty dict"),
        ({"a": {"$not": 1}}, r"filter\.a\.\$not"),
        ({"a": {"$not": {}}}, r"filter\.a\.\$not: an empty dict"),
        ({"a": A}, r"filter\.a: .*\$and"),
        ({"$and": {"a": 1}}, r"filter\.\$and: .*list of filters"),
        ({"$or": "a"}, r"filter\.\$or: .*list of filters"),
        ({"$not": 1}, r"filter\.\$not: .*a filter or a list of filters"),
        ({"$and": [{"a": 1}, "b"]}, r"filter\.\$and\[1\]: .*str 'b'"),
        ({"$or": [{"a": {"$and": []}}]}, r"filter\.\$or\[0\]\.a\.\$and: unknown operator"),
        ({1: 2}, r"filter: the keys of a filter are strings"),
        ({"$and": [None]}, r"filter\.\$and\[0\]: .*NoneType"),
        ([{"a": 1}], "filter: .*list"),
        ("a == 1", "filter: .*str"),
        (True, "filter: .*bool"),
    ],
)
def test_what_is_no_filter_is_refused_with_its_path(given: Any, named: str) -> None:
    with pytest.raises(FilterError, match=named):
        read_filter(given)


@pytest.mark.parametrize("wrap", [lambda given: {"$not": given}, lambda given: {"$and": [given]}])
def test_a_filter_that_is_too_deep_is_refused_before_python_gives_up(wrap: Any) -> None:
    given: Any = {"a": 1}
    for _ in range(10 * MAX_DEPTH):
        given = wrap(given)
    with pytest.raises(FilterError, match="deeper"):
        read_filter(given)
    operators: Any = {"$eq": 1}
    for _ in range(10 * MAX_DEPTH):
        operators = {"$not": operators}
    with pytest.raises(FilterError, match="deeper"):
        read_filter({"a": operators})
