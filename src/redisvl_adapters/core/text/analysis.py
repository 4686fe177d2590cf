"""Text analysis: from any text to the terms that are stored, scored and looked for, by language.

Pure functions of a text and a language: what is written and what is asked for is analysed in the same way, here, so
that it is the same on every server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from redisvl_adapters.core.schema.languages import MULTILINGUAL
from redisvl_adapters.core.text.function_words import function_words, likely_function_words
from redisvl_adapters.core.text.normalisation import fold_accents, split_words, unspaced, word_character
from redisvl_adapters.core.text.stems import NEEDS_ACCENTS, stemmer
from redisvl_adapters.errors import ArgumentError

_MAX_TERM_BYTES = 123
"""RediSearch cuts words to 128 bytes in the index, and not in queries."""

_REMEMBERED = 1 << 16
"""Of how many words the terms are remembered for each language."""

_APART = "\ue000"
"""A term that no text has: what stands behind it in a record has no place in phrases."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query.

    Attributes:
        text: The word in its one spelling, without accents.
        term: The term that stands for it at its place in a text.
        forms: The terms under which a text may have it.
    """

    text: str
    term: str
    forms: tuple[str, ...]


class Analyser:
    """Text analysis in one language.

    Args:
        language: One of ``schema.languages.LANGUAGES``, or ``none``.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._terms = _Terms(language, folded=language not in NEEDS_ACCENTS)
        # Whoever leaves accents out finds a word by a form that is as it were without them.
        self._plain_terms = _Terms(language, folded=True) if language in NEEDS_ACCENTS else None

    def stored_text(self, text: str) -> str:
        """Return what a text field holds of a text: its terms with blanks between, in their order.

        Behind them stand those by which alone the text is found too: single characters of scripts without spaces that
        are words often enough, and words without the accents that made another stem of them.
        """
        text = self._cased(text)
        words = split_words(text)
        if text.isascii():
            # In half of the time that one look-up after the other takes.
            return " ".join(itemgetter(*words)(self._terms) if len(words) > 1 else map(self._terms.__getitem__, words))
        term = self._terms.__getitem__
        parts = list(_parts(words))
        also = dict.fromkeys(char for word in parts if len(word) > 1 for char in word_character().findall(word))
        if self._plain_terms is not None:
            plain = self._plain_terms.__getitem__
            also |= dict.fromkeys(plain(word) for word in parts if not word.isascii() and plain(word) != term(word))
        return " ".join([*map(term, parts), *((_APART, *also) if also else ())])

    def terms(self, text: str) -> list[str]:
        """Return the terms by which a text is found: those of its words in their order, then the others."""
        return [term for term in self.stored_text(text).split() if term != _APART]

    def term(self, word: str) -> str:
        """Return the term of a word in its one spelling; an empty one without a letter."""
        return self._terms[word]

    def words(self, text: Any, name: str = "query") -> list[Word]:
        """Return the words of a query in their order.

        Args:
            text: Any text. Nothing in it is syntax.
            name: What it is called in errors.

        Raises:
            ArgumentError: If it is no text.
        """
        if not isinstance(text, str):
            raise ArgumentError(f"{name} is a text; not {type(text).__name__} {text!r:.80}")
        return [
            Word(fold_accents(word), term, self._forms(word, term))
            for word in _parts(split_words(self._cased(text)))
            if (term := self._terms[word])
        ]

    def _forms(self, word: str, term: str) -> tuple[str, ...]:
        if self._plain_terms is None or (plain := self._plain_terms[word]) == term:
            return (term,)
        return term, plain

    def _cased(self, text: str) -> str:
        # There the small letter of I has no dot, and the capital letter of i has one.
        return text.replace("I", "\u0131").replace("\u0130", "i") if self.language == "turkish" else text


def without_function_words(words: Sequence[Word], language: str) -> Sequence[Word]:
    """Return the words that are no function words of a language; all if there are no others.

    Among many languages, it is the one that has the most of these words, and at least two, as function words.
    """
    ignored = (
        likely_function_words([word.text for word in words]) if language == MULTILINGUAL else function_words(language)
    )
    return [word for word in words if word.text not in ignored] or words


@cache
def analyser(language: str) -> Analyser:
    """Return what analyses texts in a language. It remembers the terms of words, and is shared."""
    return Analyser(language)


class _Terms(dict[str, str]):
    """The terms of words, which are remembered as they are asked for; that of a word without a letter is empty."""

    def __init__(self, language: str, *, folded: bool) -> None:
        super().__init__()
        self._stem = stemmer(language)
        self._folded = folded

    def __missing__(self, word: str) -> str:
        bare = fold_accents(word) if self._folded else word
        if len(bare) > _MAX_TERM_BYTES // 4 and len(bare.encode()) > _MAX_TERM_BYTES:
            # It may be as long as a text: it is not remembered.
            return hashlib.sha256(fold_accents(word).encode()).hexdigest()
        # An underscore that stands alone can be indexed, but not asked for.
        term = fold_accents(self._stem(bare)) or fold_accents(word)
        term = term if term.strip("_") else ""
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = term
        return term


def _parts(words: Iterable[str]) -> Iterator[str]:
    """Return words, and instead of runs of characters without spaces their overlapping pairs."""
    for word in words:
        if word.isascii() or unspaced().search(word) is None:
            yield word
            continue
        end = 0
        for run in unspaced().finditer(word):
            if run.start() > end:
                yield word[end : run.start()]
            yield from _pairs(run[0])
            end = run.end()
        if end < len(word):
            yield word[end:]


def _pairs(run: str) -> Iterator[str]:
    """Return the overlapping pairs of a run of characters; of one character that goes on repeating, one pair."""
    if len(run) == 1:
        return iter((run,))
    return (pair for pair, _ in groupby(run[at : at + 2] for at in range(len(run) - 1)))
