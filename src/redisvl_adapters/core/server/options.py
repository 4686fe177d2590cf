"""The keywords that say where Redis is and how long it is waited for, as a typed dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from redisvl_adapters.core.server.clients import AsyncClient, SyncClient
from redisvl_adapters.core.server.waits import Retry


class ConnectionOptions(TypedDict, total=False):
    """Where Redis is, a URL or a client, and how long it is waited for.

    Attributes:
        redis_url: ``redis://``, ``rediss://``, ``unix://``, ``redis+sentinel://`` or ``rediss+sentinel://``; a cluster
            with ``?cluster=true``. By default the environment variable ``REDIS_URL``, or ``redis://localhost:6379``.
        client: A sync redis-py client to use instead of a URL. Serves async calls too.
        async_client: An async redis-py client to use instead of a URL. Serves sync calls too.
        socket_connect_timeout: How many seconds a connection may take to be made (5); ``math.inf`` for no limit. A
            client that was given has its own. It can be in the URL instead: ``?socket_connect_timeout=2``.
        socket_timeout: How many seconds a reply may take (5), likewise. A command that takes longer is not stopped by
            that: the server finishes it.
        retry: How many times a round trip is made again, after longer and longer waits, if the connection fails or a
            reply takes too long (3); or for how long, as a ``datetime.timedelta`` counted from the failure on: with
            ``timedelta(seconds=15)`` a server that restarts for five seconds is waited for. Every write is idempotent,
            so that this is safe.
    """

    redis_url: str | None
    client: SyncClient | None
    async_client: AsyncClient | None
    socket_connect_timeout: float | None
    socket_timeout: float | None
    retry: Retry


def connection_options(options: Mapping[str, Any]) -> ConnectionOptions:
    """Return those of the keywords of something that are about its connection."""
    known = ConnectionOptions.__optional_keys__
    return cast("ConnectionOptions", {name: value for name, value in options.items() if name in known})
