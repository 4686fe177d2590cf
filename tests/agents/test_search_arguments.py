"""The arguments of a search tool: which there are, their schema, and what a call comes to."""

from __future__ import annotations

import math
from typing import Any

import pytest

from redisvl_adapters.agents.argument_values import MAX_ITEMS, MAX_TEXT
from redisvl_adapters.agents.search_arguments import MAX_ENUMERATED
from redisvl_adapters.core import And, Compare, Filter, Operator
from redisvl_adapters.errors import ArgumentError, FilterError
from tests.agents.agents_support import FIELDS, arguments, surveyed

EVERY = [each.field.key for each in FIELDS if each.field.type != "geo"]


def test_fields_with_few_values_or_an_order_have_arguments() -> None:
    assert [*arguments().json_schema["properties"]] == [
        "query",
        "author_name",
        "min_on",
        "max_on",
        "open",
        "sizes",
        "tags",
        "min_year",
        "max_year",
        "k",
    ]


def test_the_schema_says_what_each_argument_takes() -> None:
    schema = arguments(fields=EVERY).json_schema
    told = {name: {**each, "description": each["description"].partition(":")[0]} for name, each in _of(schema).items()}
    assert told == {
        "query": {"type": "string", "description": "what to look for, in words"},
        "author_name": {"type": "string", "enum": ["Ann", "Bob"], "description": "author.name"},
        "isbn": {"type": "string", "description": "isbn"},
        "min_on": {"type": "string", "description": "on"},
        "max_on": {"type": "string", "description": "on"},
        "open": {"type": "boolean", "description": "whether anybody may read it"},
        "sizes": {"type": "array", "items": {"type": "number"}, "description": "sizes"},
        "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "description": "tags"},
        "title": {"type": "string", "description": "title"},
        "min_year": {"type": "number", "description": "year of publication"},
        "max_year": {"type": "number", "description": "year of publication"},
        "k": {"type": "integer", "description": "how many results, from 1 to 20; 4 if left out"},
    }
    assert schema["required"] == ["query"]
    assert schema["additionalProperties"] is False


def _of(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = schema["properties"]
    return properties


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        ({"author_name": "Ann"}, Compare("author.name", Operator.EQ, "Ann")),
        ({"isbn": "any text"}, Compare("isbn", Operator.EQ, "any text")),
        ({"open": False}, Compare("open", Operator.EQ, value=False)),
        ({"sizes": [1, 2]}, Compare("sizes", Operator.ANY, [1, 2])),
        ({"tags": ["a"]}, Compare("tags", Operator.ANY, ["a"])),
        ({"tags": "a"}, Compare("tags", Operator.ANY, ["a"])),
        ({"title": "some words"}, Compare("title", Operator.TEXT_MATCH, "some words")),
        ({"min_year": 1999}, Compare("year", Operator.GTE, 1999)),
        ({"max_year": 1999.5}, Compare("year", Operator.LTE, 1999.5)),
        ({"min_on": "2024-01-31"}, Compare("on", Operator.GTE, "2024-01-31")),
        ({"max_on": "2024-01-31"}, Compare("on", Operator.LT, "2024-02-01")),
        ({"max_on": "2024-01-31T12:00:00Z"}, Compare("on", Operator.LTE, "2024-01-31T12:00:00Z")),
        ({"min_year": 2000, "max_year": None, "open": None}, Compare("year", Operator.GTE, 2000)),
        ({"min_on": "2024-01-31T12:00", "max_on": "2024-01-31"}, None),
        ({"min_year": 1, "max_year": 1}, None),
    ],
)
def test_each_argument_is_a_condition(given: dict[str, Any], condition: Filter | None) -> None:
    request = arguments(fields=EVERY).read({"query": "q", **given})
    assert (request.query, request.k) == ("q", 4)
    if condition is None:
        assert isinstance(request.filter, And)
    else:
        assert request.filter == condition


