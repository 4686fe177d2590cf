"""Models that write filters: LangChain's self-query retriever and LlamaIndex's auto-retriever, with scripted models."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain_classic")
pytest.importorskip("lark")

from langchain_classic.retrievers.self_query.base import SelfQueryRetriever
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.structured_query import Comparator, Comparison, Operation, StructuredQuery
from langchain_core.structured_query import Operator as LogicalOperator
from llama_index.core import VectorStoreIndex
from llama_index.core.bridge.pydantic import Field
from llama_index.core.indices.vector_store.retrievers import VectorIndexAutoRetriever
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.vector_stores.types import FilterOperator

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import (
    WordEmbedding,
    embed,
    filters,
    on,
    open_store,
    text_node,
    where,
)
from redisvl_adapters import FilterError, UnknownFieldWarning
from redisvl_adapters.core import And, Compare, Not, Operator
from redisvl_adapters.langchain import RedisStructuredQueryTranslator, RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture

METADATAS: dict[str, dict[str, Any]] = {
    "alien": {"year": 1979, "genre": ["horror", "scifi"], "rating": 8.5, "seen": True, "on": "1979-05-25"},
    "heat": {"year": 1995, "genre": ["crime"], "rating": 8.3, "seen": False, "on": "1995-12-15"},
    "gattaca": {"year": 1997, "genre": ["scifi"], "rating": 7.8, "on": "1997-10-24", "made": {"in": "US"}},
}
DECLARED = {"on": "timestamp"}

# What the model answers to a question, and what is to be found.
ANSWERS: list[tuple[str, str]] = [
    ("NO_FILTER", "alien gattaca heat"),
    ('eq("year", 1995)', "heat"),
    ('eq("rating", 8.5)', "alien"),
    ('eq("genre", "scifi")', "alien gattaca"),
    ('eq("seen", true)', "alien"),
    ('eq("made.in", "US")', "gattaca"),
    ('ne("genre", "scifi")', "heat"),
    ('ne("seen", true)', "gattaca heat"),
    ('eq("year", "1995")', "heat"),
    ('gt("year", 1995)', "gattaca"),
    ('gt("genre", "d")', "alien gattaca"),
    ('gte("year", 1995)', "gattaca heat"),
    ('lt("rating", 8)', "gattaca"),
    ('lte("rating", 8.3)', "gattaca heat"),
    ('contain("genre", "crime")', "heat"),
    ('like("genre", "%or")', "alien"),
    ('like("genre", "scif_")', "alien gattaca"),
    ('in("year", [1979, 1997])', "alien gattaca"),
    ('in("genre", ["crime", "western"])', "heat"),
    ('in("genre", [])', ""),
    ('nin("genre", ["crime"])', "alien gattaca"),
    ('gt("on", "1995-12-14")', "gattaca heat"),
    ('lt("on", "1995-12-15T00:00:01Z")', "alien heat"),
    ('in("on", ["1979-05-25", "1997-10-24"])', "alien gattaca"),
    ('and(eq("genre", "scifi"), gt("year", 1990))', "gattaca"),
    ('or(eq("year", 1979), eq("genre", "crime"))', "alien heat"),
    ('not(eq("genre", "scifi"))', "heat"),
    ('and(or(eq("year", 1979), eq("year", 1995)), not(and(eq("genre", "horror"), gt("rating", 8))))', "heat"),
    ('not(or(lt("year", 1980), in("genre", ["crime"])))', "gattaca"),
]


async def films(call: Call, clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    store = store_on(clients, index_name, Model(), storage=storage, metadata_schema=DECLARED)
    await call(store, "add_texts", [*METADATAS], [*METADATAS.values()], ids=[*METADATAS])
    return store


def model_of(*answers: str) -> FakeListChatModel:
    """Return a model that answers with these filters."""
    written = [f"```json\n{json.dumps({'query': 'film', 'filter': answer})}\n```" for answer in answers]
    return FakeListChatModel(responses=written)


def answering(
    store: RedisVectorStore, fields: list[dict[str, str]], *answers: str, **options: Any
) -> SelfQueryRetriever:
    """Return a retriever whose model answers so."""
    return SelfQueryRetriever.from_llm(
        model_of(*answers),
        store,
        "Films",
        fields,
        structured_query_translator=RedisStructuredQueryTranslator(**options),
        search_kwargs={"k": 100},
    )


async def test_a_self_query_retriever_finds_what_its_model_asked_for(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await films(call, clients, index_name, storage)
    retriever = answering(store, await call(store, "attribute_info"), *(answer for answer, _ in ANSWERS))
    for answer, expected in ANSWERS:
        found = await call(retriever, "invoke", "which films?")
        assert sorted(map(str, ids_of(found))) == expected.split(), answer


def test_every_comparator_and_operator_is_translated_and_asked() -> None:
    asked = " ".join(answer for answer, _ in ANSWERS)
    assert {*RedisStructuredQueryTranslator.allowed_comparators} == {*Comparator}
    assert {*RedisStructuredQueryTranslator.allowed_operators} == {*LogicalOperator}
    assert [name for name in (*Comparator, *LogicalOperator) if f"{name.value}(" not in asked] == []


async def test_the_model_is_told_the_fields_and_what_they_can_be_asked(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await films(call, clients, index_name, storage)
    fields = await call(store, "attribute_info")
    seen: list[str] = []

    class Listening(FakeListChatModel):
        def _call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
            seen.append(messages[0].content)
            return super()._call(messages, *args, **kwargs)

    retriever = SelfQueryRetriever.from_llm(
        Listening(responses=[json.dumps({"query": "", "filter": "NO_FILTER"})]),
        store,
        "Films",
        fields,
        structured_query_translator=RedisStructuredQueryTranslator(),
    )
    assert len(await call(retriever, "invoke", "any")) == 3
    (prompt,) = seen
    for field in fields:
        assert field["name"] in prompt
        assert json.dumps(field["description"]) in prompt
    assert "like" in prompt
    assert "not" in prompt


async def test_a_field_that_is_not_there_finds_nothing_and_never_widens(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await films(call, clients, index_name, storage)
    fields = [*await call(store, "attribute_info"), {"name": "yeer", "type": "float", "description": "?"}]
    retriever = answering(store, fields, 'ne("yeer", 1990)', 'gt("seen", true)', 'gt("yeer", 1990)')
    for reason in ("did you mean 'year'", "has no GT"):
        with pytest.raises(FilterError, match=reason):
            await call(retriever, "invoke", "which films?")
    with pytest.warns(UnknownFieldWarning, match="did you mean 'year'"):
        assert await call(retriever, "invoke", "which films?") == []


async def test_the_filter_of_a_translator_holds_whatever_the_model_writes(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = await films(call, clients, index_name, storage)
    answers = ["NO_FILTER", 'gt("year", 0)', 'or(eq("genre", "crime"), gt("year", 0))', 'not(eq("genre", "crime"))']
    retriever = answering(store, await call(store, "attribute_info"), *answers, filter={"genre": "crime"})
    for expected in (["heat"], ["heat"], ["heat"], []):
        assert ids_of(await call(retriever, "invoke", "which films?")) == expected
    with pytest.raises(FilterError, match="a filter was expected"):
        RedisStructuredQueryTranslator("crime")  # type: ignore[arg-type]  # that is what is tested


def test_a_structured_query_is_a_filter() -> None:
    day: Any = {"date": "2024-01-01", "type": "date"}
    given = Operation(
        operator=LogicalOperator.NOT,
        arguments=[
            Comparison(comparator=Comparator.GTE, attribute="on", value=day),
            Comparison(comparator=Comparator.IN, attribute="on", value=[day, "2024-01-02"]),
        ],
    )
    translator = RedisStructuredQueryTranslator()
    query, options = translator.visit_structured_query(StructuredQuery(query="q", filter=given, limit=None))
    days = ["2024-01-01", "2024-01-02"]
    assert (query, options) == (
        "q",
        {"filter": Not((Compare("on", Operator.GTE, "2024-01-01"), Compare("on", Operator.IN, days)))},
    )
    assert translator.visit_structured_query(StructuredQuery(query="q", filter=None, limit=None)) == ("q", {})
    assert translator.visit_operation(Operation(operator=LogicalOperator.AND, arguments=[])) == And(())


# LlamaIndex


class Scripted(CustomLLM):
    """A model that gives its answers one after another, and keeps what it was asked."""

    answers: list[str]
    asked: list[str] = Field(default_factory=list)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata()

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:  # noqa: ARG002
        self.asked.append(prompt)
        return CompletionResponse(text=self.answers[len(self.asked) - 1])

    def stream_complete(self, prompt: str, *_: Any, **__: Any) -> Generator[CompletionResponse, None, None]:
        yield self.complete(prompt)


SPECS: list[tuple[list[dict[str, Any]], str]] = [
    ([], "alien gattaca heat"),
    ([{"key": "year", "value": 1995}], "heat"),
    ([{"key": "year", "value": 1995, "operator": "!="}], "alien gattaca"),
    ([{"key": "year", "value": 1995, "operator": ">"}], "gattaca"),
    ([{"key": "year", "value": 1995, "operator": ">="}], "gattaca heat"),
    ([{"key": "rating", "value": 8.3, "operator": "<"}], "gattaca"),
    ([{"key": "rating", "value": 8.3, "operator": "<="}], "gattaca heat"),
    ([{"key": "genre", "value": ["crime", "horror"], "operator": "in"}], "alien heat"),
    ([{"key": "genre", "value": ["crime", "horror"], "operator": "nin"}], "gattaca"),
    ([{"key": "genre", "value": ["crime", "horror"], "operator": "any"}], "alien heat"),
    ([{"key": "genre", "value": ["scifi", "horror"], "operator": "all"}], "alien"),
    ([{"key": "genre", "value": "scifi", "operator": "contains"}], "alien gattaca"),
    ([{"key": "genre", "value": "or", "operator": "text_match"}], "alien"),
    ([{"key": "genre", "value": "SCI", "operator": "text_match_insensitive"}], "alien gattaca"),
    ([{"key": "seen", "value": None, "operator": "is_empty"}], "gattaca"),
    ([{"key": "on", "value": "1995-12-15", "operator": ">="}], "gattaca heat"),
    ([{"key": "seen", "value": "true"}, {"key": "year", "value": 1980, "operator": "<"}], "alien"),
]


@pytest.fixture
async def film_nodes(redis_url: str, index_name: str, storage: str) -> AsyncIterator[LlamaIndexStore]:
    async with open_store(redis_url, index_name, storage, metadata_schema=DECLARED) as store:
        store.add([text_node(name, name, vector=embed(name), **metadata) for name, metadata in METADATAS.items()])
        yield store


async def test_an_auto_retriever_finds_what_its_model_asked_for(film_nodes: LlamaIndexStore, call: Call) -> None:
    answers = [json.dumps({"query": "film", "filters": spec, "top_k": 10}) for spec, _ in SPECS]
    model = Scripted(answers=answers)
    info = await call(film_nodes, "vector_store_info", "films")
    index = VectorStoreIndex.from_vector_store(film_nodes, embed_model=WordEmbedding())
    retriever = VectorIndexAutoRetriever(
        index, vector_store_info=info, llm=model, similarity_top_k=10, extra_filters=filters()
    )
    for spec, expected in SPECS:
        found = await on(call, retriever, "retrieve", "which films?")
        assert sorted(node.node.node_id for node in found) == expected.split(), spec
    assert {one.get("operator", "==") for spec, _ in SPECS for one in spec} == {one.value for one in FilterOperator}
    told = [json.dumps(part) for field in info.metadata_info for part in (field.name, field.description)]
    assert [part for part in told if part not in model.asked[0]] == []


async def test_a_restriction_of_the_program_holds_whatever_the_model_writes(
    film_nodes: LlamaIndexStore, call: Call
) -> None:
    wide = json.dumps({"query": "film", "filters": [{"key": "year", "value": 0, "operator": ">"}]})
    retriever = VectorIndexAutoRetriever(
        VectorStoreIndex.from_vector_store(film_nodes, embed_model=WordEmbedding()),
        vector_store_info=await call(film_nodes, "vector_store_info"),
        llm=Scripted(answers=[wide]),
        similarity_top_k=10,
        extra_filters=filters(where("genre", "crime")),
    )
    found = await on(call, retriever, "retrieve", "which films?")
    assert [node.node.node_id for node in found] == ["heat"]


async def test_a_model_that_writes_a_filter_alone_finds_what_matches_it(
    film_nodes: LlamaIndexStore, call: Call
) -> None:
    scifi = [{"key": "genre", "value": "scifi"}]
    answers = [json.dumps({"query": "", "filters": scifi}), json.dumps({"query": "", "filters": [], "top_k": 2})]
    retriever = VectorIndexAutoRetriever(
        VectorStoreIndex.from_vector_store(film_nodes, embed_model=WordEmbedding()),
        vector_store_info=await call(film_nodes, "vector_store_info"),
        llm=Scripted(answers=[*answers, answers[0]]),
    )
    found = await on(call, retriever, "retrieve", "all science fiction")
    assert sorted(node.node.node_id for node in found) == ["alien", "gattaca"]
    assert [node.score for node in found] == [1.0, 1.0]
    assert len(await on(call, retriever, "retrieve", "any two films")) == 2
    narrowed = VectorIndexAutoRetriever(
        VectorStoreIndex.from_vector_store(film_nodes, embed_model=WordEmbedding()),
        vector_store_info=await call(film_nodes, "vector_store_info"),
        llm=Scripted(answers=answers[:1]),
        empty_query_top_k=1,
        extra_filters=filters(where("year", 1995, FilterOperator.GT)),
    )
    assert [node.node.node_id for node in await on(call, narrowed, "retrieve", "science fiction")] == ["gattaca"]


async def test_the_examples_of_the_page_run_as_they_are(
    clients: Clients, index_name: str, storage: str, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[1] / "docs" / "filters.md").read_text()
    langchain, llama = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    store = store_on(clients, index_name, Model(), storage=storage)
    store.add_texts(
        ["a", "b", "c"],
        [{"year": 1979, "public": True}, {"year": 1979, "public": False}, {"year": 1995, "public": True}],
        ids=["public", "secret", "new"],
    )
    told: dict[str, Any] = {"llm": model_of('lt("year", 1980)'), "store": store}
    exec(compile(langchain, "filters.md", "exec"), told)  # noqa: S102  # our page
    assert [("public" in each, "secret" in each, "new" in each) for each in printed(capsys)] == [(True, False, False)]
    async with open_store(redis_url, index_name, storage) as nodes:
        old = json.dumps({"query": "", "filters": [{"key": "year", "operator": "<", "value": 1980}]})
        told = {"llm": Scripted(answers=[old]), "index": VectorStoreIndex.from_vector_store(nodes, WordEmbedding())}
        exec(compile(llama, "filters.md", "exec"), told)  # noqa: S102  # our page
    assert [("public" in each, "secret" in each, "new" in each) for each in printed(capsys)] == [(True, False, False)]


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the ids of what was printed, line by line."""
    return [" ".join(re.findall(r"id_?='(\w+)'", line)) for line in capsys.readouterr().out.splitlines()]


async def test_the_store_says_what_can_be_filtered(film_nodes: LlamaIndexStore, call: Call) -> None:
    info = await call(film_nodes, "vector_store_info", content_info="films")
    assert info.content_info == "films"
    assert {field.name: field.type for field in info.metadata_info} == {
        "year": "float",
        "genre": "string",
        "rating": "float",
        "seen": "string",
        "on": "datetime",
        "made.in": "string",
    }
