"""Normalisation: one spelling for what readers take for the same text, and the words of it in that spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_ZERO_WIDTH_SPACE = 0x200B
_VARIATIONS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
"""They choose among the pictures of one character."""


class _CharacterTable(dict[int, "str | int | None"]):
    """For ``str.translate``: letters, marks, digits and underscores stay, all else is a blank; filled as it is used."""

    def __missing__(self, code: int) -> str | int | None:
        char = chr(code)
        category = unicodedata.category(char)
        if code == _ZERO_WIDTH_SPACE:
            made: str | int | None = " "
        elif category in ("Cf", "Me") or code in _VARIATIONS:
            # Joiners, marks of direction, soft hyphens: no part of a word, and no end of one.
            made = None
        elif category == "Nd":
            made = str(unicodedata.decimal(char))
        else:
            made = code if category[0] in "LMN" or char == "_" else " "
        self[code] = made
        return made


_CHARACTERS = _CharacterTable()
_ASCII = bytes(
    ord(chr(code).lower()) if code < 0x80 and (chr(code).isalnum() or chr(code) == "_") else ord(" ")
    for code in range(256)
)
# C++, F#, g++
_WITH_SIGN = re.compile(r"(?<!\w)\w++(?:\+\+|#)(?!\w)")
_SIGNS = {"+": "plusplus", "#": "sharp"}
# .NET, .env; that it begins with the dot makes it ten times as quick.
_WITH_DOT = re.compile(r"\.(?<![\w.]\.)(?=[^\W\d_])\w++")


def split_words(text: str) -> list[str]:
    """Return the words of a text in their order, in one spelling.

    A word goes as far as Unicode's letters, marks and digits do, and underscores. Its case is folded, and its form is
    NFKC. Behind a name with a sign that makes it another one (``C++``, ``C#``, ``.NET``) there is a word for both.
    """
    if "#" in text or "++" in text:
        text = _WITH_SIGN.sub(_spell_sign, text)
    text = _WITH_DOT.sub(_spell_dot, text)
    if text.isascii():
        return text.encode().translate(_ASCII).decode().split()
    return normalise(text).translate(_CHARACTERS).split()


def normalise(text: str) -> str:
    """Return a text with its case folded, in the form NFKC."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _spell_sign(match: re.Match[str]) -> str:
    name = match[0].rstrip("+#")
    return f"{name} {name}_{_SIGNS[match[0][-1]]} "


def _spell_dot(match: re.Match[str]) -> str:
    name = match[0][1:]
    return f"{name} dot_{name} "


# Marks that readers do without: accents of all scripts that have them, and the vowel points of Hebrew and Arabic.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]")
# Marks that make another letter of a Cyrillic one, but for that of yo, which is written e as often as not.
_LETTERS = re.compile("(?<=[\u0400-\u04ff])[\u0306\u0308](?<!\u0435\u0308)")
_KEPT = {"\u0306": "\ue306", "\u0308": "\ue308"}
_RESTORED = str.maketrans({kept: mark for mark, kept in _KEPT.items()})
_UNACCENTED = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ð": "d",
        "þ": "th",
        "đ": "d",
        "ħ": "h",
        "\u0131": "i",
        "ĸ": "k",
        "ł": "l",
        "ŋ": "n",
        "ŧ": "t",
    }
)


def fold_accents(word: str) -> str:
    """Return a normalised word without accents; where a mark makes another letter, as in Russian й, it stays."""
    if word.isascii():
        return word
    parts = _LETTERS.sub(lambda match: _KEPT[match[0]], unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", parts).translate(_RESTORED)).translate(_UNACCENTED)


# Scripts in which words are not parted by blanks, or, in Korean, have their particles attached.
_HAN_OR_HANGUL = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3131-\u318e\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_OTHERS = (
    "\u0e01-\u0e4e\u0e81-\u0ecd\u0edc-\u0edf\u1000-\u103f\u1050-\u109f\u1780-\u17d3\u17d7\u17dc\u3041-\u309f\u30a1-\u30ff"
    "\u31f0-\u31ff\ua9e0-\ua9fe\uaa60-\uaa7f\U0001b000-\U0001b16f"
)


@cache  # They take longer to compile than most modules to import.
def unspaced() -> re.Pattern[str]:
    """Return the pattern of a run in scripts without spaces: Han, kana, Hangul, Thai, Lao, Khmer, Burmese."""
    return re.compile(f"[{_HAN_OR_HANGUL}{_OTHERS}]+")


@cache
def word_character() -> re.Pattern[str]:
    """Return the pattern of a character that is a word often enough to be looked for alone."""
    return re.compile(f"[{_HAN_OR_HANGUL}]")
