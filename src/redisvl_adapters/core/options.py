"""What a store can be told about its index, and what that asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypedDict

from redisvl.schema import IndexSchema

from redisvl_adapters.core.connection import AsyncClient, SyncClient
from redisvl_adapters.core.declared import read_metadata_schema, read_redisvl
from redisvl_adapters.core.schema import (
    DEFAULT_VECTOR_NAME,
    QUANTISED,
    TUNING,
    FieldSpec,
    MetadataField,
    MetadataSchema,
    Schema,
    VectorField,
)
from redisvl_adapters.errors import ArgumentError, SchemaError, did_you_mean, refuse_unknown

DEFAULT_ALGORITHM = "hnsw"
DEFAULT_METRIC = "cosine"
DEFAULT_DTYPE = "float32"
DEFAULT_TUNING: Mapping[str, Any] = {"ef_runtime": 10, "epsilon": 0.01}
"""What the server takes where nothing was said, of what FT.INFO does not tell."""
LEARN_LIMIT = 64
DEFAULT_RETRY = 3
MAX_SCALE = 1e30
MAX_TUNING = 1_000_000
MAX_DIMS = 32_768
MAX_TTL = 10**15
"""Seconds. The server holds a point in time as milliseconds in 64 bits."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "storage": ("hash", "json"),
    "algorithm": tuple(TUNING),
    "distance_metric": ("cosine", "l2", "ip"),
    "dtype": ("float32", "float64", "float16", "bfloat16", "int8", "uint8"),
    "create": ("if-missing", "overwrite", "never"),
}


class ExistingOptions(TypedDict, total=False):
    """The keywords that every store takes, but for ``index_name``.

    What is not given is read from the index if that exists, and else has the default named here.

    Keys:
        redis_url: ``redis://``, ``rediss://``, ``unix://`` or ``redis+sentinel://``; a cluster with ``?cluster=true``.
            By default the environment variable ``REDIS_URL``, or ``redis://localhost:6379``.
        client: A sync redis-py client to use instead of a URL. Serves async calls too.
        async_client: An async redis-py client to use instead of a URL. Serves sync calls too.
        prefix: What the keys of its records start with; ``<index_name>:`` by default.
        storage: ``hash`` (default) or ``json``.
        metadata_schema: The metadata fields that can be filtered: ``{"year": "numeric"}`` or RedisVL field dicts. Types
            are tag, numeric, numbers (a list), bool, timestamp, text, geo, and unindexed. Other keys are learnt from
            what is added, unless this is empty or ``learn`` is False. An index that exists gets new fields with the
            next write or ``create()``, unless its records have values of that key already.
        schema: A RedisVL ``IndexSchema``, or its dict or the path of its YAML file, instead of the keywords above.
        learn: Whether metadata keys that are not declared become filterable when they are first met (True).
        algorithm: ``hnsw`` (default), ``flat`` or ``svs-vamana``.
        distance_metric: ``cosine`` (default), ``l2`` or ``ip``.
        dtype: How vectors are stored: ``float32`` (default), ``float64``, ``float16``, ``bfloat16``, ``int8`` or
            ``uint8``. Of vectors that are no integers, int8 and uint8 keep the direction, if the metric is cosine.
        scale: For ``int8`` and ``uint8``: what the numbers of vectors are multiplied with before they are rounded and
            stored, such as 127 for numbers from -1 to 1. l2 and ip need it for all but integers. Distances are told as
            they are between the vectors that were given.
        dims: The number of dimensions; by default that of the first vector added.
        ttl: Seconds after which a record expires, counted from its last write; None keeps it.
        sliding_ttl: Whether a record that is read or found lives for ``ttl`` again (False); needs ``ttl``.
        retry: How many times a round trip is made again, after longer and longer waits, if the connection fails (3).
            Every write is idempotent, so that this is safe.
        create: ``if-missing`` (default), ``overwrite`` (drops index and records first) or ``never``.
        m: HNSW, edges per node and layer (16).
        ef_construction: HNSW, candidates while building (200).
        ef_runtime: HNSW, candidates while searching (10).
        epsilon: HNSW and SVS, boundary factor of range queries (0.01).
        initial_cap: Vectors to reserve memory for.
        block_size: FLAT, vectors per memory block.
        graph_max_degree: SVS, edges per node.
        construction_window_size: SVS, candidates while building.
        search_window_size: SVS, candidates while searching.
        compression: SVS, the kind of compression.
        reduce: SVS, dimensions after LeanVec reduction.
        training_threshold: SVS, vectors to gather before compression is trained.
    """

    redis_url: str | None
    client: SyncClient | None
    async_client: AsyncClient | None
    prefix: str | None
    storage: Literal["hash", "json"] | None
    metadata_schema: MetadataSchema | None
    schema: IndexSchema | Mapping[str, Any] | str | Path | None
    learn: bool
    algorithm: Literal["hnsw", "flat", "svs-vamana"] | None
    distance_metric: Literal["cosine", "l2", "ip"] | None
    dtype: Literal["float32", "float64", "float16", "bfloat16", "int8", "uint8"] | None
    scale: float | None
    dims: int | None
    ttl: float | None
    sliding_ttl: bool
    retry: int
    create: Literal["if-missing", "overwrite", "never"]
    m: int | None
    ef_construction: int | None
    ef_runtime: int | None
    epsilon: float | None
    initial_cap: int | None
    block_size: int | None
    graph_max_degree: int | None
    construction_window_size: int | None
    search_window_size: int | None
    compression: str | None
    reduce: int | None
    training_threshold: int | None


