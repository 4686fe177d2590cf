"""Text analysis: one spelling for what readers take for the same, terms that are never syntax, queries that agree."""

from __future__ import annotations

import re
import sys
import threading
import time
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redisvl_adapters.core.schema.languages import LANGUAGES, NO_LANGUAGE, read_language, said_language
from redisvl_adapters.core.text import analysis, stems
from redisvl_adapters.core.text.analysis import Analyser, analyser
from redisvl_adapters.core.text.normalisation import fold_accents, split_words
from redisvl_adapters.core.text.stems import stemmer
from redisvl_adapters.errors import ArgumentError

LANGUAGES_TRIED = ["english", "french", "turkish", "arabic", "japanese", "multilingual", "none"]
# Random text is mostly of rare scripts; these are what people write, and what is awkward.
odd = st.sampled_from(
    [
        *("İ ı ß é e\u0301 \u200d \u200b \ufeff \u00ad \u202e ﷺ ½ ² Ⅷ ｱﾞ 日本語 한국어 ไทย कि ـ ς 😀 1️⃣".split()),
        *("👨\u200d👩\u200d👧 C++ C# .NET __ _a $1,299.00 a.b@c.de".split()),
    ]
)
texts = st.lists(st.one_of(st.text(max_size=8), odd), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The quick Fox", "the quick fox"),
        ("O'Brien state-of-the-art", "o brien state of the art"),
        (
            "C++, C# (F#) g++; .NET and .env",
            "c c_plusplus c c_sharp f f_sharp g g_plusplus net dot_net and env dot_env",
        ),
        ("C+++ #tag a.b. 3.5 x#5 ..a", "c c_plusplus tag a b 3 5 x 5 a"),
        ("os.path.join XR-500 v2.1 a.b@example.com $1,299.00", "os path join xr 500 v2 1 a b example com 1 299 00"),
        ('"red fox" | (blue -green) ~grey @text:{x}', "red fox blue green grey text x"),
        ("back\\slash\0nul\nline\u200bbreak", "back slash nul line break"),
        ("ＦＵＬＬ ﬁle ² Ⅷ ٣٤", "full file 2 viii 34"),
        ("co\u00adop ze\u200dro \u202eabc\u202c ❤\ufe0f 1\ufe0f\u20e3", "coop zero abc 1"),
        ("STRASSE Straße ΣΊΣΥΦΟΣ", "strasse strasse σίσυφοσ"),
        ("😀 🎉! ?!...", ""),
    ],
)
def test_a_text_is_its_words_in_one_spelling(text: str, words: str) -> None:
    assert split_words(text) == words.split()


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("café", "cafe"),
        ("łódź", "lodz"),
        ("ærø", "aero"),
        ("ñandú", "nandu"),
        ("ёлка", "елка"),
        ("мой", "мой"),
        ("ї", "ї"),
        ("за\u0301мок", "замок"),
        ("שָׁלוֹם", "שלום"),
        ("كِتَابٌ", "كتاب"),
        ("がば", "がば"),
        ("कि", "कि"),
        ("한", "한"),
    ],
)
def test_accents_are_folded_where_they_make_no_other_letter(word: str, bare: str) -> None:
    assert fold_accents(split_words(word)[0]) == bare


def test_a_word_that_is_too_long_for_the_index_is_its_digest() -> None:
    (short,), (long,), (other,) = (analyser("none").terms(each) for each in ("w" * 123, "w" * 124, "É" * 5000))
    assert short == "w" * 123
    assert re.fullmatch("[0-9a-f]{64}", long)
    assert re.fullmatch("[0-9a-f]{64}", other)
    assert analyser("none").terms("W" * 124) == [long]
    assert analyser("french").words("e" * 5000)[0].forms[-1] == other


@pytest.mark.parametrize("part", ["x", "x#", "漢字", "e\u0301", "+", ".a", "+x"])
def test_a_text_of_any_length_without_a_blank_is_analysed_soon(part: str) -> None:
    text = part * (100_000 // len(part)) + "x"
    began = time.perf_counter()
    for language in ("english", "french"):
        analyser(language).stored_text(text)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("language", LANGUAGES_TRIED)
@given(text=texts)
def test_no_term_of_any_text_is_syntax(language: str, text: str) -> None:
    made = analyser(language)
    for term in {*made.terms(text), *(form for word in made.words(text) for form in word.forms)}:
        assert not re.search(r"[\s\x00-\x1f!-/:-@\[-^`{-~\x7f]", term), term
        assert term.strip("_")
        assert len(term.encode()) <= 123


@pytest.mark.parametrize("language", LANGUAGES_TRIED)
@given(text=texts)
def test_a_text_is_found_by_any_of_its_own_words(language: str, text: str) -> None:
    made = analyser(language)
    stored = {*made.terms(text)}
    for part in (text, *text.split()):
        for word in made.words(part):
            assert word.term in stored, word
            assert stored.issuperset(word.forms), word


def test_terms_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "_REMEMBERED", 10)
    made = Analyser("english")
    told = [made.stored_text(f"running word{number}") for number in range(50)]
    assert told == [f"run word{number}" for number in range(50)]
    assert len(made._terms) <= 10


def test_threads_share_an_analyser() -> None:
    made = Analyser("english")
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(made.stored_text(" ".join(f"running{n}s" for n in range(500)))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Analyser("english").stored_text(" ".join(f"running{n}s" for n in range(500)))] * 8


WORDS = {"english": "running happiness", "german": "Häuser", "french": "chevaux", "russian": "книгами"}


@pytest.mark.parametrize("version", [None, "2.2.0"])
@pytest.mark.parametrize("language", WORDS)
def test_without_pystemmer_of_this_version_the_stems_are_the_same(
    monkeypatch: pytest.MonkeyPatch, language: str, version: str | None
) -> None:
    pytest.importorskip("Stemmer")
    words = WORDS[language].lower().split()
    expected = [stemmer(language)(word) for word in words]
    other: Any = None
    if version is not None:
        other = ModuleType("Stemmer")
        other.version = lambda: version
    monkeypatch.setitem(sys.modules, "Stemmer", other)
    assert [stemmer(language)(word) for word in words] == expected
    assert stems.SNOWBALL == "3.1."


@pytest.mark.parametrize(
    ("said", "language"),
    [("English", "english"), ("de", "german"), ("DE-at", "german"), ("zh_Hant", "chinese"), ("nb", "norwegian")],
)
def test_a_language_is_said_by_its_name_or_its_code(said: str, language: str) -> None:
    assert read_language(said) == language
    assert said_language(language) == repr(language)


def test_no_language_is_none_and_has_no_name() -> None:
    assert read_language(None) == NO_LANGUAGE
    assert said_language(NO_LANGUAGE) == "None"
    assert [read_language(name) for name in LANGUAGES] == [*LANGUAGES]
    for wrong in ("none", "klingon", "", "x", 7, ["de"]):
        with pytest.raises(ArgumentError, match=r"language is the English name .* There are: arabic, "):
            read_language(wrong)


@pytest.mark.parametrize(
    ("said", "hint"), [("Deutsch", "german"), ("français", "french"), ("中文", "chinese"), ("englsh", "english")]
)
def test_a_language_by_its_own_name_is_told_the_english_one(said: str, hint: str) -> None:
    with pytest.raises(ArgumentError, match=rf"did you mean '{hint}'\?"):
        read_language(said)
