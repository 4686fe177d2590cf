"""What tells query engines apart for a cache: their parts and settings, the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core import Document, MockEmbedding, PromptTemplate, SummaryIndex, VectorStoreIndex
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.indices.query.query_transform.base import HyDEQueryTransform
from llama_index.core.llms import MockLLM
from llama_index.core.postprocessor import LLMRerank, MetadataReplacementPostProcessor, SimilarityPostprocessor
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import (
    CitationQueryEngine,
    RetrieverQueryEngine,
    RouterQueryEngine,
    SubQuestionQueryEngine,
    TransformQueryEngine,
)
from llama_index.core.question_gen import LLMQuestionGenerator
from llama_index.core.retrievers import AutoMergingRetriever, QueryFusionRetriever, VectorIndexRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle
from llama_index.core.selectors import LLMSingleSelector
from llama_index.core.tools import QueryEngineTool
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters, SimpleVectorStore
from pydantic import BaseModel

from redisvl_adapters.llama_index import RedisVectorStore, SemanticCacheQueryEngine
from redisvl_adapters.llama_index.engine_fingerprint import UnreadableError, engine_fingerprint

EMBEDDING = MockEmbedding(embed_dim=4)


def on_redis(name: str = "docs", **options: Any) -> VectorStoreIndex:
    """Return an index on Redis; nothing is sent to it."""
    store = RedisVectorStore(index_name=name, redis_url="redis://localhost:1", **options)
    return VectorStoreIndex.from_vector_store(store, embed_model=EMBEDDING)


def engine(index: Any = None, **options: Any) -> Any:
    """Return the ordinary query engine of an index."""
    return (index or on_redis()).as_query_engine(**{"llm": MockLLM(max_tokens=5), **options})


def scoped(**metadata: Any) -> VectorStoreIndex:
    """Return the same within a scope."""
    store = RedisVectorStore(index_name="docs", redis_url="redis://localhost:1").scoped(**metadata)
    return VectorStoreIndex.from_vector_store(store, embed_model=EMBEDDING)


def where(year: int, key: str = "year") -> MetadataFilters:
    """Return a filter."""
    return MetadataFilters(filters=[MetadataFilter(key=key, value=year)])


class Answer(BaseModel):
    """A structured answer."""

    year: int


def shorter(model: type[BaseModel]) -> type[BaseModel]:
    """Return a class of the same name with another field."""
    return type(model.__name__, (BaseModel,), {"__annotations__": {"month": int}, "__module__": model.__module__})


IN_MEMORY = VectorStoreIndex.from_documents([Document(text="a")], embed_model=EMBEDDING)
PROMPT = PromptTemplate("{context_str} {query_str}")

UNLIKE: dict[str, Callable[[], Any]] = {
    "the ordinary one": engine,
    "another index": lambda: engine(on_redis("others")),
    "a scope": lambda: engine(scoped(tenant="a")),
    "another scope": lambda: engine(scoped(tenant="b")),
    "an index in memory": lambda: engine(IN_MEMORY),
    "another index in memory": lambda: engine(
        VectorStoreIndex.from_documents([Document(text="a")], embed_model=EMBEDDING)
    ),
    "another kind of index": lambda: engine(SummaryIndex.from_documents([Document(text="a")])),
    "another model": lambda: engine(llm=MockLLM(max_tokens=6)),
    "another system prompt": lambda: engine(llm=MockLLM(max_tokens=5, system_prompt="Be brief.")),
    "a filter": lambda: engine(filters=where(1990)),
    "another filter": lambda: engine(filters=where(1991)),
    "a filter on another key": lambda: engine(filters=where(1990, "edition")),
    "some documents": lambda: engine(doc_ids=["a"]),
    "some nodes": lambda: RetrieverQueryEngine.from_args(
        VectorIndexRetriever(on_redis(), node_ids=["a"]), llm=MockLLM(max_tokens=5)
    ),
    "more nodes": lambda: engine(similarity_top_k=7),
    "another mode": lambda: engine(vector_store_query_mode="hybrid"),
    "another alpha": lambda: engine(vector_store_query_mode="hybrid", alpha=0.3),
    "options of the store": lambda: engine(vector_store_kwargs={"mmr_threshold": 0.4}),
    "another embedding model": lambda: engine(embed_model=MockEmbedding(embed_dim=4, model_name="other")),
    "a postprocessor": lambda: engine(node_postprocessors=[SimilarityPostprocessor(similarity_cutoff=0.1)]),
    "another cutoff": lambda: engine(node_postprocessors=[SimilarityPostprocessor(similarity_cutoff=0.2)]),
    "a replacement": lambda: engine(node_postprocessors=[MetadataReplacementPostProcessor("window")]),
    "a replacement by another key": lambda: engine(node_postprocessors=[MetadataReplacementPostProcessor("summary")]),
    "a reranking model": lambda: engine(node_postprocessors=[LLMRerank(llm=MockLLM(max_tokens=5))]),
    "another reranking model": lambda: engine(node_postprocessors=[LLMRerank(llm=MockLLM(max_tokens=6))]),
    "another response mode": lambda: engine(response_mode="tree_summarize"),
    "a stream": lambda: engine(streaming=True),
    "another prompt": lambda: engine(text_qa_template=PROMPT),
    "the same prompt with something filled in": lambda: engine(text_qa_template=PROMPT.partial_format(context_str="a")),
    "a class of answers": lambda: engine(output_cls=Answer),
    "a class of answers of the same name": lambda: engine(output_cls=shorter(Answer)),
    "citations": lambda: CitationQueryEngine.from_args(on_redis(), llm=MockLLM(max_tokens=5)),
    "smaller citations": lambda: CitationQueryEngine.from_args(
        on_redis(), llm=MockLLM(max_tokens=5), citation_chunk_size=100, citation_chunk_overlap=10
    ),
    "a transformed query": lambda: TransformQueryEngine(engine(), HyDEQueryTransform(llm=MockLLM(max_tokens=5))),
    "a transformed query of another": lambda: TransformQueryEngine(
        engine(filters=where(1990)), HyDEQueryTransform(llm=MockLLM(max_tokens=5))
    ),
    "two retrievers": lambda: RetrieverQueryEngine.from_args(
        QueryFusionRetriever([on_redis().as_retriever(), IN_MEMORY.as_retriever()], llm=MockLLM(max_tokens=5)),
        llm=MockLLM(max_tokens=5),
    ),
}


def test_engines_that_may_answer_differently_are_told_apart() -> None:
    found = {name: engine_fingerprint(make()) for name, make in UNLIKE.items()}
    assert len(set(found.values())) == len(UNLIKE)
    named = {name: engine_fingerprint(make(), "a name") for name, make in UNLIKE.items()}
    assert not set(named.values()) & set(found.values())
    # A name stands for indexes in memory.
    assert named.pop("an index in memory") == named.pop("another index in memory")
    assert len(set(named.values())) == len(UNLIKE) - 2


@pytest.mark.parametrize(
    "name", [name for name in UNLIKE if name not in ("another index in memory", "another kind of index")]
)
def test_engines_made_alike_are_not(name: str) -> None:
    assert engine_fingerprint(UNLIKE[name]()) == engine_fingerprint(UNLIKE[name]())


def test_what_changes_no_answer_tells_nothing_apart() -> None:
    plain = engine_fingerprint(engine())
    assert engine_fingerprint(engine(use_async=True, verbose=True)) == plain
    assert engine_fingerprint(engine(on_redis(ttl=60, retry=1))) == plain
    assert engine_fingerprint(engine(embed_model=MockEmbedding(embed_dim=4, embed_batch_size=3))) == plain
    assert engine_fingerprint(engine()) != engine_fingerprint(engine(), "a name") != engine_fingerprint(engine(), "b")


@pytest.mark.parametrize(
    "change",
    [
        lambda made: setattr(made._retriever, "similarity_top_k", 9),
        lambda made: setattr(made._retriever, "_filters", where(1990)),
        lambda made: made._retriever._kwargs.update(mmr_threshold=0.1),
        lambda made: setattr(made._response_synthesizer._llm, "max_tokens", 9),
        lambda made: made.update_prompts({"response_synthesizer:text_qa_template": PROMPT}),
        lambda made: made._node_postprocessors.append(SimilarityPostprocessor(similarity_cutoff=0.5)),
    ],
)
@pytest.mark.parametrize("name", [None, "a name"])
def test_a_setting_that_is_changed_is_seen(change: Callable[[Any], None], name: str | None) -> None:
    made = engine()
    before = engine_fingerprint(made, name)
    change(made)
    assert engine_fingerprint(made, name) != before


def test_an_index_in_memory_is_known_by_its_nodes() -> None:
    index = VectorStoreIndex.from_documents([Document(text="a")], embed_model=EMBEDDING)
    before = engine_fingerprint(engine(index))
    assert engine_fingerprint(engine(index)) == before
    index.insert(Document(text="b"))
    assert engine_fingerprint(engine(index)) != before


SCRIPT = """
from tests.llama_index.test_engine_fingerprint import UNLIKE, engine_fingerprint
for name in ("the ordinary one", "a filter", "a class of answers", "citations", "a transformed query"):
    print(engine_fingerprint(UNLIKE[name]()))
