"""Tools of a scoped store: they see its scope alone, and show the values of its tenant alone."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.agents.agents_support import DECLARED, documents
from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.llama_index.llama_index_support import WordEmbedding, embed, open_store, text_node
from redisvl_adapters.errors import FilterError

clients = langchain_support.clients  # a fixture


async def test_a_tool_of_langchain_stays_within_the_scope(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    whole = store_on(clients, index_name, Model(), storage=storage, metadata_schema=DECLARED)
    texts = documents()
    whole.add_texts([*texts], [*texts.values()], ids=[*texts])
    whole.add_texts(["x"], [{"tenant": "theirs", "topic": "plans"}])
    tool = await call(whole.scoped(tenant="mine"), "as_tool", "find", fields=["topic", "year"], filter_argument=True)
    assert tool.args["topic"]["enum"] == ["lists", "loops", "sets"]
    for arguments in ({}, {"topic": "sets"}, {"filter": {"$or": [{"year": {"$exists": True}}, {"topic": "sets"}]}}):
        request = {"name": "find", "id": "1", "type": "tool_call", "args": {"query": "text", "k": 20, **arguments}}
        message = await call(tool, "invoke", request)
        assert message.artifact
        assert all(document.metadata["tenant"] == "mine" for document, _ in message.artifact)
    everything = await call(whole.scoped(tenant="mine"), "as_tool")
    assert "theirs" not in str(everything.args)
    assert "plans" not in str(everything.args)
    await call(tool, "refresh")
    assert "plans" not in str(tool.args)
    other = await call(whole.scoped(tenant="theirs"), "as_tool")
    assert "plans" in str(other.args)


async def test_a_tool_of_llama_index_stays_within_the_scope(
    redis_url: str, index_name: str, storage: Any, call: Call
) -> None:
    async with open_store(redis_url, index_name, storage, metadata_schema=DECLARED) as whole:
        whole.add([text_node(text, text, vector=embed(text), **metadata) for text, metadata in documents().items()])
        whole.add([text_node("x", "x", vector=embed("x"), tenant="theirs", topic="plans")])
        tool = await call(whole.scoped(tenant="mine"), "as_tool", embed_model=WordEmbedding())
        assert "plans" not in tool.metadata.fn_schema_str
        assert "theirs" not in tool.metadata.fn_schema_str
        for arguments in ({}, {"topic": "sets"}, {"min_year": 0}):
            output = await call(tool, "call", query="text", k=20, **arguments)
            assert output.raw_output
            assert all(node.metadata["tenant"] == "mine" for node in output.raw_output)
        with pytest.raises(FilterError):
            await call(whole.scoped(tenant="mine"), "as_tool", embed_model=WordEmbedding(), filters="tenant")
