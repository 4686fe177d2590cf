"""Walking over all records that match, page by page, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.info import info_command, is_scanning
from redisvl_adapters.core.index.record_keys import (
    close_cursor_command,
    open_cursor_command,
    read_cursor_command,
    read_cursor_page,
)
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.search.fetch import fetch, filter_text
from redisvl_adapters.core.search.find_ids import find_ids
from redisvl_adapters.core.server.commands import Reply, Steps
from redisvl_adapters.core.server.replies import is_missing_index, ok
from redisvl_adapters.errors import ServerError


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


def first_page(state: IndexState, filter: Filter | None, size: int) -> Steps[Page]:
    """Begin to walk over all records that match a filter, in no order.

    Records that are there all the time come, whatever else is read meanwhile. One that is written while the walk goes
    on comes once, twice or not at all.
    """
    where = yield from filter_text(state, filter)
    schema = state.schema
    if where is None or schema is None:
        return Page([])
    info, reply = yield [info_command(schema.name), open_cursor_command(schema, where, size)]
    if is_missing_index(info) or not is_scanning(ok(info)):
        return (yield from _page(state, reply))
    # A new index is still looking for records, and a cursor misses those that it meets again meanwhile.
    _, cursor = read_cursor_page(ok(reply))
    if cursor:
        yield [close_cursor_command(schema, cursor)]
    return (yield from _from_list((yield from find_ids(state, where, None)), state, size))


def _from_list(ids: list[str], state: IndexState, size: int) -> Steps[Page]:
    found = yield from fetch(state, ids[:size])
    return Page([record for record in found if record is not None], waiting=ids[size:])


def next_page(state: IndexState, page: Page, size: int) -> Steps[Page]:
    """Return the page of a walk behind another one.

    Raises:
        ServerError: If more than five minutes went by since the last one.
    """
    if state.schema is None:
        return Page([])
    if not page.cursor:
        return (yield from _from_list(page.waiting, state, size))
    (reply,) = yield [read_cursor_command(state.schema, page.cursor, size)]
    if isinstance(reply, ResponseError) and "cursor not found" in str(reply).lower():
        raise ServerError(
            "the server gave the walk up, as it does after five minutes without a read, or since the index was "
            "dropped; walk again with a smaller batch_size"
        )
    return (yield from _page(state, reply))


def close_walk(state: IndexState, cursor: int) -> Steps[None]:
    """Give a walk up before its end."""
    if state.schema is not None:
        yield [close_cursor_command(state.schema, cursor)]


def _page(state: IndexState, reply: Reply) -> Steps[Page]:
    if state.schema is None or is_missing_index(reply):
        return Page([])
    keys, cursor = read_cursor_page(ok(reply))
    found = yield from fetch(state, [state.schema.id_of(key) for key in dict.fromkeys(keys)])
    return Page([record for record in found if record is not None], cursor)
