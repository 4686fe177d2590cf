"""Negated words: a record that has the word in another field than the one that is asked about is not left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import pytest
from redisvl.query.filter import FilterExpression, Text

from integration_tests.core.core_support import Indexes, add, ids_of, near, opened_indexes, where
from redisvl_adapters.core import And, Filter, Not, Record, operations
from redisvl_adapters.core.filters.algebra import Keywords, Raw

FIELDS = ("text", "title", "summary")
WORDS = ("", "fox", "stone", "fox stone")
RECORDS = [dict(zip(FIELDS, words, strict=True)) for words in product(WORDS, repeat=len(FIELDS))]


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    fields = {"title": "text", "summary": "text", "n": "numeric"}
    async with opened_indexes(
        redis_url=redis_url, index_name=index_name, storage=storage, metadata_schema=fields
    ) as make:
        yield make


NEGATIONS: dict[str, tuple[Filter, str, set[str]]] = {
    "keywords": (Not((Keywords("fox", fields=("title",)),)), "title", {"fox"}),
    "any of two": (Not((Keywords("fox stone", fields=("title",)),)), "title", {"fox", "stone"}),
    "a word that no record has": (Not((Keywords("fox river", fields=("text",)),)), "text", {"fox"}),
    "text_match": (Not((where("summary", "text_match", "fox"),)), "summary", {"fox"}),
    "ne": (where("title", "ne", "fox"), "title", {"fox"}),
    "RedisVL": (Raw(Text("title") != "fox"), "title", {"fox"}),
    "raw": (Raw(FilterExpression("-@title:(fox)")), "title", {"fox"}),
    "raw without brackets": (Not((Raw(FilterExpression("@title:fox")),)), "title", {"fox"}),
}


@pytest.mark.parametrize("name", NEGATIONS)
def test_a_word_in_another_field_is_not_negated(make: Indexes, name: str) -> None:
    index = make()
    negation, field, words = NEGATIONS[name]
    # RediSearch 2.10 takes those for matches that come after the last one which has the word in the field itself.
    records = sorted(RECORDS, key=lambda each: words.isdisjoint(each[field].split()))
    add(
        index,
        *(
            Record(str(place), each["text"], {"title": each["title"], "summary": each["summary"], "n": place})
            for place, each in enumerate(records)
        ),
    )
    wanted = {str(place) for place, each in enumerate(records) if words.isdisjoint(each[field].split())}
    few = {each for each in wanted if int(each) >= 10}
    assert ids_of(index, negation) == wanted
    for filter in (
        And((negation, where("n", "gte", 10))),
        And((where("n", "gte", 10), negation)),
        And((negation, Not((where("n", "lt", 10),)))),
    ):
        assert ids_of(index, filter) == few
        assert set(near(index, 100, filter)) == few
    asked = [str(place) for place in range(0, len(RECORDS), 3)]
    found = index.run(operations.fetch_matching(index.state, negation, asked))
    assert {record.id for record in found} == wanted & set(asked)
    text = index.run(operations.search_text(index.state, "fox stone", 100, negation))
    assert {hit.record.id for hit in text} == {each for each in wanted if any(records[int(each)].values())}
