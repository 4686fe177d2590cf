"""Explanations of searches that are fed replies: what a server refuses, what is asked again, what is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core import SearchExplanation, operations
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.search import explain
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.core.server.noted_warnings import warn
from redisvl_adapters.errors import ArgumentError, AuthenticationError, ServerUnavailableError, SkippedRecordWarning

SEARCH = Command(("FT.SEARCH", "docs", "*", "NOCONTENT", "LIMIT", 0, 2, "PARAMS", 2, "v", bytes(8), "DIALECT", 2))
FOUND = [5, b"docs:a", b"docs:b"]
TREE = b"INTERSECT {\n  <WILDCARD>\n}\n\n"
NODE = [b"Type", b"WILDCARD", b"Time", b"1", b"Counter", 2]
PROFILE = [FOUND, [[b"Total profile time", b"2.5"], [b"Parsing time", b"0"], [b"Iterators profile", NODE]]]
REFUSED = ResponseError("NOPERM this user has no permissions to run the 'ft.profile' command")


def make_state() -> IndexState:
    schema = Schema("docs", "docs:", "hash", VectorField("v", 2, "float32", "cosine", "flat"), {})
    return IndexState(IndexSpec("docs", sliding_ttl=True), Snapshot(schema, {}, 2), opened=True)


def fed(steps: Steps[T], *replies: list[Reply] | Exception) -> tuple[T, list[Sequence[Command]]]:
    """Run an operation on these replies; return its result and what it sent."""
    sent = [next(steps)]
    try:
        for reply in replies:
            batch = steps.throw(reply) if isinstance(reply, Exception) else steps.send(reply)
            sent.append(batch)
    except StopIteration as stop:
        return stop.value, sent
    raise AssertionError(sent[-1])


def searching(state: IndexState, *batches: Sequence[Command]) -> Steps[list[str]]:
    """Send batches, and find two records."""
    assert not state.spec.sliding_ttl
    for batch in batches:  # noqa: UP028  # a tuple cannot be sent replies
        yield batch
    return ["a", "b"]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each look at the clock be a quarter of a second after the last one."""
    ticks = iter(range(1000))
    monkeypatch.setattr(explain, "perf_counter", lambda: next(ticks) / 4)


def explained(*replies: list[Reply] | Exception, batches: Any = ([SEARCH],)) -> SearchExplanation:
    told, _ = fed(operations.explain(make_state(), searching, *batches), *replies)
    return told


def test_each_search_is_profiled_after_all_is_done_and_in_its_own_round_trip() -> None:
    other = Command(("HGETALL", "docs:a"), "docs:a")
    steps = operations.explain(make_state(), searching, [SEARCH, other], Pause(1.0), [SEARCH])
    told, sent = fed(steps, [FOUND, {}], [], [[0]], [TREE, PROFILE], [TREE, PROFILE])
    assert [[command.args[0] for command in batch] for batch in sent] == [
        ["FT.SEARCH", "HGETALL"],
        [],
        ["FT.SEARCH"],
        ["FT.EXPLAIN", "FT.PROFILE"],
        ["FT.EXPLAIN", "FT.PROFILE"],
    ]
    assert type(sent[1]) is Pause
    assert [(step.round_trip, step.rows, step.matches) for step in told.steps] == [(0, 2, 5), (2, 0, 0)]
    assert all(step.arguments == SEARCH.args for step in told.steps)
    assert [trip.milliseconds for trip in told.round_trips] == [250, 250, 250]
    assert (told.records, told.total_ms, told.waiting_ms, told.profiled_ms) == (2, 1750, 750, 5)
    assert (told.operation, told.embedding_ms, told.ranking_ms) == ("searching", None, None)


@pytest.mark.parametrize("replies", [[TREE, REFUSED], [REFUSED, PROFILE]])
def test_who_may_not_ask_for_it_is_told_so(replies: list[Reply]) -> None:
    with pytest.raises(AuthenticationError, match="no permissions to run"):
        explained([FOUND], replies)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (ResponseError("unknown command 'FT.PROFILE'"), "the server does not profile this command: unknown command"),
        (ResponseError("docs: no such index"), "the index was dropped, or has moved, since the search"),
        ([FOUND, [3]], "the reply to FT.PROFILE has a form that is not known here"),
    ],
)
def test_what_is_not_profiled_says_why(reply: Reply, reason: str) -> None:
    told = explained([FOUND], [ResponseError("unknown command 'FT.EXPLAIN'"), reply])
    (step,) = told.steps
    assert (step.tree, step.profile, step.rows) == (None, None, 2)
    assert step.not_profiled.startswith(reason)
    assert f"FT.PROFILE: {reason}" in str(told)
    assert (told.profiled_ms, told.to_dict()["steps"][0]["profile"]) == (None, None)


def test_a_search_that_was_refused_and_asked_again_is_profiled_once() -> None:
    told = explained([ResponseError("docs: no such index")], [FOUND], [TREE, PROFILE], batches=([SEARCH], [SEARCH]))
    first, second = told.steps
    assert (first.rows, first.not_profiled) == (None, "the server refused the command")
    assert (second.rows, second.not_profiled) == (2, "")


def test_a_lost_connection_is_the_searchs_to_handle() -> None:
    with pytest.raises(ServerUnavailableError, match="gone"):
        explained(ServerUnavailableError("gone"))


def test_what_a_search_warns_of_is_told_though_it_was_said_before() -> None:
    def warning(state: IndexState) -> Steps[list[str]]:
        assert "year" not in state.warned
        yield [SEARCH]
        for _ in range(2):
            warn("left out", SkippedRecordWarning)
        return []

    state = make_state()
    state.warned.add("year")
    steps = operations.explain(state, warning)
    with pytest.warns(SkippedRecordWarning, match="left out"):
        told, _ = fed(steps, [FOUND], [TREE, PROFILE])
    assert told.warnings == ("left out",)
    assert str(told).endswith("warning: left out")
    assert state.warned == {"year"}


@pytest.mark.parametrize(("found", "records"), [([], 0), (["a"], 1), ([["a", "b"], ["c"], []], 3), (7, 7)])
def test_records_are_counted_in_whatever_is_found(found: Any, records: int) -> None:
    def search(state: IndexState) -> Steps[Any]:
        yield [SEARCH]
        return found

    told, _ = fed(operations.explain(make_state(), search), [FOUND], [TREE, PROFILE])
    assert told.records == records


def test_what_a_search_refuses_explain_refuses() -> None:
    with pytest.raises(ArgumentError, match="k is an integer"):
        next(operations.explain(make_state(), operations.search_by_vector, [1.0, 2.0], "2"))  # type: ignore[arg-type]


def test_it_is_printed_a_step_after_the_other() -> None:
    assert str(explained([FOUND], [TREE, PROFILE])).splitlines() == [
        "searching on index 'docs': 2 records in 750 ms",
        "1 round trip, waited for 250 ms; by FT.PROFILE the server took 2.5 ms",
        "  0: FT.SEARCH 'docs': 12 arguments, 54 bytes, 250 ms",
        "",
        "1. FT.SEARCH docs * NOCONTENT LIMIT 0 2 PARAMS 2 v <8 bytes> DIALECT 2",
        "   round trip 0: 2 rows of 5 that match",
        "   FT.EXPLAIN:",
        "     INTERSECT {",
        "       <WILDCARD>",
        "     }",
        "   FT.PROFILE: in all 2.5 ms, parsing 0 ms",
        "     iterators:",
        "       WILDCARD: Time 1, Counter 2",
    ]
