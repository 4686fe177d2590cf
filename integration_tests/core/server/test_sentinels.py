"""Real Sentinels: hosts that are dead or silent cost little, and each has the credentials that the URL gives it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from inspect import isawaitable
from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.core_support import free_port, own_sentinel, own_server
from integration_tests.core.server.test_connections import check_both_modes
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.errors import AuthenticationError, ServerUnavailableError
from redisvl_adapters.langchain import RedisByteStore

PASSWORD = "s3cret&p@ss"  # noqa: S105 (of a server that lives for a second)
QUOTED = "s3cret%26p%40ss"


@pytest.fixture(scope="module")
def master() -> Iterator[int]:
    """A server with a password, and one of a user besides: its port."""
    rule = ("ann", "on", f">{PASSWORD}", "~*", "&*", "+@all")
    with own_server("--user", *rule, "--requirepass", PASSWORD) as (port, _):
        yield port


@pytest.fixture(scope="module")
def sentinel(master: int) -> Iterator[int]:
    """A Sentinel of it without a password."""
    with own_sentinel(master, f'sentinel auth-pass mymaster "{PASSWORD}"') as port:
        yield port


@pytest.fixture(scope="module")
def guarded(master: int) -> Iterator[int]:
    """A Sentinel with a password, and a user besides."""
    with own_sentinel(
        master, f'sentinel auth-pass mymaster "{PASSWORD}"', "requirepass watch", "user bob on >look +sentinel|masters"
    ) as port:
        yield port


@pytest.fixture(params=["dead", "silent"])
def first(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a first host that refuses connections, or takes them and says nothing."""
    with contextlib.ExitStack() as stack:
        if request.param == "dead":
            yield free_port()
        else:
            yield stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]


@pytest.mark.parametrize("service", ["mymaster", ""])
async def test_a_first_host_that_is_away_costs_less_than_a_second(
    first: int, sentinel: int, call: Call, service: str
) -> None:
    url = f"redis+sentinel://:{QUOTED}@127.0.0.1:{first},127.0.0.1:{sentinel}/{service}?sentinel_password="
    store = RedisByteStore(redis_url=url)
    began = time.monotonic()
    await call(store, "mset", [("key", b"value")])
    assert time.monotonic() - began < 1
    assert await call(store, "mget", ["key"]) == [b"value"]
    await store.aclose()


@pytest.mark.parametrize("user", ["", "ann"])
@pytest.mark.parametrize(
    "credentials", ["sentinel_password=watch", "sentinel_username=bob&sentinel_password=look"], ids=["password", "user"]
)
async def test_sentinels_have_credentials_of_their_own(master: int, guarded: int, user: str, credentials: str) -> None:
    url = f"redis+sentinel://{user}:{QUOTED}@127.0.0.1:{guarded}/mymaster/0?{credentials}"
    index = RedisIndex(redis_url=url, index_name=f"docs-{user}-{len(credentials)}")
    await check_both_modes(index)
    for client in (index.connection.sync_client(), await index.connection.async_client()):
        name: Any = client.client_getname()
        assert (await name if isawaitable(name) else name) == "redisvl-adapters"
    await index.aclose()
    assert index.connection.address == f"redis+sentinel://127.0.0.1:{guarded}/mymaster/0"


@pytest.mark.parametrize("query", ["", "?sentinel_password=wr0ng", "?sentinel_username=bob&sentinel_password=wr0ng"])
async def test_a_sentinel_that_refuses_is_told_by_what_to_write(guarded: int, call: Call, query: str) -> None:
    store = RedisByteStore(redis_url=f"redis+sentinel://:{QUOTED}@127.0.0.1:{guarded}/mymaster{query}", retry=0)
    with pytest.raises(AuthenticationError, match=f"127.0.0.1:{guarded}.*sentinel_password in the URL") as told:
        await call(store, "mget", ["key"])
    assert_short(str(told.value))
    await store.aclose()


async def test_the_wrong_password_of_the_master_is_told(guarded: int, call: Call) -> None:
    url = f"redis+sentinel://:wr0ng@127.0.0.1:{guarded}/mymaster?sentinel_password=watch"
    store = RedisByteStore(redis_url=url, retry=0)
    with pytest.raises(AuthenticationError, match="refused the username or the password") as told:
        await call(store, "mget", ["key"])
    assert_short(str(told.value))
    await store.aclose()


async def test_sentinels_that_are_all_away_are_told_in_one_line(first: int, call: Call) -> None:
    url = f"redis+sentinel://:{QUOTED}@127.0.0.1:{first},127.0.0.1:{free_port()}/mymaster?sentinel_timeout=0.1"
    store = RedisByteStore(redis_url=url, retry=0)
    began = time.monotonic()
    with pytest.raises(ServerUnavailableError, match=rf"no Sentinel at .*:{first}.*names a master .*Error") as told:
        await call(store, "mget", ["key"])
    assert time.monotonic() - began < 1
    assert_short(str(told.value))
    await store.aclose()


async def test_a_service_that_nobody_knows_is_told(sentinel: int, call: Call) -> None:
    url = f"redis+sentinel://:{QUOTED}@127.0.0.1:{sentinel}/other?sentinel_password="
    index = RedisIndex(redis_url=url, index_name="docs", retry=0)
    with pytest.raises(ServerUnavailableError, match=r"/other names a master .* is the name of the service right"):
        await call(index, "run", operations.count(index.state))
    await index.aclose()


def assert_short(message: str) -> None:
    """Check that a message is one line of bounded length, without passwords."""
    assert len(message) <= 300
    assert message.isprintable()
    for secret in ("s3cret", "wr0ng", "watch", "look"):
        assert secret not in message
