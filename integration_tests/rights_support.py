"""What users with few rights do: the steps of each user in docs/operating.md, by sync methods or their async twins."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import Generation
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from redisvl_adapters import langchain, llama_index

MODEL = DeterministicFakeEmbedding(size=4)
FIELDS: Any = {"year": "numeric", "kind": "tag"}
VECTOR = [1.0, 0.0, 0.0, 0.0]

_USER = re.compile(r"^ {4}ACL SETUSER (\S+) on >secret (.+)$", re.MULTILINE)


def read_rules() -> dict[str, list[str]]:
    """Return the rules of docs/operating.md by user."""
    text = (Path(__file__).parents[1] / "docs" / "operating.md").read_text()
    return {user: rules.split() for user, rules in _USER.findall(text)}


@dataclass(frozen=True)
class Caller:
    """Calls methods by their sync names.

    Attributes:
        url: Where the server is, with the name of the user.
        twins: Whether the async twins are called instead.
    """

    url: str
    twins: bool

    async def __call__(self, target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method, or its twin."""
        if not self.twins:
            return getattr(target, name)(*args, **kwargs)
        method = getattr(target, f"async_{name}", None) or getattr(target, f"a{name}")
        return await method(*args, **kwargs)

    async def all(self, target: Any, name: str, *args: Any, **kwargs: Any) -> list[Any]:
        """Return all that a method yields, or its twin."""
        if not self.twins:
            return list(getattr(target, name)(*args, **kwargs))
        items: AsyncIterator[Any] = getattr(target, f"a{name}")(*args, **kwargs)
        return [item async for item in items]


def store(call: Caller, **options: Any) -> langchain.RedisVectorStore:
    """Return the LangChain store of the index."""
    return langchain.RedisVectorStore(MODEL, index_name="docs", redis_url=call.url, retry=0, **options)


def nodes(call: Caller, **options: Any) -> llama_index.RedisVectorStore:
    """Return the LlamaIndex store of the index."""
    return llama_index.RedisVectorStore(index_name="docs", redis_url=call.url, retry=0, **options)


async def reading(call: Caller, **options: Any) -> None:
    """Everything that only reads."""
    docs = store(call, create="never", **options)
    later = {"year": {"$gte": 1}}
    assert len(await call(docs, "similarity_search", "text", k=2)) == 2
    assert len(await call(docs, "similarity_search", "text", k=2, filter=later, keywords="text")) == 2
    assert len(await call(docs, "similarity_search", "text", k=2, distance_threshold=2.0)) == 2
    assert len(await call(docs, "text_search", "texts", k=2, filter=later)) == 2
    assert len(await call(docs, "hybrid_search", "text", k=2, filter=later)) == 2
    assert len(await call(docs, "max_marginal_relevance_search", "text", k=2)) == 2
    assert [len(found) for found in await call(docs, "similarity_search_batch", ["a", "b"], k=2)] == [2, 2]
    assert [found.id for found in await call(docs, "get_by_ids", ["one"])] == ["one"]
    assert len(await call(docs, "get_embeddings", ["one"])) == 1
    assert await call(docs, "count", later) == 2
    assert {found.id for found in await call.all(docs, "iterate", later, batch_size=1)} == {"one", "two"}
    assert await call(docs, "ttl", ["one"]) == [None]
    assert await call(docs, "attribute_info")
    await docs.aclose()
    default = store(call, **options)
    assert await call(default, "count") == 2
    await default.aclose()
    read = nodes(call, create="never", **options)
    for mode in (VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.HYBRID, VectorStoreQueryMode.TEXT_SEARCH):
        query = VectorStoreQuery(query_embedding=VECTOR, query_str="text", similarity_top_k=2, mode=mode)
        assert len((await call(read, "query", query)).nodes) == 2
    assert len(await call(read, "get_nodes", ["one"])) == 1
    assert await call(read, "vector_store_info")
    await read.aclose()