class IndexOptions(ExistingOptions, total=False):
    """The keywords that every store takes.

    Keys:
        index_name: The name of the index. Needed unless ``schema`` has it.
    """

    index_name: str | None


@dataclass(frozen=True)
class IndexSpec:
    """What was asked of an index. None stands for what was left open.

    Attributes:
        name: Its name.
        prefix: What its keys start with.
        storage: Where records lie.
        vector_name: The field of the vector.
        dims: Its number of dimensions.
        dtype: The type of its numbers.
        metric: Its distance metric.
        algorithm: Its algorithm.
        tuning: The parameters of the algorithm.
        scale: What numbers are multiplied with before they are rounded.
        fields: The declared metadata fields by key.
        text_attrs: RedisVL's attributes of the text field.
        stopwords: Words that text search ignores.
        learn_limit: How many metadata keys may be learnt.
        ttl_ms: Milliseconds after which a record expires.
        sliding_ttl: Whether that is counted from its last read.
        retry: How many times a round trip is made again if the connection fails.
        create: When to create the index.
    """

    name: str
    prefix: str | None = None
    storage: str | None = None
    vector_name: str = DEFAULT_VECTOR_NAME
    dims: int | None = None
    dtype: str | None = None
    metric: str | None = None
    algorithm: str | None = None
    tuning: Mapping[str, Any] = field(default_factory=dict)
    scale: float | None = None
    fields: Mapping[str, MetadataField] = field(default_factory=dict)
    text_attrs: FieldSpec = field(default_factory=dict)
    stopwords: tuple[str, ...] = ()
    learn_limit: int = LEARN_LIMIT
    ttl_ms: int | None = None
    sliding_ttl: bool = False
    retry: int = DEFAULT_RETRY
    create: str = "if-missing"

    def schema(self, dims: int | None) -> Schema:
        """Return the schema to create when the vectors turn out to have this many dimensions.

        Raises:
            ArgumentError: If nobody said how many they have.
        """
        dims = self.dims or dims
        if dims is None:
            raise ArgumentError(f"creating index {self.name!r} before its first record needs dims=")
        if self.scale is not None:
            _check_quantised(self.dtype or DEFAULT_DTYPE)
        vector = VectorField(
            self.vector_name,
            dims,
            self.dtype or DEFAULT_DTYPE,
            self.metric or DEFAULT_METRIC,
            self.algorithm or DEFAULT_ALGORITHM,
            self.tuning,
            self.scale,
        )
        return Schema(
            self.name,
            self.prefix or default_prefix(self.name),
            self.storage or "hash",
            vector,
            self.fields,
            self.text_attrs,
            self.stopwords,
        )

    def differences(self, schema: Schema) -> list[str]:
        """Say, one by one, where an existing index is not what was asked for."""
        vector = schema.vector
        pairs: list[tuple[str, object, object]] = [
            ("prefix", self.prefix, schema.prefix),
            ("storage", self.storage, schema.storage),
            ("dims", self.dims, vector.dims),
            ("dtype", self.dtype, vector.dtype),
            ("distance_metric", self.metric, vector.metric),
            ("algorithm", self.algorithm, vector.algorithm),
            ("scale", self.scale, vector.scale),
        ]
        has_tuning = {**DEFAULT_TUNING, **vector.tuning}
        pairs += [(name, asked, has_tuning.get(name, asked)) for name, asked in self.tuning.items()]
        found = [
            f"{name} is {has!r}, asked for {asked!r}"
            for name, asked, has in pairs
            if asked is not None and asked != has
        ]
        found += [
            f"metadata field {key!r} is {str(schema.fields[key].type)!r}, asked for {str(asked.type)!r}"
            for key, asked in self.fields.items()
            if key in schema.fields and asked.type != schema.fields[key].type
        ]
        return found

    def additions(self, schema: Schema) -> list[MetadataField]:
        """Return the declared metadata fields that an existing index does not have yet, named as they will be there."""
        return [
            replace(schema.learnt_field(key, asked.type), attrs=asked.attrs, learnt=False)
            for key, asked in self.fields.items()
            if key not in schema.fields
        ]


