"""Right and wrong calls of the LangChain adapter, for type checkers: nothing here is ever run.

``make check`` reads this file with mypy and with pyright. In ``right_…`` neither finds an error. Each call of
``wrong_…`` is an error for both: its line says so twice, and a comment that is not needed is an error too.
"""

from __future__ import annotations

from datetime import timedelta

from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import HumanMessage
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from redisvl_adapters import core
from redisvl_adapters.langchain import (
    AddOptions,
    CacheOptions,
    ConnectionOptions,
    HybridOptions,
    IndexOptions,
    RedisByteStore,
    RedisCache,
    RedisChatMessageHistory,
    RedisDocumentStore,
    RedisRecordManager,
    RedisSemanticCache,
    RedisVectorStore,
    SearchKwargs,
    SearchOptions,
    TextOptions,
)

VECTOR = [1.0, 0.0]
YEAR = {"year": {"$gte": 2020}}


def right_stores(model: Embeddings, client: Redis, async_client: AsyncRedis) -> None:
    """Make stores."""
    options: IndexOptions = {"index_name": "docs", "storage": "json", "metadata_schema": {"year": "numeric"}, "m": 16}
    RedisVectorStore(model, **options)
    RedisVectorStore(model, index_name="docs", vectors={"title": {"key": "title", "embedding": model, "dims": 3}})
    RedisVectorStore(model, index_name="docs", redis_url="redis://localhost:6379", ttl=60, sliding_ttl=True)
    RedisVectorStore(model, index_name="docs", client=client, async_client=async_client, create="overwrite")
    RedisVectorStore.from_texts(["a"], model, [{"year": 2024}], ids=["1"], index_name="docs", dtype="float16")
    RedisVectorStore.from_documents([Document("a")], model, index_name="docs", algorithm="svs-vamana")
    RedisVectorStore.from_existing_index("docs", model, redis_url="redis://localhost:6379")
    RedisVectorStore.from_existing_index("docs", model, text_field="body", metadata_fields=["year"], writable=True)
    RedisVectorStore(
        model, index_name="docs", retry=timedelta(seconds=15), socket_timeout=1, socket_connect_timeout=0.5
    )
    RedisVectorStore(model, index_name="docs", retry="15")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def right_scopes(store: RedisVectorStore) -> None:
    """Scope a store."""
    tenant: RedisVectorStore = store.scoped(tenant="acme", year=2024, draft=False)
    tenant.scoped(**{"user.id": "ann"}).similarity_search("Redis", k=4, filter=YEAR)


