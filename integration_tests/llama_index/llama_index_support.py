"""What the tests of the LlamaIndex adapter share: stores, nodes, filters, and an embedding that needs no model."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from zlib import crc32

from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.schema import BaseNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)

from integration_tests.conftest import Call
from redisvl_adapters.llama_index import RedisVectorStore

WORDS = 63
AHEAD = [1.0, 0.0, 0.0, 0.0]
"""A query for nodes whose vectors were made by ``turned``."""


def embed(text: str) -> list[float]:
    """Count the words of a text: texts that share words are near each other."""
    vector = [0.1] + [0.0] * WORDS
    for word in re.findall(r"\w+", text.lower()):
        vector[1 + crc32(word.encode()) % WORDS] += 1
    return vector


async def on(call: Call, target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method of LlamaIndex's own, whose older versions lack some of the async twins."""
    if hasattr(target, f"a{name}"):
        return await call(target, name, *args, **kwargs)
    return getattr(target, name)(*args, **kwargs)


class WordEmbedding(BaseEmbedding):
    """Embeds texts by ``embed``."""

    model_name: str = "words"

    def _get_text_embedding(self, text: str) -> list[float]:
        return embed(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return embed(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return embed(query)


def open_store(redis_url: str, index_name: str, storage: Any = "hash", **options: Any) -> RedisVectorStore:
    """Return a store; its options are not typed here, since they come from fixtures and parameters."""
    return RedisVectorStore(redis_url=redis_url, index_name=index_name, storage=storage, **options)


def turned(step: int) -> list[float]:
    """Return a vector that is turned away from ``AHEAD`` the more, the larger the step."""
    return [1.0, step / 10, 0.0, 0.0]


def text_node(
    node_id: str,
    text: str = "text",
    *,
    source: str | None = None,
    vector: list[float] | None = None,
    **metadata: Any,
) -> TextNode:
    """Return a node with a vector, straight ahead by default, that was made from a source document if one is named."""
    node = TextNode(id_=node_id, text=text, metadata=metadata, embedding=AHEAD if vector is None else vector)
    if source is not None:
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=source)
    return node


def bare(node: BaseNode) -> BaseNode:
    """Return a node as a store gives it back: without its embedding."""
    return node.model_copy(update={"embedding": None})


def by_id(nodes: list[BaseNode]) -> dict[str, BaseNode]:
    """Return nodes by their ids."""
    return {node.node_id: node for node in nodes}


def where(key: str, value: Any, operator: FilterOperator = FilterOperator.EQ) -> MetadataFilter:
    """Return a comparison."""
    return MetadataFilter(key=key, value=value, operator=operator)


def filters(
    *parts: MetadataFilter | MetadataFilters, condition: FilterCondition | None = FilterCondition.AND
) -> MetadataFilters:
    """Return filters, joined by AND by default."""
    return MetadataFilters(filters=list(parts), condition=condition)


class Found(NamedTuple):
    """What a query found. Its lists are never None."""

    ids: list[str]
    nodes: list[BaseNode]
    similarities: list[float]


async def ask(call: Call, store: RedisVectorStore, **parts: Any) -> Found:
    """Query a store: straight ahead, for up to a hundred nodes, unless told otherwise."""
    query = VectorStoreQuery(**{"query_embedding": AHEAD, "similarity_top_k": 100, **parts})
    result: VectorStoreQueryResult = await call(store, "query", query)
    assert isinstance(result.ids, list)
    assert isinstance(result.nodes, list)
    assert isinstance(result.similarities, list)
    return Found(result.ids, result.nodes, result.similarities)


async def ids_of(call: Call, store: RedisVectorStore, **parts: Any) -> set[str]:
    """Return the ids of the nodes in a store, or those that ``get_nodes`` finds by node_ids or filters."""
    return {node.node_id for node in await call(store, "get_nodes", **parts)}


def snapshot(server: Any, index_name: str) -> dict[bytes, bytes | None]:
    """Return all that lies in Redis for an index: records, registry, and the index itself by name."""
    found: dict[bytes, bytes | None] = {}
    for pattern in (f"{index_name}*", f"redisvl-adapters/{index_name}*"):
        for key in server.scan_iter(pattern, count=1000):
            found[key] = server.dump(key)
    for name in server.execute_command("FT._LIST"):
        if name.decode().startswith(index_name):
            fields = server.execute_command("FT.INFO", name)
            found[b"index " + name] = repr(fields[fields.index(b"attributes") + 1]).encode()
    return found
