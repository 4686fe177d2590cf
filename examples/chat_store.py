"""A LlamaIndex chat engine that remembers, on any Redis: a memory buffer, and the newer Memory. Runs offline.

pip install "redisvl-adapters[llama-index,embedded]"
"""

import asyncio
from collections.abc import Iterator
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, CompletionResponse
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import MockLLM
from llama_index.core.memory import ChatMemoryBuffer, Memory

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.llama_index import RedisChatStore, RedisMemoryStore


class ScriptedLLM(MockLLM):
    """A model that reads its answers from a script; put any LLM here."""

    _script: Iterator[str] = PrivateAttr()

    def __init__(self, *script: str) -> None:
        super().__init__()
        self._script = iter(script)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:  # noqa: ARG002, FBT001, FBT002  # LlamaIndex's signature
        """Return the next line of the script."""
        return CompletionResponse(text=next(self._script))


async def remember(store: RedisMemoryStore) -> None:
    """Say more than a Memory keeps in use: the oldest messages go to the archive."""
    memory = Memory.from_defaults(
        session_id="ann", chat_store=store, token_limit=60, token_flush_size=20, chat_history_token_ratio=0.5
    )
    for number in range(8):
        await memory.aput(ChatMessage(f"Fact number {number} of eight."))
    everything = await store.get_messages("ann", status=None)
    print(f"memory: {await store.count_messages('ann')} of {len(everything)} messages in use, the others archived")


def main() -> None:
    """Chat in one process, and go on in another."""
    with EmbeddedRedis() as server:
        llm = ScriptedLLM("A set holds each item once.", "Yes: frozenset.")
        for question in ("What is a set?", "Is there one that cannot change?"):
            with RedisChatStore(redis_url=server.url, ttl=24 * 60 * 60) as store:  # made anew, as by another process
                memory = ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="ann/1")
                SimpleChatEngine.from_defaults(llm=llm, memory=memory).chat(question)

        with RedisChatStore(redis_url=server.url) as store:
            for message in store.get_messages("ann/1"):
                print(f"{message.role.value}: {message.content}")
            print("sessions:", store.get_keys())
            store.delete_last_message("ann/1")
            print("left:", len(store.get_messages("ann/1")))

        asyncio.run(remember(RedisMemoryStore(redis_url=server.url)))


if __name__ == "__main__":
    main()
