"""Indexes that are gone: whoever had opened one is told, once it is clear that it is not just being made anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.index import snapshot
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.search import cursor_pages
from redisvl_adapters.core.search.cursor_pages import Page
from redisvl_adapters.core.server.commands import Pause, Steps
from redisvl_adapters.errors import IndexNotFoundError, ServerError
from tests.core.fake_server import FakeServer, make_state, opened, record
from tests.core.index.test_scans import ASKING, BY_ID

VECTOR = [1.0, 2.0]
READING = {name: make for name, make in ASKING.items() if name not in ("drop", "learning")}


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


def write(server: FakeServer, state: IndexState, record_id: str = "a") -> None:
    server.run(state, operations.upsert(state, [record(record_id, n=1)], [VECTOR]))


def drop_as_others_do(server: FakeServer) -> None:
    server.fields = None
    server.keys.clear()


@pytest.mark.parametrize("name", READING)
def test_an_index_that_was_there_is_missed(server: FakeServer, name: str) -> None:
    state = make_state()
    write(server, state)
    drop_as_others_do(server)
    for _ in range(2):
        server.paused.clear()
        with pytest.raises(IndexNotFoundError, match=r"'docs' existed.*somebody dropped it.*next write creates it"):
            server.run(state, READING[name](state))
        assert len(server.paused) == 3
    write(server, state, "b")
    assert server.run(state, operations.count(state)) == 1


@pytest.mark.parametrize("name", sorted(BY_ID.keys() - {"write", "existing"}))
def test_what_goes_by_ids_misses_it_once_the_snapshot_is_old(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = make_state()
    write(server, state)
    drop_as_others_do(server)
    monkeypatch.setattr(snapshot, "MAX_AGE", -1)
    with pytest.raises(IndexNotFoundError):
        server.run(state, BY_ID[name](state))


@pytest.mark.parametrize("skip", [True, False])
def test_a_write_makes_it_anew(server: FakeServer, monkeypatch: pytest.MonkeyPatch, skip: bool) -> None:
    state = make_state()
    write(server, state)
    drop_as_others_do(server)
    monkeypatch.setattr(snapshot, "MAX_AGE", -1)
    if skip:
        assert server.run(state, operations.existing_ids(state, ["a"])) == set()
    write(server, state)
    assert set(server.records) == {"a"}
    assert server.fields


@pytest.mark.parametrize("name", ASKING)
def test_before_the_first_record_nothing_is_found(server: FakeServer, name: str) -> None:
    state = make_state(metadata_schema={"n": "numeric"})
    server.run(state, ASKING[name](state))
    assert server.paused == []


@pytest.mark.parametrize("name", READING)
def test_after_its_own_drop_nothing_is_found(server: FakeServer, name: str) -> None:
    state = make_state(metadata_schema={"n": "numeric"})
    write(server, state)
    server.run(state, operations.drop(state))
    found = server.run(state, READING[name](state))
    assert not found or found in ([[], []], Page([]))
    assert server.paused == []


@pytest.mark.parametrize("name", [name for name in READING if name != "clear"])
@pytest.mark.parametrize("look", [1, 2, 3])
def test_an_index_that_is_just_being_made_anew_is_found(server: FakeServer, name: str, look: int) -> None:
    """As when somebody else overwrites it."""
    state, other = make_state(metadata_schema={"n": "numeric"}), make_state()
    write(server, state)
    drop_as_others_do(server)
    steps = opened(state, READING[name](state))
    batch, pauses = next(steps), 0
    try:
        while True:
            if isinstance(batch, Pause):
                pauses += 1
                if pauses == look:
                    write(server, other)
                batch = steps.send([])
            else:
                batch = steps.send([server.execute(command) for command in batch])
    except StopIteration:
        pass
    assert pauses == look


@pytest.mark.parametrize("name", [*READING, "write"])
def test_one_that_is_never_to_be_created_must_exist(server: FakeServer, name: str) -> None:
    write(server, make_state())
    make: Callable[[IndexState], Steps[Any]] = READING.get(name) or BY_ID[name]
    for state in (make_state(index_name="dosc", create="never"), make_state(create="never")):
        if state.spec.name == "docs":
            server.run(state, operations.count(state))
            server.fields = None
        with pytest.raises(IndexNotFoundError, match=f"{state.spec.name!r} does not exist.*create='never'") as missed:
            server.run(state, make(state))
        assert ("did you mean 'docs'" in str(missed.value)) == (state.spec.name == "dosc")


def test_a_walk_whose_index_is_dropped_does_not_end_as_if_it_were_complete(server: FakeServer) -> None:
    state = make_state()
    server.run(state, operations.upsert(state, [record("a"), record("b")], [[1.0, 2.0]] * 2))
    page = server.run(state, operations.first_page(state, None, 1))
    assert ([found.id for found in page.records], page.is_last) == (["a"], False)
    drop_as_others_do(server)
    server.records.clear()
    with pytest.raises(ServerError, match="index was dropped"):
        server.run(state, operations.next_page(state, page, 1))


def test_a_walk_by_a_cursor_whose_index_is_dropped_does_not_end_as_if_it_were_complete(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = make_state()
    write(server, state)
    monkeypatch.setattr(cursor_pages, "MAX_KEYS", 0)
    monkeypatch.setattr(server, "_ft_aggregate", lambda *_: [[1, [b"__key", b"docs:a"]], 7])
    page = server.run(state, operations.first_page(state, None, 1))
    assert ([found.id for found in page.records], page.is_last) == (["a"], False)
    drop_as_others_do(server)
    with pytest.raises(ServerError, match="gave the walk up"):
        server.run(state, operations.next_page(state, page, 1))
