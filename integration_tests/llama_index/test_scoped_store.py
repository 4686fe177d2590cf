"""A scoped store: whatever a method of its face is told, it sees and changes nothing of another tenant."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import pytest
import redis
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, VectorStoreQuery
from pydantic import BaseModel
from redisvl.query.filter import FilterExpression, Num, Tag

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import (
    WordEmbedding,
    filters,
    on,
    open_store,
    text_node,
    turned,
    where,
)
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
from redisvl_adapters.errors import AdapterError, ArgumentError
from redisvl_adapters.llama_index import RedisVectorStore
from redisvl_adapters.llama_index.query_modes import MODES

Case: TypeAlias = Callable[[RedisVectorStore, Ask, Any], Awaitable[Any]]

QUERY = f"{HIDDEN} {SEEN}"
SPELLINGS: list[Any] = [
    *FILTERS,
    filters(where("tenant", "theirs"), where("tenant", "mine"), condition=FilterCondition.OR),
    filters(where("tenant", "mine"), condition=FilterCondition.NOT),
    filters(where("tenant", "mine", FilterOperator.NE)),
    filters(),
    Tag("tenant") == "theirs",
    (Tag("tenant") == "theirs") | (Num("n") >= 0),
    FilterExpression("@tenant:{mine}) | (@tenant:{theirs}"),
    FilterExpression("*"),
    "@tenant:{theirs}",
]


def plain(name: str, *args: Any, **options: Any) -> Case:
    return lambda _, ask, __: ask(name, *args, **options)


async def queried(_: RedisVectorStore, ask: Ask, given: Any) -> Any:
    found = []
    for mode in MODES:
        for ids in (None, IDS):
            for sources in (None, ["their source", "our source"]):
                parts: Any = {"mode": mode, "filters": given, "node_ids": ids, "doc_ids": sources}
                query = VectorStoreQuery(query_embedding=turned(3), query_str=QUERY, similarity_top_k=50, **parts)
                found += [await ask("query", query)]
                query = VectorStoreQuery(query_str="", similarity_top_k=50, **parts)
                found += [await ask("query", query)] if ids else []
    return found


async def explained(store: RedisVectorStore, _: Ask, given: Any) -> Any:
    query = VectorStoreQuery(query_embedding=turned(3), similarity_top_k=50, filters=given)
    explanation = store.explain(query)
    for each in (explanation, await store.aexplain(query)):
        check_explanation(each)
    assert explanation.steps or given is not None
    return explanation


async def walked(store: RedisVectorStore, _: Ask, given: Any) -> Any:
    seen = await told(store.iterate(given, 2)) + await told(store.aiterate(given, 2, with_vectors=True))
    assert HIDDEN not in seen
    return seen


async def added(_: RedisVectorStore, ask: Ask, __: Any) -> Any:
    for node_id in THEIRS:
        with pytest.raises(AdapterError):
            await ask("add", [text_node(node_id)])
    for metadata in ({"tenant": "theirs"}, {"tenant": ["mine"]}, {"tenant": None}):
        with pytest.raises(AdapterError):
            await ask("add", [text_node("ours-9", **metadata)])
    return await ask("add", [text_node("ours-9", SEEN)])


async def updated(_: RedisVectorStore, ask: Ask, given: Any) -> Any:
    for changes in ({"tenant": "theirs"}, {"tenant": None}, {"tenant": ["mine"]}):
        with pytest.raises(AdapterError):
            await ask("update_metadata", IDS, changes)
    assert await ask("update_metadata", IDS, {"n": 7, "tenant": "mine"}) == len(OURS)
    return await ask("update_metadata", None, {"x": 1}, given) if given else 0


async def refused(_: RedisVectorStore, ask: Ask, __: Any) -> Any:
    with pytest.raises(ArgumentError, match="scoped to tenant='mine'"):
        await ask("drop")
    with pytest.raises(ArgumentError, match="scoped to tenant='mine'"):
        await ask("rebuild", m=8)
    with pytest.raises(ArgumentError, match="scoped to tenant='mine'"):
        await ask("cancel_rebuild")


async def refused_client(store: RedisVectorStore, _: Ask, __: Any) -> Any:
    with pytest.raises(ArgumentError, match="scoped to tenant='mine'"):
        _ = store.client


async def scoped_further(store: RedisVectorStore, ask: Ask, given: Any) -> Any:
    with pytest.raises(ArgumentError, match="tenant='mine'"):
        store.scoped(tenant="theirs")
    return await ask("get_nodes", None, given, on=store.scoped(kind="a", tenant="mine"))


async def written_down(store: RedisVectorStore, ask: Ask, given: Any) -> Any:
    copied = RedisVectorStore.from_dict(store.to_dict())
    assert copied.scope == store.scope
    async with copied:
        with copied:
            return await ask("get_nodes", None, given, on=copied)


async def written_down_as_json(store: RedisVectorStore, ask: Ask, given: Any) -> Any:
    copied = RedisVectorStore.from_json(store.to_json())
    assert isinstance(copied, RedisVectorStore)
    async with copied:
        with copied:
            return await ask("get_nodes", None, given, on=copied)


async def as_tool(store: RedisVectorStore, _: Ask, given: Any) -> Any:
    options: Any = {"search_type": "text", "filters": given, "filter_argument": True, "max_k": 50}
    seen = ""
    for tool in (store.as_tool("find", **options), await store.aas_tool("find", **options)):
        assert "tenant" not in str(tool.metadata.get_parameters_dict())
        seen += str(tool.metadata.get_parameters_dict())
        for condition in ({"n": {"$gte": 0}}, {"$not": {"kind": "z"}}, {"$or": [{"tenant": "theirs"}, {"n": 1}]}):
            asked: Any = {"query": QUERY, "k": 50, "filter": condition}
            for output in (tool.call(**asked), await tool.acall(**asked)):
                seen += output.content + await told(output.raw_output)
    assert not {HIDDEN, "theirs-"} & {*re.findall(r"theirs-|\w+", seen)}
    return seen


async def copied(store: RedisVectorStore, ask: Ask, _: Any) -> Any:
    options = {**store.to_dict(), "index_name": f"{store.index.state.spec.name}-copy"}
    del options["scope"]
    async with RedisVectorStore.from_dict(options) as other:
        with other:
            report = await ask("copy_to", other)
            assert report.copied + report.skipped == len(OURS)
            return await ask("get_nodes", on=other)


CASES: Mapping[str, Case] = {
    "add": added,
    "analyse": plain("analyse", SEEN),
    "as_tool": as_tool,
    "clear": plain("clear"),
    "client": refused_client,
    "copy_to": copied,
    "count": lambda _, ask, given: ask("count", given),
    "create": plain("create"),
    "delete": plain("delete", "their source"),
    "delete_nodes": lambda _, ask, given: ask("delete_nodes", IDS, given),
    "cancel_rebuild": refused,
    "drop": refused,
    "explain": explained,
    "info": refused,
    "rebuild": refused,
    "expire": plain("expire", IDS, 1000),
    "get_embeddings": plain("get_embeddings", IDS),
    "get_nodes": lambda _, ask, given: ask("get_nodes", None, given, with_vectors=True),
    "highlight": plain("highlight", SEEN, SEEN),
    "iterate": walked,
    "query": queried,
    "scoped": scoped_further,
    "to_dict": written_down,
    "to_json": written_down_as_json,
    "ttl": plain("ttl", IDS),
    "update_metadata": updated,
    "vector_store_info": plain("vector_store_info"),
    "wait_until_indexed": plain("wait_until_indexed"),
}
OF_NO_RECORDS = {
    "class_name": "a name",
    "close": "the connection",
    "custom_model_dump": "the fields of the store itself",
    "from_dict": "makes a store of its own; see to_dict",
    "health": "whether the index can be asked",
    "from_existing_index": "makes a store of its own",
    "from_json": "makes a store of its own; see to_json",
    "index": "its state is within the scope",
    "persist": "LlamaIndex's, which does nothing",
    "scope": "the scope",
}


def test_every_public_method_has_a_case() -> None:
    assert public_names(RedisVectorStore, but_of=BaseModel) == sorted([*CASES, *OF_NO_RECORDS])


async def fill(call: Call, whole: RedisVectorStore) -> RedisVectorStore:
    """Write the records of two tenants, and return the store of one of them."""
    nodes = [text_node(each, SEEN, source="our source", vector=turned(3), **OURS[each]) for each in OURS]
    nodes += [text_node(each, HIDDEN, source="their source", vector=turned(3), **THEIRS[each]) for each in THEIRS]
    await call(whole, "add", nodes)
    await call(whole, "expire", list(THEIRS)[:2], TTL)
    return whole.scoped(tenant="mine")


@pytest.mark.parametrize("name", sorted(CASES))
async def test_nothing_of_another_tenant_is_seen_or_changed(
    call: Call, server: redis.Redis, redis_url: str, index_name: str, storage: str, name: str
) -> None:
    whole = open_store(redis_url, index_name, storage)
    mine = await fill(call, whole)
    before = others_records(server, index_name)
    assert len(before) == len(THEIRS)

    ask = asker(call, mine)
    outcomes = []
    for given in SPELLINGS:
        try:
            with recording() as recorder:
                outcomes.append(await CASES[name](mine, ask, given))
        except AdapterError as error:
            outcomes.append(error)
        recorder.check(HIDDEN, SEEN)
        assert HIDDEN not in str(outcomes[-1])
        assert others_records(server, index_name) == before
        if await call(whole, "count", filters(where("tenant", "mine"))) != len(OURS):
            await fill(call, whole)
    assert not isinstance(outcomes[0], AdapterError)
    if re.search("query|get_nodes|iterate|to_|tool", name):
        assert SEEN in await told(outcomes[0])
    await call(whole, "close")
    whole.close()


async def test_an_index_on_a_scoped_store_is_of_one_tenant(
    call: Call, redis_url: str, index_name: str, storage: str
) -> None:
    whole = open_store(redis_url, index_name, storage)
    stores = [whole.scoped(tenant=name) for name in ("a", "b")]
    indexes = [VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding()) for store in stores]
    for index, animal in zip(indexes, ("cat", "dog"), strict=True):
        await on(call, index, "insert", Document(id_="pet", text=f"The {animal} sleeps.", metadata={"kind": animal}))
    for index, animal in zip(indexes, ("cat", "dog"), strict=True):
        for mode in ("default", "text_search", "hybrid", "mmr"):
            retriever = index.as_retriever(vector_store_query_mode=mode, doc_ids=["pet"])
            (hit,) = await call(retriever, "retrieve", "Who sleeps?")
            assert hit.node.get_content() == f"The {animal} sleeps."
            assert hit.node.metadata == {"kind": animal, "tenant": "a" if animal == "cat" else "b"}
    await on(call, indexes[0], "update_ref_doc", Document(id_="pet", text="The cat hunts."))
    await on(call, indexes[1], "delete_ref_doc", "pet")
    assert [node.get_content() for node in await call(whole, "get_nodes")] == ["The cat hunts."]
    await call(whole, "close")
    whole.close()
