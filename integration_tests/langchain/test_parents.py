"""Retrievers that find small pieces and give whole documents, which are kept on Redis over a restart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.stores import BaseStore

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.core.sessions.session_support import HOSTILE, keys_within
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, store_on
from redisvl_adapters.errors import ArgumentError, RecordError
from redisvl_adapters.langchain import RedisByteStore, RedisDocumentStore, RedisVectorStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

Kept: TypeAlias = Callable[[], dict[str, BaseStore[str, Any]]]

PARENTS = [
    Document("the quick fox. jumps high. over dogs.", metadata={"page": 1}, id="p1"),
    Document("vectors have length. and a direction.", metadata={"page": 2}, id="p2"),
]


def splitter() -> Any:
    """Return what splits documents into sentences."""
    splitters = pytest.importorskip("langchain_text_splitters")
    return splitters.CharacterTextSplitter(separator=".", chunk_size=15, chunk_overlap=0)


@pytest.fixture(params=["docstore", "byte_store"])
def kept(request: pytest.FixtureRequest, clients: Clients, index_name: str) -> Kept:
    """The keyword of a retriever that says where parents are, with a store that is made anew each time."""
    make: Any = {"docstore": RedisDocumentStore, "byte_store": RedisByteStore}[request.param]
    return lambda: {request.param: make(prefix=f"{index_name}-parents", **clients)}


async def test_parents_are_found_by_their_children_over_a_restart(
    call: Call, clients: Clients, index_name: str, kept: Kept
) -> None:
    retrievers = pytest.importorskip("langchain_classic.retrievers")

    def retriever() -> Any:
        store = store_on(clients, index_name)
        return retrievers.ParentDocumentRetriever(vectorstore=store, child_splitter=splitter(), **kept())

    await call(retriever(), "add_documents", PARENTS, ids=["p1", "p2"])
    assert await call(store_on(clients, index_name), "count") == 5
    assert await call(retriever(), "invoke", "jumps high") == PARENTS


async def test_a_parent_is_deleted_with_its_children(call: Call, clients: Clients, index_name: str, kept: Kept) -> None:
    retrievers = pytest.importorskip("langchain_classic.retrievers")
    store = store_on(clients, index_name)
    retriever = retrievers.ParentDocumentRetriever(vectorstore=store, child_splitter=splitter(), **kept())
    await call(retriever, "add_documents", PARENTS, ids=["p1", "p2"])
    await call(store, "delete", filter={"doc_id": {"$in": ["p1"]}})
    await call(retriever.docstore, "mdelete", ["p1"])
    assert await call(store, "count") == 2
    assert await call(retriever, "invoke", "jumps high") == PARENTS[1:]
    assert await keys_within(call, next(iter(kept().values()))) == ["p2"]


async def test_documents_are_found_by_several_vectors_over_a_restart(
    call: Call, clients: Clients, index_name: str, kept: Kept
) -> None:
    retrievers = pytest.importorskip("langchain_classic.retrievers")

    def retriever() -> Any:
        store: RedisVectorStore = store_on(clients, index_name)
        return retrievers.MultiVectorRetriever(
            vectorstore=store, id_key="parent", search_kwargs={"k": 1}, search_type="mmr", **kept()
        )

    summaries = {"p1": "a fox that jumps", "p2": "about vectors"}
    made = retriever()
    await call(made.vectorstore, "add_texts", list(summaries.values()), [{"parent": each} for each in summaries])
    await call(made.docstore, "mset", list(zip(summaries, PARENTS, strict=True)))
    for parent, summary in zip(PARENTS, summaries.values(), strict=True):
        assert await call(retriever(), "invoke", summary) == [parent]


# The store of documents itself


@pytest.fixture
def store(clients: Clients, index_name: str) -> RedisDocumentStore:
    return RedisDocumentStore(prefix=index_name, **clients)


async def test_documents_come_back_whole(call: Call, store: RedisDocumentStore) -> None:
    documents = [
        Document("käse \0", metadata={"a": [1, None, {"b": 2.5}], "lc": 1, "id": ["x"], "type": "constructor"}),
        Document("", id="of its own"),
    ]
    await call(store, "mset", list(zip("ab", documents, strict=True)))
    assert await call(store, "mget", ["b", "c", "a"]) == [documents[1], None, documents[0]]
    await call(store, "mdelete", ["a", "c"])
    assert await keys_within(call, store) == ["b"]


async def test_dates_come_back_in_the_form_of_metadata(call: Call, store: RedisDocumentStore) -> None:
    document = Document("a", metadata={"at": datetime(2024, 5, 1, tzinfo=UTC), "on": date(2024, 5, 1), "pair": (1, 2)})
    await call(store, "mset", [("a", document)])
    (found,) = await call(store, "mget", ["a"])
    assert found.metadata == {"at": "2024-05-01T00:00:00+00:00", "on": "2024-05-01", "pair": [1, 2]}


async def test_keys_of_any_name_have_their_own_documents(call: Call, store: RedisDocumentStore) -> None:
    await call(store, "mset", [(key, Document(key)) for key in HOSTILE])
    assert await call(store, "mget", HOSTILE) == [Document(key) for key in HOSTILE]
    assert await keys_within(call, store, prefix="a*") == ["a*"]


async def test_a_document_expires(call: Call, clients: Clients, index_name: str, server: redis.Redis) -> None:
    kept = RedisDocumentStore(prefix=index_name, ttl=1000, **clients)
    await call(kept, "mset", [("a", Document("a"))])
    assert 900_000 < server.pttl(f"{index_name}:a") <= 1_000_000
    short = RedisDocumentStore(prefix=index_name, ttl=0.001, **clients)
    await call(short, "mset", [("a", Document("a"))])
    until(lambda: kept.mget(["a"]) == [None])


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("ab", ArgumentError, "key_value_pairs is a list"),
        ([("a", Document("a")), ("b", "text")], ArgumentError, r"key_value_pairs\[1\] is a key and a document"),
        (
            [("a", Document("a", metadata={"x": float("nan")}))],
            RecordError,
            "document 0 .*metadata 'x' is nan",
        ),
        ([("a", Document("\ud800"))], RecordError, "lone surrogate"),
    ],
)
async def test_what_would_not_come_back_is_refused(
    call: Call, store: RedisDocumentStore, given: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await call(store, "mset", given)
    assert await keys_within(call, store) == []


async def test_what_a_retriever_wrote_by_itself_is_told(
    call: Call, store: RedisDocumentStore, server: redis.Redis, index_name: str
) -> None:
    server.set(f"{index_name}:a", '{"lc": 1, "type": "constructor"}')
    with pytest.raises(RecordError, match=r"read by byte_store=RedisByteStore"):
        await call(store, "mget", ["a"])
