"""Threads and tasks share what is known of an index: what one of them learns never makes another find nothing."""

from __future__ import annotations

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Steps
from tests.core.fake_server import NAME, FakeServer, make_state, opened, record

VECTOR = [1.0, 2.0]
ORDERS = range(150)


def test_a_reader_finds_what_is_there_while_another_thread_learns_what_others_taught_the_index() -> None:
    lost = []
    for seed in ORDERS:
        server, state, other = FakeServer(), make_state(), make_state()
        server.run(state, operations.upsert(state, [record("first", n=1)], [VECTOR]))
        found: list[bool] = []

        def read(found: list[bool] = found, state: IndexState = state) -> Steps[None]:
            for _ in range(4):
                page = yield from operations.first_page(state, None, 100)
                found.append("first" in {each.id for each in page.records})

        server.race(
            seed,
            read(),
            operations.upsert(state, [record("ours", k="x")], [VECTOR]),
            opened(other, operations.upsert(other, [record("theirs", flag=True)], [VECTOR])),
        )
        lost += [seed for each in found if not each]
    assert lost == [], "in these orders of events a record was not found"


def test_hits_are_read_although_another_thread_is_about_to_look_at_the_index_again() -> None:
    server, state = FakeServer(), make_state()
    server.run(state, operations.upsert(state, [record("first", n=1)], [VECTOR]))
    steps = operations.search_by_vector(state, VECTOR, 1)
    next(steps)
    # Somebody else teaches the index a key while a write through the same store goes on.
    other = make_state()
    server.interrupt("EVAL", lambda: server.run(other, operations.upsert(other, [record("b", k="x")], [VECTOR])))
    writing = operations.upsert(state, [record("c", n=2)], [VECTOR])
    batch = next(writing)
    server._before([str(command.args[0]) for command in batch])
    writing.send([server.execute(command) for command in batch])
    row = [b"vector_distance", b"0", b"text", b"text of first", b"metadata", b"{}"]
    with pytest.raises(StopIteration) as end:
        steps.send([[1, f"{NAME}:first".encode(), row]])
    assert [hit.record.id for hit in end.value.value] == ["first"]
