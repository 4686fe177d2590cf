"""Function words by language: articles, pronouns, prepositions and the like, which say little by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from redisvl_adapters.core.text.normalisation import fold_accents, split_words


@cache
def function_words(language: str) -> frozenset[str]:
    """Return the function words of a language, without accents; none where no list of them is kept."""
    words = _lists().get(language, "")
    return frozenset(fold_accents(word) for word in split_words(words))


def likely_function_words(words: Sequence[str]) -> frozenset[str]:
    """Return the function words of the language that has the most of some words, and at least two, among them.

    Languages that have equally many are none: what is an article here is a noun there.
    """
    counts = sorted(((sum(word in function_words(name) for word in words), name) for name in _lists()), reverse=True)
    (most, likeliest), (next_most, _) = counts[:2]
    return function_words(likeliest) if most > max(next_most, 1) else frozenset()


@cache
def _lists() -> dict[str, str]:
    text = Path(__file__).with_name("function_words.txt").read_text(encoding="utf-8")
    # The first part says what the others are.
    _, *parts = text.split("\n\n")
    return {language: words for language, _, words in (part.partition("\n") for part in parts)}
