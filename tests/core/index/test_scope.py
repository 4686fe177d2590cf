"""A scope: what it can be of, what it does to metadata, and which records are within it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from redisvl_adapters.core.filters.algebra import And, Compare, Operator
from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.index.snapshot import IndexState, ScopedState, Snapshot
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.schema.fields import FieldType, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.errors import ArgumentError, FilterError, RecordError


class Tenant(StrEnum):
    """Tenants by name."""

    ACME = "acme"


def schema_of(**types: FieldType) -> Schema:
    """Return a schema with learnt fields."""
    schema = IndexSpec("docs").schema(2)
    return schema.with_fields(MetadataField(key, type, key, learnt=True) for key, type in types.items())


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("acme", "acme"),
        (Tenant.ACME, "acme"),
        ("", ""),
        (True, True),
        (np.bool_(False), False),
        (7, 7),
        (np.int64(7), 7),
        (UUID(int=7), str(UUID(int=7))),
        (date(2024, 1, 1), "2024-01-01"),
        (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00+00:00"),
    ],
)
def test_a_scope_is_of_exact_values(value: Any, plain: Any) -> None:
    scope = Scope.of({"key": value})
    assert (type(scope.plain["key"]), scope.plain["key"]) == (type(plain), plain)
    assert scope.filter == Compare("key", Operator.EQ, plain)


@pytest.mark.parametrize(
    "metadata",
    [
        *({"key": value} for value in (None, 1.0, Decimal(1), np.float64(1), 2**53, -(2**53), b"a", object())),
        *({"key": value} for value in (["acme"], ("acme",), {"a"}, {"in": "side"}, [], {}, "\ud800")),
        {},
        {"\ud800": "acme"},
        {7: "acme"},
    ],
    ids=repr,
)
def test_a_scope_of_anything_else_is_refused(metadata: Any) -> None:
    with pytest.raises(ArgumentError):
        Scope.of(metadata)


def test_a_scope_within_another_one_holds_both() -> None:
    outer = Scope.of({"tenant": "acme"})
    inner = Scope.of({"user": 7}, outer)
    assert inner.plain == {"tenant": "acme", "user": 7}
    assert inner.filter == And((Compare("tenant", Operator.EQ, "acme"), Compare("user", Operator.EQ, 7)))
    assert Scope.of({"tenant": "acme", "user": 7}, outer) == inner
    for value in ("other", "", True, 1):
        with pytest.raises(ArgumentError, match="tenant='acme'"):
            Scope.of({"tenant": value}, inner)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"tenant": "acme", "org.id": 7}),
        ({"a": 1}, {"a": 1, "tenant": "acme", "org.id": 7}),
        ({"tenant": "acme", "org": {"id": 7}}, {"tenant": "acme", "org": {"id": 7}}),
        ({"org": {"name": "x"}}, {"org": {"name": "x"}, "tenant": "acme", "org.id": 7}),
        ({"org.id": 7}, {"org.id": 7, "tenant": "acme"}),
        ({"org": {"id": 8}, "org.id": 7}, {"org": {"id": 8}, "org.id": 7, "tenant": "acme"}),
    ],
)
def test_a_record_gets_what_it_lacks(given: dict[str, Any], expected: dict[str, Any]) -> None:
    found = Scope.of({"tenant": "acme", "org.id": 7}).applied(check_metadata(given, "it"), "it")
    assert found.plain == expected
    assert {key: found.values[key] for key in ("tenant", "org.id")} == {"tenant": "acme", "org.id": 7}
    assert found.json == check_metadata(expected, "it").json


@pytest.mark.parametrize(
    "metadata",
    [
        *(
            {"tenant": value}
            for value in ("other", "Acme", "", None, ["acme"], ["acme", "other"], 1, True, {"acme": 1})
        ),
        *({"org": {"id": value}} for value in (8, 7.0, "7", True, None, [7])),
    ],
    ids=repr,
)
def test_a_record_that_says_otherwise_is_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(
        RecordError, match=r"^record 3: metadata '(tenant|org.id)' is .* scoped to org.id=7, tenant='acme'"
    ):
        Scope.of({"tenant": "acme", "org.id": 7}).applied(check_metadata(metadata, "it"), "record 3")


@pytest.mark.parametrize(
    ("metadata", "is_within"),
    [
        ({"tenant": "acme"}, True),
        ({"tenant": "acme", "org": {"id": 8}}, True),
        ({"tenant": ["other", "acme"]}, True),
        ({"tenant": "other"}, False),
        ({"tenant": ["acm", "e"]}, False),
        ({"tenant": None}, False),
        ({}, False),
    ],
)
def test_a_record_is_within_its_scope(metadata: dict[str, Any], *, is_within: bool) -> None:
    assert Scope.of({"tenant": "acme"}).holds(schema_of(tenant=FieldType.TAG), metadata) is is_within


def test_without_a_field_a_record_is_told_by_its_value_alone() -> None:
    scope = Scope.of({"org.id": 7})
    assert [scope.holds(schema_of(), {"org": {"id": value}}) for value in (7, 8, 7.0, "7", True, [7])] == [
        *(True, False, False, False, False, False)
    ]


def test_points_in_time_are_equal_however_they_are_written() -> None:
    scope, schema = Scope.of({"day": datetime(2024, 1, 1, tzinfo=UTC)}), schema_of(day=FieldType.TIMESTAMP)
    told = ["2024-01-01", "2024-01-01T01:00:00+01:00", "2024-01-02"]
    assert [scope.holds(schema, {"day": value}) for value in told] == [True, True, False]


@pytest.mark.parametrize(
    ("value", "type"),
    [
        *(("7", type) for type in (FieldType.NUMERIC, FieldType.BOOL, FieldType.NUMBERS, FieldType.TEXT)),
        *((7, type) for type in (FieldType.TAG, FieldType.BOOL, FieldType.TEXT, FieldType.GEO, FieldType.UNINDEXED)),
        *((True, type) for type in (FieldType.TAG, FieldType.NUMERIC, FieldType.TIMESTAMP)),
    ],
)
def test_a_field_that_holds_no_such_value_keeps_no_scope(value: Any, type: FieldType) -> None:
    with pytest.raises(FilterError, match="key"):
        Scope.of({"key": value}).projection(schema_of(key=type))


def test_the_state_within_a_scope_is_that_of_the_whole_index() -> None:
    whole = IndexState(IndexSpec("docs"))
    within = ScopedState(whole, Scope.of({"tenant": "acme"}))
    snapshot = Snapshot(schema_of(), {}, 1)
    within.snapshot, within.opened, within.spans_slots = snapshot, True, False
    assert (whole.snapshot, whole.opened, whole.spans_slots, whole.scope) == (snapshot, True, False, None)
    assert within.schema is snapshot.schema
    whole.was_there, whole.alias_of = True, "other"
    assert (within.was_there, within.alias_of) == (True, "other")
    assert (within.spec, within.metric, within.warned) == (whole.spec, whole.metric, whole.warned)
