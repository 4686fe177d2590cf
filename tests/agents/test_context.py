"""The context of a run: blocks that nest, and what a tool takes from it."""

from __future__ import annotations

import asyncio
import math
from typing import Any
from uuid import uuid4

import pytest

from redisvl_adapters.agents import tool_context
from redisvl_adapters.agents.context import (
    check_context_fields,
    check_context_filter,
    context_conditions,
    current_context,
)
from redisvl_adapters.core import Compare, Operator
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.errors import ArgumentError
from tests.agents.agents_support import surveyed

FIELDS = {
    key: surveyed(key, type).field for key, type in {"tenant": "tag", "level": "numeric", "staff": "bool"}.items()
}
FILTER = {"tenant": "tenant_id"}


def test_blocks_nest_and_end() -> None:
    with tool_context(tenant_id="a", level=1):
        with tool_context(tenant_id="b"):
            assert current_context() == {"tenant_id": "b", "level": 1}
        assert current_context() == {"tenant_id": "a", "level": 1}
    assert current_context() == {}


async def test_tasks_have_the_context_in_which_they_started() -> None:
    async def seen() -> Any:
        await asyncio.sleep(0)
        return current_context()["tenant_id"]

    tasks = []
    for tenant in ("a", "b"):
        with tool_context(tenant_id=tenant):
            tasks.append(asyncio.create_task(seen()))
    assert await asyncio.gather(*tasks) == ["a", "b"]


@pytest.mark.parametrize(
    ("key", "value"), [("tenant", "acme"), ("level", 3), ("level", 0.5), ("staff", False), ("unmet", "x"), ("unmet", 3)]
)
def test_a_value_of_the_type_of_the_field_is_a_condition(key: str, value: Any) -> None:
    assert context_conditions({key: "it"}, {"it": value}, FIELDS) == [Compare(key, Operator.EQ, value)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("tenant", value) for value in ("", 3, True, ["acme"], {"$ne": "x"}, b"acme", "\ud800", uuid4(), object())),
        *(("level", value) for value in ("3", True, math.nan, math.inf, 2**70, [3])),
        *(("staff", value) for value in ("true", 1, 0)),
        *(("unmet", value) for value in ("", ["x"], {"$exists": True})),
    ],
)
def test_a_value_of_another_type_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"which is a .*; nothing was searched"):
        context_conditions({key: "it"}, {"it": value}, FIELDS)


@pytest.mark.parametrize("context", [{}, {"tenant_id": None}, {"tenant": "acme"}])
def test_without_its_value_a_tool_refuses(context: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="the context of this run has no 'tenant_id'"):
        context_conditions(FILTER, context, FIELDS)


@pytest.mark.parametrize("given", ["tenant", ["tenant"], {"tenant": 3}, {"": "x"}, {"tenant": ""}, {3: "x"}])
def test_a_context_filter_is_a_mapping_of_names(given: Any) -> None:
    with pytest.raises(ArgumentError, match="context_filter says"):
        check_context_filter(given)


@pytest.mark.parametrize("type", ["text", "geo"])
def test_a_field_without_exact_equality_cannot_be_set_by_the_context(type: str) -> None:
    fields: dict[str, MetadataField] = {"tenant": surveyed("tenant", type).field}
    with pytest.raises(ArgumentError, match="no exact equality"):
        check_context_fields(FILTER, fields)
