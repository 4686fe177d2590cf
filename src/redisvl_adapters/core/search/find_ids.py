"""Ids of the records that match a query, without the 10,000-result limit."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.arguments import MAX_K
from redisvl_adapters.core.index.readiness import from_index
from redisvl_adapters.core.index.record_keys import (
    is_over_limit,
    keys_command,
    matching_ids_command,
    open_cursor_command,
    read_cursor_command,
    read_cursor_page,
    read_keys,
    read_total,
)
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched
from redisvl_adapters.core.server.replies import ok


def find_ids(
    state: IndexState, where: str | None, ids: Sequence[str] | None, limit: int | None = None
) -> Steps[list[str]]:
    """Return the ids of the records that match, of any number, or at least as many as the limit says."""
    schema = state.schema
    if schema is None or where is None:
        return []
    keys: list[bytes] = []
    if ids is not None:
        for chunk in batched(storable_ids(ids), BATCH_SIZE):
            (reply,) = yield [matching_ids_command(schema, where, chunk)]
            keys += read_keys(from_index(reply))
    else:
        most = MAX_K if limit is None else limit
        (reply,) = yield [keys_command(schema, where, most)]
        if is_over_limit(reply) or read_total(from_index(reply)) > most >= MAX_K:
            keys += yield from _find_by_cursor(schema, where, limit)
        else:
            keys += read_keys(ok(reply))
    return [schema.id_of(key) for key in keys]


def _find_by_cursor(schema: Schema, where: str, limit: int | None) -> Steps[list[bytes]]:
    """Return the keys of the records that match by a cursor, for more than one search returns.

    A record that is indexed again while the cursor goes on can come twice, or be missed.
    """
    (reply,) = yield [open_cursor_command(schema, where, BATCH_SIZE)]
    keys, cursor = read_cursor_page(from_index(reply))
    while cursor and (limit is None or len(keys) < limit):
        (reply,) = yield [read_cursor_command(schema, cursor, BATCH_SIZE)]
        page, cursor = read_cursor_page(ok(reply))
        keys += page
    return list(dict.fromkeys(keys))


def storable_ids(ids: Sequence[str]) -> list[str]:
    """Return the ids that a record can have: the server would cut the others at their NUL, and find another record."""
    return [record_id for record_id in ids if "\0" not in record_id]
