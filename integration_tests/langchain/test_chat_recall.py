"""Finding earlier messages by meaning: in a session, in all sessions of a user, and never in those of others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from integration_tests.conftest import Call
from integration_tests.core.sessions.session_support import HOSTILE, said
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, keys_of
from redisvl_adapters.errors import ArgumentError, FilterError
from redisvl_adapters.langchain import RedisChatMessageHistory
from redisvl_adapters.langchain.messages import text_of
from tests.langchain.test_messages import CALL, IMAGE

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

MODEL = Model(
    {
        "cats purr": [1.0, 0.0, 0.0, 0.1],
        "dogs bark": [0.0, 1.0, 0.0, 0.1],
        "planes fly": [0.0, 0.0, 1.0, 0.1],
        "which animal purrs?": [0.9, 0.3, 0.0, 0.0],
    },
    dims=4,
)
ASKED = "which animal purrs?"
CATS, DOGS, PLANES = HumanMessage("cats purr", id="1"), AIMessage("dogs bark", name="rex"), HumanMessage("planes fly")


def history_on(
    clients: Clients, index_name: str, session_id: str = "s", embedding: Any = MODEL, **options: Any
) -> RedisChatMessageHistory:
    return RedisChatMessageHistory(
        session_id,
        prefix=f"{index_name}-history",
        index_name=index_name if embedding else None,
        embedding=embedding,
        **clients,
        **options,
    )


@pytest.fixture
def history(clients: Clients, index_name: str) -> RedisChatMessageHistory:
    return history_on(clients, index_name)


async def test_the_nearest_messages_come_back_whole(call: Call, history: RedisChatMessageHistory) -> None:
    await call(history, "add_messages", [PLANES, CATS])
    await call(history, "add_messages", [DOGS])
    assert await call(history, "recall", ASKED, 2) == [CATS, DOGS]
    assert await call(history, "recall", ASKED) == [CATS, DOGS, PLANES]
    assert await said(call, history) == [PLANES, CATS, DOGS]


async def test_before_anything_was_said_nothing_is_found(call: Call, history: RedisChatMessageHistory) -> None:
    assert await call(history, "recall", ASKED, filter={"type": "human"}) == []
    await call(history, "clear")


async def test_messages_without_text_are_kept_and_not_recalled(call: Call, history: RedisChatMessageHistory) -> None:
    silent: list[BaseMessage] = [
        AIMessage("", tool_calls=[CALL]),
        HumanMessage([IMAGE]),
        ToolMessage(" \n", tool_call_id="call-1"),
    ]
    await call(history, "add_messages", silent)
    assert await call(history, "recall", ASKED) == []
    await call(history, "add_messages", [CATS, *silent])
    assert await call(history, "recall", ASKED) == [CATS]
    assert await said(call, history) == [*silent, CATS, *silent]


async def test_only_messages_that_match_the_filter_are_found(call: Call, history: RedisChatMessageHistory) -> None:
    await call(history, "add_messages", [CATS, DOGS, PLANES])
    now = datetime.now(UTC)
    for filter, expected in (
        ({"type": "human"}, [CATS, PLANES]),
        ({"$not": {"type": "human"}}, [DOGS]),
        ({"name": "rex"}, [DOGS]),
        ({"name": {"$exists": False}}, [CATS, PLANES]),
        ({"id": {"$in": ["1", "2"]}}, [CATS]),
        ({"at": {"$gte": now - timedelta(hours=1), "$lte": now + timedelta(hours=1)}}, [CATS, DOGS, PLANES]),
        ({"at": {"$lt": now - timedelta(hours=1)}}, []),
        ({"$or": [{"session_id": "other"}, {"type": "ai"}]}, [DOGS]),
    ):
        assert await call(history, "recall", ASKED, filter=filter) == expected
    with pytest.raises(FilterError, match="field 'tpye' is not in index"):
        await call(history, "recall", ASKED, filter={"tpye": {"$ne": "human"}})


async def test_other_sessions_are_found_when_asked_for_and_only_those_of_the_user(
    call: Call, clients: Clients, index_name: str
) -> None:
    monday = history_on(clients, index_name, "monday", user_id="ann")
    tuesday = monday.for_session("tuesday")
    stranger = monday.for_session("monday", "bob")
    nobody = history_on(clients, index_name, "monday")
    await call(monday, "add_messages", [CATS])
    await call(tuesday, "add_messages", [DOGS])
    for other in (stranger, nobody):
        await call(other, "add_messages", [PLANES])
    assert await call(tuesday, "recall", ASKED) == [DOGS]
    assert await call(tuesday, "recall", ASKED, all_sessions=True) == [CATS, DOGS]
    earlier = {"session_id": {"$ne": "tuesday"}}
    assert await call(tuesday, "recall", ASKED, filter=earlier, all_sessions=True) == [CATS]
    assert await call(stranger, "recall", ASKED, all_sessions=True) == [PLANES]
    assert await call(nobody, "recall", ASKED) == [PLANES]
    with pytest.raises(ArgumentError, match="needs the history to be made with user_id="):
        await call(nobody, "recall", ASKED, all_sessions=True)
    # A filter that is true for others does not widen the search.
    assert await call(tuesday, "recall", ASKED, filter={"$or": [{"user_id": "bob"}, {"type": "human"}]}) == []


async def test_words_find_what_was_said_in_other_forms_and_languages(
    call: Call, clients: Clients, index_name: str
) -> None:
    model = Model({"which planes flew?": [1.0, 0.0, 0.0, 0.1], **MODEL.told}, dims=4)
    ann = history_on(clients, index_name, user_id="ann", embedding=model)
    order, tokyo = HumanMessage("The part is XR-500."), AIMessage("東京タワーは高い")
    await call(ann, "add_messages", [CATS, DOGS, PLANES, order, tokyo])
    await call(ann.for_session("s", "bob"), "add_messages", [HumanMessage("bob's planes fly, cats purr")])
    before = len(model.calls)
    for query, expected in (
        ("which planes flew?", [PLANES]),
        ("xr-500", [order]),
        ("タワー", [tokyo]),
        ("cats or dogs", [CATS, DOGS]),
        ("submarine", []),
    ):
        found = await call(ann, "recall", query, search_type="text")
        assert sorted(map(text_of, found)) == sorted(map(text_of, expected)), query
    assert await call(ann, "recall", "planes", filter={"type": "ai"}, search_type="text") == []
    assert len(model.calls) == before, "words need no embedding"
    both = await call(ann, "recall", "which planes flew?", 2, search_type="hybrid", all_sessions=True)
    assert both == [PLANES, CATS], "the words' own, then what only the vector is near to"


async def test_sessions_with_hostile_names_recall_their_own(call: Call, clients: Clients, index_name: str) -> None:
    histories = [history_on(clients, index_name, name, user_id=name) for name in HOSTILE if "\0" not in name]
    for one in histories:
        await call(one, "add_messages", [HumanMessage("cats purr", id=one.session_id)])
    for one in histories:
        for everywhere in (False, True):
            found = await call(one, "recall", ASKED, 50, all_sessions=everywhere)
            assert [message.id for message in found] == [one.session_id]


async def test_clearing_a_session_forgets_what_it_recalls_and_nothing_else(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    first, second = (history_on(clients, index_name, name, user_id="ann") for name in ("a", "b"))
    await call(first, "add_messages", [CATS, PLANES])
    await call(second, "add_messages", [DOGS])
    await call(first, "clear")
    assert await said(call, first) == []
    assert await call(second, "recall", ASKED, all_sessions=True) == [DOGS]
    assert len(keys_of(server, f"{index_name}:")) == 1


async def test_a_history_without_the_model_clears_what_is_recalled_too(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    history = history_on(clients, index_name)
    await call(history, "add_messages", [CATS, DOGS])
    await call(history_on(clients, index_name, embedding=None), "clear")
    assert await call(history, "recall", ASKED) == []
    assert keys_of(server, f"{index_name}:") == set()


async def test_messages_beyond_the_limit_are_still_recalled(call: Call, clients: Clients, index_name: str) -> None:
    history = history_on(clients, index_name, max_messages=1)
    await call(history, "add_messages", [CATS, DOGS])
    await call(history, "add_messages", [PLANES])
    assert await said(call, history) == [PLANES]
    assert await call(history, "recall", ASKED, 1) == [CATS]


@pytest.mark.parametrize("sliding", [True, False])
async def test_what_is_recalled_expires_with_its_session(
    call: Call, clients: Clients, index_name: str, server: redis.Redis, sliding: bool
) -> None:
    history = history_on(clients, index_name, ttl=1000, sliding=sliding)
    await call(history, "add_messages", [CATS])
    records = keys_of(server, f"{index_name}:")
    session = keys_of(server, f"{index_name}-history:")
    for key in records | session:
        server.pexpire(key, 5000)
    await call(history, "add_messages", [DOGS])
    left = [server.pttl(key) for key in keys_of(server, f"{index_name}:") | session]
    assert len(left) == 4
    if sliding:
        assert all(900_000 < ms <= 1_000_000 for ms in left)
    else:
        assert all(0 < ms <= 5000 for ms in left)


async def test_text_that_utf8_lacks_is_kept_and_recalled(call: Call, history: RedisChatMessageHistory) -> None:
    odd = HumanMessage("lone \ud800 surrogate")
    await call(history, "add_messages", [odd])
    assert await said(call, history) == [odd]
    assert await call(history, "recall", ASKED) == [odd]


async def test_a_damaged_record_is_left_out_with_a_warning(
    call: Call, history: RedisChatMessageHistory, index_name: str, server: redis.Redis
) -> None:
    await call(history, "add_messages", [CATS])
    (key,) = keys_of(server, f"{index_name}:")
    server.hset(key, "metadata", b'{"entry": "damaged"}')
    with pytest.warns(RuntimeWarning, match="a damaged message was left out"):
        assert await call(history, "recall", ASKED) == []


async def test_the_embedding_model_is_called_once_for_all_messages_in_the_mode_of_the_call(
    call: Call, clients: Clients, index_name: str
) -> None:
    model = Model(dims=4)
    history = history_on(clients, index_name, embedding=model)
    await call(history, "add_messages", [CATS, DOGS])
    await call(history, "recall", ASKED)
    a = "a" if call.__name__ == "twin" else ""
    assert model.calls == [(f"{a}embed_documents", ["cats purr", "dogs bark"]), (f"{a}embed_query", [ASKED])]


async def test_what_recall_cannot_honour_is_refused(call: Call, clients: Clients, index_name: str) -> None:
    with pytest.raises(ArgumentError, match="recall needs the history to be made with embedding="):
        await call(history_on(clients, index_name, embedding=None), "recall", ASKED)
    with pytest.raises(ArgumentError, match="k is an integer"):
        await call(history_on(clients, index_name), "recall", ASKED, -1)
    with pytest.raises(ArgumentError, match=r"search_type is one of vector, text, hybrid; not 'hybird' \(did you mean"):
        await call(history_on(clients, index_name), "recall", ASKED, search_type="hybird")
    with pytest.raises(ArgumentError, match="embedding is a langchain_core Embeddings; not str"):
        history_on(clients, index_name, embedding="model")
