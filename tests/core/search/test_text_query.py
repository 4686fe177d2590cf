"""From a sentence to a text query: terms and never syntax, conditions, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from redisvl_adapters.core.filters.algebra import MATCH_ALL, And, Compare, Keywords, Match, Not, Operator
from redisvl_adapters.core.filters.conditions import EVERYTHING, Clause, literal
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.render import render
from redisvl_adapters.core.filters.word_queries import (
    ask_words,
    check_match,
    condition_on_words,
    phrase_query,
    stopword_terms,
)
from redisvl_adapters.core.schema.declarations import read_metadata_schema
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.text_query import SCORERS, check_scorer, scored_query
from redisvl_adapters.errors import ArgumentError

SCHEMA = Schema(
    "docs",
    "docs:",
    "hash",
    VectorField("embedding", 2, "float32", "cosine", "flat"),
    read_metadata_schema({"title": "text", "sub-title": "text", "a b": "text", "kind": "tag", "n": "numeric"}),
)
EXACT = replace(SCHEMA, fields=read_metadata_schema({"code": {"type": "text", "attrs": {"no_stem": True}}}))


def fields(schema: Schema = SCHEMA, keys: Any = None) -> list[str]:
    return [each.names for each in ask_words(schema, "fox", "any", keys=keys)]


def asked(text: str, match: Match = "any", schema: Schema = SCHEMA, **options: Any) -> str:
    keys = options.pop("keys", ["text"])
    return str(condition_on_words(ask_words(schema, text, match, keys=keys, **options), match))


def scored(text: str, condition: Any = EVERYTHING, match: Match = "any", keys: Any = ("text",)) -> str:
    return scored_query(ask_words(SCHEMA, text, match, keys=keys), match, condition)


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
    (names,) = fields()
    plain, escaped = names.split(" ")
    assert plain.split("|")[0] == "_text"
    assert {*plain.split("|"), escaped} == {"_text", "title", r"sub\-title", "_k_a_20_b"}
    assert fields(keys=["text"]) == ["_text"]
    assert fields(keys=["title", "text"]) == ["title|_text"]
    assert fields(keys=["a b"]) == ["_k_a_20_b"]


def test_a_field_without_stems_is_asked_for_the_words_themselves() -> None:
    assert fields(EXACT) == ["_text", "code"]
    assert asked("running foxes", schema=EXACT, keys=None) == "(@_text:(run|fox) | @code:(running|foxes))"
    every = "((@_text:(run) | @code:(running)) (@_text:(fox) | @code:(foxes)))"
    assert asked("running foxes", "all", EXACT, keys=None) == every
    phrase = '(@_text:("run fox") | @code:("running foxes"))'
    assert asked("running foxes", "phrase", EXACT, keys=None) == phrase


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
        fields(keys=keys)


# Conditions


def test_words_are_asked_for_by_their_terms() -> None:
    assert asked("Running foxes, running!") == "@_text:(run|fox)"
    assert asked("Running foxes", "all") == "(@_text:(run) @_text:(fox))"
    assert asked("Running foxes", "phrase") == '@_text:("run fox")'
    assert asked("fox", "all") == "@_text:(fox)"


def test_any_of_the_words_is_any_but_the_function_words() -> None:
    assert asked("What is the speed of a fox?") == "@_text:(speed|fox)"
    assert asked("to be or not to be") == "@_text:(to|be|or|not)"
    assert asked("The fox", "all") == "(@_text:(the) @_text:(fox))"
    assert asked("the fox", "phrase") == '@_text:("the fox")'


def test_a_word_whose_accents_make_another_stem_is_asked_for_with_and_without_them() -> None:
    french = replace(SCHEMA, language="french")
    assert asked("éclairées", schema=french) == "@_text:(eclair|eclaire)"
    assert asked("éclairées", "all", french) == "@_text:(eclair|eclaire)"
    assert asked("éclairées", "phrase", french) == '@_text:("eclair")'


def test_no_words_match_nothing() -> None:
    assert [asked("?!", match) for match in ("any", "all", "phrase")] == ["False"] * 3


def test_words_that_the_index_ignores_are_left_out() -> None:
    ignoring = replace(SCHEMA, stopwords=("Foxes", "river"))
    assert stopword_terms(ignoring) == {"fox", "river"}
    assert asked("fox and river banks", "all", ignoring) == "(@_text:(and) @_text:(bank))"
    assert asked("rivers", schema=ignoring) == "False"


@pytest.mark.parametrize("text", [None, 7, b"fox", ["fox"]], ids=repr)
def test_what_is_no_text_is_refused_by_its_name(text: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^query is a text; not "):
        ask_words(SCHEMA, text, "any")
    with pytest.raises(ArgumentError, match=r"^keywords is a text; not "):
        render(Keywords(text), RenderContext(SCHEMA))


@pytest.mark.parametrize(("phrase", "terms"), [("a red red fox", "a red red fox"), ("it runs running", "it run run")])
def test_a_phrase_that_says_a_word_twice_in_a_row_is_refused(phrase: str, terms: str) -> None:
    """RediSearch finds "red red" where "red" stands once."""
    with pytest.raises(ArgumentError, match=r"twice in a row.*match='all'"):
        phrase_query("f", terms.split())
    with pytest.raises(ArgumentError, match=r"twice in a row.*match='all'"):
        scored(phrase, match="phrase")
    assert phrase_query("f", ["red", "fox", "red"]) == '@f:("red fox red")'


def test_keywords_need_a_word() -> None:
    for text in ("", "?!", "😀"):
        with pytest.raises(ArgumentError, match="keywords has no word to look for"):
            render(Keywords(text), RenderContext(SCHEMA))


def test_keywords_join_with_filters() -> None:
    scope = RenderContext(SCHEMA)
    fox = render(Keywords("fox", fields=("text",)), scope)[0]
    assert str(fox) == "@_text:(fox)"
    joined = render(And((Keywords("fox", fields=("text",)), Compare("n", Operator.GT, 1))), scope)
    assert str(joined[0]) == "(@_text:(fox) @n:[(1 +inf])"
    (negated,) = render(Not((Keywords("fox", fields=("text",)),)), scope)
    assert str(negated) == f"(-({fox} {fox}))"
    assert render(Keywords("swims far", "phrase", ("text",)), scope) == (Clause('@_text:("swim far")'),)


# Languages


def test_a_query_in_another_language_than_that_of_the_index_is_refused() -> None:
    with pytest.raises(ArgumentError, match="language is 'de', but the texts of index 'docs' are analysed in 'engl"):
        asked("Haus", language="de")
    with pytest.raises(ArgumentError, match=r"did you mean 'german'.*There are: arabic, "):
        asked("Haus", language="germann")
    assert asked("running", language="en") == asked("running")
    bare = replace(SCHEMA, language="none")
    with pytest.raises(ArgumentError, match="are analysed in None: leave it out"):
        asked("Haus", schema=bare, language="de")


def test_an_index_of_many_languages_is_asked_in_any() -> None:
    many = replace(SCHEMA, language="multilingual")
    assert asked("die Häuser", schema=many) == "@_text:(die|hauser)"
    assert asked("die Häuser", schema=many, language="de") == "@_text:(hauser)"
    keyed = replace(SCHEMA, language_key="lang")
    assert asked("die Häuser", schema=keyed, language="de") == "@_text:(haus)"
    assert asked("the houses", schema=keyed) == "@_text:(hous)"


# Scored queries


def test_words_without_a_condition_are_scored_as_they_are() -> None:
    assert scored("red fox red") == "@_text:(red|fox)"
    assert scored("red fox", match="all") == "@_text:(red|fox)"
    assert scored("red fox", match="phrase") == '@_text:("red fox")'
    assert render(MATCH_ALL, RenderContext(SCHEMA)) == EVERYTHING


def test_within_a_condition_the_words_are_asked_twice_and_scored_once() -> None:
    """RediSearch 2.10 scores a union whole only where it skips to a record that it knows to be in it."""
    condition = literal("@n:[1 2]", negated=False)
    assert scored("red fox", condition) == "@_text:(red|fox) (@n:[1 2] @_text:(red|fox))=>{$weight:0}"
    either = scored("fox", condition, keys=("sub-title", "text"))
    assert either == r"(@_text:(fox) | @sub\-title:(fox)) (@n:[1 2] (@_text:(fox) | @sub\-title:(fox)))=>{$weight:0}"


def test_within_a_negation_each_word_is_scored_by_itself() -> None:
    """RediSearch 2.10 misjudges a negation that is further inside."""
    negation = literal("@n:[1 2]", negated=True)
    assert scored("red fox", negation) == "((-@n:[1 2]) @_text:(red)) | ((-@n:[1 2]) @_text:(fox))"
    both = (Clause("@a:{x}"), Clause(negative="@b:{y}"), Clause("@c:{z}", "@d:{w}"))
    weightless = "(@a:{x} | @a:{x})=>{$weight:0} (-@b:{y}) ((-@d:{w}) | @c:{z})=>{$weight:0}"
    assert scored("red fox", both) == f"({weightless} @_text:(red)) | ({weightless} @_text:(fox))"


def test_within_a_negation_a_phrase_is_scored_in_each_field_by_itself() -> None:
    found = scored("red fox", literal("@n:[1 2]", negated=True), "phrase", ("text", "sub-title"))
    phrases = [rf'((-@n:[1 2]) @{name}:("red fox"))' for name in ("_text", r"sub\-title")]
    assert found == " | ".join(phrases)


def test_a_server_that_scores_unions_whole_is_asked_once() -> None:
    words, condition = ask_words(SCHEMA, "red fox", "any", keys=["text"]), literal("@n:[1 2]", negated=True)
    query = scored_query(words, "any", condition, unions_whole=True)
    assert query == "(-@n:[1 2]) @_text:(red|fox)"


@pytest.mark.parametrize("scorer", ["BM25", "TFIDF", "TFIDF.DOCNORM"])
def test_what_counts_how_far_apart_words_stand_scores_each_by_itself(scorer: str) -> None:
    words, condition = ask_words(SCHEMA, "red fox", "any", keys=["text"]), literal("@n:[1 2]", negated=False)
    weightless = "(@n:[1 2] | @n:[1 2])=>{$weight:0}"
    expected = f"({weightless} @_text:(red)) | ({weightless} @_text:(fox))"
    assert scored_query(words, "any", condition, scorer) == expected


@pytest.mark.parametrize(
    ("condition", "weightless"),
    [
        (literal("@n:[1 2]", negated=False), "(@n:[1 2] | @n:[1 2])=>{$weight:0}"),
        (literal("@n:[1 2]", negated=True), "(-@n:[1 2])"),
        ((Clause("@a:{x}", "@b:{y}"),), "((-@b:{y}) | @a:{x})=>{$weight:0}"),
        ((Clause("@a:{x}"), Clause(negative="@b:{y}")), "(@a:{x} | @a:{x})=>{$weight:0} (-@b:{y})"),
    ],
)
def test_one_word_or_phrase_is_scored_behind_a_condition_without_weight(condition: Any, weightless: str) -> None:
    assert scored("fox", condition) == f"{weightless} @_text:(fox)"
    assert scored("red fox", condition, "phrase") == f'{weightless} @_text:("red fox")'


@pytest.mark.parametrize("match", ["any", "all", "phrase"])
def test_a_word_that_one_field_ignores_is_ignored_in_all(match: Match) -> None:
    """An index that ignores "running" ignores "run"; in a field without stems that is another word."""
    schema = replace(EXACT, stopwords=("running",))
    found = ask_words(schema, "running foxes", match)
    assert [[word.term for word in each.words] for each in found] == [["fox"], ["foxes"]]
    assert condition_on_words(found, match)
