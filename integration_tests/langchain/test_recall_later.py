"""Messages that could not be indexed when they were added: kept, told, and found by meaning later."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import redis
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

from integration_tests.conftest import Call
from integration_tests.core.sessions.session_support import said
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, keys_of
from redisvl_adapters.core.sessions import history as sessions
from redisvl_adapters.core.sessions import indexing
from redisvl_adapters.errors import ArgumentError, SchemaMismatchError, ServerUnavailableError
from redisvl_adapters.langchain import RedisChatMessageHistory, RedisVectorStore

clients = langchain_support.clients  # a fixture

KEPT = "the messages of session 's' are kept, but recall does not find"
CATS, DOGS, PLANES = HumanMessage("cats purr"), AIMessage("dogs bark"), HumanMessage("planes fly")
ASKED = "which animal purrs?"
VECTORS = {
    "cats purr": [1.0, 0.0, 0.0, 0.1],
    "dogs bark": [0.0, 1.0, 0.0, 0.1],
    "planes fly": [0.0, 0.0, 1.0, 0.1],
    "another": [0.0, 0.1, 1.0, 0.1],
    ASKED: [0.9, 0.3, 0.0, 0.0],
}


class Moody(Model):
    """An embedding model that can be told to give something else, or to fail, for some texts or for all documents.

    Attributes:
        mood: What it gives or raises, by text; under an empty text, for all.
    """

    def __init__(self, **mood: Any) -> None:
        super().__init__(VECTORS, dims=4)
        self.mood: dict[str, Any] = mood

    def embed_documents(self, texts: list[str]) -> list[Any]:
        found = super().embed_documents(texts)
        return self.spoilt(texts, found)

    async def aembed_documents(self, texts: list[str]) -> list[Any]:
        found = await super().aembed_documents(texts)
        return self.spoilt(texts, found)

    def spoilt(self, texts: list[str], found: list[Any]) -> list[Any]:
        for place, text in enumerate(texts):
            for spoil in (self.mood.get(text), self.mood.get("")):
                if isinstance(spoil, BaseException):
                    raise spoil
                if spoil is not None:
                    found[place] = spoil
        return found


def history_on(
    clients: Clients, index_name: str, session_id: str = "s", embedding: Any = None, **options: Any
) -> RedisChatMessageHistory:
    given = {"prefix": f"{index_name}-history", "index_name": index_name, "embedding": embedding or Moody(), **options}
    return RedisChatMessageHistory(session_id, **clients, **given)


FAILURES = [
    RuntimeError("429: slow down"),
    KeyError("x"),
    [0.0] * 4,
    [float("nan")] * 4,
    [1.0] * 7,
    "text",
]


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
@pytest.mark.parametrize("first", [True, False])
async def test_a_turn_is_kept_when_the_embedding_model_fails_and_found_later(
    call: Call, clients: Clients, index_name: str, failure: Any, first: bool
) -> None:
    model = Moody()
    history = history_on(clients, index_name, embedding=model)
    before = [] if first else [PLANES]
    await call(history, "add_messages", before)
    if first and failure == [1.0] * 7:
        # The first vector of an index fits in any case.
        await call(history_on(clients, index_name, "another"), "add_messages", [PLANES])
    model.mood[""] = failure
    with pytest.warns(RuntimeWarning, match=KEPT):
        await call(history, "add_messages", [CATS, DOGS])
    assert await said(call, history) == [*before, CATS, DOGS]
    model.mood.clear()
    await call(history, "add_messages", [HumanMessage("another")])
    assert await call(history, "recall", ASKED, 2) == [CATS, DOGS]


async def test_recall_finds_what_could_not_be_indexed_before(call: Call, clients: Clients, index_name: str) -> None:
    model = Moody(**{"": RuntimeError("429: slow down")})
    history = history_on(clients, index_name, embedding=model, ttl=1000)
    with pytest.warns(RuntimeWarning, match=f"{KEPT} 2 of them yet, .*: RuntimeError: 429: slow down"):
        await call(history, "add_messages", [CATS, AIMessage(""), DOGS])
    model.mood.clear()
    for _ in range(2):
        assert await call(history, "recall", ASKED) == [CATS, DOGS]
    clients["client"].delete(f"{index_name}-history:{{s}}:unindexed")
    left = [clients["client"].pttl(key) for key in keys_of(clients["client"], index_name)]
    assert len(left) == 4
    assert all(0 < ms <= 1_000_000 for ms in left)


async def test_recall_itself_says_when_the_model_fails(call: Call, clients: Clients, index_name: str) -> None:
    class Down(Moody):
        def vector(self, *_: str) -> list[float]:
            raise RuntimeError("429: slow down")

    history = history_on(clients, index_name, embedding=Down())
    with pytest.warns(RuntimeWarning, match=KEPT):
        await call(history, "add_messages", [CATS])
    with pytest.raises(RuntimeError, match="429"):
        await call(history, "recall", ASKED)


class Gone(BaseException):
    """The process goes away."""


async def test_a_message_is_found_whenever_the_process_went_away(
    call: Call, clients: Clients, index_name: str, server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Moody(**{"": Gone()})
    history = history_on(clients, index_name, embedding=model)
    with pytest.raises(Gone):
        await call(history, "add_messages", [CATS])
    model.mood.clear()
    with monkeypatch.context() as patch:
        patch.setattr(sessions, "note_indexed", _goes_away)
        with pytest.raises(Gone):
            await call(history, "add_messages", [DOGS])
    assert await said(call, history) == [CATS, DOGS]
    assert len(keys_of(server, f"{index_name}:")) == 1
    assert await call(history_on(clients, index_name), "recall", ASKED) == [CATS, DOGS]
    assert len(keys_of(server, f"{index_name}:")) == 2


def _goes_away(*_: Any) -> Any:
    raise Gone
    yield


async def test_what_was_half_written_goes_with_its_session(
    call: Call, clients: Clients, index_name: str, server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in (None, Moody()):
        with monkeypatch.context() as patch:
            patch.setattr(sessions, "note_indexed", _goes_away)
            with pytest.raises(Gone):
                await call(history_on(clients, index_name), "add_messages", [CATS])
        # A history without the model knows the keys of the records all the same.
        plain = RedisChatMessageHistory("s", prefix=f"{index_name}-history", **clients)
        await call(plain if model is None else history_on(clients, index_name, embedding=model), "clear")
        assert keys_of(server, f"{index_name}:") | keys_of(server, f"{index_name}-history:") == set()


async def test_a_session_that_is_cleared_while_its_messages_are_embedded_stays_cleared(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    class Clearing(Moody):
        def spoilt(self, _: list[str], found: list[Any]) -> list[Any]:
            history_on(clients, index_name).clear()
            return found

    history_on(clients, index_name, "other").add_messages([DOGS])
    await call(history_on(clients, index_name, embedding=Clearing()), "add_messages", [CATS])
    history = history_on(clients, index_name)
    assert await said(call, history) == []
    assert await call(history, "recall", ASKED) == []
    assert len(keys_of(server, f"{index_name}:")) == 1


async def test_a_refused_message_of_a_session_that_is_cleared_meanwhile_does_not_come_back(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    class Clearing(Moody):
        def spoilt(self, _: list[str], found: list[Any]) -> list[Any]:
            history_on(clients, index_name).clear()
            return [[0.0] * 4 for _ in found]

    with pytest.warns(RuntimeWarning, match="zero vector"):
        await call(history_on(clients, index_name, embedding=Clearing()), "add_messages", [CATS])
    assert keys_of(server, f"{index_name}-history:") == set()


async def test_one_message_that_the_model_refuses_does_not_hide_the_others(
    call: Call, clients: Clients, index_name: str
) -> None:
    model = Moody(**{"": RuntimeError("down")})
    history = history_on(clients, index_name, embedding=model)
    with pytest.warns(RuntimeWarning, match="down"):
        await call(history, "add_messages", [HumanMessage("endless"), CATS, HumanMessage("odd"), DOGS, PLANES])
    model.mood = {"endless": ValueError("too long"), "odd": [0.0] * 4}
    told: list[str] = []
    for _ in range(10):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = await call(history, "recall", ASKED)
        told += [str(one.message) for one in caught]
        if not caught:
            break
    assert found == [CATS, DOGS, PLANES]
    # Each was tried three times, and is not any more.
    assert [sum(sign in one for one in told) for sign in ("too long", "zero vector")] == [3, 3]
    model.calls.clear()
    await call(history, "recall", ASKED)
    assert [texts for _, texts in model.calls] == [[ASKED]]
    with pytest.warns(RuntimeWarning, match="too long|zero vector"):
        assert await call(history, "index_missing") == 0
    model.mood.clear()
    assert await call(history, "index_missing") == 2
    assert await call(history, "index_missing") == 0
    assert len(await call(history, "recall", ASKED, 9)) == 5


async def test_one_call_indexes_a_bounded_number_of_messages_besides_its_own(
    call: Call, clients: Clients, index_name: str, server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 3)
    model = Moody(**{"": RuntimeError("down")})
    history = history_on(clients, index_name, embedding=model, max_messages=2)
    with pytest.warns(RuntimeWarning, match="down"):
        await call(history, "add_messages", [HumanMessage(f"message {number}") for number in range(10)])
    model.mood.clear()
    for added, indexed in (([CATS, DOGS], 5), ([PLANES], 9), ([AIMessage("")], 9)):
        await call(history, "add_messages", added)
        assert len(keys_of(server, f"{index_name}:")) == indexed
    await call(history, "recall", ASKED)
    assert len(keys_of(server, f"{index_name}:")) == 12
    assert await call(history, "index_missing") == 1
    assert await call(history, "recall", ASKED, 1) == [CATS]


async def test_a_thousand_messages_wait_at_most(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    history = history_on(clients, index_name, embedding=Moody(**{"": RuntimeError("down")}), max_messages=5)
    for numbers in (range(1000), range(1000, 1005)):
        with pytest.warns(RuntimeWarning, match="down"):
            await call(history, "add_messages", [HumanMessage(str(number)) for number in numbers])
    assert server.zcard(f"{index_name}-history:{{s}}:unindexed") == 1000
    assert await call(history_on(clients, index_name), "index_missing") == 1000
    found = await call(history_on(clients, index_name), "recall", ASKED, 2000)
    # Those that went are among the ones that were added first, all at once.
    assert {str(message.content) for message in found} > {str(number) for number in range(1000, 1005)}
    assert len(found) == 1000


async def test_messages_of_another_prefix_are_never_found_nor_removed(
    call: Call, clients: Clients, index_name: str
) -> None:
    """Two applications with the default index of messages, and a session and a user of the same name."""
    one, other = (
        history_on(clients, index_name, user_id="ann", prefix=f"{index_name}-history{end}") for end in ("", "2")
    )
    await call(one, "add_messages", [CATS])
    await call(other, "add_messages", [DOGS])
    for everywhere in (False, True):
        assert await call(one, "recall", ASKED, all_sessions=everywhere) == [CATS]
        assert await call(other, "recall", ASKED, all_sessions=everywhere) == [DOGS]
    await call(one, "clear")
    await call(one, "clear_sessions")
    assert await call(other, "recall", ASKED) == [DOGS]


class OtherModel(Moody):
    """A model that makes other vectors of as many dimensions."""

    def vector(self, text: str) -> list[float]:
        return super().vector(text)[::-1]


async def test_vectors_of_two_models_are_never_compared(call: Call, clients: Clients, index_name: str) -> None:
    old = history_on(clients, index_name, user_id="ann")
    await call(old, "add_messages", [CATS, DOGS])
    new = history_on(clients, index_name, user_id="ann", embedding=OtherModel())
    await call(new, "add_messages", [PLANES])
    for everywhere in (False, True):
        with pytest.warns(RuntimeWarning, match=r"2 messages were not looked at, .*index_missing\(\)"):
            assert await call(new, "recall", ASKED, all_sessions=everywhere) == [PLANES]
    assert await call(new, "index_missing") == 2
    assert await call(new, "recall", ASKED) == [CATS, DOGS, PLANES]
    await call(new, "clear")
    assert await call(new, "index_missing") == 0


async def test_an_index_of_a_store_is_refused_and_left_alone(call: Call, clients: Clients, index_name: str) -> None:
    store = RedisVectorStore(Moody(), index_name=index_name, **clients)
    store.add_texts(["cats purr"], [{"session": f"{index_name}-history:{{s}}"}], ids=["1"])
    history = history_on(clients, index_name)
    with pytest.warns(RuntimeWarning, match="SchemaMismatchError"):
        await call(history, "add_messages", [CATS])
    assert await said(call, history) == [CATS]
    for method, *rest in (("recall", ASKED), ("index_missing",), ("clear",)):
        with pytest.raises(SchemaMismatchError):
            await call(history, method, *rest)
    assert store.count() == 1


async def test_without_an_embedding_model_nothing_can_be_missing(call: Call, clients: Clients, index_name: str) -> None:
    with pytest.raises(ArgumentError, match="index_missing needs the history to be made with embedding="):
        await call(RedisChatMessageHistory("s", prefix=index_name, **clients), "index_missing")
    async with RedisChatMessageHistory("s", redis_url="redis://localhost:1", embedding=Moody()) as history:
        with pytest.raises(ServerUnavailableError):
            await call(history, "index_missing")


@pytest.mark.filterwarnings("ignore:RunnableWithMessageHistory is deprecated")
async def test_a_chain_keeps_its_turn_when_the_embedding_model_fails(
    call: Call, clients: Clients, index_name: str
) -> None:
    model = Moody(**{"": RuntimeError("429: slow down")})
    history = history_on(clients, index_name, embedding=model)
    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{question}")])
    answers: Any = iter([DOGS])
    chain = RunnableWithMessageHistory(
        prompt | GenericFakeChatModel(messages=answers),
        history.for_session,
        input_messages_key="question",
        history_messages_key="history",
    )
    with pytest.warns(RuntimeWarning, match=KEPT):
        await call(chain, "invoke", {"question": CATS.content}, {"configurable": {"session_id": "s"}})
    kept: list[BaseMessage] = await said(call, history)
    assert [message.content for message in kept] == ["cats purr", "dogs bark"]
    model.mood.clear()
    (found,) = await call(history, "recall", ASKED, 1)
    assert found.content == "cats purr"
