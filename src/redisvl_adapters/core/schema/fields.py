"""The fields of an index: metadata fields and their types, and the vector field with its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

from redisvl_adapters.core.schema.field_names import escape_field_name

FieldSpec: TypeAlias = Mapping[str, Any]
MetadataSchema: TypeAlias = Mapping[str, str | FieldSpec] | Iterable[FieldSpec]

QUANTISED = ("int8", "uint8")
"""The dtypes that vectors are rounded for."""

TUNING: Mapping[str, frozenset[str]] = {
    "flat": frozenset({"block_size", "initial_cap"}),
    "hnsw": frozenset({"m", "ef_construction", "ef_runtime", "epsilon", "initial_cap"}),
    "svs-vamana": frozenset(
        {
            "graph_max_degree",
            "construction_window_size",
            "search_window_size",
            "epsilon",
            "compression",
            "reduce",
            "training_threshold",
        }
    ),
}
"""The parameters that each vector algorithm has."""


DEFAULT_TUNING: Mapping[str, Any] = {"ef_runtime": 10, "epsilon": 0.01}
"""What the server takes where nothing was said, of what FT.INFO does not tell."""


class FieldType(StrEnum):
    """What a metadata field holds, which decides how it is indexed and what it can be asked."""

    TAG = "tag"
    NUMERIC = "numeric"
    NUMBERS = "numbers"
    BOOL = "bool"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    GEO = "geo"
    UNINDEXED = "unindexed"


class Kind(StrEnum):
    """What a single value is, where the values of one key are of several types."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"


KIND_OF_TYPE: Mapping[FieldType, Kind] = {
    FieldType.TAG: Kind.TEXT,
    FieldType.NUMERIC: Kind.NUMBER,
    FieldType.NUMBERS: Kind.NUMBER,
    FieldType.TIMESTAMP: Kind.NUMBER,
    FieldType.BOOL: Kind.BOOL,
}
"""The kind of the values that a field itself holds; fields of the other types hold nothing but their own."""

_REDIS_TYPES: Mapping[FieldType, str] = {
    FieldType.TAG: "tag",
    FieldType.NUMERIC: "numeric",
    FieldType.NUMBERS: "tag",
    FieldType.BOOL: "tag",
    FieldType.TIMESTAMP: "numeric",
    FieldType.TEXT: "text",
    FieldType.GEO: "geo",
}


@dataclass(frozen=True)
class MetadataField:
    """A metadata key, its type, and its name in the index.

    Attributes:
        key: The metadata key; dots reach into nested metadata.
        type: What it holds.
        alias: The name under which it is indexed: the key itself unless Redis could not carry that.
        attrs: RedisVL's attributes of the field (``sortable``, ``weight``, ...).
        learnt: Whether it was learnt from records, not declared.
        other_kinds: The kinds of values that records have besides those that the field itself holds. They are indexed
            as typed tags (see ``records.projection``). A declared field refuses them.
        description: What it is, in words for language models; empty if nobody said.
    """

    key: str
    type: FieldType
    alias: str
    attrs: FieldSpec = field(default_factory=dict)
    learnt: bool = False
    other_kinds: frozenset[Kind] = frozenset()
    description: str = field(default="", compare=False)

    @cached_property
    def kinds(self) -> frozenset[Kind]:
        """All kinds of values that records have under this key; none for text, geo and unindexed fields."""
        own = KIND_OF_TYPE.get(self.type)
        return self.other_kinds if own is None else self.other_kinds | {own}

    @cached_property
    def query_name(self) -> str:
        """The alias as it stands in a query."""
        return escape_field_name(self.alias)

    @cached_property
    def kind(self) -> str:
        """The name of its type."""
        return self.type.value

    @property
    def stays_unindexed(self) -> bool:
        """Whether it was met as a key that is not to be indexed: only who declares it has it indexed."""
        return self.learnt and LONG in self.attrs

    @property
    def redis_type(self) -> str | None:
        """The type of field that Redis makes of it, or None if it is not indexed."""
        return _REDIS_TYPES.get(self.type)


@dataclass(frozen=True, slots=True)
class VectorField:
    """The vector of an index.

    Attributes:
        name: The field that holds it.
        dims: Its number of dimensions.
        dtype: The type of its numbers as stored.
        metric: The distance: ``cosine``, ``l2`` or ``ip``.
        algorithm: ``flat``, ``hnsw`` or ``svs-vamana``.
        tuning: The parameters of the algorithm that were set.
        scale: For int8 and uint8: what numbers are multiplied with before they are rounded and stored; None if they are
            integers already, or each vector is scaled by itself, which cosine allows.
    """

    name: str
    dims: int
    dtype: str
    metric: str
    algorithm: str
    tuning: Mapping[str, Any] = field(default_factory=dict)
    scale: float | None = None


LONG = "long"
"""The attribute of a key that was met with long texts, or that a store was told not to index."""

MAX_LEARNT_TEXT = 512
"""How many characters the texts of a key may have when it is first met; with longer ones it is not indexed."""

MAX_EXACT_INT = 2**53
"""The largest magnitude up to which every integer is a double, which is what numeric fields hold."""
