"""The examples of docs/agents.md, run as a user runs them."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from llama_index.core.llms import mock

from integration_tests.examples.test_examples import ROOT, run

needs_langchain = pytest.mark.skipif(not importlib.util.find_spec("langchain"), reason="create_agent is in langchain")
needs_scripted_model = pytest.mark.skipif(
    "response_generator" not in inspect.signature(getattr(mock, "MockFunctionCallingLLM", object)).parameters,
    reason="this LlamaIndex has no scripted function calling model",
)
NAMES = [
    "langchain_agent",
    "llama_index_agent",
    "llama_index_query_engine",
    "long_conversation",
    "mcp_client",
    "rag_with_sources",
    "two_tenants",
]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short_and_says_what_to_change_for_a_real_model(name: str) -> None:
    text = (ROOT / f"examples/{name}.py").read_text()
    assert len(text.splitlines()) < 100
    assert "change two lines" in " ".join(text.splitlines()[:5])
    assert f"examples/{name}.py" in (ROOT / "docs/agents.md").read_text()
    variable = re.findall(r"``(\w+) = ", text)[0]
    assert re.search(rf"^ +{variable} = ", text, re.MULTILINE)


def test_the_page_shows_what_the_examples_do() -> None:
    page = (ROOT / "docs/agents.md").read_text()
    shown = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    code = "\n".join((ROOT / f"examples/{name}.py").read_text() for name in [*NAMES, "library"])
    lines = {line.strip() for line in code.splitlines()}
    assert [line for line in shown.splitlines() if line.strip() and line.strip() not in lines] == []


@needs_langchain
def test_the_langchain_agent_recovers_from_a_wrong_filter(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/langchain_agent.py", folder=tmp_path)
    assert "topic: ['async', 'types'], what the note is about" in printed
    assert "topic has no value 'asyncio' (did you mean 'async'?); its values are 'async', 'types'." in printed
    assert printed.endswith("ai: Since 2022 a task group awaits all of its tasks.\n")


@needs_scripted_model
def test_the_llama_index_agent_recovers_from_a_wrong_filter(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/llama_index_agent.py", folder=tmp_path)
    assert "topic has no value 'asyncio' (did you mean 'async'?); its values are 'async', 'types'." in printed
    assert printed.endswith("assistant: Since 2022 a task group awaits all of its tasks.\n")


@needs_langchain
def test_each_tenant_sees_its_own(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/two_tenants.py", folder=tmp_path).splitlines()
    refused = "Nothing was searched: there is no argument 'tenant'; the arguments are query, tags, topic, min_year, "
    assert printed[:2] == ["acme, scoped: topic is one of ['types']", "globex, scoped: topic is one of ['async']"]
    del printed[:2]
    assert printed[0] == "the model can write: query, tags, topic, min_year, max_year, k"
    assert printed[1].startswith(f"acme: {refused}")
    assert printed[2] == "acme: A list keeps its items in order."
    assert printed[3].startswith(f"globex: {refused}")
    assert printed[4] == "globex: A task group awaits all of its tasks."
    assert "the context of this run has no 'tenant_id'; nothing was searched" in printed[5]


@pytest.mark.skipif(not importlib.util.find_spec("mcp"), reason="needs the SDK of MCP")
def test_a_client_of_the_mcp_server_searches_adds_and_deletes_within_a_tenant(tmp_path: Path) -> None:
    assert run(ROOT / "examples/mcp_client.py", folder=tmp_path).splitlines() == [
        "search_notes(query, tags, topic, min_year, max_year, k)",
        "add_to_notes(text, metadata, id)",
        "delete_from_notes(ids)",
        "search: Nothing was searched: topic has no value 'types'; its values are 'async'.",
        "search: A task group awaits all of its tasks.",
        "found: Tasks can be cancelled. {'topic': 'async'} True",
        "Deleted 1 of 1; there are no others.",
    ]


def test_the_rag_chain_names_its_sources_and_answers_from_its_cache(tmp_path: Path) -> None:
    assert run(ROOT / "examples/rag_with_sources.py", folder=tmp_path).splitlines() == [
        "model: What keeps items in order? A list and a dict do.",
        "  sources: lists, sets",
        "cache: What keeps items in order? A list and a dict do.",
        "  sources: lists, sets",
        "model: What cancels something slow? A timeout does.",
        "  sources: timeouts, lists",
    ]


def test_the_query_engine_answers_within_its_filters(tmp_path: Path) -> None:
    assert run(ROOT / "examples/llama_index_query_engine.py", folder=tmp_path).splitlines() == [
        "everything: A set holds each item once, in no order.",
        "  sources: sets, lists",
        "async: A task group awaits all of its tasks.",
        "  sources: groups, loop",
        "async, before 2020: An event loop runs tasks in one thread.",
        "  sources: loop",
    ]


@needs_langchain
def test_a_long_conversation_is_recalled(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/long_conversation.py", folder=tmp_path)
    assert "human: We must not store names twice." in printed
    assert "seen as they are: 4 of 8" in printed
    assert "answer: As I said: in a set, each name once." in printed
    assert printed.endswith("kept: 10\n")
