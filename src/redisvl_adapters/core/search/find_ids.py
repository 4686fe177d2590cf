"""Ids of the records that match a query, without the 10,000-result limit."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.index.readiness import from_index
from redisvl_adapters.core.index.record_keys import (
    all_keys,
    matching_ids_command,
    read_keys,
)
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched


def find_ids(
    state: IndexState, where: str | None, ids: Sequence[str] | None, limit: int | None = None
) -> Steps[list[str]]:
    """Return the ids of the records that match, of any number, or at least as many as the limit says."""
    schema = state.schema
    if schema is None or where is None:
        return []
    keys: list[bytes] = []
    if ids is None:
        keys = yield from all_keys(schema, where, limit)
    else:
        for chunk in batched(storable_ids(ids), BATCH_SIZE):
            (reply,) = yield [matching_ids_command(schema, where, chunk)]
            keys += read_keys(from_index(reply))
    return [schema.id_of(key) for key in keys]


def storable_ids(ids: Sequence[str]) -> list[str]:
    """Return the ids that a record can have: the server would cut the others at their NUL, and find another record."""
    return [record_id for record_id in ids if "\0" not in record_id]
