"""The keywords that say where Redis is, as a typed dictionary."""

from __future__ import annotations

from typing import TypedDict

from redisvl_adapters.core.server.clients import AsyncClient, SyncClient


class ConnectionOptions(TypedDict, total=False):
    """Where Redis is: a URL, or a client.

    Keys:
        redis_url: ``redis://``, ``rediss://``, ``unix://`` or ``redis+sentinel://``; a cluster with ``?cluster=true``.
            By default the environment variable ``REDIS_URL``, or ``redis://localhost:6379``.
        client: A sync redis-py client to use instead of a URL. Serves async calls too.
        async_client: An async redis-py client to use instead of a URL. Serves sync calls too.
    """

    redis_url: str | None
    client: SyncClient | None
    async_client: AsyncClient | None
