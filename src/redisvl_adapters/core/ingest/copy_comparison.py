"""Comparing records with what another index has under their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import orjson

from redisvl_adapters.core.index.readiness import known_snapshot
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.ingest.copied_vectors import carried_vectors, has_same_vectors, stored_vectors
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.fetch import fetch_from
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import ok

_GONE = -2
"""What the server says of the remaining time of a key that is not there."""
_SLACK_MS = 2000
"""How far the answers can be from each other when two records that expire together are asked one after the other."""


class Pair(NamedTuple):
    """A record, and what another index has under its id.

    Attributes:
        record: The record.
        other: The other one, if there is one; its ``ttl_ms`` is what is left to it.
    """

    record: Record
    other: Record | None


def read_living(state: IndexState, schema: Schema, ids: Sequence[str]) -> Steps[list[Record | None]]:
    """Return records with their vectors and the milliseconds that are left to them, None where there is none."""
    found = yield from fetch_from(state, schema, ids, vectors=True)
    return (yield from with_time_left(schema, found))


def with_time_left(schema: Schema, records: Sequence[Record | None]) -> Steps[list[Record | None]]:
    """Return records with the milliseconds that are left to them, None for those that are gone meanwhile."""
    keys = [schema.key_of(record.id) for record in records if record is not None]
    left = iter([int(ok(reply)) for reply in (yield [Command(("PTTL", key), key) for key in keys])] if keys else ())
    living: list[Record | None] = []
    for record in records:
        if record is not None:
            milliseconds = next(left)
            record.ttl_ms = milliseconds_left(milliseconds)
            living.append(None if milliseconds == _GONE else record)
        else:
            living.append(None)
    return living


def is_gone(reply: int) -> bool:
    """Tell whether a key is not there, from the reply to PTTL."""
    return reply == _GONE


def milliseconds_left(reply: int) -> int | None:
    """Return the milliseconds that are left to a key, from the reply to PTTL; None if it does not expire."""
    return None if reply < 0 else max(reply, 1)


def read_others(state: IndexState, ids: Sequence[str]) -> Steps[list[Record | None]]:
    """Return what an index has under some ids, as ``read_living`` does; nothing if it does not exist."""
    snapshot = yield from known_snapshot(state)
    if snapshot is None:
        return [None] * len(ids)
    return (yield from read_living(state, snapshot.schema, ids))


def have_same_content(pairs: Sequence[Pair], ttl_ms: int | None) -> list[bool]:
    """Tell of each pair whether both have the same text, metadata, node frame and time to live.

    Args:
        pairs: The pairs.
        ttl_ms: The time to live that a record which has none gets in the other index.
    """
    return [
        other is not None
        and _content(record) == _content(other)
        and _expire_together(ttl_ms if record.ttl_ms is None else record.ttl_ms, other.ttl_ms)
        for record, other in pairs
    ]


def have_same_vectors(pairs: Sequence[Pair], source: Schema | None, target: Schema | None) -> list[bool]:
    """Tell of each pair whether the other one has the vectors of the record, as its index stores them.

    Args:
        pairs: The pairs.
        source: The index of the records.
        target: The index of the others; None if there is none.
    """
    both = [place for place, (_, other) in enumerate(pairs) if other is not None]
    same = [False] * len(pairs)
    if both and target is not None:
        held = stored_vectors([pairs[place].record for place in both], target)
        carried = carried_vectors(source, target)
        for place, vector in zip(both, held, strict=True):
            record, other = pairs[place].record, cast("Record", pairs[place].other)
            is_same = vector is not None and np.array_equal(vector, cast("Any", other.vector))
            same[place] = is_same and has_same_vectors(record, other, carried, target)
    return same


def _content(record: Record) -> tuple[str, bytes, str | None]:
    return record.text, orjson.dumps(record.metadata, option=orjson.OPT_SORT_KEYS), record.frame


def _expire_together(left: int | None, other: int | None) -> bool:
    return left == other if left is None or other is None else abs(left - other) <= _SLACK_MS