def test_without_arguments_there_is_no_condition() -> None:
    assert arguments().read({"query": "q", "k": 20.0}) == ("q", 20, None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"query": None}, "query is missing"),
        ({"query": " \n"}, "query is empty"),
        ({"query": 3}, "query is a text; not 3"),
        ({"query": "\ud800"}, "lone surrogate"),
        ({"query": "a" * (MAX_TEXT + 1)}, f"at most {MAX_TEXT}"),
        ({"k": 0}, "k is an integer from 1 to 20; not 0"),
        ({"k": 21}, "k is an integer from 1 to 20"),
        ({"k": True}, "k is an integer"),
        ({"k": "3"}, "k is an integer"),
        ({"k": math.nan}, "k is an integer"),
        ({"yeer": 3}, "no argument 'yeer'"),
        ({"open_": True}, "did you mean 'open'"),
        ({"author_name": "Anne"}, "no value 'Anne' .did you mean 'Ann'..; its values are 'Ann', 'Bob'"),
        ({"author_name": ["Ann"]}, "no value ..Ann..; its values"),
        ({"tags": []}, "tags is an empty list"),
        ({"tags": ["a", "c"]}, "tags has no value 'c'"),
        ({"tags": ["a"] * (MAX_ITEMS + 1)}, f"at most {MAX_ITEMS}"),
        ({"tags": {"$ne": "a"}}, "tags has no value"),
        ({"sizes": ["1"]}, "sizes is a finite number"),
        ({"isbn": ""}, "isbn is empty; write what to look for, or leave it out"),
        ({"isbn": {"$ne": "x"}}, "isbn is a text"),
        ({"min_year": math.nan}, "min_year is a finite number"),
        ({"min_year": -math.inf}, "min_year is a finite number"),
        ({"min_year": 2**64}, "min_year is a finite number"),
        ({"min_year": "2020"}, "min_year is a finite number, without quotes; not '2020'"),
        ({"min_year": True}, "min_year is a finite number"),
        ({"min_year": 2020, "max_year": 2010}, "min_year 2020 is beyond max_year 2010"),
        ({"min_on": "2024-02-01", "max_on": "2024-01-31"}, "min_on '2024-02-01' is beyond"),
        ({"min_on": "soon"}, "min_on is a date such as"),
        ({"min_on": 3}, "min_on is a date"),
        ({"open": "true"}, "open is true or false, without quotes"),
        ({"open": 1}, "open is true or false"),
        ({"filter": {"year": 3}}, "no argument 'filter'"),
    ],
)
def test_what_is_wrong_is_refused_with_the_way_to_do_better(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told) as refused:
        arguments(fields=EVERY).read({"query": "q", **given})
    assert "\n" not in str(refused.value)


def test_a_filter_is_an_object_over_the_same_fields() -> None:
    taking = arguments(fields=["year", "tags"], takes_filter=True)
    assert taking.json_schema["properties"]["filter"]["type"] == "object"
    asked = taking.read({"query": "q", "filter": {"year": {"$gt": 3}}, "tags": ["a"]}).filter
    assert asked == And((Compare("tags", Operator.ANY, ["a"]), Compare("year", Operator.GT, 3)))
    unreadable: list[tuple[Any, str]] = [({}, "at least one"), ("year > 3", "is an object"), ([], "is an object")]
    for wrong, told in unreadable:
        with pytest.raises(ArgumentError, match=told):
            taking.read({"query": "q", "filter": wrong})
    nested = {"$or": [{"year": 3}, {"$not": {"open": True}}]}
    for wrong, told in (
        (nested, "no key 'open'"),
        ({"year": {"$more": 3}}, "unknown operator"),
        ({"yeer": 3}, "'year'"),
    ):
        with pytest.raises(FilterError, match=told):
            taking.read({"query": "q", "filter": wrong})


def test_fields_are_named_by_their_keys() -> None:
    for wrong, told in (
        (["yeer"], "no field 'yeer' .did you mean 'year'..; it has author.name"),
        (["where"], "of type geo"),
        ("year", "is a list"),
        ([3], "is a list"),
    ):
        with pytest.raises(ArgumentError, match=told):
            arguments(fields=wrong)
    assert [*arguments(fields=[]).json_schema["properties"]] == ["query", "k"]
    assert [*arguments(fields=["isbn", "isbn"]).json_schema["properties"]] == ["query", "isbn", "k"]


def test_fields_of_the_developer_are_hidden_unless_named() -> None:
    assert "min_year" not in arguments(hidden={"year"}).json_schema["properties"]
    assert "min_year" in arguments(hidden={"year"}, fields=["year"]).json_schema["properties"]


def test_values_that_are_not_told_are_texts() -> None:
    told = arguments(tells_values=False).json_schema["properties"]
    assert told["author_name"]["type"] == "string"
    assert "enum" not in str(told)
    assert "2.5" not in str(told)


def test_the_largest_enumerations_give_way() -> None:
    many = [surveyed(f"f{n:02}", "tag", [f"v{m}" for m in range(10 + n)]) for n in range(40)]
    schema = arguments(*many).json_schema["properties"]
    enumerated = [len(each["enum"]) for each in schema.values() if "enum" in each]
    assert len(schema) == 42
    assert enumerated == sorted(enumerated)
    assert MAX_ENUMERATED - 50 < sum(enumerated) <= MAX_ENUMERATED


def test_of_values_of_several_types_the_texts_are_told() -> None:
    mixed = arguments(surveyed("code", "tag", [1, True, "x"]))
    assert mixed.json_schema["properties"]["code"]["enum"] == ["x"]
