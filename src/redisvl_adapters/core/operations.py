"""Every operation on an index, written once: generators that yield batches of commands and are sent their replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from redisvl_adapters.core import catalog, query
from redisvl_adapters.core.clauses import text_of
from redisvl_adapters.core.commands import Command, Reply, Steps, is_missing_index, ok
from redisvl_adapters.core.compiling import compile_filter
from redisvl_adapters.core.filters import Filter, matches_everything
from redisvl_adapters.core.hybrid import search_hybrid
from redisvl_adapters.core.lifecycle import State, clear, create, drop, look, open_index
from redisvl_adapters.core.matching import search_text
from redisvl_adapters.core.picking import check_ids, chunks, find, touch
from redisvl_adapters.core.record import Record, layout_of
from redisvl_adapters.core.schema import MetadataField
from redisvl_adapters.core.searching import search, search_batch, search_diverse
from redisvl_adapters.core.writing import BATCH, upsert
from redisvl_adapters.errors import ArgumentError, ServerError

__all__ = [
    "Page",
    "State",
    "clear",
    "close_walk",
    "count",
    "create",
    "delete",
    "delete_matching",
    "drop",
    "existing",
    "expire",
    "fetch",
    "fetch_matching",
    "filterable",
    "first_page",
    "next_page",
    "open_index",
    "remaining",
    "search",
    "search_batch",
    "search_diverse",
    "search_hybrid",
    "search_text",
    "upsert",
]


def fetch(state: State, ids: Sequence[str]) -> Steps[list[Record | None]]:
    """Return records by their ids, in that order, None where there is none."""
    check_ids(ids)
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return [None for _ in ids]
    schema = snapshot.schema
    layout = layout_of(schema)
    found: list[Record | None] = []
    for chunk in chunks(ids, BATCH):
        replies = yield [layout.read(record_id) for record_id in chunk]
        found += [layout.decode_reply(record_id, ok(reply)) for record_id, reply in zip(chunk, replies, strict=True)]
    yield from touch(state, [record.id for record in found if record is not None])
    return found


def fetch_matching(
    state: State, filter: Filter | None, ids: Sequence[str] | None = None, limit: int | None = None
) -> Steps[list[Record]]:
    """Return the records that match a filter and, if ids are given, are among them: all, or at most a number."""
    if ids is not None:
        check_ids(ids)
    if ids is None or filter is not None:
        ids = yield from find(state, (yield from _where(state, filter)), ids, limit)
    found = yield from fetch(state, ids[:limit])
    return [record for record in found if record is not None]


def delete(state: State, ids: Sequence[str]) -> Steps[int]:
    """Delete records by their ids and return how many there were."""
    check_ids(ids)
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return 0
    deleted = 0
    for chunk in chunks(ids, BATCH):
        replies = yield [Command(("UNLINK", key), key) for key in map(snapshot.schema.key_of, chunk)]
        deleted += sum(map(ok, replies))
    return deleted


def delete_matching(state: State, filter: Filter | None, ids: Sequence[str] | None = None) -> Steps[int]:
    """Delete all records that match a filter and, if ids are given, are among them; return how many there were.

    Raises:
        ArgumentError: If the filter matches everything.
    """
    if ids is not None:
        check_ids(ids)
        if filter is None:
            return (yield from delete(state, ids))
    if matches_everything(filter):
        raise ArgumentError("an empty filter would delete everything; call clear() if that is what you want")
    where = yield from _where(state, filter)
    if ids is None and where == "*":
        raise ArgumentError(
            "the filter is always true and would delete everything; call clear() if that is what you want"
        )
    deleted = 0
    # Once more, for records that a cursor missed, until nothing is left.
    while found := (yield from find(state, where, ids)):
        gone = yield from delete(state, found)
        if not gone:
            break
        deleted += gone
    return deleted


def existing(state: State, ids: Sequence[str]) -> Steps[set[str]]:
    """Return those of some ids under which there are records."""
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return set()
    there: set[str] = set()
    for chunk in chunks(ids, BATCH):
        replies = yield [Command(("EXISTS", key), key) for key in map(snapshot.schema.key_of, chunk)]
        there.update(record_id for record_id, reply in zip(chunk, replies, strict=True) if ok(reply))
    return there


def remaining(state: State, ids: Sequence[str]) -> Steps[list[float | None]]:
    """Return in how many seconds records expire; None where a record does not expire, or there is none."""
    check_ids(ids)
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return [None for _ in ids]
    left: list[float | None] = []
    for chunk in chunks(ids, BATCH):
        replies = yield [Command(("PTTL", key), key) for key in map(snapshot.schema.key_of, chunk)]
        left += [None if ok(reply) < 0 else reply / 1000 for reply in replies]
    return left


def expire(state: State, ids: Sequence[str], ttl_ms: int | None) -> Steps[int]:
    """Let records expire after a number of milliseconds from now, or never; return how many there were."""
    check_ids(ids)
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return 0
    there = 0
    for chunk in chunks(ids, BATCH):
        keys = list(map(snapshot.schema.key_of, chunk))
        if ttl_ms is None:
            commands = [Command((name, key), key) for key in keys for name in ("PERSIST", "EXISTS")]
            there += sum(map(ok, (yield commands)[1::2]))
        else:
            there += sum(map(ok, (yield [Command(("PEXPIRE", key, ttl_ms), key) for key in keys])))
    return there


def filterable(state: State) -> Steps[list[MetadataField]]:
    """Return the metadata fields that can be filtered, as the server has them now."""
    snapshot = yield from look(state)
    if snapshot is not None:
        return list(snapshot.schema.aliases.values())
    return [field for field in state.spec.fields.values() if field.redis_type]


def count(state: State, filter: Filter | None = None) -> Steps[int]:
    """Count the records, or those that match a filter."""
    where = yield from _where(state, filter)
    if where is None or state.schema is None:
        return 0
    (reply,) = yield [query.count_command(state.schema, where)]
    if is_missing_index(reply):
        state.snapshot = None
        return 0
    return query.read_total(ok(reply))


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the records of a walk.

    Attributes:
        records: The records.
        cursor: Where the walk goes on; 0 if there is no cursor.
        waiting: The ids of the records to come, if there is no cursor.
    """

    records: list[Record]
    cursor: int = 0
    waiting: list[str] = field(default_factory=list)

    @property
    def is_last(self) -> bool:
        """Whether the walk ends here."""
        return not self.cursor and not self.waiting


