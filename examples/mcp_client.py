"""An index as an MCP server, and a client that asks it as a model would: typed, within a tenant. Runs offline.

With a real model, change two lines: ``embedding = "my_models:embedding"``, which the server imports, and the store that
is made with it.

pip install "redisvl-adapters[langchain,embedded,mcp]" wordllama
"""

import asyncio
import os
import sys
from pathlib import Path

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult, TextContent

from library import FIELDS, METADATAS, TEXTS
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisVectorStore
from wordllama_langchain import WordLlamaEmbeddings


def text_of(answer: CallToolResult) -> str:
    """Return what a model reads."""
    return "".join(part.text for part in answer.content if isinstance(part, TextContent))


async def main() -> None:
    """Write notes of two tenants, serve those of one, and search, add and delete as a model."""
    embedding = "wordllama_langchain:WordLlamaEmbeddings"
    with EmbeddedRedis() as server:
        with RedisVectorStore(
            WordLlamaEmbeddings(), index_name="notes", redis_url=server.url, metadata_schema=FIELDS
        ) as store:
            for tenant, topic in (("acme", "async"), ("globex", "types")):
                notes = [(text, data) for text, data in zip(TEXTS, METADATAS, strict=True) if data["topic"] == topic]
                store.scoped(tenant=tenant).add_texts(*zip(*notes, strict=True))

        serve = ["-m", "redisvl_adapters.agents.mcp", "--index", "notes", "--embedding", embedding]
        path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        parameters = StdioServerParameters(
            command=sys.executable,
            args=[*serve, "--scope", "tenant=acme", "--write"],
            env={**os.environ, "REDIS_URL": server.url, "PYTHONPATH": path},
        )
        async with Client(stdio_client(parameters)) as client:
            for tool in (await client.list_tools()).tools:
                print(f"{tool.name}({', '.join(tool.input_schema['properties'])})")
            for asked in ({"query": "tasks", "topic": "types"}, {"query": "tasks", "topic": "async", "k": 1}):
                answer = await client.call_tool("search_notes", asked)
                print(f"search: {text_of(answer).splitlines()[-1]}")
            note = {"text": "Tasks can be cancelled.", "metadata": {"topic": "async"}}
            added = await client.call_tool("add_to_notes", note)
            answer = await client.call_tool("search_notes", {"query": "cancelled", "k": 1})
            (found,) = answer.structured_content["documents"]
            print("found:", found["text"], found["metadata"], added.structured_content == {"id": found["id"]})
            deleted = await client.call_tool("delete_from_notes", {"ids": [found["id"]]})
            print(text_of(deleted))


if __name__ == "__main__":
    asyncio.run(main())
