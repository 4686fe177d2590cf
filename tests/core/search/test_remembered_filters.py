"""Filters that are remembered: each is read for itself, and what cannot be remembered is refused as ever."""

from __future__ import annotations

from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Filter, Not, Operator
from redisvl_adapters.errors import FilterError
from tests.core.fake_server import FakeServer, make_state, record

VECTOR = [1.0, 2.0]


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.mark.parametrize(("first", "then"), [(1, True), (True, 1)], ids=repr)
def test_a_filter_that_equals_another_one_in_python_alone_is_read_for_itself(
    server: FakeServer, first: Any, then: Any
) -> None:
    state = make_state()
    server.run(state, operations.upsert(state, [record("a", n=1, flag=True)], [VECTOR]))
    key = "flag" if first is True else "n"
    server.run(state, operations.count(state, Compare(key, Operator.EQ, first)))
    if key == "flag":
        server.run(state, operations.count(state, Compare(key, Operator.EQ, then)))
        assert state.snapshot is not None
        assert len(state.snapshot.compiled) == 2
    else:
        with pytest.raises(FilterError):
            server.run(state, operations.count(state, Compare(key, Operator.EQ, then)))


def test_a_filter_that_cannot_be_remembered_is_refused_as_any_other(server: FakeServer) -> None:
    state = make_state()
    server.run(state, operations.upsert(state, [record("a", n=1)], [VECTOR]))
    deep: Filter = Compare("n", Operator.EQ, 1)
    for _ in range(5000):
        deep = Not((deep,))
    for wrong in (deep, Compare(["n"], Operator.EQ, 1)):  # type: ignore[arg-type]
        with pytest.raises(FilterError):
            server.run(state, operations.count(state, wrong))
