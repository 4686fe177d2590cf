"""Vectors beside the embedding of a node, through LlamaIndex: queries by one and by several, in both frameworks."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from integration_tests.conftest import Call
from integration_tests.langchain.langchain_support import Model
from integration_tests.llama_index.llama_index_support import WordEmbedding, on, open_store, text_node
from redisvl_adapters import ArgumentError, RecordError, UnknownArgumentError, langchain
from redisvl_adapters.llama_index import RedisVectorStore

TITLES = WordEmbedding()
# Straight ahead is a; titles are near by their words.
NODES = {"a": ([1.0, 0.0], "red dogs"), "b": ([0.8, 0.6], "white winter"), "c": ([0.0, 1.0], None)}
AHEAD = [1.0, 0.0]


async def filled(call: Call, store: RedisVectorStore) -> RedisVectorStore:
    nodes = [
        text_node(key, f"text of {key}", vector=vector, **({"title": title} if title else {}))
        for key, (vector, title) in NODES.items()
    ]
    await call(store, "add", nodes, vectors={"image": [None, [1, 2, 3], [3, 2, 1]]})
    return store


def opened(redis_url: str, index_name: str, storage: Any = "hash", **title: Any) -> RedisVectorStore:
    vectors = {"title": {"key": "title", "embedding": TITLES, **title}, "image": {"dims": 3}}
    return open_store(redis_url, index_name, storage, vectors=vectors)


async def ask(call: Call, store: RedisVectorStore, **parts: Any) -> dict[str, float]:
    names = VectorStoreQuery.__dataclass_fields__
    query = VectorStoreQuery(**{"similarity_top_k": 3, **{name: parts.pop(name) for name in [*parts] if name in names}})
    found = await call(store, "query", query, **parts)
    return dict(zip(found.ids, found.similarities, strict=True))


async def test_a_query_compares_the_field_that_it_names(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    async with await filled(call, opened(redis_url, index_name, storage)) as store:
        winter = TITLES.get_query_embedding("winter white")
        for parts in (
            {"query_str": "winter white", "embedding_field": "title"},
            {"query_embedding": winter, "embedding_field": "title"},
            {"query_embedding": winter, "vector": "title"},
            # Whatever made its embedding: the words are embedded by the model of the vector.
            {"query_embedding": AHEAD, "query_str": "winter white", "vector": "title", "embedding_field": "title"},
        ):
            found = await ask(call, store, **parts)
            assert [*found] == ["b", "a"]
            assert found["b"] == pytest.approx(1, abs=1e-6)
            assert found["a"] < 0.5
        found = await ask(call, store, query_embedding=[3.0, 2.0, 1.0], embedding_field="image")
        assert found == pytest.approx({"c": 1, "b": 10 / 14}, abs=1e-6)
        for field in (None, "embedding", "text"):
            assert [*(await ask(call, store, query_embedding=AHEAD, embedding_field=field))] == ["a", "b", "c"]
        mmr = {"mode": VectorStoreQueryMode.MMR, "query_str": "winter", "similarity_top_k": 1}
        assert [*(await ask(call, store, embedding_field="title", **mmr))] == ["b"]
        hybrid = {"mode": VectorStoreQueryMode.HYBRID, "query_str": "winter", "alpha": 1.0, "similarity_top_k": 1}
        assert [*(await ask(call, store, embedding_field="title", **hybrid))] == ["b"]


async def test_a_query_compares_several_by_their_weights(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    async with await filled(call, opened(redis_url, index_name, storage)) as store:
        parts: dict[str, Any] = {"query_embedding": AHEAD, "query_str": "white winter"}
        of_titles = await ask(call, store, **parts, vector="title")
        found = await ask(call, store, **parts, weights={"text": 1, "title": 3})
        expected = {key: (NODES[key][0][0] + 3 * of_titles.get(key, 0)) / 4 for key in NODES}
        assert found == pytest.approx(expected, abs=1e-6)
        assert [*found] == ["b", "a", "c"]
        assert [*(await ask(call, store, **parts, weights={"text": 1, "title": 3}, fetch_k=3))] == ["b", "a", "c"]
        index = VectorStoreIndex.from_vector_store(store, embed_model=_Ahead())
        for kwargs, best in (({"weights": {"text": 9, "title": 1}}, "a"), ({"vector": "title"}, "b")):
            retriever = index.as_retriever(similarity_top_k=1, vector_store_kwargs=kwargs)
            assert [each.node_id for each in await on(call, retriever, "retrieve", "winter")] == [best]
            tool = await call(store, "as_tool", embed_model=_Ahead(), search_kwargs=kwargs)
            told = await on(call, tool, "call", query="winter", k=1)
            assert [each.node_id for each in told.raw_output] == [best]
        hybrid = {"mode": VectorStoreQueryMode.HYBRID, "alpha": 1.0, "similarity_top_k": 1}
        assert [*(await ask(call, store, **parts, **hybrid, weights={"text": 1, "title": 3}))] == ["b"]
        aged: dict[str, Any] = {"recency": {"key": "at", "half_life": 1}}
        with pytest.raises(Exception, match="'at' is not in index"):
            await ask(call, store, **parts, **aged, weights={"text": 1, "title": 3})


class _Ahead(WordEmbedding):
    """Embeds every text straight ahead."""

    def _get_query_embedding(self, query: str) -> list[float]:  # noqa: ARG002  # LlamaIndex hands it over
        return AHEAD

    async def _aget_query_embedding(self, query: str) -> list[float]:  # noqa: ARG002  # as above
        return AHEAD


async def test_nodes_that_change_keep_their_vectors(redis_url: str, index_name: str, storage: str, call: Call) -> None:
    async with await filled(call, opened(redis_url, index_name, storage)) as store:
        assert await call(store, "update_metadata", ["a"], {"title": "white winter"}) == 1
        (found,) = await call(store, "get_embeddings", ["a"], vector="title")
        assert found == pytest.approx(TITLES.get_text_embedding("white winter"))
        assert await call(store, "get_embeddings", ["b"], vector="image") == [[1.0, 2.0, 3.0]]
        # LangChain finds what LlamaIndex wrote, by the title too; and refuses what it could not write whole.
        async with langchain.RedisVectorStore(Model(dims=2), index_name=index_name, redis_url=redis_url) as other:
            near = await call(other, "similarity_search_by_vector", found, 2, vector="title")
            assert {document.id for document in near} == {"a", "b"}
            with pytest.raises(RecordError, match="'title', but no vector: give the store its model"):
                await call(other, "add_texts", ["x"], [{"title": "t"}])
        with pytest.raises(ArgumentError, match="models of vectors= cannot be written down"):
            store.to_dict()


async def test_what_cannot_be_is_refused(redis_url: str, index_name: str, call: Call) -> None:
    async with await filled(call, opened(redis_url, index_name)) as store:
        by_words = {"mode": VectorStoreQueryMode.TEXT_SEARCH, "query_str": "text"}
        mmr = {"mode": VectorStoreQueryMode.MMR, "query_embedding": AHEAD}
        refused: list[tuple[dict[str, Any], type[ArgumentError], str]] = [
            ({"query_embedding": AHEAD, "embedding_field": "titel"}, ArgumentError, r"'titel' \(did you mean 'title'"),
            ({"query_embedding": AHEAD, "embedding_field": "title"}, ArgumentError, "vector 'title' has a vector of 2"),
            ({"query_str": "x", "embedding_field": "image"}, ArgumentError, "no query_embedding"),
            ({"query_str": "x", "embedding_field": "a", "vector": "b"}, ArgumentError, "'a' in the query, and vector"),
            ({"query_str": "x", "weights": {"text": 1, "title": 1}}, ArgumentError, "no query vector for it"),
            ({"query_embedding": AHEAD, "weights": {"text": -1}}, ArgumentError, "finite numbers"),
            ({**by_words, "embedding_field": "title"}, ArgumentError, "embedding_field is for queries by a vector"),
            ({**by_words, "vector": "title"}, UnknownArgumentError, "has no argument 'vector'"),
            ({**mmr, "weights": {"text": 1}}, ArgumentError, "mmr compares vectors of one kind"),
        ]
        for parts, error, said in refused:
            with pytest.raises(error, match=said):
                await ask(call, store, **parts)
        assert sorted(await ask(call, store, **by_words, embedding_field="embedding")) == ["a", "b", "c"]