def wrong_scopes(store: RedisVectorStore) -> None:
    """Scope a store by what is not exact."""
    store.scoped(tenant=["acme"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.scoped(tenant=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_stores(model: Embeddings) -> None:
    """Make stores with what they do not take."""
    RedisVectorStore(model, index_nam="docs")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisVectorStore(model, index_name="docs", vectors={"title": {"dim": 3}})  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportArgumentType]
    RedisVectorStore(model, index_name="docs", storage="hsh")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisVectorStore("model", index_name="docs")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisVectorStore.from_texts(["a"], model, key_prefix="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisVectorStore.from_existing_index("docs", model, on_bad_record="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisVectorStore.from_existing_index("docs", model, dims="8")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def score(query: str, texts: list[str]) -> list[float]:
    """Score texts."""
    return [float(query == text) for text in texts]


def right_searches(store: RedisVectorStore, compressor: BaseDocumentCompressor) -> None:
    """Search in every way."""
    tuned: SearchOptions = {"ef_runtime": 400, "keywords": "fox", "keywords_match": "all", "distance_threshold": 0.5}
    words: TextOptions = {"match": "phrase", "scorer": "BM25", "text_fields": ["text"]}
    both: HybridOptions = {"fusion": "rrf", "alpha": 0.3, "ef_runtime": 400, "match": "all", "fetch_k": 20}
    found: list[Document] = store.similarity_search("a", k=3, filter=YEAR, **tuned)
    scored: list[tuple[Document, float]] = store.similarity_search_with_score("a", 3, YEAR, hybrid_policy="adhoc_bf")
    found += store.similarity_search_by_vector(VECTOR, 3, epsilon=0.1, distance_threshold=0.5)
    scored += store.similarity_search_with_score_by_vector(VECTOR, search_window_size=20)
    scored += store.similarity_search_with_relevance_scores("a", score_threshold=0.5, ef_runtime=None)
    found += store.max_marginal_relevance_search("a", 3, 20, 0.5, YEAR, batch_size=10)
    found += store.max_marginal_relevance_search_by_vector(VECTOR, fetch_k=20, lambda_mult=0.2)
    scored += store.max_marginal_relevance_search_with_score("a", **tuned)
    found += store.text_search("a", filter=core.Compare("year", core.Operator.EQ, 2024), **words)
    scored += store.text_search_with_score("a", scorer="TFIDF", language="de")
    passages: list[str] = store.highlight("a", found[0], match="phrase", marks=("<b>", "</b>"))
    passages += store.highlight("a", "a text", language="de") + store.analyse("a")
    found += store.hybrid_search("a", 3, **both)
    scored += store.hybrid_search_with_score("a", fusion="rrf", rrf_constant=10, keywords="fox")
    found += store.similarity_search_batch(["a", "b"], ef_runtime=300)[0]
    found += store.similarity_search("a", rerank=score, fetch_k=50, recency={"key": "at", "half_life": "30d"})
    scored += store.text_search_with_score("a", rerank=compressor, score_key="score", **words)
    found += store.max_marginal_relevance_search("a", recency={"key": "at", "half_life": timedelta(days=1), "now": 0.5})
    found += store.similarity_search("a", vector="title") + store.hybrid_search("a", weights={"text": 1, "title": 0.5})
    found += store.similarity_search_by_vector({"text": VECTOR, "title": VECTOR}, weights={"text": 1, "title": 2})
    vectors: list[list[float] | None] = store.get_embeddings(["a"], vector="title")
    store.add_texts(["a"], vectors={"title": vectors})
    found += store.search("a", "mmr", k=3, fetch_k=20, lambda_mult=0.5, filter=YEAR)
    found += store.retrieve_batch("hybrid", ["a"], k=3, alpha=0.3)[0]


async def right_async_searches(store: RedisVectorStore) -> None:
    """Search in every way, on an event loop."""
    found: list[Document] = await store.asimilarity_search("a", k=3, filter=YEAR, ef_runtime=400)
    scored: list[tuple[Document, float]] = await store.asimilarity_search_with_score("a", keywords="fox")
    found += await store.asimilarity_search_by_vector(VECTOR, 3)
    scored += await store.asimilarity_search_with_relevance_scores("a", score_threshold=0.5)
    found += await store.amax_marginal_relevance_search("a", lambda_mult=0.2)
    found += await store.atext_search("a", match="all")
    found += await store.ahybrid_search("a", alpha=0.3)
    found += await store.asearch("a", "text", match="all")
    async for document in store.aiterate(YEAR, batch_size=100):
        found.append(document)


def wrong_searches(store: RedisVectorStore) -> None:
    """Search with what the methods do not take."""
    store.similarity_search("a", kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.similarity_search("a", ef_runtime="many")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search("a", filter="year")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search("a", rerank="cross-encoder")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search("a", recency={"key": "at"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search("a", weights=["title"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search("a", vector=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.text_search("a", vector="title")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.similarity_search(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search("a", score_threshold=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.similarity_search_with_score("a", filters=YEAR)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.similarity_search_by_vector("a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search_with_score_by_vector(VECTOR, lambda_mult=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.similarity_search_with_relevance_scores("a", score_treshold=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.max_marginal_relevance_search("a", lamda_mult=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.max_marginal_relevance_search_by_vector(VECTOR, lambda_mult="a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.max_marginal_relevance_search_with_score("a", hybrid_policy="best")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.highlight("a", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.analyse("a", langage="de")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.text_search("a", ef_runtime=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.text_search_with_score("a", match="some")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.hybrid_search("a", alfa=0.3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.hybrid_search_with_score("a", fusion="sum")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.similarity_search_batch(["a"], kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.search("a", "hybird")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.search("a", "text", kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.retrieve_batch("text", ["a"], match="some")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def wrong_async_searches(store: RedisVectorStore) -> None:
    """Search with what the methods do not take, on an event loop."""
    await store.asimilarity_search("a", kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.asimilarity_search_with_score("a", ef_runtime="many")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await store.asimilarity_search_by_vector(VECTOR, kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.asimilarity_search_with_score_by_vector(VECTOR, kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.asimilarity_search_with_relevance_scores("a", kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.asimilarity_search_batch(["a"], kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.amax_marginal_relevance_search("a", kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.amax_marginal_relevance_search_by_vector(VECTOR, kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.amax_marginal_relevance_search_with_score("a", kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.atext_search("a", alpha=0.3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.atext_search_with_score("a", alpha=0.3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.ahybrid_search("a", alpha="a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await store.ahybrid_search_with_score("a", lambda_mult=0.3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.asearch("a", "hybird")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await store.aretrieve_batch("text", ["a"], kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def right_records(store: RedisVectorStore) -> None:
    """Add, delete, read and count."""
    options: AddOptions = {"batch_size": 100, "ttl": [60, None], "content_ids": True, "max_concurrency": 2}
    ids: list[str] = store.add_texts(["a", "b"], [{"year": 2024}, None], **options)
    ids += store.add_documents((Document(str(number)) for number in range(3)), show_progress=True, skip_existing=True)
    store.delete(ids)
    deleted: bool = store.delete(filter=YEAR)
    found: list[Document] = store.get_by_ids(ids) if deleted else store.get(YEAR, limit=3)
    counted: int = store.count(YEAR) + store.expire(ids, 60) + store.persist(ids) + len(found)
    store.create(dims=counted)
    store.add_embeddings(["a"], [VECTOR], [{"year": 1}], ["1"], ttl=1.5, show_progress=True)
    store.add_documents([Document("a")], embeddings=[VECTOR], ids=["1"])
    store.update_metadata(["1"], {"year": 2, "kind": None}).bit_count()
    store.update_metadata(changes={"year": 2}, filter=YEAR)


async def right_async_records(store: RedisVectorStore) -> None:
    """Add, delete, read and count, on an event loop."""
    ids: list[str] = await store.aadd_texts(["a"], ids=["1"], ttl=3.5)
    ids += await store.aadd_documents([Document("a")], content_ids=True)
    deleted: bool = await store.adelete(ids, filter=YEAR)
    found: list[Document] = await store.aget_by_ids(ids) if deleted else await store.aget(YEAR)
    counted: int = await store.acount() + len(found)
    await store.aexpire(ids, counted)


def wrong_records(store: RedisVectorStore) -> None:
    """Add, delete, read and count with what the methods do not take."""
    store.add_texts(["a"], batch_sise=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.add_texts(["a"], metadata=[{}])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.add_texts(["a"], ttl="60")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.add_documents(["a"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    store.add_documents([Document("a")], content_id=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.delete(["1"], filters=YEAR)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.delete(filter="year")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.get(limits=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.count(filters=YEAR)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.expire(["1"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.iterate(batchsize=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.add_embeddings(["a"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.update_metadata("1", 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.update_metadata(["1"], {"year": 2}, where=YEAR)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def wrong_async_records(store: RedisVectorStore) -> None:
    """Add, delete, read and count with what the methods do not take, on an event loop."""
    await store.aadd_texts(["a"], batch_sise=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.aadd_documents([Document("a")], batch_sise=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.adelete(["1"], filters=YEAR)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.aget(limits=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.acount(filters=YEAR)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def right_moves(store: RedisVectorStore, model: Embeddings) -> None:
    """Copy a store, and rebuild its index."""
    other = RedisVectorStore.from_existing_index("products", model, vector_field="vec", on_bad_record="skip")
    copied: int = store.copy_to(other, batch_size=100, show_progress=True).copied
    copied += (await other.acopy_to(store, embedding=model)).skipped
    plan = store.rebuild(algorithm="flat", metadata_schema={"year": "numeric"}, drop_old=True, show_progress=True)
    dropped: tuple[str, ...] = plan.dropped or (await store.arebuild(embedding=model, embedding_id="m")).dropped
    undone: bool = store.cancel_rebuild() and await store.acancel_rebuild()
    store.drop(keep_records=undone and bool(dropped) and bool(copied))


async def wrong_moves(store: RedisVectorStore, model: Embeddings) -> None:
    """Copy a store, and rebuild its index, with what the methods do not take."""
    store.copy_to("docs")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.copy_to(store, progress=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.acopy_to(store, model)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.rebuild(algoritm="flat")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.rebuild(dtype="float33")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.rebuild(embedding="m")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.rebuild(embed_model=model)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await store.arebuild(aliases=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def right_retrievers(store: RedisVectorStore) -> None:
    """Make retrievers."""
    given: SearchKwargs = {"k": 3, "filter": YEAR, "alpha": 0.3, "fusion": "rrf", "ef_runtime": 400, "match": "all"}
    store.as_retriever(search_type="hybrid", search_kwargs=given, tags=["mine"], metadata={"team": "x"}, name="mine")
    store.as_retriever(search_type="mmr", search_kwargs={"fetch_k": 20, "lambda_mult": 0.5})
    store.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.5})
    found: list[Document] = store.as_retriever().invoke("a")
    store.as_retriever().add_documents(found)


def wrong_retrievers(store: RedisVectorStore) -> None:
    """Make retrievers with what they do not take."""
    store.as_retriever(search_typ="mmr")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    store.as_retriever(search_type="hybird")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.as_retriever(search_kwargs={"kk": 3})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.as_retriever(search_kwargs={"k": "3"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    store.as_retriever(tags="mine")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def right_caches(model: Embeddings) -> None:
    """Make and use caches."""
    options: CacheOptions = {"distance_threshold": 0.15, "scope": {"tenant": "acme"}, "storage": "json", "ttl": 60}
    cache = RedisSemanticCache(model, index_name="cache", **options)
    exact = RedisCache(prefix="cache", ttl=60, on_error="miss", redis_url="redis://localhost:6379")
    for each in (cache.scoped(locale="en", version=2), exact):
        answer = each.lookup("a", "model")
        if answer is not None:
            each.update("a", "model", answer)
        each.clear()


def wrong_caches(model: Embeddings) -> None:
    """Make and use caches with what they do not take."""
    RedisSemanticCache(model, treshold=0.1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisSemanticCache(model, on_error="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisSemanticCache(model, algorithm="svs-vamana")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisCache(index_name="cache")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisCache(ttl="60")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisCache().lookup("a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisCache().clear(prefix="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def right_histories(model: Embeddings) -> None:
    """Make and use histories."""
    where: ConnectionOptions = {"redis_url": "redis://localhost:6379"}
    history = RedisChatMessageHistory("session", user_id="ann", ttl=60, sliding=False, embedding=model, **where)
    history.add_messages([HumanMessage("a")])
    texts = [
        message.text
        for message in (*history.messages, *history.recall("a", 3, search_type="hybrid", all_sessions=True))
    ]
    history.for_session(str(texts), user_id="bob").clear()
    history.copy_from_langchain_redis(source="redis://there")
    limited = RedisChatMessageHistory("session", max_messages=10, keep_system=True)
    ids = [one.session_id for one in limited.sessions() if one.messages > history.index_missing()]
    limited.clear_sessions(ids)


def wrong_histories(model: Embeddings) -> None:
    """Make and use histories with what they do not take."""
    RedisChatMessageHistory("session", user="ann")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisChatMessageHistory("session", redis_url=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisChatMessageHistory("session", embedding=model).recall("a", kk=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisChatMessageHistory("session", embedding=model).recall("a", search_type="mmr")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisChatMessageHistory("session").clear_sessions(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisChatMessageHistory("session").add_messages("a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def right_key_values(client: Redis, async_client: AsyncRedis) -> None:
    """Make and use byte stores and record managers."""
    store = RedisByteStore(prefix="bytes", ttl=60, client=client, retry=timedelta(seconds=15))
    store.mset([("a", b"1")])
    values: list[bytes | None] = store.mget([*store.yield_keys(prefix="a")])
    manager = RedisRecordManager("docs", prefix="records", store=None, async_client=async_client)
    manager.update(["a"], group_ids=["source"], time_at_least=manager.get_time())
    manager.delete_keys(manager.list_keys(before=len(values), limit=3))


def wrong_key_values() -> None:
    """Make and use byte stores and record managers with what they do not take."""
    RedisDocumentStore(prefix="parents", ttl=60).mset([("a", Document(page_content="a"))])
    RedisDocumentStore().mset([("a", b"1")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    RedisDocumentStore(namespace="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisByteStore(url="redis://localhost")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisByteStore(client="redis://localhost")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisByteStore().mset({"a": b"1"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisRecordManager("docs", ttl=60)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RedisRecordManager("docs", store="docs")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RedisRecordManager("docs").list_keys(limits=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
