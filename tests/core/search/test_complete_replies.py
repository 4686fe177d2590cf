"""Searches whose replies lack fields, fed replies: what is asked again, how often, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.complete_replies import PAUSES, complete_replies
from redisvl_adapters.core.search.results import Hit, ReturnFields, read_vector_hits
from redisvl_adapters.core.search.tuning import Tuning
from redisvl_adapters.core.search.vector_query import VectorRequest, vector_command
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.errors import ServerError

SCHEMA = Schema("docs", "docs:", "hash", VectorField("embedding", 2, "float32", "cosine", "hnsw"), {})
LAYOUT = layout_of(SCHEMA)
FIELDS = [b"vector_distance", b"0.5", b"text", b"x", b"metadata", b"{}"]


def searching(tuning: Tuning = Tuning(), count: int = 1) -> Steps[list[list[str]]]:  # noqa: B008  # it is frozen
    """Search, and return the ids that are found in each search."""
    form = vector_command(VectorRequest(b"", tuning=tuning), ReturnFields(k=3), SCHEMA, LAYOUT)

    def read(reply: Reply, gone: Any) -> list[Hit]:
        return read_vector_hits(reply, SCHEMA, LAYOUT, gone)

    found = yield from complete_replies([form.command(bytes([place])) for place in range(count)], read)
    return [[hit.record.id for hit in hits] for hits in found]


def search_reply(**rows: list[bytes] | None) -> Reply:
    return [len(rows), *(part for name, row in rows.items() for part in (f"docs:{name}".encode(), row))]


def drive(steps: Steps[T], *replies: list[Reply]) -> tuple[T, list[list[str]]]:
    """Send an operation its replies; return its result, and what was sent in each round trip, without pauses."""
    sent: list[list[str]] = []
    waiting = iter(replies)

    def note(batch: Sequence[Command]) -> list[Reply]:
        if isinstance(batch, Pause):
            return []
        sent.append([f"{command.args[0]!s} {command.args[1]!r}" for command in batch])
        return next(waiting)

    try:
        batch = next(steps)
        while True:
            batch = steps.send(note(batch))
    except StopIteration as stop:
        assert not list(waiting)
        return stop.value, sent


def test_a_search_whose_rows_have_fields_is_made_once() -> None:
    found, sent = drive(searching(), [search_reply(a=FIELDS, b=FIELDS)])
    assert (found, sent) == ([["a", "b"]], [["FT.SEARCH 'docs'"]])


def test_a_search_whose_rows_lack_fields_is_made_again() -> None:
    """A record that was written meanwhile is there in the next answer, and one that was deleted makes room."""
    found, sent = drive(searching(), [search_reply(a=None, b=FIELDS)], [0, search_reply(b=FIELDS, c=FIELDS)])
    assert found == [["b", "c"]]
    assert sent == [["FT.SEARCH 'docs'"], ["EXISTS b'docs:a'", "FT.SEARCH 'docs'"]]


def test_of_several_searches_only_those_are_made_again() -> None:
    whole = search_reply(a=FIELDS)
    found, sent = drive(searching(count=3), [whole, search_reply(b=None), whole], [1, search_reply(b=FIELDS)])
    assert found == [["a"], ["b"], ["a"]]
    assert sent[1] == ["EXISTS b'docs:b'", "FT.SEARCH 'docs'"]


def test_within_a_distance_the_keys_are_asked_for_first() -> None:
    row = [b"vector_distance", b"0.5", b"__key", b"docs:b", b"text", b"x", b"metadata", b"{}"]
    steps = searching(Tuning(distance_threshold=0.6))
    found, sent = drive(steps, [[2, None, row]], [[2, b"docs:a", b"docs:b"]], [0, 1, [1, row]])
    assert found == [["b"]]
    assert sent == [
        ["FT.AGGREGATE 'docs'"],
        ["FT.SEARCH 'docs'"],
        ["EXISTS b'docs:a'", "EXISTS b'docs:b'", "FT.AGGREGATE 'docs'"],
    ]


def test_the_keys_within_a_distance_are_those_of_the_same_search() -> None:
    steps = searching(Tuning(distance_threshold=0.6))
    (command,) = next(steps)
    (keys,) = steps.send([[1, None]])
    assert keys.args[2] == command.args[2]
    assert keys.args[3:7] == ("NOCONTENT", "LIMIT", 0, 3)
    assert keys.args[7:] == command.args[command.args.index("PARAMS") :]


def test_what_stays_without_fields_and_is_gone_is_left_out() -> None:
    """A replica does not remove what has expired."""
    torn = search_reply(a=None, b=FIELDS)
    found, sent = drive(searching(), [torn], *([0, torn] for _ in PAUSES))
    assert found == [["b"]]
    assert len(sent) == 1 + len(PAUSES)


def test_what_stays_without_fields_and_is_gone_is_left_out_within_a_distance() -> None:
    torn = [2, None, [b"vector_distance", b"0.5", b"__key", b"docs:b", b"text", b"x", b"metadata", b"{}"]]
    keys = [2, b"docs:a", b"docs:b"]
    again = [reply for _ in PAUSES for reply in ([keys], [0, 1, torn])]
    found, _ = drive(searching(Tuning(distance_threshold=0.6)), [torn], *again)
    assert found == [["b"]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"a": None, "b": FIELDS}, "without their fields in 10 searches.*search-workers"),
        ({"a": None, "b": None}, "fields of none.*no coordinator.*another database than 0"),
    ],
)
def test_what_stays_without_fields_and_is_there_is_an_error(rows: dict[str, Any], said: str) -> None:
    torn = search_reply(**rows)
    there = [1 for row in rows.values() if row is None]
    with pytest.raises(ServerError, match=said):
        drive(searching(), [torn], *([*there, torn] for _ in PAUSES))


def test_that_none_of_the_rows_has_fields_is_an_error_even_if_nothing_is_there() -> None:
    """So it is in another database, where no key is."""
    torn = search_reply(a=None, b=None)
    with pytest.raises(ServerError, match="another database"):
        drive(searching(), [torn], *([0, 0, torn] for _ in PAUSES))
