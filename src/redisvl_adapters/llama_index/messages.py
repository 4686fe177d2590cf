"""The stored form of LlamaIndex's chat messages."""

from __future__ import annotations

from typing import get_args

from llama_index.core.base.llms import types
from llama_index.core.base.llms.types import ChatMessage, ContentBlock, MessageRole

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.core.sessions.message_format import (
    SYSTEM_MARK,
    MessageFormat,
    call_mark,
    listed,
    part_of,
    result_mark,
)
from redisvl_adapters.llama_index.node_types import NODE_PARTS, NODE_TYPES

_BLOCKS = get_args(get_args(ContentBlock)[0])
# A part of a block; older versions have none of it.
_PARTS = [getattr(types, name) for name in ("CacheControl",) if hasattr(types, name)]


def mark_of(message: ChatMessage) -> str:
    """Return the mark of a message: that of a system message, of calls, of a result, or none."""
    more = message.additional_kwargs
    match message.role.value:
        case "system" | "developer":
            return SYSTEM_MARK
        case "tool" | "function":
            # Functions, which came before tools, are called by their name.
            return result_mark(more.get("tool_call_id") or more.get("name"))
    calls = [*(block for block in message.blocks if hasattr(block, "tool_call_id")), *listed(more.get("tool_calls"))]
    named = more.get("function_call")
    return call_mark(calls, [part_of(named, "name")]) if calls or named else ""


# Nodes, since additional_kwargs can hold them: images, in the old way, and the sources of an answer.
FORMAT = MessageFormat(
    Codec([ChatMessage, MessageRole, *_BLOCKS, *_PARTS, *NODE_TYPES, *NODE_PARTS]), ChatMessage, mark_of
)
