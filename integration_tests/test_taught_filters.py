"""What models are told of fields: the parser of each framework reads all of it, and the store answers it exactly."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

pytest.importorskip("langchain_classic")
pytest.importorskip("lark")

from langchain_classic.chains.query_constructor.base import StructuredQueryOutputParser
from langchain_core.structured_query import Comparator
from llama_index.core.indices.vector_store.retrievers.auto_retriever.output_parser import VectorStoreQueryOutputParser
from llama_index.core.vector_stores.types import FilterOperator, MetadataFilters

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index import llama_index_support
from redisvl_adapters import ArgumentError
from redisvl_adapters.core import Compare, Operator
from redisvl_adapters.langchain import RedisStructuredQueryTranslator, RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore
from tests.core.filters.evaluator import learnt_types, matches

clients = langchain_support.clients  # a fixture

DECLARED = {"on": "timestamp", "title": "text", "place": "geo", "no 'name": "numeric"}
RECORDS: dict[str, dict[str, Any]] = {
    "a": {"genre": ["horror", "scifi"], "year": 1979, "seen": True, "on": "1979-05-25", "title": "the hen", "mix": 2},
    "b": {"genre": ["crime"], "year": 1995.5, "seen": False, "on": "1995-12-15", "title": "two hens", "mix": "two"},
    "c": {"genre": "scifi", "sizes": [1, 2.5], "place": "13,52", "mix": True, "flag": True, "made": {"in": "it's US"}},
    "d": {"sizes": [3], "no 'name": 1, "mix": ["three", 3], "flag": "maybe", "on": "1995-12-15T00:00:01Z"},
    "e": {"genre": "", "title": "", "flag": "true", "sizes": []},
}
TYPES = {**learnt_types(RECORDS.values(), ["genre", "year", "seen", "mix", "flag", "sizes", "made.in"]), **DECLARED}
# What each field is compared with.
OPERANDS: dict[str, list[Any]] = {
    "genre": ["scifi", "crime", ""],
    "year": [1979, 1995.5],
    "seen": [True, False],
    "on": ["1979-05-25", "1995-12-15T00:00:01Z"],
    "title": ["hen", "two"],
    "place": [],
    "sizes": [1, 2.5],
    "mix": [2, 3, "two", "three", True, False],
    "flag": [True, False, "true", "maybe"],
    "made.in": ["it's US", "it"],
    "no 'name": [1],
}
# Who has each of the values that are told.
TOLD: dict[str, dict[Any, str]] = {
    "genre": {"": "e", "crime": "b", "horror": "a", "scifi": "a c"},
    "sizes": {1: "c", 2.5: "c", 3: "d"},
    "flag": {True: "c", "maybe": "d", "true": "e"},
    "made.in": {"it's US": "c"},
}
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "a point in time": (str,),
    "a number": (int, float),
    "a list of numbers": (int, float),
    "true or false": (bool,),
    "a point on the globe": (),
}
OPERATORS = {
    **{each.value: Operator(each.value) for each in Comparator if each is not Comparator.CONTAIN},
    "contain": Operator.CONTAINS,
    **{each.value: Operator[each.name] for each in FilterOperator},
}
LISTS = (Operator.IN, Operator.NIN, Operator.ANY, Operator.ALL)


class Way(NamedTuple):
    """A way to ask for a field, as its description says.

    Attributes:
        form: What is said of its values.
        operators: The operators that are named.
    """

    form: str
    operators: list[str]


def ways_of(description: str) -> list[Way]:
    """Read how a field can be asked."""
    listed = re.sub("; its [a-z ]+ cannot be asked for", "", description.partition("; values: ")[0])
    ways = [way.split("; operators: ") for way in listed.split("; or ")]
    return [Way(form, re.sub(r" \([^)]*\)", "", names).split(", ")) for form, names in ways]


def values_of(description: str) -> list[Any]:
    """Read which values a field is said to have."""
    found: list[Any] = json.loads(f"[{description.partition('; values: ')[2]}]")
    return found


def by_type(values: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return values in an order, with their types."""
    return sorted((type(value).__name__, value) for value in values)


class Asked(NamedTuple):
    """A comparison that a model writes, and what it means."""

    key: str
    operator: str
    operand: Any
    meaning: Compare


def comparisons(fields: Mapping[str, str]) -> Iterator[Asked]:
    """Yield comparisons in every way that the descriptions of fields name."""
    for key, description in fields.items():
        for form, names in ways_of(description):
            (kinds,) = [KINDS[start] for start in KINDS if re.split("[:,]", form)[0] == start]
            fitting = [each for each in OPERANDS[key] if type(each) in kinds]
            assert fitting or not kinds, (key, form)
            for name in names:
                for operand in operands(OPERATORS[name], fitting):
                    spelled = operand
                    if "written as text" in form:
                        spelled = json.loads(re.sub("(true|false)", r'"\1"', json.dumps(operand)))
                    meant = True if operand is None else operand
                    yield Asked(key, name, spelled, Compare(key, OPERATORS[name], meant))


