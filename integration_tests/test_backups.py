"""Backups: what comes back from an RDB file, an append-only file, and keys alone, and which keys there are."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_tests.backup_support import COUNT, MODEL, READ, faces, read_all, told_keys, write_all
from integration_tests.conftest import Call
from integration_tests.core.core_support import free_port, own_server, until
from redisvl_adapters.core.server.replies import as_mapping
from redisvl_adapters.errors import ServerUnavailableError
from redisvl_adapters.langchain import RedisVectorStore


class Filled(NamedTuple):
    """A server on which something of every kind lies: its folder, a client, and what is read there."""

    folder: Path
    client: redis.Redis
    read: dict[str, Any]


@pytest.fixture(scope="module")
def filled() -> Iterator[Filled]:
    """A server on which something of every kind lies."""
    with own_server("--appendonly", "yes") as (port, folder), redis.Redis(port=port) as client:
        url = f"redis://127.0.0.1:{port}"
        write_all(url)
        client.execute_command("FT.ALIASADD", "live", "docs")
        yield Filled(folder, client, read_all(url))


def test_the_page_lists_every_key_that_there_is(filled: Filled) -> None:
    keys = {key.decode() for key in filled.client.scan_iter(count=1000)}
    patterns = told_keys()
    assert {key for key in keys if not any(fnmatchcase(key, pattern) for pattern in patterns)} == set()
    transient = {"redisvl-adapters/moved@*@journal"}
    assert {each for each in patterns - transient if not any(fnmatchcase(key, each) for key in keys)} == set()


@pytest.mark.parametrize("kind", ["rdb", "aof"])
def test_all_comes_back_with_the_file_of_a_server(filled: Filled, tmp_path: Path, kind: str) -> None:
    if kind == "rdb":
        filled.client.save()
        shutil.copy(filled.folder / "dump.rdb", tmp_path)
    else:
        shutil.copytree(filled.folder / "appendonlydir", tmp_path / "appendonlydir")
    kept = ("--dir", str(tmp_path), "--appendonly", "yes" if kind == "aof" else "no")
    with own_server(*kept) as (port, _), redis.Redis(port=port) as client:
        assert read_all(f"redis://127.0.0.1:{port}") == filled.read
        assert sorted(client.execute_command("FT._LIST")) == sorted(filled.client.execute_command("FT._LIST"))
        assert as_mapping(client.execute_command("FT.INFO", "live"))[b"index_name"] == b"docs"


def test_keys_alone_are_an_index_again_once_it_is_created(filled: Filled) -> None:
    with own_server() as (port, _), redis.Redis(port=port) as client:
        for pattern in ("docs:*", "nodes:*", "redisvl-adapters/docs", "redisvl-adapters/nodes"):
            for key in filled.client.scan_iter(pattern, count=1000):
                dumped: Any = filled.client.dump(key)
                client.restore(key, max(0, filled.client.pttl(key)), dumped)
        url = f"redis://127.0.0.1:{port}"
        with faces(url) as made:
            for name in ("documents", "nodes"):
                assert made[name].count() == 0, "an index is no key"
                made[name].create(4)
        with faces(url) as made:
            for name in ("documents", "nodes"):
                assert READ[name](made[name]) == filled.read[name]


async def test_a_server_that_loads_its_data_is_told_and_waited_for(filled: Filled, tmp_path: Path, call: Call) -> None:
    filled.client.save()
    shutil.copy(filled.folder / "dump.rdb", tmp_path)
    port = free_port()
    slow = ("--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024")
    with ExitStack() as stack:
        starting = threading.Thread(
            target=lambda: stack.enter_context(own_server("--dir", str(tmp_path), *slow, port=port))
        )
        starting.start()
        client = stack.enter_context(redis.Redis(port=port, retry=Retry(NoBackoff(), 0)))
        until(lambda: is_loading(client))
        for retry, waits in ((0, False), (timedelta(seconds=30), True)):
            store = RedisVectorStore(MODEL, index_name="docs", redis_url=f"redis://127.0.0.1:{port}", retry=retry)
            if waits:
                client.config_set("key-load-delay", 0)
                assert await call(store, "count") == COUNT
                assert await call(store, "health")
            else:
                with pytest.raises(ServerUnavailableError, match="loading"):
                    await call(store, "count")
                assert "loading" in (await call(store, "health")).reason
            await store.aclose()
        starting.join()


def is_loading(client: redis.Redis) -> bool:
    """Tell whether a server says that it reads its data."""
    try:
        client.ping()
    except redis.BusyLoadingError:
        return True
    except redis.ConnectionError:
        return False
    raise AssertionError("it has read its data already")
