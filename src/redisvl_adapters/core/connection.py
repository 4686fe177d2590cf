"""From a URL or a client to what an operation runs on: a sync client, and an async client for each event loop."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import AsyncGenerator, Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import unquote, urlsplit

from redis import BlockingConnectionPool, Redis, RedisCluster, Sentinel
from redis import asyncio as aredis
from redis import exceptions as redis_errors
from redis.asyncio.cluster import ClusterNode as AsyncClusterNode
from redis.asyncio.retry import Retry as AsyncRetry
from redis.cluster import ClusterNode
from redis.retry import Retry

from redisvl_adapters.core.url import DEFAULT_URL, check_url, cluster_parts, hosts_of, is_cluster, options_of
from redisvl_adapters.errors import ArgumentError, AuthenticationError, ServerError, ServerUnavailableError

SyncClient: TypeAlias = "Redis | RedisCluster"
AsyncClient: TypeAlias = "aredis.Redis | aredis.RedisCluster"

CLIENT_NAME = "redisvl-adapters"

# redis-py does not type these.
_ClusterNode: Any = ClusterNode
_Sentinel: Any = Sentinel
_AsyncSentinel: Any = aredis.Sentinel

# RESP2 is the cheaper one to parse for search replies; a URL may ask for the other.
_SETTINGS: dict[str, Any] = {"client_name": CLIENT_NAME, "protocol": 2}
# Beyond this many at once, calls wait for each other instead of failing; a URL may ask for another number.
_POOL: dict[str, Any] = {"max_connections": 100, "timeout": None}
# What a client made from another one keeps, where the other kind of client has it.
_KEPT = (
    "host port db path username password credential_provider client_name protocol encoding encoding_errors "
    "decode_responses socket_timeout socket_connect_timeout socket_keepalive socket_keepalive_options "
    "health_check_interval retry_on_timeout retry_on_error driver_info"
).split()


class Connection:
    """The clients of a store: opened when first needed, or given, or made from a given one.

    A sync client serves async calls too, through an async client with the same settings, and the reverse. Each event
    loop has an async client of its own, which is closed with the loop.

    Args:
        redis_url: The server; by default the environment variable ``REDIS_URL``, or ``redis://localhost:6379``.
        client: A sync client to use instead.
        async_client: An async client to use instead.

    Raises:
        ArgumentError: If both a URL and a client are given, or either is not what it should be.
    """

    def __init__(
        self,
        redis_url: str | None = None,
        client: SyncClient | None = None,
        async_client: AsyncClient | None = None,
    ) -> None:
        if redis_url is not None and (client is not None or async_client is not None):
            raise ArgumentError("give either redis_url or a client, not both")
        if client is not None and not isinstance(client, Redis | RedisCluster):
            raise ArgumentError(
                f"client is a redis.Redis or redis.RedisCluster; not {_kind_of(client)}"
                + ("; give that one as async_client=" if isinstance(client, aredis.Redis | aredis.RedisCluster) else "")
            )
        if async_client is not None and not isinstance(async_client, aredis.Redis | aredis.RedisCluster):
            raise ArgumentError(
                f"async_client is a redis.asyncio.Redis or redis.asyncio.RedisCluster; not {_kind_of(async_client)}"
                + ("; give that one as client=" if isinstance(async_client, Redis | RedisCluster) else "")
            )
        self._url = None
        if client is None and async_client is None:
            named = "the environment variable REDIS_URL" if redis_url is None else "redis_url"
            self._url = check_url(
                (os.environ.get("REDIS_URL") or DEFAULT_URL) if redis_url is None else redis_url, named
            )
        self._given = client
        self._given_async = async_client
        self._home_of_given: asyncio.AbstractEventLoop | None = None
        self._opened: SyncClient | None = None
        self._lock = threading.Lock()
        self._kept: dict[asyncio.AbstractEventLoop, tuple[AsyncClient, AsyncGenerator[AsyncClient, None]]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make another connection to the same server; the URL is in it, password included.

        Raises:
            ArgumentError: If it was given a client, which cannot be pickled.
        """
        if self.given is not None:
            raise ArgumentError("what was given a client cannot be pickled; make it with redis_url instead")
        return Connection, (self._url,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Connection:
        """Return another connection to the same server; a client that was given serves both."""
        return Connection(self._url, self._given, self._given_async)

    @property
    def address(self) -> str:
        """Where the server is, without credentials."""
        if self._url is not None:
            parts = urlsplit(self._url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        kind, settings = _settings_of(cast("Any", self._given or self._given_async))
        match kind:
            case "cluster":
                return ", ".join(f"{host}:{port}" for host, port in settings["nodes"])
            case "sentinel":
                return f"sentinel {settings['service']}"
            case _:
                return str(settings.get("path") or f"{settings.get('host', 'localhost')}:{settings.get('port', 6379)}")

    @property
    def given(self) -> SyncClient | AsyncClient | None:
        """The client that was given, if one was."""
        return self._given or self._given_async

    def sync_client(self) -> SyncClient:
        """Return the sync client, opening it if need be.

        Raises:
            ServerError: If it is the client of a cluster, which looks at its nodes at once, and none of them answers.
        """
        if self._given is not None:
            return self._given
        with self._lock:
            if self._opened is None:
                try:
                    self._opened = _open(self._url) if self._url else _twin(cast("AsyncClient", self._given_async))
                except redis_errors.RedisClusterException as error:
                    raise _no_cluster(error, self.address) from error
            return self._opened

    async def async_client(self) -> AsyncClient:
        """Return the async client of the running event loop, opening it if need be.

        Raises:
            ServerError: If it is the client of a cluster, and none of its nodes answers.
        """
        loop = asyncio.get_running_loop()
        if self._given_async is not None:
            if self._home_of_given is None:
                self._home_of_given = loop
            # Its connections belong to the loop that it was first used in; other loops get a twin.
            if self._home_of_given is loop:
                return self._given_async
        kept = self._kept.get(loop)
        if kept is None:
            for closed in [other for other in self._kept if other.is_closed()]:
                del self._kept[closed]
            keeper = self._keep(loop)
            kept = await anext(keeper), keeper
            self._kept[loop] = kept
        return kept[0]

    async def _keep(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[AsyncClient, None]:
        """Hold an async client until the event loop ends: asyncio closes generators that are still open before that."""
        client = _aopen(self._url) if self._url else _atwin(cast("Any", self._given or self._given_async))
        try:
            if isinstance(client, aredis.RedisCluster):
                try:
                    await client.initialize()
                except redis_errors.RedisClusterException as error:
                    raise _no_cluster(error, self.address) from error
            yield client
        finally:
            self._kept.pop(loop, None)
            await client.aclose()

    def close(self) -> None:
        """Close the sync client, unless it was given."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    async def aclose(self) -> None:
        """Close the clients that were opened: the sync one, and the async one of the running event loop."""
        self.close()
        kept = self._kept.get(asyncio.get_running_loop())
        if kept is not None:
            await kept[1].aclose()


def _kind_of(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__name__}"


def _no_cluster(error: redis_errors.RedisClusterException, address: str) -> ServerError:
    if isinstance(error.__cause__, redis_errors.AuthenticationError | redis_errors.AuthorizationError):
        return AuthenticationError(f"the cluster at {address} refused the username or the password: {error}")
    return ServerUnavailableError(
        f"no Redis cluster answers at {address} ({error}); is it running, and is the URL right?"
    )


def _open(url: str) -> SyncClient:
    if is_cluster(url):
        first, others = cluster_parts(url)
        return RedisCluster.from_url(first, startup_nodes=[_ClusterNode(*other) for other in others], **_SETTINGS)
    if url.startswith("redis+sentinel"):
        return cast("Redis", _of_sentinel(_Sentinel, url))
    pool = BlockingConnectionPool.from_url(url, **{**_POOL, **_SETTINGS})
    return Redis.from_pool(pool)


def _aopen(url: str) -> AsyncClient:
    if is_cluster(url):
        first, others = cluster_parts(url)
        return aredis.RedisCluster.from_url(
            first, startup_nodes=[AsyncClusterNode(*other) for other in others] or None, **_SETTINGS
        )
    if url.startswith("redis+sentinel"):
        return cast("aredis.Redis", _of_sentinel(_AsyncSentinel, url))
    pool = aredis.BlockingConnectionPool.from_url(url, **{**_POOL, **_SETTINGS})
    return aredis.Redis.from_pool(pool)


def _of_sentinel(sentinel: Any, url: str) -> Any:
    """Return a client of the master of ``redis+sentinel://[user:password@]host[:port][,...]/[service][/db]``."""
    parts = urlsplit(url)
    service, _, db = parts.path.strip("/").partition("/")
    given = {"username": parts.username, "password": parts.password}
    credentials = {name: unquote(value) for name, value in given.items() if value}
    options = options_of(url)
    settings = {**_SETTINGS, **credentials, "db": int(db or 0), **options}
    timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
    manager = sentinel(hosts_of(parts.netloc, 26379), sentinel_kwargs={**timeouts, **credentials}, **_SETTINGS)
    return manager.master_for(service or "mymaster", **settings)


def _settings_of(client: Any) -> tuple[str, dict[str, Any]]:
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


def _twin(client: AsyncClient) -> SyncClient:
    """Return a sync client with the settings of an async one."""
    kind, settings = _settings_of(client)
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


def _atwin(client: SyncClient | AsyncClient) -> AsyncClient:
    """Return an async client with the settings of another client."""
    kind, settings = _settings_of(client)
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
