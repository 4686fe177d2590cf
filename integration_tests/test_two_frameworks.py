"""One index, two frameworks: what LlamaIndex writes LangChain searches, and the reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, cast

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from llama_index.core import VectorStoreIndex
from llama_index.core.schema import ImageNode, IndexNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, VectorStoreQuery
from redisvl.query.filter import Num, Tag

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import WordEmbedding, bare, embed, filters, where
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.errors import FilterError, IndexNotFoundError, SchemaMismatchError
from redisvl_adapters.langchain import RedisVectorStore as LangChainStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore


class Words(Embeddings):
    """The embedding of the LlamaIndex tests for LangChain."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""
        return [embed(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Embed a query."""
        return embed(text)


class Pair(NamedTuple):
    """Two stores on one index."""

    langchain: LangChainStore
    llama: LlamaIndexStore


class Passage(NamedTuple):
    """What is written: a text with an id and metadata."""

    id: str
    text: str
    metadata: dict[str, Any]


PASSAGES = [
    Passage(
        "a", "the cat sleeps", {"n": 1, "kind": "pet", "good": True, "tags": ["x", "y"], "none": None, "empty": []}
    ),
    Passage(
        "b|1, ä",
        "a cat and\na dog 🙂",
        {"n": 2.5, "kind": "Pet", "good": False, "tags": ["y"], "deep": {"er": [1, {"x": "z"}]}},
    ),
    Passage(
        "c:1",
        " the hawk flies ",
        {"n": 2**53, "kind": "a,b|c", "id": "mine", "text": "mine", "_node": "mine", "_doc_id": "a"},
    ),
    Passage("d", "numbers", {"n": 0.1, "kind": "00710", "a.b": "dotted", "third": 1 / 3, "": "no name", "score": 7}),
]
BY_ID = {passage.id: passage for passage in PASSAGES}


@pytest.fixture
async def pair(redis_url: str, index_name: str, storage: str) -> AsyncIterator[Pair]:
    """Two stores on one index, neither of which has been used yet."""
    options = cast("IndexOptions", {"redis_url": redis_url, "index_name": index_name, "storage": storage})
    async with LangChainStore(Words(), **options) as langchain, LlamaIndexStore(**options) as llama:
        yield Pair(langchain, llama)


async def write_by_langchain(call: Call, pair: Pair, passages: list[Passage] = PASSAGES) -> None:
    """Write passages as documents."""
    documents = [Document(id=each.id, page_content=each.text, metadata=each.metadata) for each in passages]
    assert await call(pair.langchain, "add_documents", documents) == [each.id for each in passages]


async def write_by_llama(call: Call, pair: Pair, passages: list[Passage] = PASSAGES) -> None:
    """Write passages as nodes."""
    nodes = [
        TextNode(id_=each.id, text=each.text, metadata=each.metadata, embedding=embed(each.text)) for each in passages
    ]
    assert await call(pair.llama, "add", nodes) == [each.id for each in passages]


WRITERS = {"langchain": write_by_langchain, "llama_index": write_by_llama}


def documents_as_passages(documents: list[Document]) -> list[Passage]:
    """Return what LangChain found."""
    assert all(type(document) is Document for document in documents)
    return [Passage(str(each.id), each.page_content, each.metadata) for each in documents]


def nodes_as_passages(nodes: list[Any]) -> list[Passage]:
    """Return what LlamaIndex found."""
    assert all(type(node) is TextNode for node in nodes)
    return [Passage(node.node_id, node.get_content(), node.metadata) for node in nodes]


@pytest.mark.parametrize("writer", WRITERS)
async def test_both_read_what_either_wrote(pair: Pair, call: Call, writer: str) -> None:
    await WRITERS[writer](call, pair)
    ids = [passage.id for passage in PASSAGES]
    documents = documents_as_passages(await call(pair.langchain, "get_by_ids", ids))
    nodes = nodes_as_passages(await call(pair.llama, "get_nodes", ids))
    assert repr(documents) == repr(nodes) == repr(PASSAGES)
    assert await call(pair.langchain, "count") == await call(pair.llama, "count") == len(PASSAGES)


@pytest.mark.parametrize("writer", WRITERS)
async def test_both_find_the_same_in_the_same_order_at_the_same_distance(pair: Pair, call: Call, writer: str) -> None:
    await WRITERS[writer](call, pair)
    for question in ("a cat", "the hawk", "numbers and a dog"):
        scored = await call(pair.langchain, "similarity_search_with_score", question, 10)
        found = await call(pair.llama, "query", VectorStoreQuery(embed(question), similarity_top_k=10))
        documents = documents_as_passages([document for document, _ in scored])
        assert repr(documents) == repr(nodes_as_passages(found.nodes))
        assert found.similarities == [1 - distance for _, distance in scored]
        assert {passage.id for passage in documents} == set(BY_ID)
        assert repr(documents) == repr([BY_ID[passage.id] for passage in documents])


GT, NE, IN, NIN = FilterOperator.GT, FilterOperator.NE, FilterOperator.IN, FilterOperator.NIN
OR, NOT = FilterCondition.OR, FilterCondition.NOT
FILTERS: list[tuple[Any, Any, str]] = [
    ({"kind": "pet"}, filters(where("kind", "pet")), "a"),
    ({"kind": "a,b|c"}, filters(where("kind", "a,b|c")), "c:1"),
    ({"kind": {"$in": ["00710", "Pet"]}}, filters(where("kind", ["00710", "Pet"], IN)), "b|1, ä;d"),
    ({"kind": {"$nin": ["pet"]}}, filters(where("kind", ["pet"], NIN)), "b|1, ä;c:1;d"),
    ({"n": {"$gt": 1}}, filters(where("n", 1, GT)), "b|1, ä;c:1"),
    ({"n": 2**53}, filters(where("n", 2**53)), "c:1"),
    ({"n": 0.1}, filters(where("n", 0.1)), "d"),
    ({"good": True}, filters(where("good", "true")), "a"),
    ({"good": {"$ne": True}}, filters(where("good", 1, NE)), "b|1, ä;c:1;d"),
    ({"tags": "y"}, filters(where("tags", "y")), "a;b|1, ä"),
    ({"a.b": "dotted"}, filters(where("a.b", "dotted")), "d"),
    ({"text": "mine"}, filters(where("text", "mine")), "c:1"),
    ({"_doc_id": "a"}, filters(where("_doc_id", "a")), "c:1"),
    ({"": "no name"}, filters(where("", "no name")), "d"),
    ({"none": {"$exists": True}}, Compare("none", Operator.EXISTS, value=True), "a"),
    ({"tags": {"$exists": False}}, ~Compare("tags", Operator.EXISTS, value=True), "c:1;d"),
    ({"$or": [{"n": 1}, {"kind": "00710"}]}, filters(where("n", 1), where("kind", "00710"), condition=OR), "a;d"),
    (
        {"$not": [{"n": 1}, {"kind": "00710"}]},
        filters(where("n", 1), where("kind", "00710"), condition=NOT),
        "b|1, ä;c:1",
    ),
    (Num("n") > 1, Num("n") > 1, "b|1, ä;c:1"),
    (Tag("kind") == "pet", Tag("kind") == "pet", "a"),
]


@pytest.mark.parametrize("writer", WRITERS)
async def test_a_filter_means_the_same_in_both(pair: Pair, call: Call, writer: str) -> None:
    await WRITERS[writer](call, pair)
    for mongo, metadata_filters, ids in FILTERS:
        wanted = set(ids.split(";"))
        documents = await call(pair.langchain, "similarity_search", "cat", 10, filter=mongo)
        assert {document.id for document in documents} == wanted, mongo
        found = await call(pair.llama, "query", VectorStoreQuery(embed("cat"), 10, filters=metadata_filters))
        assert set(found.ids) == wanted, metadata_filters
        assert {node.node_id for node in await call(pair.llama, "get_nodes", filters=metadata_filters)} == wanted
        assert (
            await call(pair.langchain, "count", mongo)
            == await call(pair.llama, "count", metadata_filters)
            == len(wanted)
        )


@pytest.mark.parametrize("writer", WRITERS)
async def test_a_field_that_one_has_learnt_is_seen_by_the_other(pair: Pair, call: Call, writer: str) -> None:
    other = write_by_llama if writer == "langchain" else write_by_langchain
    await WRITERS[writer](call, pair, [Passage("a", "one", {"early": 1})])
    await other(call, pair, [Passage("b", "two", {"early": 2})])
    # Both stores are open now; what is learnt from here on must reach the other one.
    await WRITERS[writer](call, pair, [Passage("c", "three", {"late": "x", "flag": True})])
    late = [
        await call(pair.langchain, "count", {"late": "x", "flag": True}),
        await call(pair.llama, "count", filters(where("late", "x"), where("flag", "true"))),
    ]
    assert late == [1, 1]
    await other(call, pair, [Passage("d", "four", {"late": "y", "flag": False})])
    assert await call(pair.langchain, "count", {"late": "y", "flag": False}) == 1
    assert await call(pair.llama, "count", filters(where("late", "y"), where("flag", 0))) == 1
    # So must values of other types, which are kept beside the first ones.
    await other(call, pair, [Passage("e", "five", {"late": 5})])
    await WRITERS[writer](call, pair, [Passage("f", "six", {"flag": "maybe"})])
    asked = [("late", 5, 1), ("late", "5", 0), ("late", "x", 1), ("flag", "maybe", 1), ("flag", True, 1)]
    for key, value, found in asked:
        assert await call(pair.langchain, "count", {key: value}) == found
        assert await call(pair.llama, "count", Compare(key, Operator.EQ, value)) == found
    assert await call(pair.langchain, "count") == await call(pair.llama, "count") == 6


async def test_an_unknown_field_is_unknown_to_both(pair: Pair, call: Call) -> None:
    await write_by_llama(call, pair)
    with pytest.raises(FilterError, match="knid"):
        await call(pair.langchain, "count", {"knid": {"$ne": "pet"}})
    with pytest.raises(FilterError, match="knid"):
        await call(pair.llama, "count", filters(where("knid", "pet", NE)))


async def test_two_writers_learn_one_key_at_once(pair: Pair) -> None:
    rounds = range(20)
    for step in rounds:
        document = Document(id=f"l{step}", page_content="x", metadata={f"key{step}": step})
        node = TextNode(id_=f"n{step}", text="x", metadata={f"key{step}": step + 0.5}, embedding=embed("x"))
        await asyncio.gather(pair.langchain.aadd_documents([document]), pair.llama.async_add([node]))
    for step in rounds:
        above = filters(where(f"key{step}", step - 1, GT))
        assert {node.node_id for node in await pair.llama.aget_nodes(filters=above)} == {f"l{step}", f"n{step}"}
        assert await pair.langchain.acount({f"key{step}": {"$gt": step}}) == 1


async def test_nodes_of_every_kind_are_plain_documents_to_langchain(pair: Pair, call: Call) -> None:
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id="the source", metadata={"page": 1}, hash="abc")}
    common: dict[str, Any] = {"metadata": {"kind": "pet"}, "relationships": source, "embedding": embed("cat")}
    nodes = [
        TextNode(id_="text", text="a cat", start_char_idx=3, excluded_llm_metadata_keys=["kind"], **common),
        ImageNode(id_="image", text="a cat", image="aGVsbG8=", **common),
        IndexNode(id_="index", text="a cat", index_id="elsewhere", **common),
    ]
    await call(pair.llama, "add", nodes)
    documents = await call(pair.langchain, "similarity_search", "cat", 10, filter={"kind": "pet"})
    plain = [Document(id=node.node_id, page_content="a cat", metadata={"kind": "pet"}) for node in nodes]
    assert sorted(documents, key=lambda document: document.id) == sorted(plain, key=lambda document: str(document.id))
    assert await call(pair.langchain, "get_by_ids", [node.node_id for node in nodes]) == plain
    # LangChain's diverse search reads records in a way of its own.
    diverse = await call(pair.langchain, "max_marginal_relevance_search", "cat", 3)
    assert {tuple(document.metadata.items()) for document in diverse} == {(("kind", "pet"),)}


async def test_documents_are_plain_text_nodes_to_llama_index(pair: Pair, call: Call) -> None:
    await call(pair.langchain, "add_documents", [Document(id="a", page_content="a cat", metadata={"kind": "pet"})])
    node = TextNode(id_="a", text="a cat", metadata={"kind": "pet"})
    assert await call(pair.llama, "get_nodes", ["a"]) == [node]
    index = VectorStoreIndex.from_vector_store(pair.llama, embed_model=WordEmbedding())
    (hit,) = await call(index.as_retriever(filters=filters(where("kind", "pet"))), "retrieve", "cat")
    assert hit.node == node
    assert (hit.node.ref_doc_id, hit.node.relationships) == (None, {})


async def test_what_one_deletes_is_gone_for_the_other(pair: Pair, call: Call) -> None:
    await write_by_llama(call, pair)
    await call(pair.langchain, "delete", ["a"])
    await call(pair.langchain, "delete", filter={"kind": "Pet"})
    assert {node.node_id for node in await call(pair.llama, "get_nodes")} == {"c:1", "d"}
    await call(pair.llama, "delete_nodes", ["c:1"])
    await call(pair.llama, "delete_nodes", filters=filters(where("kind", "00710")))
    assert await call(pair.langchain, "similarity_search", "cat", 10) == []
    await write_by_langchain(call, pair)
    await call(pair.llama, "clear")
    assert await call(pair.langchain, "get_by_ids", list(BY_ID)) == []
    await write_by_llama(call, pair)
    await call(pair.langchain, "clear")
    assert await call(pair.llama, "get_nodes") == []
    await write_by_langchain(call, pair)
    await call(pair.llama, "drop")
    with pytest.raises(IndexNotFoundError, match="somebody dropped it"):
        await call(pair.langchain, "count")
    await write_by_langchain(call, pair)
    assert await call(pair.llama, "count") == len(PASSAGES)


async def test_deleting_a_source_takes_no_document_of_langchain(pair: Pair, call: Call) -> None:
    await write_by_langchain(call, pair)
    nodes = [
        TextNode(
            id_="n",
            text="x",
            embedding=embed("x"),
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id="a")},
        )
    ]
    await call(pair.llama, "add", nodes)
    await call(pair.llama, "delete", "a")
    await call(pair.llama, "delete", "None")
    assert {node.node_id for node in await call(pair.llama, "get_nodes")} == set(BY_ID)


async def test_what_one_overwrites_loses_all_that_the_other_wrote(pair: Pair, call: Call) -> None:
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id="the source")}
    image = ImageNode(
        id_="a", text="a cat", image="aGVsbG8=", relationships=source, metadata={"old": 1}, embedding=embed("cat")
    )
    await call(pair.llama, "add", [image])
    await call(pair.langchain, "add_texts", ["a dog"], [{"new": 1}], ids=["a"])
    (node,) = await call(pair.llama, "get_nodes")
    assert node == TextNode(id_="a", text="a dog", metadata={"new": 1})
    assert await call(pair.llama, "count", filters(where("old", 1))) == 0
    await call(pair.llama, "delete", "the source")
    assert await call(pair.llama, "count") == 1
    await call(pair.llama, "add", [image])
    assert await call(pair.llama, "get_nodes") == [bare(image)]
    assert await call(pair.langchain, "count", {"new": 1}) == 0


async def test_one_does_not_open_what_the_other_made_differently(
    pair: Pair, redis_url: str, index_name: str, call: Call
) -> None:
    await write_by_langchain(call, pair)
    async with LlamaIndexStore(redis_url=redis_url, index_name=index_name, distance_metric="ip") as store:
        with pytest.raises(SchemaMismatchError, match="distance_metric"):
            await call(store, "count")


async def test_keys_lie_where_both_look(pair: Pair, call: Call, server: redis.Redis, index_name: str) -> None:
    await write_by_langchain(call, pair, PASSAGES[:2])
    await write_by_llama(call, pair, PASSAGES[2:])
    assert {key.decode() for key in server.scan_iter(f"{index_name}:*")} == {
        f"{index_name}:{passage.id}" for passage in PASSAGES
    }
