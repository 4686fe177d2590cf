"""Plans of searches: made once for a snapshot of the index, never used for another, and each for its own search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Operator
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.schema.fields import FieldType, MetadataField, VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.search import vector_search
from redisvl_adapters.core.search.filter_compiler import compile_filter
from redisvl_adapters.core.server.commands import Command

YEAR = Compare("year", Operator.GTE, 2020)


def snapshot(name: str = "docs") -> Snapshot:
    fields = {"year": MetadataField("year", FieldType.NUMERIC, "year")}
    return Snapshot(Schema(name, "docs:", "hash", VectorField("v", 2, "float32", "cosine", "hnsw"), fields), {}, 1)


def make_state() -> IndexState:
    return IndexState(IndexSpec("docs"), snapshot(), opened=True)


def sent(state: IndexState, filter: Filter | None = YEAR, k: int = 3, **options: Any) -> tuple[Any, ...]:
    """Return the command of a search."""
    command, *_ = next(operations.search_by_vector(state, options.pop("vector", [1.0, 2.0]), k, filter, **options))
    assert isinstance(command, Command)
    return command.args


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Filter | None]:
    """Note which filters are compiled."""
    seen: list[Filter | None] = []

    def noting(state: IndexState, filter: Filter | None, language: str | None) -> Any:
        seen.append(filter)
        return compile_filter(state, filter, language)

    monkeypatch.setattr(vector_search, "compile_filter", noting)
    return seen


def test_the_same_search_is_planned_once_whatever_its_vector(compiled: list[Any]) -> None:
    state = make_state()
    first, second = sent(state), sent(state, vector=[3.0, 4.0])
    assert len(compiled) == 1
    assert np.array([3, 4], np.float32).tobytes() in second
    assert [one == other for one, other in zip(first, second, strict=True)].count(False) == 1


def test_searches_that_differ_have_plans_of_their_own() -> None:
    searches: list[dict[str, Any]] = [
        {},
        {"filter": None},
        {"filter": Compare("year", Operator.GTE, 2021)},
        {"filter": Compare("year", Operator.LTE, 2020)},
        {"filter": And((YEAR, Compare("year", Operator.LT, 2030)))},
        {"k": 4},
        {"frame": True},
        {"vectors": True},
        {"ids": ["a"]},
        {"ids": ["b"]},
        {"ef_runtime": 300},
        {"distance_threshold": 0.5},
        {"keywords": "fox"},
    ]
    alone = [sent(make_state(), **search) for search in searches]
    assert len(set(alone)) == len(searches)
    state = make_state()
    for _ in range(2):
        assert [sent(state, **search) for search in searches] == alone


def test_what_has_ids_or_options_is_not_remembered() -> None:
    state = make_state()
    for options in ({"ids": ["a"]}, {"ef_runtime": 300}, {"keywords": "fox"}):
        sent(state, **options)
    assert state.snapshot is not None
    assert not state.snapshot.plans


def test_a_plan_goes_with_its_snapshot() -> None:
    state = make_state()
    assert sent(state)[1] == "docs"
    state.snapshot = snapshot("other")
    assert sent(state)[1] == "other"
    state.snapshot = None
    assert sent(state)[0] != "FT.SEARCH"  # it looks at the index first


def test_a_plan_is_not_kept_in_a_snapshot_that_its_condition_was_not_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    state, newer = make_state(), snapshot("newer")

    def replaced_meanwhile(state: IndexState, filter: Filter | None, language: str | None) -> Any:
        condition = yield from compile_filter(state, filter, language)
        state.snapshot = newer
        return condition

    monkeypatch.setattr(vector_search, "compile_filter", replaced_meanwhile)
    sent(state)
    assert not newer.plans


def test_no_more_plans_are_kept_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_search, "MAX_REMEMBERED", 3)
    state = make_state()
    commands = [sent(state, k=k) for k in range(1, 9)]
    assert state.snapshot is not None
    assert len(state.snapshot.plans) == 3
    assert [sent(state, k=k) for k in range(1, 9)] == commands


def test_a_condition_that_is_made_of_the_values_of_a_field_is_made_anew_each_time() -> None:
    """Records that are written meanwhile can have others."""
    fields = {"genre": MetadataField("genre", FieldType.TAG, "genre")}
    schema = Schema("docs", "docs:", "hash", VectorField("v", 2, "float32", "cosine", "hnsw"), fields)
    state = IndexState(IndexSpec("docs"), Snapshot(schema, {}, 1), opened=True)
    is_like = Compare("genre", Operator.LIKE, "s%")

    def compiled(*tags: bytes) -> str:
        steps = compile_filter(state, is_like)
        ((asked),) = next(steps)
        assert asked.args == ("FT.TAGVALS", "docs", "genre")
        with pytest.raises(StopIteration) as stop:
            steps.send([list(tags)])
        return str(stop.value.value[0])

    assert compiled(b"scifi", b"crime") == "@genre:{scifi}"
    assert compiled(b"satire", b"scifi", b"crime") == "@genre:{satire|scifi}"