async def explaining(call: Caller, **options: Any) -> None:
    """Everything that only reads, and why it takes how long."""
    await reading(call, **options)
    docs = store(call, create="never", **options)
    told = await call(docs, "explain", "text", "hybrid", k=2, filter={"year": {"$gte": 1}})
    assert [step.not_profiled for step in told.steps] == ["", ""]
    await docs.aclose()
    read = nodes(call, create="never", **options)
    assert (await call(read, "explain", VectorStoreQuery(VECTOR, 2))).records == 2
    await read.aclose()


async def writing(call: Caller, **options: Any) -> None:
    """Everything that reads, and what writes to an index that exists with all its fields."""
    await reading(call, **options)
    docs = store(call, create="never", learn=False, metadata_schema=FIELDS, **options)
    added = {"year": 9, "kind": "new", "undeclared": [1]}
    assert await call(docs, "add_texts", ["text"], [added], ids=["three"]) == ["three"]
    assert await call(docs, "add_texts", ["text"], [{"year": 9}], ids=["three"], ttl=100) == ["three"]
    assert await call(docs, "expire", ["three"], ttl=50) == 1
    assert await call(docs, "persist", ["three"]) == 1
    assert await call(docs, "update_metadata", ["three"], {"year": 8, "kind": None}) == 1
    assert await call(docs, "update_metadata", changes={"year": 9}, filter={"year": 8}) == 1
    assert await call(docs, "add_texts", ["more"], content_ids=True, skip_existing=True)
    assert await call(docs, "delete", ["three"])
    await call(docs, "add_texts", ["text"], [added], ids=["four"])
    await call(docs, "delete", filter={"year": 9})
    assert await call(docs, "get_by_ids", ["three", "four"]) == []
    await docs.aclose()
    sliding = store(call, create="never", learn=False, ttl=50, sliding_ttl=True, **options)
    await call(sliding, "add_texts", ["text"], ids=["five"])
    assert await call(sliding, "get_by_ids", ["five"])
    await sliding.aclose()
    written = nodes(call, create="never", learn=False, **options)
    assert await call(written, "add", [TextNode(text="text", id_="six", embedding=VECTOR)]) == ["six"]
    await call(written, "delete_nodes", ["six"])
    await call(written, "delete", "no-such-document")
    await written.aclose()


async def managing(call: Caller, **options: Any) -> None:
    """Everything that a user can do with an index."""
    await writing(call, **options)
    for make in (store, nodes):
        docs: Any = make(call, metadata_schema=FIELDS, **options)
        await call(docs, "create", dims=4)
        await call(docs, "clear")
        await call(docs, "drop")
        await docs.aclose()
    anew = store(call, create="overwrite", **options)
    await call(anew, "add_texts", ["text"], [{"year": 1}])
    await anew.aclose()
    learning = store(call, metadata_schema={"topic": "tag"}, **options)
    for learnt in ({"topic": "a"}, {"year": "a text"}, {"key": None}, {"key": 1}):
        await call(learning, "add_texts", ["text"], [learnt])
    assert await call(learning, "count", {"year": "a text"}) == 1
    await learning.aclose()


async def rebuilding(call: Caller, **options: Any) -> None:
    """Rebuilds in place and by copies, with a field that is new, and all that is done to records meanwhile."""
    docs = store(call, **options)
    await call(docs, "add_texts", ["text", "more"], [{"kind": "a"}, {}], ids=["one", "three"])
    await call(docs, "expire", ["one"], ttl=50)
    await call(docs, "delete", ["three"])
    await call(docs, "rebuild", m=8, metadata_schema={"topic": "tag"}, aliases=["docs-live"])
    assert (await call(docs, "rebuild", dtype="float64", drop_old=True)).target == "docs@3"
    assert not await call(docs, "cancel_rebuild")
    assert await call(docs, "count", {"kind": "a"}) == 1
    await docs.aclose()


