"""What a search returns of each record, and reading hits from its reply."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.records.layouts import Layout
from redisvl_adapters.core.records.own_records import warn_of_others
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.index_schema import Schema, StaleSchemaError
from redisvl_adapters.core.schema.stored_fields import DISTANCE, METADATA
from redisvl_adapters.core.search.complete_replies import RowsWithoutFieldsError
from redisvl_adapters.core.server.commands import Argument, Reply
from redisvl_adapters.core.server.replies import as_mapping, as_sequence

_DISTANCE, _METADATA, _SCORE = DISTANCE.encode(), METADATA.encode(), b"__score"


@dataclass(slots=True)
class Hit:
    """A record that a search found.

    Attributes:
        record: The record.
        distance: In a vector search, its distance from the query as Redis gives it, or that of unscaled vectors if the
            index has a scale; smaller is nearer. NaN if it has a score.
        score: In a text or hybrid search, or in one by several vectors, its score; larger is better.
    """

    record: Record
    distance: float
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFields:
    """What a search returns of each record.

    Attributes:
        k: Of how many records at most.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        vectors: Whether to return the vectors that are searched by.
        named: Whether to return the others that the schema has.
    """

    k: int
    frame: bool = False
    vectors: bool = False
    named: bool = False


def search_arguments(
    schema: Schema, text: str, returns: ReturnFields, layout: Layout, also: Sequence[str] = ()
) -> list[Argument]:
    """Return the beginning of a search command: its text, what it returns, and how many."""
    fields = [*returned_fields(returns, layout), *also]
    return ["FT.SEARCH", schema.search_name, text, "RETURN", len(fields), *fields, "LIMIT", 0, returns.k]


def returned_fields(returns: ReturnFields, layout: Layout) -> list[str]:
    """Return what a search must return, as the arguments of RETURN or LOAD."""
    pairs = layout.return_fields(frame=returns.frame, vector=returns.vectors, named=returns.named)
    return [part for path, name in pairs for part in ((path,) if path == name else (path, "AS", name))]


def read_vector_hits(reply: Reply, schema: Schema, layout: Layout) -> list[Hit]:
    """Return the hits in the reply to a vector search, nearest first, and by their ids where that is equal.

    Raises:
        RowsWithoutFieldsError: If rows have no fields.
        StaleSchemaError: If a record is not under the prefix: an alias stands for another index by now.
    """
    hits, lacking, rows = _hits(_rows(reply), _DISTANCE, schema, layout)
    if len({hit.distance for hit in hits}) < len(hits):
        hits.sort(key=by_distance)
    if lacking:
        raise RowsWithoutFieldsError(hits, lacking, rows)
    return hits


def read_text_hits(reply: Reply, schema: Schema, layout: Layout) -> list[Hit]:
    """Return the hits in the reply to a text search, best first, and by their ids where that is equal.

    Raises:
        RowsWithoutFieldsError: If rows have no fields.
        StaleSchemaError: If a record is not under the prefix: an alias stands for another index by now.
    """
    if isinstance(reply, dict):
        scores = [as_mapping(row).get(b"score") for row in reply[b"results"]]
        found = zip(scores, _rows(reply), strict=True)
    else:
        found = zip(reply[2::3], zip(reply[1::3], reply[3::3], strict=True), strict=True)
    scored = ((key, None if row is None else [_SCORE, score, *row]) for score, (key, row) in found)
    read, lacking, rows = _hits(scored, _SCORE, schema, layout)
    hits = sorted((Hit(hit.record, math.nan, hit.distance) for hit in read), key=by_score)
    if lacking:
        raise RowsWithoutFieldsError(hits, lacking, rows)
    return hits


def within_scope(hits: list[Hit], scope: Scope | None, schema: Schema) -> list[Hit]:
    """Return the hits within a scope: all, unless others replaced one while the server looked.

    Those of an index of another application have no metadata yet; ``read_found`` looks at them.
    """
    if scope is None or schema.foreign is not None:
        return hits
    return [hit for hit in hits if scope.holds(schema, hit.record.metadata)]


def by_distance(hit: Hit) -> tuple[float, str]:
    """Rank hits by their distance, and by their ids where that is equal."""
    return hit.distance, hit.record.id


def by_score(hit: Hit) -> tuple[float, str]:
    """Rank hits by their score, and by their ids where that is equal."""
    return -(hit.score or 0.0), hit.record.id


_Row: TypeAlias = tuple[bytes, Sequence[Any] | None]
"""The key of a record, and names and values of its fields in turn; None if the server has no fields of it."""


def _rows(reply: Reply) -> Iterable[_Row]:
    """Return the records in the reply to a search without scores."""
    if isinstance(reply, dict):
        results = [as_mapping(row) for row in reply[b"results"]]
        found = [row.get(b"extra_attributes") for row in results]
        if results and b"id" in results[0]:
            return [
                (row[b"id"], None if each is None else as_sequence(each))
                for row, each in zip(results, found, strict=True)
            ]
    elif len(reply) > 1 and not isinstance(reply[1], bytes):
        found = reply[1:]
    else:
        return zip(reply[1::2], reply[2::2], strict=True)
    return [(as_mapping(row).get(b"__key", b""), as_sequence(row)) if row else (b"", None) for row in found]


def _hits(rows: Iterable[_Row], distance: bytes, schema: Schema, layout: Layout) -> tuple[list[Hit], list[bytes], int]:
    """Return the hits, each with the number in a field as its distance; the keys without fields; and how many rows.

    Raises:
        StaleSchemaError: If a record is not under the prefix.
    """
    hits: list[Hit] = []
    lacking: list[bytes] = []
    known, place, metadata = None, None, None
    read = layout.reader(())
    prefix, start, foreign = schema.prefix_bytes, len(schema.prefix_bytes), schema.foreign is not None
    others: list[bytes] = []
    for key, row in rows:
        if row is None or not key:
            lacking.append(key)
            continue
        names, values = row[::2], row[1::2]
        if names != known:
            # Nearly all rows have the same fields.
            known, read = names, layout.reader(names)
            place = names.index(distance) if distance in names else None
            metadata = names.index(_METADATA) if _METADATA in names else None
        if not key.startswith(prefix):
            raise StaleSchemaError(key)
        if place is not None and (foreign or (metadata is not None and values[metadata] is not None)):
            try:
                record = read(schema.id_of(key) if foreign else key[start:].decode(), values)
            except ValueError:
                record = None
            if record is not None and type(record.metadata) is dict:
                hits.append(Hit(record, float(values[place])))
                continue
        others.append(key)
    if others:
        warn_of_others(schema, len(others), others[0].decode("utf-8", "replace"))
    return hits, lacking, len(hits) + len(lacking) + len(others)
