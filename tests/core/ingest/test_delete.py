"""Deleting by a filter: what was found in an index is deleted only if it still is that index."""

from __future__ import annotations

from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Operator
from tests.core.fake_server import FakeServer, make_state, record

HAS_K = Compare("k", Operator.EXISTS, value=True)


def test_what_was_found_in_an_index_that_is_made_anew_then_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    server, state, other = FakeServer(), make_state(), make_state()
    server.run(state, operations.upsert(state, [record("a", k="x")], [[1.0, 2.0]]))
    search = server._ft_search

    def search_before_it_is_made_anew(*args: Any) -> Any:
        monkeypatch.undo()
        found = search(*args)
        server.run(other, operations.drop(other))
        server.run(other, operations.upsert(other, [record("a"), record("b", k="x")], [[1.0, 2.0]] * 2))
        return found

    monkeypatch.setattr(server, "_ft_search", search_before_it_is_made_anew)
    assert server.run(state, operations.delete_matching(state, HAS_K)) == 1
    assert set(server.records) == {"a"}
