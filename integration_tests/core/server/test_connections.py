"""Connections: every kind of URL and client, both modes from either, several event loops, and clear errors."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import redis
from redis import asyncio as aredis
from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_tests.conftest import Call
from integration_tests.core.core_support import add, count, ids_of, own_server, record, until, vectors_for, where
from integration_tests.servers import aconnect, connect, only_on_one, with_query
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.errors import AuthenticationError, MissingModuleError, ServerUnavailableError

PASSWORD = "s3cret&p@ss"  # noqa: S105 (of a server that lives for a second)
QUOTED = "s3cret%26p%40ss"


async def check_both_modes(index: RedisIndex) -> None:
    """Write in each mode and read in the other."""
    index.run(operations.upsert(index.state, [record("sync", n=1)], vectors_for("a")))
    await index.arun(operations.upsert(index.state, [record("async", n=2)], vectors_for("a")))
    assert ids_of(index, where("n", "gte", 1)) == {"sync", "async"}
    found = await index.arun(operations.fetch_matching(index.state, where("n", "gte", 1)))
    assert {one.id for one in found} == {"sync", "async"}
    hits = await index.arun(operations.search_by_vector(index.state, [1.0, 0, 0, 0], 5, frame=True, vectors=True))
    assert [hit.record.vector.tolist() for hit in hits if hit.record.vector is not None] == [[1.0, 0, 0, 0]] * 2


# URLs


@pytest.mark.parametrize(
    "query", ["", "protocol=2", "protocol=3", "decode_responses=True", "protocol=3&decode_responses=True"]
)
async def test_a_url_serves_both_modes(redis_url: str, index_name: str, storage: Any, query: str) -> None:
    index = RedisIndex(redis_url=with_query(redis_url, query), index_name=index_name, storage=storage)
    await check_both_modes(index)
    await index.aclose()


async def test_the_environment_names_the_server(
    redis_url: str, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    index = RedisIndex(index_name=index_name)
    await check_both_modes(index)
    await index.aclose()


def test_who_waits_for_a_batch_to_be_sent_is_told_before_its_replies_are_read_on(redis_url: str) -> None:
    index = RedisIndex(index_name="any", redis_url=redis_url)
    state: list[str] = []

    def steps() -> Steps[None]:
        yield [Command(("PING",)), Command(("PING",))]
        state.append("replied")

    index.run(steps(), lambda: state.append("sent"))
    assert state[0] == "sent"
    assert state[-1] == "replied"
    index.close()


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[int, str]]:
    """A server with a user besides the default one: its port and the path of its unix socket."""
    rule = "user ann on >" + PASSWORD + " ~* &* +@all"
    with own_server("--user", *rule.split()[1:], "--unixsocket", "redis.sock", "--requirepass", PASSWORD) as (
        port,
        folder,
    ):
        yield port, str(folder / "redis.sock")


@pytest.mark.parametrize("user", ["", "ann"])
async def test_a_url_with_credentials_serves_both_modes(guarded: tuple[int, str], user: str) -> None:
    index = RedisIndex(redis_url=f"redis://{user}:{QUOTED}@127.0.0.1:{guarded[0]}/0", index_name=f"docs-{user}")
    await check_both_modes(index)
    await index.aclose()


@pytest.mark.parametrize("given", ["url", "client", "async client"])
async def test_a_unix_socket_serves_both_modes(guarded: tuple[int, str], given: str) -> None:
    """llama-index 15: `unix://` raised KeyError."""
    path = guarded[1]
    name = f"unix-{given}"
    if given == "url":
        index = RedisIndex(redis_url=f"unix://ann:{QUOTED}@{path}?db=0", index_name=name)
        await check_both_modes(index)
        await index.aclose()
    elif given == "client":
        with redis.Redis(unix_socket_path=path, username="ann", password=PASSWORD) as client:
            index = RedisIndex(client=client, index_name=name)
            await check_both_modes(index)
            await index.aclose()
    else:
        async with aredis.Redis(unix_socket_path=path, username="ann", password=PASSWORD) as aclient:
            index = RedisIndex(async_client=aclient, index_name=name)
            await check_both_modes(index)
            await index.aclose()


# Clients


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"protocol": 2},
        {"protocol": 3},
        {"decode_responses": True},
        {"protocol": 3, "decode_responses": True},
        {"encoding": "latin-1", "decode_responses": True},
        {"single_connection_client": True},
    ],
    ids=str,
)
async def test_a_client_of_either_kind_serves_both_modes(
    redis_url: str, index_name: str, storage: Any, kind: str, options: dict[str, Any]
) -> None:
    if "single_connection_client" in options:
        only_on_one(redis_url, "a client has connections to each node")
    if kind == "sync":
        with connect(redis_url, **options) as client:
            index = RedisIndex(client=client, index_name=index_name, storage=storage)
            await check_both_modes(index)
            await index.aclose()
            assert client.ping()
    else:
        async with aconnect(redis_url, **options) as aclient:
            index = RedisIndex(async_client=aclient, index_name=index_name, storage=storage)
            await check_both_modes(index)
            await index.aclose()
            assert await aclient.ping()


async def test_clients_of_both_kinds_are_used_each_in_its_mode(redis_url: str, index_name: str) -> None:
    with connect(redis_url, client_name="given-sync") as client:
        async with aconnect(redis_url, client_name="given-async") as aclient:
            index = RedisIndex(client=client, async_client=aclient, index_name=index_name)
            assert index.connection.sync_client() is client
            assert await index.connection.async_client() is aclient
            await check_both_modes(index)
            await index.aclose()
            assert client.ping()
            assert await aclient.ping()


async def test_a_client_with_a_cache_of_its_own_serves_and_never_answers_with_what_was(
    redis_url: str, index_name: str, storage: Any
) -> None:
    cache = pytest.importorskip("redis.cache", reason="this redis-py has no client-side caching")
    with connect(redis_url, protocol=3, cache_config=cache.CacheConfig()) as client:
        index = RedisIndex(client=client, index_name=index_name, storage=storage)
        for text in ("old", "new"):
            changed = Record("a", text, {"n": 1})
            index.run(operations.upsert(index.state, [changed], vectors_for("a")))
            (found,) = index.run(operations.fetch(index.state, ["a"]))
            assert found is not None
            assert found.text == text
            assert ids_of(index, where("n", "eq", 1)) == {"a"}
        await index.aclose()


async def test_a_client_that_learnt_to_parse_json_and_search_replies_serves_all_the_same(
    redis_url: str, index_name: str, storage: Any
) -> None:
    with connect(redis_url) as client:
        client.json().set(f"{index_name}-json", "$", {"a": 1})
        assert client.json().get(f"{index_name}-json") == {"a": 1}
        client.ft(index_name)
        client.set_response_callback("HMGET", lambda _reply, **_options: "mine")
        index = RedisIndex(client=client, index_name=index_name, storage=storage)
        await check_both_modes(index)
        await index.aclose()
        assert client.json().get(f"{index_name}-json") == {"a": 1}
        assert client.hmget("nowhere", "x") == "mine"


def test_a_twin_keeps_the_settings_of_its_client(redis_url: str, index_name: str) -> None:
    only_on_one(redis_url, "each node has a pool of its own")
    kept: dict[str, Any] = {
        "socket_timeout": 7,
        "socket_connect_timeout": 6,
        "health_check_interval": 5,
        "client_name": "mine",
    }
    with connect(redis_url, **kept) as client:
        index = RedisIndex(client=client, index_name=index_name)

        async def look() -> dict[str, Any]:
            twin = await index.connection.async_client()
            return dict(twin.connection_pool.connection_kwargs)  # type: ignore[union-attr]  # no cluster

        assert {name: asyncio.run(look())[name] for name in kept} == kept
        index.close()


async def test_our_connections_have_a_name_that_an_administrator_can_see(
    redis_url: str, server: redis.Redis, index_name: str
) -> None:
    index = RedisIndex(redis_url=redis_url, index_name=index_name)
    await check_both_modes(index)
    assert [client["name"] for client in server.client_list()].count("redisvl-adapters") >= 2
    await index.aclose()


# Event loops and closing


@pytest.fixture(params=["url", "client", "async client"])
def many_loops(request: pytest.FixtureRequest, redis_url: str, index_name: str) -> Iterator[RedisIndex]:
    """An index whose connection is given in each of the ways."""
    if request.param == "url":
        index = RedisIndex(redis_url=redis_url, index_name=index_name)
        yield index
        index.close()
    elif request.param == "client":
        with connect(redis_url) as client:
            index = RedisIndex(client=client, index_name=index_name)
            yield index
            index.close()
    else:
        aclient = aconnect(redis_url)
        index = RedisIndex(async_client=aclient, index_name=index_name)
        yield index
        index.close()


def test_one_index_survives_many_event_loops(many_loops: RedisIndex, redis_url: str) -> None:
    """llama-index 15: a second `asyncio.run` failed."""
    index = many_loops

    async def work(n: int) -> int:
        await index.arun(operations.upsert(index.state, [record(str(n), n=n)], vectors_for("a")))
        counted = await asyncio.gather(*(index.arun(operations.count(index.state)) for _ in range(5)))
        given = index.connection.given
        if n == 0 and isinstance(given, aredis.Redis):
            await given.aclose()  # by its owner, on the loop that it was used on
        return max(counted)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [asyncio.run(work(n)) for n in range(4)] == [1, 2, 3, 4]
        assert count(index) == 4
        gc.collect()


def test_two_event_loops_at_once_are_served(redis_url: str, index_name: str) -> None:
    index = RedisIndex(redis_url=redis_url, index_name=index_name)

    async def outer() -> int:
        add(index, record("a"))
        inner = await asyncio.to_thread(lambda: asyncio.run(index.arun(operations.count(index.state))))
        return inner + await index.arun(operations.count(index.state))

    assert asyncio.run(outer()) == 2
    index.close()


async def test_closing_leaves_no_connection_behind_and_the_index_can_be_used_again(
    redis_url: str, server: redis.Redis, index_name: str
) -> None:
    """langchain-redis 21: no close(), and a new client on each call."""
    only_on_one(redis_url, "there are connections to each node")
    index = RedisIndex(redis_url=with_query(redis_url, f"client_name={index_name}"), index_name=index_name)

    def open_connections() -> int:
        return [client["name"] for client in server.client_list()].count(index_name)

    for _ in range(2):
        await check_both_modes(index)
        for _ in range(20):
            await index.arun(operations.count(index.state))
            count(index)
        assert open_connections() == 2
        await index.aclose()
        # The server notices a closed connection when its turn comes.
        until(lambda: open_connections() == 0)
        await index.aclose()
        index.close()


# What goes wrong


@pytest.fixture
async def trial() -> AsyncIterator[Callable[..., RedisIndex]]:
    """Make indexes that are closed after the test."""
    made: list[RedisIndex] = []

    def make(**options: Any) -> RedisIndex:
        made.append(RedisIndex(index_name="docs", **options))
        return made[-1]

    yield make
    for index in made:
        await index.aclose()


@pytest.mark.parametrize("credentials", ["ann:wr0ng", "nobody:wr0ng", ":wr0ng", ""])
async def test_a_wrong_password_is_told_without_the_password(
    guarded: tuple[int, str], trial: Callable[..., RedisIndex], call: Call, credentials: str
) -> None:
    index = trial(redis_url=f"redis://{credentials}{'@' if credentials else ''}127.0.0.1:{guarded[0]}")
    with pytest.raises(AuthenticationError, match=f"127.0.0.1:{guarded[0]}") as refusal:
        await call(index, "run", operations.count(index.state))
    assert "wr0ng" not in str(refusal.value)


@pytest.mark.parametrize("given", ["url", "client"])
async def test_a_server_that_is_not_there_is_told_by_its_address(
    trial: Callable[..., RedisIndex], call: Call, given: str, unused_tcp_port: int
) -> None:
    if given == "url":
        index = trial(redis_url=f"redis://ann:{QUOTED}@127.0.0.1:{unused_tcp_port}")
    else:
        at_once: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}
        client = redis.Redis(host="127.0.0.1", port=unused_tcp_port, username="ann", password=PASSWORD, **at_once)
        index = trial(client=client)
    with pytest.raises(ServerUnavailableError, match=f"127.0.0.1:{unused_tcp_port}") as refusal:
        await call(index, "run", operations.count(index.state))
    assert "s3cret" not in str(refusal.value)
    assert isinstance(refusal.value, ConnectionError)


@pytest.mark.parametrize(
    ("modules", "storage", "missing"),
    [((), "hash", "search"), (("rejson",), "json", "search"), (("redisearch",), "json", "JSON")],
    ids=["nothing", "no search", "no JSON"],
)
async def test_a_server_without_a_module_is_told_what_to_run(
    trial: Callable[..., RedisIndex], call: Call, modules: tuple[str, ...], storage: str, missing: str
) -> None:
    with own_server(modules=modules) as (port, _):
        index = trial(redis_url=f"redis://127.0.0.1:{port}", storage=storage)
        with pytest.raises(MissingModuleError, match=rf"{missing}.*redis:8"):
            await call(index, "run", operations.upsert(index.state, [record("a")], vectors_for("a")))
        await index.aclose()


async def test_a_server_without_json_serves_hashes(trial: Callable[..., RedisIndex]) -> None:
    with own_server(modules=["redisearch"]) as (port, _):
        index = trial(redis_url=f"redis://127.0.0.1:{port}")
        await check_both_modes(index)
        await index.aclose()
