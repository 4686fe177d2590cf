"""Filters of the LangChain store in their dict spelling, and the errors that lead to the culprit inside one."""

from __future__ import annotations

import copy
import datetime as dt
import re
from typing import Any

import pytest
from redisvl.query.filter import FilterExpression, Num, Tag

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, read_in_every_way, store_on
from redisvl_adapters import AdapterError, FilterError, UnknownFieldWarning
from redisvl_adapters.core import Compare, Not, Operator, Or
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

METADATAS: dict[str, dict[str, Any]] = {
    "old": {"year": 1999, "source": "docs", "tags": ["a", "b"], "draft": False, "when": dt.date(2024, 1, 1)},
    "new": {"year": 2024, "source": "blog", "tags": ["b", "c"], "draft": True, "when": dt.datetime(2024, 6, 1, 12)},
    "odd": {"year": 2024.5, "source": "a|b, {c}", "tags": [], "author": {"name": "Ada", "age": 36}},
    "bare": {"year": None, "source": "", "note": None},
}
ALL = {*METADATAS}
FOUND: list[tuple[Any, set[str]]] = [
    (None, ALL),
    ({}, ALL),
    ({"$and": []}, ALL),
    ({"$or": []}, set()),
    ({"$not": []}, ALL),
    ({"$not": {}}, set()),
    ({"year": 2024}, {"new"}),
    ({"year": 2024.0}, {"new"}),
    ({"year": {"$eq": 2024}}, {"new"}),
    ({"year": {"$ne": 2024}}, {"old", "odd", "bare"}),
    ({"year": {"$gt": 2024}}, {"odd"}),
    ({"year": {"$gte": 2024}}, {"new", "odd"}),
    ({"year": {"$lt": 2024}}, {"old"}),
    ({"year": {"$lte": 2024}}, {"old", "new"}),
    ({"year": {"$gt": 1999, "$lt": 2024.5}}, {"new"}),
    ({"year": {"$in": [1999, 2024.5]}}, {"old", "odd"}),
    ({"year": {"$in": []}}, set()),
    ({"year": {"$nin": [1999, 2024.5]}}, {"new", "bare"}),
    ({"year": {"$nin": []}}, ALL),
    ({"year": {"$exists": True}}, ALL),
    ({"author": {"$exists": True}}, {"odd"}),
    ({"author": {"$exists": False}}, ALL - {"odd"}),
    ({"note": {"$exists": True}}, {"bare"}),
    ({"source": "docs"}, {"old"}),
    ({"source": "DOCS"}, set()),
    ({"source": "doc"}, set()),
    ({"source": "*"}, set()),
    ({"source": "docs|blog"}, set()),
    ({"source": "a|b, {c}"}, {"odd"}),
    ({"source": ""}, {"bare"}),
    ({"source": {"$ne": ""}}, ALL - {"bare"}),
    ({"source": {"$in": ["docs", ""]}}, {"old", "bare"}),
    ({"source": {"$in": ("docs", "docs")}}, {"old"}),
    ({"source": {"$nin": {"docs"}}}, ALL - {"old"}),
    ({"tags": "b"}, {"old", "new"}),
    ({"tags": {"$ne": "a"}}, ALL - {"old"}),
    ({"tags": {"$in": ["a", "c"]}}, {"old", "new"}),
    ({"tags": {"$exists": True}}, {"old", "new", "odd"}),
    ({"draft": True}, {"new"}),
    ({"draft": False}, {"old"}),
    ({"draft": "true"}, {"new"}),
    ({"draft": 0}, {"old"}),
    ({"draft": {"$ne": True}}, ALL - {"new"}),
    ({"when": {"$gte": dt.date(2024, 1, 1), "$lt": "2024-06-01"}}, {"old"}),
    ({"when": "2024-06-01T12:00:00Z"}, {"new"}),
    ({"when": {"$gt": dt.datetime(2024, 6, 1, 11, 59, 59, tzinfo=dt.UTC)}}, {"new"}),
    ({"when": {"$in": [dt.date(2024, 1, 1).isoformat(), 0]}}, {"old"}),
    ({"author.name": "Ada"}, {"odd"}),
    ({"author.age": {"$lt": 40}}, {"odd"}),
    ({"year": 2024, "source": "blog"}, {"new"}),
    ({"year": 2024, "source": "docs"}, set()),
    ({"$and": [{"year": {"$gte": 2024}}, {"source": {"$ne": "blog"}}]}, {"odd"}),
    ({"$or": [{"year": 1999}, {"source": ""}]}, {"old", "bare"}),
    ({"$or": [{"year": 1999, "source": "blog"}, {"draft": True, "tags": "c"}]}, {"new"}),
    ({"$not": {"year": 1999}}, ALL - {"old"}),
    ({"$not": [{"year": 1999}, {"source": ""}]}, {"new", "odd"}),
    ({"$not": {"year": 2024, "source": "docs"}}, ALL),
    ({"$not": {"$not": {"year": 1999}}}, {"old"}),
    ({"$not": {"$or": []}}, ALL),
    ({"year": {"$not": {"$gte": 2024}}}, {"old", "bare"}),
    ({"year": {"$gte": 1999, "$not": {"$eq": 2024}}}, {"old", "odd"}),
    ({"$or": [{"$and": [{"tags": "b"}, {"$not": {"tags": "a"}}]}, {"author.name": {"$in": ["Ada"]}}]}, {"new", "odd"}),
    ({"year": 2024, "$or": [{"source": "docs"}, {"tags": "c"}]}, {"new"}),
    (Compare("year", Operator.GT, 2000), {"new", "odd"}),
    (Not((Or((Compare("tags", Operator.EQ, "a"), Compare("draft", Operator.EQ, True))),)), {"odd", "bare"}),
    (Tag("source") == "docs", {"old"}),
    ((Num("year") > 2000) & (Tag("tags") == "b"), {"new"}),
    (FilterExpression("@year:[1999 1999] | @tags:{c}"), {"old", "new"}),
    ({"$and": [Tag("source") != "docs", {"year": {"$gt": 0}}]}, {"new", "odd"}),
    ({"$not": Tag("source") == "docs"}, ALL - {"old"}),
    ({"$or": [Compare("year", Operator.EQ, 1999), Num("year") == 2024.5]}, {"old", "odd"}),
]


