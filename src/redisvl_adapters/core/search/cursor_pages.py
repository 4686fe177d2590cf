"""Walking over all records that match, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from redis.exceptions import ResponseError

from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.background_scan import info_command, scan_progress
from redisvl_adapters.core.index.readiness import asks_index, from_index
from redisvl_adapters.core.index.record_keys import (
    all_keys,
    close_cursor_command,
    count_command,
    open_cursor_command,
    read_cursor_command,
    read_cursor_page,
    read_total,
)
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.index_schema import Schema, StaleSchemaError
from redisvl_adapters.core.search.fetch import fetch_from, filter_text
from redisvl_adapters.core.server.commands import Reply, Steps
from redisvl_adapters.core.server.replies import is_missing_index, ok
from redisvl_adapters.errors import ServerError

T = TypeVar("T")
ReadRecords: TypeAlias = Callable[[IndexState, Schema, Sequence[str]], Steps[list[T | None]]]
"""What reads records by their ids from where a schema says that they lie, such as ``fetch_from``."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the records of a walk.

    Attributes:
        records: The records, in the form in which they were read.
        keys: The keys of the records that come next, if the walk goes by keys.
        cursor: Where the walk goes on, if it goes by a cursor; 0 at its end.
        schema: The index that the cursor is of; None if there was none.
        vectors: Whether records come with their vectors.
        lacking: How many records are left out, since they cannot be read or are gone.
    """

    records: list[T]
    keys: Sequence[bytes] = field(default=(), repr=False)
    cursor: int = 0
    schema: Schema | None = field(default=None, repr=False)
    vectors: bool = False
    lacking: int = 0

    @property
    def is_last(self) -> bool:
        """Whether the walk ends here."""
        return not self.cursor and not self.keys


MAX_KEYS = 100_000
"""Of how many records a walk asks for the keys at once, some 10 MB of them; it goes over more by a cursor."""


@asks_index
def first_page(state: IndexState, filter: Filter | None, size: int, *, vectors: bool = False) -> Steps[Page[Record]]:
    """Begin to walk over all records that match a filter, in no order, with their vectors if they are wanted.

    Records that are there all the time come once, whatever others read and write meanwhile. Of more than ``MAX_KEYS``,
    those that are written while the walk goes on come once, twice or not at all; and a server with search threads can
    miss others beside them.
    """
    where = yield from filter_text(state, filter)
    schema = state.schema
    if where is None or schema is None:
        return Page([])
    read: ReadRecords[Record] = partial(fetch_from, vectors=vectors)
    info, counted = yield [info_command(schema.name), count_command(schema, where)]
    total = read_total(from_index(counted))
    if scan_progress(from_index(info)).is_running:
        # Somebody has just made the index anew.
        raise StaleSchemaError
    if total <= MAX_KEYS:
        keys = yield from all_keys(schema, where)
        return (yield from _page(state, Page([], keys, 0, schema, vectors), size, read))
    info, reply = yield [info_command(schema.name), open_cursor_command(schema, where, size)]
    if not scan_progress(from_index(info)).is_running:
        return (yield from _cursor_page(state, Page([], (), 0, schema, vectors), from_index(reply), read))
    # A cursor misses what the server meets again meanwhile.
    _, cursor = read_cursor_page(from_index(reply))
    if cursor:
        yield [close_cursor_command(schema, cursor)]
    raise StaleSchemaError


def next_page(state: IndexState, page: Page[Record], size: int) -> Steps[Page[Record]]:
    """Return the page of a walk behind another one. See ``next_page_read_by``."""
    return (yield from next_page_read_by(state, page, size, partial(fetch_from, vectors=page.vectors)))


def next_page_read_by(state: IndexState, page: Page[Any], size: int, read: ReadRecords[T]) -> Steps[Page[T]]:
    """Return the page of a walk behind another one, with the records in another form.

    Args:
        state: The index.
        page: The other one.
        size: How many records it has at most.
        read: What reads them.

    Raises:
        ServerError: If more than five minutes went by since the last one, or the index was dropped.
    """
    if page.schema is None or page.is_last:
        return Page([])
    if page.keys:
        following = yield from _page(state, page, size, read)
        if len(following.records) < min(size, len(page.keys)):
            (info,) = yield [info_command(page.schema.name)]
            if is_missing_index(info):
                raise ServerError("the index was dropped while a walk went over it, so the walk cannot go on")
        return following
    (reply,) = yield [read_cursor_command(page.schema, page.cursor, size)]
    if isinstance(reply, ResponseError) and "cursor not found" in str(reply).lower():
        raise ServerError(
            "the server gave the walk up, as it does after five minutes without a read, or since the index was "
            "dropped; walk again with a smaller batch_size"
        )
    return (yield from _cursor_page(state, page, ok(reply), read))


def close_walk(page: Page[Any]) -> Steps[None]:
    """Give a walk up behind a page, before its end."""
    if page.schema is not None and page.cursor:
        yield [close_cursor_command(page.schema, page.cursor)]


def _page(state: IndexState, page: Page[Any], size: int, read: ReadRecords[T]) -> Steps[Page[T]]:
    """Return the page that a walk by keys begins or goes on with."""
    schema = page.schema
    if schema is None:
        return Page([])
    ids = [schema.id_of(key) for key in page.keys[:size]]
    found = yield from read(state, schema, ids)
    records = [record for record in found if record is not None]
    return Page(records, page.keys[size:], 0, schema, page.vectors, len(ids) - len(records))


def _cursor_page(state: IndexState, page: Page[Any], reply: Reply, read: ReadRecords[T]) -> Steps[Page[T]]:
    schema = page.schema
    if schema is None:
        return Page([])
    keys, cursor = read_cursor_page(reply)
    ids = [schema.id_of(key) for key in dict.fromkeys(keys)]
    found = yield from read(state, schema, ids)
    records = [record for record in found if record is not None]
    return Page(records, (), cursor, schema, page.vectors, len(ids) - len(records))
