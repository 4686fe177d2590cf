"""A filter never touches a text score, whatever the words, the filter and the way they match."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integration_tests.core.search.search_support import await_scan
from integration_tests.servers import has_slots
from redisvl_adapters.core import And, Compare, Filter, Not, Operator, Or, Record, RedisIndex, operations
from redisvl_adapters.core.filters.algebra import Keywords

WORDS = ["run", "running", "fox", "river", "the", "stone"]
PROXIMITY = ["BM25", "TFIDF", "TFIDF.DOCNORM"]
"""Scorers that divide by how far apart the words stand, which the server reckons otherwise beside a filter."""

texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
records = st.lists(
    st.fixed_dictionaries(
        {"text": texts, "title": texts, "n": st.integers(0, 3), "tags": st.lists(st.sampled_from("abc"), max_size=2)}
    ),
    min_size=1,
    max_size=12,
)
leaves = st.one_of(
    st.builds(Compare, st.just("n"), st.sampled_from([Operator.EQ, Operator.NE, Operator.GT]), st.integers(0, 3)),
    st.builds(
        Compare, st.just("tags"), st.sampled_from([Operator.ANY, Operator.NIN]), st.lists(st.sampled_from("abc"))
    ),
    st.builds(Compare, st.just("title"), st.just(Operator.TEXT_MATCH), st.sampled_from(WORDS)),
    st.builds(Keywords, st.sampled_from(WORDS), st.just("any"), st.just(("text",))),
)


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, several))


filters = st.recursive(leaves, joined, max_leaves=6)


class Corpus:
    """One index whose records are replaced for each example."""

    def __init__(self, client: redis.Redis, name: str, storage: str) -> None:
        self._client, self._name, self._storage = client, name, storage
        self._made = 0

    def fresh(self, contents: list[dict[str, Any]]) -> RedisIndex:
        """Return a new index, since the server's scores remember records that are gone."""
        self._made += 1
        schema = {"title": "text", "n": "numeric", "tags": "tag"}
        made: Any = {"index_name": f"{self._name}-{self._made}", "client": self._client, "storage": self._storage}
        index = RedisIndex(**made, metadata_schema=schema, algorithm="flat")
        index.run(operations.create(index.state, 2))
        await_scan(self._client, made["index_name"])
        items = [
            Record(str(place), content["text"], {key: content[key] for key in ("title", "n", "tags")})
            for place, content in enumerate(contents)
        ]
        index.run(operations.upsert(index.state, items, [[1.0, float(place)] for place in range(len(items))]))
        return index

    def drop(self, index: RedisIndex) -> None:
        """Drop an index."""
        index.run(operations.drop(index.state))


@pytest.fixture
def corpus(server: redis.Redis, index_name: str, storage: str) -> Corpus:
    return Corpus(server, index_name, storage)


def scores(index: RedisIndex, text: str, filter: Filter | None = None, **options: Any) -> dict[str, float]:
    hits = index.run(operations.search_text(index.state, text, 1000, filter, **options))
    assert [hit.score for hit in hits] == sorted([hit.score or 0.0 for hit in hits], reverse=True)
    return {hit.record.id: hit.score or 0.0 for hit in hits}


def matching(index: RedisIndex, filter: Filter) -> set[str]:
    return {record.id for record in index.run(operations.fetch_matching(index.state, filter))}


@dataclass(frozen=True)
class Question:
    """What is asked of an index."""

    text: str
    filter: Filter
    scorer: str
    keys: list[str] | None
    match: str


def ask(text: str, filter: Filter, scorer: str, keys: list[str] | None, match: str) -> Question:
    words = text.replace("running", "run").split()
    # Such phrases are refused.
    stutters = any(one == other for one, other in pairwise(words))
    return Question(text, filter, scorer, keys, "all" if stutters and match == "phrase" else match)


questions = st.builds(
    ask,
    text=texts.filter(bool),
    filter=filters,
    scorer=st.sampled_from(["BM25STD", "BM25STD", "DISMAX", "DOCSCORE", *PROXIMITY]),
    keys=st.sampled_from([None, ["text"], ["title", "text"]]),
    match=st.sampled_from(["any", "any", "all", "phrase"]),
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(contents=records, asked=st.lists(questions, min_size=4, max_size=8))
def test_with_a_filter_scores_are_those_without_it(
    corpus: Corpus, contents: list[dict[str, Any]], asked: list[Question]
) -> None:
    """RediSearch 2.10 forgets the words after the first where a union of words is intersected with a filter."""
    index = corpus.fresh(contents)
    for question in asked:
        options: dict[str, Any] = {"scorer": question.scorer, "fields": question.keys, "match": question.match}
        without = scores(index, question.text, **options)
        among = matching(index, question.filter)
        expected = {each: score for each, score in without.items() if each in among}
        some = sorted(without)[::2]
        for ids in (None, some):
            found = scores(index, question.text, question.filter, ids=ids, **options)
            wanted = {each: score for each, score in expected.items() if ids is None or each in ids}
            assert found.keys() == wanted.keys(), question
            if question.scorer not in PROXIMITY:
                assert found == pytest.approx(wanted, rel=1e-9), question
    corpus.drop(index)


def test_words_that_share_a_stem_count_alike_with_and_without_a_filter(corpus: Corpus) -> None:
    contents: list[dict[str, Any]] = [
        {"text": text, "title": "", "n": 1, "tags": []} for text in ("run far", "running far", "fox")
    ]
    index = corpus.fresh(contents)
    for text in ("run", "running", "run running", "running run running", "runs run"):
        without = scores(index, text)
        assert without.keys() == {"0", "1"}
        assert scores(index, text, Compare("n", Operator.EQ, 1)) == pytest.approx(without)
        assert scores(index, text, match="all").keys() == {"0", "1"}
    corpus.drop(index)


def test_each_word_that_a_text_has_counts(corpus: Corpus, redis_url: str) -> None:
    # Each node of a cluster knows how rare a word is among its own records.
    is_cluster = has_slots(redis_url)
    index = corpus.fresh(
        [
            {"text": text, "title": "", "n": 1, "tags": []}
            for text in ("fox river stone", "fox river the", "fox the the", "the the the")
        ]
    )
    for filter in (None, Compare("n", Operator.EQ, 1), Compare("n", Operator.NE, 2)):
        found = scores(index, "fox river stone", filter)
        assert len({*found.values()}) == 3
        if not is_cluster:
            assert [*found] == ["0", "1", "2"]
    every = scores(index, "fox river stone")
    alone = [scores(index, word).get("0", 0.0) for word in ("fox", "river", "stone")]
    assert every["0"] == pytest.approx(sum(alone))
    corpus.drop(index)
