"""What the tests against a real Redis share: a server, fresh index names, and every storage and mode."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import pytest
import redis
from ulid import ULID

from integration_tests.servers import connect
from integration_tests.sharded import sharded
from redisvl_adapters.embedded import EmbeddedRedis

Call: TypeAlias = Callable[..., Awaitable[Any]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that are marked ``sharded`` on a sharded database too, where no other server was named."""
    if metafunc.definition.get_closest_marker("sharded") and "redis_url" in metafunc.fixturenames:
        kinds = ["single"] if "REDIS_URL" in os.environ else ["single", "sharded"]
        metafunc.parametrize("redis_url", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def single_url() -> Iterator[str]:
    """The server: that of REDIS_URL, or an embedded one."""
    if url := os.environ.get("REDIS_URL"):
        yield url
    else:
        with EmbeddedRedis() as server:
            yield server.url


@pytest.fixture(scope="session")
def sharded_url(single_url: str) -> Iterator[str]:
    """A sharded database behind one address, made of the server."""
    with sharded(single_url) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> str:
    """The server that a test runs on: see the mark ``sharded``."""
    return str(request.getfixturevalue(f"{getattr(request, 'param', 'single')}_url"))


@pytest.fixture(scope="session")
def server(redis_url: str) -> Iterator[redis.Redis]:
    """A client, to look at what lies in Redis and to play the other application."""
    with connect(redis_url, protocol=2) as client:
        yield client


@pytest.fixture
def index_name(server: redis.Redis) -> Iterator[str]:
    """The name of an index that nobody else has; it is dropped after the test."""
    name = f"test-{ULID()}"
    yield name
    for index in server.execute_command("FT._LIST"):
        if index.decode().startswith(name):
            server.execute_command("FT.DROPINDEX", index, "DD")
    for pattern in (f"{name}*", f"redisvl-adapters/{name}*"):
        for key in server.scan_iter(pattern, count=1000):
            server.unlink(key)


@pytest.fixture(params=["hash", "json"])
def storage(request: pytest.FixtureRequest) -> str:
    """Where records lie."""
    return str(request.param)


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """What runs a method of a store, given by its sync name, or its async twin."""

    async def sync(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(target, name)(*args, **kwargs)

    async def twin(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        method = getattr(target, f"async_{name}", None) or getattr(target, f"a{name}")
        return await method(*args, **kwargs)

    return sync if request.param == "sync" else twin
