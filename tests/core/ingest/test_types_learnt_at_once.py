"""Two writers learn one key at once, with values of two types: the type of the first holds, and both are indexed."""

from __future__ import annotations

from redisvl_adapters.core import operations
from tests.core.fake_server import FakeServer, make_state, record

VECTOR = [1.0, 2.0]


def test_a_record_is_written_for_the_type_that_somebody_else_gave_its_key() -> None:
    server, state, other = FakeServer(), make_state(), make_state()
    server.run(state, operations.upsert(state, [record("first")], [VECTOR]))
    server.interrupt(
        "HSETNX", lambda: server.run(other, operations.upsert(other, [record("theirs", n="text")], [VECTOR]))
    )
    server.run(state, operations.upsert(state, [record("ours", n=5)], [VECTOR]))
    assert server.records["theirs"][b"n"] == b"text"
    assert b"n" not in server.records["ours"]
    assert server.records["ours"][b"_typed"] == b"n:n5.0"
