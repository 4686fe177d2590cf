"""Tools of both frameworks: random arguments find what their meaning says, and hostile ones nothing of others."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integration_tests.agents.agents_support import DECLARED, TENANTS, documents
from integration_tests.core.filters.hostile_strings import HOSTILE
from integration_tests.langchain.langchain_support import Model
from integration_tests.llama_index.llama_index_support import WordEmbedding, embed, open_store, text_node
from redisvl_adapters.agents import tool_context
from redisvl_adapters.core import And, Compare, Filter, Operator
from redisvl_adapters.langchain import RedisVectorStore
from tests.core.filters.evaluator import learnt_types, matches

FIELDS = [*"author.name on open secret sizes tags title topic year".split()]
TEXTS = {"secret": ["only mine 3", "only theirs 3", "x"], "title": ["apple", "red", "apples green", "sea"]}
MOMENTS = [
    "2024-01-05",
    "2024-01-05T12:00:00",
    "2024-01-05T12:00:00Z",
    "2024-01-17T11:59:59",
    "2024-01-20",
    "2025-01-01",
]

Run: TypeAlias = Callable[[Mapping[str, Any]], tuple[str, list[str]]]
"""Calls a tool and returns what a model reads, and the ids of what it found."""


class Tools:
    """A tool of a framework that is locked to a tenant, and one that has the tenant from its run."""

    place = 0
    """Which of the four combinations of framework and storage this is."""

    def __init__(self, schema: dict[str, Any], locked: Run, by_context: Run) -> None:
        self.schema, self.locked, self.by_context = schema, locked, by_context

    def runs(self) -> Iterator[tuple[str, Run]]:
        """Yield a quarter of the hostile strings for the one tool, and another one for the other."""
        for number, text in enumerate(HOSTILE):
            if number % 4 == self.place:
                yield text, self.locked
            elif number % 4 == (self.place + 1) % 4:
                yield text, self.by_context


@pytest.fixture(params=["langchain", "llama_index"])
def tools(request: pytest.FixtureRequest, redis_url: str, index_name: str, storage: Any) -> Iterator[Tools]:
    where = {"index_name": index_name, "redis_url": redis_url, "storage": storage}
    if request.param == "langchain":
        with RedisVectorStore(Model(), **where, metadata_schema=DECLARED) as store:
            texts = documents()
            store.add_texts([*texts], [*texts.values()], ids=[*texts])
            made = _of_langchain(store)
            made.place = 2 * (storage == "json")
            yield made
    else:
        with open_store(redis_url, index_name, storage, metadata_schema=DECLARED) as other:
            other.add([text_node(text, text, vector=embed(text), **each) for text, each in documents().items()])
            made = _of_llama_index(other)
            made.place = 2 * (storage == "json") + 1
            yield made


def _of_langchain(store: RedisVectorStore) -> Tools:
    options: dict[str, Any] = {"fields": FIELDS, "max_k": 30, "k": 30, "filter_argument": True}
    locked = store.as_tool(filter={"tenant": "mine"}, **options)
    by_context = store.as_tool(context_filter={"tenant": "id"}, **options)

    def run(tool: Any, config: Any) -> Run:
        def call(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
            message = tool.invoke({"name": tool.name, "args": dict(arguments), "id": "1", "type": "tool_call"}, config)
            return message.content, [document.id for document, _ in message.artifact]

        return call

    return Tools(cast("Any", locked.args_schema), run(locked, None), run(by_context, {"configurable": {"id": "mine"}}))


def _of_llama_index(store: Any) -> Tools:
    options: dict[str, Any] = {"embed_model": WordEmbedding(), "fields": FIELDS, "max_k": 30, "k": 30}
    options["filter_argument"] = True
    locked = store.as_tool(filters=Compare("tenant", Operator.EQ, "mine"), **options)
    by_context = store.as_tool(context_filter={"tenant": "id"}, **options)

    def run(tool: Any) -> Run:
        def call(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
            with tool_context(id="mine"):
                output = tool(**arguments)
            return output.content, [node.node_id for node in output.raw_output]

        return call

    return Tools(locked.metadata.get_parameters_dict(), run(locked), run(by_context))


def drawn(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return what draws arguments that a schema allows."""

    def values(name: str, each: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        if "enum" in each:
            return st.sampled_from(each["enum"])
        match each["type"]:
            case "array":
                return st.lists(values(name, each["items"]), min_size=1, max_size=3)
            case "boolean":
                return st.booleans()
            case "number" if name == "sizes":
                return st.sampled_from([0, 1, 2, 3, 0.5, 7, 1.0])
            case "number":
                return st.integers(1985, 2025) | st.floats(1985, 2025)
            case "integer":
                return st.integers(1, 30)
            case "object":
                return st.builds(lambda year: {"$not": {"year": {"$lt": year}}}, st.integers(1985, 2025))
        return st.sampled_from(TEXTS.get(name, MOMENTS))

    parts = {name: values(name, each) for name, each in schema["properties"].items() if name != "query"}
    return st.fixed_dictionaries({"query": st.just("text")}, optional=parts)


def meaning(arguments: Mapping[str, Any]) -> list[Filter]:
    """Return what arguments mean, by names and types alone."""
    conditions: list[Filter] = [Compare("tenant", Operator.EQ, "mine")]
    for name, value in arguments.items():
        key = name.removeprefix("min_").removeprefix("max_").replace("_name", ".name")
        if name == "filter":
            conditions.append(Compare("year", Operator.GTE, value["$not"]["year"]["$lt"]))
        elif name == "title":
            conditions.append(Compare(key, Operator.TEXT_MATCH, value))
        elif name == "max_on" and "T" not in value:
            end = datetime.fromisoformat(value) + timedelta(days=1) - timedelta(seconds=1)
            conditions.append(Compare(key, Operator.LTE, end.isoformat()))
        elif name.startswith(("min_", "max_")):
            conditions.append(Compare(key, Operator.GTE if name.startswith("min_") else Operator.LTE, value))
        elif name not in ("query", "k"):
            conditions.append(Compare(key, Operator.ANY if isinstance(value, list) else Operator.EQ, value))
    return conditions


def is_empty_range(arguments: Mapping[str, Any]) -> bool:
    """Tell whether the lower end of a range is beyond the upper one."""
    if "min_year" in arguments and "max_year" in arguments and arguments["min_year"] > arguments["max_year"]:
        return True
    if not {"min_on", "max_on"} <= arguments.keys():
        return False
    low, high = (datetime.fromisoformat(arguments[name]).replace(tzinfo=None) for name in ("min_on", "max_on"))
    return low > high + (timedelta(0) if "T" in arguments["max_on"] else timedelta(days=1, seconds=-1))


def test_random_arguments_find_what_they_mean(tools: Tools) -> None:
    texts = documents()
    keys = {*FIELDS, "tenant"}
    types: dict[str, Any] = {
        **learnt_types([*texts.values()], keys),
        "year": "numeric",
        "on": "timestamp",
        "title": "text",
    }
    answered = itertools.count()

    @settings(
        max_examples=125,  # of each framework and storage: 500 in all
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn(tools.schema))
    def check(arguments: dict[str, Any]) -> None:
        told, found = tools.locked(arguments)
        if is_empty_range(arguments):
            assert "is beyond" in told
            assert found == []
            return
        conditions = And(tuple(meaning(arguments)))
        expected = {text for text, metadata in texts.items() if matches(conditions, metadata, types)}
        k = arguments.get("k", 30)
        assert len(found) == min(k, len(expected)), told
        assert set(found) <= expected
        next(answered)

    check()
    assert next(answered) > 60


def test_hostile_strings_never_see_another_tenant(tools: Tools) -> None:
    assert len(HOSTILE) > 300
    names = [name for name in tools.schema["properties"] if name != "k"]
    for (text, run), name in itertools.product(tools.runs(), [*names, "tenant"]):
        if name == "secret" and text in TENANTS:
            continue
        value = {"topic": {"$in": [text]}, "tags": text} if name == "filter" else text
        arguments = {"query": "text", name: [value] if name in ("tags", "sizes") else value}
        told, found = run(arguments)
        assert "of theirs" not in told, arguments
        assert "only theirs" not in told.replace(text, ""), arguments
        assert all(each.endswith("of mine") for each in found), arguments


def test_a_hostile_string_in_the_place_of_a_name_is_refused(tools: Tools) -> None:
    for text, run in tools.runs():
        if text in tools.schema["properties"]:
            continue
        for arguments in ({"query": "text", text: "theirs"}, {"query": "text", "filter": {text: "theirs"}}):
            told, found = run(arguments)
            assert found == [], arguments
            assert told.startswith("Nothing was searched"), arguments


async def test_many_runs_at_once_see_each_their_own(redis_url: str, index_name: str, storage: Any) -> None:
    async with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url, storage=storage) as store:
        texts = documents()
        await store.aadd_texts([*texts], [*texts.values()], ids=[*texts])
        tool = await store.aas_tool(context_filter={"tenant": "id"}, k=20)
        runs = [tool.ainvoke({"query": "text"}, {"configurable": {"id": TENANTS[n % 2]}}) for n in range(50)]
        for number, told in enumerate(await asyncio.gather(*runs)):
            assert told.count(f"of {TENANTS[number % 2]}") >= 20
            assert f"of {TENANTS[1 - number % 2]}" not in told
