"""The query engine for LlamaIndex that answers from a semantic cache: responses come back whole, sources and all."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from typing import Any

import pytest
import redis
from llama_index.core import VectorStoreIndex
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import (
    AsyncStreamingResponse,
    PydanticResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.llms import MockLLM
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import (
    Document,
    ImageNode,
    IndexNode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from pydantic import BaseModel

from integration_tests.conftest import Call
from integration_tests.langchain.langchain_support import keys_of
from integration_tests.llama_index.llama_index_support import WordEmbedding
from integration_tests.servers import aconnect
from redisvl_adapters.errors import (
    ArgumentError,
    EmbeddingError,
    SchemaMismatchError,
    ServerUnavailableError,
    UnknownArgumentError,
)
from redisvl_adapters.llama_index import SemanticCacheQueryEngine

SORT = "how do I sort a list"
SORT_TOO = "how do I sort a list please"
SING = "which song is the longest"

RELATED = RelatedNodeInfo(node_id="doc", metadata={"a": 1}, hash="h")
NODES = [
    TextNode(
        id_="1",
        text="Use sorted.",
        metadata={"n": 1, "none": None, "l": [1.5]},
        relationships={NodeRelationship.SOURCE: RELATED},
    ),
    ImageNode(id_="2", text="An image.", image="iVBORw0KGgo=", image_mimetype="image/png"),
    IndexNode(id_="3", text="An index.", index_id="i"),
    Document(id_="4", text="A document.", metadata={"year": 1991}, excluded_llm_metadata_keys=["year"]),
    TextNode(id_="5", text="käse", embedding=[0.1, 0.2], start_char_idx=3),
]
SOURCES = [
    NodeWithScore(node=node, score=score) for node, score in zip(NODES, [0.9, 0.1 + 0.2, None, 0.0, -1], strict=True)
]
METADATA = {"1": {"n": 1, "none": None, "l": [1.5]}, "2": {}}


class Scripted(BaseQueryEngine):
    """A query engine that answers each query by what a function makes of the number of the query."""

    def __init__(self, answer: Callable[[int], Any]) -> None:
        super().__init__(callback_manager=None)
        self.answer = answer
        self.asked: list[str] = []

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}

    def _query(self, query_bundle: QueryBundle) -> Any:
        self.asked.append(query_bundle.query_str)
        return self.answer(len(self.asked))

    async def _aquery(self, query_bundle: QueryBundle) -> Any:
        return self._query(query_bundle)

    def retrieve(self, *_: Any, **__: Any) -> list[NodeWithScore]:
        return SOURCES

    def synthesize(self, *parts: Any, **_: Any) -> Response:
        return Response("made of nodes", parts[1])

    async def asynthesize(self, *parts: Any, **_: Any) -> Response:
        return Response("made of nodes", parts[1])


def answer(number: int) -> Response:
    """Return a response with every kind of source."""
    return Response(f"answer {number}", copy.deepcopy(SOURCES), dict(METADATA))


@pytest.fixture
async def cached(redis_url: str, server: redis.Redis, index_name: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes an engine with a cache of the test's own."""
    async with aconnect(redis_url, protocol=2) as async_client:

        def make(engine: Any = None, **options: Any) -> SemanticCacheQueryEngine:
            given = {"index_name": index_name, "client": server, "async_client": async_client, **options}
            if engine is None or isinstance(engine, Scripted):
                given = {"name": "scripted", **given}
            return SemanticCacheQueryEngine(engine or Scripted(answer), WordEmbedding(), **given)

        yield make


async def test_a_response_comes_back_whole(cached: Any, storage: str, call: Call) -> None:
    scripted = Scripted(answer)
    engine = cached(scripted, storage=storage)
    for query in (SORT, SORT, SORT_TOO):
        response = await call(engine, "query", query)
        assert type(response) is Response
        assert response == answer(1)
        assert [repr(hit.model_dump()) for hit in response.source_nodes] == [repr(hit.model_dump()) for hit in SOURCES]
        assert [type(hit.node) for hit in response.source_nodes] == [type(node) for node in NODES]
    assert str(await call(engine, "query", SING)) == "answer 2"
    assert scripted.asked == [SORT, SING]


