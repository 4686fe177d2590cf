"""Walking over all records that match, page by page, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.background_scan import info_command, scan_progress
from redisvl_adapters.core.index.readiness import asks_index, from_index
from redisvl_adapters.core.index.record_keys import (
    close_cursor_command,
    open_cursor_command,
    read_cursor_command,
    read_cursor_page,
)
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.index_schema import Schema, StaleSchemaError
from redisvl_adapters.core.search.fetch import fetch_from, filter_text
from redisvl_adapters.core.server.commands import Reply, Steps
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ServerError


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the records of a walk.

    Attributes:
        records: The records.
        cursor: Where the walk goes on; 0 at its end.
        schema: The index that the cursor is of; None if there was none.
        vectors: Whether records come with their vectors.
    """

    records: list[Record]
    cursor: int = 0
    schema: Schema | None = field(default=None, repr=False)
    vectors: bool = False

    @property
    def is_last(self) -> bool:
        """Whether the walk ends here."""
        return not self.cursor


@asks_index
def first_page(state: IndexState, filter: Filter | None, size: int, *, vectors: bool = False) -> Steps[Page]:
    """Begin to walk over all records that match a filter, in no order, with their vectors if they are wanted.

    Records that are there all the time come, whatever else is read meanwhile. One that is written while the walk goes
    on comes once, twice or not at all.
    """
    where = yield from filter_text(state, filter)
    schema = state.schema
    if where is None or schema is None:
        return Page([])
    info, reply = yield [info_command(schema.name), open_cursor_command(schema, where, size)]
    if not scan_progress(from_index(info)).is_running:
        return (yield from _page(state, schema, from_index(reply), vectors=vectors))
    # Somebody has just made the index anew, and a cursor misses what the server meets again meanwhile.
    _, cursor = read_cursor_page(from_index(reply))
    if cursor:
        yield [close_cursor_command(schema, cursor)]
    raise StaleSchemaError


def next_page(state: IndexState, page: Page, size: int) -> Steps[Page]:
    """Return the page of a walk behind another one.

    Raises:
        ServerError: If more than five minutes went by since the last one, or the index was dropped.
    """
    if page.schema is None or page.is_last:
        return Page([])
    (reply,) = yield [read_cursor_command(page.schema, page.cursor, size)]
    if isinstance(reply, ResponseError) and "cursor not found" in str(reply).lower():
        raise ServerError(
            "the server gave the walk up, as it does after five minutes without a read, or since the index was "
            "dropped; walk again with a smaller batch_size"
        )
    return (yield from _page(state, page.schema, ok(reply), vectors=page.vectors))


def close_walk(page: Page) -> Steps[None]:
    """Give a walk up behind a page, before its end."""
    if page.schema is not None:
        yield [close_cursor_command(page.schema, page.cursor)]


def _page(state: IndexState, schema: Schema, reply: Reply, *, vectors: bool) -> Steps[Page]:
    keys, cursor = read_cursor_page(reply)
    ids = [schema.id_of(key) for key in dict.fromkeys(keys)]
    found = yield from fetch_from(state, schema, ids, vectors=vectors)
    return Page([record for record in found if record is not None], cursor, schema, vectors)
