"""LangChain's messages as entries, and their text."""

from __future__ import annotations

from langchain_core import messages
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.core.sessions.message_format import (
    SYSTEM_MARK,
    MessageFormat,
    call_mark,
    listed,
    part_of,
    result_mark,
)

_TYPES: tuple[type[BaseMessage], ...] = (
    BaseMessage,
    messages.BaseMessageChunk,
    messages.AIMessage,
    messages.AIMessageChunk,
    messages.ChatMessage,
    messages.ChatMessageChunk,
    messages.FunctionMessage,
    messages.FunctionMessageChunk,
    messages.HumanMessage,
    messages.HumanMessageChunk,
    messages.RemoveMessage,
    messages.SystemMessage,
    messages.SystemMessageChunk,
    messages.ToolMessage,
    messages.ToolMessageChunk,
)


def mark_of(message: BaseMessage) -> str:
    """Return the mark of a message: that of a system message, of calls, of a result, or none."""
    role = message.role if isinstance(message, messages.ChatMessage) else ""
    match message:
        case messages.SystemMessage():
            return SYSTEM_MARK
        case messages.ToolMessage():
            return result_mark(message.tool_call_id)
        case messages.FunctionMessage():
            # Functions, which came before tools, are called by their name.
            return result_mark(message.name)
        case messages.AIMessage():
            more = message.additional_kwargs
            named = more.get("function_call")
            calls = [*message.tool_calls, *message.invalid_tool_calls, *listed(more.get("tool_calls"))]
            return call_mark(calls, [part_of(named, "name")]) if calls or named else ""
        case _ if role in ("system", "developer"):
            return SYSTEM_MARK
        case _:
            return result_mark(None) if role in ("tool", "function") else ""


# Documents are what the artifact of a retrieving tool holds.
FORMAT = MessageFormat(Codec([*_TYPES, Document]), BaseMessage, mark_of)


def text_of(message: BaseMessage) -> str:
    """Return the text of a message; that of several blocks in lines."""
    if isinstance(message.content, str):
        return message.content
    blocks = [{"type": "text", "text": block} if isinstance(block, str) else block for block in message.content]
    return "\n".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")
