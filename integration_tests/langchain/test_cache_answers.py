"""What goes into a cache comes out of it whole: every type of generation and message, to the last field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    ChatMessageChunk,
    FunctionMessage,
    FunctionMessageChunk,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    SystemMessageChunk,
    ToolMessage,
    ToolMessageChunk,
)
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, Generation, GenerationChunk
from pydantic import BaseModel

from integration_tests.conftest import Call
from integration_tests.core.caches.cache_support import MODEL, kind, make_cache
from redisvl_adapters.langchain import RedisSemanticCache

__all__ = ["kind", "make_cache"]  # fixtures

Make = Callable[..., Any]

IMAGE = {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": "iVBORw0KGgo="}
USAGE = UsageMetadata(
    input_tokens=3,
    output_tokens=4,
    total_tokens=7,
    input_token_details=InputTokenDetails(cache_read=1),
    output_token_details=OutputTokenDetails(reasoning=2),
)
ANSWER = AIMessage(
    content=[{"type": "text", "text": "Look:"}, IMAGE, "and that"],
    id="run-1",
    name="ann",
    additional_kwargs={"refusal": None, "nested": {"lc": 1, "type": "secret", "id": ["X"]}, "$tag": [1, "$x"]},
    response_metadata={"model_name": "m", "logprobs": {"tokens": [-0.1, -1e-300, float("-inf")]}, "big": 2**80},
    tool_calls=[
        {"name": "add", "args": {"a": 1, "b": [1.5, None, True]}, "id": "1", "type": "tool_call"},
        {"name": "now", "args": {}, "id": None, "type": "tool_call"},
    ],
    invalid_tool_calls=[
        {"name": "add", "args": "{", "id": "2", "error": "no JSON", "type": "invalid_tool_call"},
    ],
    usage_metadata=USAGE,
)
MESSAGES: list[BaseMessage] = [
    ANSWER,
    AIMessage(content=""),
    AIMessage(content='käse 🎉 "quoted" \\ \n \0 "$AIMessage"'),
    HumanMessage(content=[{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}], name="ann"),
    SystemMessage(content="Be kind.", id="s"),
    ToolMessage(content="3", tool_call_id="1", status="error", artifact={"rows": [(1, 2)], "at": datetime.now(UTC)}),
    FunctionMessage(name="add", content="3"),
    ChatMessage(role="critic", content="Hm."),
    RemoveMessage(id="run-1"),
]
CHUNKS: list[Any] = [
    AIMessageChunk(
        content="par",
        id="run-2",
        tool_call_chunks=[{"name": "add", "args": '{"a": 1', "id": "1", "index": 0, "type": "tool_call_chunk"}],
        usage_metadata=USAGE,
    ),
    HumanMessageChunk(content="a"),
    SystemMessageChunk(content="a"),
    ToolMessageChunk(content="a", tool_call_id="1"),
    FunctionMessageChunk(name="add", content="a"),
    ChatMessageChunk(role="critic", content="a"),
]
GENERATIONS: list[Generation] = [
    Generation(text=""),
    Generation(text="plain", generation_info={"finish_reason": "stop", "none": None}),
    GenerationChunk(text="chunk", generation_info={}),
    *(ChatGeneration(message=message, generation_info={"finish_reason": "stop"}) for message in MESSAGES),
    *(ChatGenerationChunk(message=chunk) for chunk in CHUNKS),
]


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda generation: type(generation).__name__)
async def test_a_generation_comes_back_equal_to_the_last_field(
    make_cache: Make, kind: Any, call: Call, generation: Generation
) -> None:
    """langchain-redis 24: tool calls, ids and names are dropped there."""
    cache = make_cache(kind)
    before = repr(generation.model_dump())
    await call(cache, "update", "question", MODEL, [generation])
    (found,) = await call(cache, "lookup", "question", MODEL)
    assert type(found) is type(generation)
    assert found == generation
    assert repr(found.model_dump()) == before == repr(generation.model_dump())
    if isinstance(generation, ChatGeneration) and isinstance(found, ChatGeneration):
        assert type(found.message) is type(generation.message)
        assert found.message == generation.message
        assert found.message.model_fields_set == generation.message.model_fields_set
        assert repr(found.message) == repr(generation.message)


async def test_all_generations_come_back_in_their_order(make_cache: Make, storage: str, call: Call) -> None:
    cache = make_cache(RedisSemanticCache, storage=storage)
    await call(cache, "update", "question", MODEL, GENERATIONS)
    assert await call(cache, "lookup", "question", MODEL) == GENERATIONS
    await call(cache, "update", "none", MODEL, [])
    assert await call(cache, "lookup", "none", MODEL) == []


async def test_what_comes_back_is_nobody_elses(make_cache: Make, kind: Any, call: Call) -> None:
    cache = make_cache(kind)
    await call(cache, "update", "question", MODEL, [ChatGeneration(message=AIMessage(content="plain"))])
    for _ in range(2):
        (found,) = await call(cache, "lookup", "question", MODEL)
        assert found.message == AIMessage(content="plain")
        found.message.tool_calls.append({"name": "add", "args": {}, "id": "1", "type": "tool_call"})
        found.message.additional_kwargs["changed"] = True
        found.message = found.message.model_copy(update={"content": "changed"})


class Parsed(BaseModel):
    """What a model was made to answer with."""

    year: int


async def test_a_parsed_answer_comes_back_as_its_fields(make_cache: Make, kind: Any, call: Call) -> None:
    cache = make_cache(kind)
    message = AIMessage(content='{"year": 1991}', additional_kwargs={"parsed": Parsed(year=1991)})
    await call(cache, "update", "question", MODEL, [ChatGeneration(message=message)])
    (found,) = await call(cache, "lookup", "question", MODEL)
    assert found.message.additional_kwargs == {"parsed": {"year": 1991}}


class MyMessage(AIMessage):
    """A message of somebody else's."""


class MyGeneration(Generation):
    """A generation of somebody else's."""


@pytest.mark.parametrize(
    "generation",
    [
        Generation(text="a", generation_info={"callback": print}),
        ChatGeneration(message=MyMessage(content="a")),
        MyGeneration(text="a"),
    ],
    ids=["a function", "a message", "a generation"],
)
async def test_what_could_not_come_back_is_not_stored(
    make_cache: Make, kind: Any, call: Call, generation: Generation
) -> None:
    cache = make_cache(kind)
    with pytest.warns(RuntimeWarning, match="was not cached: .* could not be read back"):
        await call(cache, "update", "question", MODEL, [generation])
    assert await call(cache, "lookup", "question", MODEL) is None


async def test_what_lies_in_redis_names_no_class(make_cache: Make, kind: Any, call: Call) -> None:
    cache = make_cache(kind)
    manifest = {"lc": 1, "type": "constructor", "id": ["langchain_core", "messages", "AIMessage"], "kwargs": {}}
    info = {"manifest": manifest, "tag": {"$AIMessage": {"content": "a"}}, "many": {"$tuple": [1], "b": 2}}
    await call(cache, "update", "question", MODEL, [Generation(text="a", generation_info=info)])
    (found,) = await call(cache, "lookup", "question", MODEL)
    assert found.generation_info == info


async def test_a_language_model_is_answered_from_the_cache(make_cache: Make, kind: Any, call: Call) -> None:
    model = FakeListLLM(responses=["one", "two"], cache=make_cache(kind))
    assert await call(model, "invoke", "question") == "one"
    assert await call(model, "invoke", "question") == "one"
    assert await call(model, "invoke", "another") == "two"
