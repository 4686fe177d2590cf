"""LlamaIndex's query modes, asked of the store and through its retrievers."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.llms.mock import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever, VectorIndexRetriever
from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
from llama_index.core.vector_stores.types import VectorStoreQueryMode

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, shelf
from integration_tests.core.search.test_hybrid import agrees, by_ranks, by_scores
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from integration_tests.llama_index.llama_index_support import WordEmbedding, embed, filters, on, text_node, where
from redisvl_adapters import ArgumentError, UnknownArgumentError
from redisvl_adapters.core.search.fusion import DEFAULT_ALPHA
from redisvl_adapters.llama_index import RedisVectorStore

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

SERVED = ["default", "text_search", "sparse", "hybrid", "mmr"]
MODES = [mode for mode in VectorStoreQueryMode if mode.value not in SERVED]


def asked(there: Shelf, mode: str, **parts: Any) -> dict[str, Any]:
    """Return the parts of a query."""
    return {"query_embedding": there.model.vector(QUERY), "query_str": QUERY, "mode": mode, **parts}


async def test_the_default_mode_is_by_vector_and_text_search_by_words(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    """llama-index 8: modes other than DEFAULT silently ran DEFAULT."""
    there = await shelf(call, clients, index_name, storage=storage)
    true = there.distances()
    assert [*await there.li(**asked(there, "default", similarity_top_k=9))] == [*true][:9]
    texts = await there.texts(QUERY)
    found = await there.li(**asked(there, "text_search", similarity_top_k=9))
    assert [*found.values()] == [*texts.values()][:9]
    assert {each: texts[each] for each in found} == found
    # In which there is no embedding, and sparse_top_k counts.
    bare = await there.li(query_str=QUERY, mode="text_search", similarity_top_k=9, sparse_top_k=3)
    assert [*bare.values()] == [*texts.values()][:3]


@pytest.mark.parametrize("alpha", [None, 0.0, 0, 0.2, 0.5, 1, 1.0])
async def test_hybrid_fuses_by_alpha_from_sparse_top_k_and_returns_hybrid_top_k(
    clients: Clients, index_name: str, storage: str, call: Call, alpha: float | None
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    near = {each: 1 - far for each, far in there.distances().items()}
    texts = await there.texts(QUERY)
    few = dict(list(texts.items())[:6])
    weight = DEFAULT_ALPHA["linear"] if alpha is None else alpha
    sides = [(near, weight), (few, 1 - weight)]
    parts = asked(there, "hybrid", alpha=alpha, sparse_top_k=6, hybrid_top_k=8, options={"fusion": "linear"})
    agrees(await there.li(**parts), by_scores(*[side for side in sides if side[1]]), 8)
    weight = DEFAULT_ALPHA["rrf"] if alpha is None else alpha
    sides = [(near, weight), (few, 1 - weight)]
    parts = asked(there, "hybrid", alpha=alpha, sparse_top_k=6, similarity_top_k=5, options={"fusion": "rrf"})
    agrees(await there.li(**parts), by_ranks(*[(side, 2 * share) for side, share in sides if share]), 5)
    if weight in (0, 1):
        found = await there.li(**asked(there, "hybrid", alpha=alpha, similarity_top_k=5))
        assert [*found] == [*(near if weight else texts)][:5]


async def test_a_side_that_does_not_count_needs_no_embedding(clients: Clients, index_name: str, call: Call) -> None:
    there = await shelf(call, clients, index_name)
    found = await there.li(query_str=QUERY, mode="hybrid", alpha=0.0, similarity_top_k=5)
    assert [*found] == [*await there.texts(QUERY)][:5]


@pytest.mark.parametrize("mode", MODES)
async def test_a_mode_that_is_not_served_is_refused(
    clients: Clients, index_name: str, call: Call, sent: Sent, mode: VectorStoreQueryMode
) -> None:
    """llama-index 8: modes other than DEFAULT silently ran DEFAULT."""
    there = await shelf(call, clients, index_name)
    sent.refusing = True
    with pytest.raises(
        ArgumentError, match=f"'{mode.value}' is not served; modes are: default, text_search, sparse, hybrid"
    ):
        await there.li(**asked(there, mode.value))


@pytest.mark.parametrize(
    ("mode", "parts", "named"),
    [
        ("default", {"query_embedding": None}, "no query_embedding, which mode 'default' needs"),
        ("mmr", {"query_embedding": None}, "no query_embedding, which mode 'mmr' needs"),
        ("hybrid", {"query_embedding": None}, "no query_embedding, which mode 'hybrid' needs"),
        ("hybrid", {"query_str": None}, "no query_str, which mode 'hybrid' needs"),
        ("text_search", {"query_str": None}, "no query_str, which mode 'text_search' needs"),
        ("hybrid", {"alpha": 1.5}, "alpha is a number from 0 to 1; not 1.5"),
        ("hybrid", {"sparse_top_k": -1}, "sparse_top_k is an integer from 0"),
        ("text_search", {"sparse_top_k": -1}, "sparse_top_k is an integer from 0"),
        ("hybrid", {"hybrid_top_k": -1}, "hybrid_top_k is an integer from 0"),
        ("hybrid", {"hybrid_top_k": 30, "options": {"fetch_k": 20}}, "fetch_k is at least k; not 20 with k=30"),
        ("mmr", {"mmr_threshold": 1.5}, "(mmr_threshold|lambda_mult) is a number from 0 to 1; not 1.5"),
        ("mmr", {"similarity_top_k": 30, "options": {"fetch_k": 20}}, "fetch_k is at least k; not 20 with k=30"),
        ("default", {"query_embedding": [1.0] * 7}, "7 dimensions, the index has 8"),
        ("hybrid", {"query_embedding": [float("nan")] * 8}, "NaN"),
        ("mmr", {"query_embedding": [1.0] * 9}, "9 dimensions, the index has 8"),
        ("text_search", {"options": {"text_fields": ["nothing"]}}, "text_fields: 'nothing' is no text field"),
        ("text_search", {"options": {"scorer": "BM26"}}, "scorer is one of"),
        ("text_search", {"options": {"ef_runtime": 9}}, "no argument 'ef_runtime'"),
        ("default", {"options": {"scorer": "BM25"}}, "no argument 'scorer'"),
        ("default", {"options": {"fetch_k": 9}}, "no argument 'fetch_k'"),
        ("mmr", {"options": {"alpha": 1}}, "no argument 'alpha'"),
        ("hybrid", {"options": {"mmr_threshold": 1}}, "no argument 'mmr_threshold'"),
    ],
    ids=repr,
)
async def test_what_a_mode_lacks_is_said_before_anything_is_sent(
    clients: Clients, index_name: str, call: Call, sent: Sent, mode: str, parts: dict[str, Any], named: str
) -> None:
    there = await shelf(call, clients, index_name)
    sent.refusing = True
    with pytest.raises(ArgumentError, match=named):
        await there.li(**asked(there, mode, **{"similarity_top_k": 4, **parts}))


# Through VectorStoreIndex

TEXTS = {
    "fox": "the quick brown fox",
    "foxes": "two foxes and a river",
    "river": "a river and its banks",
    "stone": "a stone in the river",
    "sky": "clouds in a summer sky",
}


async def indexed(call: Call, clients: Clients, index_name: str, storage: Any) -> VectorStoreIndex:
    """Return an index over these texts."""
    store = RedisVectorStore(index_name=index_name, storage=storage, **clients)
    nodes = [text_node(each, text, vector=embed(text), n=place) for place, (each, text) in enumerate(TEXTS.items())]
    await call(store, "add", nodes)
    return VectorStoreIndex.from_vector_store(store, embed_model=WordEmbedding())


async def retrieved(call: Call, index: VectorStoreIndex, query: str, mode: str, **options: Any) -> dict[str, float]:
    """Return the scores of what a retriever finds by id, in their order."""
    retriever = index.as_retriever(vector_store_query_mode=mode, **options)
    return {found.node.node_id: found.score for found in await on(call, retriever, "retrieve", query)}


async def test_a_retriever_has_every_mode(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    index = await indexed(call, clients, index_name, storage)
    assert [*await retrieved(call, index, "a stone in the river", "default", similarity_top_k=1)] == ["stone"]
    words = await retrieved(call, index, "foxes?", "text_search", similarity_top_k=5)
    assert words.keys() == {"fox", "foxes"}
    assert [*await retrieved(call, index, "foxes?", "text_search", similarity_top_k=5, sparse_top_k=1)] == [
        next(iter(words))
    ]
    both = await retrieved(call, index, "brown foxes", "hybrid", similarity_top_k=2)
    assert both.keys() == {"fox", "foxes"}
    every = await retrieved(call, index, "brown foxes", "hybrid", similarity_top_k=2, hybrid_top_k=4)
    assert [*every][:2] == [*both]
    assert len(every) == 4
    for alpha, mode in ((0.0, "text_search"), (1.0, "default")):
        one = await retrieved(call, index, "river banks", "hybrid", similarity_top_k=3, alpha=alpha)
        assert [*one] == [*await retrieved(call, index, "river banks", mode, similarity_top_k=3)]
    diverse = await retrieved(
        call, index, "a river", "mmr", similarity_top_k=3, vector_store_kwargs={"mmr_threshold": 1.0}
    )
    assert diverse == pytest.approx(await retrieved(call, index, "a river", "default", similarity_top_k=3), abs=1e-5)
    least = await retrieved(
        call, index, "a river", "mmr", similarity_top_k=2, vector_store_kwargs={"mmr_threshold": 0.0}
    )
    assert next(iter(least)) == next(iter(diverse))
    assert [*least][1] != [*diverse][1]


@pytest.mark.parametrize("mode", SERVED)
async def test_a_retriever_keeps_its_filters_and_ids_in_every_mode(
    clients: Clients, index_name: str, storage: str, call: Call, mode: str
) -> None:
    index = await indexed(call, clients, index_name, storage)
    some = filters(where("n", [1, 3]))
    some.filters[0].operator = "in"  # type: ignore[union-attr]  # as LlamaIndex parses it
    found = await retrieved(call, index, "river", mode, similarity_top_k=5, filters=some)
    assert found.keys() == {"foxes", "stone"}
    chosen = VectorIndexRetriever(
        index,
        node_ids=["river", "sky", "stone"],
        vector_store_query_mode=VectorStoreQueryMode(mode),
        similarity_top_k=5,
    )
    ids = {each.node.node_id for each in await on(call, chosen, "retrieve", "river")}
    assert {"river", "stone"} <= ids <= {"river", "sky", "stone"}


@pytest.mark.parametrize("mode", SERVED)
async def test_what_a_retriever_was_told_for_the_store_is_honoured_or_refused(
    clients: Clients, index_name: str, call: Call, sent: Sent, mode: str
) -> None:
    index = await indexed(call, clients, index_name, "hash")
    by_words = mode in ("text_search", "sparse")
    options: dict[str, Any] = {"scorer": "TFIDF"} if by_words else {"ef_runtime": 77}
    sent.clear()
    await retrieved(call, index, "river", mode, vector_store_kwargs=options)
    told = " ".join(str(arg) for batch in sent for args in batch for arg in args)
    assert ("TFIDF" if by_words else "EF_RUNTIME 77") in told
    for unknown in ("nonsense", "ef_search", "mmr_prefetch_factor"):
        with pytest.raises(UnknownArgumentError, match=unknown):
            await retrieved(call, index, "river", mode, vector_store_kwargs={unknown: 1})


@pytest.mark.parametrize("fusion", [FUSION_MODES.RECIPROCAL_RANK, FUSION_MODES.RELATIVE_SCORE, FUSION_MODES.SIMPLE])
async def test_a_query_fusion_retriever_works_on_top(
    clients: Clients, index_name: str, storage: str, call: Call, fusion: FUSION_MODES
) -> None:
    index = await indexed(call, clients, index_name, storage)
    retriever = QueryFusionRetriever(
        [index.as_retriever(vector_store_query_mode=mode, similarity_top_k=3) for mode in SERVED],
        llm=MockLLM(),
        mode=fusion,
        num_queries=1,
        similarity_top_k=4,
        use_async=False,
    )
    found = await on(call, retriever, "retrieve", "brown foxes")
    assert {"fox", "foxes"} <= {each.node.node_id for each in found} <= {*TEXTS}
    assert len(found) >= 3


async def test_text_search_needs_no_embedding_model_of_sense(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    index = await indexed(call, clients, index_name, storage)
    blind = VectorStoreIndex.from_vector_store(index.vector_store, embed_model=MockEmbedding(embed_dim=3))
    assert (await retrieved(call, blind, "summer", "text_search")).keys() == {"sky"}