async def copying(call: Caller, **options: Any) -> None:
    """A copy into an index that is made, and once more over what differs there."""
    docs = store(call, create="never", **options)
    copy: Any = langchain.RedisVectorStore(MODEL, index_name="docs-copy", redis_url=call.url, retry=0, **options)
    assert (await call(docs, "copy_to", copy, batch_size=1)).copied == 2
    await call(copy, "add_texts", ["another"], [{"year": 1}], ids=["one"])
    await call(copy, "expire", ["two"], ttl=50)
    assert (await call(docs, "copy_to", copy)).copied == 2
    assert (await call(docs, "copy_to", copy)).skipped == 2
    for each in (docs, copy):
        await each.aclose()


async def cached_exactly(call: Caller) -> None:
    """A cache of exact matches: asked, filled and emptied."""
    cache = langchain.RedisCache(redis_url=call.url, ttl=100, retry=0)
    assert await call(cache, "lookup", "prompt", "model") is None
    await call(cache, "update", "prompt", "model", [Generation(text="answer")])
    assert await call(cache, "lookup", "prompt", "model")
    await call(cache, "clear")
    assert await call(cache, "lookup", "prompt", "model") is None
    await cache.aclose()


async def cached_by_meaning(call: Caller, **options: Any) -> None:
    """A semantic cache whose index exists: asked and filled."""
    given: Any = {"redis_url": call.url, "create": "never", "ttl": 100, "retry": 0, **options}
    cache = langchain.RedisSemanticCache(MODEL, distance_threshold=2.0, **given)
    await call(cache, "update", "prompt", "model", [Generation(text="answer")])
    assert await call(cache, "lookup", "prompt", "model")
    assert await call(cache, "lookup", "another prompt", "model")
    await cache.aclose()
    forever = langchain.RedisSemanticCache(MODEL, distance_threshold=2.0, **{**given, "ttl": None})
    await call(forever, "update", "prompt", "model", [Generation(text="answer")])
    await forever.aclose()


async def in_byte_store(call: Caller) -> None:
    """A byte store: written, read, listed, and emptied."""
    values = langchain.RedisByteStore(redis_url=call.url, ttl=100, retry=0)
    await call(values, "mset", [("key", b"value")])
    assert await call(values, "mget", ["key"]) == [b"value"]
    assert await call.all(values, "yield_keys") == ["key"]
    await call(values, "mdelete", ["key"])
    await values.aclose()


async def in_record_manager(call: Caller) -> None:
    """A record manager: all of its interface."""
    records = langchain.RedisRecordManager("docs", redis_url=call.url, retry=0)
    began = await call(records, "get_time")
    await call(records, "update", ["key"], group_ids=["group"])
    assert await call(records, "exists", ["key", "none"]) == [True, False]
    assert await call(records, "list_keys", after=began - 1) == ["key"]
    assert await call(records, "list_keys", group_ids=["group"]) == ["key"]
    await call(records, "delete_keys", ["key"])
    await records.aclose()


async def in_history(call: Caller, **options: Any) -> None:
    """A history of chats: written, read, cut to its length, listed, and removed."""
    given: Any = {"redis_url": call.url, "user_id": "ann", "ttl": 100, "max_messages": 4, "retry": 0, **options}
    history = langchain.RedisChatMessageHistory("one", **given)
    for _ in range(4):
        await call(history, "add_messages", [HumanMessage("hello"), AIMessage("hello yourself")])
    messages = await history.aget_messages() if call.twins else history.messages
    assert len(messages) == 4
    assert len(await call(history, "sessions")) == 1
    if options:
        assert await call(history, "recall", "hello", k=2)
        assert await call(history, "recall", "hello", k=2, all_sessions=True)
        await call(history, "index_missing")
    await call(history, "clear")
    await call(history, "add_messages", [HumanMessage("hello")])
    await call(history, "clear_sessions")
    await history.aclose()


async def recalled(call: Caller) -> None:
    """A history whose messages are indexed, in an index that exists."""
    await in_history(call, embedding=MODEL)


