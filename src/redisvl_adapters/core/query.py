"""From a search request to one command, and from its reply to hits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from redis.exceptions import ResponseError

from redisvl_adapters.core.commands import Argument, Command, Reply, as_mapping, as_sequence
from redisvl_adapters.core.encoding import escape_name
from redisvl_adapters.core.record import Layout, Record
from redisvl_adapters.core.schema import DISTANCE, KEYS, SEARCHED, MetadataField, Schema
from redisvl_adapters.core.tuning import NO_TUNING, Tuning
from redisvl_adapters.errors import ArgumentError

MAX_K = 1_000_000
"""The server refuses more neighbours than this."""

# By default a server answers with what it has after half a second, without a word: that would be a wrong answer.
_COMMON: tuple[Argument, ...] = ("DIALECT", 2, "TIMEOUT", 0)
_VECTOR = "vector"
_RADIUS = "radius"
_KEY = "@__key"
_DISTANCE, _SCORE = DISTANCE.encode(), b"__score"


@dataclass(slots=True)
class Hit:
    """A record that a search found.

    Attributes:
        record: The record.
        distance: In a vector search, its distance from the query as Redis gives it, or that of unscaled vectors if the
            index has a scale; smaller is nearer. NaN if it was found by its text alone.
        score: In a text or hybrid search, its score; larger is better.
    """

    record: Record
    distance: float
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search returns of each record.

    Attributes:
        k: Of how many records at most.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        vectors: Whether to return the vectors.
    """

    k: int
    frame: bool = False
    vectors: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """A request for the records nearest to a vector, all or those within a distance.

    Attributes:
        vector: The query, as the bytes of numbers in the dtype of the index.
        where: Only records that match this text of a query.
        ids: Only these records; None for all.
        tuning: How the search goes on.
    """

    vector: bytes
    where: str = "*"
    ids: Sequence[str] | None = None
    tuning: Tuning = NO_TUNING


@dataclass(frozen=True, slots=True)
class Matching:
    """A request for the records whose text matches best.

    Attributes:
        text: The text of the query.
        scorer: How matches are scored.
        unspelled: The text where the server must find the stems itself, if they are spelled out in the other one.
        record_id: Only this record; None for all.
    """

    text: str
    scorer: str
    unspelled: str | None = None
    record_id: str | None = None


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


def prefilter(where: str) -> str:
    """Return a condition as the server must have it before a KNN search."""
    return f"({where} {_ALWAYS})" if _UNION_OF_COMPOUNDS.search(where) else f"({where})"


class Form(NamedTuple):
    """A command that lacks its vector.

    Attributes:
        before: The arguments before the vector.
        after: Those behind it.
    """

    before: tuple[Argument, ...]
    after: tuple[Argument, ...]

    def command(self, vector: bytes) -> Command:
        """Return the command with its vector."""
        return Command((*self.before, vector, *self.after))


def near_form(request: Near, wanted: Wanted, schema: Schema, layout: Layout) -> Form:
    """Return the command that answers a vector search, for any vector.

    Within a distance it is a KNN query that drops the rest on the server: a range query on HNSW misses 8 to 37 of 100
    with the server's epsilon, and may look at nearly everything with a large one (benchmarks/recall.py). It is for
    those who set epsilon.
    """
    name, where, tuning = escape_name(schema.vector.name), request.where, request.tuning
    params: list[Argument] = []
    if tuning.epsilon is not None and tuning.distance_threshold is not None:
        attributes = f"$YIELD_DISTANCE_AS: {DISTANCE}; $EPSILON: {tuning.epsilon}"
        text = f"@{name}:[VECTOR_RANGE ${_RADIUS} ${_VECTOR}]=>{{{attributes}}}"
        params += _RADIUS, tuning.distance_threshold
        text = text if where == "*" else f"{where} {text}"
    else:
        where = where if where == "*" else prefilter(where)
        text = f"{where}=>[KNN {wanted.k} @{name} ${_VECTOR}{tuning.attributes()} AS {DISTANCE}]"
    if tuning.epsilon is None and tuning.distance_threshold is not None and request.ids is None:
        args = _within(text, tuning.distance_threshold, wanted, schema, layout)
    else:
        args = [*_search(schema, text, wanted, layout, [DISTANCE]), "SORTBY", DISTANCE, "ASC"]
        if request.ids is not None:
            args += "INKEYS", len(request.ids), *(schema.key_of(record_id) for record_id in request.ids)
    return Form((*args, "PARAMS", len(params) + 2, *params, _VECTOR), _COMMON)


def _within(text: str, threshold: float, wanted: Wanted, schema: Schema, layout: Layout) -> list[Argument]:
    load = [_KEY, *_returned(wanted, layout)]
    cut: list[Argument] = ["FILTER", f"@{DISTANCE} <= {Decimal(threshold):f}"]
    sort: list[Argument] = ["SORTBY", 2, f"@{DISTANCE}", "ASC", "MAX", max(wanted.k, 1)]
    return ["FT.AGGREGATE", schema.name, text, "LOAD", len(load), *load, *cut, *sort]


def matching_command(request: Matching, wanted: Wanted, schema: Schema, layout: Layout) -> Command:
    """Return the command that answers a text search."""
    args = [*_search(schema, request.text, wanted, layout), "WITHSCORES", "SCORER", request.scorer]
    if request.unspelled is not None:
        args.append("VERBATIM")
    if request.record_id is not None:
        args += "INKEYS", 1, schema.key_of(request.record_id)
    return Command((*args, *_COMMON))


