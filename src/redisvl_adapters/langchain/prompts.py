"""What of a prompt is compared by meaning, and what must be equal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from redisvl_adapters.core.caches.prompts import Question
from redisvl_adapters.errors import RecordError

_NAMESPACE = ["langchain", "schema", "messages"]
_HUMAN = ("HumanMessage", "HumanMessageChunk")
_ESCAPED = "__lc_escaped__"
_JSON = re.compile(r"\s*[\[{]")
_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9a-fA-F]+>")
# How Python and its libraries show that a ``repr`` leaves something out, or names a place in memory.
_INCOMPLETE = re.compile(r"^<|\.\.\.| at 0x")


def read_question(prompt: str) -> Question:
    """Return what of a prompt is compared by meaning: of a chat, the text of the last message, if a human wrote it.

    LangChain hands a chat over as the JSON of its messages. All of it but that text must be equal for an answer to
    hold: the messages before, names, images. If the last message is not a human's, or has no text, then only the very
    same prompt has the answer: what a tool returned may be nearly the same text and mean something else. The same holds
    for whatever looks like a chat and cannot be taken apart without loss. Any other text is compared as a whole.
    """
    if not _looks_serialised(prompt):
        return Question(prompt)
    try:
        return _question_of(_read_chat(prompt)) or Question("", prompt)
    except RecursionError:
        return Question("", prompt)


def _question_of(messages: list[dict[str, Any]] | None) -> Question | None:
    """Return what of a chat is compared; None if it is not known exactly what is in it."""
    if messages is None or any(True for _ in _unserialised(messages)):
        return None
    for message in messages:
        # An id says nothing, and older versions of LangChain leave it in.
        message["kwargs"].pop("id", None)
    last = messages[-1]
    texts: list[str] = []
    if last["id"][-1] in _HUMAN:
        last["kwargs"]["content"] = _without_text(last["kwargs"].get("content"), texts)
    text = "\n".join(texts).strip()
    return Question(text, json.dumps(messages)) if text else None


def check_identifiable(prompt: str, model: str) -> None:
    """Refuse what has a part of which LangChain tells caches too little: another one could look the same.

    Args:
        prompt: The prompt.
        model: What LangChain tells of the model, its ``llm_string``.

    Raises:
        RecordError: If a part of the prompt is no JSON, and its ``repr`` is shortened, or only says where it lies in
            memory, or if a part of the model is told like that. Artifacts of tools can be anything, since models never
            see them.
    """
    if isinstance(model, str) and (found := _ADDRESS.search(model)):
        raise RecordError(
            f"the model is told by where a part of it lies in memory ({found[0]:.80}), which another one may take; "
            "give it and its calls values that can be told by their repr"
        )
    if '"not_implemented"' not in prompt or not _looks_serialised(prompt):
        return
    try:
        parts = list(_unserialised(json.loads(prompt)))
    except (ValueError, RecursionError):
        return
    for part in parts:
        shown = part.get("repr")
        if not isinstance(shown, str) or _INCOMPLETE.search(shown):
            kind = ".".join(map(str, part.get("id") or ()))
            raise RecordError(
                f"the prompt holds a {kind or 'value'}, of which a cache is told no more than {shown!r:.80}: another "
                "one could look the same; put text, numbers, lists and dicts into messages"
            )


def _looks_serialised(prompt: str) -> bool:
    """Tell whether a prompt may be LangChain's JSON of something."""
    return _JSON.match(prompt) is not None and '"lc"' in prompt


def _read_chat(prompt: str) -> list[dict[str, Any]] | None:
    """Return the messages of a chat; None if the prompt is none, or has more in it than would be returned."""
    try:
        messages: list[dict[str, Any]] = json.loads(prompt)
        # Else a key that comes twice, or a number beyond what a float can hold, would be lost.
        whole = json.dumps(messages) == prompt
    except ValueError:
        return None
    return messages if whole and isinstance(messages, list) and messages and all(map(_is_message, messages)) else None


def _is_message(item: Any) -> bool:
    match item:
        case {"lc": 1, "type": "constructor", "id": [*namespace, str()], "kwargs": {}}:
            return namespace == _NAMESPACE and len(item) == 4
        case _:
            return False


def _unserialised(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the parts of a chat that LangChain could not write as JSON, but for the artifacts of tools."""
    match value:
        case list():
            for item in value:
                yield from _unserialised(item)
        case {"lc": _, "type": "not_implemented"}:
            yield value
        case dict():
            for name, item in value.items():
                if name not in (_ESCAPED, "artifact"):
                    yield from _unserialised(item)


def _without_text(content: Any, texts: list[str]) -> Any:
    """Return the content of a message without its texts, which go into a list."""
    match content:
        case str():
            texts.append(content)
            return ""
        case list():
            return [_without_text(block, texts) for block in content]
        case {"type": "text", "text": str(text)}:
            texts.append(text)
            return {**content, "text": ""}
        case _:
            return content