async def test_a_real_engine_is_answered_from_the_cache(cached: Any, call: Call) -> None:
    index = VectorStoreIndex.from_documents(
        [Document(text="A list keeps its order.", id_="d", metadata={"n": 1})], embed_model=WordEmbedding()
    )
    engine = cached(index.as_query_engine(llm=MockLLM(max_tokens=3)))
    fresh = await call(engine, "query", SORT)
    assert fresh.source_nodes[0].score is not None
    assert await call(engine, "query", SORT_TOO) == fresh
    assert engine.get_prompts().keys() == {
        f"query_engine:{name}" for name in index.as_query_engine(llm=MockLLM()).get_prompts()
    }


@pytest.mark.parametrize("response", [Response(None), Response(""), Response("text", [], {})])
async def test_a_response_with_little_in_it_comes_back(cached: Any, call: Call, response: Response) -> None:
    engine = cached(Scripted(lambda number: response if number == 1 else None))
    for _ in range(2):
        assert await call(engine, "query", SORT) == response


async def test_answers_hold_within_their_scope_only(cached: Any, call: Call) -> None:
    everyone = cached()
    acme = everyone.scoped(tenant="acme")
    assert str(await call(everyone, "query", SORT)) == "answer 1"
    assert str(await call(acme, "query", SORT)) == "answer 2"
    assert str(await call(acme, "query", SORT_TOO)) == "answer 2"
    await call(acme, "clear")
    assert str(await call(acme, "query", SORT)) == "answer 3"
    assert str(await call(everyone, "query", SORT_TOO)) == "answer 1"


async def test_what_goes_with_a_query_must_be_equal(cached: Any, call: Call) -> None:
    engine = cached()
    queries = [
        QueryBundle(SORT),
        QueryBundle(SORT, image_path="a.png"),
        QueryBundle(SORT, image_path="b.png"),
        QueryBundle(SORT, custom_embedding_strs=["a"]),
        QueryBundle(SORT, custom_embedding_strs=["\ud83d"]),
        QueryBundle(SORT, embedding=[1.0, 0.0]),
    ]
    for _ in range(2):
        assert [str(await call(engine, "query", query)) for query in queries] == [f"answer {n}" for n in range(1, 7)]


async def test_an_answer_expires(cached: Any, server: redis.Redis, index_name: str, call: Call) -> None:
    await call(cached(ttl=60), "query", SORT)
    (key,) = keys_of(server, f"{index_name}:")
    assert 0 < server.pttl(key) <= 60_000


PIECES = ["It ", "is ", "so."]


def streamed(number: int) -> Generator[str, None, None]:
    yield from PIECES


async def astreamed(number: int) -> AsyncGenerator[str, None]:
    for piece in PIECES:
        yield piece


async def test_a_streamed_response_is_kept_when_it_is_complete(cached: Any) -> None:
    scripted = Scripted(lambda number: StreamingResponse(streamed(number), SOURCES, METADATA))
    engine = cached(scripted)
    response = engine.query(SORT)
    assert next(response.response_gen) == PIECES[0]
    assert isinstance(engine.query(SORT), StreamingResponse)
    assert len(scripted.asked) == 2
    assert list(response.response_gen) == PIECES[1:]
    for query in (SORT, SORT_TOO):
        found = engine.query(query)
        assert type(found) is StreamingResponse
        assert (str(found), found.source_nodes, found.metadata) == ("It is so.", SOURCES, METADATA)
    assert len(scripted.asked) == 2


async def test_an_async_stream_is_kept_when_it_is_complete(cached: Any) -> None:
    scripted = Scripted(lambda number: AsyncStreamingResponse(astreamed(number), SOURCES, METADATA))
    engine = cached(scripted)
    response = await engine.aquery(SORT)
    assert [piece async for piece in response.async_response_gen()] == PIECES
    found = await engine.aquery(SORT_TOO)
    assert type(found) is AsyncStreamingResponse
    assert await found.get_response() == Response("It is so.", SOURCES, METADATA)
    assert len(scripted.asked) == 1


class Answer(BaseModel):
    """A structured answer."""

    year: int


async def test_a_structured_response_comes_back(cached: Any, call: Call) -> None:
    engine = cached(Scripted(lambda number: PydanticResponse(Answer(year=1990 + number), SOURCES)), output_cls=Answer)
    for _ in range(2):
        assert await call(engine, "query", SORT) == PydanticResponse(Answer(year=1991), SOURCES)
    empty = cached(Scripted(lambda _: PydanticResponse(None)), output_cls=Answer)
    for _ in range(2):
        assert await call(empty, "query", SING) == PydanticResponse(None)


class Mine(Response):
    """A response of somebody else's."""


