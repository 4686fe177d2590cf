"""``as_tool`` of the LlamaIndex store: what a model can ask for, where the context of a run comes from, and agents."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.schema import NodeWithScore
from llama_index.core.tools import FunctionTool
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

from integration_tests.agents.agents_support import DECLARED, documents
from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import WordEmbedding, embed, open_store, text_node
from redisvl_adapters.agents import tool_context
from redisvl_adapters.core import Compare, Operator
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError
from redisvl_adapters.llama_index import RedisVectorStore
from redisvl_adapters.llama_index.tool import RedisSearchTool

MODEL = WordEmbedding()
MINE = MetadataFilters(filters=[MetadataFilter(key="tenant", value="mine")])


@pytest.fixture
def store(redis_url: str, index_name: str, storage: str) -> Iterator[RedisVectorStore]:
    with open_store(redis_url, index_name, storage, metadata_schema=DECLARED) as made:
        made.add([text_node(text, text, vector=embed(text), **metadata) for text, metadata in documents().items()])
        yield made


async def made(call: Call, store: RedisVectorStore, *args: Any, **options: Any) -> RedisSearchTool:
    """Return a tool of a store."""
    tool = await call(store, "as_tool", *args, **{"embed_model": MODEL, **options})
    assert isinstance(tool, RedisSearchTool)
    return tool


async def found(call: Call, tool: RedisSearchTool, **arguments: Any) -> list[str]:
    """Return the ids of what a model finds."""
    output = await call(tool, "call", **{"query": "text", "k": 20, **arguments})
    assert not output.is_error, output.content
    assert all(isinstance(node, NodeWithScore) and node.text in output.content for node in output.raw_output)
    return sorted(node.node_id for node in output.raw_output)


async def test_a_model_finds_what_its_arguments_say(store: RedisVectorStore, call: Call) -> None:
    tool = await made(call, store, "find", filters=MINE)
    for arguments, numbers in (
        ({"topic": "sets", "min_year": 2000, "max_year": 2008}, [12, 15, 18]),
        ({"tags": ["c"], "open": True}, [10]),
        ({"author_name": "Bob", "max_on": "2024-01-03"}, [1]),
        ({"min_year": 3000}, []),
    ):
        assert await found(call, tool, **arguments) == sorted(f"text {number} of mine" for number in numbers), arguments


async def test_the_tool_is_what_llama_index_expects(store: RedisVectorStore, call: Call) -> None:
    tool = await made(call, store, "find", "Finds texts.", fields=["topic", "year"])
    assert isinstance(tool, FunctionTool)
    told = tool.metadata.to_openai_tool()["function"]
    assert (told["name"], told["description"]) == ("find", "Finds texts.")
    assert [*told["parameters"]["properties"]] == ["query", "topic", "min_year", "max_year", "k"]
    assert told["parameters"]["properties"]["topic"]["enum"] == ["lists", "loops", "sets"]
    assert "text" in tool("text").content
    with pytest.raises(ArgumentError, match="by name"):
        tool("text", 3)


@pytest.mark.parametrize("search_type", ["vector", "text", "hybrid", "mmr"])
async def test_each_search_type_keeps_to_the_filters(store: RedisVectorStore, call: Call, search_type: Any) -> None:
    options = {"mmr": {"mmr_threshold": 0.9}, "hybrid": {"alpha": 0.2}, "text": {"match": "all"}, "vector": {}}
    tool = await made(call, store, filters=MINE, search_type=search_type, search_kwargs=options[search_type])
    assert await found(call, tool, topic="lists", max_year=1994) == ["text 1 of mine", "text 4 of mine"]


async def test_what_a_model_gets_wrong_is_its_answer(store: RedisVectorStore, call: Call) -> None:
    tool = await made(call, store, fields=["topic", "title"])
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"topic": "set"}, "did you mean 'sets'"),
        ({"k": 1000}, "from 1 to 20"),
        ({"title": "..."}, "no word"),
        *(({name: {"tenant": "theirs"}}, f"no argument {name!r}") for name in ("ctx", "self", "context", "filters")),
    ]
    for arguments, told in wrong:
        output = (
            await call(tool, "call", **{"query": "text", **arguments})
            if "self" not in arguments
            else tool(query="text", **arguments)
        )
        assert output.is_error
        assert output.raw_output == []
        assert told in output.content
        assert "\n" not in output.content


async def test_what_the_developer_gets_wrong_is_an_error(store: RedisVectorStore, call: Call) -> None:
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"embed_model": None}, ArgumentError, "embed_model is a LlamaIndex embedding"),
        ({"embed_model": "x", "search_type": "text"}, ArgumentError, "not str"),
        ({"search_kwargs": {"fetch": 1}}, UnknownArgumentError, "no argument 'fetch'"),
        ({"search_kwargs": {"ef_runtime": 0}}, ArgumentError, "ef_runtime"),
        ({"search_kwargs": 3}, ArgumentError, "search_kwargs is a mapping"),
        ({"context": {}}, ArgumentError, "context is for context_filter"),
        ({"filter": {}}, UnknownArgumentError, "did you mean 'filters'"),
    ]
    for arguments, error, told in wrong:
        with pytest.raises(error, match=told):
            await made(call, store, **arguments)
    assert await found(call, await made(call, store, embed_model=None, search_type="text"), min_year=2019)


async def test_the_tenant_comes_from_the_context(store: RedisVectorStore, call: Call) -> None:
    context = {"context_filter": {"tenant": "tenant_id"}, "fields": ["year"]}
    tool = await made(call, store, **context)
    with tool_context(tenant_id="mine"):
        assert await found(call, tool, max_year=1990) == ["text 0 of mine"]
        with tool_context(tenant_id="theirs"):
            assert await found(call, tool, max_year=1990) == ["text 0 of theirs"]
    for told in ({"tenant_id": "theirs"}, lambda: {"tenant_id": "theirs"}):
        tool = await made(call, store, **context, context=told)
        with tool_context(tenant_id="mine"):
            assert await found(call, tool, max_year=1990) == ["text 0 of theirs"]


@pytest.mark.parametrize("context", [{}, {"tenant_id": None}, {"tenant_id": ["mine"]}, {"tenant_id": 3}, "mine", [1]])
async def test_without_it_the_tool_refuses(store: RedisVectorStore, call: Call, context: Any) -> None:
    tool = await made(call, store, context_filter={"tenant": "tenant_id"}, context=lambda: context)
    with pytest.raises(ArgumentError, match="nothing was searched"):
        await call(tool, "call", query="text")
    tool = await made(call, store, context_filter={"tenant": "tenant_id"})
    with pytest.raises(ArgumentError, match="nothing was searched"):
        await call(tool, "call", query="text", tenant_id="mine")


async def test_the_arguments_follow_the_index(store: RedisVectorStore, call: Call) -> None:
    tool = await made(call, store, filters=Compare("tenant", Operator.EQ, "mine"))
    store.add([text_node("new", "new", vector=embed("new"), tenant="mine", topic="maps", pages=7)])
    assert "pages" not in tool.metadata.fn_schema_str
    await call(tool, "refresh")
    assert "max_pages" in tool.metadata.fn_schema_str
    assert "maps" in tool.metadata.fn_schema_str
    assert await found(call, tool, topic="maps", min_pages=7) == ["new"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of LlamaIndex's own
async def test_an_agent_recovers_from_what_its_model_got_wrong(store: RedisVectorStore) -> None:
    mock = pytest.importorskip("llama_index.core.llms.mock")
    if "response_generator" not in inspect.signature(getattr(mock, "MockFunctionCallingLLM", object)).parameters:
        pytest.skip("this LlamaIndex has no scripted function calling model")
    from llama_index.core.agent.workflow import FunctionAgent  # noqa: PLC0415  # not in all versions
    from llama_index.core.base.llms.types import ToolCallBlock  # noqa: PLC0415  # as above

    calls: Iterator[dict[str, Any]] = iter(
        [{"query": "text", "topic": "set"}, {"query": "text", "topic": "sets", "max_year": 1993}]
    )
    seen: list[str] = []

    def answer(messages: Any, **_: Any) -> ChatMessage:
        seen.extend(str(message.content) for message in messages if message.role == "tool")
        arguments = next(calls, None)
        if arguments is None:
            return ChatMessage("done")
        block = ToolCallBlock(tool_call_id="1", tool_name="find", tool_kwargs=arguments)
        return ChatMessage(role="assistant", blocks=[block])

    tool = await store.aas_tool("find", embed_model=MODEL, context_filter={"tenant": "id"}, fields=["topic", "year"])
    assert "topic" in tool.metadata.fn_schema_str
    locked = await store.aas_tool("find", embed_model=MODEL, filters=MINE)
    model = mock.MockFunctionCallingLLM(response_generator=answer)
    response = await FunctionAgent(tools=[locked], llm=model, streaming=False).run("hello")
    assert str(response) == "done"
    assert "did you mean 'sets'" in seen[0]
    assert "text 3 of mine" in seen[-1]
    seen.clear()
    calls = iter([{"query": "text", "max_year": 1990}])
    with tool_context(id="theirs"):
        await FunctionAgent(tools=[tool], llm=model, streaming=False).run("hello")
    assert "text 0 of theirs" in seen[-1]
    assert "mine" not in seen[-1]
