"""FT.CREATE, FT.ALTER and FT.DROPINDEX: the commands that define an index."""

from __future__ import annotations

from typing import Any

from redisvl_adapters.core.filters.word_queries import stopword_terms
from redisvl_adapters.core.records.record import new_id
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import KEYS
from redisvl_adapters.core.server.commands import Argument, Command


def create_command(schema: Schema) -> Command:
    """Return the command that creates an index. Records that lie under its prefix already are indexed too."""
    made: list[Any] = schema.redisvl.redis_fields
    fields: list[Argument] = [part for field in made for part in field.redis_args()]
    head: list[Argument] = ["FT.CREATE", schema.name, "ON", schema.storage.upper(), "PREFIX", 1, schema.prefix]
    stopwords = stopword_terms(schema)
    return Command((*head, "STOPWORDS", len(stopwords), *stopwords, "SCHEMA", *fields))


def alter_command(schema: Schema, field: MetadataField, *, scan: bool = False) -> Command:
    """Return the command that adds a field to an index.

    Args:
        schema: The index.
        field: The field.
        scan: Whether to look through the records that exist; without need, where none of them has the key yet.
    """
    made: Any = schema.redisvl_field(field).as_redis_field()
    skip: list[Argument] = [] if scan else ["SKIPINITIALSCAN"]
    return Command(("FT.ALTER", schema.name, *skip, "SCHEMA", "ADD", *made.redis_args()))


def drop_command(name: str, *, with_records: bool) -> Command:
    """Return the command that drops an index, with all that it has indexed or without."""
    return Command(("FT.DROPINDEX", name, *(["DD"] if with_records else [])))


def sweep_name(prefix: str) -> str:
    """Return the name of a passing index that finds the records which an index has left under its prefix.

    It has the prefix too, since it counts as a key, and the user may have no right to others.
    """
    return prefix + new_id()


def sweep_command(schema: Schema) -> Command:
    """Return the command that creates such an index."""
    field = f"$.index.{KEYS}" if schema.storage == "json" else KEYS
    head: list[Argument] = ["FT.CREATE", schema.name, "ON", schema.storage.upper(), "PREFIX", 1, schema.prefix]
    return Command((*head, "SCHEMA", field, "AS", KEYS, "TAG"))
