"""How names, tags and numbers are spelled so that Redis holds exactly the value that was given.

Ordinary values stay as they are, so that plain ``FT.SEARCH`` and RedisVL filters can read them. What the search module
would trim, cut, round or misread gets another spelling, and filters spell their values the same way.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from datetime import UTC, date, datetime, time
from fractions import Fraction

TAG_SEPARATOR = "\x1f"
"""Parts the tags of one hash field. No encoded tag contains it, since control characters are encoded."""

MAX_EXACT_INT = 2**53
"""The largest magnitude up to which every integer is a double, which is what numeric fields hold."""

# RediSearch 2.10 cuts tags to 4096 bytes, NUL included.
_MAX_TAG_BYTES = 4095

# Encoded characters live in the last private plane: chr(_SHIFT + ord(c)) stands for the ASCII character c.
_SHIFT = 0x10FE00
_EMPTY_TAG = chr(_SHIFT + 0x80)
_DIGEST_TAG = chr(_SHIFT + 0x81)
_OURS = re.compile(f"[{chr(_SHIFT)}-{chr(_SHIFT + 0xFF)}]")
_PLAIN_TAG = re.compile(f"[!-~](?:[ -~]{{0,{_MAX_TAG_BYTES - 2}}}[!-~])?")
_UNHOLDABLE = re.compile(r"[\x00-\x1f\x7f]|^ +| +$")

_PLAIN_NAME = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)*")
# Words that FT.CREATE and FT.ALTER would read as an option of the field before.
_OPTION_WORDS = frozenset(
    "as casesensitive geo geoshape indexempty indexmissing noindex nostem numeric phonetic separator sortable tag text "
    "unf vector weight withsuffixtrie".split()
)


def field_alias(key: str, reserved: frozenset[str] = frozenset()) -> str:
    """Return the name under which a metadata key is indexed.

    A key made of words, dots and hyphens keeps its name. Any other key, one of the layout's own names and a word that
    the search module takes for an option get a spelling that starts with ``_k_``, in which every other character than a
    letter or digit is written as its code point between underscores: ``a/b`` becomes ``_k_a_2f_b``.
    """
    if _PLAIN_NAME.fullmatch(key) and key not in reserved and key.lower() not in _OPTION_WORDS:
        return key
    return "_k_" + re.sub(r"[^A-Za-z0-9]", lambda match: f"_{ord(match[0]):x}_", key)


def escape_name(name: str) -> str:
    """Return a field name as it stands in a query."""
    return re.sub(r"[.\-]", r"\\\g<0>", name)


def encode_tag(value: str) -> str:
    """Return the spelling under which a tag is stored and looked for.

    Control characters and blanks at either end are replaced one for one, so that patterns keep their meaning. The empty
    string has a spelling of its own, and values that are too long for a tag are known by their digest.
    """
    if _PLAIN_TAG.fullmatch(value):
        return value
    if not value:
        return _EMPTY_TAG
    encoded = _UNHOLDABLE.sub(lambda match: "".join(chr(_SHIFT + ord(char)) for char in match[0]), value)
    if _OURS.search(value) or len(encoded.encode()) > _MAX_TAG_BYTES:
        return _DIGEST_TAG + hashlib.sha256(value.encode()).hexdigest()
    return encoded


def decode_tag(tag: str) -> str | None:
    """Return the value that a tag stands for, or None if only its digest is there."""
    if tag == _EMPTY_TAG:
        return ""
    if tag.startswith(_DIGEST_TAG):
        return None
    return _OURS.sub(lambda match: chr(ord(match[0]) - _SHIFT), tag)


def number_tag(value: float) -> str:
    """Return the spelling of a number as a tag: the same for 3 and 3.0."""
    return repr(float(value) + 0.0)


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


def is_utf8(text: str) -> bool:
    """Tell whether UTF-8 can hold a text: it has no lone surrogate."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def epoch_seconds(value: object) -> float:
    """Return a point in time as seconds since 1970-01-01T00:00Z.

    Args:
        value: A datetime (naive means UTC), a date (its first moment, UTC), ISO 8601 text of either, or the seconds.

    Raises:
        ValueError: If the value is none of these.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime.combine(value, time.min, UTC).timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_EXACT_INT:
        return value
    raise ValueError("a point in time is a datetime, a date, ISO 8601 text or epoch seconds up to 2^53")


def json_number(value: float) -> str | None:
    """Return a decimal spelling of a finite double that RedisJSON reads back as the very same double.

    RedisJSON's parser computes ``float(digits) * 10.0 ** exponent`` and rounds twice where the digits or the power have
    no exact double, so about one random double in five would come back as its neighbour. For those, nearby digits are
    tried until the quick way and the correctly rounded one both give the value.

    Returns:
        The spelling, or None for the one in a hundred of those that has none.
    """
    text = repr(value)
    digits, exponent = _parts(text)
    magnitude = abs(value)
    if (digits < MAX_EXACT_INT and abs(exponent) <= 22) or _quick_parse(digits, exponent) == magnitude:
        return text
    sign = "-" if value < 0 else ""
    leading = math.floor(math.log10(magnitude))
    exact = Fraction(magnitude)
    for precision in (17, 18, 19, 16):
        exponent = leading - precision + 1
        centre = round(exact / Fraction(10) ** exponent)
        spread = max(1, int(math.ulp(float(centre))))
        for offset in range(-40, 41):
            digits = centre + offset * spread // 8
            if (
                0 < digits < 2**64
                and _quick_parse(digits, exponent) == magnitude
                and float(f"{digits}e{exponent}") == magnitude
            ):
                return f"{sign}{digits}e{exponent}"
    return None


def json_parse_error(value: float) -> float:
    """Return what must be added to the double that RedisJSON makes of ``repr(value)`` to get the value itself."""
    return value - math.copysign(_quick_parse(*_parts(repr(value))), value)


def _parts(text: str) -> tuple[int, int]:
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction), int(exponent or 0) - len(fraction)


def _quick_parse(digits: int, exponent: int) -> float:
    """Parse a decimal as serde_json does without its ``float_roundtrip`` feature."""
    if exponent >= 0:
        return float(digits) * float(f"1e{exponent}")
    if exponent >= -308:
        return float(digits) / float(f"1e{-exponent}")
    return float(digits) / 1e308 / float(f"1e{-exponent - 308}")
