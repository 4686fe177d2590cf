"""Every operator of the dict spelling, on every type of field, learnt and declared; and getting documents by filter."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from redisvl.query.filter import GeoRadius, Num

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, exact, find, ids_of, store_on
from redisvl_adapters import ArgumentError, FilterError, UnknownFieldWarning
from redisvl_adapters.core import Compare, FieldType, Operator
from redisvl_adapters.core.filters.operators import operators_of
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

LEARNT = {"kind": "tag", "year": "numeric", "sizes": "numbers", "draft": "bool", "when": "timestamp"}
TYPES = {**LEARNT, "body": "text", "place": "geo"}
METADATAS: dict[str, dict[str, Any]] = {
    "a": {
        "kind": ["Guide", "how-to"],
        "year": 2020,
        "sizes": [1, 2.5],
        "draft": True,
        "when": dt.date(2024, 1, 1),
        "body": "Running Redis, quickly!",
        "place": "13.4,52.5",
    },
    "b": {
        "kind": "guide",
        "year": 2024,
        "sizes": [10],
        "draft": False,
        "when": dt.datetime(2024, 6, 1, 12),  # naive means UTC
        "body": "a quick run",
        "place": [2.35, 48.85],
    },
    "c": {"kind": "100% sure_thing", "year": -1.5, "sizes": [2], "when": dt.datetime(2024, 6, 2, tzinfo=dt.UTC)},
    "d": {"kind": "", "sizes": [], "body": "", "year": None},
    "e": {},
}
EVERY = "abcde"
BERLIN = {"lon": 13.4, "lat": 52.5, "radius": 10, "unit": "km"}
LEARNABLE: list[tuple[str, str, Any, str]] = [
    ("kind", "$like", "guide", "b"),
    ("kind", "$like", "%uide", "ab"),
    ("kind", "$like", "G_i%", "a"),
    ("kind", "$like", "how_to", "a"),
    ("kind", "$like", "", "d"),
    ("kind", "$like", "%", "abcd"),
    ("kind", "$like", "*", ""),
    ("kind", "$like", ".*", ""),
    ("kind", "$ilike", "GUIDE", "ab"),
    ("kind", "$ilike", "%SURE_T%", "c"),
    ("kind", "$contains", "Guide", "a"),
    ("kind", "$contains", "guid", ""),
    ("kind", "$any", ["Guide", "guide"], "ab"),
    ("kind", "$any", [], ""),
    ("kind", "$all", ["Guide", "how-to"], "a"),
    ("kind", "$all", ["Guide", "guide"], ""),
    ("kind", "$all", [], EVERY),
    ("kind", "$text_match", "uid", "ab"),
    ("kind", "$text_match", "G", "a"),
    ("kind", "$text_match", "% s", "c"),
    ("kind", "$text_match_insensitive", "GUI", "ab"),
    ("kind", "$is_empty", True, "de"),
    ("kind", "$is_empty", False, "abc"),
    ("kind", "$exists", True, "abcd"),
    ("year", "$between", [2020, 2024], "ab"),
    ("year", "$between", (-1.5, 2020), "ac"),
    ("year", "$between", [2024, 2020], ""),
    ("year", "$contains", 2020.0, "a"),
    ("year", "$any", [2020, 2024], "ab"),
    ("year", "$all", [2020], "a"),
    ("year", "$all", [2020, 2024], ""),
    ("year", "$is_empty", True, "de"),
    ("sizes", "$eq", 2, "c"),
    ("sizes", "$ne", 2, "abde"),
    ("sizes", "$in", [2, 10.0], "bc"),
    ("sizes", "$nin", [2, 10.0], "ade"),
    ("sizes", "$contains", 2.5, "a"),
    ("sizes", "$any", [1, 10], "ab"),
    ("sizes", "$all", [1, 2.5], "a"),
    ("sizes", "$all", [], EVERY),
    ("sizes", "$gt", 2, "ab"),
    ("sizes", "$gte", 2.5, "ab"),
    ("sizes", "$lt", 2, "a"),
    ("sizes", "$lte", 2, "ac"),
    ("sizes", "$between", [2, 2.5], "ac"),
    ("sizes", "$is_empty", True, "de"),
    ("draft", "$in", [True, "false"], "ab"),
    ("draft", "$nin", [0], "acde"),
    ("draft", "$is_empty", True, "cde"),
    ("when", "$between", ["2024-01-01", dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)], "ab"),
    ("when", "$between", [dt.date(2024, 6, 1), "2024-06-02T02:00:00+02:00"], "bc"),
    ("when", "$gt", dt.date(2024, 6, 1), "bc"),
    ("when", "$is_empty", False, "abc"),
]
DECLARED: list[tuple[str, str, Any, str]] = [
    ("body", "$eq", "running redis", "a"),
    ("body", "$eq", "redis running", ""),
    ("body", "$in", ["quick run", "redis"], "ab"),
    ("body", "$nin", ["redis"], "bcde"),
    ("body", "$is_empty", True, "cde"),
    ("place", "$geo", BERLIN, "a"),
    ("place", "$geo", {"lon": 13.4, "lat": 52.5, "radius": 1_000_000, "unit": "m"}, "ab"),
    ("place", "$geo", {"lon": 13.4, "lat": 52.5, "radius": 800}, "a"),
    ("place", "$geo", {"lon": 13.4, "lat": 52.5, "radius": 800, "unit": "mi"}, "ab"),
    ("place", "$geo", GeoRadius(2.35, 48.85, 5, "km"), "b"),
    ("place", "$is_empty", True, "cde"),
    ("place", "$exists", False, "cde"),
]
WORDS: list[tuple[str, str, Any, str]] = [
    ("body", "$text_match", "run", "ab"),
    ("body", "$text_match", "QUICK run", "ab"),
    ("body", "$text_match", "-redis*", "a"),
    ("body", "$text_match_insensitive", "RUNNING", "ab"),
]


async def filled(call: Call, clients: Clients, index_name: str, storage: str, **options: Any) -> RedisVectorStore:
    store = store_on(clients, index_name, storage=storage, **options)
    await call(store, "add_texts", [*METADATAS], [*METADATAS.values()], ids=[*METADATAS])
    return store


async def check(call: Call, store: RedisVectorStore, key: str, operator: str, value: Any, ids: str) -> None:
    """Check that search, get and count agree on what an operator and its negation match."""
    rest = "".join(name for name in EVERY if name not in ids)
    for filter, expected in (
        ({key: {operator: value}}, ids),
        ({key: {"$not": {operator: value}}}, rest),
        ({"$or": [{key: {operator: value}}, {"year": 2024}]}, ids if "b" in ids else "".join(sorted(f"{ids}b"))),
        (Compare(key, Operator(operator[1:]), value), ids),
    ):
        found = await find(call, store, filter), {*ids_of(await call(store, "get", filter))}
        assert (*found, await call(store, "count", filter)) == ({*expected}, {*expected}, len(expected)), filter


async def test_each_operator_means_one_thing_on_learnt_fields(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema={"body": "text", "place": "geo"})
    for row in LEARNABLE:
        await check(call, store, *row)


async def test_each_operator_means_one_thing_on_declared_fields(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema=TYPES, learn=False)
    for row in [*LEARNABLE, *DECLARED]:
        await check(call, store, *row)


async def test_a_text_is_asked_for_its_words_in_every_form(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema=TYPES)
    for row in WORDS:
        await check(call, store, *row)


async def test_a_field_has_the_operators_of_its_type_and_no_other(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema=TYPES)
    rows = [*LEARNABLE, *DECLARED, *WORDS]
    for key, type_name in TYPES.items():
        has = operators_of(FieldType(type_name))
        names = [operator.name for operator in has]
        values = {operator: value for _, operator, value, _ in rows}
        for operator in Operator:
            filter = {key: {f"${operator}": values.get(f"${operator}", "x")}}
            if operator not in has:
                with pytest.raises(
                    FilterError, match=f"'{key}'.*it has no {operator.name}\\. It supports: {', '.join(names)} "
                ):
                    pytest.fail(f"{filter}: {await call(store, 'count', filter)}")


WRONG: list[tuple[str, str, Any, str]] = [
    ("year", "$between", [1], "two bounds"),
    ("year", "$between", 1, "list of values"),
    ("year", "$between", [1, "two"], "its values are numbers"),
    ("year", "$between", [1, None], "its values are numbers"),
    ("when", "$between", ["2024-01-01", "soon"], "Invalid isoformat|point in time"),
    ("kind", "$like", 1, "text"),
    ("kind", "$like", None, "text"),
    ("kind", "$ilike", ["a"], "text"),
    ("kind", "$contains", ["a"], "text"),
    ("kind", "$contains", None, "text"),
    ("kind", "$any", "a", "list of values"),
    ("kind", "$any", {"a": 1}, "list of values"),
    ("kind", "$all", [1], "text"),
    ("kind", "$all", [["a"]], "text"),
    ("kind", "$text_match", 1, "text"),
    ("kind", "$is_empty", "yes", "true or false"),
    ("year", "$contains", True, "its values are numbers"),
    ("sizes", "$any", [1, "two"], "its values are numbers"),
    ("sizes", "$eq", [1, 2.5], "its values are numbers"),
    ("body", "$text_match", "?!", "no word"),
    ("body", "$eq", "", "no word"),
    ("place", "$geo", "13,52", "mapping of lon"),
    ("place", "$geo", {"lon": 13, "lat": 52}, "mapping of lon"),
    ("place", "$geo", {**BERLIN, "radius": 0}, "positive"),
    ("place", "$geo", {**BERLIN, "radius": -1}, "positive"),
    ("place", "$geo", {**BERLIN, "radius": "10"}, "int or a float"),
    ("place", "$geo", {**BERLIN, "radius": float("inf")}, "finite"),
    ("place", "$geo", {**BERLIN, "unit": "parsec"}, "unit"),
    ("place", "$geo", {**BERLIN, "lat": 90}, "latitude"),
    ("place", "$geo", {**BERLIN, "lon": 181}, "longitude"),
    ("place", "$geo", {**BERLIN, "name": "x"}, "mapping of lon"),
    ("place", "$geo", None, "mapping of lon"),
]


async def test_an_operand_of_the_wrong_kind_is_refused(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema=TYPES)
    for key, operator, value, reason in WRONG:
        for filter in ({key: {operator: value}}, {"$or": [{"year": 2024}, {"$not": {key: {operator: value}}}]}):
            for name in ("get", "count"):
                with pytest.raises(FilterError, match=f"(?s)'{key}'.*({reason})"):
                    pytest.fail(f"{filter}: {await call(store, name, filter)}")
            with pytest.raises(FilterError, match=f"'{key}'"):
                await call(store, "delete", filter=filter)
    assert await call(store, "count") == len(METADATAS)


# Getting documents


async def test_documents_are_got_by_any_filter_as_they_were_added(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema=TYPES)
    (got,) = await call(store, "get", {"kind": {"$like": "how%"}})
    (by_id,) = await call(store, "get_by_ids", ["a"])
    assert (got.id, got.page_content, exact(got.metadata)) == ("a", "a", exact(by_id.metadata))
    assert {*ids_of(await call(store, "get"))} == {*EVERY}
    assert {*ids_of(await call(store, "get", {}))} == {*EVERY}
    assert ids_of(await call(store, "get", Num("year") == 2024)) == ["b"]
    assert await call(store, "get", {"kind": {"$in": []}}) == []


async def test_as_many_documents_are_got_as_the_limit_says(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema=TYPES)
    for limit, expected in ((None, 5), (0, 0), (1, 1), (4, 4), (5, 5), (1_000_000, 5)):
        assert len(await call(store, "get", limit=limit)) == expected
        assert len(await call(store, "get", {"kind": {"$exists": True}}, limit=limit)) == min(expected, 4)
    for wrong in (-1, 1.5, "1", True, 1_000_001):
        with pytest.raises(ArgumentError, match="limit"):
            await call(store, "get", limit=wrong)
    with pytest.warns(UnknownFieldWarning, match="did you mean 'kind'"):
        assert await call(store, "get", {"kindd": 1}, limit=0) == []
    with pytest.raises(FilterError, match="did you mean 'kind'"):
        await call(store, "get", {"kindd": {"$ne": 1}}, limit=0)
    with pytest.raises(ArgumentError, match="'limt'"):
        await call(store, "get", limt=1)


async def test_nothing_is_got_from_an_index_that_does_not_exist(clients: Clients, index_name: str, call: Call) -> None:
    store = store_on(clients, index_name)
    with pytest.warns(UnknownFieldWarning, match="'year' is not in index"):
        assert await call(store, "get", {"year": 1}) == []
    assert await call(store, "attribute_info") == []


async def test_more_than_ten_thousand_documents_are_got_and_deleted_completely(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    number = 12_000
    store = store_on(clients, index_name, Model(dims=2), storage=storage)
    ids = [str(place) for place in range(number)]
    await call(store, "add_texts", ids, [{"n": place, "parity": str(place % 2)} for place in range(number)], ids=ids)
    got = await call(store, "get", {"n": {"$gte": 0}})
    assert len(got) == number
    assert {*ids_of(got)} == {*ids}
    assert len(await call(store, "get", limit=10_001)) == 10_001
    await call(store, "delete", filter={"$or": [{"n": {"$lt": 11_000}}, {"parity": "1"}]})
    assert {*ids_of(await call(store, "get"))} == {*map(str, range(11_000, number, 2))}


# What there is to filter by


async def test_the_filterable_fields_are_described(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = await filled(call, clients, index_name, storage, metadata_schema={"body": "text", "place": "geo"})
    told = {field["name"]: field for field in await call(store, "attribute_info")}
    assert {name: field["type"] for name, field in told.items()} == {
        "body": "string",
        "kind": "string",
        "year": "float",
        "sizes": "list[float]",
        "draft": "boolean",
        "when": "datetime",
    }
    assert all("; operators: eq, ne, " in field["description"] for field in told.values())
    other = await call(RedisVectorStore, "from_existing_index", index_name, Model(), **clients)
    assert await call(other, "attribute_info") == [*told.values()]
    await call(other, "add_texts", ["f"], [{"new.key": 1}])
    assert "new.key" in {field["name"] for field in await call(store, "attribute_info")}


async def test_declared_fields_are_described_before_there_is_an_index(
    clients: Clients, index_name: str, call: Call
) -> None:
    store = store_on(clients, index_name, metadata_schema={"year": "numeric", "secret": "unindexed"})
    assert [field["name"] for field in await call(store, "attribute_info")] == ["year"]
