"""The framework-free core: what an index is, how a record lies in it, and every operation on it, written once."""

from redisvl_adapters.core.filters import (
    MATCH_ALL,
    MATCH_NONE,
    And,
    Compare,
    Filter,
    Not,
    Operator,
    Or,
    Raw,
)
from redisvl_adapters.core.index import RedisIndex
from redisvl_adapters.core.options import IndexOptions
from redisvl_adapters.core.query import Hit
from redisvl_adapters.core.record import Record
from redisvl_adapters.core.schema import FieldType

__all__ = [
    "MATCH_ALL",
    "MATCH_NONE",
    "And",
    "Compare",
    "FieldType",
    "Filter",
    "Hit",
    "IndexOptions",
    "Not",
    "Operator",
    "Or",
    "Raw",
    "Record",
    "RedisIndex",
]
