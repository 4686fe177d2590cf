"""Right and wrong calls of ``as_tool`` in both frameworks, for mypy and pyright: nothing of this runs."""

from __future__ import annotations

from typing import assert_type

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.tools import ToolOutput

from redisvl_adapters import langchain, llama_index
from redisvl_adapters.agents import tool_context
from redisvl_adapters.langchain.tool import RedisSearchTool


async def right_tools(
    store: langchain.RedisVectorStore, other: llama_index.RedisVectorStore, model: BaseEmbedding
) -> None:
    """Make tools and use them."""
    tool = store.as_tool("search", "Searches.", fields=["topic"], filter={"year": 2024}, k=2, max_k=5)
    tool.refresh()
    store.as_tool(context_filter={"tenant": "tenant_id"}, search_type="hybrid", search_kwargs={"alpha": 0.3})
    made = await store.aas_tool(filter_argument=True)
    assert_type(made, RedisSearchTool)
    function = other.as_tool("search", "Searches.", embed_model=model, search_type="mmr")
    with tool_context(tenant_id="acme"):
        assert_type(await function.acall(query="a"), ToolOutput)


async def wrong_tools(store: langchain.RedisVectorStore, other: llama_index.RedisVectorStore) -> None:
    """Each line has an error."""
    store.as_tool(field=["topic"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.as_tool(search_type="similarity")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.as_tool(context_filter=["tenant"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.as_tool(k="4")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await store.aas_tool(embed_model=None)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    other.as_tool(embed_model="model")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    other.as_tool(filter={"year": 2024})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
