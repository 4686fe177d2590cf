"""Commands as text: pasted into redis-cli they are what was sent, and read they have no vectors in them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redisvl_adapters.core.server.told_commands import readable_text, redis_cli_text

_ESCAPED = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\s+|$)|([^\s"\']+)(?:\s+|$)', re.DOTALL)


def pasted(line: str) -> list[bytes]:
    """Return the arguments that redis-cli reads in a line, by the rules that Redis has for quotes."""
    found, place = [], 0
    while place < len(line):
        token = _TOKEN.match(line, place)
        assert token is not None, line[place:]
        quoted, bare = token.groups()
        found.append(bare.encode() if quoted is None else unescaped(quoted))
        place = token.end()
    return found


def unescaped(text: str) -> bytes:
    parts = re.findall(r"\\x([0-9a-fA-F]{2})|\\(.)|(.)", text, re.DOTALL)
    return b"".join(
        bytes.fromhex(code) if code else (_ESCAPED.get(char, char.encode()) if char else plain.encode())
        for code, char, plain in parts
    )


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.one_of(texts, st.binary(), st.integers(-9, 9), st.floats(allow_nan=False))))
@example(["FT.SEARCH", "a b", '"', "\\", "\x00\x7f\n", "'", "", "é\u2028", "\\x41", b"\xff\x00 \"'", 0.1, -1])
def test_what_is_pasted_is_what_was_sent(arguments: list[str | bytes | int | float]) -> None:
    sent = [
        each if isinstance(each, bytes) else repr(each).encode() if isinstance(each, float) else str(each).encode()
        for each in arguments
    ]
    line = redis_cli_text(arguments)
    assert pasted(line) == sent
    assert "\n" not in line


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["FT.SEARCH", "docs", "*=>[KNN 2 @v $v]", "PARAMS", 2, "v", bytes(1536)],
            '"*=>[KNN 2 @v $v]" PARAMS 2 v <1536 bytes>',
        ),
        (["FT.SEARCH", "docs", '@t:"a"\n'], '"@t:\\"a\\"\\n"'),
    ],
)
def test_what_is_read_has_no_vectors_in_it(arguments: list[str | bytes | int], text: str) -> None:
    assert readable_text(arguments) == f"FT.SEARCH docs {text}"
