"""Vector searches within the records that have some words."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import filters, where
from redisvl_adapters import ArgumentError

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture


@pytest.mark.parametrize("match", ["any", "all"])
async def test_keywords_leave_the_nearest_among_those_that_a_text_search_finds(
    clients: Clients, index_name: str, storage: str, call: Call, match: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for keywords in ["harbour", "Harbours!", "harbour violin", '"signal" (copper)', "red", "nonsense"]:
        has = set(await there.texts(keywords, match=match))
        options = {"keywords": keywords, "keywords_match": match}
        nearest = [each for each in there.distances() if each in has]
        assert ids_of(await there.lc("similarity_search", QUERY, 100, **options)) == nearest
        assert ids_of(await there.lc("similarity_search", QUERY, 3, **options)) == nearest[:3]
        few = {"n": {"$lt": 20}}
        of_few = [each for each in nearest if there.items[each].metadata["n"] < 20]
        assert ids_of(await there.lc("similarity_search", QUERY, 100, few, **options)) == of_few
        vector = there.model.vector(QUERY)
        assert [*await there.li(query_embedding=vector, options=options)] == nearest
        among = filters(where("kind", "a"))
        assert [*await there.li(query_embedding=vector, filters=among, options=options)] == [
            each for each in nearest if there.items[each].metadata["kind"] == "a"
        ]
        some = [*there.items][::3]
        assert [*await there.li(query_embedding=vector, node_ids=some, options=options)] == [
            each for each in nearest if each in some
        ]


async def test_keywords_can_be_a_phrase(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    texts = {"side by side": "a red fox ran", "apart": "a red and quick fox", "neither": "a stone"}
    store = store_on(clients, index_name, Model(), storage=storage)
    await call(store, "add_texts", [*texts.values()], ids=[*texts])

    async def found(**options: Any) -> set[str | None]:
        return set(ids_of(await call(store, "similarity_search", "anything", 10, **options)))

    assert await found(keywords="Red fox?") == {"side by side", "apart"}
    assert await found(keywords="red fox", keywords_match="phrase") == {"side by side"}
    assert await found(keywords="fox red", keywords_match="phrase") == set()
    assert await found(keywords="foxes red", keywords_match="all") == {"side by side", "apart"}
    assert await found(keywords="ran", distance_threshold=2) == {"side by side"}


@pytest.mark.parametrize("search", ["similarity_search_with_relevance_scores", "max_marginal_relevance_search"])
async def test_every_vector_search_takes_keywords(
    clients: Clients, index_name: str, storage: str, call: Call, search: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    has = set(await there.texts("harbour"))
    found = await there.lc(search, QUERY, 40, keywords="harbour")
    documents = [each[0] if isinstance(each, tuple) else each for each in found]
    assert set(ids_of(documents)) == has
    batches = await there.lc("similarity_search_batch", [QUERY, "other"], 40, keywords="harbour")
    assert [set(ids_of(batch)) for batch in batches] == [has, has]
    fused = ids_of(await there.lc("hybrid_search", QUERY, 40, keywords="harbour"))
    assert set(fused) == has


async def test_keywords_are_one_round_trip_once_their_stems_are_known(
    clients: Clients, index_name: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name)
    await there.lc("similarity_search", QUERY, keywords="harbour violin")
    sent.clear()
    await there.lc("similarity_search", QUERY, keywords="violin")
    assert sent.names() == [{"FT.SEARCH"}]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"keywords": ""}, "keywords has no word to look for"),
        ({"keywords": "?!"}, "keywords has no word to look for"),
        ({"keywords": 7}, "keywords is a text; not int"),
        ({"keywords": ["fox"]}, "keywords is a text; not list"),
        ({"keywords": "fox", "keywords_match": "some"}, "match is one of any, all, phrase; not 'some'"),
        ({"keywords_match": "all"}, "keywords_match is for searches with keywords"),
        ({"keywords": "red red", "keywords_match": "phrase"}, "twice in a row"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_keywords_that_cannot_be_looked_for_are_refused(
    clients: Clients, index_name: str, call: Call, sent: Sent, options: dict[str, Any], named: str
) -> None:
    there = await shelf(call, clients, index_name)
    sent.refusing = True
    for search in ("similarity_search", "max_marginal_relevance_search", "hybrid_search"):
        with pytest.raises(ArgumentError, match=named):
            await there.lc(search, QUERY, **options)
    with pytest.raises(ArgumentError, match=named):
        await there.li(query_embedding=there.model.vector(QUERY), options=options)


async def test_keywords_on_an_index_without_records_find_nothing(clients: Clients, index_name: str, call: Call) -> None:
    store = store_on(clients, index_name, Model())
    assert await call(store, "similarity_search", "a", keywords="fox") == []
    await call(store, "create", 8)
    assert await call(store, "similarity_search", "a", keywords="fox", keywords_match="all") == []
