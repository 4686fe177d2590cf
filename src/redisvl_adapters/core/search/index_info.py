"""What an index is and holds, in figures: for whoever runs it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.background_scan import info_command, scan_progress
from redisvl_adapters.core.index.dropping import refuse_in_scope
from redisvl_adapters.core.index.ownership import index_failures
from redisvl_adapters.core.index.readiness import current_snapshot
from redisvl_adapters.core.index.registry import registered_version
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.named_vectors import NamedVector
from redisvl_adapters.core.search.describe import described_fields, few_values
from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping, ok
from redisvl_adapters.errors import IndexNotFoundError

MAX_COUNTED = 1_000
"""Of how many values of a field the number is told."""

_MEGABYTE = 1024 * 1024
_ROUNDING = 64
"""Bytes by which a figure of FT.INFO can be off."""
_PARTS = {
    "inverted": b"inverted_sz_mb",
    "vectors": b"vector_index_sz_mb",
    "documents": b"doc_table_size_mb",
    "keys": b"key_table_size_mb",
    "sortable": b"sortable_values_size_mb",
    "offsets": b"offset_vectors_sz_mb",
    "tags": b"tag_overhead_sz_mb",
    "texts": b"text_overhead_sz_mb",
    "total": b"total_index_memory_sz_mb",
}


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A metadata field of an index.

    Attributes:
        key: The metadata key.
        type: Its type, such as ``tag``.
        description: What it is, if somebody said so; else empty.
        values: How many values it has; None if they are more than ``MAX_COUNTED``, long, or not listed by the server.
    """

    key: str
    type: str
    description: str
    values: int | None


@dataclass(frozen=True, slots=True)
class VectorInfo:
    """A vector that records have beside the main one.

    Attributes:
        key: The metadata key whose text it is made of; None if it is given.
        algorithm: Its algorithm.
        parameters: The parameters of the algorithm.
        dims: The number of dimensions.
        dtype: How it is stored.
        distance_metric: How it is compared.
        embedding_id: Which model makes it, if that is registered.
    """

    key: str | None
    algorithm: str
    parameters: Mapping[str, Any]
    dims: int
    dtype: str
    distance_metric: str
    embedding_id: str | None


@dataclass(frozen=True, slots=True)
class IndexFailures:
    """What an index could not take in.

    Attributes:
        count: How often.
        key: The key of the last one.
        error: What was wrong with it, without its values.
    """

    count: int
    key: str
    error: str


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What an index is and holds, at one moment.

    Its aliases are not among it, since no server can list them.

    Attributes:
        name: The name of the index.
        handle: The name that it was asked by: another one if that is an alias, or the index was rebuilt.
        records: How many records it holds.
        is_indexing: Whether the server still scans records that were there before.
        percent_indexed: How much of that is done, from 0 to 100; None if the server's figure is none.
        failures: What it could not take in; None if nothing.
        memory: The bytes that the index takes beside the records, by part, as far as the server tells; ``total`` is
            that of all, the vectors too.
        fields: Its metadata fields.
        storage: ``hash`` or ``json``.
        prefix: What the keys of its records start with.
        algorithm: The algorithm of its vectors, or of the main ones.
        parameters: The parameters of the algorithm.
        dims: The number of dimensions.
        dtype: How vectors are stored.
        distance_metric: How they are compared.
        vectors: The vectors that records have beside the main one, by name.
        language: The language of its texts.
        embedding_id: Which model made its vectors, if that is registered.
        layout_version: The version of the layout of its records; None for an index of another application.
        server: The version of Redis; None if the user may not ask.
        modules: The versions of its modules, by name; empty if the user may not ask.
        is_cluster: Whether the server is a cluster.
    """

    name: str
    handle: str
    records: int
    is_indexing: bool
    percent_indexed: float | None
    failures: IndexFailures | None
    memory: Mapping[str, int]
    fields: tuple[FieldInfo, ...]
    storage: str
    prefix: str
    algorithm: str
    parameters: Mapping[str, Any]
    dims: int
    dtype: str
    distance_metric: str
    vectors: Mapping[str, VectorInfo]
    language: str | None
    embedding_id: str | None
    layout_version: int | None
    server: str | None
    modules: Mapping[str, str]
    is_cluster: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the same as JSON can hold it."""
        return asdict(self)