@pytest.fixture
async def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    store = store_on(clients, index_name, storage=storage)
    await store.aadd_texts([*METADATAS], [*METADATAS.values()], ids=[*METADATAS])
    return store


async def test_a_filter_finds_what_it_says(store: RedisVectorStore, call: Call) -> None:
    found = [(filter, await find(call, store, filter)) for filter, _ in FOUND]
    assert [(str(filter), ids) for filter, ids in found] == [(str(filter), ids) for filter, ids in FOUND]
    counted = [(filter, await call(store, "count", filter)) for filter, _ in FOUND]
    assert [(str(filter), number) for filter, number in counted] == [(str(filter), len(ids)) for filter, ids in FOUND]


async def test_a_filter_that_is_given_is_not_changed(store: RedisVectorStore, call: Call) -> None:
    plain = [filter for filter, _ in FOUND if isinstance(filter, dict) and "FilterExpression" not in repr(filter)]
    before = copy.deepcopy(plain)
    for filter in plain:
        await find(call, store, filter)
    assert plain == before


async def test_every_search_honours_its_filter(store: RedisVectorStore, call: Call) -> None:
    for filter in ({"year": {"$gte": 2024}, "draft": {"$ne": True}}, Tag("source") == "a|b, {c}"):
        # The query is the text of another record, which would be nearest without the filter.
        found = await read_in_every_way(call, store, "odd", "old", filter)
        assert {document.id for documents in found.values() for document in documents} == {"odd"}


@pytest.mark.parametrize(
    "filter",
    [
        Tag("source") == "",
        Tag("source") == [],
        Tag("source") == None,  # noqa: E711  # as RedisVL users write it
        Tag("source") != "",
        Num("year") == None,  # noqa: E711  # as RedisVL users write it
        (Tag("source") == "docs") & (Tag("tags") == []),
        FilterExpression("*"),
        {"$and": [Tag("source") == ""]},
        {"$not": Tag("source") == None},  # noqa: E711  # as RedisVL users write it
    ],
    ids=repr,
)
async def test_a_redisvl_filter_that_renders_to_everything_is_refused(
    store: RedisVectorStore, call: Call, filter: Any
) -> None:
    """langchain-redis 18: ``Tag == ""``, ``[]``, ``None`` as a filter: everything matches, other tenants included."""
    with pytest.raises(FilterError, match="everything"):
        await find(call, store, filter)
    with pytest.raises(FilterError, match="everything"):
        await call(store, "count", filter)


