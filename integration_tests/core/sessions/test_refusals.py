"""What histories, stores and the record manager cannot honour: refused, with an error that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from langchain_core.messages import HumanMessage
from llama_index.core.base.llms.types import ChatMessage

from integration_tests.conftest import Call
from integration_tests.core.sessions.session_support import said
from integration_tests.langchain.langchain_support import Model
from integration_tests.servers import connect
from redisvl_adapters.errors import ArgumentError, ServerUnavailableError, UnknownArgumentError
from redisvl_adapters.langchain import RedisByteStore, RedisChatMessageHistory, RedisRecordManager
from redisvl_adapters.llama_index import RedisChatStore, RedisMemoryStore

AWAY = "redis://localhost:1"

MAKERS: dict[str, Callable[..., Any]] = {
    "history": lambda **options: RedisChatMessageHistory("s", **options),
    "chat store": RedisChatStore,
    "memory store": RedisMemoryStore,
    "record manager": lambda **options: RedisRecordManager("n", **options),
    "byte store": RedisByteStore,
}
KEEPING = ["history", "chat store", "memory store"]
EXPIRING = [*KEEPING, "byte store"]

CALLS: dict[str, list[tuple[str, list[Any]]]] = {
    "history": [("add_messages", [[HumanMessage("a")]]), ("clear", [])],
    "chat store": [
        ("add_message", ["s", ChatMessage("a")]),
        ("get_messages", ["s"]),
        ("get_keys", []),
        ("delete_last_message", ["s"]),
    ],
    "record manager": [("update", [["a"]]), ("list_keys", []), ("get_time", [])],
    "byte store": [("mset", [[("a", b"1")]]), ("mget", [["a"]])],
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"redis_url": AWAY, "client": redis.Redis()}, "either redis_url or a client"),
        ({"redis_url": "http://localhost"}, "redis_url starts with one of"),
        ({"client": "redis"}, "client is a redis.Redis"),
        ({"prefix": ""}, "prefix is a non-empty string"),
        ({"prefix": ":"}, "prefix is a non-empty string"),
        ({"prefix": "a{b}"}, "prefix is a non-empty string without braces"),
        ({"prefix": 3}, "prefix is a non-empty string"),
    ],
)
def test_where_and_under_which_keys_is_checked(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        MAKERS[name](**options)


@pytest.mark.parametrize("name", MAKERS)
def test_an_unknown_keyword_is_an_error_that_names_the_near_one(name: str) -> None:
    with pytest.raises(UnknownArgumentError, match=r"no argument 'redis_ur' \(did you mean 'redis_url'\?\)"):
        MAKERS[name](redis_ur=AWAY)


@pytest.mark.parametrize("name", EXPIRING)
@pytest.mark.parametrize("ttl", [0, -1, float("inf"), float("nan"), "60", True, 0.0001])
def test_a_time_to_live_is_a_positive_number(name: str, ttl: Any) -> None:
    with pytest.raises(ArgumentError, match="ttl is a positive number of seconds"):
        MAKERS[name](ttl=ttl)


@pytest.mark.parametrize("name", KEEPING)
def test_sliding_is_true_or_false(name: str) -> None:
    with pytest.raises(ArgumentError, match="sliding is True or False"):
        MAKERS[name](ttl=3, sliding="yes")


@pytest.mark.parametrize("name", ["history", "chat store"])
@pytest.mark.parametrize("most", [0, -1, 2.0, True, "3"])
def test_a_limit_is_a_positive_integer(name: str, most: Any) -> None:
    with pytest.raises(ArgumentError, match="max_messages is an integer from 1 on"):
        MAKERS[name](max_messages=most)


@pytest.mark.parametrize("bad", ["", None, 3, b"s", "\ud800"])
def test_a_name_is_a_non_empty_string(bad: Any) -> None:
    with pytest.raises(ArgumentError, match="session_id is a non-empty string"):
        RedisChatMessageHistory(bad)
    with pytest.raises(ArgumentError, match="session_id is a non-empty string"):
        RedisChatMessageHistory("s").for_session(bad)
    with pytest.raises(ArgumentError, match="namespace is a non-empty string"):
        RedisRecordManager(bad)
    if bad is not None:
        with pytest.raises(ArgumentError, match="user_id is a non-empty string"):
            RedisChatMessageHistory("s", user_id=bad)


async def test_methods_refuse_unknown_keywords(call: Call) -> None:
    for name, calls in CALLS.items():
        made = MAKERS[name](redis_url=AWAY)
        for method, arguments in calls:
            with pytest.raises(UnknownArgumentError, match="has no argument 'unheard_of'"):
                await call(made, method, *arguments, unheard_of=1)


@pytest.mark.parametrize("name", CALLS)
async def test_without_a_server_every_call_says_so(call: Call, name: str) -> None:
    async with MAKERS[name](redis_url=AWAY) as made:
        for method, arguments in CALLS[name]:
            with pytest.raises(ServerUnavailableError, match="no Redis server answers at redis://localhost:1"):
                await call(made, method, *arguments)


async def test_without_a_server_a_history_cannot_be_read_nor_keys_be_listed(call: Call) -> None:
    async with RedisChatMessageHistory("s", redis_url=AWAY, embedding=Model()) as history:
        for reading in (said(call, history), call(history, "recall", "a")):
            with pytest.raises(ServerUnavailableError, match="no Redis server answers"):
                await reading
    async with RedisByteStore(redis_url=AWAY) as store:
        with pytest.raises(ServerUnavailableError, match="no Redis server answers"):
            _ = list(store.yield_keys()) if call.__name__ == "sync" else [key async for key in store.ayield_keys()]


async def test_a_client_that_decodes_serves_as_well(call: Call, redis_url: str, index_name: str) -> None:
    with connect(redis_url, decode_responses=True) as client:
        history = RedisChatMessageHistory("käse", client=client, prefix=index_name)
        await call(history, "add_messages", [HumanMessage("käse")])
        assert await said(call, history) == [HumanMessage("käse")]
        store = RedisByteStore(client=client, prefix=index_name)
        await call(store, "mset", [("käse", b"\xff")])
        assert await call(store, "mget", ["käse"]) == [b"\xff"]
        if call.__name__ == "sync":
            assert "käse" in set(store.yield_keys())
        chats = RedisChatStore(client=client, prefix=index_name)
        if call.__name__ == "sync":
            assert chats.get_keys() == ["käse"]
        await history.aclose()
        await store.aclose()
