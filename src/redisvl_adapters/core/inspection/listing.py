"""The indexes of this library on a server, each in a few figures."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core.caches.cache_index import CACHE_FIELDS
from redisvl_adapters.core.index.background_scan import info_command, scan_progress
from redisvl_adapters.core.index.info import attributes_of, bare_schema, is_ours, read_count
from redisvl_adapters.core.index.moves import moved_to, rebuild_of
from redisvl_adapters.core.index.ownership import index_failures
from redisvl_adapters.core.index.registry import (
    Registry,
    read_registry_command,
    registered_fields,
    registered_model,
    registered_origin,
    registered_version,
)
from redisvl_adapters.core.schema.field_names import field_alias
from redisvl_adapters.core.search.index_info import index_memory
from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Reply, Steps, batched
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, ok, server_error
from redisvl_adapters.core.server.retrying_drivers import adrive, drive
from redisvl_adapters.core.server.telemetry import operation
from redisvl_adapters.core.sessions.recall import MESSAGE_FIELDS
from redisvl_adapters.errors import SchemaMismatchError, known_keywords

_log = logging.getLogger(__name__)


class IndexKind(StrEnum):
    """What an index is of."""

    STORE = "store"
    CACHE = "cache"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What an index of this library is and holds, in a few figures. ``store.info()`` has more.

    Attributes:
        name: The name of the index.
        handle: The name that stores are given: another one if the index was rebuilt.
        kind: Whether it is that of a store, of a semantic cache, or of messages that are recalled.
        records: How many records it holds.
        is_indexing: Whether the server still scans records that were there before.
        percent_indexed: How much of that is done, from 0 to 100; None if the server's figure is none.
        failures: How often it could not take something in.
        memory: The bytes that it takes beside the records; None if the server does not tell.
        storage: ``hash`` or ``json``.
        prefix: What the keys of its records start with.
        dims: The number of dimensions of its vectors.
        dtype: How they are stored.
        algorithm: The algorithm of its vectors.
        embedding_id: Which model made them, if that is registered.
        layout_version: The version of the layout of its records.
        is_rebuilding: Whether another index is being made in its place.
        moved_to: The index that has taken its place; None if none has.
    """

    name: str
    handle: str
    kind: IndexKind
    records: int
    is_indexing: bool
    percent_indexed: float | None
    failures: int
    memory: int | None
    storage: str
    prefix: str
    dims: int
    dtype: str
    algorithm: str
    embedding_id: str | None
    layout_version: int
    is_rebuilding: bool
    moved_to: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the same as JSON can hold it."""
        return asdict(self)


@known_keywords
def indexes(
    redis_url: str | None = None, *, client: SyncClient | None = None, async_client: AsyncClient | None = None
) -> list[IndexSummary]:
    """Return the indexes of this library on a server by their names: those of stores, caches and conversations.

    One that the user may not look at is left out, with a warning in the log.

    Args:
        redis_url: The server; by default that of the environment variable ``REDIS_URL``, or the one at localhost:6379.
        client: A sync client to use instead of a URL.
        async_client: An async client to use instead of a URL.

    Raises:
        ServerError: If the server does not answer, has no search module, or does not let the user list indexes.
        ArgumentError: If the URL or a client is not what it should be.
    """
    connection = Connection(redis_url, client, async_client)
    try:
        steps = list_indexes()
        with operation(steps, connection):
            return drive(connection.sync_client(), steps, lambda: connection.address, connection.retry)
    finally:
        connection.close()


@known_keywords
async def aindexes(
    redis_url: str | None = None, *, client: SyncClient | None = None, async_client: AsyncClient | None = None
) -> list[IndexSummary]:
    """Return the indexes of this library on a server. See ``indexes``."""
    connection = Connection(redis_url, client, async_client)
    try:
        steps = list_indexes()
        with operation(steps, connection):
            return await adrive(await connection.async_client(), steps, lambda: connection.address, connection.retry)
    finally:
        await connection.aclose()


def list_indexes() -> Steps[list[IndexSummary]]:
    """Return the indexes of this library by their names. See ``indexes``."""
    (listed,) = yield [Command(("FT._LIST",))]
    names = sorted(name.decode("utf-8", "replace") for name in ok(listed))
    found = []
    for chunk in batched(names, BATCH_SIZE):
        infos = yield [info_command(name) for name in chunk]
        # An alias has no place in the list, so that each name is that of its registry.
        ours = [(name, info) for name, info in zip(chunk, infos, strict=True) if _can_be_told(name, info)]
        registries = (yield [read_registry_command(name) for name, _ in ours]) if ours else []
        for (name, info), registry in zip(ours, registries, strict=True):
            if isinstance(registry, ResponseError):
                _log.warning("index %r is listed without its registry: %s", name, server_error(registry))
            summary = _summary(info, {} if isinstance(registry, ResponseError) else as_mapping(registry))
            if summary is not None:
                found.append(summary)
    return found


def _can_be_told(name: str, info: Reply) -> bool:
    if is_missing_index(info):
        return False
    if isinstance(info, ResponseError):
        _log.warning("index %r is not listed: %s", name, server_error(info))
        return False
    return is_ours(info)


def _summary(info: Reply, registry: Registry) -> IndexSummary | None:
    """Return the figures of an index; None if others have changed it, so that it is none of this library any more."""
    try:
        schema = bare_schema(info)
    except SchemaMismatchError as error:
        _log.warning("%s", error)
        return None
    told, scan = as_mapping(info), scan_progress(info)
    failures, origin = index_failures(told), registered_origin(registry)
    return IndexSummary(
        name=schema.name,
        handle=origin.handle if origin else schema.name,
        kind=_kind(info, registry),
        records=read_count(info),
        is_indexing=scan.is_running,
        percent_indexed=None if math.isnan(scan.percent) else scan.percent,
        failures=0 if failures is None else failures[0],
        memory=index_memory(told).get("total"),
        storage=schema.storage,
        prefix=schema.prefix,
        dims=schema.vector.dims,
        dtype=schema.vector.dtype,
        algorithm=schema.vector.algorithm,
        embedding_id=registered_model(registry),
        layout_version=registered_version(registry),
        is_rebuilding=rebuild_of(registry) is not None,
        moved_to=moved_to(registry),
    )


_FIELDS: Mapping[IndexKind, Mapping[str, str]] = {
    IndexKind.CACHE: CACHE_FIELDS,
    IndexKind.MESSAGES: MESSAGE_FIELDS,
}
"""The fields with which each is made. Records of a store can have the same keys, which it has learnt then."""


def _kind(info: Reply, registry: Registry) -> IndexKind:
    attributes, known = attributes_of(info), registered_fields(registry, frozenset())
    for kind, fields in _FIELDS.items():
        indexed = [key for key, type in fields.items() if type != "unindexed"]
        # Without its registry an index tells no more than which fields it has.
        if all(field_alias(key) in attributes and not (key in known and known[key].learnt) for key in indexed):
            return kind
    return IndexKind.STORE
