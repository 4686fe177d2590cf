"""LangChain's generations as text and back, messages and all."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core import messages
from langchain_core.documents import Document
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, Generation, GenerationChunk

from redisvl_adapters.core.serialization.fast_codec import FastCodec
from redisvl_adapters.errors import RecordError

_GENERATIONS = (Generation, GenerationChunk, ChatGeneration, ChatGenerationChunk)
_CODEC = FastCodec(
    [
        *_GENERATIONS,
        *(messages.AIMessage, messages.HumanMessage, messages.SystemMessage, messages.ToolMessage),
        *(messages.AIMessageChunk, messages.HumanMessageChunk, messages.SystemMessageChunk, messages.ToolMessageChunk),
        *(messages.FunctionMessage, messages.FunctionMessageChunk, messages.ChatMessage, messages.ChatMessageChunk),
        *(messages.RemoveMessage, Document),  # documents are what the artifact of a retrieving tool holds
    ]
)


def write_generations(generations: Sequence[Generation]) -> str:
    """Return generations as text.

    Raises:
        RecordError: If one, or a part of it, could not be read back just as it is.
    """
    for generation in generations:
        parts = [generation, generation.message] if isinstance(generation, ChatGeneration) else [generation]
        for part in parts:
            if not _CODEC.knows(part):
                raise RecordError(f"a {type(part).__name__} could not be read back: it is none of LangChain's own")
    return _CODEC.encode(list(generations), "the answer")


def read_generations(text: str | bytes) -> list[Generation]:
    """Return the generations that a text holds.

    Raises:
        ValueError: If it is no such text.
    """
    found = _CODEC.decode(text)
    if type(found) is not list or not all(type(item) in _GENERATIONS for item in found):
        raise ValueError("these are no generations")
    return found
