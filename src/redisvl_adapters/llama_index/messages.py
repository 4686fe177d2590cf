"""LlamaIndex's chat messages as entries."""

from __future__ import annotations

from typing import get_args

from llama_index.core.base.llms import types
from llama_index.core.base.llms.types import ChatMessage, ContentBlock, MessageRole
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    NodeRelationship,
    ObjectType,
    RelatedNodeInfo,
    TextNode,
)

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.core.sessions.message_format import MessageFormat

_BLOCKS = get_args(get_args(ContentBlock)[0])
# A part of a block; older versions have none of it.
_PARTS = [getattr(types, name) for name in ("CacheControl",) if hasattr(types, name)]
# What messages hold in additional_kwargs: images, in the old way, and the nodes of an answer.
_NODES = (Document, ImageDocument, ImageNode, IndexNode, MediaResource, RelatedNodeInfo, TextNode)

FORMAT = MessageFormat(
    Codec([ChatMessage, MessageRole, *_BLOCKS, *_PARTS, *_NODES, NodeRelationship, ObjectType]), ChatMessage
)
