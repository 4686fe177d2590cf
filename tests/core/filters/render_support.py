"""A schema with a field of each type, and filters as the search module reads them for it."""

from __future__ import annotations

from typing import Any

from redisvl_adapters.core.filters.algebra import (
    Compare,
    Filter,
    Operator,
)
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.render import render as render_for
from redisvl_adapters.core.schema.declarations import read_metadata_schema
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema

SCHEMA = Schema(
    "docs",
    "docs:",
    "hash",
    VectorField("embedding", 2, "float32", "cosine", "flat"),
    read_metadata_schema(
        {
            "kind": "tag",
            "n": "numeric",
            "flag": "bool",
            "when": "timestamp",
            "body": "text",
            "place": "geo",
            "note": "unindexed",
            "a.b-c": "tag",
            "a b": "tag",
        }
    ),
)


def render(filter: Filter | None, never_met: set[str] | None = None) -> str | None:
    return query_text(render_for(filter, RenderContext(SCHEMA, never_met=never_met or set())))


def is_(key: str, operator: str, value: Any) -> Compare:
    return Compare(key, Operator(operator), value)


def text(filter: Filter | None) -> str:
    return str(render(filter))
