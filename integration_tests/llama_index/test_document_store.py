"""LlamaIndex's document store: what its store in memory does, whole nodes, and any number of writers."""

from __future__ import annotations

import asyncio
import copy
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.docstore.utils import doc_to_json, json_to_doc
from pydantic import AnyUrl

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.core.sessions import session_support
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from integration_tests.llama_index.llama_index_support import text_node
from redisvl_adapters.errors import ArgumentError, RecordError
from redisvl_adapters.llama_index import RedisDocumentStore, RedisIndexStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture
repeating = session_support.repeating  # a fixture

WRITERS = 16


@pytest.fixture
def store(clients: Clients, index_name: str) -> RedisDocumentStore:
    return RedisDocumentStore(namespace="docs", prefix=index_name, **clients)


def made_of(source: str, *names: str) -> list[BaseNode]:
    """Return nodes that were made of a document."""
    return [text_node(name, f"text of {name}", source=source, year=2024) for name in names]


async def nodes_of(call: Call, store: RedisDocumentStore, source: str) -> list[str]:
    info = await call(store, "get_ref_doc_info", source)
    return [] if info is None else info.node_ids


NODES = [
    TextNode(text="käse", metadata={"year": 2024, "nested": {"list": [1, None]}}, embedding=[0.1, -1e-9]),
    Document(text="whole", metadata={"a": True}, excluded_embed_metadata_keys=["a"]),
    IndexNode(text="summary", index_id="other", obj=TextNode(text="detail")),
    ImageNode(text="caption", image_url="http://localhost/a.png", image_path="/images/a.png"),
    ImageDocument(image="aGVsbG8="),
    Node(
        text_resource=MediaResource(text="spoken"),
        audio_resource=MediaResource(
            data=b"hello", mimetype="audio/wav", url=AnyUrl("http://localhost/a"), path=Path("/a/b")
        ),
        relationships={NodeRelationship.CHILD: [RelatedNodeInfo(node_id="c"), RelatedNodeInfo(node_id="d")]},
    ),
]


def is_known(node: BaseNode) -> bool:
    """Tell whether this LlamaIndex restores nodes of such a type from a document store."""
    try:
        return bool(json_to_doc(doc_to_json(node)))
    except ValueError:
        return False


async def test_nodes_of_every_type_come_back_whole(call: Call, store: RedisDocumentStore) -> None:
    nodes = [node for node in NODES if is_known(node)]
    assert len(nodes) >= 4
    await call(store, "add_documents", nodes)
    ids = [node.node_id for node in nodes]
    assert await call(store, "get_nodes", ids) == nodes
    assert await call(store, "get_node_dict", dict(enumerate(ids))) == dict(enumerate(nodes))
    assert await call(store, "get_document", ids[-1]) == nodes[-1]
    assert store.docs == dict(zip(ids, nodes, strict=True))
    assert [await call(store, "get_document_hash", each) for each in ids] == [node.hash for node in nodes]


async def test_a_node_that_could_not_be_restored_is_refused_and_nothing_is_written(
    call: Call, store: RedisDocumentStore
) -> None:
    class Special(TextNode):
        """A node of somebody's own."""

    for bad in (Special(text="a"), TextNode(text="a", metadata={"x": float("nan")})):
        with pytest.raises(RecordError):
            await call(store, "add_documents", [TextNode(text="good"), bad])
    with pytest.raises(ArgumentError, match="node 1 is no node"):
        await call(store, "add_documents", [TextNode(text="good"), "bad"])
    assert store.docs == {}
    assert await call(store, "get_all_document_hashes") == {}


