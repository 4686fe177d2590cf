"""Words of an index whose texts the server analyses: parted as it parts them, in the forms that it names."""

from __future__ import annotations

import pytest

from redisvl_adapters import ArgumentError
from redisvl_adapters.core.filters.server_words import StemsNeededError, read_stems, server_words
from redisvl_adapters.core.schema.foreign import ForeignIndex


def index(**parts: object) -> ForeignIndex:
    """Return an index that leaves out ``the``."""
    return ForeignIndex(("p:",), "", "t", ("t",), "v", ("v",), **{"stopwords": frozenset({"the"}), **parts})  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The red-dog, C++", ["red", "dog", "C"]),
        ("foo_bar _ @t:{x} | -(a)", ["foo_bar", "t", "x", "a"]),
        ("a\nb c\x00d", ["ab", "cd"]),
        ("it\\-s 日本—x", ["it-s", "日本—x"]),
        ("the THE", []),
    ],
)
def test_a_query_is_parted_as_the_server_parts_texts(text: str, words: list[str]) -> None:
    known = index(stems={word: (word,) for word in words})
    assert [word.text for word in server_words(text, known, "query")] == words


def test_the_server_is_asked_for_forms_that_are_not_known() -> None:
    with pytest.raises(StemsNeededError) as needed:
        server_words("red dogs", index(stems={"red": ("red",)}), "query")
    assert needed.value.words == ["dogs"]
    told = b"UNION {\n  dogs\n  +dog(expanded)\n  dog(expanded)\n}\n"
    assert read_stems(told, "dogs") == ("dogs", "\\+dog", "dog")


def test_words_that_are_parted_by_a_dictionary_are_refused() -> None:
    with pytest.raises(ArgumentError, match="dictionary"):
        server_words("日本", index(language="chinese"), "query")
    with pytest.raises(ArgumentError, match="query is a text"):
        server_words(7, index(), "query")
