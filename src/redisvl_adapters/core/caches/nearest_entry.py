"""The command of a cache lookup: the nearest entry and its answer in one search; and reading its reply."""

from __future__ import annotations

from typing import Any, NamedTuple

from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.index.readiness import from_index
from redisvl_adapters.core.index.record_keys import QUERY_SETTINGS, read_total
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.vectors import Vector, as_query
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import DISTANCE
from redisvl_adapters.core.search.complete_replies import RowsWithoutFieldsError, Searches, complete_replies
from redisvl_adapters.core.search.results import ReturnFields
from redisvl_adapters.core.search.tuning import NO_TUNING, fit_tuning
from redisvl_adapters.core.search.vector_query import CommandTemplate, VectorRequest, vector_command
from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping

_DISTANCE = DISTANCE.encode()
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


class Nearest(NamedTuple):
    """The entry that a search found.

    Attributes:
        key: Its key.
        fields: Its fields.
    """

    key: bytes
    fields: dict[bytes, Any]

    @property
    def distance(self) -> float:
        """How far it is from the query."""
        return float(self.fields[_DISTANCE])


def nearest_entry(command: Command) -> Steps[Nearest | None]:
    """Send the command, and return the entry that it finds.

    Raises:
        ServerError: If the server does not return its fields, time after time.
        StaleSchemaError: If the index is gone.
    """
    (found,) = yield from complete_replies(
        Searches(
            [command],
            1,
            _read,
            lambda entry: (entry.distance, entry.key.decode("utf-8", "replace")),
            lambda entry: entry.key,
            lambda _, key: Command((*command.args[:_INKEYS], "INKEYS", 1, key, *command.args[_INKEYS:])),
        )
    )
    return found[0] if found else None


_INKEYS = -len(QUERY_SETTINGS)
"""The place in the command where a search is narrowed to keys."""


def _read(reply: Reply) -> list[Nearest]:
    if not read_total(from_index(reply)):
        return []
    if isinstance(reply, dict):
        row = as_mapping(reply[b"results"][0]) if reply[b"results"] else {}
        key, fields = row.get(b"id", b""), row.get(b"extra_attributes")
    else:
        _, key, fields = reply if len(reply) == 3 else (None, b"", None)
    if not fields:
        raise RowsWithoutFieldsError([], [key], 1)
    return [Nearest(key, as_mapping(fields))]