FIELDS = (
    "author.age (numeric), author.name (tag), draft (bool), source (tag), tags (tag), when (timestamp), year (numeric)"
)


NOT_HONOURED: list[tuple[Any, list[str]]] = [
    ({"yeer": {"$nin": [2024]}}, ["'yeer'", "did you mean 'year'", FIELDS]),
    ({"$or": [{"year": 2024}, {"yeer": {"$ne": 1}}]}, ["'yeer'", FIELDS]),
    ({"$not": {"author.nam": "x"}}, ["'author.nam'", "did you mean 'author.name'"]),
    ({"author": "Ada"}, ["'author'"]),
    ({"source": {"$gt": 1}}, ["'source'", "'tag'", "GT", "EQ, NE, GT, GTE, LT, LTE, BETWEEN, IN, NIN, ANY, ALL"]),
    ({"draft": {"$lt": True}}, ["'draft'", "'bool'", "LT"]),
    ({"year": "early"}, ["'year'", "'numeric'", "'early'", "its values are numbers"]),
    ({"year": True}, ["'year'", "True"]),
    ({"year": None}, ["'year'", "None", "use EXISTS"]),
    ({"year": {"$gt": float("nan")}}, ["'year'", "nan"]),
    ({"year": 2**64}, ["'year'", "64 bits"]),
    ({"year": {"$in": [1, "two"]}}, ["'year'", "its values are numbers"]),
    ({"year": {"$in": 2024}}, ["'year'", "list of values"]),
    ({"source": {"$in": "docs"}}, ["'source'", "list of values"]),
    ({"source": {"$nin": None}}, ["'source'", "list of values"]),
    ({"source": 7}, ["'source'", "7", "its values are texts"]),
    ({"source": ["docs"]}, ["'source'", "EQ", "use IN"]),
    ({"draft": "yes"}, ["'draft'", "'yes'", "boolean"]),
    ({"draft": 2}, ["'draft'", "boolean"]),
    ({"when": "tomorrow"}, ["'when'", "'tomorrow'"]),
    ({"year": {"$exists": 1}}, ["'year'", "true or false"]),
    ({"year": {"$gte": None}}, ["'year'", "GTE"]),
    (Tag("sauce") == "x", ["'sauce'", "did you mean 'source'"]),
    (Not((Compare("yeer", Operator.EQ, 1),)), ["'yeer'"]),
]


async def test_a_filter_that_cannot_be_honoured_says_why(store: RedisVectorStore, call: Call) -> None:
    for filter, parts in NOT_HONOURED:
        for name, arguments in (
            ("count", ()),
            ("similarity_search", ("a",)),
            ("max_marginal_relevance_search", ("a",)),
        ):
            with pytest.raises(FilterError) as caught:
                await call(store, name, *arguments, filter=filter)
            assert [part for part in parts if part not in str(caught.value)] == [], (filter, str(caught.value))


