"""Changing metadata: whatever else happens to the records and to the index at the same time, nothing of it is lost."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import And, Compare, Operator
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.errors import (
    ArgumentError,
    PartialWriteError,
    RecordError,
    ServerUnavailableError,
    UnknownFieldError,
)
from tests.core.fake_server import FakeServer, make_state, opened, record

HAS_K = Compare("k", Operator.EXISTS, value=True)


def filled(**metadata: Any) -> tuple[FakeServer, IndexState]:
    server, state = FakeServer(), make_state()
    records = [record("a", **metadata), record("b", **metadata)]
    server.run(state, operations.upsert(state, records, [[1.0, 2.0]] * 2))
    return server, state


def update(state: IndexState, changes: Any, ids: Any = None, filter: Any = None) -> Steps[int]:
    return operations.update_metadata(state, changes, ids, filter)


def metadata(server: FakeServer, record_id: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(server.records[record_id][b"metadata"])
    return found


def test_a_record_that_changes_between_reading_and_writing_is_read_again() -> None:
    server, state = filled(k="x")
    other = make_state()
    server.interrupt("EVAL", lambda: server.run(other, update(other, {"theirs": 1}, ["a"])))
    assert server.run(state, update(state, {"ours": 2}, ["a", "b"])) == 2
    assert metadata(server, "a") == {"k": "x", "theirs": 1, "ours": 2}
    assert metadata(server, "b") == {"k": "x", "ours": 2}
    assert {b"theirs", b"ours"} <= server.records["a"].keys()


def test_a_record_that_is_deleted_meanwhile_is_not_counted_and_does_not_come_back() -> None:
    server, state = filled(k="x")
    server.interrupt("EVAL", lambda: server._del("docs:a"))
    assert server.run(state, update(state, {"k": "y"}, ["a", "b", "none"])) == 1
    assert set(server.records) == {"b"}


def test_what_somebody_taught_the_index_meanwhile_is_indexed() -> None:
    server, state = filled(k="x")
    other = make_state()
    teach = operations.upsert(other, [record("c", new="theirs")], [[1.0, 2.0]])
    server.interrupt("EVAL", lambda: server.run(other, teach))
    assert server.run(state, update(state, {"k": "y"}, ["a"])) == 1
    assert metadata(server, "a") == {"k": "y"}
    assert "new" in server.covered["a"]


def test_a_removed_key_leaves_neither_value_nor_field() -> None:
    server, state = filled(k="x", n=2**60)
    server.run(state, update(state, {"k": None, "n": None, "never": None}, ["a"]))
    assert metadata(server, "a") == {}
    assert {b"k", b"n", b"_typed"}.isdisjoint(server.records["a"])
    assert server.records["a"][b"_keys"] == b"=english"
    assert server.records["a"][b"text"] == b"text of a"
    assert server.records["a"][b"_text"] == b"text of a"


@pytest.mark.parametrize("seed", range(100))
def test_every_order_of_events_keeps_what_each_writer_changed(seed: int) -> None:
    server, _ = filled(k="x")
    others = [make_state() for _ in range(3)]
    server.race(
        seed,
        opened(others[0], update(others[0], {"first": 1}, ["a", "b"])),
        opened(others[1], update(others[1], {"second": True, "k": None}, ["a", "b"])),
        opened(others[2], operations.upsert(others[2], [record("c", third="t")], [[1.0, 2.0]])),
    )
    for record_id in ("a", "b"):
        assert metadata(server, record_id) == {"first": 1, "second": True}
        assert server.records[record_id][b"first"] == b"1"
        assert server.records[record_id][b"second"] == b"true"
        assert b"k" not in server.records[record_id]
        assert {"first", "second"} <= server.covered[record_id]


@pytest.mark.parametrize(
    ("changes", "ids", "filter", "message"),
    [
        ({}, ["a"], None, "changes is a mapping"),
        ([("k", 1)], ["a"], None, "changes is a mapping"),
        ({"k": 1}, None, None, "needs ids or a filter"),
        ({"k": 1}, "a", None, "ids is a list"),
        ({"k": 1}, [1], None, "an id is"),
        ({"k": 1}, None, And(()), "would change every record"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(changes: Any, ids: Any, filter: Any, message: str) -> None:
    state = make_state()
    with pytest.raises(ArgumentError, match=message):
        next(update(state, changes, ids, filter))


def test_what_could_not_be_stored_is_refused_before_any_record_is_read() -> None:
    server, state = FakeServer(), make_state(metadata_schema={"year": "numeric"})
    server.run(state, operations.upsert(state, [record("a", year=1)], [[1.0, 2.0]]))
    server.sent.clear()
    for changes in ({"year": "soon"}, {"x": float("nan")}, {"x": object()}):
        with pytest.raises(RecordError, match="changes: metadata"):
            server.run(state, update(state, changes, ["a"]))
    assert not {"HMGET", "EVAL"}.intersection(name for batch in server.sent for name in batch)


def test_a_filter_by_a_key_that_no_record_has_had_is_refused() -> None:
    server, state = filled(k="x")
    with pytest.raises(UnknownFieldError):
        server.run(state, update(state, {"k": "y"}, filter=Compare("kk", Operator.NE, "x")))
    assert metadata(server, "a") == {"k": "x"}


def test_nothing_is_changed_where_there_is_no_index() -> None:
    state = make_state()
    assert FakeServer().run(state, update(state, {"k": "y"}, ["a"])) == 0


def test_a_lost_connection_says_which_records_are_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redisvl_adapters.core.ingest.update_metadata.BATCH_SIZE", 1)
    server, state = filled(k="x")
    execute, done = server.execute, []

    def fail(command: Command) -> Any:
        if command.args[0] == "EVAL":
            done.append(command)
            if len(done) == 2:
                raise ServerUnavailableError("no Redis server answers at here:1")
        return execute(command)

    monkeypatch.setattr(server, "execute", fail)
    with pytest.raises(PartialWriteError, match="the metadata of 1 records are changed, of 1 not known to be") as told:
        server.run(state, update(state, {"k": "y"}, ["a", "b"]))
    assert (told.value.written, told.value.unwritten) == (["a"], ["b"])
    assert isinstance(told.value.__cause__, ServerUnavailableError)


def test_a_refusal_says_which_records_are_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    server, state = filled(k="x")
    execute = server.execute

    def refuse(command: Command) -> Any:
        if command.args[0] == "EVAL" and command.key == "docs:b":
            return ResponseError("OOM command not allowed when used memory > 'maxmemory'.")
        return execute(command)

    monkeypatch.setattr(server, "execute", refuse)
    with pytest.raises(PartialWriteError, match="OOM") as told:
        server.run(state, update(state, {"k": "y"}, filter=HAS_K))
    assert (told.value.written, told.value.unwritten) == (["a"], ["b"])