def first_page(state: State, filter: Filter | None, size: int) -> Steps[Page]:
    """Begin to walk over all records that match a filter, in no order.

    Records that are there all the time come, whatever else is read meanwhile. One that is written while the walk goes
    on comes once, twice or not at all.
    """
    where = yield from _where(state, filter)
    schema = state.schema
    if where is None or schema is None:
        return Page([])
    info, reply = yield [catalog.info_command(schema.name), query.walk_command(schema, where, size)]
    if is_missing_index(info) or not catalog.is_scanning(ok(info)):
        return (yield from _page(state, reply))
    # A new index is still looking for records, and a cursor misses those that it meets again meanwhile.
    _, cursor = query.read_page(ok(reply))
    if cursor:
        yield [query.close_command(schema, cursor)]
    return (yield from _from_list((yield from find(state, where, None)), state, size))


def _from_list(ids: list[str], state: State, size: int) -> Steps[Page]:
    found = yield from fetch(state, ids[:size])
    return Page([record for record in found if record is not None], waiting=ids[size:])


def next_page(state: State, page: Page, size: int) -> Steps[Page]:
    """Return the page of a walk behind another one.

    Raises:
        ServerError: If more than five minutes went by since the last one.
    """
    if state.schema is None:
        return Page([])
    if not page.cursor:
        return (yield from _from_list(page.waiting, state, size))
    (reply,) = yield [query.next_command(state.schema, page.cursor, size)]
    if isinstance(reply, ResponseError) and "cursor not found" in str(reply).lower():
        raise ServerError(
            "the server gave the walk up, as it does after five minutes without a read, or since the index was "
            "dropped; walk again with a smaller batch_size"
        )
    return (yield from _page(state, reply))


def close_walk(state: State, cursor: int) -> Steps[None]:
    """Give a walk up before its end."""
    if state.schema is not None:
        yield [query.close_command(state.schema, cursor)]


def _page(state: State, reply: Reply) -> Steps[Page]:
    if state.schema is None or is_missing_index(reply):
        return Page([])
    keys, cursor = query.read_page(ok(reply))
    found = yield from fetch(state, [state.schema.id_of(key) for key in dict.fromkeys(keys)])
    return Page([record for record in found if record is not None], cursor)


def _where(state: State, filter: Filter | None) -> Steps[str | None]:
    return text_of((yield from compile_filter(state, filter)))