def _search(schema: Schema, text: str, wanted: Wanted, layout: Layout, also: Sequence[str] = ()) -> list[Argument]:
    fields = [*_returned(wanted, layout), *also]
    return ["FT.SEARCH", schema.name, text, "RETURN", len(fields), *fields, "LIMIT", 0, wanted.k]


def _returned(wanted: Wanted, layout: Layout) -> list[str]:
    pairs = layout.return_fields(frame=wanted.frame, vector=wanted.vectors)
    return [part for path, name in pairs for part in ((path,) if path == name else (path, "AS", name))]


def count_command(schema: Schema, where: str) -> Command:
    """Return the command that counts the records that match."""
    return keys_command(schema, where, 0)


def pick_command(schema: Schema, where: str, ids: Sequence[str]) -> Command:
    """Return the command that finds which of some records match."""
    keys = [schema.key_of(record_id) for record_id in ids]
    return Command((*keys_command(schema, where, len(ids)).args, "INKEYS", len(keys), *keys))


def keys_command(schema: Schema, where: str, most: int) -> Command:
    """Return the command that finds the keys of the records that match, in one search."""
    return Command(("FT.SEARCH", schema.name, where, "NOCONTENT", "LIMIT", 0, most, *_COMMON))


def is_over_limit(reply: Reply) -> bool:
    """Tell whether the server refused a search because it returns less at once."""
    return isinstance(reply, ResponseError) and "limit exceeds" in str(reply).lower()


def explain_command(schema: Schema, word: str) -> Command:
    """Return the command that tells which forms of a word a search of the text looks for."""
    return Command(("FT.EXPLAIN", schema.name, f"@{SEARCHED}:({word})", "DIALECT", 2))


_FORM = re.compile(r"@[^:\n]+:([^\s({]+)(?:\(expanded\))?\s*$", re.MULTILINE)


def read_stems(reply: Reply, word: str) -> list[str]:
    """Return the forms of a word in the reply to ``explain_command``; a stem is marked by a plus sign."""
    return list(dict.fromkeys([word, *_FORM.findall(reply.decode())]))


def values_command(schema: Schema, field: MetadataField) -> Command:
    """Return the command that lists the tags of a field."""
    return Command(("FT.TAGVALS", schema.name, field.alias))


def walk_command(schema: Schema, where: str, page: int) -> Command:
    """Return the command that opens a cursor over the keys of all records that match."""
    return Command(
        (
            "FT.AGGREGATE",
            schema.name,
            where,
            "LOAD",
            1,
            "@__key",
            "WITHCURSOR",
            "COUNT",
            page,
            "MAXIDLE",
            _MAX_IDLE,
            *_COMMON,
        )
    )


# What the server allows at most, in milliseconds.
_MAX_IDLE = 300_000


def close_command(schema: Schema, cursor: int) -> Command:
    """Return the command that gives a cursor up."""
    return Command(("FT.CURSOR", "DEL", schema.name, cursor))


def next_command(schema: Schema, cursor: int, page: int) -> Command:
    """Return the command that reads on from a cursor."""
    return Command(("FT.CURSOR", "READ", schema.name, cursor, "COUNT", page), repeatable=False)


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


def read_near(reply: Reply, schema: Schema, layout: Layout) -> list[Hit]:
    """Return the hits in the reply to a vector search, nearest first, and by their ids where that is equal."""
    hits = _hits(_rows(reply), _DISTANCE, schema, layout)
    if len({hit.distance for hit in hits}) < len(hits):
        hits.sort(key=lambda hit: (hit.distance, hit.record.id))
    return hits


def read_matching(reply: Reply, schema: Schema, layout: Layout) -> list[Hit]:
    """Return the hits in the reply to a text search."""
    if isinstance(reply, dict):
        scores = [as_mapping(row).get(b"score") for row in reply[b"results"]]
        found = zip(scores, _rows(reply), strict=True)
    else:
        found = zip(reply[2::3], zip(reply[1::3], reply[3::3], strict=True), strict=True)
    rows = ((key, [_SCORE, score, *row] if row else None) for score, (key, row) in found)
    return [Hit(hit.record, math.nan, hit.distance) for hit in _hits(rows, _SCORE, schema, layout)]


_Row: TypeAlias = tuple[bytes, Sequence[Any] | None]
"""The key of a record, and names and values of its fields in turn; None for those of one that has just expired."""


def _rows(reply: Reply) -> Iterable[_Row]:
    """Return the records in the reply to a search without scores."""
    if isinstance(reply, dict):
        results = [as_mapping(row) for row in reply[b"results"]]
        found = [(row.get(b"id"), as_sequence(row.get(b"extra_attributes"))) for row in results]
        return [(as_mapping(row).get(b"__key", b"") if key is None else key, row) for key, row in found]
    if len(reply) > 1 and not isinstance(reply[1], bytes):
        return [(as_mapping(row).get(b"__key", b""), row) for row in reply[1:] if row]
    return zip(reply[1::2], reply[2::2], strict=True)


def _hits(rows: Iterable[_Row], distance: bytes, schema: Schema, layout: Layout) -> list[Hit]:
    """Return the hits of rows that are there, each with the number in a field as its distance."""
    hits: list[Hit] = []
    start, known, place = schema.prefix_length, None, None
    read = layout.reader(())
    for key, row in rows:
        if not row:
            continue
        names, values = row[::2], row[1::2]
        if names != known:
            # Nearly all rows have the same fields.
            known, read = names, layout.reader(names)
            place = names.index(distance) if distance in names else None
        if place is not None and key:
            hits.append(Hit(read(key[start:].decode(), values), float(values[place])))
    return hits
