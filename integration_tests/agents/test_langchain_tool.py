"""``as_tool`` of the LangChain store: what a model can ask for, and what it never sees."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from integration_tests.agents.agents_support import DECLARED, documents
from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from redisvl_adapters.errors import ArgumentError, FilterError, UnknownArgumentError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

CALL = {"name": "find", "id": "1", "type": "tool_call"}


@pytest.fixture
async def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    made = store_on(clients, index_name, Model(), storage=storage, metadata_schema=DECLARED)
    texts = documents()
    made.add_texts([*texts], [*texts.values()], ids=[*texts])
    return made


async def found(call: Call, tool: StructuredTool, **arguments: Any) -> list[str]:
    """Return the ids of what a model finds."""
    message = await call(tool, "invoke", {**CALL, "args": {"query": "text", "k": 20, **arguments}})
    documents = [document for document, _ in message.artifact]
    assert all(isinstance(document, Document) and document.page_content in message.content for document in documents)
    return sorted(str(document.id) for document in documents)


async def refused(call: Call, tool: StructuredTool, **arguments: Any) -> str:
    """Return what a model is told that has found nothing for an error of its own."""
    message = await call(tool, "invoke", {**CALL, "args": {"query": "text", **arguments}})
    assert message.artifact == []
    assert message.content.startswith("Nothing was searched: ")
    assert "\n" not in message.content
    return str(message.content)


async def test_a_model_finds_what_its_arguments_say(store: RedisVectorStore, call: Call) -> None:
    tool = await call(store, "as_tool", "find", filter={"tenant": "mine"})
    for arguments, numbers in (
        ({"topic": "sets", "min_year": 2000, "max_year": 2008}, [12, 15, 18]),
        ({"tags": ["c"], "open": True}, [10]),
        ({"author_name": "Bob", "max_on": "2024-01-03"}, [1]),
        ({"min_on": "2024-01-30T12:00:00Z"}, [29]),
        ({"sizes": [3], "topic": "sets"}, [3, 15, 27]),
        ({"topic": None, "min_year": 2019}, [29]),
        ({"min_year": 3000}, []),
    ):
        assert await found(call, tool, **arguments) == sorted(f"text {number} of mine" for number in numbers), arguments


async def test_the_tool_is_what_langchain_expects(store: RedisVectorStore, call: Call) -> None:
    tool = await call(store, "as_tool", "find", "Finds texts.", fields=["topic", "year"])
    assert isinstance(tool, StructuredTool)
    assert (tool.name, tool.description) == ("find", "Finds texts.")
    told = convert_to_openai_tool(tool)["function"]
    assert (told["name"], told["description"]) == ("find", "Finds texts.")
    assert [*told["parameters"]["properties"]] == ["query", "topic", "min_year", "max_year", "k"]
    assert told["parameters"]["properties"]["topic"]["enum"] == ["lists", "loops", "sets"]
    assert told["parameters"]["properties"]["min_year"]["description"].startswith("year of publication")
    content = await call(tool, "invoke", {"query": "text", "k": 1, "topic": "sets"})
    assert content.startswith("[1] text")
    assert '"topic":"sets"' in content
    assert await call(tool, "invoke", "text")


@pytest.mark.parametrize("search_type", ["vector", "text", "hybrid", "mmr"])
async def test_each_search_type_keeps_to_the_filters(store: RedisVectorStore, call: Call, search_type: Any) -> None:
    options = {"mmr": {"lambda_mult": 0.9}, "hybrid": {"alpha": 0.2}, "text": {"match": "all"}, "vector": {}}
    tool = await call(
        store, "as_tool", filter={"tenant": "mine"}, search_type=search_type, search_kwargs=options[search_type]
    )
    assert await found(call, tool, topic="lists", max_year=1994) == ["text 1 of mine", "text 4 of mine"]


async def test_what_a_model_gets_wrong_is_its_answer(store: RedisVectorStore, call: Call) -> None:
    tool = await call(store, "as_tool", fields=["topic", "year", "title"])
    assert "did you mean 'sets'" in await refused(call, tool, topic="set")
    assert "min_year 3 is beyond max_year 2" in await refused(call, tool, min_year=3, max_year=2)
    assert "k is an integer from 1 to 20" in await refused(call, tool, k=1000)
    assert "query is empty" in await refused(call, tool, query="")
    assert "no word" in await refused(call, tool, title="...")
    for name in ("config", "run_manager", "callbacks", "kwargs", "self", "given", "tenant", "filter", ""):
        assert f"no argument {name!r}" in await refused(call, tool, **{name: {"tenant": "theirs"}})


async def test_what_the_developer_gets_wrong_is_an_error(store: RedisVectorStore, call: Call) -> None:
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({}, ArgumentError, "name is 1 to 64"),
        ({"description": " "}, ArgumentError, "description is a text"),
        ({"search_type": "similarity"}, ArgumentError, "did you mean 'vector'"),
        ({"k": 0}, ArgumentError, "k is from 1"),
        ({"k": 30}, ArgumentError, "which is 20"),
        ({"max_k": "x"}, ArgumentError, "max_k is an integer"),
        ({"fields": ["yeer"]}, ArgumentError, "did you mean 'year'"),
        ({"filter": {"year": {"$like": "x"}}}, FilterError, "has no LIKE"),
        ({"filter_argument": 1}, ArgumentError, "filter_argument is True or False"),
        ({"context_filter": ["tenant"]}, ArgumentError, "context_filter says"),
        ({"context_filter": {"title": "title"}}, ArgumentError, "no exact equality"),
        ({"context_filter": {"tenant": "id"}, "fields": ["tenant"]}, ArgumentError, "a model cannot choose it"),
        ({"search_kwargs": {"lambda_mult": 1}}, UnknownArgumentError, "no argument 'lambda_mult'"),
        ({"search_kwargs": {"k": 3}}, ArgumentError, "give k= to as_tool"),
        ({"search_kwargs": [1]}, ArgumentError, "search_kwargs is a mapping"),
        ({"filters": {}}, UnknownArgumentError, "did you mean 'filter'"),
    ]
    for arguments, error, told in wrong:
        with pytest.raises(error, match=told):
            await call(store, "as_tool", "find" if arguments else "find it", **arguments)


async def test_the_arguments_follow_the_index(store: RedisVectorStore, call: Call) -> None:
    tool = await call(store, "as_tool", filter={"tenant": "mine"})
    before = tool.args_schema
    await call(store, "add_texts", ["new"], [{"tenant": "mine", "topic": "maps", "pages": 7}], ids=["new"])
    assert tool.args_schema == before
    await call(tool, "refresh")
    assert set(tool.args) - set(before["properties"]) == {"min_pages", "max_pages"}
    assert tool.args["topic"]["enum"] == ["lists", "loops", "maps", "sets"]
    assert await found(call, tool, topic="maps", min_pages=7) == ["new"]
    await call(store, "delete", ["new"])
    await call(tool, "refresh")
    assert tool.args["topic"]["enum"] == ["lists", "loops", "sets"]


async def test_values_of_others_are_not_shown(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add_texts", ["x"], [{"tenant": "theirs", "topic": "plans"}])
    assert "plans" in str((await call(store, "as_tool")).args)
    locked = await call(store, "as_tool", filter={"tenant": "mine"})
    assert "plans" not in str(locked.args)
    assert "theirs" not in str(locked.args)
    assert "tenant" not in locked.args
    answer = await call(locked, "invoke", {"query": "text", "k": 20})
    assert "theirs" not in answer
    assert "tenant" not in answer
    by_context = await call(store, "as_tool", context_filter={"tenant": "tenant_id"})
    assert "enum" not in str(by_context.args)
    assert "tenant" not in by_context.args


async def test_a_model_can_be_given_a_filter(store: RedisVectorStore, call: Call) -> None:
    tool = await call(store, "as_tool", filter={"tenant": "mine"}, fields=["year", "topic"], filter_argument=True)
    asked = {"$or": [{"year": {"$lt": 1991}}, {"year": 2019}]}
    assert await found(call, tool, filter=asked) == ["text 0 of mine", "text 29 of mine"]
    assert await found(call, tool, filter=asked, topic="sets") == ["text 0 of mine"]
    for wrong in ({"tenant": "theirs"}, {"$or": [{"tenant": "theirs"}, {"year": 1}]}, {"year": {"$gt": None}}, {}):
        await refused(call, tool, filter=wrong)
    widening = {"$or": [{"year": {"$exists": True}}, {"year": {"$exists": False}}]}
    assert all(name.endswith("of mine") for name in await found(call, tool, filter=widening))


async def test_before_the_first_record_a_tool_finds_nothing(clients: Clients, index_name: str, call: Call) -> None:
    store = store_on(clients, index_name, Model(), metadata_schema={"topic": "tag", "year": "numeric"})
    tool = await call(store, "as_tool", fields=["topic", "year"])
    assert await found(call, tool, topic="sets", min_year=3) == []
    assert "No document was found" in await call(tool, "invoke", {"query": "text"})


async def test_descriptions_live_with_the_index(
    clients: Clients, index_name: str, storage: str, call: Call, server: redis.Redis
) -> None:
    declared = {"year": {"type": "numeric", "description": "year of publication"}, "topic": "tag"}
    store = store_on(clients, index_name, Model(), storage=storage, metadata_schema=declared)
    await call(store, "add_texts", ["t"], [{"year": 3, "topic": "a"}])

    async def told(**options: Any) -> str:
        other = store_on(clients, index_name, Model(), **options)
        (info,) = [field for field in await call(other, "attribute_info") if field["name"] == "year"]
        tool = await call(other, "as_tool")
        start = info["description"].partition(";")[0]
        assert tool.args["min_year"]["description"].startswith(start)
        return str(start)

    assert await told() == "year of publication"
    renewed = {"year": {"type": "numeric", "description": "when it came out"}}
    # Who says something else says it to its own models at once, and to others with its next write.
    assert await told(metadata_schema=renewed) == "when it came out"
    assert await told() == "year of publication"
    await call(store_on(clients, index_name, Model(), metadata_schema=renewed), "add_texts", ["t"], [{"year": 4}])
    assert await told() == "when it came out"
    # The first store has said what it had to say.
    await call(store, "add_texts", ["t"], [{"year": 5}])
    assert await told() == "when it came out"
    await call(store_on(clients, index_name, Model(), metadata_schema={"year": "numeric"}), "create")
    assert await told() == "when it came out"
    names: Any = server.hkeys(f"redisvl-adapters/{index_name}")
    assert [name for name in names if name.startswith(b"about:")] == [b"about:year"]
