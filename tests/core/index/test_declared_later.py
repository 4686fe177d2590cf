"""Fields declared for an index that exists: added with the first write, safely among others, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.errors import SchemaError, SchemaMismatchError, UnknownFieldWarning
from tests.core.fake_server import FakeServer, make_state, record
from tests.core.index.test_concurrency import ORDERS, check_found, told, writer

DECLARED: dict[str, Any] = {"metadata_schema": {"n": "numeric", "when": "timestamp"}}


def write(server: FakeServer, *records: Record, **options: Any) -> None:
    state = make_state(**options)
    server.run(state, operations.upsert(state, records, [[1.0, 2.0]] * len(records)))


@pytest.fixture
def server() -> FakeServer:
    """A server with an index that has one record with one key, `k`, a tag."""
    server = FakeServer()
    write(server, record("old", k="x"))
    return server


@pytest.mark.parametrize("learn", [True, False])
def test_the_first_write_adds_the_fields_that_it_has_and_those_that_it_has_not(server: FakeServer, learn: bool) -> None:
    write(server, record("new", n=1), learn=learn, **DECLARED)
    check_found(server)
    assert {"n", "when", "k"} <= (server.fields or {}).keys()
    assert b"key:when" in server.registry


def test_create_adds_them_too_and_a_second_time_nothing(server: FakeServer) -> None:
    state = make_state(**DECLARED)
    server.run(state, operations.create(state))
    assert {"n", "when"} <= (server.fields or {}).keys()
    server.sent.clear()
    server.run(state, operations.create(state))
    assert server.sent == [["HGETALL", "FT.INFO", "HGETALL"]]


def test_reading_adds_nothing_and_no_record_has_a_value_yet(server: FakeServer) -> None:
    state = make_state(**DECLARED)
    assert server.run(state, operations.count(state, Compare("n", Operator.EQ, 1))) == 0
    assert server.run(state, operations.delete_matching(state, Compare("n", Operator.GT, 1))) == 0
    assert "n" not in (server.fields or {})
    assert set(server.records) == {"old"}
    with pytest.warns(UnknownFieldWarning, match="'year' is not in index"):
        assert server.run(state, operations.count(state, Compare("year", Operator.EQ, 1))) == 0


def test_a_key_that_was_only_ever_none_is_added(server: FakeServer) -> None:
    write(server, record("none", n=None, when=[]))
    write(server, record("new", n=1), **DECLARED)
    assert {"n", "when"} <= (server.fields or {}).keys()
    assert server.records["new"][b"n"] == b"1"
    assert {"n", "when"} <= server.covered["new"] & server.covered["none"]


def test_values_that_were_never_indexed_are_indexed_when_their_key_is_declared(server: FakeServer) -> None:
    write(server, record("a", n=1), record("b", n=2), record("c", when="2024-01-31"), learn=False)
    assert server.records["a"][b"_keys"] == b"=english\x1f+n\x1f~n"
    write(server, record("new", n=3), **DECLARED)
    assert [server.records[name][b"n"] for name in ("a", "b", "new")] == [b"1", b"2", b"3"]
    assert server.records["a"][b"_keys"] == b"=english\x1f+n"
    assert float(server.records["c"][b"when"]) == 1706659200
    check_found(server)


def test_a_declared_type_that_such_values_are_not_of_is_refused_before_anything_is_claimed(server: FakeServer) -> None:
    write(server, record("a", n=1), record("b", n="two"), learn=False)
    before = (
        dict(server.registry),
        dict(server.fields or {}),
        {name: dict(held) for name, held in server.records.items()},
    )
    with pytest.raises(SchemaMismatchError, match=r"cannot hold.*the record 'b'.*'n' is 'two'"):
        write(server, record("new", n=3), **DECLARED)
    assert (dict(server.registry), dict(server.fields or {}), server.records) == before


def test_of_any_number_of_such_values_all_are_looked_at_before_anything_is_claimed(server: FakeServer) -> None:
    numbers = [record(str(number), n=number) for number in range(10_000)]
    write(server, *numbers, record("last", n="two"), learn=False)
    with pytest.raises(SchemaMismatchError, match=r"cannot hold.*the record 'last'.*'n' is 'two'"):
        write(server, record("new", n=3), **DECLARED)
    assert b"key:n" not in server.registry


def test_a_key_that_is_declared_unindexed_may_have_such_values(server: FakeServer) -> None:
    write(server, record("a", hidden=1), learn=False)
    write(server, record("b", hidden="x"), metadata_schema={"hidden": "unindexed"})
    assert set(server.records) == {"old", "a", "b"}
    assert "hidden" not in (server.fields or {})


def test_attributes_that_do_not_exist_are_refused_before_anything_is_claimed(server: FakeServer) -> None:
    wrong = {"n": {"type": "numeric", "attrs": {"sorted": True}}}
    with pytest.raises(SchemaError, match=r"'n'.*no attribute 'sorted'"):
        write(server, record("new", n=1), metadata_schema=wrong)
    assert b"key:n" not in server.registry
    write(server, record("new", n=1), metadata_schema={"n": {"type": "numeric", "attrs": {"sortable": True}}})
    check_found(server)
    assert b'"sortable":true' in server.registry[b"key:n"]


def test_writers_that_declare_and_writers_that_learn_all_succeed() -> None:
    for seed in ORDERS:
        with told(seed):
            server = FakeServer()
            write(server, record("old", k="x"))
            server.race(
                seed,
                writer(record("a", n=1), **DECLARED),
                writer(record("b", n=2, flag=True)),
                writer(record("c", when="2024-01-31T00:00:00"), metadata_schema={"when": "timestamp", "flag": "bool"}),
            )
            assert set(server.records) == {"old", "a", "b", "c"}
            check_found(server)


def test_writers_that_create_the_index_with_different_declarations_all_succeed() -> None:
    for seed in ORDERS:
        with told(seed):
            server = FakeServer()
            server.race(
                seed,
                writer(record("a", n=1), metadata_schema={"n": "numeric"}),
                writer(record("b", n=2, flag=True), metadata_schema={"flag": "bool"}),
            )
            assert set(server.records) == {"a", "b"}
            check_found(server)


def test_no_value_is_lost_to_filters_beside_a_writer_that_indexes_nothing() -> None:
    for seed in range(600):
        with told(seed):
            server = FakeServer()
            write(server, record("old", k="x"))
            server.race(
                seed,
                writer(record("a", n=1), learn=False),
                writer(record("b", n=2), metadata_schema={"n": "numeric"}),
            )
            assert {"a", "b"} <= server.records.keys()
            # Whoever comes next indexes what was written last.
            write(server, record("c"), metadata_schema={"n": "numeric"})
            check_found(server)
