"""Traces and metrics: one span an operation, in both frameworks, sync and async, with what embeds as its child."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from subprocess import run
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import Generation
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from integration_tests.llama_index.llama_index_support import AHEAD, open_store, text_node
from integration_tests.servers import has_slots
from integration_tests.telemetry_support import Recorder, recording
from redisvl_adapters.errors import FilterError, ServerUnavailableError
from redisvl_adapters.langchain import RedisByteStore, RedisCache, RedisSemanticCache, RedisVectorStore

clients = langchain_support.clients  # a fixture

QUERY = "what is quick?"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """What is traced and measured during the test."""
    with recording() as recorder:
        yield recorder


def told(span: ReadableSpan) -> dict[str, Any]:
    """Return what a span tells of its operation, without where and how long."""
    assert span.attributes is not None
    where = ("db.system.name", "db.namespace", "db.collection.name", "server.address", "server.port")
    kept: dict[str, Any] = {name: value for name, value in span.attributes.items() if name not in where}
    assert kept.pop("redisvl_adapters.server.duration") >= 0
    assert kept.pop("redisvl_adapters.round_trips") >= 0
    return {name.removeprefix("redisvl_adapters.").removeprefix("db."): value for name, value in kept.items()}


def is_child(child: ReadableSpan, parent: ReadableSpan) -> bool:
    """Tell whether a span is a child of another."""
    context = parent.get_span_context()
    return child.parent is not None and context is not None and child.parent.span_id == context.span_id


async def test_an_operation_of_langchain_is_one_span(
    call: Call, clients: Clients, index_name: str, storage: str, recorder: Recorder
) -> None:
    store = store_on(clients, index_name, storage=storage)
    await call(store, "add_texts", [f"quick {n}" for n in range(5)], [{"n": n} for n in range(5)], batch_size=2)
    *embedded, written = recorder.spans
    assert told(written) == {"operation.name": "upsert", "operation.batch.size": 5, "records.written": 5}
    assert [span.attributes and span.attributes["redisvl_adapters.texts"] for span in embedded] == [2, 2, 1]
    assert all(is_child(span, written) for span in embedded)
    recorder.exporter.clear()

    await call(store, "similarity_search", QUERY, k=2)
    child, parent = recorder.spans
    assert (child.name, parent.name) == ("embeddings", f"search_by_vector {index_name}")
    assert child.kind is parent.kind is SpanKind.CLIENT
    assert is_child(child, parent)
    assert parent.status.status_code is StatusCode.UNSET
    assert told(parent) == {"operation.name": "search_by_vector", "k": 2, "response.returned_rows": 2}
    recorder.exporter.clear()

    await call(store, "similarity_search_by_vector", Model().vector("x"), k=3)
    await call(store, "text_search", "quick", k=4)
    await call(store, "hybrid_search", "quick", k=3)
    await call(store, "max_marginal_relevance_search", "quick", k=2)
    await call(store, "similarity_search_batch", [QUERY, "x"], k=2)
    await call(store, "count", {"n": {"$gt": 2}})
    await call(store, "update_metadata", filter={"n": 1}, changes={"n": 9})
    await call(store, "delete", filter={"n": 9})
    names = ["search_by_vector", "search_text", "search_hybrid", "search_mmr", "search_by_vector"]
    *found, counted, updated, deleted = recorder.operations()
    assert [told(span)["operation.name"] for span in found] == names
    assert [(told(span)["k"], told(span)["response.returned_rows"]) for span in found] == [
        *((3, 3), (4, 4), (3, 3), (2, 2), (2, 4))
    ]
    assert told(found[-1])["operation.batch.size"] == 2
    assert told(counted) == {"operation.name": "count"}
    assert told(updated) == {"operation.name": "update_metadata", "records.written": 1}
    assert told(deleted) == {"operation.name": "delete_matching", "records.deleted": 1}
    await call(store, "similarity_search", QUERY)
    recorder.check(QUERY)

    points = recorder.points()
    assert sum(point.value for point in points["redisvl_adapters.records.written"]) == 6
    assert sum(point.value for point in points["redisvl_adapters.records.deleted"]) == 1
    durations = points["db.client.operation.duration"]
    assert {point.attributes["db.operation.name"]: point.value for point in durations}["search_by_vector"] == 4


async def test_an_operation_of_llama_index_is_one_span(
    call: Call, redis_url: str, index_name: str, storage: str, recorder: Recorder
) -> None:
    store = open_store(redis_url, index_name, storage)
    await call(store, "add", [text_node(f"n{n}", "quick") for n in range(3)])
    for mode in ("default", "text_search", "hybrid", "mmr"):
        query = VectorStoreQuery(AHEAD, 2, query_str="quick", mode=VectorStoreQueryMode(mode))
        await call(store, "query", query)
    await call(store, "get_nodes", ["n1"])
    written, *found, read = recorder.operations()
    assert told(written)["records.written"] == 3
    assert [told(span)["operation.name"] for span in found] == [
        *("search_by_vector", "search_text", "search_hybrid", "search_mmr")
    ]
    assert {(told(span)["k"], told(span)["response.returned_rows"]) for span in found} == {(2, 2)}
    assert told(read) == {"operation.name": "get_nodes", "response.returned_rows": 1}
    await call(store, "close")
    store.close()


async def test_an_error_is_told_by_its_class_alone(
    call: Call, clients: Clients, index_name: str, recorder: Recorder
) -> None:
    store = store_on(clients, index_name, metadata_schema={"year": "numeric"})
    await call(store, "add_texts", ["text"])
    with pytest.raises(FilterError, match="hidden"):
        await call(store, "similarity_search", QUERY, filter={"year": {"$like": "hidden"}})
    away = RedisVectorStore(Model(), redis_url="redis://user:hidden@127.0.0.1:1", index_name="docs", retry=0)
    with pytest.raises(ServerUnavailableError):
        await call(away, "count")
    _, refused, lost = recorder.operations()
    for span, kind in ((refused, "FilterError"), (lost, "ServerUnavailableError")):
        assert span.status.status_code is StatusCode.ERROR
        assert told(span)["error.type"] == f"redisvl_adapters.errors.{kind}"
    await call(store, "count")
    recorder.check("hidden")
    failed = [each for each in recorder.points()["db.client.operation.duration"] if "error.type" in each.attributes]
    assert sorted(each.attributes["db.operation.name"] for each in failed) == ["count", "search_by_vector"]
    await call(away, "close")


async def test_spans_are_children_of_the_current_one_in_tasks_and_threads(
    clients: Clients, index_name: str, recorder: Recorder
) -> None:
    store = store_on(clients, index_name)
    with recorder.tracers.get_tracer("application").start_as_current_span("request") as request:
        # The second batch is written by a thread, while the third one is embedded.
        store.add_texts(["a", "b", "c"], batch_size=1)
        await asyncio.gather(*(store.asimilarity_search(text) for text in "abcdef"))
    operations = recorder.operations()
    assert len(operations) == 7
    for span in operations:
        assert span.parent is not None
        assert span.parent.span_id == request.get_span_context().span_id


async def test_what_embeds_and_what_is_iterated_has_operations_of_its_own(
    call: Call, clients: Clients, index_name: str, recorder: Recorder
) -> None:
    class Caching(Model):
        """A model that looks for its vectors in Redis."""

        values = RedisByteStore(prefix=index_name, **clients)

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            assert self.values.mget(texts) == [None]
            return super().embed_documents(texts)

        async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
            assert await self.values.amget(texts) == [None]
            return await super().aembed_documents(texts)

    store = store_on(clients, f"{index_name}-a", Caching())
    await call(store, "add_texts", ["text"])
    embedded = next(span for span in recorder.spans if span.name == "embeddings")
    inner = [span for span in recorder.spans if is_child(span, embedded)]
    assert [span.name for span in inner] == ["get"]
    recorder.exporter.clear()

    other = store_on(clients, f"{index_name}-b")
    await call(other, "add_documents", store.iterate())
    assert sorted(span.name.split()[0] for span in recorder.operations()) == ["first_page", "upsert"]


@pytest.mark.parametrize("kind", ["exact", "semantic"])
async def test_hits_and_misses_of_caches_are_counted(
    call: Call, clients: Clients, index_name: str, kind: str, recorder: Recorder
) -> None:
    exact = RedisCache(prefix=index_name, **clients)
    cache: Any = exact if kind == "exact" else RedisSemanticCache(Model(), index_name=index_name, **clients)
    assert await call(cache, "lookup", "hidden prompt", "model") is None
    await call(cache, "update", "hidden prompt", "model", [Generation(text="hidden answer")])
    for _ in range(2):
        assert await call(cache, "lookup", "hidden prompt", "model")
    missed, stored, *hits = recorder.operations()
    assert told(missed)["cache.result"] == "miss"
    assert told(stored)["operation.name"] == "cache_store"
    assert [told(span)["cache.result"] for span in hits] == ["hit", "hit"]
    lookups = recorder.points()["redisvl_adapters.cache.lookups"]
    assert {point.attributes["redisvl_adapters.cache.result"]: point.value for point in lookups} == {
        "miss": 1,
        "hit": 2,
    }


async def test_the_commands_that_redis_py_traces_are_children(
    clients: Clients, redis_url: str, index_name: str, recorder: Recorder
) -> None:
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.redis").RedisInstrumentor()
    if has_slots(redis_url):
        pytest.skip("what goes to several nodes at once is not sent by the methods that are instrumented")
    store = store_on(clients, index_name)
    store.add_texts(["text"])
    recorder.exporter.clear()
    instrumentation.instrument(tracer_provider=recorder.tracers)
    try:
        store.similarity_search(QUERY)
        await store.asimilarity_search(QUERY)
    finally:
        instrumentation.uninstrument()
    ours = [span for span in recorder.spans if span.name.startswith("search_by_vector")]
    theirs = [span for span in recorder.spans if span.name == "redis.search"]
    assert len(ours) == 2
    for operation in ours:
        assert any(is_child(command, operation) for command in theirs)
    assert all(command.parent is not None for command in theirs)


async def test_callbacks_of_langchain_are_called_as_ever(
    call: Call, clients: Clients, index_name: str, recorder: Recorder
) -> None:
    began: list[str] = []

    class Handler(BaseCallbackHandler):
        def on_retriever_start(self, serialized: Any, query: str, **kwargs: Any) -> None:  # noqa: ARG002  # its names
            began.append(query)

    store = store_on(clients, index_name)
    await call(store, "add_texts", ["text"])
    await call(store.as_retriever(), "invoke", QUERY, config={"callbacks": [Handler()]})
    assert began == [QUERY]
    assert [told(span)["operation.name"] for span in recorder.operations()] == ["upsert", "search_by_vector"]


_WITHOUT = """
import asyncio, sys
from benchmarks.without_packages import block
block("opentelemetry")
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.vector_stores.types import VectorStoreQuery
from redisvl_adapters import langchain, llama_index
url, name = sys.argv[1:]
store = langchain.RedisVectorStore(DeterministicFakeEmbedding(size=4), index_name=name, redis_url=url)
store.add_texts(["a", "b"])
assert len(store.similarity_search("a", k=2)) == len(asyncio.run(store.asimilarity_search("a", k=2))) == 2
nodes = llama_index.RedisVectorStore(index_name=name, redis_url=url)
assert len(nodes.query(VectorStoreQuery([1.0, 0.0, 0.0, 0.0], 2)).nodes) == 2
store.close(), nodes.close()
assert not [module for module in sys.modules if module.startswith("opentelemetry")]
print("all is well")
"""


def test_all_works_without_opentelemetry(redis_url: str, index_name: str) -> None:
    # Of what LangSmith asks, Python 3.14 has deprecated a part.
    options = ["-W", "error", "-W", "ignore:'asyncio.iscoroutinefunction' is deprecated:DeprecationWarning"]
    command = [sys.executable, *options, "-c", _WITHOUT, redis_url, index_name]
    done = run(command, check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("all is well\n", "")
