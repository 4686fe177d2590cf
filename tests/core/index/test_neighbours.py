"""Neighbours: two indexes of this library never cover the same keys."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core import operations
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.errors import SchemaMismatchError
from tests.core.fake_server import FakeServer, make_state, record

VECTOR = [1.0, 2.0]
OURS = ("_keys", "_doc_id", "_typed", "_text", "embedding")


def told(name: str, *prefixes: str, fields: Any = OURS, storage: bytes = b"HASH") -> list[Any]:
    """Return what FT.INFO tells of another index."""
    rows = [[b"identifier", field.encode(), b"attribute", field.encode(), b"type", b"TAG"] for field in fields]
    definition = [b"key_type", storage, b"prefixes", [prefix.encode() for prefix in prefixes]]
    return [b"index_name", name.encode(), b"index_definition", definition, b"attributes", rows, b"num_docs", 0]


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.mark.parametrize("prefixes", [["docs:"], ["docs:q:"], ["doc"], [""], ["elsewhere:", "docs:x"]])
@pytest.mark.parametrize("storage", [b"HASH", b"JSON"])
def test_a_prefix_that_another_index_covers_or_has_is_refused(
    server: FakeServer, prefixes: list[str], storage: bytes
) -> None:
    server.others["other"] = told("other", *prefixes, storage=storage)
    state = make_state()
    for operation in (operations.create(state, 2), operations.upsert(state, [record("a")], [VECTOR])):
        with pytest.raises(SchemaMismatchError, match=rf"'docs:' of index 'docs'.*'{prefixes[-1]}' of index 'other'"):
            server.run(state, operation)
    assert (server.fields, server.keys) == (None, {})


def test_other_prefixes_and_indexes_of_others_are_no_hindrance(server: FakeServer) -> None:
    server.others |= {
        "beside": told("beside", "docs2:", "do:"),
        "theirs": told("theirs", "docs:", fields=("title", "embedding")),
        "of no field": told("of no field", "", fields=()),
    }
    state = make_state()
    server.run(state, operations.upsert(state, [record("a")], [VECTOR]))
    assert set(server.records) == {"a"}


def test_an_index_that_exists_is_opened_whatever_lies_beside_it(server: FakeServer) -> None:
    state = make_state()
    server.run(state, operations.upsert(state, [record("a")], [VECTOR]))
    server.others["other"] = told("other", "docs:")
    other = make_state()
    assert server.run(other, operations.count(other)) == 1
    assert not any("FT._LIST" in batch for batch in server.sent[-2:])


def test_one_that_is_made_at_the_same_time_is_seen_too(server: FakeServer) -> None:
    server.interrupt("FT.CREATE", lambda: server.others.update(other=told("other", "docs:")))
    state = make_state()
    with pytest.raises(SchemaMismatchError, match="of index 'other'"):
        server.run(state, operations.upsert(state, [record("a")], [VECTOR]))
    assert (server.fields, server.keys) == (None, {})


@pytest.mark.parametrize("refused", ["FT._LIST", "FT.INFO"])
def test_who_may_not_look_goes_on_and_it_is_said(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, refused: str
) -> None:
    server.others["other"] = told("other", "docs:")
    execute = server.execute

    def refuse(command: Command) -> Reply:
        if command.args[0] == refused and "docs" not in command.args:
            return ResponseError("NOPERM User ann has no permissions to run the command")
        return execute(command)

    monkeypatch.setattr(server, "execute", refuse)
    state = make_state()
    server.run(state, operations.upsert(state, [record("a")], [VECTOR]))
    assert set(server.records) == {"a"}
    assert "'docs' is made without seeing whether another one covers its prefix 'docs:'" in caplog.text
    assert "NOPERM" in caplog.text


def test_an_index_that_is_dropped_meanwhile_is_no_neighbour(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "_ft__list", lambda: [b"gone"])
    state = make_state()
    server.run(state, operations.create(state, 2))
    assert caplog.text == ""