"""


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert len(found.pop().split()) == 5


class OwnRetriever(BaseRetriever):
    """A retriever of somebody's own."""

    def __init__(self, filters: Any = None) -> None:
        super().__init__()
        self._filters = filters
        self.asked: list[str] = []

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        self.asked.append(query_bundle.query_str)
        return []


class OwnPostprocessor(BaseNodePostprocessor):
    """A postprocessor of somebody's own, which may look at who asks."""

    def _postprocess_nodes(self, nodes: list[NodeWithScore], *_: Any) -> list[NodeWithScore]:
        return nodes


class OwnStore(SimpleVectorStore):
    """A vector store of somebody's own."""


def over(retriever: BaseRetriever) -> BaseQueryEngine:
    """Return an engine over a retriever."""
    return RetrieverQueryEngine.from_args(retriever, llm=MockLLM(max_tokens=5))


def as_tool(**options: Any) -> QueryEngineTool:
    """Return an ordinary engine as a tool."""
    return QueryEngineTool.from_defaults(engine(**options), name="docs", description="Documents.")


def router(**options: Any) -> RouterQueryEngine:
    """Return an engine that chooses among one."""
    llm = MockLLM(max_tokens=5)
    selector = LLMSingleSelector.from_defaults(llm=llm)
    return RouterQueryEngine.from_defaults([as_tool(**options)], llm=llm, selector=selector)


