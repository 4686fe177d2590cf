"""A scoped store: whatever a method of its face is told, it sees and changes nothing of another tenant."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, aindex, index
from redisvl.query.filter import FilterExpression, Num, Tag

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.scope_support import (
    FILTERS,
    HIDDEN,
    IDS,
    OURS,
    SEEN,
    THEIRS,
    TTL,
    Ask,
    asker,
    check_explanation,
    others_records,
    public_names,
    told,
)
from integration_tests.telemetry_support import recording
from redisvl_adapters.errors import AdapterError, ArgumentError, RecordError
from redisvl_adapters.langchain import RedisVectorStore

Case: TypeAlias = Callable[[RedisVectorStore, Ask, Any], Awaitable[Any]]

clients = langchain_support.clients  # a fixture

VECTOR = Model().vector("any text")
QUERY = f"{HIDDEN} {SEEN}"
SPELLINGS: list[Any] = [
    *FILTERS,
    {"$or": [{"tenant": "theirs"}, {"tenant": "mine"}]},
    {"$not": [{"tenant": "mine"}]},
    {"tenant": {"$not": {"$eq": "mine"}}},
    {},
    Tag("tenant") == "theirs",
    Tag("tenant") != "mine",
    (Tag("tenant") == "theirs") | (Num("n") >= 0),
    FilterExpression("@tenant:{theirs}"),
    FilterExpression("@tenant:{mine}) | (@tenant:{theirs}"),
    FilterExpression("@n:[-inf +inf]) | (@tenant:{theirs}"),
    FilterExpression("*"),
    FilterExpression("-@tenant:{mine}"),
    "@tenant:{theirs}",
]


def search(name: str, query: Any = QUERY, **options: Any) -> Case:
    return lambda _, ask, where: ask(name, query, 50, filter=where, **options)


def by_type(name: str, *args: Any) -> Case:
    async def case(_: RedisVectorStore, ask: Ask, where: Any) -> Any:
        kinds = ["similarity", "mmr", "text", "hybrid"]
        return [await ask(name, *(kind if arg is None else arg for arg in args), k=9, filter=where) for kind in kinds]

    return case


def plain(name: str, *args: Any, **options: Any) -> Case:
    return lambda _, ask, __: ask(name, *args, **options)


async def explained(store: RedisVectorStore, _: Ask, where: Any) -> Any:
    explanation = store.explain(VECTOR, k=50, filter=where)
    for each in (explanation, await store.aexplain(VECTOR, k=50, filter=where)):
        check_explanation(each)
    assert explanation.steps or where is not None
    return explanation


async def retrieved(store: RedisVectorStore, ask: Ask, where: Any) -> Any:
    return await ask("invoke", QUERY, on=store.as_retriever(search_kwargs={"k": 9, "filter": where}))


async def walked(store: RedisVectorStore, ask: Ask, where: Any) -> Any:
    seen = await told(store.iterate(where, 2)) + await told(store.aiterate(where, 2))
    assert HIDDEN not in seen
    return seen


async def added(_: RedisVectorStore, ask: Ask, __: Any) -> Any:
    for record_id in THEIRS:
        with pytest.raises(AdapterError):
            await ask("add_texts", ["ours now"], [{}], ids=[record_id])
    with pytest.raises(AdapterError):
        await ask("add_texts", ["theirs"], [{"tenant": "theirs"}])
    return await ask("add_texts", [SEEN], [{}], ids=["ours-9"])


async def added_documents(_: RedisVectorStore, ask: Ask, __: Any) -> Any:
    for metadata in ({"tenant": "theirs"}, {"tenant": ["mine"]}, {"tenant": None}, {"tenant": ["mine", "theirs"]}):
        with pytest.raises(AdapterError):
            await ask("add_documents", [Document(page_content="theirs", metadata=metadata)])
    with pytest.raises(AdapterError):
        await ask("add_documents", [Document(page_content="x", id="theirs-0")])
    return await ask("add_documents", [Document(page_content=SEEN, id="ours-9", metadata={"tenant": "mine"})])


async def refused(_: RedisVectorStore, ask: Ask, __: Any) -> Any:
    with pytest.raises(ArgumentError, match="scoped to tenant='mine'"):
        await ask("drop")
    with pytest.raises(ArgumentError, match="scoped to tenant='mine'"):
        await ask("rebuild", m=8)
    with pytest.raises(ArgumentError, match="scoped to tenant='mine'"):
        await ask("cancel_rebuild")


async def scoped_further(store: RedisVectorStore, ask: Ask, where: Any) -> Any:
    with pytest.raises(ArgumentError, match="tenant='mine'"):
        store.scoped(tenant="theirs")
    narrow = store.scoped(kind="a", tenant="mine")
    assert narrow.scope == {"kind": "a", "tenant": "mine"}
    return await ask("get", where, on=narrow)


async def added_embeddings(_: RedisVectorStore, ask: Ask, __: Any) -> Any:
    for record_id in THEIRS:
        with pytest.raises(AdapterError):
            await ask("add_embeddings", ["ours now"], [VECTOR], ids=[record_id])
    with pytest.raises(AdapterError):
        await ask("add_embeddings", ["theirs"], [VECTOR], [{"tenant": "theirs"}])
    return await ask("add_embeddings", [SEEN], [VECTOR], ids=["ours-9"])


async def updated(_: RedisVectorStore, ask: Ask, where: Any) -> Any:
    for changes in ({"tenant": "theirs"}, {"tenant": None}, {"tenant": ["mine"]}):
        with pytest.raises(AdapterError):
            await ask("update_metadata", IDS, changes)
    assert await ask("update_metadata", IDS, {"n": 7, "tenant": "mine"}) == len(OURS)
    return await ask("update_metadata", None, {"x": 1}, filter=where) if where else 0


async def as_tool(store: RedisVectorStore, _: Ask, where: Any) -> Any:
    options: Any = {"filter": where, "filter_argument": True, "max_k": 50}
    seen = ""
    for tool in (store.as_tool("find", **options), await store.aas_tool("find", **options)):
        told_of = f"{tool.args} {tool.description}"
        assert "tenant" not in told_of
        seen += told_of
        for condition in ({"n": {"$gte": 0}}, {"$not": {"kind": "z"}}, {"$or": [{"tenant": "theirs"}, {"n": 1}]}):
            call = {
                "type": "tool_call",
                "id": "1",
                "name": "find",
                "args": {"query": QUERY, "k": 50, "filter": condition},
            }
            seen += f"{tool.invoke(call)} {await tool.ainvoke(call)}"
    assert not {HIDDEN, "theirs-"} & {*re.findall(r"theirs-|\w+", seen)}
    return seen


def connected(store: RedisVectorStore) -> Clients:
    """Return the clients that a store was given."""
    return cast("Clients", {name: store._options[name] for name in ("client", "async_client")})


async def copied(store: RedisVectorStore, ask: Ask, _: Any) -> Any:
    other = RedisVectorStore(Model(), index_name=f"{store.index.state.spec.name}-copy", **connected(store))
    report = await ask("copy_to", other)
    assert report.copied + report.skipped == len(OURS)
    assert {document.metadata["tenant"] for document in await ask("get", on=other)} == {"mine"}
    assert HIDDEN not in {field["name"] for field in other.attribute_info()}


CASES: Mapping[str, Case] = {
    "add_embeddings": added_embeddings,
    "add_documents": added_documents,
    "add_texts": added,
    "analyse": plain("analyse", HIDDEN[:-1]),
    "as_retriever": retrieved,
    "as_tool": as_tool,
    "attribute_info": plain("attribute_info"),
    "clear": plain("clear"),
    "copy_to": copied,
    "count": lambda _, ask, where: ask("count", where),
    "create": plain("create"),
    "delete": lambda _, ask, where: ask("delete", IDS, filter=where),
    "cancel_rebuild": refused,
    "drop": refused,
    "explain": explained,
    "info": refused,
    "rebuild": refused,
    "expire": plain("expire", IDS, 1000),
    "get": lambda _, ask, where: ask("get", where),
    "get_by_ids": plain("get_by_ids", IDS),
    "get_embeddings": plain("get_embeddings", IDS),
    "highlight": plain("highlight", SEEN, Document(page_content=SEEN)),
    "hybrid_search": search("hybrid_search"),
    "hybrid_search_with_score": search("hybrid_search_with_score"),
    "iterate": walked,
    "max_marginal_relevance_search": search("max_marginal_relevance_search", fetch_k=50),
    "max_marginal_relevance_search_by_vector": search("max_marginal_relevance_search_by_vector", VECTOR, fetch_k=50),
    "max_marginal_relevance_search_with_score": search("max_marginal_relevance_search_with_score", fetch_k=50),
    "persist": plain("persist", IDS),
    "retrieve_batch": by_type("retrieve_batch", None, [QUERY, SEEN]),
    "scoped": scoped_further,
    "search": by_type("search", QUERY, None),
    "similarity_search": search("similarity_search"),
    "similarity_search_batch": search("similarity_search_batch", [QUERY, SEEN]),
    "similarity_search_by_vector": search("similarity_search_by_vector", VECTOR),
    "similarity_search_with_relevance_scores": search("similarity_search_with_relevance_scores"),
    "similarity_search_with_score": search("similarity_search_with_score"),
    "similarity_search_with_score_by_vector": search("similarity_search_with_score_by_vector", VECTOR),
    "text_search": search("text_search"),
    "text_search_with_score": search("text_search_with_score"),
    "ttl": plain("ttl", IDS),
    "update_metadata": updated,
    "wait_until_indexed": plain("wait_until_indexed"),
}
OF_NO_RECORDS = {
    "close": "the connection",
    "embeddings": "the model",
    "health": "whether the index can be asked",
    "from_documents": "makes a store of its own",
    "from_embeddings": "makes a store of its own",
    "from_existing_index": "makes a store of its own",
    "from_texts": "makes a store of its own",
    "index": "its state is within the scope",
    "scope": "the scope",
}


def test_every_public_method_has_a_case() -> None:
    assert public_names(RedisVectorStore) == sorted([*CASES, *OF_NO_RECORDS])


@pytest.fixture
def whole(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    """A store of two tenants."""
    return store_on(clients, index_name, storage=storage)


async def fill(whole: RedisVectorStore, call: Call) -> RedisVectorStore:
    """Return the store of one of them."""
    records = {**OURS, **THEIRS}
    await call(
        whole,
        "add_texts",
        [HIDDEN if each in THEIRS else SEEN for each in records],
        list(records.values()),
        ids=list(records),
    )
    await call(whole, "expire", list(THEIRS)[:2], TTL)
    return whole.scoped(tenant="mine")


@pytest.mark.parametrize("name", sorted(CASES))
async def test_nothing_of_another_tenant_is_seen_or_changed(
    call: Call, server: redis.Redis, index_name: str, whole: RedisVectorStore, name: str
) -> None:
    mine = await fill(whole, call)
    before = others_records(server, index_name)
    assert len(before) == len(THEIRS)

    ask = asker(call, mine)
    outcomes = []
    for where in SPELLINGS:
        try:
            with recording() as recorder:
                outcomes.append(await CASES[name](mine, ask, where))
        except AdapterError as error:
            outcomes.append(error)
        recorder.check(HIDDEN, SEEN)
        assert HIDDEN not in str(outcomes[-1])
        assert others_records(server, index_name) == before
        if await call(whole, "count", {"tenant": "mine"}) != len(OURS):
            await fill(whole, call)
    assert not isinstance(outcomes[0], AdapterError)
    if re.search("search|get$|get_by|iterate|retrie|tool", name):
        assert SEEN in await told(outcomes[0])


async def test_indexing_and_retrieving_within_a_scope(whole: RedisVectorStore) -> None:
    page = Document(page_content="the same page", metadata={"source": "web"})
    managers = []
    for name in ("a", "b"):
        tenant = whole.scoped(tenant=name)
        managers.append(InMemoryRecordManager(namespace=name))
        options: Any = {"cleanup": "full", "key_encoder": lambda document, name=name: f"{name}/{document.page_content}"}
        assert index([page], managers[-1], tenant, **options)["num_added"] == 1
        assert (await aindex([page], managers[-1], tenant, **options))["num_skipped"] == 1
    retriever = whole.scoped(tenant="a").as_retriever(search_type="hybrid", search_kwargs={"filter": {"source": "web"}})
    for found in (*retriever.batch(["page", "web"]), *await retriever.abatch(["page", "web"])):
        assert [document.id for document in found] == ["a/the same page"]
    index([], managers[0], whole.scoped(tenant="a"), **options)
    assert [document.id for document in whole.get()] == ["b/the same page"]
    # Without a prefix, the id is one of the whole index.
    index([page], InMemoryRecordManager(namespace="c"), whole.scoped(tenant="c"), key_encoder="sha256")
    with pytest.raises(RecordError, match="begins with the scope"):
        index([page], InMemoryRecordManager(namespace="d"), whole.scoped(tenant="d"), key_encoder="sha256")
