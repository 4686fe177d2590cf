"""LangChain's chat message history: order, atomic writes, times to live, limits, and sessions that never meet."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import ConfigurableFieldSpec
from langchain_core.runnables.history import RunnableWithMessageHistory

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.core.sessions import session_support
from integration_tests.core.sessions.session_support import HOSTILE, said
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from redisvl_adapters.errors import RecordError, ServerError
from redisvl_adapters.langchain import RedisChatMessageHistory
from tests.langchain.test_messages import EXAMPLES

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture
repeating = session_support.repeating  # a fixture


def history_on(clients: Any, index_name: str, session_id: str = "s", **options: Any) -> RedisChatMessageHistory:
    return RedisChatMessageHistory(session_id, prefix=index_name, **clients, **options)


@pytest.fixture
def history(clients: Clients, index_name: str) -> RedisChatMessageHistory:
    return history_on(clients, index_name)


def humans(*texts: str) -> list[BaseMessage]:
    return [HumanMessage(text) for text in texts]


async def test_messages_of_every_type_come_back_whole_and_in_order(
    call: Call, history: RedisChatMessageHistory
) -> None:
    """langchain-redis 24: its chat history crashes on redis-py 8.1 and drops ids, names and tool calls."""
    await call(history, "add_messages", EXAMPLES[:3])
    await call(history, "add_messages", EXAMPLES[3:])
    read = await said(call, history)
    assert read == EXAMPLES
    assert [type(message) for message in read] == [type(message) for message in EXAMPLES]


async def test_a_new_session_is_empty_and_clearing_it_does_no_harm(
    call: Call, history: RedisChatMessageHistory
) -> None:
    assert await said(call, history) == []
    await call(history, "clear")
    await call(history, "add_messages", [])
    assert await said(call, history) == []


def test_the_short_forms_of_langchain_work(history: RedisChatMessageHistory) -> None:
    history.add_user_message("a")
    history.add_ai_message("b")
    history.add_message(SystemMessage("c"))
    assert history.messages == [HumanMessage("a"), AIMessage("b"), SystemMessage("c")]
    assert str(history) == "Human: a\nAI: b\nSystem: c"


async def test_one_message_that_cannot_be_stored_leaves_nothing_of_its_call(
    call: Call, history: RedisChatMessageHistory
) -> None:
    bad = ToolMessage("b", tool_call_id="1", artifact=object())
    with pytest.raises(RecordError, match=r"message 1 \(ToolMessage\)\.artifact is a object"):
        await call(history, "add_messages", [HumanMessage("a"), bad])
    assert await said(call, history) == []


async def test_sessions_never_meet_whatever_their_names(call: Call, clients: Clients, index_name: str) -> None:
    histories = {name: history_on(clients, index_name, name) for name in HOSTILE}
    for name, one in histories.items():
        await call(one, "add_messages", humans(name))
    for name, one in histories.items():
        assert await said(call, one) == humans(name)
    left = dict(histories)
    for name in ("*", "a", "a*", "a}"):
        await call(left.pop(name), "clear")
        assert await said(call, histories[name]) == []
        assert [await said(call, one) for one in left.values()] == [humans(name) for name in left]


async def test_one_session_id_of_two_users_is_two_sessions(call: Call, clients: Clients, index_name: str) -> None:
    owners = [("a", None), ("a", "ann"), ("a", "bob"), ("ann/a", None), ("b/a", "ann"), ("a", "ann/b")]
    histories = [history_on(clients, index_name, session, user_id=user) for session, user in owners]
    for place, one in enumerate(histories):
        await call(one, "add_messages", humans(str(place)))
    assert [await said(call, one) for one in histories] == [humans(str(place)) for place in range(len(owners))]


async def test_a_prefix_does_not_cover_a_longer_one(call: Call, clients: Clients, index_name: str) -> None:
    short, long = (RedisChatMessageHistory("s", prefix=f"{index_name}{end}", **clients) for end in ("", "2"))
    await call(short, "add_messages", humans("short"))
    await call(long, "add_messages", humans("long"))
    await call(short, "clear")
    assert await said(call, long) == humans("long")


async def test_only_the_last_messages_are_kept_if_so_told(call: Call, clients: Clients, index_name: str) -> None:
    history = history_on(clients, index_name, max_messages=3)
    await call(history, "add_messages", humans("a", "b"))
    await call(history, "add_messages", humans("c", "d"))
    assert await said(call, history) == humans("b", "c", "d")
    await call(history, "add_messages", humans(*"efghi"))
    assert await said(call, history) == humans("g", "h", "i")


async def test_a_sliding_time_to_live_starts_anew_with_each_write(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    history = history_on(clients, index_name, ttl=1000)
    await call(history, "add_messages", humans("a"))
    (key,) = server.keys(f"{index_name}*")
    server.pexpire(key, 5000)
    await said(call, history)
    assert server.pttl(key) <= 5000
    await call(history, "add_messages", humans("b"))
    assert 900_000 < server.pttl(key) <= 1_000_000


async def test_a_fixed_time_to_live_counts_from_the_first_write(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    history = history_on(clients, index_name, ttl=1000, sliding=False)
    await call(history, "add_messages", humans("a"))
    (key,) = server.keys(f"{index_name}*")
    assert 900_000 < server.pttl(key) <= 1_000_000
    server.pexpire(key, 5000)
    await call(history, "add_messages", humans("b"))
    assert server.pttl(key) <= 5000


async def test_a_session_without_a_time_to_live_stays(
    call: Call, history: RedisChatMessageHistory, index_name: str, server: redis.Redis
) -> None:
    await call(history, "add_messages", humans("a"))
    (key,) = server.keys(f"{index_name}*")
    assert server.pttl(key) == -1


async def test_a_session_that_has_expired_is_empty(call: Call, clients: Clients, index_name: str) -> None:
    history = history_on(clients, index_name, ttl=0.001)
    await call(history, "add_messages", humans("a"))
    until(lambda: not history.messages)


async def test_an_append_that_is_sent_twice_is_made_once(call: Call, repeating: Any, index_name: str) -> None:
    history = history_on(repeating, index_name, max_messages=4)
    await call(history, "add_messages", humans("a", "b"))
    await call(history, "add_messages", humans("b", "c", "d"))
    assert await said(call, history) == humans("b", "b", "c", "d")


async def test_a_damaged_message_is_left_out_with_a_warning(
    call: Call, history: RedisChatMessageHistory, index_name: str, server: redis.Redis
) -> None:
    await call(history, "add_messages", humans("a", "b"))
    (key,) = server.keys(f"{index_name}*")
    server.execute_command("LINSERT", key, "AFTER", server.lindex(key, 0), b"\xff not ours")
    with pytest.warns(RuntimeWarning, match="a damaged message was left out, number 1"):
        assert await said(call, history) == humans("a", "b")


async def test_a_key_of_another_kind_in_the_way_is_an_error_that_says_so(
    call: Call, history: RedisChatMessageHistory, index_name: str, server: redis.Redis
) -> None:
    await call(history, "add_messages", humans("a"))
    (key,) = server.keys(f"{index_name}*")
    server.set(key, "text")
    for name in ("add_messages", "read"):
        with pytest.raises(ServerError, match="WRONGTYPE"):
            await (said(call, history) if name == "read" else call(history, name, humans("b")))
    assert server.get(key) == b"text"


def test_the_history_of_another_session_has_the_same_settings_and_connection(clients: Clients, index_name: str) -> None:
    history = history_on(clients, index_name, user_id="ann", max_messages=1)
    other = history.for_session("other")
    assert (other.session_id, other.user_id, history.session_id) == ("other", "ann", "s")
    assert history.for_session("other", "bob").user_id == "bob"
    other.add_messages(humans("a", "b"))
    assert other.messages == humans("b")
    assert history.messages == []


# RunnableWithMessageHistory, which LangChain deprecates in favour of another of its packages.


@pytest.mark.filterwarnings("ignore:RunnableWithMessageHistory is deprecated")
async def test_a_chain_remembers_what_was_said(call: Call, history: RedisChatMessageHistory) -> None:
    seen: list[list[BaseMessage]] = []

    class Model(GenericFakeChatModel):
        def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
            seen.append(messages)
            return super()._generate(messages, *args, **kwargs)

    answers = [AIMessage(f"answer {number}", id=str(number)) for number in range(3)]
    prompt = ChatPromptTemplate.from_messages(
        [("system", "Be brief."), MessagesPlaceholder("history"), ("human", "{question}")]
    )
    chain = RunnableWithMessageHistory(
        prompt | Model(messages=iter(answers)),
        history.for_session,
        input_messages_key="question",
        history_messages_key="history",
        history_factory_config=[
            ConfigurableFieldSpec(id="session_id", annotation=str),
            ConfigurableFieldSpec(id="user_id", annotation=str),
        ],
    )
    for session, question in (("a", "one?"), ("b", "two?"), ("a", "three?")):
        config = {"configurable": {"session_id": session, "user_id": "ann"}}
        await call(chain, "invoke", {"question": question}, config)
    assert [len(messages) for messages in seen] == [2, 2, 4]
    kept = await said(call, history.for_session("a", "ann"))
    assert [(message.type, message.content) for message in kept] == [
        ("human", "one?"),
        ("ai", "answer 0"),
        ("human", "three?"),
        ("ai", "answer 2"),
    ]
    assert [message.id for message in kept if message.type == "ai"] == ["0", "2"]
