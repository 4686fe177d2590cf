"""Text analysis: from any text to the words that are indexed and looked for."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from redisvl_adapters.errors import ArgumentError


def searchable_text(text: str) -> str:
    """Return a text as the search module should see it: words and the blanks between them.

    Left to itself, RediSearch reads two words with a line break between them as one, ends at a NUL, takes a backslash
    for an escape, and knows no punctuation or capitals beyond ASCII.
    """
    if text.isascii():
        words = text.encode().translate(_ASCII_BLANKS).decode()
    else:
        words = _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text).lower())
    if _HAS_LONG_WORD.search(" " + words):
        words = _LONG_WORD.sub(_short_word, words)
    # An underscore that stands alone can be indexed, but not asked for.
    return _BARE_UNDERSCORES.sub(" ", words) if "_" in words else words


# RediSearch cuts words to 128 bytes in the index, and not in queries.
_MAX_WORD_BYTES = 123
_LONG_WORD = re.compile(rf"\S{{{_MAX_WORD_BYTES // 4 + 1},}}")
_HAS_LONG_WORD = re.compile(rf" [^ ]{{{_MAX_WORD_BYTES // 4 + 1}}}")  # its first blank makes it a quick search


def _short_word(match: re.Match[str]) -> str:
    word = match[0].encode()
    return match[0] if len(word) <= _MAX_WORD_BYTES else hashlib.sha256(word.lower()).hexdigest()


# Combining marks belong to the word that they stand in.
_NO_WORD = re.compile(r"[^\w\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e\u200c\u200d]+")
_BARE_UNDERSCORES = re.compile(r"(?<!\w)_+(?!\w)")
_ASCII_BLANKS = bytes(code if chr(code).isalnum() or chr(code) == "_" else ord(" ") for code in range(256))


def words_of(text: Any, name: str = "query", stopwords: Iterable[str] = ()) -> list[str]:
    """Return the words of a text in their order, as the index has them.

    Args:
        text: Any text.
        name: What it is called in errors.
        stopwords: Words that the index ignores.

    Raises:
        ArgumentError: If it is no text.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"{name} is a text; not {type(text).__name__} {text!r:.80}")
    ignored = set(stopwords)
    return [word for word in searchable_text(text).lower().split() if word not in ignored]
