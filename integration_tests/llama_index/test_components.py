"""Parts of LlamaIndex that work on a vector store: ingestion pipelines, memories, and writing components down."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.memory import VectorMemory, VectorMemoryBlock
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from redisvl.schema import IndexSchema

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import (
    WordEmbedding,
    filters,
    ids_of,
    open_store,
    text_node,
    where,
)
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError
from redisvl_adapters.llama_index import RedisVectorStore


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """An empty store."""
    async with open_store(redis_url, index_name, storage) as store:
        yield store


def documents(**texts: str) -> list[Document]:
    """Return documents by their ids."""
    return [Document(id_=name, text=text, metadata={"name": name}) for name, text in texts.items()]


async def texts_of(call: Call, store: RedisVectorStore) -> dict[str, str]:
    """Return the whole text of each document in the store."""
    nodes = await call(store, "get_nodes")
    nodes.sort(key=lambda node: (node.ref_doc_id, node.start_char_idx))
    texts: dict[str, str] = {}
    for node in nodes:
        texts[node.ref_doc_id] = f"{texts.get(node.ref_doc_id, '')} {node.get_content()}".strip()
    return texts


async def test_a_pipeline_upserts_and_deletes_over_two_runs(store: RedisVectorStore, call: Call) -> None:
    pipeline = IngestionPipeline(
        transformations=[TokenTextSplitter(chunk_size=24, chunk_overlap=0), WordEmbedding()],
        vector_store=store,
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
    )
    long = " ".join(f"word{number}" for number in range(60))
    first = {"kept": f"kept {long}", "changed": f"old {long}", "Removed|1": "to go", "removed": long}
    written = await call(pipeline, "run", documents=documents(**first))
    assert await ids_of(call, store) == {node.node_id for node in written}
    assert len(written) > 9
    assert await texts_of(call, store) == first
    kept = await ids_of(call, store, filters=filters(where("name", "kept")))

    second = {"kept": f"kept {long}", "changed": "new and short", "added": "fresh"}
    written = await call(pipeline, "run", documents=documents(**second))
    assert {node.ref_doc_id for node in written} == {"changed", "added"}
    assert await texts_of(call, store) == second
    assert await ids_of(call, store, filters=filters(where("name", "kept"))) == kept

    assert await call(pipeline, "run", documents=documents(**second)) == []
    assert await texts_of(call, store) == second


async def test_a_pipeline_without_docstore_writes_what_it_makes(store: RedisVectorStore, call: Call) -> None:
    pipeline = IngestionPipeline(transformations=[TokenTextSplitter(), WordEmbedding()], vector_store=store)
    await call(pipeline, "run", documents=documents(a="one", b="two"))
    assert await texts_of(call, store) == {"a": "one", "b": "two"}


TALK = [
    ChatMessage(role=MessageRole.USER, content="My cat is called Minka."),
    ChatMessage(role=MessageRole.ASSISTANT, content="What a pretty name for a cat!"),
    ChatMessage(role=MessageRole.USER, content="The train to Berlin leaves at nine."),
    ChatMessage(
        role=MessageRole.ASSISTANT, content="Then be at the station early.", additional_kwargs={"tools": [{"id": 1}]}
    ),
]


def contents(messages: list[ChatMessage]) -> list[str | None]:
    """Return what was said."""
    return [message.content for message in messages]


async def test_vector_memory_recalls_and_forgets(store: RedisVectorStore, call: Call) -> None:
    """llama-index 18: VectorMemory did not work."""
    memory = VectorMemory.from_defaults(store, embed_model=WordEmbedding(), retriever_kwargs={"similarity_top_k": 1})
    for message in TALK:
        await call(memory, "put", message)
    assert await call(store, "count") == 2
    assert contents(await call(memory, "get", "cat Minka")) == contents(TALK[:2])
    recalled = await call(memory, "get", "train to Berlin")
    assert contents(recalled) == contents(TALK[2:])
    assert [message.role for message in recalled] == [MessageRole.USER, MessageRole.ASSISTANT]
    await call(memory, "reset")
    assert await call(memory, "get", "cat") == []
    await call(memory, "set", TALK[:2])
    assert contents(await call(memory, "get", "train to Berlin")) == contents(TALK[:2])


async def remember(store: RedisVectorStore, messages: list[ChatMessage], **parts: str) -> None:
    """Put messages into a memory block on the store."""
    block = VectorMemoryBlock(vector_store=store, embed_model=WordEmbedding())
    await block.aput([message.model_copy(deep=True) for message in messages], from_short_term_memory=True, **parts)


async def recall(store: RedisVectorStore, **parts: str) -> str:
    """Return what a memory block on the store has to say on cats and trains."""
    block = VectorMemoryBlock(vector_store=store, embed_model=WordEmbedding(), similarity_top_k=5)
    return await block.aget([ChatMessage(role=MessageRole.USER, content="cat or train?")], **parts)


async def test_vector_memory_block_recalls_what_was_said(store: RedisVectorStore) -> None:
    """llama-index 18: VectorMemoryBlock did not work."""
    assert await recall(store) == ""
    await remember(store, TALK[:2])
    await remember(store, TALK[2:])
    recalled = await recall(store)
    assert "Minka" in recalled
    assert "Berlin" in recalled


sessions = pytest.mark.skipif(
    "session_id" not in inspect.signature(VectorMemoryBlock.aput).parameters,
    reason="this version of llama-index-core has no sessions in memory blocks",
)


@sessions
async def test_vector_memory_block_recalls_each_session_by_itself(store: RedisVectorStore) -> None:
    """llama-index 18: VectorMemoryBlock did not work."""
    await remember(store, TALK[:2], session_id="a")
    await remember(store, TALK[2:], session_id="a,b")
    for session, said, unsaid in (("a", "Minka", "Berlin"), ("a,b", "Berlin", "Minka")):
        recalled = await recall(store, session_id=session)
        assert said in recalled
        assert unsaid not in recalled
    assert await recall(store, session_id="b") == ""


@sessions
async def test_a_session_is_empty_as_long_as_only_others_talked(store: RedisVectorStore) -> None:
    await remember(store, TALK[:2])
    assert await recall(store, session_id="a") == ""


def test_a_store_is_written_down_and_made_again(
    redis_url: str, index_name: str, storage: Any, server: redis.Redis
) -> None:
    options: Any = {
        "redis_url": redis_url,
        "index_name": index_name,
        "storage": storage,
        "prefix": f"{index_name}/x:",
        "metadata_schema": {"year": "numeric"},
        "algorithm": "flat",
        "distance_metric": "l2",
        "ttl": 100,
    }
    with RedisVectorStore(**options) as store:
        store.add([text_node("a", year=1)])
        data = store.to_dict()
        assert data == {**options, "class_name": "RedisVectorStore"}
        again = [
            RedisVectorStore.from_dict(data),
            RedisVectorStore.from_dict(json.loads(json.dumps(data))),
            RedisVectorStore.from_json(store.to_json()),
        ]
    for store in again:
        with store:
            assert [node.node_id for node in store.get_nodes(filters=filters(where("year", 1)))] == ["a"]
            assert store.to_dict() == data
    with RedisVectorStore.from_dict(data, ttl=50) as store:
        store.add([text_node("b")])
    assert 0 < server.ttl(f"{index_name}/x:b") <= 50
    with pytest.raises(UnknownArgumentError, match="storrage"):
        RedisVectorStore.from_dict(data, storrage="hash")  # type: ignore[call-arg]  # that is what is tested


@pytest.mark.parametrize("kind", ["dict", "path", "IndexSchema"])
def test_a_store_made_from_a_schema_is_written_down_as_json(
    redis_url: str, index_name: str, tmp_path: Path, kind: str
) -> None:
    schema = IndexSchema.from_dict(
        {
            "index": {"name": index_name, "prefix": index_name},
            "fields": [{"name": "embedding", "type": "vector", "attrs": {"dims": 4, "algorithm": "flat"}}],
        }
    )
    path = tmp_path / "schema.yaml"
    schema.to_yaml(str(path))
    given: Any = {"dict": schema.to_dict(), "path": path, "IndexSchema": schema}[kind]
    with RedisVectorStore(redis_url=redis_url, schema=given) as store:
        store.add([text_node("a")])
        with RedisVectorStore.from_json(store.to_json()) as again:
            assert again.count() == 1


def test_a_store_that_was_given_a_client_cannot_be_written_down(server: redis.Redis, index_name: str) -> None:
    with (
        RedisVectorStore(client=server, index_name=index_name) as store,
        pytest.raises(ArgumentError, match="redis_url"),
    ):
        store.to_dict()


def test_an_index_persists_without_a_word_from_the_store(redis_url: str, index_name: str, tmp_path: Path) -> None:
    with open_store(redis_url, index_name) as store:
        index = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
        index.insert_nodes([text_node("a", "a text")])
        index.storage_context.persist(str(tmp_path))
        store.persist(str(tmp_path / "unused.json"))
    assert not (tmp_path / "unused.json").exists()
