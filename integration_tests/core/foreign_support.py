"""What the tests of foreign indexes share: another application, which makes an index and lays out its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import redis

Field = tuple[str, str, Sequence[str]]
"""A hash field or JSON path, its name in the index, and its type with its attributes."""


def make_index(
    server: redis.Redis,
    index_name: str,
    storage: str,
    fields: Sequence[Field],
    prefixes: Sequence[str],
    *,
    options: Sequence[str] = (),
    vectors: Sequence[str] = ("vec",),
    dims: int = 4,
    algorithm: str = "FLAT",
) -> None:
    """Make an index as another application does."""
    schema: list[Any] = []
    for path, name, attributes in fields:
        schema += [path, *([] if name == path else ["AS", name]), *attributes]
    for name in vectors:
        place = [f"$.{name}", "AS", name] if storage == "json" else [name]
        schema += [*place, "VECTOR", algorithm, 6, "TYPE", "FLOAT32", "DIM", dims, "DISTANCE_METRIC", "COSINE"]
    head = ["FT.CREATE", index_name, "ON", storage.upper(), "PREFIX", len(prefixes), *prefixes, *options]
    server.execute_command(*head, "SCHEMA", *schema)


def put_record(server: redis.Redis, key: str, storage: str, values: Mapping[str, Any]) -> None:
    """Write a record as another application does; lists of numbers are vectors in a hash."""
    if storage == "json":
        server.execute_command("JSON.SET", key, "$", orjson.dumps(values))
        return
    flat: dict[Any, Any] = {
        name: np.array(value, "f4").tobytes() if isinstance(value, list) else value for name, value in values.items()
    }
    server.hset(key, mapping=flat)


def read_raw(server: redis.Redis, key: str, storage: str) -> dict[str, Any]:
    """Return what lies at a key, without vectors."""
    if storage == "json":
        reply: Any = server.execute_command("JSON.GET", key)
        # A client that another test has taught to parse it gives it parsed.
        found: dict[str, Any] = reply if isinstance(reply, dict) else orjson.loads(reply)
        return {name: value for name, value in found.items() if name != "vec"}
    raw: Any = server.hgetall(key)
    return {name.decode(): value.decode() for name, value in raw.items() if name != b"vec"}
