"""Ownership: that all keys under the prefix of an index are records of this library, and no others are adopted."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from redis.exceptions import ResponseError

from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.index.background_scan import info_command
from redisvl_adapters.core.index.record_keys import (
    QUERY_SETTINGS,
    keys_command,
    read_keys,
    read_rows,
    read_total,
)
from redisvl_adapters.core.index.registry import mark_command
from redisvl_adapters.core.records.own_records import own_parts
from redisvl_adapters.core.records.projection import language_tag
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.languages import LANGUAGES, NO_LANGUAGE, said_language
from redisvl_adapters.core.schema.stored_fields import KEYS
from redisvl_adapters.core.server.commands import Argument, Command, Reply, Steps
from redisvl_adapters.core.server.noted_warnings import warn
from redisvl_adapters.core.server.replies import (
    as_mapping,
    is_missing_index,
    ok,
    readable,
    server_error,
)
from redisvl_adapters.errors import SchemaMismatchError, SkippedRecordWarning

_log = logging.getLogger(__name__)


def check_ownership(schema: Schema) -> Steps[bool]:
    """See to it that all keys of an index that was scanned are records, and take away the mark that nobody has.

    Returns:
        Whether it is taken away: a user who may only read may not do that.

    Raises:
        SchemaMismatchError: If they are not.
    """
    info, *replies = yield [info_command(schema.name), *others_commands(schema)]
    if is_missing_index(info):
        return True
    told = as_mapping(ok(info))
    remedy = "choose another prefix or index_name"
    if others := read_others(replies):
        count, key = others
        raise SchemaMismatchError(
            f"under the prefix {schema.prefix!r} of index {schema.name!r} there are {count} keys that are not records "
            f"of this library, such as {key!r}: they would be taken for records without text and metadata; {remedy}"
        )
    if failures := index_failures(told):
        count, key, error = failures
        raise SchemaMismatchError(
            f"under the prefix {schema.prefix!r} of index {schema.name!r} there are {count} keys that it cannot index, "
            f"such as {key!r} ({error}): they would never be found. If they are records with other vectors, ask for "
            f"their dims and dtype; else {remedy}"
        )
    yield from _check_languages(schema)
    (reply,) = yield [mark_command(schema.name, unchecked=False)]
    if isinstance(reply, ResponseError):
        _log.info("index %r stays marked as one of unknown records: %s", schema.name, server_error(reply))
        return False
    return True


def index_failures(told: Mapping[bytes, Reply]) -> tuple[int, str, str] | None:
    """Return how often an index could not take a key in, the last one, and why, from what FT.INFO says."""
    count = int(told.get(b"hash_indexing_failures", 0))
    errors = as_mapping(told.get(b"Index Errors", ()))
    error, key = (errors.get(name, b"unknown").decode("utf-8", "replace") for name in _LAST_ERROR)
    # It can quote the value.
    return (count, key, readable(ResponseError(error))) if count else None


def warn_of_unindexed(schema: Schema) -> Steps[None]:
    """Warn of records that a foreign index could not take in, such as those with a vector of another length."""
    (info,) = yield [info_command(schema.name)]
    failures = None if is_missing_index(info) else index_failures(as_mapping(ok(info)))
    if failures is not None and schema.foreign is not None and schema.foreign.on_bad_record != "skip":
        count, key, error = failures
        warn(
            f"index {schema.name!r} could not take in what was written {count} times, the last time at {key!r} "
            f"({error}): unless they were mended since, no search finds these records",
            SkippedRecordWarning,
        )


def _check_languages(schema: Schema) -> Steps[None]:
    """Refuse records whose texts were analysed in another language, or by the server, as in an older layout.

    Raises:
        SchemaMismatchError: If there are any.
    """
    languages = [schema.language] if schema.language_key is None else [*LANGUAGES, NO_LANGUAGE]
    (reply,) = yield [keys_command(schema, f"-{tag_query(KEYS, map(language_tag, languages))}", 1)]
    if not is_missing_index(reply) and (count := read_total(ok(reply))):
        key = read_keys(ok(reply))[0].decode("utf-8", "replace")
        raise SchemaMismatchError(
            f"under the prefix {schema.prefix!r} of index {schema.name!r} there are {count} records, such as {key!r}, "
            f"whose words were analysed in another language than {said_language(schema.language)}, or by an older "
            "version of this library: they would be found by chance; ask for the language that they were written in, "
            "choose another prefix or index_name, or pass create='overwrite' to drop them"
        )


_LAST_ERROR = (b"last indexing error", b"last indexing error key")


def others_commands(schema: Schema) -> list[Command]:
    """Return the commands that tell how many keys of an index are no records, and one of them."""
    load: list[Argument] = []
    for name, path in zip("mk", own_parts(schema.storage), strict=True):
        load += path if path.startswith("$") else f"@{path}", "AS", name
    where: list[Argument] = ["FILTER", "!exists(@m) || !exists(@k)"]
    head = ("FT.AGGREGATE", schema.name, "*", "LOAD")
    return [
        Command((*head, len(load), *load, *where, *_COUNT, *QUERY_SETTINGS)),
        Command((*head, len(load) + 1, *load, "@__key", *where, "LIMIT", 0, 1, *QUERY_SETTINGS)),
    ]


_COUNT: tuple[Argument, ...] = ("GROUPBY", 0, "REDUCE", "COUNT", 0, "AS", "n")


def read_others(replies: list[Reply]) -> tuple[int, str] | None:
    """Return how many keys are no records, and one of them, from the replies to ``others_commands``."""
    counts, named = (read_rows(ok(reply)) for reply in replies)
    count = int(counts[0][b"n"]) if counts else 0
    return (count, named[0][b"__key"].decode("utf-8", "replace")) if count and named else None
