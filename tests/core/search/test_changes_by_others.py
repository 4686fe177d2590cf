"""What others make of an index a moment after it was looked at: it is seen by the next walk and the next filter."""

from __future__ import annotations

from typing import Any

import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.filters.conditions import NOTHING, Clause
from redisvl_adapters.core.search import cursor_pages
from redisvl_adapters.core.search.filter_compiler import compile_filter
from redisvl_adapters.errors import UnknownFieldWarning
from tests.core.fake_server import FakeServer, make_state, record

VECTOR = [1.0, 2.0]


def test_a_walk_that_begins_while_the_index_is_scanned_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor misses the records that the scan meets again, and the one that was opened is given up."""
    server, state = FakeServer(), make_state()
    monkeypatch.setattr(cursor_pages, "MAX_KEYS", 0)
    server.run(state, operations.upsert(state, [record("a"), record("b")], [VECTOR] * 2))
    aggregate = server._ft_aggregate

    def first_cursor(*_: Any) -> Any:
        monkeypatch.setattr(server, "_ft_aggregate", aggregate)
        return [[1, [b"__key", b"docs:a"]], 7]

    search = server._ft_search

    def first_count(*args: Any) -> Any:
        monkeypatch.setattr(server, "_ft_search", search)
        server.scans = 4
        return search(*args)

    monkeypatch.setattr(server, "_ft_aggregate", first_cursor)
    monkeypatch.setattr(server, "_ft_search", first_count)
    page = server.run(state, operations.first_page(state, None, 10))
    assert [found.id for found in page.records] == ["a", "b"]
    assert page.is_last
    assert server.paused
    assert ["FT.CURSOR"] in server.sent


def test_a_key_that_others_teach_the_index_after_it_was_unknown_is_found_at_once() -> None:
    server, state, other = FakeServer(), make_state(), make_state()
    is_x = Compare("k", Operator.EQ, "x")
    server.run(state, operations.upsert(state, [record("a")], [VECTOR]))
    with pytest.warns(UnknownFieldWarning, match="'k' is not in index"):
        assert server.run(state, compile_filter(state, is_x)) == NOTHING
    server.run(other, operations.upsert(other, [record("b", k="x")], [VECTOR]))
    assert server.run(state, compile_filter(state, is_x)) == (Clause("@k:{x}"),)
