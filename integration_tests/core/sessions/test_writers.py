"""32 writers to one session, in threads and in coroutines: every message is there, and none twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis
from langchain_core.messages import AIMessage, HumanMessage
from llama_index.core.base.llms.types import ChatMessage

from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.langchain import RedisChatMessageHistory
from redisvl_adapters.llama_index import RedisChatStore

WRITERS = 32
TURNS = 10


def turn(writer: int, number: int) -> list[HumanMessage | AIMessage]:
    return [HumanMessage(f"{writer}/{number}", name="asks"), AIMessage(f"{writer}/{number}", name="answers")]


def check(contents: list[str]) -> None:
    """Expect each message of each writer once, and those of one writer in their order."""
    assert Counter(contents) == Counter(f"{writer}/{number}" for writer in range(WRITERS) for number in range(TURNS))
    for writer in range(WRITERS):
        own = [int(content.split("/")[1]) for content in contents if content.startswith(f"{writer}/")]
        assert own == sorted(own)


def check_turns(history: RedisChatMessageHistory) -> None:
    """Expect the two messages of a turn to follow each other, since they were appended together."""
    messages = history.messages
    assert all(one.content == next.content for one, next in zip(messages[::2], messages[1::2], strict=True))
    check([str(message.content) for message in messages[::2]])


def test_threads_append_to_one_history(redis_url: str, index_name: str, server: redis.Redis) -> None:
    def write(writer: int) -> None:
        with RedisChatMessageHistory("s", redis_url=redis_url, prefix=index_name) as history:
            for number in range(TURNS):
                history.add_messages(turn(writer, number))

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(WRITERS)))
    check_turns(RedisChatMessageHistory("s", client=server, prefix=index_name))


async def test_coroutines_append_to_one_history(redis_url: str, index_name: str, server: redis.Redis) -> None:
    async with RedisChatMessageHistory("s", redis_url=redis_url, prefix=index_name) as history:

        async def write(writer: int) -> None:
            for number in range(TURNS):
                await history.aadd_messages(turn(writer, number))

        await asyncio.gather(*map(write, range(WRITERS)))
    check_turns(RedisChatMessageHistory("s", client=server, prefix=index_name))


async def test_coroutines_append_to_one_history_that_is_recalled(
    redis_url: str, index_name: str, server: redis.Redis
) -> None:
    options: dict[str, Any] = {"redis_url": redis_url, "prefix": f"{index_name}-h", "index_name": index_name}
    async with RedisChatMessageHistory("s", embedding=Model(dims=4), max_messages=10, **options) as history:

        async def write(writer: int) -> None:
            for number in range(TURNS):
                await history.aadd_messages(turn(writer, number))

        await asyncio.gather(*map(write, range(WRITERS)))
        found = await history.arecall("a", k=2 * WRITERS * TURNS)
    contents = [str(message.content) for message in found]
    assert Counter(contents) == Counter(
        f"{writer}/{number}" for writer in range(WRITERS) for number in range(TURNS) for _ in "ab"
    )
    assert sorted(server.keys(f"{index_name}-h*")) == [
        f"{index_name}-h:{{s}}{end}".encode() for end in ("", ":recalled")
    ]


def test_threads_append_to_one_session_of_a_chat_store(redis_url: str, index_name: str) -> None:
    with RedisChatStore(redis_url=redis_url, prefix=index_name) as store:

        def write(writer: int) -> None:
            for number in range(TURNS):
                store.add_message("s", ChatMessage(f"{writer}/{number}"))

        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(write, range(WRITERS)))
        check([str(message.content) for message in store.get_messages("s")])


async def test_coroutines_append_to_one_session_of_a_chat_store(redis_url: str, index_name: str) -> None:
    async with RedisChatStore(redis_url=redis_url, prefix=index_name) as store:

        async def write(writer: int) -> None:
            for number in range(TURNS):
                await store.async_add_message("s", ChatMessage(f"{writer}/{number}"))

        await asyncio.gather(*map(write, range(WRITERS)))
        check([str(message.content) for message in await store.aget_messages("s")])