async def test_random_calls_give_what_they_give_in_memory(call: Call, store: RedisDocumentStore) -> None:
    rng = random.Random(7)
    memory = SimpleDocumentStore()
    for number in range(300):
        source = rng.choice(["s", "t"])
        names = rng.sample([f"{source}{place}" for place in range(5)], 2)
        nodes = [text_node(name, f"{name} {number}", source=source, n=number) for name in names]
        steps: list[tuple[str, list[Any]]] = [
            ("add_documents", [nodes]),
            ("add_documents", [nodes]),
            ("add_documents", [[Document(id_=source, text=f"{source} {number}")]]),
            ("delete_document", [nodes[0].node_id, False]),
            ("delete_ref_doc", [source, False]),
            ("set_document_hashes", [{f"other-{number % 3}": str(number)}]),
        ]
        name, given = rng.choice(steps)
        if name == "delete_ref_doc" and not memory.ref_doc_exists(source):
            continue  # the store in memory keeps the document itself then
        await call(store, name, *given)
        getattr(memory, name)(*given)
        assert store.docs == memory.docs
        assert await call(store, "get_all_document_hashes") == memory.get_all_document_hashes()
        assert await call(store, "get_all_ref_doc_info") == memory.get_all_ref_doc_info()


async def test_sixteen_writers_lose_nothing(call: Call, redis_url: str, index_name: str) -> None:
    """Each writes its nodes, one by one, to the same documents, and deletes every second one."""

    async def write(writer: int) -> None:
        async with RedisDocumentStore(namespace="docs", prefix=index_name, redis_url=redis_url) as store:
            for number in range(8):
                (node,) = made_of(f"source-{number % 2}", f"{writer}-{number}")
                await call(store, "add_documents", [node])
                if number % 4 > 1:
                    await call(store, "delete_document", node.node_id)

    if call.__name__ == "sync":
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda writer: asyncio.run(write(writer)), range(WRITERS)))
    else:
        await asyncio.gather(*map(write, range(WRITERS)))
    with RedisDocumentStore(namespace="docs", prefix=index_name, redis_url=redis_url) as store:
        kept = {f"{writer}-{number}" for writer in range(WRITERS) for number in (0, 1, 4, 5)}
        assert set(store.docs) == kept
        assert set(store._kvstore.get_all("docs/metadata")) == kept
        for source in (0, 1):
            expected = sorted(name for name in kept if int(name[-1]) % 2 == source)
            assert sorted(await nodes_of(call, store, f"source-{source}")) == expected


async def test_the_last_node_of_a_document_takes_it_along(call: Call, store: RedisDocumentStore) -> None:
    await call(store, "add_documents", [Document(id_="s", text="whole"), *made_of("s", "a", "b")])
    await call(store, "delete_document", "a")
    assert await nodes_of(call, store, "s") == ["b"]
    await call(store, "delete_document", "b")
    assert store.docs == {}
    assert await call(store, "get_ref_doc_info", "s") is None


async def test_a_document_is_deleted_with_its_hash_where_the_store_has_no_nodes_of_it(
    call: Call, store: RedisDocumentStore
) -> None:
    await call(store, "set_document_hash", "s", "hash")
    await call(store, "delete_ref_doc", "s")
    assert await call(store, "get_document_hash", "s") is None
    await call(store, "add_documents", [Document(id_="s", text="whole")], store_text=False)
    await call(store, "delete_document", "s")
    assert await call(store, "get_document_hash", "s") is None


async def test_what_does_not_exist_is_an_error_unless_told_otherwise(call: Call, store: RedisDocumentStore) -> None:
    await call(store, "add_documents", made_of("s", "a"))
    for name, given in (("delete_document", "b"), ("delete_ref_doc", "t"), ("get_nodes", ["a", "b"])):
        with pytest.raises(ArgumentError, match="is not in the document store 'docs'"):
            await call(store, name, given)
        await call(store, name, given, raise_error=False)
    assert await call(store, "get_nodes", ["b", "a"], raise_error=False) == made_of("s", "a")


async def test_nodes_that_exist_are_refused_where_nothing_may_be_overwritten(
    call: Call, store: RedisDocumentStore
) -> None:
    await call(store, "add_documents", made_of("s", "a"), allow_update=False)
    for store_text in (True, False):
        with pytest.raises(ArgumentError, match="'a' exists in 'docs/"):
            await call(store, "add_documents", made_of("s", "b", "a"), allow_update=False, store_text=store_text)
    assert set(store.docs) == {"a"}


