"""A LlamaIndex agent that chooses its filters itself, and recovers from a wrong one. Runs offline.

With a real model, change two lines: ``model = OpenAI("gpt-5")`` and the import of it from ``llama_index.llms.openai``.

pip install "redisvl-adapters[llama-index,embedded]" wordllama
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent, ToolCallResult
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms import ChatMessage
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.schema import TextNode

from library import FIELDS, NOTES
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.llama_index import RedisVectorStore
from wordllama_llama_index import WordLlamaEmbedding

STEPS = iter(
    [
        {"query": "waiting for tasks", "topic": "asyncio", "min_year": 2020},
        {"query": "waiting for tasks", "topic": "async", "min_year": 2020, "k": 1},
    ]
)


def scripted(_: Sequence[ChatMessage], **__: Any) -> ChatMessage:
    """Return what the model does next."""
    arguments = next(STEPS, None)
    if arguments is None:
        return ChatMessage(role="assistant", content="Since 2022 a task group awaits all of its tasks.")
    call = ToolCallBlock(tool_call_id="1", tool_name="search_notes", tool_kwargs=arguments)
    return ChatMessage(role="assistant", blocks=[call])


async def main() -> None:
    """Let an agent look something up."""
    embed_model = WordLlamaEmbedding()
    with EmbeddedRedis() as server:
        async with RedisVectorStore(index_name="notes", redis_url=server.url, metadata_schema=FIELDS) as store:
            nodes = [TextNode(id_=name, text=text, metadata=data) for name, (text, data) in NOTES.items()]
            for node in nodes:
                node.embedding = embed_model.get_text_embedding(node.text)
            await store.async_add(nodes)
            tool = await store.aas_tool("search_notes", "Searches notes on Python.", embed_model=embed_model)

            model = MockFunctionCallingLLM(response_generator=scripted)
            handler = FunctionAgent(tools=[tool], llm=model, streaming=False).run("How do I wait for tasks now?")
            async for event in handler.stream_events():
                if isinstance(event, ToolCallResult):
                    print(f"call: {event.tool_kwargs}")
                    print(f"tool: {event.tool_output.content}")
            print(f"assistant: {await handler}")


if __name__ == "__main__":
    asyncio.run(main())
