"""Which records match a query (how many, their keys, page by page), and which tags a field has."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import ResponseError

from redisvl_adapters.core.arguments import MAX_K
from redisvl_adapters.core.schema.index_schema import Schema, StaleSchemaError
from redisvl_adapters.core.server.commands import BATCH_SIZE, Argument, Command, Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping, as_sequence, is_missing_index, ok

# By default a server answers with what it has after half a second, without a word: that would be a wrong answer.
QUERY_SETTINGS: tuple[Argument, ...] = ("DIALECT", 2, "TIMEOUT", 0)


def verbatim(schema: Schema) -> tuple[Argument, ...]:
    """Return what stands behind a query that may ask for words.

    In an index of another application the forms of a word are part of the query already (``filters.server_words``); the
    terms of this library have no others.
    """
    return () if schema.foreign is None else ("VERBATIM",)


def count_command(schema: Schema, where: str) -> Command:
    """Return the command that counts the records that match."""
    return keys_command(schema, where, 0)


def matching_ids_command(schema: Schema, where: str, ids: Sequence[str]) -> Command:
    """Return the command that finds which of some records match."""
    keys = [schema.key_of(record_id) for record_id in ids]
    return Command((*keys_command(schema, where, len(ids)).args, "INKEYS", len(keys), *keys))


def keys_command(schema: Schema, where: str, most: int) -> Command:
    """Return the command that finds the keys of the records that match, in one search."""
    return Command(("FT.SEARCH", schema.name, where, *verbatim(schema), "NOCONTENT", "LIMIT", 0, most, *QUERY_SETTINGS))


def is_over_limit(reply: Reply) -> bool:
    """Tell whether the server refused a search because it returns less at once."""
    return isinstance(reply, ResponseError) and "limit exceeds" in str(reply).lower()


def tag_values_command(schema: Schema, alias: str) -> Command:
    """Return the command that lists the tags of a field."""
    return Command(("FT.TAGVALS", schema.name, alias))


def open_cursor_command(schema: Schema, where: str, page: int) -> Command:
    """Return the command that opens a cursor over the keys of all records that match."""
    return Command(
        (
            "FT.AGGREGATE",
            schema.name,
            where,
            *verbatim(schema),
            "LOAD",
            1,
            "@__key",
            "WITHCURSOR",
            "COUNT",
            page,
            "MAXIDLE",
            _MAX_IDLE,
            *QUERY_SETTINGS,
        )
    )


# What the server allows at most, in milliseconds.
_MAX_IDLE = 300_000


def close_cursor_command(schema: Schema, cursor: int) -> Command:
    """Return the command that gives a cursor up."""
    return Command(("FT.CURSOR", "DEL", schema.name, cursor))


def read_cursor_command(schema: Schema, cursor: int, page: int) -> Command:
    """Return the command that reads on from a cursor."""
    return Command(("FT.CURSOR", "READ", schema.name, cursor, "COUNT", page), repeatable=False)


def read_total(reply: Reply) -> int:
    """Return how many records a search matched."""
    return int(reply[b"total_results"] if isinstance(reply, dict) else reply[0])


def read_keys(reply: Reply) -> list[bytes]:
    """Return the keys in the reply to a search without content."""
    if isinstance(reply, dict):
        return [as_mapping(row)[b"id"] for row in reply[b"results"]]
    return list(reply[1:])


def read_cursor_page(reply: Reply) -> tuple[list[bytes], int]:
    """Return the keys on one page of a cursor, and the cursor; 0 when there is no more."""
    page, cursor = reply
    if isinstance(page, dict):
        rows = [row.get(b"extra_attributes") for row in map(as_mapping, page[b"results"])]
    else:
        rows = page[1:]
    # A record that has expired and is not yet out of the index has no row.
    found = [as_mapping(row) for row in rows if row]
    return [row[b"__key"] for row in found if b"__key" in row], int(cursor)


def read_rows(reply: Reply) -> list[dict[bytes, Reply]]:
    """Return the rows in the reply to an FT.AGGREGATE without a cursor."""
    if isinstance(reply, dict):
        return [as_mapping(as_sequence(as_mapping(row)[b"extra_attributes"])) for row in reply[b"results"]]
    return [as_mapping(row) for row in reply[1:] if row]


def all_keys(schema: Schema, where: str, limit: int | None = None) -> Steps[list[bytes]]:
    """Return the keys of the records that match, of any number, or at least as many as a limit says.

    Up to a million are those of one moment. Of more, one that is indexed again meanwhile can be missed.

    Raises:
        StaleSchemaError: If the index is gone.
    """
    most = MAX_K if limit is None else limit
    (reply,) = yield [keys_command(schema, where, most)]
    if is_missing_index(reply):
        raise StaleSchemaError
    if not is_over_limit(reply) and not read_total(ok(reply)) > most >= MAX_K:
        return read_keys(reply)
    (reply,) = yield [open_cursor_command(schema, where, BATCH_SIZE)]
    keys, cursor = read_cursor_page(ok(reply))
    while cursor and (limit is None or len(keys) < limit):
        (reply,) = yield [read_cursor_command(schema, cursor, BATCH_SIZE)]
        page, cursor = read_cursor_page(ok(reply))
        keys += page
    return list(dict.fromkeys(keys))
