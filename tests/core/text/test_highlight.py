"""Highlighting: which words are marked, in which passages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redisvl_adapters.core.text.analysis import analyser
from redisvl_adapters.core.text.highlight import ELLIPSIS, matching_spans, passages_of, phrase_spans, places_of


def marked(query: str, text: str, language: str = "english", *, phrase: bool = False, length: int = 1000) -> list[str]:
    made = analyser(language)
    places, words = list(places_of(text, made)), made.words(query)
    if phrase:
        spans = phrase_spans(places, [word.term for word in words])
    else:
        spans = matching_spans(places, {form for word in words for form in word.forms})
    return passages_of(text, spans, length=length, most=3, marks=("<", ">"))


@pytest.mark.parametrize(
    ("query", "text", "language", "expected"),
    [
        ("fox runs", "Foxes, running far.", "english", "<Foxes>, <running> far."),
        ("cafe", "Das CAFE\u0301 im café", "german", "Das <CAFE\u0301> im <café>"),
        ("Haus", "Häuser-Bau", "german", "<Häuser>-Bau"),
        ("C#", "C# or C++ or c", "english", "<C#> or <C++> or <c>"),
        (".net", "use .NET, not os.net", "english", "use <.NET>, not os.<net>"),
        ("東京", "東京都と東京", "japanese", "<東京>都と<東京>"),
        ("京都", "東京都", "japanese", "東<京都>"),
        ("猫", "黒猫が", "japanese", "黒<猫>が"),
        ("ガス", "ｶﾞｽ燈", "japanese", "<ｶﾞｽ>燈"),
        ("책", "책을 읽는", "korean", "<책>을 읽는"),
        ("โต๊ะ", "บนโต๊ะดำ", "thai", "บน<โต๊ะ>ดำ"),
        ("iphone", "新iPhone手機", "chinese", "新<iPhone>手機"),
        ("eclairees", "rues éclairées", "french", "rues <éclairées>"),
    ],
)
def test_the_words_of_the_query_are_marked(query: str, text: str, language: str, expected: str) -> None:
    assert marked(query, text, language) == [expected]


def test_a_phrase_is_marked_where_its_words_stand_side_by_side() -> None:
    assert marked("brown foxes", "A brown fox; the fox is brown", phrase=True) == ["A <brown fox>; the fox is brown"]
    assert marked("C# code", "code in C#, C# code", phrase=True) == ["code in C#, <C# code>"]
    assert marked("東京都", "京東京都と", "japanese", phrase=True) == ["京<東京都>と"]
    assert marked("brown fox", "fox brown", phrase=True) == []


def test_passages_are_cut_at_blanks_and_those_with_most_words_are_kept() -> None:
    text = " ".join(["filler"] * 40 + ["fox"] + ["filler"] * 40 + ["fox", "river"] + ["filler"] * 40 + ["stone"] * 2)
    first, second, third = marked("fox river stone", text, length=60)
    assert first == f"{ELLIPSIS}filler filler filler <fox> filler filler filler filler{ELLIPSIS}"
    assert second.count("<") == 2
    assert third.startswith(ELLIPSIS)
    assert third.endswith("<stone> <stone>")
    assert marked("fox", "no such word") == []
    assert passages_of("fox", [(0, 3)], length=0, most=0, marks=("<", ">")) == []


@pytest.mark.parametrize("language", ["english", "french", "japanese", "none"])
@given(text=st.text(max_size=60))
def test_a_text_has_a_place_for_each_of_its_words(language: str, text: str) -> None:
    made = analyser(language)
    places = list(places_of(text, made))
    assert all(0 <= place.start < place.end <= len(text) for place in places)
    assert [place.start for place in places] == sorted(place.start for place in places)
    for word in text.split():
        if made.words(word):
            assert any(place.terms for place in places)
    for passage in marked(text, text, language):
        assert "<" in passage