async def test_of_two_that_add_a_node_at_the_same_time_one_is_refused(
    redis_url: str, index_name: str, store: RedisDocumentStore
) -> None:
    async def add(writer: int) -> bool:
        async with RedisDocumentStore(namespace="docs", prefix=index_name, redis_url=redis_url) as own:
            try:
                await own.async_add_documents([TextNode(id_="a", text=f"of {writer}")], allow_update=False)
            except ArgumentError:
                return False
            return True

    added = await asyncio.gather(*map(add, range(WRITERS)))
    assert added.count(True) == 1
    assert (await store.aget_nodes(["a"]))[0].get_content() == f"of {added.index(True)}"


async def test_all_of_a_document_expires(
    call: Call, clients: Clients, index_name: str, server: redis.Redis, store: RedisDocumentStore
) -> None:
    kept = RedisDocumentStore(namespace="docs", prefix=index_name, ttl=1000, **clients)
    await call(kept, "add_documents", made_of("s", "a"))
    for collection, field in (("doc", "a"), ("metadata", "a"), ("ref_doc_info", "s")):
        (left,) = server.execute_command("HPTTL", f"{index_name}:docs/{collection}", "FIELDS", 1, field)
        assert 900_000 < left <= 1_000_000
    short = RedisDocumentStore(namespace="docs", prefix=index_name, ttl=0.001, **clients)
    await call(short, "add_documents", made_of("s", "a"))
    until(lambda: store.docs == {} and store.get_ref_doc_info("s") is None)


async def test_writes_that_are_sent_again_change_nothing(
    call: Call, repeating: dict[str, Any], index_name: str
) -> None:
    store = RedisDocumentStore(namespace="docs", prefix=index_name, **repeating)
    await call(store, "add_documents", [Document(id_="s", text="w"), *made_of("s", "a", "b", "c")], allow_update=False)
    await call(store, "delete_document", "b", False)
    assert await nodes_of(call, store, "s") == ["a", "c"]
    await call(store, "delete_ref_doc", "s", False)
    assert store.docs == {}


async def test_namespaces_and_prefixes_are_cleared_by_themselves(
    call: Call, clients: Clients, index_name: str, store: RedisDocumentStore
) -> None:
    others = [
        RedisDocumentStore(namespace="docs", prefix=f"{index_name}:docs", **clients),
        RedisDocumentStore(namespace="docs/doc", prefix=index_name, **clients),
    ]
    index_store = RedisIndexStore(namespace="docs", prefix=index_name, **clients)
    index_store.add_index_struct(IndexDict(index_id="i"))
    for one in (store, *others):
        await call(one, "add_documents", made_of("s", "a"))
    await call(store, "clear")
    assert store.docs == {}
    assert await call(store, "get_all_document_hashes") == {}
    assert [set(one.docs) for one in others] == [{"a"}, {"a"}]
    assert index_store.get_index_struct("i") is not None
    await call(index_store, "clear")
    assert index_store.index_structs() == []


async def test_structures_of_indexes_come_back_sync_and_async(call: Call, clients: Clients, index_name: str) -> None:
    store = RedisIndexStore(prefix=index_name, **clients)
    with pytest.raises(ArgumentError, match="there are 0 structures of indexes"):
        await call(store, "get_index_struct")
    for name in ("i", "j"):
        await call(store, "add_index_struct", IndexDict(index_id=name, nodes_dict={"a": name}))
    assert await call(store, "get_index_struct", "j") == IndexDict(index_id="j", nodes_dict={"a": "j"})
    assert await call(store, "get_index_struct", "k") is None
    with pytest.raises(ArgumentError, match="there are 2 structures of indexes, not one; name one by struct_id"):
        await call(store, "get_index_struct")
    await call(store, "delete_index_struct", "i")
    assert await call(store, "get_index_struct") == IndexDict(index_id="j", nodes_dict={"a": "j"})


def test_copies_are_stores_of_their_own_on_the_same_nodes(redis_url: str, index_name: str) -> None:
    with RedisDocumentStore(redis_url=redis_url, prefix=index_name) as store:
        store.add_documents(made_of("s", "a"))
        pickled = pickle.loads(pickle.dumps(store))  # noqa: S301  # it is our own
        for twin in (copy.deepcopy(store), pickled):
            with twin:
                assert set(twin.docs) == {"a"}
