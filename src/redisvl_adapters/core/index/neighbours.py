"""Neighbours: other indexes of this library, and that no two of them cover the same keys."""

from __future__ import annotations

import logging

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.background_scan import info_command
from redisvl_adapters.core.index.info import index_name, is_ours, prefixes_of
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import is_missing_index, server_error
from redisvl_adapters.errors import SchemaMismatchError

_log = logging.getLogger(__name__)


def check_prefix_is_free(schema: Schema) -> Steps[None]:
    """Refuse an index whose keys another index of this library covers, or the reverse, whatever their storage.

    A user who may not list the indexes, or not look at one of them, is not protected; a log entry says so.

    Raises:
        SchemaMismatchError: If there is such an index.
    """
    (listed,) = yield [Command(("FT._LIST",))]
    names = [] if isinstance(listed, ResponseError) else [name.decode("utf-8", "replace") for name in listed]
    others = [name for name in names if name != schema.name]
    infos = (yield [info_command(name) for name in others]) if others else []
    replies = (reply for reply in (listed, *infos) if not is_missing_index(reply))
    if refusals := [reply for reply in replies if isinstance(reply, ResponseError)]:
        _log.warning(
            "index %r is made without seeing whether another one covers its prefix %r: %s",
            schema.name,
            schema.prefix,
            server_error(refusals[0]),
        )
    for info in infos:
        if isinstance(info, ResponseError) or index_name(info) == schema.name or not is_ours(info):
            continue
        for prefix in prefixes_of(info):
            if prefix.startswith(schema.prefix) or schema.prefix.startswith(prefix):
                raise SchemaMismatchError(
                    f"the prefix {schema.prefix!r} of index {schema.name!r} and the prefix {prefix!r} of index "
                    f"{index_name(info)!r} cover the same keys: each would find and delete the records of the other. "
                    "Choose another prefix, such as that of the index name, which is the default"
                )
