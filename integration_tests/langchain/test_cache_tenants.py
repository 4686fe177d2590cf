"""Whose answer a chat model gives: never that to another system message, whatever else the messages hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue

from integration_tests.conftest import Call
from integration_tests.core.caches.cache_support import DIMS, MODEL, Scripted, at, kind, make_cache, said
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.langchain import RedisSemanticCache

__all__ = ["kind", "make_cache"]  # fixtures

Make = Callable[..., Any]


class Constant(Model):
    """An embedding model that takes all texts for the same, and none that UTF-8 cannot hold."""

    def vector(self, text: str) -> list[float]:
        text.encode()
        return at(0)


class Custom(BaseMessage):
    """A message that LangChain cannot write down."""

    type: str = "custom"

    @classmethod
    def is_lc_serializable(cls) -> bool:
        return False


def calling(**args: Any) -> list[BaseMessage]:
    """Return a call of a tool and what it returned."""
    call = {"name": "add", "args": args, "id": "1", "type": "tool_call"}
    return [AIMessage("", tool_calls=[call]), ToolMessage("3", tool_call_id="1")]


CHATS: dict[str, list[BaseMessage]] = {
    "plain": [HumanMessage("hi")],
    "a lone surrogate": [HumanMessage("hi \ud83d")],
    "a lone surrogate before": [HumanMessage("\ud83d"), AIMessage("yes?"), HumanMessage("hi")],
    "nan": [*calling(a=float("nan")), HumanMessage("hi")],
    "infinity": [*calling(a=float("inf")), HumanMessage("hi")],
    "a large number": [*calling(a=2**70), HumanMessage("hi")],
    "a key twice": [*calling(a={1: "a", "1": "b"}), HumanMessage("hi")],
    "a tool that returned nan": [
        *calling(),
        ToolMessage("4", tool_call_id="2", artifact=float("nan")),
        HumanMessage("hi"),
    ],
    "a tool that returned a surrogate": [*calling(), ToolMessage("\udfff", tool_call_id="2"), HumanMessage("hi")],
    "an artifact": [*calling(), ToolMessage("4", tool_call_id="2", artifact=object()), HumanMessage("hi")],
    "a date": [HumanMessage([{"type": "text", "text": "hi"}, {"at": datetime(2024, 1, 1, tzinfo=UTC)}])],
    "a custom message": [Custom(content="a"), HumanMessage("hi")],
    "a custom message last": [HumanMessage("hi"), Custom(content="a")],
}


@pytest.mark.parametrize("messages", CHATS.values(), ids=CHATS)
async def test_the_answer_of_one_tenant_is_never_given_to_another(
    make_cache: Make, kind: Any, storage: str, call: Call, messages: list[BaseMessage]
) -> None:
    options = {"distance_threshold": 2, "storage": storage} if kind is RedisSemanticCache else {}
    model = Scripted(cache=make_cache(kind, *([Constant(dims=DIMS)] if options else []), **options))
    for _ in range(2):
        for place, tenant in enumerate("ab", 1):
            answer = await call(model, "invoke", [SystemMessage(f"You serve tenant {tenant}."), *messages])
            assert answer.content == f"scripted answers {place}"
    assert len(model.asked) == 2


@pytest.mark.parametrize(
    ("changed", "hit"),
    [
        (HumanMessage("hello"), True),
        (HumanMessage("hello", name="ann"), False),
        (HumanMessage("hello \ud83d"), False),
        (Custom(content="hello"), False),
    ],
)
async def test_messages_before_need_not_be_in_plain_json_for_the_last_one_to_be_compared(
    make_cache: Make, storage: str, call: Call, changed: BaseMessage, hit: bool
) -> None:
    cache = make_cache(RedisSemanticCache, Constant(dims=DIMS), distance_threshold=2, storage=storage)
    model = Scripted(cache=cache)
    before = [SystemMessage("You serve tenant \ud83d."), *calling(a=float("nan"), b=2**70)]
    await call(model, "invoke", [*before, HumanMessage("hi")])
    await call(model, "invoke", [*before, changed])
    assert len(model.asked) == (1 if hit else 2)


async def test_what_looks_like_a_chat_is_answered_only_as_it_is(make_cache: Make, storage: str, call: Call) -> None:
    cache = make_cache(RedisSemanticCache, Constant(dims=DIMS), distance_threshold=2, storage=storage)
    prompts = [
        *(f'[{{"lc": 1, tenant {tenant}' for tenant in "ab"),
        *(dumps(StringPromptValue(text=f"tenant {tenant}")) for tenant in "ab"),
        *(dumps(ChatPromptValue(messages=[SystemMessage(tenant), HumanMessage("hi")])) for tenant in "ab"),
        *(dumps({"messages": [SystemMessage(tenant), HumanMessage("hi")]}) for tenant in "ab"),
        *(f"tenant {surrogate}" for surrogate in "\ud83d\ud83e"),
    ]
    for place, prompt in enumerate(prompts):
        assert await call(cache, "lookup", prompt, MODEL) is None
        await call(cache, "update", prompt, MODEL, said(str(place)))
    for place, prompt in enumerate(prompts):
        assert await call(cache, "lookup", prompt, MODEL) == said(str(place))


class Opaque:
    """A value whose ``repr`` says nothing but where it lies, like that of an image."""

    def __repr__(self) -> str:
        return "<image 10x10>"


async def test_a_chat_that_could_be_another_one_is_not_cached_and_that_is_said(
    make_cache: Make, kind: Any, call: Call
) -> None:
    model = Scripted(cache=make_cache(kind))
    for number in (1, 2):
        with pytest.warns(
            RuntimeWarning, match="the prompt holds a .*Opaque, of which a cache is told no more"
        ) as told:
            answer = await call(model, "invoke", [HumanMessage([{"type": "image", "data": Opaque()}])])
        assert [str(one.message).partition(":")[0] for one in told] == [
            "the cache was not read, which counts as a miss",
            "the answer was not cached",
        ]
        assert answer.content == f"scripted answers {number}"


async def test_a_model_that_is_told_by_a_place_in_memory_is_not_answered_from_the_cache(
    make_cache: Make, kind: Any, call: Call
) -> None:
    """A value that is made for one call, and lies where that of the call before lay."""
    model = Scripted(cache=make_cache(kind))
    for number in (1, 2):
        with pytest.warns(RuntimeWarning, match="the model is told by where a part of it lies in memory"):
            answer = await call(model.bind(tools=[object()]), "invoke", "sort")
        assert answer.content == f"scripted answers {number}"
