"""Right and wrong calls of the LlamaIndex adapter, for mypy and pyright: nothing of this runs.

Each wrong call is marked as an error. If mypy or pyright takes it for right, the mark is not needed, and that checker
says so.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, assert_type

import redis
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.ingestion import IngestionCache
from llama_index.core.memory import ChatMemoryBuffer, Memory
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.schema import BaseNode, TextNode
from llama_index.core.storage.chat_store.base_db import MessageStatus
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)

from redisvl_adapters.core import Compare, Operator
from redisvl_adapters.llama_index import (
    AddOptions,
    CacheOptions,
    ChatStoreOptions,
    HybridOptions,
    IndexOptions,
    QueryOptions,
    RedisChatStore,
    RedisDocumentStore,
    RedisIndexStore,
    RedisKVStore,
    RedisMemoryStore,
    RedisStorageContext,
    RedisVectorStore,
    SearchOptions,
    SemanticCacheQueryEngine,
    SessionOptions,
    TextOptions,
)

NODES = [TextNode(text="a", embedding=[1.0])]
FILTERS = MetadataFilters(filters=[MetadataFilter(key="year", value=2024)])
QUERY = VectorStoreQuery(query_embedding=[1.0])
MESSAGE = ChatMessage("hello")


def stores() -> None:
    RedisVectorStore(index_name="docs", redis_url="redis://localhost:6379", storage="json", ttl=60)
    RedisVectorStore(index_name="docs", retry=timedelta(seconds=15), socket_timeout=1, socket_connect_timeout=0.5)
    RedisChatStore(retry=timedelta(seconds=15), socket_timeout=1, socket_connect_timeout=0.5)
    RedisChatStore(socket_timeout="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisVectorStore(schema="schema.yaml", client=redis.Redis(), create="never")
    options: IndexOptions = {"index_name": "docs", "metadata_schema": {"year": "numeric"}, "algorithm": "flat"}
    held: BasePydanticVectorStore = RedisVectorStore(**options)
    assert_type(RedisVectorStore.from_dict(held.to_dict(), ttl=None), RedisVectorStore)

    RedisVectorStore(object())  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    RedisVectorStore(indexname="docs")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisVectorStore(stores_text=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisVectorStore(storage="disk")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisVectorStore(dims="8")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisVectorStore.from_dict({}, storrage="json")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def adding(store: RedisVectorStore) -> None:
    assert_type(store.add(NODES), list[str])
    store.add((node for node in NODES), batch_size=100, show_progress=True, ttl=60)
    store.add(NODES, vectors={"title": [[1.0, 2.0], None]})
    options: AddOptions = {"skip_existing": True, "max_concurrency": 2}
    assert_type(await store.async_add(NODES, **options), list[str])

    assert_type(store.update_metadata(["a"], {"year": 1}), int)
    assert_type(await store.aupdate_metadata(changes={"year": None}, filters=Compare("kind", Operator.EQ, "x")), int)

    assert_type((await store.acopy_to(store, show_progress=True)).copied, int)

    store.add(NODES, bath_size=100)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.add(NODES, ttl="60")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.copy_to("docs")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.add("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await store.async_add(NODES, skip=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def moves(store: RedisVectorStore, model: BaseEmbedding) -> None:
    other = RedisVectorStore.from_existing_index("products", vector_field="vec", on_bad_record="skip", writable=True)
    assert_type(store.copy_to(other, embedding=model, batch_size=100, show_progress=True).copied, int)
    assert_type(store.rebuild(dtype="float16", storage="json", aliases=["prod"], dry_run=True).copies, bool)
    assert_type((await store.arebuild(embed_model=model, show_progress=True)).target, str | None)
    assert_type(store.cancel_rebuild() and await store.acancel_rebuild(), bool)

    store.copy_to(other, progress=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.rebuild(algoritm="flat")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.rebuild(embed_model="m")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.rebuild(embedding=model)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.update_metadata(["a"], {"year": 1}, filter=FILTERS)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisVectorStore.from_existing_index("docs", on_bad_record="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def querying(store: RedisVectorStore) -> None:
    assert_type(store.query(QUERY), VectorStoreQueryResult)
    store.query(QUERY, ef_runtime=100, distance_threshold=0.3, keywords="redis", keywords_match="all")
    store.query(QUERY, match="phrase", scorer="TFIDF", text_fields=["title"])
    store.query(QUERY, fusion="rrf", rrf_constant=20, alpha=0.3, fetch_k=100)
    store.query(QUERY, mmr_threshold=0.3, fetch_k=100)
    store.query(QUERY, weights={"text": 0.7, "title": 0.3}, fetch_k=50)
    store.query(QUERY, vector="title")
    store.query(QUERY, rerank=SimilarityPostprocessor(), recency={"key": "at", "half_life": "30d", "missing": 0.5})
    options: QueryOptions = {"ef_runtime": 100, "match": "all", "fusion": "linear", "mmr_threshold": 0.3}
    assert_type(await store.aquery(QUERY, **options), VectorStoreQueryResult)
    by_vector: SearchOptions = {"ef_runtime": 100}
    by_text: TextOptions = {"match": "all"}
    by_both: HybridOptions = {"ef_runtime": 100, "match": "all", "fusion": "linear"}
    store.query(QUERY, **by_vector)
    store.query(QUERY, **by_text)
    store.query(QUERY, **by_both)

    store.query("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.query(QUERY, rerank="colbert")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.query(QUERY, weights=0.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.query(QUERY, k=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.query(QUERY, fusion="sum")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.query(QUERY, mmr_treshold=0.3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.aquery(QUERY, ef="100")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def reading_and_deleting(store: RedisVectorStore) -> None:
    assert_type(store.get_nodes(["a"], FILTERS), list[BaseNode])
    assert_type(await store.aget_nodes(filters=Compare("year", Operator.GT, 2020)), list[BaseNode])
    store.get_nodes(filters=FILTERS, limit=10, with_vectors=True)
    assert_type(store.iterate(FILTERS, batch_size=100, with_vectors=True), Iterator[BaseNode])
    assert_type(store.aiterate(), AsyncIterator[BaseNode])
    assert_type(store.get_embeddings(["a"]), list[list[float] | None])
    assert_type(await store.aget_embeddings(["a"]), list[list[float] | None])
    assert_type(store.count(FILTERS), int)
    store.delete("document")
    store.delete_nodes(["a"])
    await store.adelete_nodes(filters=FILTERS)
    store.expire(["a"], 60)

    store.get_nodes("a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.get_nodes(filter=FILTERS)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.get_nodes(filters={"year": 2024})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.get_nodes(limit="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.iterate(filter=FILTERS)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.get_embeddings("a", "b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.count(where=FILTERS)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.delete("document", drop=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.delete_nodes(ids=["a"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.adelete_nodes(filter=FILTERS)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def chat_stores() -> None:
    options: ChatStoreOptions = {
        "redis_url": "redis://localhost:6379",
        "prefix": "chats",
        "max_messages": 100,
        "keep_system": True,
    }
    store = RedisChatStore(**options)
    ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="session")
    store.add_message("session", MESSAGE, idx=0)
    assert_type(store.get_messages("session"), list[ChatMessage])
    assert_type(await store.adelete_last_message("session"), ChatMessage | None)

    RedisChatStore(object())  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    RedisChatStore(url="redis://localhost:6379")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisChatStore(ttl="60")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.add_message("session", "hello")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.get_messages(session="session")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def memory_stores() -> None:
    options: SessionOptions = {"ttl": 3600, "sliding": False}
    store = RedisMemoryStore(**options)
    Memory.from_defaults(session_id="session", chat_store=store)
    await store.add_messages("session", [MESSAGE], MessageStatus.ARCHIVED)
    assert_type(await store.get_messages("session", status=None, limit=10), list[ChatMessage])

    RedisMemoryStore(max_messages=100)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisMemoryStore(sliding="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await store.get_messages("session", state=None)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.archive_oldest_messages("session", "2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def storage(vector_store: RedisVectorStore) -> None:
    kept = RedisKVStore(prefix="cache", ttl=3600, redis_url="redis://localhost:6379")
    IngestionCache(cache=kept)
    kept.put_all([("a", {"b": 1})], "collection", batch_size=100)
    assert_type(await kept.aget("a"), dict[str, Any] | None)
    documents = RedisDocumentStore(namespace="docs", retry=timedelta(seconds=15))
    StorageContext.from_defaults(vector_store=vector_store, docstore=documents, index_store=RedisIndexStore())
    assert_type(await documents.aget_nodes(["a"]), list[BaseNode])
    options: IndexOptions = {"index_name": "docs", "ttl": 3600}
    context = RedisStorageContext(**options)
    VectorStoreIndex([], storage_context=context)
    assert_type(context.docstore, RedisDocumentStore)
    assert_type(context.vector_store, RedisVectorStore)

    RedisKVStore("redis://localhost:6379")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisKVStore(redis_uri="redis://localhost:6379")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    kept.put("a", [1])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisDocumentStore(namespace=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisDocumentStore(redis_kvstore=kept)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisIndexStore(batch_size=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisStorageContext(namespace="docs")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def caches(engine: BaseQueryEngine, model: BaseEmbedding) -> None:
    options: CacheOptions = {"redis_url": "redis://localhost:6379", "algorithm": "flat", "scope": {"tenant": "acme"}}
    cache = SemanticCacheQueryEngine(engine, model, name="docs", index_name="answers", **options)
    assert_type(cache.scoped(tenant="other"), SemanticCacheQueryEngine)

    SemanticCacheQueryEngine(engine)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SemanticCacheQueryEngine(engine, model, treshold=0.1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SemanticCacheQueryEngine(engine, model, on_error="hit")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SemanticCacheQueryEngine(engine, model, algorithm="tree")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
