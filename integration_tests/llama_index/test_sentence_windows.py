"""The windows of a ``SentenceWindowNodeParser`` are kept and used, and not indexed unless somebody declares them."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.node_parser import SentenceWindowNodeParser
from llama_index.core.postprocessor import MetadataReplacementPostProcessor
from llama_index.core.schema import Document

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import WordEmbedding, filters, on, open_store, where
from redisvl_adapters.errors import FilterError
from redisvl_adapters.llama_index import RedisVectorStore

TEXT = "The fox is quick. The dog is lazy. Vectors have a direction."


def split(text: str) -> list[str]:
    return [f"{sentence.strip('. ')}. " for sentence in text.split(". ")]


def filled(redis_url: str, index_name: str, storage: str, **options: Any) -> tuple[RedisVectorStore, VectorStoreIndex]:
    store = open_store(redis_url, index_name, storage, **options)
    parser = SentenceWindowNodeParser.from_defaults(sentence_splitter=split, window_size=1)
    nodes = parser.get_nodes_from_documents([Document(id_="d", text=TEXT, metadata={"kind": "a"})])
    index = VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())
    index.insert_nodes(nodes)
    return store, index


async def test_windows_are_used_and_not_indexed(call: Call, redis_url: str, index_name: str, storage: str) -> None:
    store, index = filled(redis_url, index_name, storage)
    async with store:
        (found,) = await on(call, index.as_retriever(similarity_top_k=1), "retrieve", "lazy dog")
        (replaced,) = MetadataReplacementPostProcessor(target_metadata_key="window").postprocess_nodes([found])
        assert "fox" in replaced.node.get_content()
        for key in ("window", "original_text"):
            with pytest.raises(FilterError, match=r"is in unindexed=.*declare it"):
                await call(store, "get_nodes", filters=filters(where(key, "x")))
        assert await call(store, "count", filters(where("kind", "a"))) == 3
        schema = store.index.state.snapshot
        assert schema is not None
        assert set(schema.schema.indexed_fields) == {"kind"}


async def test_windows_that_are_declared_can_be_asked_for(
    call: Call, redis_url: str, index_name: str, storage: str
) -> None:
    store, _ = filled(redis_url, index_name, storage, metadata_schema={"original_text": "tag", "window": "text"})
    async with store:
        (found,) = await call(store, "get_nodes", filters=filters(where("original_text", "The dog is lazy. ")))
        assert found.get_content() == "The dog is lazy. "
