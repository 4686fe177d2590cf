"""What the tests of backups share: one thing of every kind that this library keeps, written and read again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import HumanMessage
from langchain_core.outputs import Generation
from llama_index.core import Document as LlamaDocument
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters, VectorStoreQuery

from redisvl_adapters import langchain, llama_index

MODEL = DeterministicFakeEmbedding(size=4)
VECTOR = [1.0, 0.5, 0.0, 0.0]
TTL = 100_000.0
"""Seconds."""
COUNT = 20
OPERATIONS = Path(__file__).parents[1] / "docs" / "operating.md"


@contextmanager
def faces(url: str) -> Iterator[dict[str, Any]]:
    """Yield one thing of every kind that keeps something on a server, by name."""
    made: dict[str, Any] = {
        "documents": langchain.RedisVectorStore(MODEL, index_name="docs", redis_url=url),
        "nodes": llama_index.RedisVectorStore(index_name="nodes", redis_url=url, storage="json", language="german"),
        "moved": langchain.RedisVectorStore(MODEL, index_name="moved", redis_url=url),
        "exact": langchain.RedisCache(redis_url=url),
        "semantic": langchain.RedisSemanticCache(MODEL, redis_url=url),
        "history": langchain.RedisChatMessageHistory("one", embedding=MODEL, redis_url=url),
        "chats": llama_index.RedisChatStore(redis_url=url),
        "records": langchain.RedisRecordManager("docs", redis_url=url),
        "bytes": langchain.RedisByteStore(redis_url=url),
        "parents": langchain.RedisDocumentStore(redis_url=url),
        "docstore": llama_index.RedisDocumentStore(namespace="docs", redis_url=url),
        "values": llama_index.RedisKVStore(redis_url=url),
    }
    with ExitStack() as stack:
        for face in made.values():
            stack.callback(face.close)
        yield made


def write_all(url: str) -> None:
    """Write into each of them."""
    metadatas: list[Any] = [{"n": n, "kind": ("even", "odd")[n % 2], "deep": {"x": n / 3}} for n in range(COUNT)]
    texts, ids = [f"text {n}" for n in range(COUNT)], [f"id{n}" for n in range(COUNT)]
    with faces(url) as made:
        for name in ("documents", "moved"):
            made[name].add_texts(texts, metadatas, ids=ids)
        made["documents"].expire(["id3"], TTL)
        made["moved"].rebuild(dtype="float16")
        made["nodes"].add(
            [
                TextNode(id_=each, text="Häuser", embedding=[1.0, n, 0.0, 0.0], metadata=metadatas[n])
                for n, each in enumerate(ids)
            ]
        )
        for cache in ("exact", "semantic"):
            made[cache].update("prompt", "model", [Generation(text="answer")])
        made["history"].add_messages([HumanMessage("hello")])
        made["chats"].add_message("one", ChatMessage(content="hello"))
        made["records"].update(ids)
        made["bytes"].mset([("key", b"value")])
        made["parents"].mset([("key", Document("parent"))])
        made["docstore"].add_documents([LlamaDocument(text="whole", id_="whole")])
        made["values"].put("key", {"value": 1})


READ: Mapping[str, Callable[[Any], Any]] = {
    "documents": lambda store: (
        store.count(),
        store.similarity_search("text 4", k=3, filter={"n": {"$gt": 7}, "deep.x": {"$lt": 5}}),
        [document.id for document in store.text_search("text 12", k=1)],
        store.attribute_info(),
        store.get_embeddings(["id4"]),
        [None if seconds is None else 0 < seconds <= TTL for seconds in store.ttl(["id3", "id4"])],
    ),
    "moved": lambda store: (
        store.count(),
        store.info().name,
        store.info().dtype,
        store.similarity_search("text 5", k=2),
    ),
    "nodes": lambda store: (store.count(), _found(store), store.info().language, store.info().storage),
    "exact": lambda cache: cache.lookup("prompt", "model"),
    "semantic": lambda cache: cache.lookup("prompt", "model"),
    "history": lambda history: (history.messages, history.recall("hello", k=1)),
    "chats": lambda chats: chats.get_messages("one"),
    "records": lambda records: sorted(records.list_keys()),
    "bytes": lambda store: store.mget(["key"]),
    "parents": lambda store: store.mget(["key"]),
    "docstore": lambda store: (store.get_document("whole"), store.get_document_hash("whole")),
    "values": lambda values: values.get("key"),
}


def _found(store: llama_index.RedisVectorStore) -> Any:
    filters = MetadataFilters(filters=[MetadataFilter(key="kind", value="odd")])
    found = store.query(VectorStoreQuery(VECTOR, 3, filters=filters))
    return [node.to_dict() for node in found.nodes or ()]


def read_all(url: str) -> dict[str, Any]:
    """Return what each of them reads, opened anew."""
    with faces(url) as made:
        return {name: read(made[name]) for name, read in READ.items()}


def told_keys() -> set[str]:
    """Return the patterns of keys that docs/operating.md lists."""
    (part,) = re.findall(r"^### Which keys there are$(.*?)^##", OPERATIONS.read_text(), re.MULTILINE | re.DOTALL)
    rows = [row.split("|")[2] for row in part.splitlines() if row.startswith("| ") and "---" not in row]
    return {pattern for row in rows[1:] for pattern in re.findall(r"`([^`]*[:/][^`]*)`", row)}
