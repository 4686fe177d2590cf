"""Tools that the frameworks make of retrievers and query engines, over these stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.tools import create_retriever_tool
from llama_index.core import VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.tools import QueryEngineTool, RetrieverTool
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

from integration_tests.agents.agents_support import DECLARED, documents
from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.llama_index.llama_index_support import WordEmbedding, embed, on, open_store, text_node

clients = langchain_support.clients  # a fixture

MINE = MetadataFilters(filters=[MetadataFilter(key="tenant", value="mine")])


@pytest.fixture
def index(redis_url: str, index_name: str, storage: str) -> Iterator[VectorStoreIndex]:
    with open_store(redis_url, index_name, storage, metadata_schema=DECLARED) as store:
        store.add([text_node(text, text, vector=embed(text), **metadata) for text, metadata in documents().items()])
        yield VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())


async def test_a_retriever_tool_of_langchain(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = store_on(clients, index_name, Model(), storage=storage, metadata_schema=DECLARED)
    texts = documents()
    await call(store, "add_texts", [*texts], [*texts.values()], ids=[*texts])
    retriever = store.as_retriever(search_kwargs={"k": 20, "filter": {"tenant": "mine"}})
    tool = create_retriever_tool(retriever, "find", "Finds texts.", response_format="content_and_artifact")
    message = await call(tool, "invoke", {"name": "find", "args": {"query": "text"}, "id": "1", "type": "tool_call"})
    assert len(message.artifact) == 20
    assert "of theirs" not in message.content


async def test_a_retriever_tool_of_llama_index(index: VectorStoreIndex, call: Call) -> None:
    tool: Any = RetrieverTool.from_defaults(index.as_retriever(similarity_top_k=20, filters=MINE), name="find")
    output = await on(call, tool, "call", "text")
    assert len(output.raw_output) == 20
    assert "of theirs" not in output.content


async def test_a_query_engine_tool_of_llama_index(index: VectorStoreIndex, call: Call) -> None:
    engine = index.as_query_engine(MockLLM(), similarity_top_k=3, filters=MINE)
    output = await on(call, QueryEngineTool.from_defaults(engine, name="ask"), "call", "text")
    assert "of mine" in output.content
    assert "of theirs" not in output.content


async def test_fields_tell_models_their_descriptions(index: VectorStoreIndex, call: Call) -> None:
    info = await call(index.vector_store, "vector_store_info")
    (year,) = [field for field in info.metadata_info if field.name == "year"]
    assert year.description.startswith("year of publication; a number; operators: ")