UNREADABLE: list[tuple[Any, str, str]] = [
    ({"year": {"$gth": 1}}, "filter.year.$gth", "did you mean '$gt"),
    ({"year": {"gt": 1}}, "filter.year.gt", "year.gt"),
    ({"author": {"name": "Ada"}}, "filter.author.name", "write author.name"),
    ({"year": {"$gt": 1, "nested": 2}}, "filter.year.nested", "unknown operator"),
    ({"year": {}}, "filter.year", "empty dict"),
    ({"year": {"$not": {}}}, "filter.year.$not", "empty dict"),
    ({"year": {"$not": 7}}, "filter.year.$not", "dict of operators"),
    ({"year": {"$not": {"$gth": 7}}}, "filter.year.$not.$gth", "unknown operator"),
    ({"year": {"$and": [{"$gt": 1}]}}, "filter.year.$and", "unknown operator"),
    ({"$nor": []}, "filter.$nor", "did you mean '$"),
    ({"$and": {"year": 1}}, "filter.$and", "list of filters"),
    ({"$or": "year"}, "filter.$or", "list of filters"),
    ({"$or": None}, "filter.$or", "list of filters"),
    ({"$not": None}, "filter.$not", "list of filters"),
    (
        {"$and": [{"year": 1}, {"$or": [{"year": {"$gth": 1}}]}]},
        "filter.$and[1].$or[0].year.$gth",
        "unknown operator",
    ),
    ({"$and": [{"year": 1}, None]}, "filter.$and[1]", "NoneType"),
    ({"$or": [["year", 1]]}, "filter.$or[0]", "list"),
    ({"$not": [7]}, "filter.$not[0]", "int"),
    ({7: 1}, "filter", "strings; not 7"),
    ({"year": Tag("source") == "docs"}, "filter.year", "$and"),
    ("year = 1", "filter", "str"),
    (["year"], "filter", "list"),
    (7, "filter", "int"),
]


async def test_a_filter_that_cannot_be_read_is_refused_with_the_path_to_the_culprit(
    store: RedisVectorStore, clients: Clients, index_name: str, call: Call
) -> None:
    missing = store_on(clients, f"{index_name}-missing")
    for filter, path, reason in UNREADABLE:
        for name, arguments in (
            ("count", ()),
            ("similarity_search", ("a",)),
            ("max_marginal_relevance_search", ("a",)),
        ):
            for asked in (store, missing):
                with pytest.raises(FilterError, match=f"{re.escape(path)}:.*{re.escape(reason)}"):
                    await call(asked, name, *arguments, filter=filter)


async def test_filters_are_nested_to_any_reasonable_depth(store: RedisVectorStore, call: Call) -> None:
    deep: dict[str, Any] = {"year": 1999}
    for _ in range(60):
        deep = {"$and": [{"$not": {"$not": deep}} if "year" in deep else deep]}
    assert await find(call, store, deep) == {"old"}
    for _ in range(5000):
        deep = {"$not": deep}
    with pytest.raises(FilterError, match="nested deeper"):
        await find(call, store, deep)


async def test_a_list_of_many_values_is_asked_for_in_one_filter(store: RedisVectorStore, call: Call) -> None:
    many = {"source": {"$in": [*(f"other {number}" for number in range(2000)), "docs"]}}
    assert await find(call, store, many) == {"old"}
    numbers = {"year": {"$nin": [*range(1000, 1999), 2024]}}
    assert await find(call, store, numbers) == {"old", "odd", "bare"}
    either = {"$or": [{"year": number} for number in range(1500, 2025)]}
    assert await find(call, store, either) == {"old", "new"}


async def test_a_field_that_somebody_else_has_taught_the_index_is_known(
    store: RedisVectorStore, clients: Clients, index_name: str, call: Call
) -> None:
    with pytest.warns(UnknownFieldWarning):
        assert await find(call, store, {"page": 7}) == set()
    other = await call(RedisVectorStore, "from_existing_index", index_name, Model(), **clients)
    await call(other, "add_texts", ["paged"], [{"page": 7}], ids=["paged"])
    assert await find(call, store, {"page": 7}) == {"paged"}
    assert await find(call, store, {"page": {"$exists": False}}) == ALL


async def test_without_learning_only_declared_fields_can_be_filtered(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    switches: list[dict[str, Any]] = [{"metadata_schema": {"year": "numeric"}, "learn": False}, {"metadata_schema": []}]
    for number, options in enumerate(switches):
        store = store_on(clients, f"{index_name}-{number}", storage=storage, **options)
        await call(store, "add_texts", ["a", "b"], [{"year": 1, "page": 7}, {"year": 2}], ids=["1", "2"])
        with pytest.raises(FilterError, match="'page'"):
            await find(call, store, {"page": 7})
        assert await find(call, store, {"page": {"$exists": True}}) == {"1"}
        if number == 0:
            assert await find(call, store, {"year": 2}) == {"2"}
        else:
            with pytest.raises(AdapterError, match="'year'"):
                await find(call, store, {"year": 2})
