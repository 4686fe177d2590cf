"""Finding which records match: their ids, of any number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from redisvl_adapters.core import query
from redisvl_adapters.core.commands import Command, Steps, is_missing_index, ok
from redisvl_adapters.core.encoding import is_utf8
from redisvl_adapters.core.lifecycle import State
from redisvl_adapters.core.schema import Schema
from redisvl_adapters.core.writing import BATCH
from redisvl_adapters.errors import ArgumentError

T = TypeVar("T")


def find(state: State, where: str | None, ids: Sequence[str] | None, limit: int | None = None) -> Steps[list[str]]:
    """Return the ids of the records that match, of any number, or at least as many as the limit says."""
    schema = state.schema
    if schema is None or where is None:
        return []
    keys: list[bytes] = []
    if ids is not None:
        for chunk in chunks(holdable(ids), BATCH):
            (reply,) = yield [query.pick_command(schema, where, chunk)]
            if not is_missing_index(reply):
                keys += query.read_keys(ok(reply))
    else:
        most = query.MAX_K if limit is None else limit
        (reply,) = yield [query.keys_command(schema, where, most)]
        if is_missing_index(reply):
            return []
        if query.is_over_limit(reply) or query.read_total(ok(reply)) > most >= query.MAX_K:
            keys += yield from walk(schema, where, limit)
        else:
            keys += query.read_keys(ok(reply))
    return [schema.id_of(key) for key in keys]


def walk(schema: Schema, where: str, limit: int | None) -> Steps[list[bytes]]:
    """Return the keys of the records that match by a cursor, for more than one search returns.

    A record that is indexed again while the cursor goes on can come twice, or be missed.
    """
    (reply,) = yield [query.walk_command(schema, where, BATCH)]
    keys, cursor = query.read_page(ok(reply))
    while cursor and (limit is None or len(keys) < limit):
        (reply,) = yield [query.next_command(schema, cursor, BATCH)]
        page, cursor = query.read_page(ok(reply))
        keys += page
    return list(dict.fromkeys(keys))


def check_ids(ids: Sequence[str]) -> None:
    """Raise ``ArgumentError`` unless all are ids."""
    if isinstance(ids, str) or not isinstance(ids, Sequence):
        raise ArgumentError(f"ids is a list of ids; not {ids!r:.80}")
    for record_id in ids:
        if not isinstance(record_id, str) or not record_id or not is_utf8(record_id):
            raise ArgumentError(f"an id is a non-empty string; not {record_id!r}")


def holdable(ids: Sequence[str]) -> list[str]:
    """Return the ids that a record can have: the server would cut the others at their NUL, and find another record."""
    return [record_id for record_id in ids if "\0" not in record_id]


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of one size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def touch(state: State, ids: Sequence[str]) -> Steps[None]:
    """Let records live on, if they were found and their time to live is counted from the last read."""
    if state.spec.sliding_ttl and state.schema is not None:
        for chunk in chunks(ids, BATCH):
            keys = map(state.schema.key_of, chunk)
            # XX leaves those alone that were told never to expire.
            yield [Command(("PEXPIRE", key, state.spec.ttl_ms or 0, "XX"), key) for key in keys]
