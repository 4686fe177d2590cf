"""A real ``VectorStoreIndex`` on the store: documents inserted, updated, refreshed, deleted, and retrieved."""

from __future__ import annotations

import copy
import warnings
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from llama_index.core import Document, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.core.retrievers import RecursiveRetriever, VectorIndexRetriever
from llama_index.core.schema import ImageNode, IndexNode, NodeWithScore, TextNode
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import (
    WordEmbedding,
    embed,
    filters,
    ids_of,
    on,
    open_store,
    where,
)
from redisvl_adapters.errors import ArgumentError, DuplicateDocumentWarning, FilterError, UnknownFieldWarning
from redisvl_adapters.llama_index import RedisVectorStore
from wordllama_llama_index import WordLlamaEmbedding

ANIMALS = [
    Document(id_="cats", text="The cat sleeps on the warm sofa all day.", metadata={"kind": "pet", "legs": 4}),
    Document(
        id_="hawks", text="The hawk circles above the valley, looking for mice.", metadata={"kind": "wild", "legs": 2}
    ),
    Document(id_="Cats", text="Lions are large wild felines.", metadata={"kind": "wild", "legs": 4, "wild": True}),
]


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """An empty store."""
    async with open_store(redis_url, index_name, storage) as store:
        yield store


@pytest.fixture
def index(store: RedisVectorStore) -> VectorStoreIndex:
    """An empty index on the store."""
    return VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())


async def retrieved(call: Call, index: VectorStoreIndex, question: str, **parts: Any) -> list[NodeWithScore]:
    """Retrieve through a retriever made with these parts."""
    found: list[NodeWithScore] = await call(
        index.as_retriever(**{"similarity_top_k": 10, **parts}), "retrieve", question
    )
    return found


def sources(found: Sequence[NodeWithScore]) -> list[str | None]:
    """Return which documents the nodes come from."""
    return [hit.node.ref_doc_id for hit in found]


async def stored(call: Call, store: RedisVectorStore) -> dict[str, list[str]]:
    """Return the texts in the store, by the document that they come from."""
    texts: dict[str, list[str]] = {}
    for node in await call(store, "get_nodes"):
        texts.setdefault(node.ref_doc_id, []).append(node.get_content())
    return texts


async def test_documents_are_inserted_and_retrieved(index: VectorStoreIndex, call: Call) -> None:
    for document in ANIMALS:
        await on(call, index, "insert", document)
    first, *others = await retrieved(call, index, "a cat on a sofa")
    assert (first.node.ref_doc_id, first.node.get_content()) == ("cats", ANIMALS[0].text)
    assert first.node.metadata == {"kind": "pet", "legs": 4}
    assert len(others) == 2
    assert all((first.score or 0) > (other.score or 0) for other in others)


async def test_what_a_text_means_decides_what_is_found(store: RedisVectorStore, call: Call) -> None:
    index = VectorStoreIndex.from_vector_store(store, embed_model=WordLlamaEmbedding())
    await on(call, index, "insert_nodes", [TextNode(id_=animal.id_, text=animal.text) for animal in ANIMALS])
    answers = {"birds of prey in the sky": "hawks", "napping kittens": "cats", "tigers and leopards": "Cats"}
    for question, answer in answers.items():
        (hit,) = await retrieved(call, index, question, similarity_top_k=1)
        assert hit.node.node_id == answer
        assert 0 < (hit.score or 0) < 1


async def test_an_index_is_made_from_documents(store: RedisVectorStore, call: Call) -> None:
    context = StorageContext.from_defaults(vector_store=store)
    VectorStoreIndex.from_documents(ANIMALS, context, embed_model=WordEmbedding())
    assert set(await stored(call, store)) == {"cats", "Cats", "hawks"}


async def test_nodes_are_inserted_and_deleted_by_id(
    index: VectorStoreIndex, store: RedisVectorStore, call: Call
) -> None:
    await on(call, index, "insert_nodes", [TextNode(id_=node_id, text=f"text {node_id}") for node_id in "abc"])
    await on(call, index, "delete_nodes", ["a", "c", "gone"])
    assert [hit.node.node_id for hit in await retrieved(call, index, "text")] == ["b"]
    await on(call, index, "delete_nodes", [])
    assert await ids_of(call, store) == {"b"}


