"""Scans: whatever asks an index waits until the server has scanned it, or says how far it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.index import readiness, snapshot
from redisvl_adapters.core.index.background_scan import scan_progress
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import IndexNotReadyError
from tests.core.fake_server import FakeServer, make_state, record

VECTOR = [1.0, 2.0]
IS_ONE = Compare("n", Operator.EQ, 1)

ASKING: dict[str, Callable[[IndexState], Steps[Any]]] = {
    "count": operations.count,
    "count of a filter": lambda state: operations.count(state, IS_ONE),
    "fetch": lambda state: operations.fetch_matching(state, IS_ONE),
    "fetch of some": lambda state: operations.fetch_matching(state, IS_ONE, ["a"]),
    "delete": lambda state: operations.delete_matching(state, IS_ONE),
    "delete of some": lambda state: operations.delete_matching(state, IS_ONE, ["a"]),
    "vector search": lambda state: operations.search_by_vector(state, VECTOR, 3),
    "batch": lambda state: operations.search_batch(state, [VECTOR, VECTOR], 3, IS_ONE),
    "mmr": lambda state: operations.search_mmr(state, VECTOR, 3),
    "text search": lambda state: operations.search_text(state, "words", 3),
    "hybrid search": lambda state: operations.search_hybrid(state, VECTOR, "words", 3),
    "walk": lambda state: operations.first_page(state, None, 10),
    "clear": operations.clear,
    "drop": operations.drop,
    "learning": lambda state: operations.upsert(state, [record("b", new=1)], [VECTOR]),
}
BY_ID: dict[str, Callable[[IndexState], Steps[Any]]] = {
    "write": lambda state: operations.upsert(state, [record("b", n=1)], [VECTOR]),
    "fetch": lambda state: operations.fetch(state, ["a"]),
    "fetch without a filter": lambda state: operations.fetch_matching(state, None, ["a"]),
    "existing": lambda state: operations.existing_ids(state, ["a"]),
    "delete": lambda state: operations.delete(state, ["a"]),
}
ASKS = ("FT.SEARCH", "FT.AGGREGATE", "FT.TAGVALS", "FT.DROPINDEX", "FT.ALTER", "UNLINK")


@pytest.fixture
def server() -> FakeServer:
    """A server with an index that has one record."""
    server, state = FakeServer(), make_state()
    server.run(state, operations.upsert(state, [record("a", n=1)], [VECTOR]))
    server.sent.clear()
    return server


@pytest.mark.parametrize("name", ASKING)
def test_what_asks_the_index_waits_for_the_end_of_a_scan(server: FakeServer, name: str) -> None:
    state = make_state()
    server.scans = 6
    server.run(state, ASKING[name](state))
    assert server.paused
    names = [name for batch in server.sent for name in batch]
    first = min(names.index(command) for command in ASKS if command in names)
    # Before the scan is over, nothing is asked but how far it is.
    assert names[:first].count("FT.INFO") >= 6


def test_it_waits_longer_and_longer_but_never_long(server: FakeServer) -> None:
    state = make_state()
    server.scans = 14
    server.run(state, operations.count(state))
    assert server.paused[:4] == [0.001, 0.002, 0.004, 0.008]
    assert server.paused == sorted(server.paused)
    assert max(server.paused) == 0.1


@pytest.mark.parametrize("name", ASKING)
def test_whoever_does_not_want_to_wait_is_told_how_far_the_scan_is(server: FakeServer, name: str) -> None:
    state = make_state(wait_until_indexed=0)
    server.scans = 1_000_000
    with pytest.raises(IndexNotReadyError, match=r"'docs'.* scanned 25 %.*wait_until_indexed") as told:
        server.run(state, ASKING[name](state))
    assert told.value.percent == 25
    assert server.paused == []
    assert set(server.records) == {"a"}
    assert not any(command in ASKS for batch in server.sent for command in batch)


def test_a_scan_that_outlasts_the_patience_of_the_store_is_told(server: FakeServer) -> None:
    state = make_state(wait_until_indexed=0.05)
    server.scans = 1_000_000
    with pytest.raises(IndexNotReadyError, match=r"after 0\.05 seconds of waiting"):
        server.run(state, operations.count(state))
    assert server.paused


@pytest.mark.parametrize("name", BY_ID)
def test_what_goes_by_ids_does_not_wait(server: FakeServer, name: str) -> None:
    state = make_state()
    server.scans = 1_000_000
    server.run(state, BY_ID[name](state))
    assert server.paused == []


@pytest.mark.parametrize("name", ASKING)
def test_a_scan_that_others_began_is_seen_once_the_snapshot_is_old(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = make_state()
    server.run(state, operations.count(state))
    assert server.paused == []
    monkeypatch.setattr(snapshot, "MAX_AGE", -1)
    server.scans = 6
    server.run(state, ASKING[name](state))
    assert server.paused


def test_a_delete_by_a_filter_never_goes_by_an_old_snapshot(server: FakeServer) -> None:
    state = make_state()
    server.run(state, operations.count(state))
    server.scans = 6
    server.run(state, operations.delete_matching(state, IS_ONE))
    assert server.paused


def test_a_young_snapshot_of_a_whole_index_costs_no_round_trip(server: FakeServer) -> None:
    state = make_state()
    server.run(state, operations.count(state))
    server.sent.clear()
    for _ in range(3):
        server.run(state, operations.count(state))
    assert server.sent == [["FT.SEARCH"]] * 3


def outlived() -> FakeServer:
    """Return a server with a record whose index and registry are gone."""
    server, state = FakeServer(), make_state()
    server.run(state, operations.upsert(state, [record("old", tenant="t1")], [VECTOR]))
    server.fields = None
    del server.keys["redisvl-adapters/docs"]
    return server


def test_an_index_made_over_records_that_exist_is_not_asked_before_it_is_scanned() -> None:
    server, state = outlived(), make_state()
    server.slow_scans = 5
    server.run(state, operations.create(state, 2))
    assert server.paused
    assert server.run(state, operations.count(state)) == 1


def test_an_index_whose_scan_takes_long_is_created_and_not_asked() -> None:
    server, state = outlived(), make_state(wait_until_indexed=0)
    server.slow_scans = 1_000_000
    server.run(state, operations.create(state, 2))
    with pytest.raises(IndexNotReadyError):
        server.run(state, operations.count(state))
    server.scans = 0
    assert server.run(state, operations.count(state)) == 1


def test_a_key_that_old_records_have_is_not_asked_for_before_they_are_scanned_for_it() -> None:
    server, state, other = outlived(), make_state(), make_state()
    server.run(state, operations.create(state, 2))
    server.run(other, operations.count(other))
    server.slow_scans = 5
    server.run(state, operations.upsert(state, [record("new", tenant="t2")], [VECTOR]))
    assert "tenant" in server.covered["old"]
    for reader in (state, other):
        server.paused.clear()
        server.scans = 5
        server.run(reader, operations.count(reader, Compare("tenant", Operator.NE, "t2")))
        assert server.paused, "both the writer and whoever meets the key for the first time wait"


def test_old_records_are_scanned_for_a_key_whoever_adds_its_field() -> None:
    """A claim of others is carried out by whoever sees it, who may not have the key at all."""
    server, state, other = outlived(), make_state(), make_state()
    server.run(state, operations.create(state, 2))
    server.run(other, operations.count(other))
    server.interrupt("FT.ALTER", lambda: server.run(state, operations.upsert(state, [record("ours", n=1)], [VECTOR])))
    server.run(other, operations.upsert(other, [record("theirs", tenant="t2")], [VECTOR]))
    assert set(server.records) == {"old", "ours", "theirs"}
    assert all("tenant" in server.covered[record_id] for record_id in ("old", "theirs"))


def test_to_wait_is_an_operation_too(server: FakeServer) -> None:
    state = make_state(wait_until_indexed=0)
    server.scans = 8
    server.run(state, readiness.wait_until_indexed(state, 5))
    assert server.paused
    assert server.scans == 0
    server.scans = 1_000_000
    for seconds in (None, 0, 0.01):
        with pytest.raises(IndexNotReadyError):
            server.run(state, readiness.wait_until_indexed(state, seconds))


def test_where_there_is_no_index_there_is_nothing_to_wait_for() -> None:
    server, state = FakeServer(), make_state()
    server.run(state, readiness.wait_until_indexed(state))
    assert server.paused == []


@pytest.mark.parametrize(
    ("told", "percent"), [(b"0.25", 25), (b"1", 100), (0.5, 50), (b"161.0", None), (b"nan", None)], ids=repr
)
def test_a_figure_that_is_none_is_not_told(told: Any, percent: float | None) -> None:
    """After a restart from an append-only file the server divides by the number of keys that it began with."""
    for info in ([b"indexing", b"1", b"percent_indexed", told], {b"indexing": 1.0, b"percent_indexed": told}):
        progress = scan_progress(info)
        assert progress.is_running
        assert math.isnan(progress.percent) if percent is None else progress.percent == percent


def test_searches_side_by_side_look_at_the_index_once_for_all_of_them(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = make_state()
    server.run(state, operations.count(state))
    server.sent.clear()
    assert state.snapshot is not None
    state.snapshot = replace(state.snapshot, read_at=-math.inf)
    monkeypatch.setattr(snapshot, "MAX_AGE", 60)
    searches = [operations.search_by_vector(state, VECTOR, 3) for _ in range(100)]
    server.run(state, readiness.asking_together(state, searches))
    assert [len(batch) for batch in server.sent] == [3, 100]
