"""Searches as they are sent: what is asked about them, and how many rows their replies have."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core.search.sent_searches import count_rows, explain_command, is_search, profile_command
from redisvl_adapters.core.server.commands import Argument, Command

VECTOR = b"\x00\x01"
# The fields that are returned are called as arguments are.
KNN = Command(
    (
        *("FT.SEARCH", "docs", "*=>[KNN 3 @v $vector]", "RETURN", 4, "PARAMS", "INKEYS", "AS", "VERBATIM"),
        *("LIMIT", 0, 3, "SORTBY", "DIALECT", "ASC", "INKEYS", 2, "docs:a", "LIMIT"),
        *("PARAMS", 2, "vector", VECTOR, "DIALECT", 2, "TIMEOUT", 0),
    )
)
WITHIN = Command(
    (
        *("FT.AGGREGATE", "docs", "*=>[KNN 3 @v $vector]", "VERBATIM", "LOAD", 2, "@__key", "PARAMS"),
        *("FILTER", "@d <= 1", "SORTBY", 2, "@d", "ASC", "MAX", 3, "PARAMS", 2, "vector", VECTOR, "DIALECT", 2),
    )
)
WORDS = Command(
    (
        *("FT.SEARCH", "docs", "@_text:(red|fox)", "RETURN", 1, "text", "LIMIT", 0, 2, "WITHSCORES"),
        *("SCORER", "BM25STD", "VERBATIM", "DIALECT", 2, "TIMEOUT", 0),
    )
)
KEYS = Command(("FT.SEARCH", "docs", "*", "NOCONTENT", "LIMIT", 0, 2, "DIALECT", 2, "TIMEOUT", 0))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (KNN, ["INKEYS", 2, "docs:a", "LIMIT", "PARAMS", 2, "vector", VECTOR, "DIALECT", 2]),
        (WITHIN, ["VERBATIM", "PARAMS", 2, "vector", VECTOR, "DIALECT", 2]),
        (WORDS, ["VERBATIM", "DIALECT", 2]),
        (KEYS, ["DIALECT", 2]),
    ],
)
def test_what_the_server_is_asked_about_a_search(command: Command, told: list[Argument]) -> None:
    name, index, query, *rest = command.args
    assert explain_command(command).args == ("FT.EXPLAIN", index, query, *told)
    kind = str(name).removeprefix("FT.")
    assert profile_command(command).args == ("FT.PROFILE", index, kind, "QUERY", query, *rest)
    assert is_search(command)


def test_other_commands_are_no_searches() -> None:
    assert not any(is_search(Command((name, "docs"))) for name in ("FT.INFO", "FT.TAGVALS", "FT.CURSOR", "HGETALL"))


def in_resp3(total: int, rows: int) -> dict[bytes, Any]:
    return {b"total_results": total, b"results": [{}] * rows, b"warning": []}


@pytest.mark.parametrize(
    ("command", "reply", "expected"),
    [
        (KNN, [3, b"docs:a", [b"d", b"1"], b"docs:b", None], (2, 3)),
        (KNN, [0], (0, 0)),
        (KNN, in_resp3(3, 2), (2, 3)),
        (WORDS, [9, b"docs:a", b"0.5", [b"text", b"x"], b"docs:b", b"0.4", [b"text", b"y"]], (2, 9)),
        (KEYS, [7, b"docs:a", b"docs:b"], (2, 7)),
        (WITHIN, [1, [b"d", b"1"], [b"d", b"2"]], (2, None)),
        (WITHIN, in_resp3(0, 2), (2, None)),
        (KNN, ResponseError("docs: no such index"), None),
    ],
)
def test_rows_are_counted(command: Command, reply: Any, expected: Any) -> None:
    assert count_rows(command, reply) == expected