async def test_deleting_a_document_takes_all_its_nodes_and_no_others(store: RedisVectorStore, call: Call) -> None:
    """llama-index 3: deleting "Cats" deleted "cats" too."""
    splitter = TokenTextSplitter(chunk_size=20, chunk_overlap=0)
    index = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding(), transformations=[splitter])
    await on(call, index, "insert", Document(id_="Cats", text="one two three four " * 20))
    await on(call, index, "insert", ANIMALS[0])
    assert len((await stored(call, store))["Cats"]) > 3
    await on(call, index, "delete_ref_doc", "Cats", delete_from_docstore=True)
    await on(call, index, "delete_ref_doc", "gone", delete_from_docstore=True)
    assert await stored(call, store) == {"cats": [ANIMALS[0].text]}
    with pytest.raises(ArgumentError):
        await on(call, index, "delete_ref_doc", "")


async def test_updating_a_document_replaces_its_nodes(
    index: VectorStoreIndex, store: RedisVectorStore, call: Call
) -> None:
    for document in ANIMALS:
        await on(call, index, "insert", document)
    await on(call, index, "update_ref_doc", Document(id_="cats", text="The cat has moved.", metadata={"legs": 3}))
    assert (await stored(call, store))["cats"] == ["The cat has moved."]
    assert sources(await retrieved(call, index, "cat", filters=filters(where("kind", "pet")))) == []
    assert sources(await retrieved(call, index, "cat", filters=filters(where("legs", 3)))) == ["cats"]


async def test_refreshing_writes_what_is_new_or_changed(
    index: VectorStoreIndex, store: RedisVectorStore, call: Call
) -> None:
    assert await on(call, index, "refresh_ref_docs", ANIMALS[:2]) == [True, True]
    before = {node.node_id: node for node in await call(store, "get_nodes")}
    changed = Document(id_="hawks", text="The hawk has landed.", metadata={"legs": 2})
    assert await on(call, index, "refresh_ref_docs", [ANIMALS[0], changed, ANIMALS[2]]) == [False, True, True]
    after = {node.node_id: node for node in await call(store, "get_nodes")}
    assert {node.ref_doc_id for node_id, node in after.items() if node_id in before} == {"cats"}
    assert (await stored(call, store))["hawks"] == ["The hawk has landed."]
    assert len(after) == 3


async def test_what_an_index_adds_anew_since_it_has_forgotten_it_is_told_once(
    store: RedisVectorStore, call: Call
) -> None:
    for documents in (ANIMALS, ANIMALS[1:]):
        forgetful = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            await on(call, forgetful, "refresh_ref_docs", documents)
        assert [each for each in told if each.category is DuplicateDocumentWarning] == []
        # As another process does.
        async with copy.deepcopy(store) as other:
            again = VectorStoreIndex.from_vector_store(other, embed_model=WordEmbedding())
            with pytest.warns(DuplicateDocumentWarning, match="in the index already, and is added once more") as seen:
                await on(call, again, "refresh_ref_docs", ANIMALS)
        assert [each.category for each in seen].count(DuplicateDocumentWarning) == 1
        await call(store, "clear")


async def test_what_is_added_in_parts_or_replaced_is_not_doubled(store: RedisVectorStore, call: Call) -> None:
    splitter = TokenTextSplitter(chunk_size=20, chunk_overlap=0)
    text = " ".join(f"word{number}" for number in range(200))
    nodes = splitter([Document(id_="long", text=text)])
    for node in nodes:
        node.embedding = embed(node.get_content())
    await call(store, "add", nodes[:4])
    await call(store, "add", nodes[4:])
    await call(store, "add", nodes)
    assert len(await call(store, "get_nodes")) == len(nodes) > 8


async def test_retrievers_take_filters_doc_ids_and_node_ids(index: VectorStoreIndex, call: Call) -> None:
    """llama-index 8: doc_ids and node_ids of the query were ignored."""
    for document in ANIMALS:
        await on(call, index, "insert", document)
    wild = filters(where("kind", "wild"), where("legs", 4, FilterOperator.GTE))
    assert sources(await retrieved(call, index, "cat", filters=wild)) == ["Cats"]
    neither = filters(where("kind", "pet"), where("wild", "true"), condition=FilterCondition.NOT)
    assert sources(await retrieved(call, index, "cat", filters=neither)) == ["hawks"]
    assert sources(await retrieved(call, index, "lions", doc_ids=["hawks", "cats", "gone"], similarity_top_k=1)) != [
        "Cats"
    ]
    assert sources(await retrieved(call, index, "lions", doc_ids=["cats"])) == ["cats"]
    assert sources(await retrieved(call, index, "cat", doc_ids=["cats"], filters=wild)) == []
    ids = {str(hit.node.ref_doc_id): hit.node.node_id for hit in await retrieved(call, index, "cat")}
    retriever = VectorIndexRetriever(index, node_ids=[ids["hawks"], "gone"], similarity_top_k=5)
    assert sources(await call(retriever, "retrieve", "cat")) == ["hawks"]
    with pytest.warns(UnknownFieldWarning, match=r"'knid'.*did you mean 'kind'"):
        assert await retrieved(call, index, "cat", filters=filters(where("knid", "pet"))) == []
    with pytest.raises(FilterError, match=r"'knid'.*did you mean 'kind'"):
        await retrieved(call, index, "cat", filters=filters(where("knid", "pet", FilterOperator.NE)))
    assert sources(await retrieved(call, index, "hawks", vector_store_query_mode="sparse")) == ["hawks"]
    with pytest.raises(ArgumentError, match="semantic_hybrid"):
        await retrieved(call, index, "cat", vector_store_query_mode="semantic_hybrid")