def index_info(state: IndexState) -> Steps[IndexInfo]:
    """Return what an index is and holds; it is not waited for while it is scanned.

    Raises:
        ArgumentError: If the state is within a scope.
        IndexNotFoundError: If there is no such index.
    """
    refuse_in_scope(state, "info")
    snapshot = yield from current_snapshot(state, anew=True)
    if snapshot is None:
        raise IndexNotFoundError(f"index {state.spec.name!r} does not exist; the first write creates it, or create()")
    schema = snapshot.schema
    info, server, modules = yield [info_command(schema.name), Command(("INFO", "server")), Command(("MODULE", "LIST"))]
    told, scan = as_mapping(ok(info)), scan_progress(info)
    fields: list[MetadataField] = yield from described_fields(state)
    values = {} if scan.is_running else (yield from few_values(state, fields, MAX_COUNTED))
    failures = index_failures(told)
    version, is_cluster = _server(server)
    vector = schema.vector
    return IndexInfo(
        name=schema.name,
        handle=state.spec.name,
        records=int(told[b"num_docs"]),
        is_indexing=scan.is_running,
        percent_indexed=None if math.isnan(scan.percent) else scan.percent,
        failures=None if failures is None else IndexFailures(*failures),
        memory=index_memory(told),
        fields=tuple(_field(field, values) for field in fields),
        storage=schema.storage,
        prefix=schema.prefix,
        algorithm=vector.algorithm,
        parameters=dict(vector.tuning),
        dims=vector.dims,
        dtype=vector.dtype,
        distance_metric=vector.metric,
        vectors={name: _vector(other) for name, other in schema.vectors.items()},
        language=schema.language,
        embedding_id=schema.embedding_id,
        layout_version=_layout_version(schema, snapshot.registry),
        server=version,
        modules=_modules(modules),
        is_cluster=is_cluster,
    )


def _vector(vector: NamedVector) -> VectorInfo:
    field = vector.field
    tuning = dict(field.tuning)
    return VectorInfo(vector.key, field.algorithm, tuning, field.dims, field.dtype, field.metric, vector.embedding_id)


def _field(field: MetadataField, values: Mapping[str, Any]) -> FieldInfo:
    number = len(values[field.key]) if field.key in values else None
    return FieldInfo(field.key, str(field.type), field.description, number)


def index_memory(told: Mapping[bytes, Reply]) -> dict[str, int]:
    """Return the bytes that an index takes by part, from what FT.INFO says; ``total`` is that of all.

    Search 2.10 leaves the vectors out of its own sum, which are most of it.
    """
    found = {part: float(told[name]) for part, name in _PARTS.items() if name in told}
    sizes = {part: round(size * _MEGABYTE) for part, size in found.items() if math.isfinite(size)}
    if "total" in sizes:
        total, vectors = sizes.pop("total"), sizes.get("vectors", 0)
        # The figures are rounded each.
        is_whole = total + _ROUNDING * len(sizes) >= sum(sizes.values())
        sizes["total"] = total if is_whole else total + vectors
    return sizes


def _layout_version(schema: Schema, registry: Mapping[bytes, bytes]) -> int | None:
    return None if schema.foreign is not None else registered_version(registry)


def _server(reply: Reply) -> tuple[str | None, bool]:
    if isinstance(reply, ResponseError):
        return None, False
    told = _lines(reply)
    return told.get("redis_version"), told.get("redis_mode") == "cluster"


def _lines(reply: Reply) -> dict[str, str]:
    """Return what INFO tells; redis-py may have read it already."""
    if isinstance(reply, dict):
        return {_text(name): _text(value) for name, value in reply.items()}
    rows = (line.partition(":") for line in _text(reply).splitlines())
    return {name: value for name, _, value in rows if value}


def _modules(reply: Reply) -> dict[str, str]:
    if isinstance(reply, ResponseError):
        return {}
    rows = [{_text(name): value for name, value in as_mapping(row).items()} for row in reply]
    return {_text(row["name"]): _version(int(row["ver"])) for row in rows}


def _version(number: int) -> str:
    """Return a version such as 21005 as text: 2.10.5."""
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
