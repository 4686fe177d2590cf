"""Backfill: indexing the values that records have under keys which could not be filtered when they were written.

A record tells in ``_keys`` (``~key``) that it has such a value. Its projection is made again from its exact metadata,
and written only if nobody has replaced the record meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.index.record_keys import (
    all_keys,
    keys_command,
    read_keys,
)
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.projection import other_kinds, presence_tags, project, record_language
from redisvl_adapters.core.schema.fields import Kind, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema, StaleSchemaError
from redisvl_adapters.core.schema.stored_fields import KEYS, TYPED
from redisvl_adapters.core.schema.tag_encoding import encode_tag
from redisvl_adapters.core.server.commands import BATCH_SIZE, Reply, Steps, batched
from redisvl_adapters.core.server.replies import is_missing_index, ok
from redisvl_adapters.errors import RecordError, SchemaMismatchError, ServerError


def check_backfill(schema: Schema, fields: Sequence[MetadataField]) -> Steps[list[tuple[str, Kind]]]:
    """Check that records can be indexed under new fields, and return the kinds of values that these do not hold.

    Args:
        schema: The index, without the fields.
        fields: The fields.

    Raises:
        SchemaMismatchError: If a record has a value that is not of the type of its declared field.
    """
    extended = schema.with_fields(fields)
    kinds: dict[tuple[str, Kind], None] = {}
    try:
        lacking = yield from all_keys(schema, _lacking(fields))
    except StaleSchemaError:
        return []
    for keys in batched(lacking, BATCH_SIZE):
        for record_id, _, metadata in (yield from _read(schema, keys)):
            values = check_metadata(metadata, record_id).values
            try:
                project(extended, values, f"the record {record_id!r:.80}")
            except RecordError as error:
                raise SchemaMismatchError(
                    f"index {schema.name!r} has records that a declared field cannot hold; declare another type, or "
                    f"'unindexed': {error}"
                ) from error
            for field in fields:
                if field.learnt and (value := values.get(field.key)) is not None:
                    kinds |= dict.fromkeys((field.key, kind) for kind in other_kinds(field, value))
    return list(kinds)


def backfill(schema: Schema, fields: Sequence[MetadataField]) -> Steps[None]:
    """Write the indexed values of records under new fields, until no record lacks them.

    Args:
        schema: The index, with the fields.
        fields: The fields.

    Raises:
        ServerError: If a record cannot be changed.
    """
    layout = layout_of(schema)
    names = {TYPED, *(field.alias for field in fields)}
    while found := (yield from _some_lacking(schema, fields)):
        commands = []
        for record_id, reply, metadata in found:
            values = check_metadata(metadata, record_id).values
            projection = {name: value for name, value in project(schema, values, record_id).items() if name in names}
            projection[KEYS] = presence_tags(schema, values, record_language(schema, values, record_id))
            commands.append(layout.update_projection(record_id, reply, projection))
        if not any(map(ok, (yield commands))):
            raise ServerError(f"records of index {schema.name!r} changed in every attempt to index them; try again")


def _lacking(fields: Sequence[MetadataField]) -> str:
    """Return the query text for the records with values under some keys which are not indexed."""
    return str(tag_query(KEYS, [encode_tag(f"~{field.key}") for field in fields]))


_Found: TypeAlias = tuple[str, Reply, dict[str, Any]]
"""A record: its id, and its metadata as told and as read."""


def _some_lacking(schema: Schema, fields: Sequence[MetadataField]) -> Steps[list[_Found]]:
    (reply,) = yield [keys_command(schema, _lacking(fields), BATCH_SIZE)]
    return [] if is_missing_index(reply) else (yield from _read(schema, read_keys(ok(reply))))


def _read(schema: Schema, keys: Sequence[bytes]) -> Steps[list[_Found]]:
    layout, ids = layout_of(schema), [schema.id_of(key) for key in keys]
    replies = (yield [layout.read_metadata(record_id) for record_id in ids]) if ids else []
    return [
        (record_id, reply, metadata)
        for record_id, reply in zip(ids, map(ok, replies), strict=True)
        if (metadata := layout.decode_metadata(reply)) is not None
    ]
