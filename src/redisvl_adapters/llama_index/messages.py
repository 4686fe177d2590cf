"""The stored form of LlamaIndex's chat messages."""

from __future__ import annotations

from typing import get_args

from llama_index.core.base.llms import types
from llama_index.core.base.llms.types import ChatMessage, ContentBlock, MessageRole

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.core.sessions.message_format import MessageFormat
from redisvl_adapters.llama_index.node_types import NODE_PARTS, NODE_TYPES

_BLOCKS = get_args(get_args(ContentBlock)[0])
# A part of a block; older versions have none of it.
_PARTS = [getattr(types, name) for name in ("CacheControl",) if hasattr(types, name)]

# Nodes, since additional_kwargs can hold them: images, in the old way, and the sources of an answer.
FORMAT = MessageFormat(Codec([ChatMessage, MessageRole, *_BLOCKS, *_PARTS, *NODE_TYPES, *NODE_PARTS]), ChatMessage)