def read_options(options: IndexOptions) -> IndexSpec:
    """Check what a store was told and return what it asks of the index.

    Raises:
        UnknownArgumentError: If there is a keyword that a store does not have.
        ArgumentError: If a value is out of its range.
        SchemaError: If the values contradict each other.
    """
    known = IndexOptions.__optional_keys__
    unknown = {name: value for name, value in options.items() if name not in known}
    refuse_unknown("the store", unknown, known, "redisvl_adapters.core.IndexOptions")
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for option, choices in _CHOICES.items():
        if option in given:
            given[option] = _check_choice(option, given[option], choices)
    from_schema = read_redisvl(given.pop("schema")) if "schema" in given else {}
    for option, value in from_schema.items():
        if given.setdefault(option, value) != value:
            raise SchemaError(f"{option}={given[option]!r} contradicts the schema, which says {value!r}")
    name = given.get("index_name")
    if not isinstance(name, str) or not name:
        raise ArgumentError("index_name is needed: a non-empty string, given here or by schema=")
    if not isinstance(given.get("learn", True), bool):
        raise ArgumentError(f"learn is True or False; not {given['learn']!r:.80}")
    algorithm = given.get("algorithm")
    all_tuning = frozenset().union(*TUNING.values())
    tuning = {option: given[option] for option in sorted(all_tuning) if option in given}
    for option in tuning:
        _check_tuning(option, given[option])
        if option not in TUNING[algorithm or DEFAULT_ALGORITHM]:
            raise SchemaError(f"{option} is no parameter of algorithm {algorithm or DEFAULT_ALGORITHM!r}")
    if "training_threshold" in tuning and "compression" not in tuning:
        raise SchemaError("training_threshold is for indexes with a compression, which needs the vectors to train with")
    vector_name = given.get("vector_name", DEFAULT_VECTOR_NAME)
    declared = given.get("metadata_schema")
    fields = read_metadata_schema(declared if declared is not None else {}, vector_name)
    learn = given.get("learn", True) and not (declared is not None and not fields)
    return IndexSpec(
        name=name,
        prefix=from_schema.get("prefix") or _check_prefix(given.get("prefix")),
        storage=given.get("storage"),
        vector_name=vector_name,
        dims=check_dims(given.get("dims")),
        dtype=given.get("dtype"),
        metric=given.get("distance_metric"),
        algorithm=algorithm,
        tuning=tuning,
        scale=_check_scale(given.get("scale"), given.get("dtype")),
        fields=fields,
        text_attrs=given.get("text_attrs", {}),
        stopwords=given.get("stopwords", ()),
        learn_limit=LEARN_LIMIT if learn else 0,
        ttl_ms=check_ttl(given.get("ttl")),
        sliding_ttl=_check_sliding(given.get("sliding_ttl", False), given.get("ttl")),
        retry=_check_retry(given.get("retry", DEFAULT_RETRY)),
        create=given.get("create", "if-missing"),
    )


