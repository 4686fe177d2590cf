"""The sessions of a user: listed, removed with what recall finds of them, and histories that are copied."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import redis
from langchain_core.messages import HumanMessage

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.core.sessions.session_support import HOSTILE, said
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, keys_of
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain import RedisChatMessageHistory, SessionSummary

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

HELLO = HumanMessage("hello")


@pytest.fixture(params=["with recall", "without"])
def embedding(request: pytest.FixtureRequest) -> Model | None:
    """An embedding model, or none."""
    return Model(dims=4) if request.param == "with recall" else None


def history_on(
    clients: Any, index_name: str, session_id: str = "s", user_id: str | None = "ann", **options: Any
) -> RedisChatMessageHistory:
    given = {"prefix": f"{index_name}-history", **options}
    if options.get("embedding"):
        given["index_name"] = index_name
    return RedisChatMessageHistory(session_id, user_id=user_id, **clients, **given)


def has_passed(time: datetime) -> bool:
    """Tell whether a time is before the millisecond that it is now."""
    return datetime.now(UTC) - time > timedelta(milliseconds=2)


async def test_the_sessions_of_a_user_are_listed_latest_first(
    call: Call, clients: Clients, index_name: str, embedding: Any
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    history = history_on(clients, index_name, embedding=embedding, max_messages=2)
    assert await call(history, "sessions") == []
    for session_id, number in (("monday", 1), ("tuesday", 3), ("monday", 1)):
        await call(history.for_session(session_id), "add_messages", [HELLO] * number)
        # Times are told to the millisecond.
        until(partial(has_passed, datetime.now(UTC)))
    for user_id in ("bob", "ann/", None):
        await call(history_on(clients, index_name, user_id=user_id), "add_messages", [HELLO])
    found = await call(history, "sessions")
    assert [(one.session_id, one.messages) for one in found] == [("monday", 2), ("tuesday", 2)]
    assert all(isinstance(one, SessionSummary) for one in found)
    assert before < found[1].last_added <= found[0].last_added <= datetime.now(UTC) + timedelta(seconds=1)
    for user_id in ("bob", "ann/", None):
        (only,) = await call(history_on(clients, index_name, user_id=user_id), "sessions")
        assert (only.session_id, only.messages) == ("s", 1)


@pytest.mark.parametrize("user_id", [None, "ann", "*", "a/b", "{a}"])
async def test_sessions_of_any_name_are_listed(
    call: Call, clients: Clients, index_name: str, user_id: str | None
) -> None:
    history = history_on(clients, index_name, user_id=user_id)
    for name in HOSTILE:
        await call(history.for_session(name), "add_messages", [HELLO])
    assert sorted(one.session_id for one in await call(history, "sessions")) == sorted(HOSTILE)


async def test_a_session_whose_last_message_is_damaged_is_listed_without_its_time(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    history = history_on(clients, index_name)
    await call(history, "add_messages", [HELLO])
    server.rpush(f"{index_name}-history:{{ann/s}}", b"\xff not ours")
    await call(history.for_session("t"), "add_messages", [HELLO])
    found = await call(history, "sessions")
    assert [(one.session_id, one.messages, one.last_added is None) for one in found] == [
        ("t", 1, False),
        ("s", 2, True),
    ]


async def test_all_sessions_of_a_user_are_removed_and_no_others(
    call: Call, clients: Clients, index_name: str, embedding: Any, server: redis.Redis
) -> None:
    history = history_on(clients, index_name, embedding=embedding, ttl=1000)
    others = [
        history_on(clients, index_name, user_id=user_id, embedding=embedding) for user_id in ("bob", "ann/", None)
    ]
    elsewhere = history_on(clients, index_name, prefix=f"{index_name}-history2", embedding=embedding)
    for one in (history, history.for_session("t"), *others, elsewhere):
        await call(one, "add_messages", [HELLO])
    # One that has expired, or was removed by hand, and left what recall finds of it.
    await call(history.for_session("expired"), "add_messages", [HELLO])
    server.delete(*server.keys(f"{index_name}-history:{{ann/expired}}*"))
    assert await call(history, "clear_sessions") == 2
    assert await call(history, "clear_sessions") == 0
    assert await call(history, "sessions") == []
    assert await said(call, history.for_session("t")) == []
    for one in (*others, elsewhere):
        assert await said(call, one) == [HELLO]
    if embedding:
        assert await call(history, "recall", "hello", all_sessions=True) == []
        assert await call(elsewhere, "recall", "hello", all_sessions=True) == [HELLO]
        assert len(keys_of(server, f"{index_name}:")) == len(others) + 1
    assert keys_of(server, f"{index_name}-history:{{ann/s") == set()


@pytest.mark.parametrize("user_id", [None, "ann"])
async def test_some_sessions_are_removed_and_no_others(
    call: Call, clients: Clients, index_name: str, embedding: Any, user_id: str | None
) -> None:
    history = history_on(clients, index_name, user_id=user_id, embedding=embedding)
    for name in ("s", "t", "u"):
        await call(history.for_session(name), "add_messages", [HELLO])
    assert await call(history, "clear_sessions", ["s", "u", "nowhere"]) == 2
    assert await call(history, "clear_sessions", []) == 0
    assert [one.session_id for one in await call(history, "sessions")] == ["t"]
    if embedding:
        assert await call(history.for_session("s"), "recall", "hello") == []
        assert await call(history.for_session("t"), "recall", "hello") == [HELLO]


async def test_what_would_remove_the_sessions_of_everybody_is_refused(
    call: Call, clients: Clients, index_name: str
) -> None:
    history = history_on(clients, index_name, user_id=None)
    await call(history, "add_messages", [HELLO])
    with pytest.raises(ArgumentError, match=r"without a user_id, clear_sessions\(\) would remove"):
        await call(history, "clear_sessions")
    for bad, says in (("s", "session_ids is a list"), ([3], r"session_ids\[0\] is a string"), ([""], "session_id is")):
        with pytest.raises(ArgumentError, match=says):
            await call(history, "clear_sessions", bad)
    assert await said(call, history) == [HELLO]


# Copies


def copied(history: RedisChatMessageHistory) -> list[RedisChatMessageHistory]:
    """Return a copy by each way."""
    return [copy.deepcopy(history), pickle.loads(pickle.dumps(history))]  # noqa: S301  # ours


async def test_a_copy_is_a_history_of_the_same_session(
    call: Call, redis_url: str, index_name: str, embedding: Any
) -> None:
    options = {"embedding": embedding, "ttl": 1000, "max_messages": 3, "keep_system": True}
    async with history_on({"redis_url": redis_url}, index_name, **options) as history:
        await call(history, "add_messages", [HELLO])
        for twin in copied(history.for_session("t").for_session("s")):
            async with twin:
                assert (twin.session_id, twin.user_id) == ("s", "ann")
                assert await said(call, twin) == [HELLO]
                assert vars(twin)["_session"] == vars(history)["_session"]
                if embedding:
                    assert await call(twin, "recall", "hello") == [HELLO]
                else:
                    with pytest.raises(ArgumentError, match="recall needs"):
                        await call(twin, "recall", "hello")
        # Closing a copy closes nothing of the history.
        assert await said(call, history) == [HELLO]


async def test_a_history_on_a_client_is_copied_and_cannot_be_pickled(
    call: Call, clients: Clients, index_name: str, embedding: Any
) -> None:
    history = history_on(clients, index_name, embedding=embedding)
    await call(history, "add_messages", [HELLO])
    twin = copy.deepcopy(history)
    assert await said(call, twin) == [HELLO]
    assert vars(twin)["_embedding"] is embedding
    with pytest.raises(ArgumentError, match="given a client cannot be pickled; make it with redis_url instead"):
        pickle.dumps(history)