async def test_keywords_for_the_store_pass_through_the_index(
    index: VectorStoreIndex, store: RedisVectorStore, call: Call, index_name: str
) -> None:
    await on(call, index, "insert_nodes", [TextNode(id_="a", text="text")], ttl=100)
    assert 0 < store.client.ttl(f"{index_name}:a") <= 100
    with pytest.raises(ArgumentError, match="tll"):
        await on(call, index, "insert_nodes", [TextNode(id_="b", text="text")], tll=100)
    with pytest.raises(ArgumentError, match="hybrid"):
        await retrieved(call, index, "text", vector_store_kwargs={"hybrid": True})


async def test_index_nodes_lead_on_to_other_retrievers(
    index: VectorStoreIndex, redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    """llama-index 10: index nodes came back as text nodes, so that nothing was followed."""
    async with open_store(redis_url, f"{index_name}-details", storage) as details:
        inner = VectorStoreIndex.from_vector_store(details, embed_model=WordEmbedding())
        for document in ANIMALS:
            await on(call, inner, "insert", document)
        nodes = [
            IndexNode(id_="pets", text="pets at home", index_id="details"),
            IndexNode(id_="cars", text="cars and lorries", index_id="garage"),
        ]
        await on(call, index, "insert_nodes", nodes)
        # An index of its own, which has no node in its memory: what is followed comes out of Redis.
        fresh = VectorStoreIndex.from_vector_store(index.vector_store, embed_model=WordEmbedding())
        retriever = RecursiveRetriever(
            "root",
            retriever_dict={
                "root": fresh.as_retriever(similarity_top_k=1),
                "details": inner.as_retriever(similarity_top_k=1),
                "garage": inner.as_retriever(similarity_top_k=0),
            },
        )
        assert sources(await call(retriever, "retrieve", "pets: a cat on a sofa")) == ["cats"]


async def test_index_nodes_lead_on_to_the_nodes_in_them(store: RedisVectorStore, call: Call) -> None:
    parent = TextNode(id_="parent", text="The long story of the cat and the hawk.")
    child = IndexNode(id_="child", text="cat and hawk", index_id="parent", obj=parent)
    index = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
    await on(call, index, "insert_nodes", [child])
    fresh = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
    retriever = fresh.as_retriever(similarity_top_k=1)
    (hit,) = await call(retriever, "retrieve", "hawk")
    assert (hit.node.node_id, hit.node.get_content()) == ("parent", parent.text)
    named = RecursiveRetriever(
        "root",
        retriever_dict={"root": VectorIndexRetriever(fresh, similarity_top_k=1)},
        node_dict={"parent": parent},
    )
    (hit,) = await call(named, "retrieve", "hawk")
    assert hit.node.node_id == "parent"


async def test_an_image_node_is_retrieved_as_an_image_node(
    index: VectorStoreIndex, store: RedisVectorStore, call: Call
) -> None:
    """llama-index 10: image nodes came back as text nodes."""
    image = ImageNode(id_="i", text="a cat", image="aGVsbG8=", image_mimetype="image/png", metadata={"kind": "pet"})
    await on(call, index, "insert_nodes", [image])
    fresh = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
    (hit,) = await retrieved(call, fresh, "cat")
    assert type(hit.node) is ImageNode
    assert hit.node == image


async def test_a_storage_context_is_persisted_and_loaded_around_the_store(
    index: VectorStoreIndex, store: RedisVectorStore, call: Call, tmp_path: Any
) -> None:
    await on(call, index, "insert", ANIMALS[0])
    index.set_index_id("animals")
    index.storage_context.persist(str(tmp_path))
    context = StorageContext.from_defaults(vector_store=store, persist_dir=str(tmp_path))
    loaded: Any = load_index_from_storage(context, index_id="animals", embed_model=WordEmbedding())
    assert sources(await retrieved(call, loaded, "cat")) == ["cats"]
    assert await on(call, loaded, "refresh_ref_docs", ANIMALS) == [False, True, True]