def _check_scale(scale: object, dtype: str | None) -> float | None:
    if scale is None:
        return None
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 1 / MAX_SCALE <= scale <= MAX_SCALE:
        raise ArgumentError(
            f"scale is a positive number, from {1 / MAX_SCALE:.0e} to {MAX_SCALE:.0e}; not {scale!r:.80}"
        )
    if dtype is not None:
        _check_quantised(dtype)
    return float(scale)


def _check_quantised(dtype: str) -> None:
    if dtype not in QUANTISED:
        raise SchemaError(f"scale is for {' and '.join(QUANTISED)}; dtype is {dtype!r}")


def _check_sliding(sliding: object, ttl: float | None) -> bool:
    if not isinstance(sliding, bool):
        raise ArgumentError(f"sliding_ttl is True or False; not {sliding!r:.80}")
    if sliding and ttl is None:
        raise ArgumentError("sliding_ttl needs a ttl: how long a record lives after it was read")
    return sliding


def _check_retry(retry: object) -> int:
    if isinstance(retry, bool) or not isinstance(retry, int) or not 0 <= retry <= 100:
        raise ArgumentError(f"retry is an integer from 0 to 100; not {retry!r:.80}")
    return retry


def default_prefix(name: str) -> str:
    """Return ``<name>:`` with colons in the name escaped: index ``a`` must not cover the keys of index ``a:b``."""
    return name.replace("%", "%25").replace(":", "%3A") + ":"


def check_ttl(ttl: float | None) -> int | None:
    """Return a time to live in milliseconds.

    Raises:
        ArgumentError: If it is not a number of seconds from 0.001 to ``MAX_TTL``.
    """
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or not 0.001 <= ttl <= MAX_TTL:
        raise ArgumentError(
            f"ttl is a positive number of seconds, at most {MAX_TTL:.0e}, or None to keep records; not {ttl!r:.80}"
        )
    return int(ttl * 1000)


def _check_choice(option: str, value: object, choices: tuple[str, ...]) -> str:
    """Return the choice, which Redis itself writes in capitals."""
    lowered = value.lower() if isinstance(value, str) else None
    if lowered not in choices:
        raise ArgumentError(
            f"{option} is one of {', '.join(choices)}; not {value!r}{did_you_mean(lowered or '', choices)}"
        )
    return lowered


def _check_tuning(option: str, value: object) -> None:
    if option == "compression":
        return
    if option == "epsilon":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise ArgumentError(f"epsilon is a positive number; not {value!r}")
    else:
        # More than this the server would try to allocate, and die.
        most = 512 if option in ("m", "graph_max_degree") else MAX_TUNING
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ArgumentError(f"{option} is an integer from 1 to {most}; not {value!r}")


def check_dims(dims: object) -> int | None:
    """Return a number of dimensions.

    Raises:
        ArgumentError: If it is no integer from 1 to ``MAX_DIMS``.
    """
    if dims is None or (isinstance(dims, int) and not isinstance(dims, bool) and 0 < dims <= MAX_DIMS):
        return dims
    raise ArgumentError(f"dims is an integer from 1 to {MAX_DIMS}; not {dims!r}")


def _check_prefix(prefix: object) -> str | None:
    if prefix is None:
        return None
    if not isinstance(prefix, str) or not prefix.strip(":"):
        raise ArgumentError(f"prefix is a non-empty string; not {prefix!r}")
    # Without a separator at its end, prefix "docs" would cover the keys of prefix "docs2".
    return prefix if prefix.endswith(":") else prefix + ":"
