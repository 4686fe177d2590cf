"""The classes of LlamaIndex's nodes and of their parts: whatever is stored of LlamaIndex can hold these."""

from __future__ import annotations

from llama_index.core import schema

NODE_TYPES = (
    schema.TextNode,
    schema.ImageNode,
    schema.IndexNode,
    schema.Node,
    schema.Document,
    schema.ImageDocument,
)
"""The types of nodes that can be restored: LlamaIndex's own."""

NODE_PARTS = (schema.MediaResource, schema.NodeRelationship, schema.ObjectType, schema.RelatedNodeInfo)
"""The models and enumerations that nodes hold."""
