"""How tags are spelled so that Redis holds exactly the value that was given.

Ordinary values stay as they are, so that plain ``FT.SEARCH`` and RedisVL filters can read them. What the search module
would trim, cut or misread gets another spelling, and filters spell their values the same way.
"""

from __future__ import annotations

import hashlib
import re

from redisvl_adapters.core.schema.fields import Kind

TAG_SEPARATOR = "\x1f"
"""Parts the tags of one hash field. No encoded tag contains it, since control characters are encoded."""

# RediSearch 2.10 cuts tags to 4096 bytes, NUL included.
_MAX_TAG_BYTES = 4095

# Encoded characters live in the last private plane: chr(_SHIFT + ord(c)) stands for the ASCII character c.
_SHIFT = 0x10FE00
_EMPTY_TAG = chr(_SHIFT + 0x80)
_DIGEST_TAG = chr(_SHIFT + 0x81)
_OURS = re.compile(f"[{chr(_SHIFT)}-{chr(_SHIFT + 0xFF)}]")
_PLAIN_TAG = re.compile(f"[!-~](?:[ -~]{{0,{_MAX_TAG_BYTES - 2}}}[!-~])?")
_UNHOLDABLE = re.compile(r"[\x00-\x1f\x7f]|^ +| +$")


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
    """Return the spelling of a number as a tag: the same for 3 and 3.0, exact where no double is."""
    number = float(value) + 0.0
    return repr(number) if number == value else str(int(value))


def read_number_tag(tag: str) -> float:
    """Return the number that a tag spells: an integer where no double equals it."""
    return int(tag) if tag.lstrip("-").isdigit() else float(tag)


_LETTERS = {Kind.TEXT: "t", Kind.NUMBER: "n", Kind.BOOL: "b"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}


def typed_text(alias: str, kind: Kind, value: str) -> str:
    """Return what stands for a value of one key and one kind among those of all keys, before it is encoded as a tag.

    An alias has no colon, so that nothing of one key is mistaken for something of another.
    """
    return f"{typed_prefix(alias)}{_LETTERS[kind]}{value}"


def typed_prefix(alias: str) -> str:
    """Return how all that stands for values of one key begins."""
    return f"{alias}:"


def read_typed_text(text: str) -> tuple[str, Kind]:
    """Return the alias and the kind of a value of which ``typed_text`` has made a text."""
    alias, _, rest = text.partition(":")
    return alias, _KINDS[rest[0]]


def typed_tag(alias: str, kind: Kind, value: str) -> str:
    """Return the tag of a value of one key and one kind among those of all keys."""
    return encode_tag(typed_text(alias, kind, value))
