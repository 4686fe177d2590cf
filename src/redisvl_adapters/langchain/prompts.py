"""What of a prompt is compared by meaning, and what must be equal."""

from __future__ import annotations

from typing import Any

import orjson

from redisvl_adapters.core.caches.semantic_cache import Question

_HUMAN = ("HumanMessage", "HumanMessageChunk")


def read_question(prompt: str) -> Question:
    """Return what of a prompt is compared by meaning: of a chat, the text of the last message, if a human wrote it.

    LangChain hands a chat over as the JSON of its messages. All of it but that text must be equal for an answer to
    hold: the messages before, names, images. If the last message is not a human's, or has no text, then only the very
    same prompt has the answer: what a tool returned may be nearly the same text and mean something else.
    """
    messages = _chat(prompt)
    if messages is None:
        return Question(prompt)
    for message in messages:
        # An id says nothing, and older versions of LangChain leave it in.
        message["kwargs"].pop("id", None)
    last = messages[-1]
    texts: list[str] = []
    if last["id"][-1] in _HUMAN:
        last["kwargs"]["content"] = _without_text(last["kwargs"].get("content"), texts)
    text = "\n".join(texts).strip()
    return Question(text, orjson.dumps(messages).decode()) if text else Question("", prompt)


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


def _chat(prompt: str) -> list[dict[str, Any]] | None:
    """Return the messages of a chat; None if the prompt is none."""
    if not prompt.startswith('[{"lc":'):
        return None
    try:
        messages: list[dict[str, Any]] = orjson.loads(prompt)
    except orjson.JSONDecodeError:
        return None
    return messages if all(map(_is_message, messages)) else None


def _is_message(item: Any) -> bool:
    match item:
        case {"lc": 1, "type": "constructor", "id": [*_, str()], "kwargs": {}}:
            return True
        case _:
            return False
