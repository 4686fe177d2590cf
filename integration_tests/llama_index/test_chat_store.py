"""LlamaIndex's chat store: all of its methods, against what LlamaIndex's own store in memory gives."""

from __future__ import annotations

import pickle
import random
from typing import Any

import pytest
import redis
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import MockLLM
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.storage.chat_store import SimpleChatStore

from integration_tests.conftest import Call
from integration_tests.core.sessions import session_support
from integration_tests.core.sessions.session_support import HOSTILE
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from redisvl_adapters.errors import ArgumentError, RecordError
from redisvl_adapters.llama_index import RedisChatStore
from tests.llama_index.test_messages import EXAMPLES

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture
repeating = session_support.repeating  # a fixture


@pytest.fixture
def store(clients: Clients, index_name: str) -> RedisChatStore:
    return RedisChatStore(prefix=index_name, **clients)


def chat(*texts: str) -> list[ChatMessage]:
    return [ChatMessage(text) for text in texts]


async def test_messages_with_all_kinds_of_blocks_come_back_whole(call: Call, store: RedisChatStore) -> None:
    await call(store, "set_messages", "s", EXAMPLES[:2])
    for message in EXAMPLES[2:]:
        await call(store, "add_message", "s", message)
    assert await call(store, "get_messages", "s") == EXAMPLES


async def test_random_calls_give_what_they_give_in_memory(call: Call, store: RedisChatStore) -> None:
    rng = random.Random(7)
    memory = SimpleChatStore()
    for number in range(300):
        key = rng.choice(["a", "b"])
        held = len(memory.get_messages(key))
        message = ChatMessage(str(number))
        steps: list[tuple[str, list[Any]]] = [
            ("add_message", [message]),
            ("add_message", [message]),
            ("add_message", [message, rng.randint(-held - 2, held + 2)]),
            ("set_messages", [[message, ChatMessage("second")]]),
            ("delete_message", [rng.randint(-held, held + 2)] if held else [0]),
            ("delete_last_message", []),
            ("delete_messages", []),
        ]
        step = rng.choice(steps)
        name, args = step
        # In memory, the last message of none is an IndexError.
        expected = None if name == "delete_last_message" and not held else getattr(memory, name)(key, *args)
        given = await call(store, name, key, *args)
        assert given == (expected or None), step
        assert await call(store, "get_messages", key) == memory.get_messages(key), step
        assert sorted(await call(store, "get_keys")) == sorted(key for key in "ab" if memory.get_messages(key))


async def test_what_is_not_there_is_none_or_empty(call: Call, store: RedisChatStore) -> None:
    assert await call(store, "get_messages", "s") == []
    assert await call(store, "delete_messages", "s") is None
    assert await call(store, "delete_message", "s", 0) is None
    assert await call(store, "delete_last_message", "s") is None
    assert await call(store, "get_keys") == []


async def test_setting_no_messages_empties_a_session(call: Call, store: RedisChatStore) -> None:
    await call(store, "set_messages", "s", chat("a"))
    await call(store, "set_messages", "s", [])
    assert await call(store, "get_messages", "s") == []


async def test_keys_of_any_name_are_listed_and_never_meet(
    call: Call, store: RedisChatStore, clients: Clients, index_name: str
) -> None:
    neighbour = RedisChatStore(prefix=f"{index_name}2", **clients)
    await call(neighbour, "add_message", "theirs", ChatMessage("x"))
    for key in HOSTILE:
        await call(store, "add_message", key, ChatMessage(key))
    assert sorted(await call(store, "get_keys")) == sorted(HOSTILE)
    for key in HOSTILE:
        assert await call(store, "delete_messages", key) == chat(key)
    assert await call(store, "get_keys") == []
    assert await call(neighbour, "get_keys") == ["theirs"]


async def test_a_prefix_is_no_pattern(call: Call, clients: Clients, index_name: str) -> None:
    plain = RedisChatStore(prefix=f"{index_name}ab", **clients)
    glob = RedisChatStore(prefix=f"{index_name}[a]*", **clients)
    for one in (plain, glob):
        await call(one, "add_message", "s", ChatMessage("a"))
    assert await call(glob, "get_keys") == ["s"]
    await call(plain, "delete_messages", "s")
    assert await call(plain, "get_keys") == []


