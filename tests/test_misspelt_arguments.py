"""Slips of the pen: each is refused before anything is sent or embedded, with what the call takes, by its own name."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import redis
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from llama_index.core import MockEmbedding, SummaryIndex
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.llms import MockLLM
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from redisvl_adapters import ArgumentError, UnknownArgumentError, indexes
from redisvl_adapters.core.index import lifecycle
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import (
    RedisByteStore,
    RedisCache,
    RedisChatMessageHistory,
    RedisRecordManager,
    RedisSemanticCache,
    RedisVectorStore,
    acalibrate,
    calibrate,
)
from redisvl_adapters.llama_index import RedisChatStore, RedisKVStore, RedisMemoryStore, SemanticCacheQueryEngine
from redisvl_adapters.llama_index.query_modes import run_query

VECTOR = [1.0, 2.0]


class NoModel(Embeddings):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise AssertionError(texts)

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError(text)


def langchain() -> RedisVectorStore:
    return RedisVectorStore(NoModel(), index_name="docs", redis_url="redis://localhost:1")


def query(mode: str = "default", **options: Any) -> Any:
    asked = VectorStoreQuery(query_embedding=VECTOR, query_str="a", mode=VectorStoreQueryMode(mode))
    return next(run_query(IndexState(read_options({"index_name": "docs"})), asked, options))


def engine() -> BaseQueryEngine:
    return SummaryIndex([]).as_query_engine(llm=MockLLM())


Slip = Callable[[], object]
HISTORY: Any = RedisChatMessageHistory
STORE: Any = RedisVectorStore
CACHE: Any = RedisSemanticCache
ENGINE_CACHE: Any = SemanticCacheQueryEngine
INDEXES: Any = indexes
MANAGER: Any = RedisRecordManager
CALIBRATE: Any = calibrate
EMBEDDED: Any = EmbeddedRedis
SLIPS: dict[str, tuple[Slip, str]] = {
    "mmr": (
        lambda: langchain().max_marginal_relevance_search("a", lamda_mult=0.5),  # type: ignore[call-arg]
        "max_marginal_relevance_search.*'lamda_mult'.*'lambda_mult'.*fetch_k",
    ),
    "relevance": (
        lambda: langchain().similarity_search_with_relevance_scores("a", score_treshold=0.3),  # type: ignore[call-arg]
        "with_relevance_scores.*mean 'score_threshold'",
    ),
    "by vector": (
        lambda: langchain().similarity_search_by_vector(VECTOR, filtr={}),  # type: ignore[call-arg]
        "similarity_search_by_vector has.*'filtr'.*mean 'filter'.* k,",
    ),
    "mmr by vector": (
        lambda: langchain().max_marginal_relevance_search_by_vector(VECTOR, lamda_mult=0.5),  # type: ignore[call-arg]
        "mean 'lambda_mult'",
    ),
    "texts": (
        lambda: langchain().add_texts(["a"], metadata=[{}]),  # type: ignore[call-arg]
        "add_texts has.*'metadata'.*mean 'metadatas'",
    ),
    "documents": (
        lambda: langchain().add_documents([Document("a")], bath_size=3),  # type: ignore[call-arg]
        "add_documents.*mean 'batch_size'",
    ),
    "new store of texts": (
        lambda: STORE.from_texts(["a"], NoModel(), metadata=[{}]),
        "^from_texts has no argument 'metadata'.*mean 'metadatas'.*; beside texts, metadatas, ids, embedding, .*lists",
    ),
    "new store of documents": (
        lambda: STORE.from_documents([], NoModel(), id=["x"]),
        "^from_documents has no argument 'id'.*mean 'ids'",
    ),
    "new store, added to": (
        lambda: STORE.from_documents([], NoModel(), batch_size=3),
        r"^from_documents has no argument 'batch_size'; make the store, then add_documents\(..., batch_size=\)",
    ),
    "LangChain's cache": (
        lambda: CACHE(NoModel(), indexname="c"),
        "RedisSemanticCache has no argument 'indexname'.*mean 'index_name'.* embedding,",
    ),
    "LlamaIndex's cache": (
        lambda: ENGINE_CACHE(engine(), MockEmbedding(embed_dim=2), name="a", output_class=None),
        "SemanticCacheQueryEngine.*mean 'output_cls'.* embed_model, .*name, .*output_cls, .*query_engine",
    ),
    "a cache's threshold": (lambda: CACHE(NoModel(), score_threshold=0.1), "mean 'distance_threshold'"),
    "LlamaIndex query": (lambda: query(k=3), r"a query has no argument 'k'[^k]*; it takes: (?!.*\bk\b)"),
    "LlamaIndex mmr": (lambda: query("mmr", mmr_treshold=0.3), "mean 'mmr_threshold'"),
    "LangChain's word for it": (lambda: query("mmr", lambda_mult=0.3), "mean 'mmr_threshold'"),
    "LlamaIndex's word for it": (
        lambda: langchain().max_marginal_relevance_search("a", mmr_threshold=0.5),  # type: ignore[call-arg]
        "mean 'lambda_mult'",
    ),
    "history": (lambda: HISTORY("s", user="ann"), "RedisChatMessageHistory has.*'user'.*mean 'user_id'"),
    "calibration": (lambda: CALIBRATE([], len, treshold=[0.1]), "^calibrate has no.*'treshold'.*mean 'thresholds'"),
    "embedded Redis": (lambda: EMBEDDED(pathh="x"), "EmbeddedRedis has no argument 'pathh'.*mean 'path'"),
    "indexes of a server": (lambda: INDEXES(redis_ur="x"), "^indexes has no.*'redis_ur'.*mean 'redis_url'"),
    "record manager": (lambda: MANAGER("n", url="x"), "RedisRecordManager has no argument 'url'"),
}


@pytest.mark.parametrize(("slip", "said"), SLIPS.values(), ids=SLIPS)
def test_a_misspelt_keyword_is_refused_with_what_the_call_takes(slip: Slip, said: str) -> None:
    with pytest.raises(UnknownArgumentError, match=said) as refused:
        slip()
    taken = str(refused.value).rpartition("it takes: ")[2].split(", ")
    assert len(taken) == len(set(taken))


async def test_async_makers_of_stores_refuse_misspelt_keywords_too() -> None:
    with pytest.raises(UnknownArgumentError, match=r"afrom_texts.*make the store, then aadd_texts\(..., batch_size=\)"):
        await STORE.afrom_texts(["a"], NoModel(), batch_size=3)
    with pytest.raises(UnknownArgumentError, match=r"afrom_documents.*mean 'ids'"):
        await STORE.afrom_documents([], NoModel(), id=["x"])


@pytest.mark.parametrize("name", ["score_threshold", "relevance_threshold"])
@pytest.mark.parametrize("search", ["similarity_search", "hybrid_search", "max_marginal_relevance_search"])
def test_a_least_score_is_not_taken_for_a_largest_distance(search: str, name: str) -> None:
    with pytest.raises(UnknownArgumentError, match="similarity_search_with_relevance_scores") as refused:
        getattr(langchain(), search)("a", **{name: 0.8})
    assert "distance_threshold" not in str(refused.value)


WRONG: dict[str, tuple[Slip, str]] = {
    "no search type": (lambda: langchain().search("a", "hybird"), "search_type is one of.*mean 'hybrid'"),  # type: ignore[arg-type]
    "no query": (lambda: langchain().search(5, "text"), "query is a text; not int 5"),  # type: ignore[arg-type]
    "search_kwargs": (lambda: langchain().as_retriever(search_kwargs=5), "search_kwargs is a mapping"),  # type: ignore[arg-type]
    "text_fields": (lambda: langchain().text_search("a", text_fields=5), "text_fields is a list"),  # type: ignore[arg-type]
    "a model to calibrate with": (lambda: calibrate([("a", "b", True)], NoModel()), r"embed is a function.*NoModel"),  # type: ignore[arg-type]
    "skipping without ids": (
        lambda: langchain().add_texts(["a", "b"], ids=["x", None], skip_existing=True),
        "skip_existing=True needs ids, and record 1 has none; give ids=, or content_ids=True",
    ),
    "rank constant": (
        lambda: langchain().hybrid_search("a", rrf_constant=3),
        "rrf_constant is for searches with fusion='rrf'",
    ),
    "an index of nothing": (lambda: HISTORY("s", index_name="i"), "index_name is for histories with embedding="),
    "keep_system of all": (lambda: HISTORY("s", keep_system=True), "keep_system=True is for sessions with max_mess"),
    "dims": (lambda: _create("x"), "dims is an integer from 1"),
    "other dims": (lambda: _create(3), "dims=3 contradicts the dims=8"),
}


def _create(dims: Any) -> Any:
    return next(lifecycle.create(IndexState(read_options({"index_name": "docs", "dims": 8})), dims))


@pytest.mark.parametrize(("slip", "said"), WRONG.values(), ids=WRONG)
def test_a_value_of_the_wrong_kind_is_refused(slip: Slip, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        slip()


async def test_async_calibration_refuses_the_same() -> None:
    with pytest.raises(UnknownArgumentError, match=r"^acalibrate has no argument 'treshold'"):
        await acalibrate([], len, treshold=[0.1])  # type: ignore[arg-type, call-arg]
    with pytest.raises(ArgumentError, match="embed is a function"):
        await acalibrate([("a", "b", True)], NoModel())  # type: ignore[arg-type]


# Copies of what needs no index

URL = "redis://:s3cret@localhost:7000/0"
KINDS: dict[str, Callable[..., Any]] = {
    "RedisCache": RedisCache,
    "RedisChatMessageHistory": lambda **where: RedisChatMessageHistory("s", **where),
    "RedisRecordManager": lambda **where: RedisRecordManager("n", **where),
    "RedisByteStore": RedisByteStore,
    "RedisChatStore": RedisChatStore,
    "RedisMemoryStore": RedisMemoryStore,
    "RedisKVStore": RedisKVStore,
}


@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_copy_has_a_connection_of_its_own_to_the_same_server(make: Callable[..., Any], how: str) -> None:
    original = make(redis_url=URL)
    other = copy.deepcopy(original) if how == "deepcopy" else pickle.loads(pickle.dumps(original))  # noqa: S301  # its own
    assert type(other) is type(original)
    assert other._connection is not original._connection
    assert other._connection.address == original._connection.address == "redis://localhost:7000/0"


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_what_was_given_a_client_shares_it_and_cannot_be_pickled(make: Callable[..., Any]) -> None:
    with redis.Redis() as client:
        original = make(client=client)
        assert copy.deepcopy(original)._connection.given is client
        with pytest.raises(ArgumentError, match=r"cannot be (pickled|written down)"):
            pickle.dumps(original)
