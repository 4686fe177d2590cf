"""The store under LlamaIndex's ``Memory``: messages in use and in the archive, against LlamaIndex's own in SQL."""

from __future__ import annotations

import inspect
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.memory import Memory
from llama_index.core.storage.chat_store.base_db import MessageStatus
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from sqlalchemy.ext.asyncio import create_async_engine

from integration_tests.core.sessions import session_support
from integration_tests.core.sessions.session_support import HOSTILE
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from redisvl_adapters.errors import ArgumentError, RecordError
from redisvl_adapters.llama_index import RedisChatStore, RedisMemoryStore
from tests.llama_index.test_messages import EXAMPLES

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture
repeating = session_support.repeating  # a fixture

ACTIVE, ARCHIVED = MessageStatus.ACTIVE, MessageStatus.ARCHIVED
recent = pytest.mark.skipif(
    "chat_store" not in inspect.signature(Memory.from_defaults).parameters,
    reason="Memory of this LlamaIndex takes SQL stores only, and these mix up the order of messages",
)
STATUSES: list[MessageStatus | None] = [ACTIVE, ARCHIVED, None]


@pytest.fixture
def store(clients: Clients, index_name: str) -> RedisMemoryStore:
    return RedisMemoryStore(prefix=index_name, **clients)


def chat(*texts: str) -> list[ChatMessage]:
    return [ChatMessage(text) for text in texts]


async def test_messages_with_all_kinds_of_blocks_come_back_whole(store: RedisMemoryStore) -> None:
    await store.add_messages("s", EXAMPLES)
    assert await store.get_messages("s") == EXAMPLES
    assert await store.archive_oldest_messages("s", 2) == EXAMPLES[:2]
    assert await store.get_messages("s", None) == EXAMPLES


@pytest.fixture
async def sql() -> AsyncIterator[SQLAlchemyChatStore]:
    """LlamaIndex's own store."""
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    yield SQLAlchemyChatStore(table_name="messages", async_engine=engine)
    await engine.dispose()


@recent
async def test_random_calls_give_what_they_give_in_sql(store: RedisMemoryStore, sql: SQLAlchemyChatStore) -> None:
    rng = random.Random(3)
    for number in range(200):
        message, n = ChatMessage(str(number)), rng.randint(0, 3)
        steps: list[tuple[str, list[Any]]] = [
            ("add_message", [message]),
            ("add_messages", [[message, ChatMessage("second")]]),
            ("add_messages", [chat("a", "b", "c")]),
            ("archive_oldest_messages", [n]),
            ("delete_oldest_messages", [n]),
            ("set_messages", [chat("x", "y"), rng.choice([ACTIVE, ARCHIVED])]),
            ("delete_messages", [rng.choice(STATUSES)]),
            ("count_messages", [rng.choice(STATUSES)]),
            ("get_messages", [ACTIVE, n, rng.randint(0, 2)]),
            ("get_keys", []),
        ]
        step = rng.choice(steps)
        name, args = step
        key = [] if name == "get_keys" else ["s"]
        assert await getattr(store, name)(*key, *args) == await getattr(sql, name)(*key, *args), step
        for status in STATUSES:
            assert await store.get_messages("s", status) == await sql.get_messages("s", status), step


async def test_a_chat_store_sees_the_messages_in_use(
    store: RedisMemoryStore, clients: Clients, index_name: str
) -> None:
    await store.add_messages("s", chat("a", "b", "c"))
    await store.archive_oldest_messages("s", 1)
    other = RedisChatStore(prefix=index_name, **clients)
    assert await other.aget_messages("s") == chat("b", "c")
    await store.archive_oldest_messages("s", 2)
    assert await other.aget_keys() == ["s"] == await store.get_keys()
    await other.adelete_messages("s")
    assert await store.get_messages("s", None) == []


async def test_sessions_of_any_name_never_meet(store: RedisMemoryStore) -> None:
    for key in HOSTILE:
        await store.add_messages(key, chat("old", key))
        await store.archive_oldest_messages(key, 1)
    assert sorted(await store.get_keys()) == sorted(HOSTILE)
    for place, key in enumerate(HOSTILE):
        assert await store.get_messages(key, None) == chat("old", key)
        await store.delete_messages(key)
        assert len(await store.get_keys()) == len(HOSTILE) - place - 1


@pytest.mark.parametrize("sliding", [True, False])
async def test_the_archive_expires_with_its_session(
    clients: Clients, index_name: str, server: redis.Redis, sliding: bool
) -> None:
    store = RedisMemoryStore(prefix=index_name, ttl=1000, sliding=sliding, **clients)
    await store.add_messages("s", chat("a", "b"))
    (key,) = server.keys(f"{index_name}*")
    server.pexpire(key, 5000)
    await store.archive_oldest_messages("s", 2)
    await store.add_message("s", ChatMessage("c"))
    left = [server.pttl(key) for key in server.keys(f"{index_name}*")]
    assert len(left) == 2
    assert all(900_000 < ms <= 1_000_000 if sliding else 0 < ms <= 5000 for ms in left)


async def test_writes_that_are_sent_twice_are_made_once(repeating: Any, index_name: str) -> None:
    store = RedisMemoryStore(prefix=index_name, **repeating)
    await store.add_messages("s", chat("a", "b", "c", "d", "e"))
    assert await store.archive_oldest_messages("s", 1) == chat("a")
    assert await store.delete_oldest_messages("s", 1) == chat("b")
    assert await store.delete_message("s", 0) == ChatMessage("c")
    assert await store.get_messages("s", None) == chat("a", "d", "e")


async def test_what_cannot_be_honoured_is_refused(store: RedisMemoryStore) -> None:
    with pytest.raises(ArgumentError, match="key is a non-empty string"):
        await store.get_messages("")
    wrong: list[dict[str, Any]] = [{"limit": -1}, {"offset": "1"}, {"status": "gone"}]
    for arguments in wrong:
        with pytest.raises(ArgumentError, match=f"{next(iter(arguments))} is"):
            await store.get_messages("s", **arguments)
    with pytest.raises(ArgumentError, match="n is an integer from 0"):
        await store.archive_oldest_messages("s", -1)
    with pytest.raises(RecordError, match=r"message 1 \(str\)"):
        await store.add_messages("s", [ChatMessage("a"), "b"])  # type: ignore[list-item]  # that is what is tested
    assert await store.get_messages("s", None) == []


@recent
async def test_memory_flushes_its_oldest_messages_to_the_archive_here(store: RedisMemoryStore) -> None:
    texts = [f"message number {number} of some length" for number in range(20)]
    for text in texts:
        # Made anew for each message, as by processes that come and go.
        memory = Memory.from_defaults(
            session_id="s", chat_store=store, token_limit=100, token_flush_size=20, chat_history_token_ratio=0.5
        )
        await memory.aput(ChatMessage(text))
    active, archived = await store.get_messages("s", ACTIVE), await store.get_messages("s", ARCHIVED)
    assert active
    assert archived
    assert [message.content for message in [*archived, *active]] == texts
    assert await memory.aget_all(status=ACTIVE) == active
    await memory.areset()
    assert await store.get_messages("s", None) == []
