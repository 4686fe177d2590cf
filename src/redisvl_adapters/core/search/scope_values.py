"""What the records within a scope have, of all that an index has: their keys, and the tags of their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import orjson

from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.index.record_keys import QUERY_SETTINGS, count_command, read_rows, read_total
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.tag_encoding import TAG_SEPARATOR
from redisvl_adapters.core.search.filter_compiler import compile_filter
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import is_missing_index, ok

MAX_COMBINATIONS = 10_000
"""How many combinations of tags the records may have in a field that is looked through."""


def fields_in_scope(state: IndexState, fields: Iterable[MetadataField]) -> Steps[list[MetadataField]]:
    """Return the fields that are filled within a scope, or were declared, but for those that it holds itself."""
    scope, schema = state.scope, state.schema
    if scope is None:
        return list(fields)
    others = [field for field in fields if field.key not in scope.plain]
    where = query_text((yield from compile_filter(state, None)))
    if schema is None or where is None:
        return [field for field in others if not field.learnt]
    asked = [field for field in others if field.learnt]
    replies = yield [count_command(schema, f"{where} {presence_query(field.key)}") for field in asked]
    found = zip(asked, replies, strict=True)
    filled = {field.key for field, reply in found if not is_missing_index(reply) and read_total(ok(reply))}
    return [field for field in others if not field.learnt or field.key in filled]


def tags_in_scope(state: IndexState, names: Sequence[str]) -> Steps[Mapping[str, list[str] | None]]:
    """Return the tags that the records within a scope have in some fields.

    None where there are too many, and in an index of another application, which may take others for within.
    """
    schema = state.schema
    if schema is not None and schema.foreign is not None:
        return dict.fromkeys(names)
    where = query_text((yield from compile_filter(state, None)))
    if schema is None or where is None:
        return {name: [] for name in names}
    replies = yield [_combinations_command(schema, where, name) for name in names]
    found: dict[str, list[str] | None] = {}
    for name, reply in zip(names, replies, strict=True):
        rows = [] if is_missing_index(reply) else read_rows(ok(reply))
        combinations = [row[b"v"] for row in rows if row.get(b"v") is not None]
        tags = dict.fromkeys(tag for each in combinations for tag in _tags(each, schema))
        found[name] = None if len(combinations) > MAX_COMBINATIONS else list(tags)
    return found


def _combinations_command(schema: Schema, where: str, name: str) -> Command:
    path = f'$.index["{name}"]' if schema.storage == "json" else f"@{name}"
    grouped = ("LOAD", 3, path, "AS", "v", "GROUPBY", 1, "@v", "LIMIT", 0, MAX_COMBINATIONS + 1)
    return Command(("FT.AGGREGATE", schema.name, where, *grouped, *QUERY_SETTINGS))


def _tags(held: bytes, schema: Schema) -> list[str]:
    """Return the tags in a field of a record."""
    return orjson.loads(held) if schema.storage == "json" else held.decode().split(TAG_SEPARATOR)
