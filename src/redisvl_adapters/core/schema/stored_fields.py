"""The names under which the parts of a record are stored and indexed."""

from __future__ import annotations

TEXT = "text"
METADATA = "metadata"
SEARCHED = "_text"
DEFAULT_VECTOR_NAME = "embedding"
DISTANCE = "vector_distance"
KEYS = "_keys"
TYPED = "_typed"
SOURCE = "_doc_id"
FRAME = "_node"

EXACT = "_exact"
"""In JSON, the metadata as text once more, if RedisJSON would round one of its numbers."""

EXACT_VECTOR = "_exact_vector"
"""In JSON, as text, those numbers of a float64 vector that RedisJSON would round, by their places."""
