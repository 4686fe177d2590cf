"""One cache under several query engines: none gives the answer of another, and those made alike share theirs."""

from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.llms import CompletionResponse as Completion
from llama_index.core.llms import CustomLLM, LLMMetadata
from llama_index.core.query_engine import RouterQueryEngine
from llama_index.core.selectors import LLMSingleSelector
from llama_index.core.tools import QueryEngineTool
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import WordEmbedding
from integration_tests.llama_index.test_semantic_cache import SING, SORT, SORT_TOO, Scripted, answer
from integration_tests.servers import aconnect
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.llama_index import RedisVectorStore, SemanticCacheQueryEngine

HR, IT = "Ask Ann in HR.", "Ask Bob in IT."


class Echo(CustomLLM):
    """A language model that answers with its name and with what of the context it knows."""

    name: str = "echo"
    temperature: float = 0.1

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name=self.name)

    def complete(self, prompt: str, *_: Any, **__: Any) -> Completion:
        return Completion(text=f"{self.name}/{self.temperature}: {[text for text in (HR, IT) if text in prompt]}")

    def stream_complete(self, prompt: str, *_: Any, **__: Any) -> Any:
        yield self.complete(prompt)


@pytest.fixture
async def cached(redis_url: str, server: redis.Redis, index_name: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes an engine with the one cache of the test."""
    async with aconnect(redis_url, protocol=2) as async_client:

        def make(engine: BaseQueryEngine, embed_model: Any = None, **options: Any) -> SemanticCacheQueryEngine:
            given = {"index_name": f"{index_name}-cache", "client": server, "async_client": async_client, **options}
            return SemanticCacheQueryEngine(engine, embed_model or WordEmbedding(), **given)

        yield make


@pytest.fixture
def index_of(server: redis.Redis, redis_url: str, index_name: str) -> Callable[..., VectorStoreIndex]:
    """Makes an index on Redis with a text of each department."""

    def make(name: str, *texts: str) -> VectorStoreIndex:
        store = RedisVectorStore(index_name=f"{index_name}-{name}", client=server)
        index = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
        for text in texts:
            index.insert(Document(text=text, metadata={"department": text[-3:-1]}))
        return index

    return make


def of(department: str) -> MetadataFilters:
    """Return the filter of a department."""
    return MetadataFilters(filters=[MetadataFilter(key="department", value=department)])


async def test_two_indexes_give_their_own_answers(cached: Any, index_of: Any, storage: str, call: Call) -> None:
    engines = [cached(index_of(text[-3:-1], text).as_query_engine(llm=Echo()), storage=storage) for text in (HR, IT)]
    for query in (SORT, SORT, SORT_TOO):
        assert [str(await call(engine, "query", query)) for engine in engines] == [
            f"echo/0.1: {[HR]}",
            f"echo/0.1: {[IT]}",
        ]


async def test_two_filters_over_one_index_give_their_own_answers(cached: Any, index_of: Any, call: Call) -> None:
    index = index_of("docs", HR, IT)
    engines = [cached(index.as_query_engine(llm=Echo(), filters=of(department))) for department in ("HR", "IT")]
    for query in (SORT, SORT_TOO):
        for engine, text in zip(engines, (HR, IT), strict=True):
            assert str(await call(engine, "query", query)) == f"echo/0.1: {[text]}"


async def test_two_models_give_their_own_answers(cached: Any, index_of: Any, call: Call) -> None:
    index = index_of("docs", HR)
    models = [Echo(), Echo(name="other"), Echo(temperature=0.9)]
    engines = [cached(index.as_query_engine(llm=model)) for model in models]
    for query in (SORT, SORT_TOO):
        for engine, start in zip(engines, ("echo/0.1", "other/0.1", "echo/0.9"), strict=True):
            assert str(await call(engine, "query", query)) == f"{start}: {[HR]}"


async def test_a_filter_that_changes_between_queries_is_seen_at_each(cached: Any, index_of: Any, call: Call) -> None:
    inner = index_of("docs", HR, IT).as_query_engine(llm=Echo())
    for engine in (cached(inner), cached(inner, name="docs")):
        for query in (SORT, SORT_TOO):
            for department, text in (("HR", HR), ("IT", IT)):
                inner._retriever._filters = of(department)
                assert str(await call(engine, "query", query)) == f"echo/0.1: {[text]}"


async def test_engines_made_alike_share_answers(cached: Any, index_of: Any, call: Call) -> None:
    index = index_of("docs", HR)
    first, second = (cached(index.as_query_engine(llm=Echo(), filters=of("HR"))) for _ in range(2))
    fresh = await call(first, "query", SORT)
    index.insert(Document(text=IT, metadata={"department": "HR"}))
    assert await call(second, "query", SORT_TOO) == fresh
    assert str(await call(second, "query", SING)) == f"echo/0.1: {[HR, IT]}"


async def test_engines_over_indexes_in_memory_give_their_own_answers(cached: Any, call: Call) -> None:
    indexes = [VectorStoreIndex.from_documents([Document(text=text)], embed_model=WordEmbedding()) for text in (HR, IT)]
    for index in indexes:
        index.set_index_id("vector_index")
    engines = [cached(index.as_query_engine(llm=Echo())) for index in indexes]
    for query in (SORT, SORT_TOO):
        for engine, text in zip(engines, (HR, IT), strict=True):
            assert str(await call(engine, "query", query)) == f"echo/0.1: {[text]}"


async def test_an_engine_that_cannot_be_read_needs_a_name_and_has_answers_under_it(
    cached: Any, index_of: Any, call: Call
) -> None:
    tool = QueryEngineTool.from_defaults(index_of("docs", HR).as_query_engine(llm=Echo()), name="a", description="a")
    router = RouterQueryEngine.from_defaults([tool], llm=Echo(), selector=LLMSingleSelector.from_defaults(llm=Echo()))
    for engine, kind in ((router, "RouterQueryEngine"), (Scripted(answer), "Scripted")):
        with pytest.raises(
            ArgumentError, match=rf"the query engine is a {kind}, .*Give it a name, such as name='handb"
        ):
            cached(engine)
        with pytest.raises(ArgumentError, match="name is a non-empty string; not ''"):
            cached(engine, name="")
    one, alike, other = (cached(Scripted(answer), name=name) for name in ("one", "one", "other"))
    assert str(await call(one, "query", SORT)) == "answer 1"
    assert str(await call(one, "query", SING)) == "answer 2"
    assert str(await call(alike, "query", SING)) == "answer 2"
    assert str(await call(other, "query", SING)) == "answer 1"


async def test_a_part_that_becomes_unreadable_is_an_error_or_a_miss(cached: Any, index_of: Any, call: Call) -> None:
    inner = index_of("docs", HR).as_query_engine(llm=Echo())
    raising, missing = cached(inner), cached(inner, on_error="miss")
    inner._retriever._kwargs["key"] = object()
    with pytest.raises(ArgumentError, match=r"the query engine.retriever.kwargs\['key'\] is a object"):
        await call(raising, "query", SORT)
    del inner._retriever._kwargs["key"]
    inner._node_postprocessors.append(Silent())
    with pytest.warns(RuntimeWarning, match="counts as a miss: .*is a Silent"):
        assert str(await call(missing, "query", SORT)) == "echo/0.1: ['Ask Ann in HR.']"


class Silent:
    """A postprocessor that none of LlamaIndex's classes knows."""

    def postprocess_nodes(self, nodes: Any, **_: Any) -> Any:
        return nodes

    async def apostprocess_nodes(self, nodes: Any, **_: Any) -> Any:
        return nodes


class Changing(Scripted):
    """An engine whose setting changes while it answers, as by another thread that uses it too."""

    def __init__(self) -> None:
        super().__init__(lambda number: Response(f"answer {number}"))
        self._filters = 0

    def _query(self, query_bundle: Any) -> Any:
        self._filters += 1
        return super()._query(query_bundle)


async def test_what_an_engine_answers_while_it_is_changed_is_not_kept(cached: Any, call: Call) -> None:
    engine = cached(Changing(), name="changing")
    for number in (1, 2):
        with pytest.warns(RuntimeWarning, match="not cached: the engine was changed while it answered"):
            assert str(await call(engine, "query", SORT)) == f"answer {number}"


async def test_another_embedding_model_finds_the_answers_to_identical_queries_only(cached: Any, call: Call) -> None:
    await call(cached(Scripted(answer), name="docs"), "query", SORT)
    for model, asked in ((WordEmbedding(), []), (WordEmbedding(model_name="other words"), [SORT_TOO])):
        scripted = Scripted(answer)
        engine = cached(scripted, model, name="docs")
        assert str(await call(engine, "query", SORT)) == "answer 1"
        assert str(await call(engine, "query", SORT_TOO)) == "answer 1"
        assert scripted.asked == asked


async def test_a_copy_has_the_name(redis_url: str, index_name: str) -> None:
    given: dict[str, Any] = {"redis_url": redis_url, "index_name": index_name, "name": "docs"}
    with SemanticCacheQueryEngine(Scripted(answer), WordEmbedding(), **given) as engine:
        engine.query(SORT)
        with copy.deepcopy(engine) as twin:
            assert str(twin.query(SORT_TOO)) == "answer 1"
    given["name"] = "plain"
    engine = SemanticCacheQueryEngine(Plain(), WordEmbedding(), **given)
    with pickle.loads(pickle.dumps(engine)) as twin:  # noqa: S301  # ours
        assert str(twin.query(SORT)) == "plain"


class Plain(BaseQueryEngine):
    """An engine that can be pickled."""

    def __init__(self) -> None:
        super().__init__(callback_manager=None)

    def _get_prompt_modules(self) -> Any:
        return {}

    def _query(self, *_: Any) -> Any:
        return Response("plain")

    async def _aquery(self, *_: Any) -> Any:
        return Response("plain")
