"""Thresholds and scores allow for the rounding of an index: an identical vector is within distance 0."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.vector_stores.types import VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture

MANY = 200
DTYPES = ["float32", "float64", "float16", "bfloat16"]


@pytest.mark.parametrize("dims", [3, 48])
@pytest.mark.parametrize("dtype", DTYPES)
async def test_an_identical_vector_is_within_distance_0_and_as_relevant_and_similar_as_can_be(
    clients: Clients, index_name: str, storage: Any, call: Call, dtype: Any, dims: int
) -> None:
    model = Model(dims=dims)
    texts = [str(place) for place in range(MANY)]
    store = RedisVectorStore(model, index_name=index_name, storage=storage, dtype=dtype, algorithm="flat", **clients)
    nodes = LlamaIndexStore(index_name=index_name, **clients)
    await call(store, "add_texts", texts, ids=texts)
    for text in texts[:: 4 if storage == "json" else 1]:
        found = await call(store, "similarity_search_with_score", text, 3, distance_threshold=0.0)
        assert text in {document.id for document, _ in found}
        assert all(abs(distance) < 0.01 for _, distance in found)
        scored = await call(store, "similarity_search_with_relevance_scores", text, 1, score_threshold=1.0)
        assert [score for _, score in scored] == [1.0]
        query = VectorStoreQuery(query_embedding=model.embed_query(text), similarity_top_k=MANY)
        similarities = (await call(nodes, "query", query)).similarities
        assert similarities[0] == 1.0
        assert all(-1 <= similarity <= 1 for similarity in similarities)
    among = await call(store, "similarity_search", "7", MANY, distance_threshold=0.0, filter={"no": {"$exists": False}})
    assert "7" in {document.id for document in among}
