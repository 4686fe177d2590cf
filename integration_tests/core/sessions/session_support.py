"""What the tests of histories and other sessions share: ways to read, hostile names, and clients that send twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
import redis.asyncio
from langchain_core.messages import BaseMessage

from integration_tests.conftest import Call
from integration_tests.servers import only_on_one
from redisvl_adapters.langchain import RedisChatMessageHistory

HOSTILE = [
    "a",
    "A",
    "a*",
    "*",
    "?",
    "[a]",
    "a:b",
    "a/b",
    "a%2Fb",
    "a}",
    "{a}",
    "a}:archived",
    "a:archived",
    "\\",
    " ",
    "a\nb",
    "a\0b",
    "käse",
    "🎉" * 50,
    "$x",
]


async def said(call: Call, history: RedisChatMessageHistory) -> list[BaseMessage]:
    """Return the messages of a history in either mode."""
    return history.messages if call.__name__ == "sync" else await history.aget_messages()


async def keys_within(call: Call, store: Any, **kwargs: Any) -> list[str]:
    """Return what ``yield_keys`` yields in either mode."""
    if call.__name__ == "sync":
        return sorted(store.yield_keys(**kwargs))
    return sorted([key async for key in store.ayield_keys(**kwargs)])


class Repeating(redis.Redis):
    """A client that sends everything twice, as one does whose connection broke before the first reply."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py does not type it
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py does not type it

    def pipeline(self, *args: Any, **kwargs: Any) -> Any:
        pipeline: Any = super().pipeline(*args, **kwargs)
        execute = pipeline.execute

        def twice(*args: Any, **kwargs: Any) -> Any:
            commands = list(pipeline.command_stack)
            execute(*args, **kwargs)
            pipeline.command_stack.extend(commands)
            return execute(*args, **kwargs)

        pipeline.execute = twice
        return pipeline


class ARepeating(redis.asyncio.Redis):
    """The same, async."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py does not type it
        return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py does not type it

    def pipeline(self, *args: Any, **kwargs: Any) -> Any:
        pipeline: Any = super().pipeline(*args, **kwargs)
        execute = pipeline.execute

        async def twice(*args: Any, **kwargs: Any) -> Any:
            commands = list(pipeline.command_stack)
            await execute(*args, **kwargs)
            pipeline.command_stack.extend(commands)
            return await execute(*args, **kwargs)

        pipeline.execute = twice
        return pipeline


@pytest.fixture
async def repeating(redis_url: str) -> AsyncIterator[dict[str, Any]]:
    """Clients that send everything twice."""
    only_on_one(redis_url, "pipelines are of another kind, whose commands cannot be sent again like this")
    with Repeating.from_url(redis_url, protocol=2) as client:
        async with ARepeating.from_url(redis_url, protocol=2) as async_client:
            yield {"client": client, "async_client": async_client}
