"""TLS: a proxy that terminates it stands in front of the server, and nothing that is not encrypted gets through."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import redis
import trustme
from redis import asyncio as aredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_tests.core.core_support import own_sentinel
from integration_tests.core.server.test_connections import check_both_modes
from integration_tests.servers import only_on_one
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.errors import ServerUnavailableError


class Proxy(NamedTuple):
    """A proxy: its port and context, and the files of the authority, of a client's certificate and of its key."""

    port: int
    context: ssl.SSLContext
    authority: str
    certificate: str
    key: str


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int]) -> None:
    """Carry what one client says to the server and back."""
    there_reader, there_writer = await asyncio.open_connection(*target)

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))


@contextlib.contextmanager
def terminating(context: ssl.SSLContext, target: tuple[str, int]) -> Iterator[int]:
    """Run a proxy in a thread of its own; yields its port."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ports: list[int] = []
    stopping = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(lambda r, w: relay(r, w, target), "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stopping.wait()
        server.close()
        relays = asyncio.all_tasks() - {asyncio.current_task()}
        for task in relays:
            task.cancel()
        await asyncio.gather(*relays, return_exceptions=True)

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join()


@pytest.fixture(scope="module")
def proxy(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy that also wants a certificate of its clients."""
    parts = urlsplit(redis_url)
    only_on_one(redis_url, "nodes name their own addresses, which a proxy does not have")
    if parts.scheme != "redis":
        pytest.skip("the server at REDIS_URL cannot be put behind a plain proxy")
    authority = trustme.CA()
    folder: Path = tmp_path_factory.mktemp("tls")
    files = {name: str(folder / name) for name in ("authority", "certificate", "key")}
    authority.cert_pem.write_to_path(files["authority"])
    ours = authority.issue_cert("client@example.org")
    ours.private_key_pem.write_to_path(files["key"])
    ours.cert_chain_pems[0].write_to_path(files["certificate"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with terminating(context, (parts.hostname or "localhost", parts.port or 6379)) as port:
        yield Proxy(port, context, **files)


@pytest.fixture
def settings(redis_url: str, proxy: Proxy) -> dict[str, Any]:
    """What a client is made with."""
    kwargs = redis.ConnectionPool.from_url(redis_url).connection_kwargs
    credentials: dict[str, Any] = {name: kwargs[name] for name in ("username", "password", "db") if name in kwargs}
    tls: dict[str, Any] = {"ssl_ca_certs": proxy.authority, "ssl_certfile": proxy.certificate, "ssl_keyfile": proxy.key}
    return {"host": "localhost", "port": proxy.port, "ssl": True, **tls, **credentials}


@pytest.fixture
def tls_url(redis_url: str, proxy: Proxy) -> str:
    """The URL of the proxy, with the files in its query."""
    credentials, at, _ = urlsplit(redis_url).netloc.rpartition("@")
    files = f"ssl_ca_certs={proxy.authority}&ssl_certfile={proxy.certificate}&ssl_keyfile={proxy.key}"
    return f"rediss://{credentials}{at}localhost:{proxy.port}/0?{files}"


async def test_a_tls_url_serves_both_modes(tls_url: str, index_name: str, storage: Any) -> None:
    """llama-index 15: async over TLS connected in plaintext."""
    index = RedisIndex(redis_url=tls_url, index_name=index_name, storage=storage)
    await check_both_modes(index)
    await index.aclose()


async def test_a_url_of_sentinels_serves_both_modes_by_tls(redis_url: str, proxy: Proxy, index_name: str) -> None:
    credentials, at, _ = urlsplit(redis_url).netloc.rpartition("@")
    files = f"ssl_ca_certs={proxy.authority}&ssl_certfile={proxy.certificate}&ssl_keyfile={proxy.key}"
    # It cannot talk to the proxy itself, and so is told to wait long before it takes the master for dead.
    patient = "sentinel down-after-milliseconds mymaster 600000"
    with (
        own_sentinel(proxy.port, patient, "requirepass watch") as port,
        terminating(proxy.context, ("127.0.0.1", port)) as guarded,
    ):
        query = f"{files}&sentinel_password=watch&sentinel_timeout=5"
        url = f"rediss+sentinel://{credentials}{at}localhost:{guarded}/mymaster/0?{query}"
        index = RedisIndex(redis_url=url, index_name=index_name)
        await check_both_modes(index)
        await index.aclose()
        plain = RedisIndex(
            redis_url=url.replace("rediss", "redis").replace(files, "client_name=x"), index_name="x", retry=0
        )
        with pytest.raises(ServerUnavailableError, match="no Sentinel at"):
            await plain.arun(operations.count(plain.state))
        await plain.aclose()


async def test_the_twin_of_a_tls_client_keeps_tls_and_credentials(settings: dict[str, Any], index_name: str) -> None:
    with redis.Redis(**settings) as client:
        index = RedisIndex(client=client, index_name=index_name)
        await check_both_modes(index)
        await index.aclose()


async def test_the_twin_of_an_async_tls_client_keeps_tls_and_credentials(
    settings: dict[str, Any], index_name: str
) -> None:
    async with aredis.Redis(**settings) as aclient:
        index = RedisIndex(async_client=aclient, index_name=index_name)
        await check_both_modes(index)
        await index.aclose()


def test_a_tls_client_survives_many_event_loops(settings: dict[str, Any], index_name: str) -> None:
    with redis.Redis(**settings) as client:
        index = RedisIndex(client=client, index_name=index_name)
        assert [asyncio.run(index.arun(operations.count(index.state))) for _ in range(3)] == [0, 0, 0]
        index.close()


@pytest.mark.parametrize("given", ["client", "async client"])
async def test_a_twin_checks_the_certificate_as_its_client_does(
    settings: dict[str, Any], index_name: str, given: str
) -> None:
    settings |= {"ssl_ca_certs": None, "retry": Retry(NoBackoff(), 0)}
    if given == "client":
        with redis.Redis(**settings) as client:
            index = RedisIndex(client=client, index_name=index_name)
            with pytest.raises(ServerUnavailableError, match=r"(?i)certificate"):
                await index.arun(operations.count(index.state))
            await index.aclose()
    else:
        async with aredis.Redis(**settings | {"retry": AsyncRetry(NoBackoff(), 0)}) as aclient:
            index = RedisIndex(async_client=aclient, index_name=index_name)
            with pytest.raises(ServerUnavailableError, match=r"(?i)certificate"):
                index.run(operations.count(index.state))
            await index.aclose()
