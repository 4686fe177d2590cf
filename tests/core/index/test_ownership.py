"""Ownership: keys that are not records of this library are never adopted, overwritten, expired or deleted."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.index.registry import UNCHECKED
from redisvl_adapters.errors import IndexNotReadyError, PartialWriteError, RecordError, SchemaMismatchError
from tests.core.fake_server import NAME, FakeServer, make_state, record

VECTOR = [1.0, 2.0]
THEIRS = {b"title": b"a product", b"metadata": b"of theirs"}


@pytest.fixture
def server() -> FakeServer:
    """A server with three hashes of an application."""
    server = FakeServer()
    server.keys |= {f"{NAME}:product {number}": dict(THEIRS) for number in range(3)}
    return server


def write(server: FakeServer, *ids: str, **options: Any) -> None:
    state = make_state(**options)
    server.run(state, operations.upsert(state, [record(each, n=1) for each in ids], [VECTOR] * len(ids)))


def test_an_index_is_not_made_over_the_keys_of_others(server: FakeServer) -> None:
    before = {key: dict(fields) for key, fields in server.keys.items()}
    state = make_state()
    for operation in (operations.create(state, 2), operations.upsert(state, [record("a", n=1)], [VECTOR])):
        with pytest.raises(SchemaMismatchError, match=r"'docs:'.*'docs'.* 3 keys that are not records.*'docs:product"):
            server.run(state, operation)
        assert (server.fields, server.keys) == (None, before)


def test_what_was_known_of_records_that_outlived_their_index_is_not_lost_by_that(server: FakeServer) -> None:
    strangers, server.keys = server.keys, {}
    write(server, "old")
    before = dict(server.registry)
    server.fields = None
    server.keys |= strangers
    with pytest.raises(SchemaMismatchError, match="3 keys"):
        write(server, "new", metadata_schema={"other": "bool"})
    assert server.registry == before


def test_an_index_that_could_not_be_checked_in_time_is_checked_before_it_is_asked(server: FakeServer) -> None:
    state = make_state(wait_until_indexed=0)
    server.slow_scans = 1_000_000
    server.run(state, operations.create(state, 2))
    assert UNCHECKED in server.registry
    with pytest.raises(IndexNotReadyError):
        server.run(state, operations.count(state))
    server.scans = 0
    for reader in (state, make_state()):
        for operation in (operations.count(reader), operations.clear(reader)):
            with pytest.raises(SchemaMismatchError, match="3 keys that are not records"):
                server.run(reader, operation)
    with pytest.warns(RuntimeWarning, match=r"'docs:product \d' and 2 more .*not a record"):
        server.run(state, operations.drop(state))
    assert len(server.records) == 3
    assert server.fields is None


def test_who_may_only_read_checks_it_for_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    server, state = FakeServer(), make_state(wait_until_indexed=0)
    server.slow_scans = 1_000_000
    server.run(state, operations.create(state, 2))
    server.scans = 0
    monkeypatch.setattr(server, "_hdel", lambda *_: ResponseError("NOPERM User ann has no permissions"))
    reader = make_state()
    for _ in range(2):
        assert server.run(reader, operations.count(reader)) == 0
    server.keys[f"{NAME}:theirs"] = dict(THEIRS)
    with pytest.raises(SchemaMismatchError, match="1 keys that are not records"):
        server.run(make_state(), operations.count(make_state()))


def test_the_check_is_made_once() -> None:
    server, state = FakeServer(), make_state()
    server.run(state, operations.create(state, 2))
    assert UNCHECKED not in server.registry
    server.sent.clear()
    other = make_state()
    server.run(other, operations.count(other))
    assert not any("FT.AGGREGATE" in batch for batch in server.sent)


def test_a_key_of_others_is_not_overwritten() -> None:
    server = FakeServer()
    write(server, "a")
    server.keys[f"{NAME}:taken"] = dict(THEIRS)
    with pytest.raises(RecordError, match=r"'docs:taken'.*not a record of this library.*another id") as refused:
        write(server, "taken")
    assert not isinstance(refused.value, PartialWriteError)
    with pytest.raises(PartialWriteError, match=r"1 of 3 .* 'taken' is not: at the key 'docs:taken'") as partial:
        write(server, "b", "taken", "c")
    assert (partial.value.written, partial.value.unwritten) == (["b"], ["taken", "c"])
    assert isinstance(partial.value.__cause__, RecordError)
    assert server.records["taken"] == THEIRS


def test_a_key_of_others_is_no_record_for_what_goes_by_ids() -> None:
    server, state = FakeServer(), make_state()
    write(server, "a")
    server.keys[f"{NAME}:theirs"] = dict(THEIRS)
    both = ["a", "theirs"]
    assert server.run(state, operations.existing_ids(state, both)) == {"a"}
    with pytest.warns(RuntimeWarning, match=r"the key 'docs:theirs' under the prefix of index 'docs' is not a record"):
        found = server.run(state, operations.fetch(state, both))
    assert [each and each.id for each in found] == ["a", None]
    assert server.run(state, operations.delete(state, both)) == 1
    assert server.records == {"theirs": THEIRS}


def test_emptying_or_dropping_an_index_leaves_what_others_wrote_there_later() -> None:
    server, state = FakeServer(), make_state()
    write(server, "a", "b")
    server.keys[f"{NAME}:theirs"] = dict(THEIRS)
    server.run(state, operations.clear(state))
    assert server.records == {"theirs": THEIRS}
    write(server, "c")
    with pytest.warns(RuntimeWarning, match="'docs:theirs'"):
        server.run(state, operations.drop(state))
    assert server.records == {"theirs": THEIRS}
    assert server.fields is None


def test_a_filter_that_matches_what_others_wrote_deletes_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    server, state = FakeServer(), make_state()
    write(server, "a")
    server.keys[f"{NAME}:theirs"] = dict(THEIRS)
    found: list[Any] = [[2, b"docs:a", b"docs:theirs"], [1, b"docs:theirs"]]
    monkeypatch.setattr(server, "_ft_search", lambda *_: found.pop(0))
    assert server.run(state, operations.delete_matching(state, Compare("n", Operator.NE, 2))) == 1
    assert server.records == {"theirs": THEIRS}
