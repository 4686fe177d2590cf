"""From a search request to one command, and from its reply to hits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import ResponseError
from redisvl.query import CountQuery, FilterQuery, VectorQuery

from redisvl_adapters.core.commands import Argument, Command, Reply, as_mapping
from redisvl_adapters.core.encoding import escape_name
from redisvl_adapters.core.record import Layout, Record
from redisvl_adapters.core.schema import DISTANCE, KEYS, SEARCHED, MetadataField, Schema
from redisvl_adapters.errors import ArgumentError

MAX_K = 1_000_000
"""The server refuses more neighbours than this."""

# By default a server answers with what it has after half a second, without a word: that would be a wrong answer.
_NO_TIMEOUT = ("TIMEOUT", 0)
_DIALECT = ("DIALECT", 2)


@dataclass(slots=True)
class Hit:
    """A record that a search found.

    Attributes:
        record: The record.
        distance: Its distance from the query as Redis gives it; smaller is nearer.
    """

    record: Record
    distance: float


@dataclass(frozen=True, slots=True)
class Knn:
    """A request for the records nearest to a vector.

    Attributes:
        vector: The query, as the bytes of numbers in the dtype of the index.
        k: How many at most.
        where: Only records that match this text of a query.
        ids: Only these records; None for all.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        vectors: Whether to return the vectors.
    """

    vector: bytes
    k: int
    where: str = "*"
    ids: Sequence[str] | None = field(default=None, kw_only=True)
    frame: bool = field(default=False, kw_only=True)
    vectors: bool = field(default=False, kw_only=True)


def check_k(k: Any, name: str = "k") -> int:
    """Return how many results were asked for.

    Raises:
        ArgumentError: If it is not an integer from 0 to a million.
    """
    if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= MAX_K:
        raise ArgumentError(f"{name} is an integer from 0 to {MAX_K}; not {k!r}")
    return k


# RediSearch reckons that unions with an intersection in them match nothing if the values of the intersection are not in
# the index, whatever else they have, and then skips the KNN. Beside a condition that is always true it reckons well.
_UNION_OF_COMPOUNDS = re.compile(r"\) \| | \| \(")
_ALWAYS = f"(-@{KEYS}:{{none}})"


def _prefilter(where: str) -> str | None:
    """Return the filter of a KNN query."""
    if where == "*":
        return None
    return f"{where} {_ALWAYS}" if _UNION_OF_COMPOUNDS.search(where) else where


def knn_command(request: Knn, schema: Schema, layout: Layout) -> Command:
    """Return the command that answers a request."""
    query = VectorQuery(
        request.vector,
        escape_name(schema.vector.name),
        filter_expression=_prefilter(request.where),
        dtype=schema.vector.dtype,
        num_results=request.k,
    )
    for path, name in layout.return_fields(frame=request.frame, vector=request.vectors):
        query.return_field(path, as_field=None if path == name else name)
    params = [part for pair in query.params.items() for part in pair]
    args = [*_search(schema, query), "PARAMS", len(params), *params]
    if request.ids is not None:
        args += "INKEYS", len(request.ids), *(schema.key_of(record_id) for record_id in request.ids)
    return Command(tuple(args))


def count_command(schema: Schema, where: str) -> Command:
    """Return the command that counts the records that match."""
    return Command(tuple(_search(schema, CountQuery(where))))


def pick_command(schema: Schema, where: str, ids: Sequence[str]) -> Command:
    """Return the command that finds which of some records match."""
    query = FilterQuery(where, num_results=len(ids)).no_content()
    keys = [schema.key_of(record_id) for record_id in ids]
    return Command((*_search(schema, query), "INKEYS", len(keys), *keys))


def keys_command(schema: Schema, where: str, most: int) -> Command:
    """Return the command that finds the keys of the records that match, in one search."""
    return Command(tuple(_search(schema, FilterQuery(where, num_results=most).no_content())))


def is_over_limit(reply: Reply) -> bool:
    """Tell whether the server refused a search because it returns less at once."""
    return isinstance(reply, ResponseError) and "limit exceeds" in str(reply).lower()


def explain_command(schema: Schema, word: str) -> Command:
    """Return the command that tells which forms of a word a search of the text looks for."""
    return Command(("FT.EXPLAIN", schema.name, f"@{SEARCHED}:({word})", *_DIALECT))


_FORM = re.compile(r"@[^:\n]+:([^\s({]+)(?:\(expanded\))?\s*$", re.MULTILINE)


def read_stems(reply: Reply, word: str) -> list[str]:
    """Return the forms of a word in the reply to ``explain_command``; a stem is marked by a plus sign."""
    return list(dict.fromkeys([word, *_FORM.findall(reply.decode())]))


def sample_command(schema: Schema, where: str) -> Command:
    """Return the command that finds one record that matches."""
    return Command(tuple(_search(schema, FilterQuery(where, num_results=1).no_content())))


def values_command(schema: Schema, field: MetadataField) -> Command:
    """Return the command that lists the tags of a field."""
    return Command(("FT.TAGVALS", schema.name, field.alias))


def walk_command(schema: Schema, where: str, page: int) -> Command:
    """Return the command that opens a cursor over the keys of all records that match."""
    return Command(
        ("FT.AGGREGATE", schema.name, where, "LOAD", 1, "@__key", "WITHCURSOR", "COUNT", page, *_DIALECT, *_NO_TIMEOUT)
    )


def next_command(schema: Schema, cursor: int, page: int) -> Command:
    """Return the command that reads on from a cursor."""
    return Command(("FT.CURSOR", "READ", schema.name, cursor, "COUNT", page))


def _search(schema: Schema, query: Any) -> list[Argument]:
    return ["FT.SEARCH", schema.name, *query.get_args(), *_NO_TIMEOUT]


def read_total(reply: Reply) -> int:
    """Return how many records a search matched."""
    return int(reply[b"total_results"] if isinstance(reply, dict) else reply[0])


def read_keys(reply: Reply) -> list[bytes]:
    """Return the keys in the reply to a search without content."""
    if isinstance(reply, dict):
        return [as_mapping(row)[b"id"] for row in reply[b"results"]]
    return list(reply[1:])


def read_page(reply: Reply) -> tuple[list[bytes], int]:
    """Return the keys on one page of a cursor, and the cursor; 0 when there is no more."""
    page, cursor = reply
    if isinstance(page, dict):
        rows = [row.get(b"extra_attributes") for row in map(as_mapping, page[b"results"])]
    else:
        rows = page[1:]
    # A record that has expired and is not yet out of the index has no row.
    found = [as_mapping(row) for row in rows if row]
    return [row[b"__key"] for row in found if b"__key" in row], int(cursor)


def read_hits(reply: Reply, schema: Schema, layout: Layout) -> list[Hit]:
    """Return the hits in the reply to a search, nearest first."""
    return [
        Hit(layout.decode_fields(schema.id_of(key), fields), float(fields[b"vector_distance"]))
        for key, fields in _rows(reply)
        if DISTANCE.encode() in fields
    ]


def _rows(reply: Reply) -> Iterator[tuple[bytes, dict[bytes, Any]]]:
    # A record that expired while the search ran has no fields.
    if isinstance(reply, dict):
        for row in map(as_mapping, reply[b"results"]):
            yield row[b"id"], as_mapping(row.get(b"extra_attributes") or {})
    else:
        for key, fields in zip(reply[1::2], reply[2::2], strict=True):
            yield key, as_mapping(fields or [])
