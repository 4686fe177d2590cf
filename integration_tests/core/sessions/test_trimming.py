"""What a session keeps of its messages: the last ones, no result without its call, and system messages if so told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
import redis
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from llama_index.core.base.llms import types
from llama_index.core.base.llms.types import ChatMessage as Chat
from llama_index.core.base.llms.types import MessageRole, TextBlock

from integration_tests.conftest import Call
from integration_tests.core.sessions import session_support
from integration_tests.core.sessions.session_support import said
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain import RedisChatMessageHistory
from redisvl_adapters.llama_index import RedisChatStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture
repeating = session_support.repeating  # a fixture


def history_on(clients: Any, index_name: str, session_id: str = "s", **options: Any) -> RedisChatMessageHistory:
    return RedisChatMessageHistory(session_id, prefix=index_name, **clients, **options)


def calling(*ids: str) -> AIMessage:
    """Return a message that calls a tool once for each id."""
    return AIMessage("", tool_calls=[{"name": "t", "args": {}, "id": one, "type": "tool_call"} for one in ids])


def made(text: str) -> list[BaseMessage]:
    """Return messages, spelled in short: ``s`` system, ``h`` human, ``a`` AI, ``c1`` a call, ``t1`` its result."""
    kinds: dict[str, Any] = {
        "s": lambda rest: SystemMessage(f"system {rest}"),
        "h": lambda rest: HumanMessage(f"human {rest}"),
        "a": lambda rest: AIMessage(f"answer {rest}"),
        "c": lambda rest: calling(*rest.split("+")),
        "t": lambda rest: ToolMessage("result", tool_call_id=rest),
    }
    return [kinds[word[0]](word[1:]) for word in text.split()]


CASES = [
    # What is added, the limit, whether the system message is kept, and what is left.
    ("s h1 c1 t1 a1 h2", 3, False, "a1 h2"),
    ("s h1 c1 t1 a1 h2", 3, True, "s a1 h2"),
    ("s h1 c1 t1 a1 h2", 4, False, "c1 t1 a1 h2"),
    ("s h1 c1 t1 a1 h2", 5, True, "s c1 t1 a1 h2"),
    ("h1 c1+2 t1 t2 a1", 3, False, "a1"),
    ("h1 c1+2 t1 t2 a1", 4, False, "c1+2 t1 t2 a1"),
    ("h1 c1 t1", 1, False, "c1 t1"),
    ("h1 c1+2+3 t1 t2 t3", 2, False, "c1+2+3 t1 t2 t3"),
    ("h1 c1+2+3 t1 t2 t3 a1", 2, False, "a1"),
    ("s h1 c1 t1", 2, True, "s c1 t1"),
    ("s1 s2 h1 a1 h2", 4, True, "s1 s2 a1 h2"),
    ("s1 s2 h1 a1 h2", 2, True, "s1 h2"),
    ("h1 s1 a1 h2", 2, True, "a1 h2"),
    ("h1 c1 c2 t1 t2 h2", 3, False, "h2"),
    ("h1 c1 h2 c2 t2 t1 h3", 5, False, "h3"),
    ("h1 c1 t1 h2 c1 t1 h3", 2, False, "h3"),
    ("h1 c1 t1 h2 c1 t1 h3", 3, False, "c1 t1 h3"),
    ("h1 c1 t1 h2 c1 t1 h3", 4, False, "h2 c1 t1 h3"),
    ("h1 t1 h2", 2, False, "h2"),
    ("c1 h1 h2 h3", 2, False, "h2 h3"),
]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("added", "most", "system", "left"), CASES)
async def test_calls_and_results_are_kept_or_go_together(
    call: Call, clients: Clients, index_name: str, added: str, most: int, system: bool, left: str, together: bool
) -> None:
    history = history_on(clients, index_name, max_messages=most, keep_system=system)
    for messages in [made(added)] if together else [[message] for message in made(added)]:
        await call(history, "add_messages", messages)
    if together:
        assert await said(call, history) == made(left)
    check_whole(await said(call, history))


def check_whole(messages: Sequence[BaseMessage]) -> None:
    """Expect that each result comes after its call."""
    calls: set[str] = set()
    for message in messages:
        if isinstance(message, AIMessage):
            calls |= {str(one["id"]) for one in message.tool_calls}
        if isinstance(message, ToolMessage):
            assert message.tool_call_id in calls, messages


def trimmed(messages: list[BaseMessage], most: int, *, system: bool) -> list[BaseMessage]:
    """Return what is left of messages: the reference, which shares nothing with the script."""
    if len(messages) <= most:
        return messages
    head = 0
    while system and head < most - 1 and isinstance(messages[head], SystemMessage):
        head += 1
    rest = messages[head:]
    pairs = []
    for place, message in enumerate(rest):
        if isinstance(message, ToolMessage):
            made_at = [at for at in range(place) if message.tool_call_id in _ids(rest[at])]
            pairs += [(made_at[-1], place)] if made_at else []

    def is_whole(cut: int) -> bool:
        return not isinstance(rest[cut], ToolMessage) and not any(call < cut <= result for call, result in pairs)

    limit = len(messages) - most
    places = [*range(limit, len(rest)), *range(limit - 1, -1, -1)]
    cut = next(filter(is_whole, places), limit)
    return messages[:head] + rest[cut:]


def _ids(message: BaseMessage) -> set[str]:
    return {str(one["id"]) for one in message.tool_calls} if isinstance(message, AIMessage) else set()


@pytest.mark.parametrize("system", [False, True])
async def test_random_sessions_are_trimmed_like_the_reference(
    call: Call, clients: Clients, index_name: str, system: bool
) -> None:
    rng = random.Random(11)
    for number in range(60):
        most = rng.randint(2, 6)
        history = history_on(clients, index_name, str(number), max_messages=most, keep_system=system)
        expected: list[BaseMessage] = []
        ids = 0
        for _ in range(rng.randint(1, 8)):
            turn: list[str] = rng.sample(["s", f"h{rng.random()}", f"a{rng.random()}"], rng.randint(0, 2))
            for _ in range(rng.randint(0, 2)):
                some = [str(ids := ids + 1) for _ in range(rng.randint(1, 3))]
                # Some results come late, in another order, or never.
                turn += ["c" + "+".join(some), *(f"t{one}" for one in rng.sample(some, len(some)))]
            turn += rng.sample([f"h{rng.random()}", f"a{rng.random()}"], rng.randint(0, 2))
            messages = made(" ".join(turn)) if turn else []
            await call(history, "add_messages", messages)
            expected = trimmed([*expected, *messages], most, system=system) if messages else expected
            assert await said(call, history) == expected


async def test_a_result_that_comes_after_its_call_was_trimmed_goes_as_well(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    history = history_on(clients, index_name, max_messages=2, ttl=1000)
    await call(history, "add_messages", made("c1+2"))
    await call(history, "add_messages", made("t1 h1 h2"))
    await call(history, "add_messages", made("t2"))
    assert await said(call, history) == made("h1 h2")
    await call(history, "add_messages", made("h3 t2 h4"))
    assert await said(call, history) == made("h3 h4")
    assert all(server.pttl(key) > 0 for key in server.keys(f"{index_name}*"))
    # A call that has the id of an earlier one is another call.
    await call(history, "add_messages", made("c2"))
    await call(history, "add_messages", made("t2"))
    assert await said(call, history) == made("c2 t2")
    await call(history, "clear")
    assert server.keys(f"{index_name}*") == []


async def test_the_ids_of_a_thousand_unanswered_calls_are_kept_at_most(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    history = history_on(clients, index_name, max_messages=1)
    await call(history, "add_messages", [calling(*map(str, range(1005))), HumanMessage("human 1")])
    assert await said(call, history) == made("h1")
    assert server.scard(f"{index_name}:{{s}}:cut") == 1000


async def test_a_result_whose_call_was_never_there_is_kept_like_any_message(
    call: Call, clients: Clients, index_name: str
) -> None:
    history = history_on(clients, index_name, max_messages=3)
    await call(history, "add_messages", made("h1 t1 h2"))
    assert await said(call, history) == made("h1 t1 h2")
    await call(history, "clear")
    await call(history, "add_messages", made("t1 t2 t3 t4"))
    assert await said(call, history) == made("t2 t3 t4")


@pytest.mark.parametrize(
    ("call_of", "result_of"),
    [
        (
            lambda one: AIMessage("", additional_kwargs={"function_call": {"name": one, "arguments": "{}"}}),
            lambda one: FunctionMessage(name=one, content="result"),
        ),
        (
            lambda one: AIMessage(
                "", additional_kwargs={"tool_calls": [{"id": one, "type": "function", "function": {}}]}
            ),
            lambda one: ToolMessage("result", tool_call_id=one),
        ),
        (
            lambda one: AIMessage("", invalid_tool_calls=[{"name": "t", "args": "{", "id": one, "error": None}]),
            lambda one: ToolMessage("result", tool_call_id=one),
        ),
        (
            lambda _: AIMessage("", tool_calls=[{"name": "t", "args": {}, "id": None}]),
            lambda _: ChatMessage(role="tool", content="result"),
        ),
    ],
    ids=["a function", "a call in another place", "an invalid call", "a call without an id"],
)
async def test_calls_are_known_in_whatever_form(
    call: Call, clients: Clients, index_name: str, call_of: Any, result_of: Any
) -> None:
    history = history_on(clients, index_name, max_messages=3)
    first, second, ask = HumanMessage("first"), HumanMessage("second"), AIMessage("ask")
    await call(history, "add_messages", [first, call_of("1"), result_of("1"), ask])
    assert await said(call, history) == [call_of("1"), result_of("1"), ask]
    await call(history, "add_messages", [second])
    assert await said(call, history) == [ask, second]


def chatted(role: str, text: str = "", **more: Any) -> Chat:
    return Chat(role=MessageRole(role), content=text, additional_kwargs=more)


# Older versions have no block for a call.
CALL_BLOCK: Any = getattr(types, "ToolCallBlock", None)
CALLED = [CALL_BLOCK(tool_call_id="1", tool_name="t")] if CALL_BLOCK else []
BLOCKS = Chat(role=MessageRole.ASSISTANT, blocks=[TextBlock(text="a"), *CALLED])
LISTED = chatted("assistant", tool_calls=[{"id": "1", "function": {"name": "t", "arguments": "{}"}}])
NAMED = chatted("assistant", function_call={"name": "t", "arguments": "{}"})


@pytest.mark.parametrize(
    ("calling", "result"),
    [
        *([(BLOCKS, chatted("tool", "result", tool_call_id="1"))] if CALLED else []),
        (LISTED, chatted("tool", "result", tool_call_id="1")),
        (NAMED, chatted("function", "result", name="t")),
        (LISTED, chatted("tool", "result", tool_call_id="1", name="t")),
    ],
)
async def test_a_chat_store_keeps_calls_and_results_together(
    call: Call, clients: Clients, index_name: str, calling: Chat, result: Chat
) -> None:
    system, first, last, question = (chatted(role, role) for role in ("system", "user", "assistant", "user"))
    messages = [system, first, calling, result, last, question]
    for kept, left in ((False, [last, question]), (True, [system, last, question])):
        store = RedisChatStore(prefix=index_name, max_messages=3, keep_system=kept, **clients)
        await call(store, "set_messages", "s", messages)
        assert await call(store, "get_messages", "s") == left
        await call(store, "delete_messages", "s")
        for message in messages[:5]:
            await call(store, "add_message", "s", message)
        # Only what parts no call from its result is cut off.
        assert await call(store, "get_messages", "s") == ([system, last] if kept else [calling, result, last])
        await call(store, "add_message", "s", question)
        assert await call(store, "get_messages", "s") == left
        await call(store, "delete_messages", "s")
        # One that is inserted counts as well.
        await call(store, "set_messages", "s", [first, calling, result])
        await call(store, "add_message", "s", last, 2)
        assert await call(store, "get_messages", "s") == [calling, last, result]
        await call(store, "delete_messages", "s")


async def test_what_is_sent_twice_is_trimmed_once(call: Call, repeating: Any, index_name: str) -> None:
    history = history_on(repeating, index_name, max_messages=4, keep_system=True)
    for text in ("s h1 c1 t1", "a1 h2", "c2+3 t2", "t3"):
        await call(history, "add_messages", made(text))
    assert await said(call, history) == made("s c2+3 t2 t3")
    await call(history, "add_messages", made("h3 t1"))
    assert await said(call, history) == made("s h3 t1")


WRITERS, TURNS = 32, 6


@pytest.mark.parametrize("together", [True, False])
async def test_many_writers_leave_no_result_without_its_call(redis_url: str, index_name: str, together: bool) -> None:
    most = 7
    async with RedisChatMessageHistory(
        "s", redis_url=redis_url, prefix=index_name, max_messages=most, keep_system=True
    ) as history:
        await history.aadd_messages(made("s"))
        seen: list[list[BaseMessage]] = []

        async def write(writer: int) -> None:
            for number in range(TURNS):
                one = f"{writer}x{number}"
                turn = made(f"h{one} c{one}y+{one}z t{one}z t{one}y a{one}")
                for messages in [turn] if together else [[message] for message in turn]:
                    await history.aadd_messages(messages)
                    seen.append(await history.aget_messages())

        await asyncio.gather(*map(write, range(WRITERS)))
    assert len(seen) >= WRITERS * TURNS
    for messages in seen:
        assert messages[0] == made("s")[0]
        check_whole(messages)
        # Results that come one by one keep their calls, of which each writer has one.
        assert len(messages) <= (most if together else most + 3 * WRITERS)


def test_what_cannot_be_honoured_is_refused(clients: Clients, index_name: str) -> None:
    for options, says in (
        ({"keep_system": "yes"}, "keep_system is True or False; not 'yes'"),
        ({"keep_system": True, "max_messages": 1}, "would keep nothing else"),
    ):
        with pytest.raises(ArgumentError, match=says):
            history_on(clients, index_name, **options)
        with pytest.raises(ArgumentError, match=says):
            RedisChatStore(prefix=index_name, **clients, **options)
