"""Aliases: reads and writes go to what an alias stands for now, and nothing is dropped by one."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.errors import IndexNotFoundError, SchemaMismatchError, ServerError
from tests.core.fake_server import NAME, FakeServer, make_state, record

VECTOR = [1.0, 2.0]
ALIAS = "prod"
ROW = [b"vector_distance", b"0", b"text", b"a text", b"metadata", b"{}"]


@pytest.fixture
def server() -> FakeServer:
    """A server with an index that has one record and an alias."""
    server, state = FakeServer(), make_state()
    server.run(state, operations.upsert(state, [record("a", n=1)], [VECTOR]))
    server.aliases.add(ALIAS)
    server.sent.clear()
    return server


def test_writes_go_to_the_index_that_the_alias_stands_for(server: FakeServer) -> None:
    state = make_state(index_name=ALIAS)
    assert server.run(state, operations.upsert(state, [record("b", new="x")], [VECTOR])) == ["b"]
    assert set(server.records) == {"a", "b"}
    assert "new" in server.covered["b"]
    assert not any(key.startswith((f"{ALIAS}:", f"redisvl-adapters/{ALIAS}")) for key in server.keys)
    assert state.schema is not None
    assert (state.schema.name, state.schema.alias, state.schema.prefix) == (NAME, ALIAS, f"{NAME}:")


def test_each_write_asks_what_the_alias_stands_for(server: FakeServer) -> None:
    state = make_state(index_name=ALIAS)
    server.run(state, operations.count(state))
    for operation in (operations.upsert(state, [record("b", n=2)], [VECTOR]), operations.delete(state, ["b"])):
        server.sent.clear()
        server.run(state, operation)
        assert server.sent[0] == ["HGETALL", "FT.INFO", "HGETALL"]


@pytest.mark.parametrize("name", ["count", "write", "create"])
def test_no_index_is_made_under_the_name_of_an_alias_that_is_gone(server: FakeServer, name: str) -> None:
    state = make_state(index_name=ALIAS)
    server.run(state, operations.count(state))
    server.aliases.clear()
    operation = {
        "count": operations.count(state, Compare("n", Operator.EQ, 1)),
        "write": operations.upsert(state, [record("b")], [VECTOR]),
        "create": operations.create(state, 2),
    }[name]
    with pytest.raises(IndexNotFoundError, match="'prod' was an alias of index 'docs' and is none any more"):
        server.run(state, operation)
    assert set(server.records) == {"a"}
    server.aliases.add(ALIAS)
    assert server.run(state, operations.count(state)) == 1


@pytest.mark.parametrize("name", ["drop", "overwrite"])
def test_nothing_is_dropped_by_an_alias(server: FakeServer, name: str) -> None:
    state = make_state(index_name=ALIAS, create="overwrite" if name == "overwrite" else "if-missing")
    before = {key: dict(fields) for key, fields in server.keys.items()}
    operation: Steps[Any] = operations.drop(state) if name == "drop" else operations.count(state)
    with pytest.raises(SchemaMismatchError, match=r"'prod' is an alias of index 'docs'.*FT\.ALIASDEL"):
        server.run(state, operation)
    assert server.fields is not None
    assert server.keys == before


def test_emptying_an_index_keeps_its_aliases(server: FakeServer) -> None:
    for name in (ALIAS, NAME):
        state = make_state(index_name=name)
        server.run(state, operations.upsert(state, [record("b")], [VECTOR]))
        server.run(state, operations.clear(state))
        assert server.records == {}
        assert server.aliases == {ALIAS}


class TwoIndexes:
    """A server whose alias stands for the index ``docs``, and once it is moved for the index ``next``.

    Attributes:
        found: The rows that a search by the alias finds, before and after the move.
    """

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.execute = server.execute
        self.moved = False
        self.asked: list[tuple[Any, ...]] = []
        self.found: dict[bool, Reply] = {False: [1, b"docs:a", ROW], True: [1, b"next:b", ROW]}

    def answer(self, command: Command) -> Reply:
        name, *args = command.args
        self.asked.append(command.args)
        if name == "FT.SEARCH" and args[0] == ALIAS:
            return self.found[self.moved]
        if name == "FT.SEARCH" and self.moved:
            return [1, b"next:b"]
        if name == "FT.INFO" and self.moved:
            told = self.execute(command)
            told[1], told[3][3] = b"next", [b"next:"]
            return told
        if name == "HGETALL" and self.moved and str(args[0]).endswith("/next"):
            return self.execute(Command(("HGETALL", "redisvl-adapters/docs")))
        return self.execute(command)


@pytest.fixture
def two(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> TwoIndexes:
    server.aliases.add("next")
    two = TwoIndexes(server)
    monkeypatch.setattr(server, "execute", two.answer)
    return two


def near(two: TwoIndexes, state: IndexState) -> list[str]:
    found = two.server.run(state, operations.search_by_vector(state, VECTOR, 3, Compare("n", Operator.EQ, 1)))
    return [hit.record.id for hit in found]


def test_a_search_follows_an_alias_at_once(two: TwoIndexes) -> None:
    state = make_state(index_name=ALIAS)
    assert near(two, state) == ["a"]
    two.moved = True
    assert near(two, state) == ["b"]
    assert state.schema is not None
    assert state.schema.name == "next"


def test_a_search_by_an_alias_is_one_round_trip_as_long_as_it_finds_something(two: TwoIndexes) -> None:
    state = make_state(index_name=ALIAS)
    near(two, state)
    two.server.sent.clear()
    near(two, state)
    assert two.server.sent == [["FT.SEARCH"]]


@pytest.mark.parametrize("first", ["nothing", "error"])
def test_what_the_other_index_does_not_know_is_asked_again(two: TwoIndexes, first: str) -> None:
    """Its fields may be others: then a filter that was made for the first one finds nothing there, or everything."""
    state = make_state(index_name=ALIAS)
    near(two, state)
    two.moved = True
    replies = [[0] if first == "nothing" else ResponseError("Unknown field"), [1, b"next:b", ROW]]
    execute = two.answer

    def answer(command: Command) -> Reply:
        return replies.pop(0) if command.args[:2] == ("FT.SEARCH", ALIAS) else execute(command)

    two.server.execute = answer  # type: ignore[method-assign]  # for this test alone
    assert near(two, state) == ["b"]


def test_an_error_that_has_nothing_to_do_with_it_is_raised(two: TwoIndexes) -> None:
    state = make_state(index_name=ALIAS)
    two.found[False] = ResponseError("out of something")
    with pytest.raises(ServerError, match="out of something"):
        near(two, state)


def test_counts_walks_and_ids_are_asked_of_the_index_that_was_just_looked_up(two: TwoIndexes) -> None:
    state = make_state(index_name=ALIAS)
    near(two, state)
    two.moved = True
    two.asked.clear()
    for operation in (
        operations.count(state, Compare("n", Operator.NE, 1)),
        operations.delete_matching(state, Compare("n", Operator.EQ, 1)),
        operations.fetch(state, ["b"]),
    ):
        two.server.run(state, operation)
        two.server.sent.clear()
    names = {args[1] for args in two.asked if str(args[0]) in ("FT.SEARCH", "FT.AGGREGATE")}
    assert names == {"next"}
    assert ("HMGET", "next:b", "text", "metadata", "_node") in two.asked
