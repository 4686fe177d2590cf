"""The tool within agents of LangChain: where the context of a run comes from, and what a model makes of a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("langchain")

from langchain.agents import create_agent
from langchain_core.runnables import RunnableConfig

from integration_tests.agents.agents_support import DECLARED, calling, documents
from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.langchain.tool import RedisSearchTool

clients = langchain_support.clients  # a fixture


@dataclass
class Context:
    """The runtime context of an agent."""

    tenant_id: Any = None


@pytest.fixture
def store(clients: Clients, index_name: str) -> RedisVectorStore:
    made = store_on(clients, index_name, Model(), metadata_schema=DECLARED)
    texts = documents()
    made.add_texts([*texts], [*texts.values()], ids=[*texts])
    return made


async def asked(call: Call, tool: RedisSearchTool, *calls: dict[str, Any], **run: Any) -> list[Any]:
    """Return the messages of the tool to an agent whose model calls it so."""
    agent: Any = create_agent(calling(tool.name, calls), [tool], context_schema=Context)
    messages = {"messages": [("user", "hello")]}
    result = await call(agent, "invoke", messages, run.get("config"), context=run.get("context"))
    assert result["messages"][-1].content == "done"
    return [message for message in result["messages"] if message.type == "tool"]


async def test_a_model_recovers_from_what_it_got_wrong(store: RedisVectorStore, call: Call) -> None:
    tool = await call(store, "as_tool", "find", filter={"tenant": "mine"})
    wrong, right = await asked(
        call, tool, {"query": "text", "topic": "set"}, {"query": "text", "topic": "sets", "max_year": 1993}
    )
    assert "did you mean 'sets'" in wrong.content
    assert wrong.artifact == []
    assert sorted(document.id for document, _ in right.artifact) == ["text 0 of mine", "text 3 of mine"]


@pytest.mark.parametrize(
    "run",
    [
        {"context": Context("mine")},
        {"context": {"tenant_id": "mine"}},
        {"config": {"configurable": {"tenant_id": "mine"}}},
        {"context": Context("mine"), "config": {"configurable": {"tenant_id": "mine"}}},
    ],
)
async def test_the_tenant_comes_from_the_run(store: RedisVectorStore, call: Call, run: Any) -> None:
    tool = await call(store, "as_tool", "find", context_filter={"tenant": "tenant_id"}, k=20)
    forged = {"query": "text", "config": {"configurable": {"tenant_id": "theirs"}}}
    message, answer = await asked(call, tool, {"query": "text"}, forged, **run)
    assert len(message.artifact) == 20
    assert all(document.metadata["tenant"] == "mine" for document, _ in message.artifact)
    assert "no argument 'config'" in answer.content


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ({}, "has no 'tenant_id'"),
        ({"context": Context()}, "has no 'tenant_id'"),
        ({"context": Context(["mine", "theirs"])}, "not list"),
        ({"context": Context("")}, "not str"),
        ({"context": Context(7)}, "not int"),
        ({"config": {"configurable": {"tenant_id": {"$ne": ""}}}}, "not dict"),
        ({"config": {"configurable": {"tenant": "mine"}}}, "has no 'tenant_id'"),
        ({"context": Context("mine"), "config": {"configurable": {"tenant_id": "theirs"}}}, "says one thing"),
    ],
)
async def test_without_it_the_tool_refuses_and_asks_nothing(
    store: RedisVectorStore, call: Call, run: Any, told: str
) -> None:
    tool = await call(store, "as_tool", "find", context_filter={"tenant": "tenant_id"})
    model = store.embeddings
    assert isinstance(model, Model)
    calls = len(model.calls)
    with pytest.raises(ArgumentError, match=told):
        await asked(call, tool, {"query": "text"}, **run)
    assert len(model.calls) == calls


async def test_a_tool_that_is_called_by_itself_has_the_context_of_its_config(
    store: RedisVectorStore, call: Call
) -> None:
    tool = await call(store, "as_tool", context_filter={"tenant": "tenant_id"}, fields=["year"])
    config = RunnableConfig(configurable={"tenant_id": "theirs"})
    assert "text 0 of theirs" in await call(tool, "invoke", {"query": "text", "max_year": 1990}, config)
    with pytest.raises(ArgumentError, match="nothing was searched"):
        await call(tool, "invoke", {"query": "text"})