async def in_chat_stores(call: Caller) -> None:
    """Both chat stores of LlamaIndex: all of their interfaces."""
    chats = llama_index.RedisChatStore(redis_url=call.url, ttl=100, max_messages=5, retry=0)
    message = ChatMessage(content="hello")
    await call(chats, "set_messages", "one", [message])
    for _ in range(6):
        await call(chats, "add_message", "one", message)
    assert len(await call(chats, "get_messages", "one")) == 5
    await call(chats, "delete_message", "one", 0)
    await call(chats, "delete_last_message", "one")
    assert await call(chats, "get_keys") == ["one"]
    await call(chats, "delete_messages", "one")
    await chats.aclose()
    memory = llama_index.RedisMemoryStore(redis_url=call.url, ttl=100, retry=0)
    await memory.add_messages("two", [message, message, message])
    await memory.archive_oldest_messages("two", 1)
    assert len(await memory.get_messages("two", None)) == 3
    assert await memory.get_keys() == ["two"]
    await memory.delete_message("two", 0)
    await memory.delete_messages("two")
    await memory.aclose()


async def in_storage(call: Caller) -> None:
    """Document store, index store and a cache with times to live: all of their interface."""
    documents = llama_index.RedisDocumentStore(namespace="docs", redis_url=call.url, retry=0)
    node = TextNode(id_="a", relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id="s")})
    await call(documents, "add_documents", [node])
    await call(documents, "add_documents", [TextNode(id_="b")], allow_update=False)
    assert await call(documents, "get_nodes", ["a"]) == [node]
    assert set(documents.docs) == {"a", "b"}
    await call(documents, "delete_ref_doc", "s")
    await call(documents, "clear")
    await documents.aclose()
    kept = llama_index.RedisKVStore(ttl=100, redis_url=call.url, retry=0)
    await call(kept, "put", "a", {"b": 1})
    assert await call(kept, "get_all") == {"a": {"b": 1}}
    await kept.aclose()


Steps: TypeAlias = Callable[[Caller], Awaitable[None]]


def _json(steps: Callable[..., Awaitable[None]]) -> Steps:
    return lambda call: steps(call, storage="json")


STEPS: Mapping[str, Steps] = {
    "docs-reader": reading,
    "docs-explainer": explaining,
    "docs-writer": writing,
    "docs-manager": managing,
    "json-reader": _json(reading),
    "json-explainer": _json(explaining),
    "json-writer": _json(writing),
    "json-manager": _json(managing),
    "docs-rebuilder": rebuilding,
    "json-rebuilder": _json(rebuilding),
    "docs-copier": copying,
    "json-copier": _json(copying),
    "semantic-cache": cached_by_meaning,
    "json-semantic-cache": _json(cached_by_meaning),
    "exact-cache": cached_exactly,
    "byte-store": in_byte_store,
    "cluster-byte-store": in_byte_store,
    "record-manager": in_record_manager,
    "chat-history": in_history,
    "chat-recall": recalled,
    "chat-stores": in_chat_stores,
    "storage": in_storage,
}
"""What each user of docs/operating.md does."""


async def prepare(url: str, storage: Any) -> None:
    """Make what users find that may not make it: an index of records, that of a cache, and that of messages."""
    docs = langchain.RedisVectorStore(MODEL, index_name="docs", redis_url=url, storage=storage, metadata_schema=FIELDS)
    metadatas: list[dict[str, Any]] = [{"year": 1, "kind": "a"}, {"year": 2, "kind": "b"}]
    docs.add_texts(["text one", "texts two"], metadatas, ids=["one", "two"])
    docs.close()
    cache = langchain.RedisSemanticCache(MODEL, redis_url=url, storage=storage)
    cache.create(dims=4)
    cache.close()
    history = langchain.RedisChatMessageHistory("first", redis_url=url, embedding=MODEL)
    history.add_messages([HumanMessage("hello")])
    history.clear()
    history.close()
