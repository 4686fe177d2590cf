"""The framework-free core: what an index is, how a record lies in it, and every operation on it, written once."""

from redisvl_adapters.core.filters.algebra import MATCH_ALL, MATCH_NONE, And, Compare, Filter, Not, Operator, Or, Raw
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.search.results import Hit

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