async def test_what_could_not_come_back_is_not_kept(cached: Any, call: Call) -> None:
    for response, says in (
        (PydanticResponse(Answer(year=1)), "output_cls=Answer"),
        (Response("a", [NodeWithScore(node=IndexNode(text="", index_id="i", obj=print))]), "could not be read back"),
        (Response("a", [], {"a": print}), "could not be read back"),
        (Mine("a"), "the response is a Mine"),
    ):
        scripted = Scripted(lambda _, response=response: response)  # type: ignore[misc]  # bound at once
        engine = cached(scripted)
        for _ in range(2):
            with pytest.warns(RuntimeWarning, match=says):
                assert await call(engine, "query", SORT) is response
        assert len(scripted.asked) == 2


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"kind":"plain"}', '{"kind":"odd","text":"","nodes":[],"metadata":{}}']
)
async def test_a_damaged_entry_is_a_miss_with_a_warning(
    cached: Any, server: redis.Redis, index_name: str, call: Call, text: str
) -> None:
    engine = cached()
    await call(engine, "query", SORT)
    (key,) = keys_of(server, f"{index_name}:")
    server.hset(key, "_node", text)
    with pytest.warns(RuntimeWarning, match="is damaged"):
        assert str(await call(engine, "query", SORT)) == "answer 2"
    assert str(await call(engine, "query", SORT_TOO)) == "answer 2"


async def test_bad_input_is_refused(cached: Any, call: Call) -> None:
    for options, says in (
        ({"distance_threshold": 3}, "from 0"),
        ({"ttl": 0}, "ttl is"),
        ({"output_cls": 1}, "output_cls"),
    ):
        with pytest.raises(ArgumentError, match=says):
            cached(**options)
    with pytest.raises(UnknownArgumentError, match="has no argument 'tll'"):
        cached(tll=1)
    with pytest.raises(ArgumentError, match="query_engine is a LlamaIndex BaseQueryEngine; not int"):
        cached(1)
    with pytest.raises(ArgumentError, match="embed_model is a LlamaIndex BaseEmbedding; not str"):
        SemanticCacheQueryEngine(Scripted(answer), "local")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ArgumentError, match="a prompt is a non-empty text"):
        await call(cached(), "query", "")


async def test_an_embedding_of_other_dimensions_is_refused(cached: Any, call: Call) -> None:
    await call(cached(), "create", 5)
    with pytest.raises(SchemaMismatchError, match="vectors of 5 dimensions"):
        await call(cached(), "query", SORT)


async def test_redis_away_raises_or_is_a_miss(call: Call) -> None:
    away: dict[str, Any] = {"redis_url": "redis://localhost:1"}
    with pytest.raises(ServerUnavailableError):
        await call(SemanticCacheQueryEngine(Scripted(answer), WordEmbedding(), name="scripted", **away), "query", SORT)
    engine = SemanticCacheQueryEngine(Scripted(answer), WordEmbedding(), name="scripted", **away, on_error="miss")
    with pytest.warns(RuntimeWarning, match="no Redis server answers"):
        assert str(await call(engine, "query", SORT)) == "answer 1"


class Failing(WordEmbedding):
    """An embedding model that is out of its quota."""

    def _get_query_embedding(self, *_: str) -> list[float]:
        raise RuntimeError("429: slow down")

    async def _aget_query_embedding(self, *_: str) -> list[float]:
        raise RuntimeError("429: slow down")


async def test_no_query_fails_because_of_its_cache_if_so_told(
    server: redis.Redis, cached: Any, index_name: str, call: Call
) -> None:
    await call(cached(), "query", SING)
    given: dict[str, Any] = {"client": server, "index_name": index_name, "name": "scripted"}
    for on_error, query, says in (("miss", SORT, "429: slow down"), ("miss", "", "a prompt is a non-empty text")):
        engine = SemanticCacheQueryEngine(Scripted(answer), Failing(), on_error=on_error, **given)  # type: ignore[arg-type]
        with pytest.warns(RuntimeWarning, match=says) as told:
            assert str(await call(engine, "query", query)) == "answer 1"
        assert len(told) == 2
    engine = SemanticCacheQueryEngine(Scripted(answer), Failing(), **given)
    with pytest.raises(EmbeddingError, match="the embedding model of the cache failed: RuntimeError: 429"):
        await call(engine, "query", SORT)


async def test_retrieving_and_synthesising_go_to_the_engine_beneath(cached: Any, call: Call) -> None:
    engine = cached()
    assert engine.retrieve(QueryBundle(SORT)) == SOURCES
    assert await call(engine, "synthesize", QueryBundle(SORT), SOURCES) == Response("made of nodes", SOURCES)
