"""Making redis-py clients: from a URL, or as the sync or async twin of another client."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

from redis import BlockingConnectionPool, Redis, RedisCluster, Sentinel
from redis import asyncio as aredis
from redis.asyncio.cluster import ClusterNode as AsyncClusterNode
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import ResponseError
from redis.retry import Retry

from redisvl_adapters.core.server.urls import (
    cluster_parts,
    names_cluster,
    names_sentinels,
    sentinel_options,
    split_client_name,
    split_url,
    url_hosts,
    url_options,
)

SyncClient: TypeAlias = "Redis | RedisCluster"
AsyncClient: TypeAlias = "aredis.Redis | aredis.RedisCluster"

CLIENT_NAME = "redisvl-adapters"

# redis-py does not type these.
_ClusterNode: Any = ClusterNode
_Sentinel: Any = Sentinel
_AsyncSentinel: Any = aredis.Sentinel

# RESP2 is the cheaper one to parse for search replies; a URL may ask for the other.
_SETTINGS: dict[str, Any] = {"protocol": 2}
# Beyond this many at once, calls wait for each other instead of failing; a URL may ask for another number.
_POOL: dict[str, Any] = {"max_connections": 100, "timeout": None}
# What a client made from another one keeps, where the other kind of client has it.
_KEPT = (
    "host port db path username password credential_provider client_name protocol encoding encoding_errors "
    "decode_responses socket_timeout socket_connect_timeout socket_keepalive socket_keepalive_options "
    "health_check_interval retry_on_timeout retry_on_error driver_info"
).split()


def open_client(url: str, timeouts: Mapping[str, float | None]) -> SyncClient:
    """Return a sync client of the server, cluster or Sentinel service that a URL names.

    Args:
        url: The URL, checked.
        timeouts: The time limits of redis-py, where the URL names no others.
    """
    url, client_name = split_client_name(url)
    settings = {**_SETTINGS, **timeouts}
    if names_cluster(url):
        first, others = cluster_parts(url)
        # The cluster has done the rest of what is done when a connection is made.
        settings["redis_connect_func"] = lambda connection: _name(connection, client_name)
        return RedisCluster.from_url(first, startup_nodes=[_ClusterNode(*other) for other in others], **settings)

    def on_connect(connection: Any) -> None:
        connection.on_connect()
        _name(connection, client_name)

    settings["redis_connect_func"] = on_connect
    if names_sentinels(url):
        return cast("Redis", _of_sentinel(_Sentinel, url, settings, Retry))
    return Redis.from_pool(BlockingConnectionPool.from_url(url, **{**_POOL, **settings}))


def open_async_client(url: str, timeouts: Mapping[str, float | None]) -> AsyncClient:
    """Return an async client of the server, cluster or Sentinel service that a URL names. See ``open_client``."""
    url, client_name = split_client_name(url)
    settings = {**_SETTINGS, **timeouts}

    if names_cluster(url):
        first, others = cluster_parts(url)
        client = aredis.RedisCluster.from_url(
            first, startup_nodes=[AsyncClusterNode(*other) for other in others] or None, **settings
        )
        # It takes none, and hands this to the nodes that it learns of.
        kwargs = client.connection_kwargs
        kwargs["connection_class"] = _naming(kwargs["connection_class"], client_name)
        return client
    if names_sentinels(url):
        of_master = cast("aredis.Redis", _of_sentinel(_AsyncSentinel, url, settings, AsyncRetry))
        pool = of_master.connection_pool
        pool.connection_class = _naming(pool.connection_class, client_name)
        return of_master
    pool = aredis.BlockingConnectionPool.from_url(url, **{**_POOL, **settings})
    pool.connection_class = _naming(pool.connection_class, client_name)
    return aredis.Redis.from_pool(pool)


def _name(connection: Any, client_name: str | None) -> None:
    """Name a connection, for administrators; a user who may not do that needs no name."""
    connection.send_command("CLIENT", "SETNAME", client_name or CLIENT_NAME)
    with suppress(ResponseError):
        connection.read_response()


def _naming(connection_class: Any, client_name: str | None) -> Any:
    """Return a class of async connections that name themselves. See ``_name``.

    It does without ``redis_connect_func``, of which redis-py asks what Python 3.14 has deprecated.
    """

    def init(connection: Any, **options: Any) -> None:
        connection_class.__init__(connection, **options)
        connection.register_connect_callback(connection.name_itself)

    async def name_itself(connection: Any, _: Any) -> None:
        await connection.send_command("CLIENT", "SETNAME", client_name or CLIENT_NAME)
        with suppress(ResponseError):
            await connection.read_response()

    return type(connection_class.__name__, (connection_class,), {"__init__": init, "name_itself": name_itself})


def _of_sentinel(sentinel: Any, url: str, settings: Mapping[str, Any], retry: Any) -> Any:
    """Return a client of the master of ``redis+sentinel://[user:password@]host[:port][,...]/[service][/db]``."""
    parts = split_url(url)
    service, _, db = parts.path.strip("/").partition("/")
    given = {"username": parts.username, "password": parts.password}
    credentials: dict[str, Any] = {name: unquote(value) for name, value in given.items() if value}
    options = url_options(url)
    own = sentinel_options(url)
    if parts.scheme == "rediss+sentinel":
        credentials["ssl"] = True
    of_sentinels = {
        **{name: value for name, value in options.items() if name.startswith(("socket_keepalive", "ssl_"))},
        **credentials,
        # One that is away is not worth a wait: there are others.
        "socket_timeout": own.timeout,
        "socket_connect_timeout": own.timeout,
        "retry": retry(NoBackoff(), 0),
        **_SETTINGS,
        **own.credentials,
    }
    manager = sentinel(url_hosts(parts.netloc, 26379), sentinel_kwargs=of_sentinels)
    return manager.master_for(service or "mymaster", **{**settings, **credentials, "db": int(db or 0), **options})


