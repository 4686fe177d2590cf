"""LlamaIndex's ingestion pipelines with document store and cache on Redis, each over a restart."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import Document

from integration_tests.conftest import Call
from integration_tests.llama_index import storage_support
from integration_tests.llama_index.storage_support import CountingEmbedding, Restart, documents
from redisvl_adapters.llama_index import RedisKVStore, RedisStorageContext

pytestmark = pytest.mark.sharded

restart = storage_support.restart  # a fixture

TEXTS = ["the quick brown fox", "a lazy dog", "vectors have a direction"]


def pipeline(
    storage: RedisStorageContext, model: CountingEmbedding, strategy: DocstoreStrategy, **options: Any
) -> IngestionPipeline:
    return IngestionPipeline(
        transformations=[SentenceSplitter(), model],
        vector_store=storage.vector_store,
        docstore=storage.docstore,
        docstore_strategy=strategy,
        **options,
    )


async def contents(call: Call, storage: RedisStorageContext) -> list[str]:
    nodes = await call(storage.vector_store, "get_nodes")
    kept = [node.get_content() for node in nodes]
    assert sorted(kept) == sorted(document.get_content() for document in storage.docstore.docs.values())
    return sorted(kept)


@pytest.mark.parametrize("strategy", list(DocstoreStrategy))
async def test_each_strategy_knows_of_earlier_runs(call: Call, restart: Restart, strategy: DocstoreStrategy) -> None:
    for expected in (TEXTS, []):
        model = CountingEmbedding()
        await call(pipeline(await restart(), model, strategy), "run", documents=documents(*TEXTS))
        assert model.embedded == expected
        assert await contents(call, await restart()) == sorted(TEXTS)
    model = CountingEmbedding()
    changed = [Document(id_="d1", text="a sleepy cat"), Document(id_="d0", text=TEXTS[0])]
    await call(pipeline(await restart(), model, strategy), "run", documents=changed)
    assert model.embedded == ["a sleepy cat"]
    texts = {node.get_content() for node in await call((await restart()).vector_store, "get_nodes")}
    assert (
        texts
        == {
            DocstoreStrategy.UPSERTS: {TEXTS[0], "a sleepy cat", TEXTS[2]},
            DocstoreStrategy.UPSERTS_AND_DELETE: {TEXTS[0], "a sleepy cat"},
            DocstoreStrategy.DUPLICATES_ONLY: {*TEXTS, "a sleepy cat"},
        }[strategy]
    )


async def test_documents_that_are_gone_are_deleted_where_their_texts_are_not_kept(call: Call, restart: Restart) -> None:
    for texts in (TEXTS, TEXTS[:1]):
        steps = pipeline(await restart(), CountingEmbedding(), DocstoreStrategy.UPSERTS_AND_DELETE)
        await call(steps, "run", documents=documents(*texts), store_doc_text=False)
    storage = await restart()
    assert storage.docstore.docs == {}
    assert set((await call(storage.docstore, "get_all_document_hashes")).values()) == {"d0"}
    assert await call(storage.vector_store, "count") == 1


async def test_a_second_run_over_500_unchanged_documents_embeds_nothing(call: Call, restart: Restart) -> None:
    given = documents(*[f"text {number}" for number in range(500)])
    for expected in (500, 0):
        model = CountingEmbedding()
        await call(pipeline(await restart(), model, DocstoreStrategy.UPSERTS), "run", documents=given)
        assert len(model.embedded) == expected
    assert await call((await restart()).vector_store, "count") == 500


async def test_a_cache_gives_what_an_earlier_run_made(call: Call, redis_url: str, index_name: str) -> None:
    found = []
    for expected in (TEXTS, []):
        model = CountingEmbedding()
        async with RedisKVStore(redis_url=redis_url, prefix=index_name, ttl=1000) as kept:
            steps = IngestionPipeline(
                transformations=[SentenceSplitter(), model], cache=IngestionCache(cache=kept, collection="c")
            )
            found.append(await call(steps, "run", documents=documents(*TEXTS)))
        assert model.embedded == expected
    assert found[0] == found[1]
    assert all(node.embedding for node in found[1])
    with RedisKVStore(redis_url=redis_url, prefix=index_name) as kept:
        IngestionCache(cache=kept, collection="c").clear()
        assert kept.get_all("c") == {}


@pytest.mark.skipif(
    not hasattr(BaseEmbedding, "_get_text_embeddings_cached"), reason="this LlamaIndex caches no embeddings"
)
async def test_embeddings_are_cached(call: Call, redis_url: str, index_name: str) -> None:
    for expected in (["a", "b"], []):
        async with RedisKVStore(redis_url=redis_url, prefix=index_name) as kept:
            model = CountingEmbedding(embeddings_cache=kept)
            vectors = await call(model, "get_text_embedding_batch", ["a", "b"])
            assert vectors == [model._get_text_embedding(text) for text in "ab"]
            assert model.embedded[:-2] == expected
