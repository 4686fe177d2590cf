"""Caches in chains: two models on one cache, conversations, images, tools, and what a cache saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.globals import get_llm_cache, set_llm_cache
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from integration_tests.conftest import Call
from integration_tests.core.caches.cache_support import DIMS, Scripted, at, kind, make_cache, told
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.langchain import RedisCache, RedisSemanticCache

__all__ = ["kind", "make_cache"]  # fixtures

Make = Callable[..., Any]

PROMPT = ChatPromptTemplate.from_messages([("system", "You know {subject}."), ("human", "{question}")])


async def test_two_chains_with_two_models_share_one_cache(make_cache: Make, kind: Any, call: Call) -> None:
    """langchain-redis 24: the same prompt under two models is a miss, for one of them, for ever."""
    cache = make_cache(kind)
    models = [Scripted(name=name, cache=cache) for name in ("ann", "bob")]
    chains = [PROMPT | model | StrOutputParser() for model in models]
    asked = {"subject": "Python", "question": "How do I sort a list?"}
    for _ in range(3):
        for chain, model in zip(chains, models, strict=True):
            assert await call(chain, "invoke", asked) == f"{model.name} answers 1"
    assert [len(model.asked) for model in models] == [1, 1]


async def test_a_chain_is_answered_from_a_question_that_means_the_same(
    make_cache: Make, storage: str, call: Call
) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05, sing=0.8), storage=storage)
    models = [Scripted(name=name, cache=cache) for name in ("ann", "bob")]
    ann, bob = (PROMPT | model | StrOutputParser() for model in models)
    for question, answers in (("sort", ("ann", "bob")), ("order", ("ann", "bob"))):
        for chain, name in zip((ann, bob), answers, strict=True):
            assert await call(chain, "invoke", {"subject": "Python", "question": question}) == f"{name} answers 1"
    assert await call(ann, "invoke", {"subject": "Python", "question": "sing"}) == "ann answers 2"
    assert await call(ann, "invoke", {"subject": "Perl", "question": "order"}) == "ann answers 3"


async def test_a_bound_model_is_another_model(make_cache: Make, kind: Any, call: Call) -> None:
    model = Scripted(cache=make_cache(kind))
    assert (await call(model, "invoke", "sort")).content == "scripted answers 1"
    assert (await call(model.bind(stop=["x"]), "invoke", "sort")).content == "scripted answers 2"
    assert (await call(model.bind(stop=["x"]), "invoke", "sort")).content == "scripted answers 2"


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
CALLS = [{"name": "weather", "args": {"city": "Rome"}, "id": "1", "type": "tool_call"}]
ASK = HumanMessage("Weather?")
TOOL = AIMessage("", tool_calls=CALLS)


@pytest.mark.parametrize(
    ("first", "second", "hit"),
    [
        ([HumanMessage("sort")], [HumanMessage("order")], True),
        ([HumanMessage("sort", id="1")], [HumanMessage("order", id="2")], True),
        ([SystemMessage("a"), HumanMessage("sort")], [SystemMessage("a"), HumanMessage("order")], True),
        ([SystemMessage("a"), HumanMessage("sort")], [SystemMessage("b"), HumanMessage("order")], False),
        ([SystemMessage("sort")], [SystemMessage("order")], False),
        (
            [HumanMessage("hi"), AIMessage("hi"), HumanMessage("sort")],
            [HumanMessage("hi"), AIMessage("hi"), HumanMessage("order")],
            True,
        ),
        (
            [HumanMessage("hi"), AIMessage("hi"), HumanMessage("sort")],
            [HumanMessage("ho"), AIMessage("hi"), HumanMessage("order")],
            False,
        ),
        (
            [HumanMessage([{"type": "text", "text": "sort"}, IMAGE])],
            [HumanMessage([{"type": "text", "text": "order"}, IMAGE])],
            True,
        ),
        ([HumanMessage([{"type": "text", "text": "sort"}, IMAGE])], [HumanMessage("order")], False),
        ([HumanMessage([IMAGE])], [HumanMessage([{**IMAGE, "detail": "high"}])], False),
        ([HumanMessage("sort", name="ann")], [HumanMessage("order", name="bob")], False),
        (
            [ASK, TOOL, ToolMessage("sort", tool_call_id="1")],
            [ASK, TOOL, ToolMessage("order", tool_call_id="1")],
            False,
        ),
        ([HumanMessage("sort"), AIMessage("order")], [HumanMessage("sort"), AIMessage("sort")], False),
    ],
)
async def test_of_a_chat_the_last_human_text_is_compared_and_all_else_is_equal(
    make_cache: Make, storage: str, call: Call, first: list[BaseMessage], second: list[BaseMessage], hit: bool
) -> None:
    model = Scripted(cache=make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage))
    one = await call(model, "invoke", first)
    assert (await call(model, "invoke", first)).content == one.content
    other = await call(model, "invoke", second)
    assert (other.content == one.content) is hit
    assert (await call(model, "invoke", second)).content == other.content
    assert len(model.asked) == (1 if hit else 2)


async def test_a_chat_without_a_question_embeds_nothing_once_the_index_is_there(make_cache: Make, call: Call) -> None:
    embedding = Model({"sort": at(0)}, dims=DIMS)
    model = Scripted(cache=make_cache(RedisSemanticCache, embedding))
    await call(model, "invoke", "sort")
    embedding.calls.clear()
    for _ in range(2):
        answer = await call(model, "invoke", [ASK, TOOL, ToolMessage("3", tool_call_id="1")])
        assert answer.content == "scripted answers 2"
    assert embedding.calls == []


async def test_a_message_from_the_cache_is_whole(make_cache: Make, kind: Any, call: Call) -> None:
    model = Scripted(cache=make_cache(kind))
    fresh = await call(model, "invoke", "sort")
    cached = await call(model, "invoke", "sort")
    # LangChain itself may note that this one cost nothing.
    assert fresh.usage_metadata.items() <= cached.usage_metadata.items()
    same: dict[str, Any] = {"usage_metadata": fresh.usage_metadata, "id": None}
    assert cached.model_copy(update=same) == fresh.model_copy(update=same)


async def test_a_batch_of_prompts_is_answered(make_cache: Make, kind: Any, call: Call) -> None:
    # In more dimensions, so that no two questions are near each other by chance.
    model = Scripted(cache=make_cache(kind, Model(dims=64)))
    prompts = [f"question {number}" for number in range(20)]
    first = [message.content for message in await call(model, "batch", prompts)]
    assert sorted(set(first)) == sorted(first)
    assert [message.content for message in await call(model, "batch", prompts)] == first


async def test_it_can_be_the_cache_of_all_models(make_cache: Make, kind: Any, call: Call) -> None:
    before = get_llm_cache()
    set_llm_cache(make_cache(kind))
    try:
        model = Scripted()
        for _ in range(2):
            assert (await call(model, "invoke", "sort")).content == "scripted answers 1"
    finally:
        set_llm_cache(before)


async def test_a_chain_goes_on_when_redis_is_away(kind: Any, call: Call) -> None:
    options: dict[str, Any] = {"redis_url": "redis://localhost:1", "on_error": "miss"}
    cache = RedisCache(**options) if kind is RedisCache else RedisSemanticCache(Model(), **options)
    chain = PROMPT | Scripted(cache=cache) | StrOutputParser()
    with pytest.warns(RuntimeWarning, match="no Redis server answers"):
        assert await call(chain, "invoke", {"subject": "Python", "question": "sort"}) == "scripted answers 1"
