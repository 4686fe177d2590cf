"""Searching by text: from a user's sentence, whatever is in it, to the documents that have its words."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import Sent, distances_of, scores_of, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import filters, where
from redisvl_adapters import ArgumentError, FilterError
from redisvl_adapters.core import Compare, Operator, operations
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

TEXTS = {
    "c": "Modern C++ templates",
    "obrien": "Pat O'Brien wrote it",
    "art": "A state-of-the-art engine",
    "fox": "The quick brown fox runs",
    "foxes": "Two foxes, running far",
    "to be": "To be, or not to be?",
    "break": "first line\nsecond\tline\0third",
    "party": "A party 🎉 with cake",
    "umlaut": "Die STRASSE und die Straße, ÄRGER",
    "snake": "call snake_case_name(1.5)",
}


async def written(call: Call, clients: Clients, index_name: str, **options: Any) -> RedisVectorStore:
    """Return a store that has these texts."""
    store = store_on(clients, index_name, **options)
    metadatas: list[dict[str, Any] | None] = [{"n": place, "where": "here"} for place in range(len(TEXTS))]
    await call(store, "add_texts", [*TEXTS.values()], metadatas, ids=[*TEXTS])
    return store


SENTENCES = [
    ("C++", {"c"}),
    ("c++ TEMPLATES", {"c"}),
    ("O'Brien", {"obrien"}),
    ("o brien", {"obrien"}),
    ("state-of-the-art", {"art"}),
    ("fox?", {"fox", "foxes"}),
    ("(fox)", {"fox", "foxes"}),
    ('"fox"', {"fox", "foxes"}),
    ("fox*", {"fox", "foxes"}),
    ("-fox", {"fox", "foxes"}),
    ("runs", {"fox", "foxes"}),
    ("to be or not to be", {"to be"}),
    ("to be to be", {"to be"}),
    ("🎉 cake", {"party"}),
    ("ärger", {"umlaut"}),
    ("third", {"break"}),
    ("second", {"break"}),
    ("snake_case_name", {"snake"}),
    ("1.5", {"snake"}),
    ("cake @n:[0 100]", {"party"}),
    ("@_text:(cake) => {$weight: 7}", {"party"}),
    ("cake | nothing", {"party"}),
    ("cake" + "! " * 2000, {"party"}),
]


async def test_a_sentence_finds_what_has_its_words(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    """langchain-redis 25: no hybrid search, and no text search. RedisVL escapes tokens, and these find nothing."""
    store = await written(call, clients, index_name, storage=storage)
    here = {"where": "here"}
    for query, found in SENTENCES:
        assert set(ids_of(await call(store, "text_search", query, 10))) == found, query
        assert set(ids_of(await call(store, "text_search", query, 10, here))) == found, query
        assert set(ids_of(await call(store, "text_search", query, 10, match="all"))) <= found, query


WORDLESS = ["", " \t\n", "\0", "?!", "...", '"', "'", "()", "-", "*", "@", "|", "🎉", "{}[]$%~", "\\", "_"]


async def test_a_text_without_words_finds_nothing(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = await written(call, clients, index_name, storage=storage)
    for query in WORDLESS:
        for match in ("any", "all", "phrase"):
            for filter in (None, {"where": "here"}):
                assert await call(store, "text_search", query, 10, filter, match=match) == [], query
                assert await call(store, "text_search_with_score", query, 10, filter, match=match) == [], query
        # The vector side is left.
        assert len(await call(store, "hybrid_search", query, 10)) == 10, query


HOSTILE = [
    *['fox" | *', "fox)(", "@text:*", "%%fox%%", "w'f?x'", "fox\\", "*=>[KNN 1 @embedding $v]", "$v", "inf -nan +inf"],
    *["1e400 1e5", "ismissing(@n)", "a" * 6000, "é" * 3000, "日本語 مرحبا क्षि", "\u200d\u200c\u0301", "\x01\x1f\x7f"],
]


OPTIONS: list[dict[str, Any]] = [
    {},
    {"match": "all"},
    {"match": "phrase"},
    {"text_fields": ["title", "text"]},
    {"scorer": "TFIDF"},
]


async def test_no_text_is_an_error(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = await written(call, clients, index_name, storage=storage, metadata_schema={"title": "text"})
    for query in HOSTILE:
        for options in OPTIONS:
            for filter in (None, {"where": "here"}, {"n": {"$ne": 3}}):
                assert len(await call(store, "text_search", query, 10, filter, **options)) <= 10
        assert len(await call(store, "hybrid_search", query, 10, {"where": "here"})) == 10


@pytest.mark.parametrize("match", ["any", "all"])
async def test_five_thousand_words_are_a_text_like_any_other(
    clients: Clients, index_name: str, storage: str, call: Call, match: str
) -> None:
    store = store_on(clients, index_name, storage=storage)
    words = " ".join(f"word{place}" for place in range(5000))
    await call(store, "add_texts", [words, "word7 alone"], [{"n": 1}, {"n": 2}], ids=["whole", "part"])
    expected = {"whole", "part"} if match == "any" else {"whole"}
    for filter in (None, {"n": {"$gte": 1}}):
        assert set(ids_of(await call(store, "text_search", words, 10, filter, match=match))) == expected


async def test_a_very_long_word_is_found_by_itself(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = store_on(clients, index_name, storage=storage)
    words = ["x" * length for length in (122, 123, 124, 125, 5000)] + ["é" * length for length in (61, 62, 3000)]
    await call(store, "add_texts", words, [{"n": 1}] * len(words), ids=[f"{word[0]}{len(word)}" for word in words])
    for word in words:
        for filter in (None, {"n": 1}):
            assert ids_of(await call(store, "text_search", word.upper(), 10, filter)) == [f"{word[0]}{len(word)}"]


# A query, and what has any of its words, all of them, and all side by side.
MATCHES: list[tuple[str, set[str], set[str], set[str]]] = [
    ("quick fox", {"fox", "foxes"}, {"fox"}, set()),
    ("brown fox", {"fox", "foxes"}, {"fox"}, {"fox"}),
    ("Running foxes", {"fox", "foxes"}, {"fox", "foxes"}, set()),
    ("foxes, running", {"fox", "foxes"}, {"fox", "foxes"}, {"fox", "foxes"}),
    ("second line", {"break"}, {"break"}, {"break"}),
    ("not to be", {"to be"}, {"to be"}, {"to be"}),
    ("cake with nonsense", {"party"}, set(), set()),
    ("fox", {"fox", "foxes"}, {"fox", "foxes"}, {"fox", "foxes"}),
]


async def test_words_match_in_three_ways(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = await written(call, clients, index_name, storage=storage)
    for query, *ways in MATCHES:
        for filter in (None, {"where": "here"}, {"n": {"$ne": 99}}):
            for match, expected in zip(("any", "all", "phrase"), ways, strict=True):
                found = await call(store, "text_search", query, 10, filter, match=match)
                assert set(ids_of(found)) == expected, (query, filter, match)


async def test_the_best_come_first_with_their_scores(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    everything = distances_of(await there.lc("text_search_with_score", "harbour violin", 100))
    assert {*everything} == {
        each
        for each, item in there.items.items()
        if {"harbour", "violin"} & {*f"{item.text} {item.metadata['title']}".split()}
    }
    assert [*everything.values()] == sorted(everything.values(), reverse=True)
    assert all(score > 0 for score in everything.values())
    assert ids_of(await there.lc("text_search", "harbour violin", 100)) == [*everything]
    assert ids_of(await there.lc("text_search", "harbour violin", 5)) == [*everything][:5]
    assert await there.lc("text_search", "harbour violin", 0) == []
    assert await there.li(query_str="harbour violin", mode="text_search") == everything
    assert scores_of(await there.run(operations.search_text, "harbour violin", 100)) == everything


async def test_nothing_is_embedded_for_a_text_search(clients: Clients, index_name: str, call: Call, sent: Sent) -> None:
    there = await shelf(call, clients, index_name)
    there.model.calls.clear()
    sent.clear()
    await there.lc("text_search", "red fox", 3)
    assert not there.model.calls
    assert sent.names() == [{"FT.SEARCH"}]


@pytest.mark.parametrize("scorer", ["BM25STD", "BM25", "TFIDF", "TFIDF.DOCNORM", "DISMAX", "DOCSCORE", "tfidf"])
async def test_each_scorer_of_the_server_can_be_asked_for(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, scorer: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    sent.clear()
    found = distances_of(await there.lc("text_search_with_score", "harbour violin", 100, scorer=scorer))
    assert found
    assert sent[-1][0][sent[-1][0].index("SCORER") + 1] == scorer.upper()
    among = {"n": {"$gte": 20}}
    filtered = distances_of(await there.lc("text_search_with_score", "harbour violin", 100, among, scorer=scorer))
    assert filtered == {each: score for each, score in found.items() if there.items[each].metadata["n"] >= 20}


# Fields, filters and ids


async def test_declared_text_fields_are_searched_too(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    schema: dict[str, Any] = {"title": "text", "author.bio": "text", "kind": "tag"}
    store = store_on(clients, index_name, storage=storage, metadata_schema=schema)
    metadatas = [{"title": "red fox"}, {"author": {"bio": "foxes!"}}, {"title": "sea", "kind": "fox"}, {}]
    await call(store, "add_texts", ["a stone", "a river", "a cloud", "fox"], metadatas, ids=["t", "b", "k", "text"])

    async def found(**options: Any) -> set[str | None]:
        return set(ids_of(await call(store, "text_search", "fox", 10, **options)))

    assert await found() == {"t", "b", "text"}
    assert await found(text_fields=None) == {"t", "b", "text"}
    assert await found(text_fields=["text"]) == {"text"}
    assert await found(text_fields=["title"]) == {"t"}
    assert await found(text_fields=["author.bio", "title"]) == {"t", "b"}
    assert await found(text_fields=["author.bio", "title"], match="all") == {"t", "b"}
    assert await found(text_fields=["title"], match="phrase", filter={"title": {"$exists": True}}) == {"t"}
    for wrong in (["kind"], ["titel"], [], "title", ["text", "nothing"]):
        with pytest.raises(ArgumentError, match="text_fields"):
            await found(text_fields=wrong)


async def test_filters_and_ids_restrict_a_text_search(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    query = "harbour violin signal"
    every = await there.li(query_str=query, mode="text_search")
    chosen = [*every][1::2]
    among = filters(where("kind", "a"))
    of_kind = [each for each in every if there.items[each].metadata["kind"] == "a"]
    for restriction, expected in (
        ({"node_ids": [*chosen, "gone"]}, chosen),
        ({"filters": among}, of_kind),
        ({"filters": among, "node_ids": chosen}, [each for each in of_kind if each in chosen]),
        ({"node_ids": ["gone"]}, []),
        ({"node_ids": []}, [*every]),
        ({"doc_ids": ["none"]}, []),
    ):
        assert await there.li(query_str=query, mode="text_search", **restriction) == {
            each: every[each] for each in every if each in expected
        }
    few = await there.li(query_str=query, mode="text_search", node_ids=chosen, similarity_top_k=3)
    assert [*few.values()] == [every[each] for each in chosen[:3]]
    with pytest.raises(FilterError, match="'nothing' is not in index"):
        await there.lc("text_search", query, filter={"nothing": {"$ne": 1}})


async def test_an_index_without_records_has_no_texts(clients: Clients, index_name: str, call: Call) -> None:
    store = store_on(clients, index_name, Model())
    assert await call(store, "text_search", "fox") == []
    assert await call(store, "text_search", "fox", filter={"anything": 1}, match="all") == []
    await call(store, "add_texts", ["fox"], [{"n": 1}])
    await call(store, "clear")
    assert await call(store, "text_search", "fox", filter={"n": 1}) == []
    other = LlamaIndexStore(index_name=index_name, **clients)
    found = await call(
        other.index, "run", operations.search_text(other.index.state, "fox", 3, Compare("n", Operator.EQ, 1))
    )
    assert found == []