def close_client(client: SyncClient) -> None:
    """Close a client, and those of the Sentinels that it asks."""
    if isinstance(client, RedisCluster):
        # It does not close the connections of its nodes where it was opened from a URL.
        client.disconnect_connection_pools()
    client.close()
    for sentinel in _sentinels_of(client):
        sentinel.close()


async def aclose_client(client: AsyncClient) -> None:
    """Close an async client, and those of the Sentinels that it asks."""
    await client.aclose()
    for sentinel in _sentinels_of(client):
        await sentinel.aclose()


def _sentinels_of(client: Any) -> Sequence[Any]:
    pool: Any = getattr(client, "connection_pool", None)
    return pool.sentinel_manager.sentinels if hasattr(pool, "sentinel_manager") else ()


def settings_of(client: Any) -> tuple[str, dict[str, Any]]:
    """Return what kind of client this is, and the settings to make another one with."""
    if isinstance(client, RedisCluster | aredis.RedisCluster):
        nodes = client.nodes_manager.startup_nodes.values()
        kwargs = getattr(client, "connection_kwargs", None) or client.nodes_manager.connection_kwargs
        return "cluster", {**_kept(kwargs), "nodes": [(node.host, node.port) for node in nodes]}
    pool = client.connection_pool
    settings = {**_kept(pool.connection_kwargs, pool.connection_class), "max_connections": pool.max_connections}
    if hasattr(pool, "sentinel_manager"):
        manager = pool.sentinel_manager
        sentinels = [sentinel.connection_pool.connection_kwargs for sentinel in manager.sentinels]
        settings["sentinels"] = [(sentinel["host"], sentinel["port"]) for sentinel in sentinels]
        settings["sentinel_kwargs"] = dict(manager.sentinel_kwargs)
        settings["service"] = pool.service_name
        return "sentinel", settings
    return "single", settings


def _kept(kwargs: Mapping[str, Any], connection_class: type | None = None) -> dict[str, Any]:
    connection_class = kwargs.get("connection_class", connection_class)
    kept = {name: kwargs[name] for name in kwargs if name in _KEPT or name.startswith("ssl_")}
    if kwargs.get("ssl") or (connection_class is not None and "SSL" in connection_class.__name__):
        kept["ssl"] = True
    if isinstance(kwargs.get("retry"), Retry | AsyncRetry):
        kept["retry"] = kwargs["retry"]
    return kept


def sync_twin(client: AsyncClient) -> SyncClient:
    """Return a sync client with the settings of an async one."""
    kind, settings = settings_of(client)
    if kind == "cluster":
        nodes = [_ClusterNode(*node) for node in settings.pop("nodes")]
        return RedisCluster(startup_nodes=nodes, **_fit(RedisCluster, Redis, settings, Retry))
    if kind == "sentinel":
        sentinels, service = settings.pop("sentinels"), settings.pop("service")
        sentinel_kwargs = settings.pop("sentinel_kwargs")
        fitting = _fit(Redis, Redis, settings, Retry)
        sentinel_kwargs = _fit(Redis, Redis, sentinel_kwargs, Retry)
        return cast(
            "Redis", _Sentinel(sentinels, sentinel_kwargs=sentinel_kwargs, **fitting).master_for(service, **fitting)
        )
    return Redis(**_fit(Redis, Redis, settings, Retry))


def async_twin(client: SyncClient | AsyncClient) -> AsyncClient:
    """Return an async client with the settings of another client."""
    kind, settings = settings_of(client)
    if kind == "cluster":
        nodes = [AsyncClusterNode(*node) for node in settings.pop("nodes")]
        return aredis.RedisCluster(
            startup_nodes=nodes, **_fit(aredis.RedisCluster, aredis.RedisCluster, settings, AsyncRetry)
        )
    if kind == "sentinel":
        sentinels, service = settings.pop("sentinels"), settings.pop("service")
        sentinel_kwargs = settings.pop("sentinel_kwargs")
        fitting = _fit(aredis.Redis, aredis.Redis, settings, AsyncRetry)
        sentinel_kwargs = _fit(aredis.Redis, aredis.Redis, sentinel_kwargs, AsyncRetry)
        manager = _AsyncSentinel(sentinels, sentinel_kwargs=sentinel_kwargs, **fitting)
        return cast("aredis.Redis", manager.master_for(service, **fitting))
    return aredis.Redis(**_fit(aredis.Redis, aredis.Redis, settings, AsyncRetry))


def _fit(target: Any, accepted_by: Any, settings: Mapping[str, Any], retry: Any) -> dict[str, Any]:
    """Return the settings that a kind of client takes, under the names that it has for them."""
    accepted = inspect.signature(accepted_by.__init__).parameters
    fitting = {name: value for name, value in settings.items() if name in accepted}
    if "path" in settings and target in (Redis, aredis.Redis):
        fitting["unix_socket_path"] = settings["path"]
    if issubclass(target, RedisCluster | aredis.RedisCluster):
        # A cluster has one database, and its nodes are named apart.
        for name in ("host", "port", "db"):
            fitting.pop(name, None)
    if "retry" in settings:
        # The two kinds differ only in how they wait.
        given = settings["retry"]
        fitting["retry"] = retry(given._backoff, given._retries)  # noqa: SLF001  # redis-py has no public way
    return fitting
