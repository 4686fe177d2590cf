"""Searches as they are sent, read from their commands and replies: what they ask, and how many rows they found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from redis.exceptions import ResponseError

from redisvl_adapters.core.server.commands import Argument, Command, Reply

_KINDS = {"FT.SEARCH": "SEARCH", "FT.AGGREGATE": "AGGREGATE"}
_COUNTED = frozenset({"RETURN", "LOAD", "INKEYS", "PARAMS"})
_OF_TREE = ("VERBATIM", "INKEYS", "PARAMS", "DIALECT")
"""What FT.EXPLAIN is told of a search beside its query."""
_TAKES = {"LIMIT": 2, "SCORER": 1, "DIALECT": 1, "TIMEOUT": 1, "FILTER": 1, "MAX": 1}


class RowCount(NamedTuple):
    """How much a search found.

    Attributes:
        rows: How many rows came back.
        matches: How many records the server says that match; None if it does not count them.
    """

    rows: int
    matches: int | None


def is_search(command: Command) -> bool:
    """Tell whether a command is a search of an index."""
    return command.args[0] in _KINDS


def explain_command(command: Command) -> Command:
    """Return the command that tells how the server reads the query of a search."""
    asked = read_arguments(command.args)
    parts = [part for name in _OF_TREE if name in asked for part in (name, *asked[name])]
    return Command(("FT.EXPLAIN", command.args[1], command.args[2], *parts))


def profile_command(command: Command) -> Command:
    """Return the command that makes a search once more and tells what went on in it."""
    name, index, *rest = command.args
    return Command(("FT.PROFILE", index, _KINDS[str(name)], "QUERY", *rest))


def read_arguments(args: Sequence[Argument]) -> dict[str, tuple[Argument, ...]]:
    """Return what stands behind the query of a search: the values of each argument, its count included."""
    found: dict[str, tuple[Argument, ...]] = {}
    place = 3
    while place < len(args):
        name = str(args[place])
        if name in _COUNTED or (name == "SORTBY" and args[0] == "FT.AGGREGATE"):
            size = 1 + int(args[place + 1])
        else:
            # FT.SEARCH sorts by one field, in an order.
            size = 2 if name == "SORTBY" else _TAKES.get(name, 0)
        found[name] = tuple(args[place + 1 : place + 1 + size])
        place += 1 + size
    return found


def count_rows(command: Command, reply: Reply) -> RowCount | None:
    """Return how much a search found; None if the server refused it."""
    if isinstance(reply, ResponseError):
        return None
    is_counted = command.args[0] == "FT.SEARCH"
    if isinstance(reply, dict):
        return RowCount(len(reply[b"results"]), int(reply[b"total_results"]) if is_counted else None)
    if not is_counted:
        # An aggregation counts no more than it has looked at.
        return RowCount(len(reply) - 1, None)
    asked = read_arguments(command.args)
    has_fields = "NOCONTENT" not in asked and asked.get("RETURN", (1,))[0] != 0
    return RowCount((len(reply) - 1) // (1 + ("WITHSCORES" in asked) + has_fields), int(reply[0]))
