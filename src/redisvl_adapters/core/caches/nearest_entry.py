"""The command of a cache lookup: the nearest entry and its answer in one search; and reading its reply."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.index.readiness import from_index
from redisvl_adapters.core.index.record_keys import read_total
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.vectors import Vector, as_query
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.complete_replies import RowsWithoutFieldsError
from redisvl_adapters.core.search.results import ReturnFields
from redisvl_adapters.core.search.tuning import NO_TUNING, fit_tuning
from redisvl_adapters.core.search.vector_query import CommandTemplate, VectorRequest, vector_command
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.server.replies import as_mapping

_TAG = "0" * 64
"""Stands for the digest of what must be equal, which is as long."""


class NearestEntryQuery:
    """Makes the command that finds the nearest record with a tag; only its vector and its tag change.

    Args:
        key: The metadata key of the tag.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._built: tuple[Schema, CommandTemplate, int] | None = None

    def command(self, schema: Schema, vector: Vector, tag: str) -> Command:
        """Return the command.

        Args:
            schema: The index.
            vector: The query, shape (dims,).
            tag: A SHA-256 digest in hexadecimal.

        Raises:
            ArgumentError: If the vector has numbers that are not finite, or no direction.
        """
        built = self._built
        if built is None or built[0] is not schema:
            built = self._built = self._build(schema)
        _, (before, after), place = built
        text = str(before[place]).replace(_TAG, tag)
        return Command((*before[:place], text, *before[place + 1 :], as_query(vector, schema.vector), *after))

    def _build(self, schema: Schema) -> tuple[Schema, CommandTemplate, int]:
        tuning = fit_tuning(NO_TUNING, 1, schema, filtered=True)
        where = str(tag_query(schema.fields[self._key].query_name, [_TAG]))
        form = vector_command(
            VectorRequest(b"", where, tuning=tuning), ReturnFields(k=1, frame=True), schema, layout_of(schema)
        )
        return schema, form, next(place for place, arg in enumerate(form.before) if _TAG in str(arg))


def read_nearest(reply: Reply, gone: Collection[bytes] = ()) -> tuple[bytes, dict[bytes, Any]] | None:
    """Return key and fields of the record that a search found, if it found one.

    Args:
        reply: The reply.
        gone: The keys of records that have no fields since they are not there any more.

    Raises:
        RowsWithoutFieldsError: If the reply lacks its fields otherwise.
        StaleSchemaError: If the index is gone.
    """
    if not read_total(from_index(reply)):
        return None
    if isinstance(reply, dict):
        row = as_mapping(reply[b"results"][0]) if reply[b"results"] else {}
        key, fields = row.get(b"id", b""), row.get(b"extra_attributes")
    else:
        _, key, fields = reply if len(reply) == 3 else (None, b"", None)
    if fields:
        return key, as_mapping(fields)
    if key in gone:
        return None
    raise RowsWithoutFieldsError([key], are_all=True)