async def test_limits_hold_for_inserted_and_replaced_messages_too(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    store = RedisChatStore(prefix=index_name, max_messages=2, ttl=1000, **clients)
    await call(store, "set_messages", "s", chat("a", "b", "c"))
    assert await call(store, "get_messages", "s") == chat("b", "c")
    await call(store, "add_message", "s", ChatMessage("d"), -1)
    assert await call(store, "get_messages", "s") == chat("d", "c")
    (key,) = server.keys(f"{index_name}*")
    assert 900_000 < server.pttl(key) <= 1_000_000


async def test_replacing_messages_keeps_a_fixed_time_to_live(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    store = RedisChatStore(prefix=index_name, ttl=1000, sliding=False, **clients)
    await call(store, "set_messages", "s", chat("a"))
    (key,) = server.keys(f"{index_name}*")
    server.pexpire(key, 5000)
    await call(store, "set_messages", "s", chat("b"))
    assert 0 < server.pttl(key) <= 5000


async def test_writes_that_are_sent_twice_are_made_once(call: Call, repeating: Any, index_name: str) -> None:
    store = RedisChatStore(prefix=index_name, **repeating)
    for text in ("a", "b", "c", "d"):
        await call(store, "add_message", "s", ChatMessage(text))
    await call(store, "add_message", "s", ChatMessage("e"), 1)
    assert await call(store, "get_messages", "s") == chat("a", "e", "b", "c", "d")
    assert await call(store, "delete_message", "s", 1) == ChatMessage("e")
    assert await call(store, "delete_last_message", "s") == ChatMessage("d")
    assert await call(store, "get_messages", "s") == chat("a", "b", "c")


async def test_a_damaged_message_is_left_out_with_a_warning_and_can_be_deleted(
    call: Call, store: RedisChatStore, index_name: str, server: redis.Redis
) -> None:
    await call(store, "set_messages", "s", chat("a", "b"))
    (key,) = server.keys(f"{index_name}*")
    server.rpush(key, b"damaged")
    with pytest.warns(RuntimeWarning, match="a damaged message was left out, number 2"):
        assert await call(store, "get_messages", "s") == chat("a", "b")
    with pytest.warns(RuntimeWarning, match="a damaged message was left out"):
        assert await call(store, "delete_last_message", "s") is None
    assert await call(store, "get_messages", "s") == chat("a", "b")


async def test_what_cannot_be_honoured_is_refused(call: Call, store: RedisChatStore) -> None:
    for key in ("", None, 3, "\ud800"):
        with pytest.raises(ArgumentError, match="key is a non-empty string"):
            await call(store, "get_messages", key)
    with pytest.raises(ArgumentError, match="idx is an integer"):
        await call(store, "delete_message", "s", "0")
    with pytest.raises(RecordError, match=r"message 0 \(str\)"):
        await call(store, "add_message", "s", "text")
    with pytest.raises(ArgumentError, match="messages is a list"):
        await call(store, "set_messages", "s", "text")
    assert await call(store, "get_messages", "s") == []


# As a part of LlamaIndex


async def test_a_memory_buffer_keeps_its_messages_here(call: Call, store: RedisChatStore) -> None:
    for _ in range(2):
        memory = ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="s", token_limit=1000)
        engine = SimpleChatEngine.from_defaults(llm=MockLLM(), memory=memory)
        if call.__name__ == "sync":
            engine.chat("hello")
        else:
            await engine.achat("hello")
    kept = await call(store, "get_messages", "s")
    assert [message.role.value for message in kept] == ["user", "assistant"] * 2
    memory.reset()
    assert await call(store, "get_messages", "s") == []


def test_a_memory_buffer_is_made_anew_since_it_cannot_be_read_back(redis_url: str, index_name: str) -> None:
    """Should ``from_string`` learn of other stores, the docstring of ours is to say so."""
    with RedisChatStore(redis_url=redis_url, prefix=index_name) as store:
        memory = ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="s", token_limit=1000)
        memory.put(ChatMessage("a"))
        with pytest.raises(ValueError, match="Invalid ChatStore name: RedisChatStore"):
            ChatMemoryBuffer.from_string(memory.to_string())
        again = ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="s", token_limit=1000)
        assert again.get_all() == chat("a")


def test_a_store_by_the_environment_writes_no_password_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://ann:secret@localhost:1")
    with RedisChatStore() as store:
        assert "secret" not in repr(store.to_dict()) + store.to_json() + repr(store)


def test_a_store_can_be_written_down_and_pickled(redis_url: str, index_name: str) -> None:
    with RedisChatStore(redis_url=redis_url, prefix=index_name, ttl=1000, max_messages=5) as store:
        store.add_message("s", ChatMessage("a"))
        for twin in (RedisChatStore.from_dict(store.to_dict()), pickle.loads(pickle.dumps(store))):  # noqa: S301
            with twin:
                assert twin.to_dict() == store.to_dict()
                assert twin.get_messages("s") == chat("a")
        assert redis_url not in repr(store)


def test_a_store_on_a_client_cannot_be_pickled(store: RedisChatStore) -> None:
    with pytest.raises(ArgumentError, match="given a client"):
        pickle.dumps(store)
