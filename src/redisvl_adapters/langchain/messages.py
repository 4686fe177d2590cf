"""LangChain's messages as entries, and their text."""

from __future__ import annotations

from langchain_core import messages
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.core.sessions.message_format import MessageFormat

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

# Documents are what the artifact of a retrieving tool holds.
FORMAT = MessageFormat(Codec([*_TYPES, Document]), BaseMessage)


def text_of(message: BaseMessage) -> str:
    """Return the text of a message; that of several blocks in lines."""
    if isinstance(message.content, str):
        return message.content
    blocks = [{"type": "text", "text": block} if isinstance(block, str) else block for block in message.content]
    return "\n".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")