def operands(operator: Operator, values: list[Any]) -> list[Any]:
    """Return what an operator is asked with."""
    if operator is Operator.IS_EMPTY:
        return [None]
    if operator in LISTS:
        return [[value] for value in values] + [values]
    return [f"{value[:2]}%" for value in values] if operator is Operator.LIKE else values


def expected(meaning: Compare) -> set[str]:
    """Return who is meant."""
    return {name for name, metadata in RECORDS.items() if matches(meaning, metadata, TYPES)}


@pytest.fixture
async def films(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    """A store with these records."""
    store = store_on(clients, index_name, Model(), storage=storage, metadata_schema=DECLARED)
    await store.aadd_texts([*RECORDS], [*RECORDS.values()], ids=[*RECORDS])
    return store


@pytest.fixture
async def nodes(redis_url: str, index_name: str, films: RedisVectorStore) -> AsyncIterator[LlamaIndexStore]:
    """The same through LlamaIndex."""
    async with LlamaIndexStore(index_name=index_name, redis_url=redis_url) as store:
        yield store


async def langchain_fields(call: Call, store: RedisVectorStore, **options: Any) -> dict[str, str]:
    """Return the descriptions of fields."""
    return {field["name"]: field["description"] for field in await call(store, "attribute_info", **options)}


async def llama_fields(call: Call, store: LlamaIndexStore, **options: Any) -> dict[str, str]:
    """Return the descriptions of fields."""
    info = await call(store, "vector_store_info", **options)
    return {field.name: field.description for field in info.metadata_info}


def langchain_reader(fields: Mapping[str, str]) -> Callable[[str, str, Any], Any]:
    """Return what makes a filter of a comparison that a model writes, as a self-query retriever does."""
    translator = RedisStructuredQueryTranslator()
    parser = StructuredQueryOutputParser.from_components(
        allowed_comparators=translator.allowed_comparators,
        allowed_operators=translator.allowed_operators,
        allowed_attributes=[*fields],
    )

    def read(key: str, name: str, operand: Any) -> Any:
        written = json.dumps({"query": "", "filter": f'{name}("{key}", {json.dumps(operand)})'})
        _, found = translator.visit_structured_query(parser.parse(f"```json\n{written}\n```"))
        return found["filter"]

    return read


def llama_reader(key: str, name: str, operand: Any) -> MetadataFilters:
    """Return the filters of a comparison that a model writes, as an auto-retriever makes them."""
    written = json.dumps({"query": "", "filters": [{"key": key, "operator": name, "value": operand}]})
    spec = VectorStoreQueryOutputParser().parse(f"```json\n{written}\n```").parsed_output
    assert len(spec.filters) == 1
    return MetadataFilters(filters=spec.filters)


async def test_langchain_reads_all_that_it_teaches_and_the_store_answers_it(
    films: RedisVectorStore, call: Call
) -> None:
    fields = await langchain_fields(call, films)
    # A geo field has none of the comparators, and the grammar cannot read a name with a quote at its end.
    assert {*fields} == {*OPERANDS} - {"place"}
    read = langchain_reader(fields)
    asked = list(comparisons(fields))
    assert {each.operator for each in asked} == {each.value for each in Comparator}
    for key, name, operand, meaning in asked:
        found = await call(films, "get", read(key, name, operand))
        assert {*ids_of(found)} == expected(meaning), (key, name, operand)


async def test_llama_index_reads_all_that_it_teaches_and_the_store_answers_it(
    nodes: LlamaIndexStore, call: Call
) -> None:
    fields = await llama_fields(call, nodes)
    assert {*fields} == {*OPERANDS}
    asked = list(comparisons(fields))
    assert {each.operator for each in asked} == {each.value for each in FilterOperator}
    for key, name, operand, meaning in asked:
        found = await llama_index_support.ids_of(call, nodes, filters=llama_reader(key, name, operand))
        assert found == expected(meaning), (key, name, operand)


async def test_the_values_that_are_told_are_all_there_are_and_can_be_asked_for(
    films: RedisVectorStore, nodes: LlamaIndexStore, call: Call
) -> None:
    fields = await langchain_fields(call, films)
    read = langchain_reader(fields)
    for key, description in fields.items():
        values = values_of(description)
        assert by_type(values) == by_type(TOLD.get(key, {}))
        for value in values:
            assert (
                sorted(map(str, ids_of(await call(films, "get", read(key, "eq", value))))) == TOLD[key][value].split()
            )
    for key, description in (await llama_fields(call, nodes)).items():
        # Booleans of a field that has texts too cannot be written.
        values = values_of(description)
        assert by_type(values) == by_type(value for value in TOLD.get(key, {}) if value is not True)
        for value in values:
            found = await llama_index_support.ids_of(call, nodes, filters=llama_reader(key, "==", value))
            assert found == {*TOLD[key][value].split()}
    assert [each for each in TOLD if "values" not in fields[each]] == []


async def test_kinds_that_a_framework_cannot_write_are_said(
    films: RedisVectorStore, nodes: LlamaIndexStore, call: Call
) -> None:
    fields, told = await langchain_fields(call, films), await llama_fields(call, nodes)
    assert "cannot be asked for" not in " ".join(fields.values())
    assert [key for key in told if "its true and false cannot be asked for" in told[key]] == ["flag", "mix"]
    info = await call(nodes, "vector_store_info")
    assert {field.name: field.type for field in info.metadata_info if field.name in ("mix", "flag", "seen")} == {
        "mix": "float or string",
        "flag": "string",
        "seen": "string",
    }
    types = {field["name"]: field["type"] for field in await call(films, "attribute_info")}
    assert (types["mix"], types["flag"], types["seen"]) == (
        "float or boolean or string",
        "boolean or string",
        "boolean",
    )


async def test_no_more_values_are_told_than_is_wanted(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, Model(), storage=storage)
    metadatas = [
        {"few": f"v{n % 20}", "many": f"v{n % 21}", "n": [n % 3], "long": "x" * 50, "longer": "y" * 51, "odd": "a\nb"}
        for n in range(42)
    ]
    await call(store, "add_texts", ["text"] * 42, metadatas)
    fields = await langchain_fields(call, store)
    numbers = {key: len(values_of(description)) for key, description in fields.items()}
    assert numbers == {"few": 20, "many": 0, "n": 3, "long": 1, "longer": 0, "odd": 0}
    fields = await langchain_fields(call, store, max_values=3)
    assert [key for key in fields if values_of(fields[key])] == ["long", "n"]
    assert not any(map(values_of, (await langchain_fields(call, store, max_values=0)).values()))
    with pytest.raises(ArgumentError, match="max_values is an integer from 0"):
        await call(store, "attribute_info", max_values=-1)


async def test_values_of_several_types_are_told_only_if_all_of_them_are_known(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, Model(), storage=storage)
    await call(store, "add_texts", ["a", "b", "c"], [{"kind": "x"}, {"kind": [1, 2.5]}, {"kind": "y"}])
    assert values_of((await langchain_fields(call, store))["kind"]) == [1, 2.5, "x", "y"]
    assert values_of((await langchain_fields(call, store, max_values=3))["kind"]) == []
    # Too long for a tag: it is known by a digest, which does not tell whose value it is.
    await call(store, "add_texts", ["d"], [{"other": 1}])
    await call(store, "add_texts", ["e"], [{"other": "long" * 2000}])
    assert values_of((await langchain_fields(call, store))["kind"]) == []


async def test_values_that_only_deleted_records_had_are_not_told(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, Model(), storage=storage)
    await call(
        store, "add_texts", ["a", "b"], [{"kind": "kept", "mix": 1}, {"kind": "gone", "mix": "x"}], ids=["a", "b"]
    )
    await call(store, "add_texts", ["c"], [{"kind": ["kept", 7]}], ids=["c"])
    await call(store, "delete", ["b"])
    assert values_of((await langchain_fields(call, store))["kind"]) == [7, "kept"]
    await call(store, "delete", ["a", "c"])
    assert not any(map(values_of, (await langchain_fields(call, store)).values()))


async def test_values_that_the_grammar_cannot_read_are_told_where_they_can_be_written(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    odd = ['a"b', "back\\slash", "'quoted'", "2024-01-31 and more", "2024-01-31", "{brace}", "100%"]
    store = store_on(clients, index_name, Model(), storage=storage)
    await call(store, "add_texts", odd, [{f"key{n}": value} for n, value in enumerate(odd)], ids=odd)
    fields = await langchain_fields(call, store)
    assert [value for description in fields.values() for value in values_of(description)] == ["{brace}", "100%"]
    other = LlamaIndexStore(index_name=index_name, **clients)
    told = await llama_fields(call, other)
    assert [value for description in told.values() for value in values_of(description)] == odd
    for place, value in enumerate(odd):
        found = await llama_index_support.ids_of(call, other, filters=llama_reader(f"key{place}", "==", value))
        assert found == {value}
