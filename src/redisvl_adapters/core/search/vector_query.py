"""Vector requests, and the command that answers them: KNN, or a range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from redisvl_adapters.core.filters.foreign_operators import always_true
from redisvl_adapters.core.index.record_keys import QUERY_SETTINGS, verbatim
from redisvl_adapters.core.records.layouts import Layout
from redisvl_adapters.core.schema.field_names import escape_field_name
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import DISTANCE, KEYS
from redisvl_adapters.core.search.results import ReturnFields, returned_fields, search_arguments
from redisvl_adapters.core.search.tuning import NO_TUNING, Tuning
from redisvl_adapters.core.server.commands import Argument, Command

_VECTOR = "vector"
_RADIUS = "radius"
_KEY = "@__key"


@dataclass(frozen=True, slots=True)
class VectorRequest:
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


# RediSearch reckons that unions with an intersection in them match nothing if the values of the intersection are not in
# the index, whatever else they have, and then skips the KNN. Beside a condition that is always true it reckons well.
_UNION_OF_COMPOUNDS = re.compile(r"\) \| | \| \(")
_ALWAYS = f"(-@{KEYS}:{{none}})"


def prefilter(where: str, schema: Schema) -> str:
    """Return a condition as the server must have it before a KNN search."""
    if not _UNION_OF_COMPOUNDS.search(where):
        return f"({where})"
    return f"({where} {_ALWAYS if schema.foreign is None else always_true(schema.fields.values())})"


class CommandTemplate(NamedTuple):
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


def vector_command(request: VectorRequest, returns: ReturnFields, schema: Schema, layout: Layout) -> CommandTemplate:
    """Return the command that answers a vector search, for any vector.

    Within a distance it is a KNN query that drops the rest on the server: a range query on HNSW misses 8 to 37 of 100
    with the server's epsilon, and may look at nearly everything with a large one (benchmarks/recall.py). It is for
    those who set epsilon.
    """
    name, where, tuning = escape_field_name(schema.vector.name), request.where, request.tuning
    params: list[Argument] = []
    if tuning.epsilon is not None and tuning.distance_threshold is not None:
        attributes = f"$YIELD_DISTANCE_AS: {DISTANCE}; $EPSILON: {tuning.epsilon}"
        text = f"@{name}:[VECTOR_RANGE ${_RADIUS} ${_VECTOR}]=>{{{attributes}}}"
        params += _RADIUS, tuning.distance_threshold
        text = text if where == "*" else f"{where} {text}"
    else:
        where = where if where == "*" else prefilter(where, schema)
        text = f"{where}=>[KNN {returns.k} @{name} ${_VECTOR}{tuning.attributes()} AS {DISTANCE}]"
    if tuning.epsilon is None and tuning.distance_threshold is not None and request.ids is None:
        args = _within(text, tuning.distance_threshold, returns, schema, layout)
    else:
        args = [
            *search_arguments(schema, text, returns, layout, [DISTANCE]),
            *verbatim(schema),
            "SORTBY",
            DISTANCE,
            "ASC",
        ]
        if request.ids is not None:
            args += "INKEYS", len(request.ids), *(schema.key_of(record_id) for record_id in request.ids)
    return CommandTemplate((*args, "PARAMS", len(params) + 2, *params, _VECTOR), QUERY_SETTINGS)


def _within(text: str, threshold: float, returns: ReturnFields, schema: Schema, layout: Layout) -> list[Argument]:
    load = [_KEY, *returned_fields(returns, layout)]
    cut: list[Argument] = ["FILTER", f"@{DISTANCE} <= {Decimal(threshold):f}"]
    sort: list[Argument] = ["SORTBY", 2, f"@{DISTANCE}", "ASC", "MAX", max(returns.k, 1)]
    return ["FT.AGGREGATE", schema.search_name, text, *verbatim(schema), "LOAD", len(load), *load, *cut, *sort]
