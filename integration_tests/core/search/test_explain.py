"""Explanations tell the very commands of a search, in both frameworks and the core, and change nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest
import redis
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from integration_tests.conftest import Call
from integration_tests.core.foreign_support import make_index, put_record
from integration_tests.core.search import search_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, await_scan, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.servers import aconnect, connect
from integration_tests.telemetry_support import recording
from redisvl_adapters.core import Compare, Operator, SearchExplanation, SearchStep, operations
from redisvl_adapters.errors import (
    ArgumentError,
    FilterError,
    SkippedRecordWarning,
    UnknownArgumentError,
    UnknownFieldWarning,
)
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # fixtures
sent = search_support.sent

LATE: Any = {"n": {"$gte": 10}}
FIRST_THREE = ["r0", "r1", "r2"]
WEIGHTS = {"text": 0.75, "title": 0.25}


@pytest.fixture
async def books(call: Call, clients: Clients, index_name: str, storage: str) -> Shelf:
    """An index of forty records, whose titles have vectors too."""
    vectors: Any = {"title": {"key": "title", "embedding": Model(dims=3), "dims": 3}}
    return await shelf(
        call, clients, index_name, storage=storage, vectors=vectors, metadata_schema={"n": "numeric", "title": "text"}
    )


Ask: TypeAlias = Callable[[Shelf], Awaitable[tuple[Any, int]]]
"""Searches, and returns what there is to do to explain it, and how many records it found."""


def in_langchain(method: str, search_type: str, query: Any = QUERY, **options: Any) -> Any:
    """Return a search through LangChain, and its explanation."""

    async def search(books: Shelf) -> int:
        asked = books.model.vector(query) if method.endswith("_by_vector") else query
        return len(await books.lc(method, asked, **options))

    async def explain(books: Shelf) -> SearchExplanation:
        asked = books.model.vector(query) if method.endswith("_by_vector") else query
        told: SearchExplanation = await books.lc("explain", asked, search_type, **options)
        return told

    return search, explain


def in_llama_index(mode: str, options: Any = None, **parts: Any) -> Any:
    """Return a query of LlamaIndex, and its explanation."""
    given = options or {}

    def query(books: Shelf) -> VectorStoreQuery:
        asked: dict[str, Any] = {"query_str": QUERY, "query_embedding": books.model.vector(QUERY), **parts}
        return VectorStoreQuery(mode=VectorStoreQueryMode(mode), similarity_top_k=3, **asked)

    async def search(books: Shelf) -> int:
        return len((await books.call(books.llama_index, "query", query(books), **given)).nodes)

    async def explain(books: Shelf) -> SearchExplanation:
        told: SearchExplanation = await books.call(books.llama_index, "explain", query(books), **given)
        return told

    return search, explain


def in_core(operation: Any, *args: Any, **options: Any) -> Any:
    """Return a search by an operation of the core, and its explanation."""

    async def search(books: Shelf) -> int:
        found = await books.run(operation, *args, **options)
        return sum(map(len, found)) if isinstance(found[0], list) else len(found)

    async def explain(books: Shelf) -> SearchExplanation:
        told: SearchExplanation = await books.run(operations.explain, operation, *args, **options)
        return told

    return search, explain


def few(query: str, texts: list[str]) -> list[float]:
    """Score texts by how short they are."""
    return [1 / len(text) for text in texts]


LATE_IN_CORE = Compare("n", Operator.GTE, 10)
VECTOR = [1.0, *[0.0] * 7]
SEARCHES: dict[str, tuple[Any, list[str]]] = {
    "similarity": (in_langchain("similarity_search", "similarity", k=3, filter=LATE), ["FT.SEARCH"]),
    "by vector": (in_langchain("similarity_search_by_vector", "similarity", k=3, ef_runtime=50), ["FT.SEARCH"]),
    "named vector": (in_langchain("similarity_search", "similarity", k=3, vector="title"), ["FT.SEARCH"]),
    "weights": (in_langchain("similarity_search", "similarity", k=3, weights=WEIGHTS), ["FT.SEARCH", "FT.SEARCH"]),
    "threshold": (
        in_langchain("similarity_search_with_relevance_scores", "similarity_score_threshold", score_threshold=0.1),
        ["FT.AGGREGATE"],
    ),
    "mmr": (in_langchain("max_marginal_relevance_search", "mmr", k=3, fetch_k=9, lambda_mult=0.2), ["FT.SEARCH"]),
    "text": (in_langchain("text_search", "text", "red foxes", k=3, filter=LATE, match="all"), ["FT.SEARCH"]),
    "hybrid": (in_langchain("hybrid_search", "hybrid", k=3, rerank=few), ["FT.SEARCH", "FT.SEARCH"]),
    "DEFAULT": (in_llama_index("default", {"distance_threshold": 1.5}), ["FT.AGGREGATE"]),
    "among ids": (in_llama_index("text_search", node_ids=FIRST_THREE), ["FT.SEARCH"] * 4),
    "HYBRID": (in_llama_index("hybrid", alpha=0.5), ["FT.SEARCH", "FT.SEARCH"]),
    "MMR": (in_llama_index("mmr", mmr_threshold=0.4), ["FT.SEARCH"]),
    "filter alone": (in_llama_index("default", query_embedding=None, query_str=""), ["FT.SEARCH"]),
    "core": (in_core(operations.search_by_vector, VECTOR, 3, LATE_IN_CORE), ["FT.SEARCH"]),
    "batch": (in_core(operations.search_batch, [VECTOR, VECTOR], 3), ["FT.SEARCH", "FT.SEARCH"]),
    "walk": (in_core(operations.fetch_matching, LATE_IN_CORE), ["FT.SEARCH"]),
}


async def test_an_explanation_has_the_very_commands_of_the_search(books: Shelf, sent: Sent) -> None:
    for name, ((search, explain), commands) in SEARCHES.items():
        # The first one can learn how many records there are.
        await search(books)
        sent.clear()
        records = await search(books)
        searched = list(sent)
        sent.clear()
        told = await explain(books)
        assert sent[: len(searched)] == searched, name
        assert len(told.round_trips) == len(searched)
        assert [step.arguments[0] for step in told.steps] == commands, name
        of_searches = [args for batch in searched for args in batch if args[0] in ("FT.SEARCH", "FT.AGGREGATE")]
        assert [step.arguments for step in told.steps] == of_searches
        assert sent.names()[len(searched) :] == [{"FT.EXPLAIN", "FT.PROFILE"}] * len(commands)
        assert told.records == records > 0, name
        for step in told.steps:
            check_step(step, books)
        assert 0 < told.waiting_ms < told.total_ms
        assert str(told).startswith(f"{told.operation} on index '{books.core.state.spec.name}': {records} record")
        assert json.loads(json.dumps(told.to_dict()))["steps"][0]["command"] == told.steps[0].command


def check_step(step: SearchStep, books: Shelf) -> None:
    """See to it that a step is told whole."""
    assert step.rows is not None
    assert step.tree is not None
    assert step.not_profiled == ""
    assert step.profile is not None
    (shard, *_) = step.profile.shards
    assert None not in (shard.total_ms, shard.parsing_ms, shard.pipeline_ms)
    assert shard.iterators["Type"]
    assert shard.processors[0]["Type"] == "Index"
    assert (f"<{8 * 4} bytes>" in step.command or "<12 bytes>" in step.command) == ("PARAMS" in step.arguments)


async def test_times_beside_the_search_are_told_where_there_are_any(books: Shelf) -> None:
    told = await books.lc("explain", QUERY, k=3)
    assert told.embedding_ms > 0
    assert told.ranking_ms is None
    assert (await books.lc("explain", books.model.vector(QUERY), k=3)).embedding_ms is None
    told = await books.lc("explain", QUERY, "text", k=3, rerank=few)
    assert told.embedding_ms is None
    assert told.ranking_ms > 0
    query = VectorStoreQuery(books.model.vector(QUERY), 3, query_str=QUERY)
    told = await books.call(books.llama_index, "explain", query, recency={"key": "n", "half_life": 1})
    assert told.embedding_ms is None
    assert told.ranking_ms > 0


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
async def spoken(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Clients]:
    """Clients that speak either protocol."""
    with connect(redis_url, protocol=request.param) as client:
        async with aconnect(redis_url, protocol=request.param) as async_client:
            yield {"client": client, "async_client": async_client}


async def test_both_protocols_tell_the_same(call: Call, spoken: Clients, index_name: str, storage: str) -> None:
    store = store_on(spoken, index_name, storage=storage)
    await call(store, "add_texts", ["red fox", "red stone", "cloud"], [{"n": n} for n in range(3)], ids=["a", "b", "c"])
    told = await call(store, "explain", "red foxes", "hybrid", filter={"n": {"$lt": 2}})
    nearest, words = told.steps
    assert (nearest.rows, nearest.matches, words.rows, words.matches) == (2, 2, 2, 2)
    # A node of a cluster that has no record which matches has nothing to go through.
    shards = [each for each in nearest.profile.shards if each.iterators["Type"] != "EMPTY"]
    assert shards
    for shard in shards:
        assert (shard.iterators["Type"], shard.iterators["Child iterator"]["Type"]) == ("VECTOR", "NUMERIC")
        assert isinstance(shard.iterators["Time"], float)
        assert {"Index", "Sorter"} <= {each["Type"] for each in shard.processors}
    assert any("UNION" in str(shard.iterators) for shard in words.profile.shards)
    assert "VECTOR {" in nearest.tree
    assert "UNION {" in words.tree


async def test_what_is_explained_does_not_live_longer(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    store = store_on(clients, index_name, ttl=1000, sliding_ttl=True)
    await call(store, "add_texts", ["text"], ids=["a"])
    server.pexpire(f"{index_name}:a", 50_000)
    told = await call(store, "explain", "text")
    assert told.records == 1
    assert "PEXPIRE" not in str(told)
    assert server.pttl(f"{index_name}:a") <= 50_000
    await call(store, "similarity_search", "text")
    assert server.pttl(f"{index_name}:a") > 50_000


async def test_a_scope_holds_in_an_explanation(call: Call, clients: Clients, index_name: str) -> None:
    store = store_on(clients, index_name)
    await call(store, "add_texts", ["ours", "theirs"], [{"tenant": "a"}, {"tenant": "b"}])
    told = await call(store.scoped(tenant="a"), "explain", "text")
    assert told.records == 1
    assert "@tenant:{a}" in told.steps[0].command


async def test_what_is_read_by_key_is_among_the_round_trips(
    call: Call, clients: Clients, index_name: str, server: redis.Redis, storage: str
) -> None:
    texts = [("$.body", "body", ["TEXT"])] if storage == "json" else [("body", "body", ["TEXT"])]
    make_index(server, index_name, storage, texts, [f"{index_name}:"], dims=8)
    for name in "ab":
        put_record(server, f"{index_name}:{name}", storage, {"body": "red foxes", "vec": Model().vector(name)})
    await_scan(server, index_name)
    store = RedisVectorStore.from_existing_index(index_name, Model(), **clients)
    told = await call(store, "explain", "fox", "text", k=2)
    assert told.records == 2
    assert f"{'HGETALL' if storage == 'hash' else 'JSON.GET'} '{index_name}:" in told.round_trips[-1].sent
    assert [step.round_trip for step in told.steps] == [len(told.round_trips) - 2]
    assert "VERBATIM" in told.steps[0].command


async def test_without_an_index_there_is_nothing_to_explain(call: Call, clients: Clients, index_name: str) -> None:
    told = await call(store_on(clients, index_name), "explain", "text", "text")
    assert (told.records, told.steps) == (0, ())


async def test_what_the_search_warns_of_is_told_each_time(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    store = store_on(clients, index_name)
    await call(store, "add_texts", ["text"], [{"year": 2024}])
    for _ in range(2):
        with pytest.warns(UnknownFieldWarning, match="yaer"):
            told = await call(store, "explain", "text", filter={"yaer": 1})
        (warned,) = told.warnings
        assert "did you mean 'year'" in warned
    server.hset(f"{index_name}:other", mapping={"text": "x", "_text": "text"})
    with pytest.warns(SkippedRecordWarning, match="is not a record"):
        told = await call(store, "explain", "text", "text")
    assert "is not a record" in told.warnings[0]


async def test_slips_are_refused_as_by_the_search(books: Shelf) -> None:
    slips: list[tuple[type[Exception], str, tuple[Any, ...], dict[str, Any]]] = [
        (UnknownArgumentError, "explain of a 'similarity' search.*'fitler'.*'filter'", (QUERY,), {"fitler": {}}),
        (UnknownArgumentError, "'lambda_mult'", (QUERY, "text"), {"lambda_mult": 1}),
        (ArgumentError, "search_type is one of", (QUERY, "similar"), {}),
        (ArgumentError, "k is an integer", (QUERY,), {"k": -1}),
        (ArgumentError, "query is a text", ([1.0], "hybrid"), {}),
        (ArgumentError, "rerank compares", (books.model.vector(QUERY),), {"rerank": few}),
        (FilterError, "field 'n'", (QUERY,), {"filter": {"n": {"$like": "a%"}}}),
    ]
    for kind, message, args, options in slips:
        with pytest.raises(kind, match=message):
            await books.lc("explain", *args, **options)
    query = VectorStoreQuery(VECTOR, 3)
    with pytest.raises(UnknownArgumentError, match="ef_runtme"):
        await books.call(books.llama_index, "explain", query, ef_runtme=3)
    with pytest.raises(ArgumentError, match="query is a VectorStoreQuery"):
        await books.call(books.llama_index, "explain", QUERY)


async def test_it_is_one_operation_in_traces(books: Shelf) -> None:
    with recording() as recorder:
        await books.lc("explain", QUERY, k=3)
        await books.call(books.llama_index, "explain", VectorStoreQuery(VECTOR, 3))
        recorder.check(QUERY)
        spans = recorder.operations()
    assert [(span.attributes or {})["db.operation.name"] for span in spans] == ["explain", "explain"]
