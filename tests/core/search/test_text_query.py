"""From a sentence to a text query: words and never syntax, conditions, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redisvl_adapters.core.filters.algebra import MATCH_ALL, And, Compare, Keywords, Not, Operator
from redisvl_adapters.core.filters.conditions import EVERYTHING, Clause, literal
from redisvl_adapters.core.filters.context import RenderContext, StemsNeededError
from redisvl_adapters.core.filters.render import render
from redisvl_adapters.core.filters.word_queries import check_match, condition_on_words, phrase_query, text_fields
from redisvl_adapters.core.schema.declarations import read_metadata_schema
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.text_query import SCORERS, check_scorer, scored_phrase, scored_within, scored_words
from redisvl_adapters.core.text.analysis import words_of
from redisvl_adapters.errors import ArgumentError

SCHEMA = Schema(
    "docs",
    "docs:",
    "hash",
    VectorField("embedding", 2, "float32", "cosine", "flat"),
    read_metadata_schema({"title": "text", "sub-title": "text", "a b": "text", "kind": "tag", "n": "numeric"}),
)
STEMS = {word: [word, f"+{word}"] for word in ("fox", "river", "run")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The quick Fox", ["the", "quick", "fox"]),
        ("C++", ["c"]),
        ("O'Brien", ["o", "brien"]),
        ("state-of-the-art", ["state", "of", "the", "art"]),
        ("fox?", ["fox"]),
        ('"red fox" | (blue -green) ~grey @text:{x}', ["red", "fox", "blue", "green", "grey", "text", "x"]),
        ("fox*, %fox%, w'f?x'", ["fox", "fox", "w", "f", "x"]),
        ("a=>{$weight: 2.5}", ["a", "weight", "2", "5"]),
        ("back\\slash\0nul\nline", ["back", "slash", "nul", "line"]),
        ("snake_case _ __", ["snake_case"]),
        ("ÀÉÎ straße", ["àéî", "straße"]),
        ("日本語", ["日本語"]),
        ("😀 🎉!", []),
        ("", []),
        (" \t\n", []),
        ("?!...", []),
    ],
    ids=repr,
)
def test_a_text_is_its_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_no_word_of_any_text_is_syntax(text: str) -> None:
    for word in words_of(text):
        assert word
        assert not re.search(r"[\s\x00-\x1f!-/:-@\[-^`{-~\x7f]", word), word
        assert word.strip("_")


def test_a_word_that_is_too_long_for_the_index_is_its_digest() -> None:
    (short,), (long,), (other,) = words_of("w" * 123), words_of("w" * 124), words_of("w" * 5000)
    assert short == "w" * 123
    assert re.fullmatch("[0-9a-f]{64}", long)
    assert re.fullmatch("[0-9a-f]{64}", other)
    assert long != other
    assert words_of("W" * 124) == [long]


def test_words_that_the_index_ignores_are_left_out() -> None:
    assert words_of("The fox and THE river", stopwords=("the", "and")) == ["fox", "river"]
    assert words_of("the and", stopwords=("the", "and")) == []


@pytest.mark.parametrize("text", [None, 7, b"fox", ["fox"]], ids=repr)
def test_what_is_no_text_is_refused_by_its_name(text: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^query is a text; not "):
        words_of(text)
    with pytest.raises(ArgumentError, match=r"^keywords is a text; not "):
        words_of(text, "keywords")


@pytest.mark.parametrize("match", ["", "ANY", "some", None, 1], ids=repr)
def test_words_match_in_three_ways(match: Any) -> None:
    with pytest.raises(ArgumentError, match="match is one of any, all, phrase; not "):
        check_match(match)
    assert [check_match(each) for each in ("any", "all", "phrase")] == ["any", "all", "phrase"]


@pytest.mark.parametrize("scorer", ["", "BM26", "HAMMING", None, 1], ids=repr)
def test_a_scorer_that_does_not_exist_is_refused(scorer: Any) -> None:
    with pytest.raises(ArgumentError, match="scorer is one of BM25STD, BM25, TFIDF, "):
        check_scorer(scorer)


def test_a_scorer_may_be_written_in_small_letters() -> None:
    assert [check_scorer(scorer.lower()) for scorer in SCORERS] == [*SCORERS]
    with pytest.raises(ArgumentError, match="did you mean 'TFIDF'"):
        check_scorer("TFIFD")


# Fields


def test_all_text_fields_are_looked_into_unless_some_are_named() -> None:
    plain, escaped = text_fields(SCHEMA).split(" ")
    names = [*plain.split("|"), escaped]
    assert names[0] == "_text"
    assert set(names) == {"_text", "title", r"sub\-title", "_k_a_20_b"}
    assert text_fields(SCHEMA, ["text"]) == "_text"
    assert text_fields(SCHEMA, ["title", "text"]) == "title|_text"
    assert text_fields(SCHEMA, ["a b"]) == "_k_a_20_b"


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (["kind"], "'kind' is no text field of index 'docs'.*it has: text, title"),
        (["titel"], "did you mean 'title'"),
        (["_text"], "'_text' is no text field"),
        (["text", "n"], "'n' is no text field"),
        ([7], "7 is no text field"),
        ([], "text_fields is a list of text fields"),
        ("title", "text_fields is a list of text fields; not 'title'"),
    ],
    ids=repr,
)
def test_what_is_no_text_field_is_refused(keys: Any, named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        text_fields(SCHEMA, keys)


# Conditions


def test_a_condition_spells_out_the_forms_of_each_word() -> None:
    forms = [["fox"], ["running", "run", "+run"]]
    words = ["fox", "running"]
    assert condition_on_words("f", words, "any", forms) == r"(@f:(fox) | @f:(running|run|\+run))"
    assert condition_on_words("f", words, "all", forms) == r"(@f:(fox) @f:(running|run|\+run))"
    assert condition_on_words("f|g", words, "phrase", []) == '@f|g:("fox running")'
    assert condition_on_words("f", ["fox"], "all", [["fox"]]) == "@f:(fox)"


def test_no_words_match_nothing() -> None:
    assert [condition_on_words("f", [], match, []) for match in ("any", "all", "phrase")] == [False] * 3


def test_a_phrase_that_says_a_word_twice_in_a_row_is_refused() -> None:
    """RediSearch finds "red red" where "red" stands once."""
    with pytest.raises(ArgumentError, match=r"twice in a row.*match='all'"):
        phrase_query("f", ["a", "red", "red"])
    assert phrase_query("f", ["red", "fox", "red"]) == '@f:("red fox red")'


def test_keywords_need_a_word() -> None:
    for text in ("", "?!", "😀"):
        with pytest.raises(ArgumentError, match="keywords has no word to look for"):
            render(Keywords(text), RenderContext(SCHEMA))


def test_keywords_ask_for_the_stems_that_are_not_known() -> None:
    with pytest.raises(StemsNeededError) as needed:
        render(Keywords("fox swims swims"), RenderContext(SCHEMA, stems=STEMS))
    assert set(needed.value.words) == {"swims"}
    rendered = str(render(Keywords("Fox", fields=("title",)), RenderContext(SCHEMA, stems=STEMS))[0])
    assert rendered == r"@title:(fox|\+fox)"
    # The words of a phrase stand as they are.
    assert render(Keywords("swims far", "phrase", ("text",)), RenderContext(SCHEMA)) == (
        Clause('@_text:("swims far")'),
    )


def test_keywords_join_with_filters() -> None:
    scope = RenderContext(SCHEMA, stems=STEMS)
    fox = render(Keywords("fox", fields=("text",)), scope)[0]
    joined = render(And((Keywords("fox", fields=("text",)), Compare("n", Operator.GT, 1))), scope)
    assert str(fox) in str(joined[0])
    assert "@n:[(1 +inf]" in str(joined[0])
    (negated,) = render(Not((Keywords("fox", fields=("text",)),)), scope)
    assert str(negated) == f"(-{fox})"


# Scored queries


def test_the_words_that_are_scored_stand_side_by_side_once_each() -> None:
    assert scored_words("_text|title", ["red", "fox", "red"]) == "@_text|title:(red|fox)"


def test_within_a_condition_each_form_is_scored_by_itself() -> None:
    """RediSearch 2.10 forgets the words after the first where a union is intersected with anything."""
    condition = literal("@n:[1 2]", negated=False)
    each = [f"((@n:[1 2] | @n:[1 2])=>{{$weight:0}} @f:({form}))" for form in ("fox", r"\+fox", "run")]
    assert scored_within("f", ["fox", "+fox", "run"], condition) == " | ".join(each)


@pytest.mark.parametrize(
    ("condition", "weightless"),
    [
        (literal("@n:[1 2]", negated=False), "(@n:[1 2] | @n:[1 2])=>{$weight:0}"),
        (literal("@n:[1 2]", negated=True), "(-@n:[1 2])"),
        ((Clause("@a:{x}", "@b:{y}"),), "((-@b:{y}) | @a:{x})=>{$weight:0}"),
        (
            (Clause("@a:{x}"), Clause(negative="@b:{y}")),
            "(@a:{x} | @a:{x})=>{$weight:0} (-@b:{y})",
        ),
    ],
)
def test_a_condition_has_no_weight(condition: Any, weightless: str) -> None:
    assert scored_within("f", ["fox"], condition) == f"({weightless} @f:(fox))"
    assert scored_phrase("f", ["red", "fox"], condition) == f'{weightless} @f:("red fox")'


def test_a_phrase_without_a_condition_is_the_phrase_alone() -> None:
    assert scored_phrase("f", ["red", "fox"], EVERYTHING) == '@f:("red fox")'
    assert render(MATCH_ALL, RenderContext(SCHEMA)) == EVERYTHING
