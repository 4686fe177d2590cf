"""The framework-free core: what an index is, how a record lies in it, and every operation on it, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redisvl_adapters.core.filters.algebra import MATCH_ALL, MATCH_NONE, And, Compare, Filter, Not, Operator, Or, Raw
from redisvl_adapters.core.index.health import Health
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.moving.plan import RebuildKeywords, RebuildPlan
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.languages import LANGUAGES
from redisvl_adapters.core.schema.named_vectors import VectorOptions
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.search.explanation import SearchExplanation, SearchStep
from redisvl_adapters.core.search.index_info import FieldInfo, IndexFailures, IndexInfo, VectorInfo
from redisvl_adapters.core.search.options import HybridOptions, SearchOptions, TextOptions
from redisvl_adapters.core.search.profile import SearchProfile, ShardProfile
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.lazy_imports import lazy_attributes

if TYPE_CHECKING:
    from redisvl_adapters.core.caches.cache_options import CacheOptions

__all__ = [
    "LANGUAGES",
    "MATCH_ALL",
    "MATCH_NONE",
    "And",
    "CacheOptions",
    "Compare",
    "FieldInfo",
    "FieldType",
    "Filter",
    "Health",
    "Hit",
    "HybridOptions",
    "IndexFailures",
    "IndexInfo",
    "IndexOptions",
    "Not",
    "Operator",
    "Or",
    "Raw",
    "RebuildKeywords",
    "RebuildPlan",
    "Record",
    "RedisIndex",
    "SearchExplanation",
    "SearchOptions",
    "SearchProfile",
    "SearchStep",
    "ShardProfile",
    "TextOptions",
    "VectorInfo",
    "VectorOptions",
]

__getattr__ = lazy_attributes(__name__, {"CacheOptions": f"{__name__}.caches.cache_options"})