UNREADABLE: dict[str, tuple[Callable[..., Any], str]] = {
    "a router": (
        router,
        "the query engine is a RouterQueryEngine",
    ),
    "sub-questions": (
        lambda **options: SubQuestionQueryEngine.from_defaults(
            [as_tool(**options)],
            llm=MockLLM(max_tokens=5),
            question_gen=LLMQuestionGenerator.from_defaults(llm=MockLLM(max_tokens=5)),
        ),
        "the query engine is a SubQuestionQueryEngine",
    ),
    "a router in a transformation": (
        lambda **options: TransformQueryEngine(
            router(**options),
            HyDEQueryTransform(llm=MockLLM(max_tokens=5)),
        ),
        "the query engine.query_engine is a RouterQueryEngine",
    ),
    "a retriever": (lambda **options: over(OwnRetriever(**options)), "the query engine.retriever is a OwnRetriever"),
    "a retriever of others": (
        lambda **options: over(QueryFusionRetriever([OwnRetriever(**options)], llm=MockLLM(max_tokens=5))),
        r"the query engine.retriever.retrievers\[0\] is a OwnRetriever",
    ),
    "a docstore": (
        lambda **options: over(
            AutoMergingRetriever(on_redis().as_retriever(**options), IN_MEMORY.storage_context)  # type: ignore[arg-type]
        ),
        "the query engine.retriever.storage_context.docstore is a SimpleDocumentStore",
    ),
    "a vector store": (
        lambda **options: engine(
            VectorStoreIndex.from_documents(
                [Document(text="a")],
                embed_model=EMBEDDING,
                storage_context=IN_MEMORY.storage_context.from_defaults(vector_store=OwnStore()),
            ),
            **options,
        ),
        "the query engine.retriever.index.vector_store is a OwnStore",
    ),
    "a postprocessor": (
        lambda **options: engine(node_postprocessors=[OwnPostprocessor()], **options),
        r"the query engine.node_postprocessors\[0\] is a OwnPostprocessor",
    ),
    "a function": (
        lambda **options: engine(
            text_qa_template=PROMPT.model_copy(update={"function_mappings": {"context_str": lambda **_: "a"}}),
            **options,
        ),
        "text_qa_template.function_mappings.*is a .*lambda",
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_engine_that_cannot_be_read_needs_a_name(kind: str) -> None:
    make, says = UNREADABLE[kind]
    with pytest.raises(UnreadableError, match=says):
        engine_fingerprint(make())
    assert (
        engine_fingerprint(make(), "docs") == engine_fingerprint(make(), "docs") != engine_fingerprint(make(), "more")
    )
    # What can be read of it is seen, named or not.
    assert engine_fingerprint(make(filters=where(1990)), "docs") != engine_fingerprint(make(), "docs")


def test_what_a_named_part_does_with_itself_is_not_read() -> None:
    made = over(OwnRetriever())
    before = engine_fingerprint(made, "docs")
    made.query("How?")
    assert engine_fingerprint(made, "docs") == before


def test_a_cache_over_a_cache_is_the_engine_beneath() -> None:
    cached = [SemanticCacheQueryEngine(engine(filters=where(year)), EMBEDDING) for year in (1990, 1991)]
    found = {engine_fingerprint(TransformQueryEngine(one, HyDEQueryTransform(llm=MockLLM()))) for one in cached}
    assert len(found) == 2
