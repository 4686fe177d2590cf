"""The clients of a store: a sync client, and an async client for each event loop, opened when they are first needed."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from functools import cached_property
from typing import Any, cast

from redis import Redis, RedisCluster
from redis import asyncio as aredis
from redis import exceptions as redis_errors

from redisvl_adapters.core.server.clients import (
    AsyncClient,
    SyncClient,
    aclose_client,
    async_twin,
    close_client,
    open_async_client,
    open_client,
    settings_of,
    sync_twin,
)
from redisvl_adapters.core.server.endpoint import Endpoint, endpoint_of_client, endpoint_of_url
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.core.server.replies import readable, shortened
from redisvl_adapters.core.server.retrying_drivers import FAILURES, translate_error
from redisvl_adapters.core.server.urls import DEFAULT_URL, check_url, split_url, url_database, url_options
from redisvl_adapters.core.server.waits import DEFAULT_RETRY, DEFAULT_TIMEOUT, Retry, check_retry, check_timeout
from redisvl_adapters.errors import ArgumentError, AuthenticationError, ServerError, ServerUnavailableError


class Connection:
    """The clients of a store: opened when first needed, or given, or made from a given one.

    A sync client serves async calls too, through an async client with the same settings, and the reverse. Each event
    loop has an async client of its own, which is closed with the loop.

    Args:
        redis_url: See ``ConnectionOptions``, as for the rest.
        client: A sync client to use instead of a URL.
        async_client: An async client to use instead of a URL.
        socket_connect_timeout: How many seconds a connection may take to be made.
        socket_timeout: How many seconds a reply may take.
        retry: How many times, or for how long, a round trip is made again.

    Attributes:
        retry: The same.

    Raises:
        ArgumentError: If both a URL and a client are given, or a time limit twice or to a client, or anything is not
            what it should be.
    """

    def __init__(
        self,
        redis_url: str | None = None,
        client: SyncClient | None = None,
        async_client: AsyncClient | None = None,
        socket_connect_timeout: float | None = None,
        socket_timeout: float | None = None,
        retry: Retry = DEFAULT_RETRY,
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
        self.retry = check_retry(retry)
        self._limits = {
            name: seconds
            for name, seconds in (
                ("socket_connect_timeout", socket_connect_timeout),
                ("socket_timeout", socket_timeout),
            )
            if seconds is not None
        }
        if self._limits and (client is not None or async_client is not None):
            raise ArgumentError(f"{next(iter(self._limits))} is for a redis_url; a client that is given has its own")
        limits = {name: check_timeout(seconds, name) for name, seconds in self._limits.items()}
        self._timeouts = {"socket_connect_timeout": DEFAULT_TIMEOUT, "socket_timeout": DEFAULT_TIMEOUT, **limits}
        self._url = None
        if client is None and async_client is None:
            named = "the environment variable REDIS_URL" if redis_url is None else "redis_url"
            self._url = check_url(
                (os.environ.get("REDIS_URL") or DEFAULT_URL) if redis_url is None else redis_url, named
            )
            if twice := self._limits.keys() & url_options(self._url).keys():
                raise ArgumentError(f"{min(twice)} is in {named} too; give it once")
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
        return _connection, (self.arguments,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Connection:
        """Return another connection to the same server; a client that was given serves both."""
        return Connection(**self.arguments)

    @property
    def arguments(self) -> ConnectionOptions:
        """What makes another connection to the same server; a client that was given serves both."""
        return {
            "redis_url": self._url,
            "client": self._given,
            "async_client": self._given_async,
            "socket_connect_timeout": self._limits.get("socket_connect_timeout"),
            "socket_timeout": self._limits.get("socket_timeout"),
            "retry": self.retry,
        }

    @property
    def address(self) -> str:
        """Where the server is, without credentials."""
        if self._url is not None:
            parts = split_url(self._url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        kind, settings = settings_of(cast("Any", self._given or self._given_async))
        match kind:
            case "cluster":
                return ", ".join(f"{host}:{port}" for host, port in settings["nodes"])
            case "sentinel":
                return f"sentinel {settings['service']}"
            case _:
                return str(settings.get("path") or f"{settings.get('host', 'localhost')}:{settings.get('port', 6379)}")

    @cached_property
    def endpoint(self) -> Endpoint:
        """Where the server is, and its database, as attributes of spans and measurements."""
        where = (
            endpoint_of_client(*settings_of(cast("Any", self._given or self._given_async)))
            if self._url is None
            else endpoint_of_url(self._url)
        )
        return {"db.namespace": str(self.database), **where}

    @property
    def database(self) -> int:
        """The number of the database, as far as the URL or the given client tells it."""
        if self._url is not None:
            return url_database(self._url)
        _, settings = settings_of(cast("Any", self._given or self._given_async))
        return int(settings.get("db") or 0)

    @property
    def given(self) -> SyncClient | AsyncClient | None:
        """The client that was given, if one was."""
        return self._given or self._given_async

    def refuse_given(self, done: str, what: str = "a store") -> None:
        """Raise an error if a client was given: of a URL alone another connection can be made elsewhere.

        Args:
            done: What a store with a client cannot be, for the message: "written down".
            what: What has the client, for the message.

        Raises:
            ArgumentError: If a client was given.
        """
        if self.given is not None:
            raise ArgumentError(f"{what} that was given a client cannot be {done}; make it with redis_url instead")

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
                    self._opened = (
                        open_client(self._url, self._timeouts)
                        if self._url
                        else sync_twin(cast("AsyncClient", self._given_async))
                    )
                except FAILURES as error:
                    raise _cannot_open(error, self.address) from error
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
            # Nothing is waited for, so that tasks which begin at once share one client.
            kept = await anext(keeper), keeper
            self._kept[loop] = kept
        client = kept[0]
        if isinstance(client, aredis.RedisCluster):
            try:
                await client.initialize()
            except FAILURES as error:
                raise _cannot_open(error, self.address) from error
        return client

    async def _keep(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[AsyncClient, None]:
        """Hold an async client until the event loop ends: asyncio closes generators that are still open before that."""
        client = (
            open_async_client(self._url, self._timeouts)
            if self._url
            else async_twin(cast("Any", self._given or self._given_async))
        )
        try:
            yield client
        finally:
            self._kept.pop(loop, None)
            await aclose_client(client)

    def close(self) -> None:
        """Close the sync client, unless it was given."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            close_client(opened)

    async def aclose(self) -> None:
        """Close the clients that were opened: the sync one, and the async one of the running event loop."""
        self.close()
        kept = self._kept.get(asyncio.get_running_loop())
        if kept is not None:
            await kept[1].aclose()


def _connection(arguments: ConnectionOptions) -> Connection:
    return Connection(**arguments)


def _kind_of(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__name__}"


def _cannot_open(error: Exception, address: str) -> ServerError:
    """Return the error for the client of a cluster, which looks at its nodes when it is made."""
    if not isinstance(error, redis_errors.RedisClusterException):
        return translate_error(error, address)
    for cause in (error.__cause__, error.__cause__ and error.__cause__.__context__):
        # redis-py says of whatever is refused that it is no cluster.
        if isinstance(cause, redis_errors.NoPermissionError):
            return translate_error(cause, address)
    address, said = shortened(address), readable(error, 130)
    if isinstance(error.__cause__, redis_errors.AuthenticationError | redis_errors.AuthorizationError):
        return AuthenticationError(f"the cluster at {address} refused the username or the password: {said}")
    if "Cluster mode is not enabled" in said:
        return ServerUnavailableError(
            f"the Redis server at {address} is no cluster; leave out cluster=true, or give it a plain client"
        )
    return ServerUnavailableError(
        f"no Redis cluster answers at {address} ({said}); is it running, and is the URL right?"
    )
