"""LlamaIndex's indexes and retrievers over storage on Redis, each over a restart."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import pytest
import redis
from llama_index.core import DocumentSummaryIndex, SummaryIndex, VectorStoreIndex, load_index_from_storage
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.indices.document_summary import DocumentSummaryIndexEmbeddingRetriever
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import (
    HierarchicalNodeParser,
    NodeParser,
    SentenceSplitter,
    TokenTextSplitter,
    get_leaf_nodes,
)
from llama_index.core.response_synthesizers import TreeSummarize
from llama_index.core.retrievers import AutoMergingRetriever, RecursiveRetriever, VectorIndexRetriever
from llama_index.core.schema import IndexNode, TextNode

from integration_tests.conftest import Call
from integration_tests.llama_index import storage_support
from integration_tests.llama_index.llama_index_support import WordEmbedding, on
from integration_tests.llama_index.storage_support import CountingEmbedding, Restart, documents
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError
from redisvl_adapters.llama_index import RedisDocumentStore, RedisIndexStore, RedisStorageContext, RedisVectorStore

pytestmark = pytest.mark.sharded

restart = storage_support.restart  # a fixture

TEXTS = ["the quick brown fox", "a lazy dog", "vectors have a direction"]


def index_over(storage: RedisStorageContext, model: WordEmbedding | None = None) -> VectorStoreIndex:
    return VectorStoreIndex(
        index_struct=IndexDict(index_id="docs"), storage_context=storage, embed_model=model or WordEmbedding()
    )


async def test_documents_are_refreshed_over_a_restart(call: Call, restart: Restart) -> None:
    assert await on(call, index_over(await restart()), "refresh_ref_docs", documents(*TEXTS)) == [True] * 3
    model = CountingEmbedding()
    index = index_over(await restart(), model)
    assert await on(call, index, "refresh_ref_docs", documents(*TEXTS)) == [False] * 3
    assert model.embedded == []
    index = index_over(await restart(), model)
    changed = documents(TEXTS[0], "a sleepy cat", TEXTS[2], "new")
    assert await on(call, index, "refresh_ref_docs", changed) == [False, True, False, True]
    assert model.embedded == ["a sleepy cat", "new"]
    nodes = await call((await restart()).vector_store, "get_nodes")
    assert sorted(node.get_content() for node in nodes) == sorted(document.text for document in changed)


async def test_an_index_that_was_filled_without_a_document_store_is_taken_over(call: Call, restart: Restart) -> None:
    storage = await restart()
    index = VectorStoreIndex.from_vector_store(storage.vector_store, embed_model=WordEmbedding())
    await on(call, index, "refresh_ref_docs", documents(*TEXTS, year=2024))
    nodes = await call(storage.vector_store, "get_nodes")
    hashes = {node.ref_doc_id: node.source_node.hash for node in nodes if node.source_node}
    await call(storage.docstore, "set_document_hashes", hashes)
    changed = documents(TEXTS[0], "a sleepy cat", TEXTS[2], year=2024)
    storage = await restart()
    assert await on(call, index_over(storage), "refresh_ref_docs", changed) == [False, True, False]
    assert await call(storage.vector_store, "count") == 3


async def test_children_are_merged_into_parents_that_were_stored_before(call: Call, restart: Restart) -> None:
    text = " ".join(f"Sentence {number} is about topic {number % 2}." for number in range(40))
    splitters: dict[str, NodeParser] = {
        size: TokenTextSplitter(chunk_size=int(size), chunk_overlap=0) for size in ("256", "64")
    }
    parser = HierarchicalNodeParser.from_defaults(node_parser_ids=list(splitters), node_parser_map=splitters)
    nodes = parser.get_nodes_from_documents(documents(text))
    storage = await restart()
    await call(storage.docstore, "add_documents", nodes)
    VectorStoreIndex(get_leaf_nodes(nodes), storage_context=storage, embed_model=WordEmbedding())
    storage = await restart()
    base = VectorIndexRetriever(index_over(storage), similarity_top_k=20)
    found = await on(call, AutoMergingRetriever(base, storage), "retrieve", "topic 1")
    assert {hit.node.node_id for hit in found} & {node.node_id for node in nodes if not node.parent_node}


async def test_a_recursive_retriever_follows_what_was_stored_before(call: Call, restart: Restart) -> None:
    storage = await restart()
    details = TextNode(id_="details", text="all the details of foxes")
    await call(storage.docstore, "add_documents", [details])
    pointer = IndexNode(id_="pointer", text="a summary about foxes", index_id="details")
    VectorStoreIndex([pointer], storage_context=storage, embed_model=WordEmbedding())
    storage = await restart()
    index = load_index_from_storage(storage, embed_model=WordEmbedding())
    node_dict = {node_id: node for node_id, node in storage.docstore.docs.items() if node_id != "pointer"}
    retriever = RecursiveRetriever("root", {"root": index.as_retriever()}, node_dict=node_dict)
    assert [hit.node for hit in await on(call, retriever, "retrieve", "foxes")] == [details]


async def test_a_document_summary_index_is_loaded(call: Call, restart: Restart) -> None:
    options: dict[str, Any] = {"llm": MockLLM(), "embed_model": WordEmbedding()}
    synthesizer = TreeSummarize(llm=MockLLM())
    made = DocumentSummaryIndex.from_documents(
        documents(*TEXTS),
        storage_context=await restart(),
        transformations=[SentenceSplitter()],
        response_synthesizer=synthesizer,
        show_progress=False,
        **options,
    )
    loaded: Any = load_index_from_storage(await restart(), **options)
    for document_id in ("d0", "d1", "d2"):
        assert loaded.get_document_summary(document_id) == made.get_document_summary(document_id)
    retriever = DocumentSummaryIndexEmbeddingRetriever(loaded, embed_model=WordEmbedding(), similarity_top_k=1)
    assert [hit.node.get_content() for hit in await on(call, retriever, "retrieve", "quick fox")] == [TEXTS[0]]


async def test_other_indexes_are_loaded_by_their_ids(call: Call, restart: Restart) -> None:
    first = SummaryIndex.from_documents(documents(*TEXTS), storage_context=await restart())
    storage = await restart()
    SummaryIndex([TextNode(text="other")], storage_context=storage)
    with pytest.raises(ValueError, match="Expected to load a single index, but got 2"):
        load_index_from_storage(storage)
    loaded = load_index_from_storage(await restart(), index_id=first.index_id)
    found = await on(call, loaded.as_retriever(), "retrieve", "all of them")
    assert sorted(hit.node.get_content() for hit in found) == sorted(TEXTS)
    assert set(loaded.ref_doc_info) == {"d0", "d1", "d2"}


async def test_the_three_stores_are_cleared_together(
    call: Call, restart: Restart, redis_url: str, index_name: str, server: redis.Redis
) -> None:
    index = index_over(await restart())
    await on(call, index, "refresh_ref_docs", documents(*TEXTS))
    with RedisDocumentStore(redis_url=redis_url, namespace=f"{index_name}2") as other:
        await call(other, "set_document_hash", "d0", "hash")
        storage = await restart()
        await call(storage, "clear")
        assert not server.exists(f"kvstore:{index_name}/doc", f"kvstore:{index_name}/index")
        assert await call(storage.vector_store, "count") == 0
        assert await on(call, index_over(await restart()), "refresh_ref_docs", documents(*TEXTS)) == [True] * 3
        assert await call(other, "get_document_hash", "d0") == "hash"
        await call(other, "clear")


async def test_a_context_says_what_it_is_made_of(restart: Restart, index_name: str) -> None:
    storage = await restart()
    index_over(storage).refresh_ref_docs(documents(*TEXTS))
    pickled = pickle.loads(pickle.dumps(storage))  # noqa: S301  # it is our own
    for twin in (storage, copy.deepcopy(storage), pickled):
        async with twin:
            assert isinstance(twin.vector_store, RedisVectorStore)
            assert isinstance(twin.index_store, RedisIndexStore)
            assert twin.vector_store.index.state.spec.name == index_name
            assert twin.docstore.get_document_hash("d0") == documents(*TEXTS)[0].hash
            assert [struct.index_id for struct in twin.index_store.index_structs()] == ["docs"]


def test_what_a_context_cannot_honour_is_refused(redis_url: str) -> None:
    with pytest.raises(ArgumentError, match=r"call clear\(\) instead"):
        RedisStorageContext(index_name="docs", redis_url=redis_url, create="overwrite")
    with pytest.raises(UnknownArgumentError, match="no argument 'docstore'"):
        RedisStorageContext.from_defaults()


RUN = """
import json, sys
from llama_index.core import VectorStoreIndex, Document, MockEmbedding
from llama_index.core.data_structs.data_structs import IndexDict
from redisvl_adapters.llama_index import RedisStorageContext
with RedisStorageContext(redis_url=sys.argv[1], index_name=sys.argv[2]) as storage:
    index = VectorStoreIndex(
        index_struct=IndexDict(index_id="docs"), storage_context=storage, embed_model=MockEmbedding(embed_dim=8)
    )
    refreshed = index.refresh_ref_docs([Document(id_=f"d{place}", text=f"text {place}") for place in range(13)])
    print(json.dumps([sum(refreshed), storage.vector_store.count()]))
"""


def test_another_process_adds_nothing_again(redis_url: str, index_name: str, restart: Restart) -> None:
    for expected in ([13, 13], [0, 13]):
        done = subprocess.run(
            [sys.executable, "-c", RUN, redis_url, index_name], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == expected
