"""What of a prompt a semantic cache compares, what must be equal, and which prompts no cache can tell apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue

from redisvl_adapters.core.caches.prompts import Question
from redisvl_adapters.errors import RecordError
from redisvl_adapters.langchain.prompts import check_identifiable, read_question

IMAGE = {"type": "image_url", "image_url": {"url": "a.png"}}


def calling(**args: Any) -> AIMessage:
    """Return a message that calls a tool."""
    return AIMessage("", tool_calls=[{"name": "add", "args": args, "id": "1", "type": "tool_call"}])


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([HumanMessage("sort")], "sort"),
        ([SystemMessage("be kind"), HumanMessage(" sort\n")], "sort"),
        ([HumanMessage(["a", {"type": "text", "text": "b"}, IMAGE])], "a\nb"),
        ([HumanMessage([IMAGE])], ""),
        ([HumanMessage("")], ""),
        ([HumanMessage("sort"), AIMessage("how?")], ""),
        ([SystemMessage("sort")], ""),
        ([HumanMessage("sort"), ToolMessage("3", tool_call_id="1")], ""),
    ],
)
def test_of_a_chat_the_last_human_text_is_compared(messages: list[BaseMessage], text: str) -> None:
    assert read_question(dumps(messages)).text == text


@pytest.mark.parametrize(
    "prompt", ["sort", "[", "[]", "[1, 2] sorted?", '{"a": 1}', 'what is "lc"?', "System: a\nHuman: b"]
)
def test_a_plain_text_is_compared_as_a_whole(prompt: str) -> None:
    assert read_question(prompt) == Question(prompt)


def test_what_is_not_compared_tells_chats_apart() -> None:
    chats = [
        [HumanMessage("sort")],
        [HumanMessage("sort", name="ann")],
        [HumanMessage([{"type": "text", "text": "sort"}])],
        [HumanMessage([{"type": "text", "text": "sort"}, IMAGE])],
        [SystemMessage("a"), HumanMessage("sort")],
        [SystemMessage("b"), HumanMessage("sort")],
        [SystemMessage("\ud83d"), HumanMessage("sort")],
        [SystemMessage("\ud83e"), HumanMessage("sort")],
        [HumanMessage("a"), AIMessage("b"), HumanMessage("sort")],
        *([calling(a=value), HumanMessage("sort")] for value in (float("nan"), float("inf"), None, 2**64, 2**64 + 1)),
    ]
    questions = [read_question(dumps(chat)) for chat in chats]
    assert {question.text for question in questions} == {"sort"}
    assert len({question.context for question in questions}) == len(chats)
    assert questions[0].context == read_question(dumps([HumanMessage("order")])).context


HUMAN = dumps([SystemMessage("a"), HumanMessage("sort")])


class Custom(BaseMessage):
    """A message that LangChain cannot write down."""

    type: str = "custom"

    @classmethod
    def is_lc_serializable(cls) -> bool:
        return False


class Mine(HumanMessage):
    """A message of somebody else's, of which nobody knows what it means."""


@pytest.mark.parametrize(
    "prompt",
    [
        '[{"lc":',
        '[{"lc": 1}]',
        '[{"lc": 2, "type": "x"}]',
        '{"lc": 1}',
        ' [ {"type": "constructor", "lc": 1, ',
        HUMAN[:-1],
        HUMAN + " ",
        HUMAN.replace(', "type": "human"', ', "type": "human", "type": "human"'),
        HUMAN.replace('"lc": 1', '"lc": 2', 1),
        HUMAN.replace('"schema"', '"mine"'),
        HUMAN.replace('"kwargs"', '"more": 1, "kwargs"'),
        HUMAN.replace('"a"', "1e400"),
        HUMAN.replace('"a"', "[" * 100_000 + "]" * 100_000),
        json.dumps(json.loads(HUMAN), separators=(",", ":")),
        dumps([HumanMessage("a"), Custom(content="b"), HumanMessage("sort")]),
        dumps([HumanMessage("a"), Mine(content="sort")]),
        dumps([HumanMessage([{"type": "text", "text": "sort"}, {"at": datetime(2024, 1, 1, tzinfo=UTC)}])]),
        dumps([calling(a=datetime(2024, 1, 1, tzinfo=UTC)), HumanMessage("sort")]),
        dumps([calling(a={1: "a", "1": "b"}), HumanMessage("sort")]),
        dumps(HumanMessage("sort")),
        dumps(StringPromptValue(text="sort")),
        dumps(ChatPromptValue(messages=[HumanMessage("sort")])),
        dumps({"messages": [HumanMessage("sort")]}),
        dumps([[HumanMessage("sort")]]),
    ],
    ids=lambda prompt: prompt[:60],
)
def test_what_looks_like_a_chat_and_cannot_be_taken_apart_has_the_answer_to_the_very_same_only(prompt: str) -> None:
    assert read_question(prompt) == Question("", prompt)


class Opaque:
    """A value whose ``repr`` says nothing."""


class Speechless:
    """A value that has no ``repr``."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("make", [Opaque, Speechless, lambda: np.zeros(5000)], ids=["place", "nothing", "shortened"])
def test_a_prompt_with_a_value_that_could_be_another_one_is_refused(make: Callable[[], Any]) -> None:
    for messages in (
        [HumanMessage([{"type": "image", "data": make()}])],
        [calling(a=[make()]), HumanMessage("sort")],
        [HumanMessage("sort", additional_kwargs={"a": {"b": make()}})],
    ):
        with pytest.raises(RecordError, match="of which a cache is told no more than"):
            check_identifiable(dumps(messages), "model")


def test_other_prompts_are_not_refused() -> None:
    for prompt in (
        "sort",
        'the "not_implemented" one',
        '[{"lc": 1, "type": "not_implemented"',
        dumps([calling(a=datetime(2024, 1, 1, tzinfo=UTC)), HumanMessage("sort")]),
        dumps([ToolMessage("3", tool_call_id="1", artifact=Opaque())]),
        dumps(
            [calling(a={"__lc_escaped__": {"lc": 1, "type": "not_implemented", "repr": "<a>"}}), HumanMessage("sort")]
        ),
    ):
        check_identifiable(prompt, "[('model', 'a at 0x5'), ('tool', <class 'int'>)]")


def test_a_model_that_is_told_by_a_place_in_memory_is_refused() -> None:
    with pytest.raises(RecordError, match=r"lies in memory \(<.*Opaque object at 0x.*>\), which another one may take"):
        check_identifiable("sort", str([("tool", Opaque())]))
