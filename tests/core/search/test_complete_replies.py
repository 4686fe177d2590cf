"""Searches whose replies lack fields, fed replies: what is asked for, how often, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.search.complete_replies import PAUSES
from redisvl_adapters.core.search.text_search import search_text
from redisvl_adapters.core.search.vector_search import search_batch
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.errors import ServerError


def state() -> IndexState:
    spec = IndexSpec("docs", storage="hash", algorithm="flat")
    return IndexState(spec, Snapshot(spec.schema(2), {}, 0), opened=True)


def row(distance: float, key: str | None = None) -> list[bytes]:
    fields = [b"vector_distance", str(distance).encode(), b"text", b"x", b"metadata", b"{}"]
    return fields if key is None else [b"__key", f"docs:{key}".encode(), *fields]


def rows(**given: float | None) -> Reply:
    """Return the reply of a vector search that finds records at distances, or without fields."""
    return [
        len(given),
        *(part for name, at in given.items() for part in (f"docs:{name}".encode(), None if at is None else row(at))),
    ]


def drive(steps: Steps[T], *replies: list[Reply]) -> tuple[T, list[list[str]]]:
    """Send an operation its replies; return its result, and the commands of each round trip with the keys in them."""
    sent: list[list[str]] = []
    waiting = iter(replies)

    def note(batch: Sequence[Command]) -> list[Reply]:
        if isinstance(batch, Pause):
            return []
        sent.append([])
        for command in batch:
            keys = [arg for arg in map(str, command.args[1:]) if "docs:" in arg]
            sent[-1].append(" ".join([str(command.args[0]), *keys]).replace("b'docs:", "docs:").replace("'", ""))
        return next(waiting)

    try:
        batch = next(steps)
        while True:
            batch = steps.send(note(batch))
    except StopIteration as stop:
        assert not list(waiting)
        return stop.value, sent


def nearest(k: int, *replies: list[Reply], **options: Any) -> tuple[list[list[str]], list[list[str]]]:
    """Search for the nearest, once for each part of the first reply; return their ids, and what was sent."""
    asked = [[1.0, 0.0]] * len(replies[0])
    found, sent = drive(search_batch(state(), asked, k, **options), *replies)
    return [[hit.record.id for hit in hits] for hits in found], sent


def test_a_search_whose_rows_have_fields_is_made_once() -> None:
    assert nearest(2, [rows(a=0.1, b=0.2)]) == ([["a", "b"]], [["FT.SEARCH"]])


def test_a_record_without_fields_is_asked_for_by_itself() -> None:
    """It has the place that its distance gives it now."""
    found, sent = nearest(3, [rows(a=None, b=0.2, c=0.3)], [1, rows(a=0.25)])
    assert found == [["b", "a", "c"]]
    assert sent == [["FT.SEARCH"], ["EXISTS docs:a", "FT.SEARCH docs:a"]]


def test_of_several_searches_only_those_are_asked_for() -> None:
    found, sent = nearest(2, [rows(a=0.1), rows(b=None, c=0.2), rows(d=0.1)], [1, rows(b=0.1)])
    assert found == [["a"], ["b", "c"], ["d"]]
    assert sent[1] == ["EXISTS docs:b", "FT.SEARCH docs:b"]


@pytest.mark.parametrize(
    ("lacking", "now"),
    [({"a": None, "b": 0.2}, rows(a=0.3)), ({"a": None, "b": 0.2}, rows()), ({"b": 0.2, "a": None}, rows(a=0.3))],
    ids=["it is further now", "it is gone", "it was the last, and it may be further now"],
)
def test_if_another_record_may_have_its_place_the_search_is_made_again(lacking: Any, now: Reply) -> None:
    found, sent = nearest(2, [rows(**lacking)], [1, now], [rows(b=0.2, c=0.25)])
    assert found == [["b", "c"]]
    assert sent[2:] == [["FT.SEARCH"]]


def test_if_there_are_no_other_records_it_is_left_out() -> None:
    found, sent = nearest(3, [rows(a=None, b=0.2)], [0, rows()])
    assert found == [["b"]]
    assert len(sent) == 2


def test_within_a_distance_the_keys_are_asked_for_first() -> None:
    torn = [2, row(0.5, "b"), None]
    keys = [2, b"docs:a", b"docs:b"]
    found, sent = nearest(3, [torn], [keys], [1, rows(a=0.55)], distance_threshold=0.6)
    assert found == [["b", "a"]]
    assert sent == [["FT.AGGREGATE"], ["FT.SEARCH"], ["EXISTS docs:a", "FT.SEARCH docs:a"]]


def test_what_is_too_far_by_now_is_left_out() -> None:
    torn = [2, row(0.5, "b"), None]
    keys = [2, b"docs:a", b"docs:b"]
    found, _ = nearest(3, [torn], [keys], [1, rows(a=0.7)], distance_threshold=0.6)
    assert found == [["b"]]


def test_the_keys_within_a_distance_are_those_of_the_same_search() -> None:
    steps = search_batch(state(), [[1.0, 0.0]], 3, distance_threshold=0.6)
    (command,) = next(steps)
    (keys,) = steps.send([[1, None]])
    assert keys.args[2] == command.args[2]
    assert keys.args[3:7] == ("NOCONTENT", "LIMIT", 0, 3)
    assert keys.args[7:] == command.args[command.args.index("PARAMS") :]


def test_a_text_hit_without_fields_is_asked_for_by_itself() -> None:
    fields = [b"text", b"x", b"metadata", b"{}"]
    torn = [2, b"docs:a", b"4", None, b"docs:b", b"2.5", fields]
    hits, sent = drive(search_text(state(), "x", 2), [torn], [1, [1, b"docs:a", b"3", fields]])
    assert [(hit.record.id, hit.score) for hit in hits] == [("a", 3.0), ("b", 2.5)]
    assert sent == [["FT.SEARCH"], ["EXISTS docs:a", "FT.SEARCH docs:a"]]


def test_where_records_change_all_the_time_each_is_as_it_was_asked_for() -> None:
    torn, now = rows(a=None, b=0.2), rows(a=0.3)
    again = [reply for _ in PAUSES for reply in ([1, now], [torn])]
    found, sent = nearest(2, [torn], *again, [1, now])
    assert found == [["b", "a"]]
    assert len(sent) == 2 + 2 * len(PAUSES)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": None, "b": 0.2}, f"without their fields in {len(PAUSES) + 1} searches.*search-workers"),
        ({"a": None}, "fields of none.*no coordinator.*another database than 0"),
    ],
)
def test_what_stays_without_fields_and_is_there_is_an_error(given: Any, said: str) -> None:
    again = [reply for _ in PAUSES for reply in ([1, rows(a=None)], [rows(**given)])]
    with pytest.raises(ServerError, match=said):
        nearest(2, [rows(**given)], *again, [1, rows(a=None)])


def test_that_no_row_has_fields_is_an_error_even_if_nothing_is_there() -> None:
    """So it is in another database, where no key is."""
    torn = rows(a=None, b=None)
    again = [reply for _ in PAUSES for reply in ([0, 0, rows(a=None), rows(b=None)], [torn])]
    with pytest.raises(ServerError, match="another database"):
        nearest(3, [torn], *again, [0, 0, rows(a=None), rows(b=None)])
