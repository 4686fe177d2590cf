"""Every message type of LangChain as an entry and back, equal to the last field."""

from __future__ import annotations

import inspect
import math
from typing import Any

import pytest
from langchain_core import messages
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    BaseMessageChunk,
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

from redisvl_adapters.errors import ArgumentError, RecordError
from redisvl_adapters.langchain.messages import FORMAT, text_of

CALL: Any = {
    "name": "search",
    "args": {"query": "käse", "k": 3, "deep": [None, 1.5]},
    "id": "call-1",
    "type": "tool_call",
}
WRONG: Any = {"name": "search", "args": "{not json", "id": "call-2", "error": "bad", "type": "invalid_tool_call"}
USAGE: Any = {
    "input_tokens": 3,
    "output_tokens": 4,
    "total_tokens": 7,
    "input_token_details": {"cache_read": 1},
    "output_token_details": {"reasoning": 2},
}
IMAGE = {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": "iVBORw0KGgo="}
BLOCKS: list[Any] = [
    "plain",
    {"type": "text", "text": "what is this?", "cache_control": {"type": "ephemeral"}},
    IMAGE,
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
    {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
    {"type": "file", "file_id": "file-1"},
    {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
]
COMMON: dict[str, Any] = {
    "id": "message-1",
    "name": "ann",
    "additional_kwargs": {"raw": b"\x00\xff", "pair": (1, "a"), 3: "three", "nested": {"a": [{}]}},
    "response_metadata": {"model_name": "m", "logprobs": [-math.inf, -0.25], "big": 2**80},
}

EXAMPLES: list[BaseMessage] = [
    HumanMessage("hello"),
    HumanMessage(BLOCKS, **COMMON),
    HumanMessage("", example=True, favourite={"extra": "field"}),
    AIMessage("", tool_calls=[CALL], invalid_tool_calls=[WRONG], usage_metadata=USAGE, **COMMON),
    AIMessage(BLOCKS, **COMMON),
    AIMessage("old", additional_kwargs={"function_call": {"name": "f", "arguments": "{}"}}),
    SystemMessage("be kind", **COMMON),
    ChatMessage(content="as a judge", role="judge", **COMMON),
    FunctionMessage(content="42", **{**COMMON, "name": "answer"}),
    ToolMessage("42", tool_call_id="call-1", status="error", **COMMON),
    ToolMessage(
        BLOCKS, tool_call_id="call-1", artifact=[Document("a page", id="d", metadata={"page": 3}), {"score": 0.5}]
    ),
    RemoveMessage(id="message-0"),
    BaseMessage("of its own type", type="own"),
    HumanMessageChunk(content="hel", **COMMON),
    AIMessageChunk(
        content="",
        tool_call_chunks=[
            {"name": "search", "args": '{"query": "k', "id": "call-1", "index": 0, "type": "tool_call_chunk"}
        ],
        usage_metadata=USAGE,
        **COMMON,
    ),
    AIMessageChunk(content="a", tool_calls=[CALL], response_metadata={"finish_reason": "stop"}),
    SystemMessageChunk(content="be", **COMMON),
    ChatMessageChunk(content="as", role="judge", **COMMON),
    FunctionMessageChunk(content="4", **{**COMMON, "name": "answer"}),
    ToolMessageChunk(content="4", tool_call_id="call-1", artifact={"a": 1}, **COMMON),
    BaseMessageChunk(content="of", type="own"),
]


def describe(message: BaseMessage) -> str:
    return type(message).__name__


def test_no_message_type_of_langchain_is_missing_here() -> None:
    types = {kind for _, kind in inspect.getmembers(messages, inspect.isclass) if issubclass(kind, BaseMessage)}
    assert types == {type(message) for message in EXAMPLES}


@pytest.mark.parametrize("message", EXAMPLES, ids=describe)
def test_a_message_comes_back_equal_to_the_last_field(message: BaseMessage) -> None:
    """langchain-redis 24: its history drops ids, names and tool calls."""
    before = message.model_copy(deep=True)
    (entry,) = FORMAT.write([message])
    (read,) = FORMAT.read([entry.encode()], "key")
    assert type(read) is type(message)
    assert read == message == before
    assert list(dict(read)) == list(dict(message))
    assert repr(read.model_dump()) == repr(message.model_dump())


def test_equal_messages_become_entries_that_are_unlike() -> None:
    entries = FORMAT.write([HumanMessage("yes"), HumanMessage("yes")])
    assert len(set(entries)) == 2


class OwnMessage(HumanMessage):
    pass


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("hello", ArgumentError, "messages is a list"),
        (None, ArgumentError, "messages is a list"),
        (HumanMessage("a"), ArgumentError, "messages is a list"),
        (["hello"], RecordError, r"message 0 \(str\) is of a type"),
        ([HumanMessage("a"), OwnMessage(content="b")], RecordError, r"message 1 \(OwnMessage\) is of a type"),
        (
            [ToolMessage("a", tool_call_id="1", artifact=[object()])],
            RecordError,
            r"message 0 \(ToolMessage\)\.artifact\[0\] is a object",
        ),
    ],
    ids=["text", "none", "one", "texts", "subclass", "artifact"],
)
def test_what_could_not_be_read_back_is_refused(given: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        FORMAT.write(given)


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b'["id",{"$Document":{"page_content":"a"}}]',
        b'["id",{"$HumanMessage":{}}]',
    ],
)
def test_a_damaged_entry_is_left_out_with_a_warning(entry: bytes) -> None:
    whole = [one.encode() for one in FORMAT.write([HumanMessage("a"), AIMessage("b")])]
    with pytest.warns(RuntimeWarning, match="a damaged message was left out, number 1 of those read from 'key'"):
        read = FORMAT.read([whole[0], entry, whole[1]], "key")
    assert read == [HumanMessage("a"), AIMessage("b")]


def test_the_text_of_a_message_is_that_of_its_text_blocks() -> None:
    assert text_of(HumanMessage("a")) == "a"
    assert text_of(HumanMessage(BLOCKS)) == "plain\nwhat is this?"
    assert text_of(HumanMessage([IMAGE])) == ""
