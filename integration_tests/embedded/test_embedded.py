"""EmbeddedRedis with real servers: what it serves, what it keeps, and that nothing of it is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from integration_tests.embedded.embedded_support import (
    Traces,
    connect,
    index_and_add,
    nearest,
    ps,
    running,
    starts,
    traces,
    until,
)
from redisvl_adapters import embedded
from redisvl_adapters.embedded import EmbeddedRedis, candidates
from redisvl_adapters.embedded.candidates import SERVER_VARIABLE, find_candidates
from redisvl_adapters.errors import EmbeddedRedisError


def test_search_and_json_work_through_the_url() -> None:
    with EmbeddedRedis() as server, connect(server.url) as client:
        index_and_add(client)
        assert nearest(client) == ["docs:near"]
        assert client.json().get("docs:far") == {"v": [9, 9]}


def test_without_the_password_nothing_is_served() -> None:
    with EmbeddedRedis() as server, connect(server.url.replace(":", ":x", 2).replace(":x//", "://")) as client:
        assert client.connection_pool.connection_kwargs["password"].startswith("x")
        with pytest.raises(redis.AuthenticationError):
            client.ping()


def test_no_process_shows_the_password_in_its_arguments() -> None:
    with EmbeddedRedis() as server:
        password = server.url.removeprefix("redis://:").partition("@")[0]
        arguments = ps("-A", "-o", "args=")
        assert "redisvl-adapters-watchdog" in arguments
        assert password not in arguments


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # a folder that was there before stays as it is; what comes into it is private
    with EmbeddedRedis(tmp_path) as server:
        folder = traces(server.url).folder
        assert folder.stat().st_mode & 0o777 == 0o700
        for file in (folder / "redis.conf", folder / "log", *(tmp_path / "appendonlydir").iterdir()):
            assert file.stat().st_mode & 0o777 == 0o600, file


def test_without_a_path_nothing_is_kept_and_nothing_is_left() -> None:
    server = EmbeddedRedis()
    with server, connect(server.url) as client:
        client.set("key", "value")
        left = traces(server.url)
    assert left.gone()
    with server, connect(server.url) as client:
        assert client.dbsize() == 0


def test_with_a_path_data_and_indexes_are_back_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / 'new "folder" \\ of ünusual name'
    with EmbeddedRedis(folder) as server, connect(server.url) as client:
        index_and_add(client)
        left = traces(server.url)
    assert left.gone()
    assert folder.stat().st_mode & 0o777 == 0o700
    with EmbeddedRedis(str(folder)) as server, connect(server.url) as client:
        until(lambda: nearest(client) == ["docs:near"], "the index is back")
        assert client.json().get("docs:far") == {"v": [9, 9]}


def test_a_server_that_is_loading_its_data_is_given_more_time_than_one_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {f"key:{number}": "x" * 100 for number in range(300)}
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        for key, value in keys.items():
            client.set(key, value)
    render = embedded.render_config

    def render_slow(*arguments: Any, **options: Any) -> str:
        # 5 ms for each key, and an answer to whoever asks every 1024 bytes.
        return render(*arguments, **options) + "key-load-delay 5000\nloading-process-events-interval-bytes 1024\n"

    monkeypatch.setattr(embedded, "render_config", render_slow)
    monkeypatch.setattr(embedded, "START_SECONDS", 1.0)
    began = time.monotonic()
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        assert time.monotonic() - began > embedded.START_SECONDS
        assert client.dbsize() == len(keys)


def test_a_relative_path_stays_where_it_was_when_the_program_changes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = EmbeddedRedis("data")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with server:
        assert (tmp_path / "data").is_dir()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_starting_and_stopping_twice_is_starting_and_stopping_once() -> None:
    server = EmbeddedRedis()
    try:
        assert server.start() is server
        url = server.url
        assert server.start().url == url
        left = traces(url)
    finally:
        server.stop()
    server.stop()
    assert left.gone()
    with pytest.raises(EmbeddedRedisError, match="not running"):
        _ = server.url


def test_a_stopped_server_starts_again_under_another_password(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    with server, connect(server.url) as client:
        first = server.url
        client.set("key", "value")
    with server, connect(server.url) as client:
        assert server.url != first
        assert client.get("key") == "value"


def test_an_exception_in_the_block_passes_and_leaves_nothing() -> None:
    left: list[Traces] = []

    def fail() -> None:
        with EmbeddedRedis() as server:
            left.append(traces(server.url))
            raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        fail()
    assert left[0].gone()


def test_two_objects_cannot_use_one_path(tmp_path: Path) -> None:
    other = EmbeddedRedis(tmp_path)
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        with pytest.raises(EmbeddedRedisError, match=rf"'{tmp_path}' is in use .*process {os.getpid()}"):
            other.start()
        assert client.ping()
    with other:
        assert other.url


def test_the_port_asked_for_is_the_port_got() -> None:
    port = embedded._free_port()
    with EmbeddedRedis(port=port) as server:
        assert f"@127.0.0.1:{port}/" in server.url


def test_a_port_in_use_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedRedisError, match=f"port {port} on 127.0.0.1 is in use"):
            EmbeddedRedis(tmp_path, port).start()
    with EmbeddedRedis(tmp_path, port) as server:  # and the folder is not left locked
        assert server.url


def test_a_free_port_that_is_taken_before_it_is_bound_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedRedis() as other, connect(other.url) as client:
        run: Callable[..., object] = client.execute_command
        run("CONFIG", "SET", "requirepass", "")  # so that it takes our password, too
        taken = int(client.connection_pool.connection_kwargs["port"])
        ports = [taken, taken, embedded._free_port()]
        last = ports[-1]
        monkeypatch.setattr(embedded, "_free_port", lambda: ports.pop(0))
        with EmbeddedRedis() as server:
            assert f":{last}/" in server.url
        assert ports == []


def test_many_threads_can_start_servers_at_once() -> None:
    servers = [EmbeddedRedis() for _ in range(8)]
    try:
        with ThreadPoolExecutor(8) as pool:
            urls = set(pool.map(lambda server: server.start().url, servers))
        assert len(urls) == len(servers)
    finally:
        for server in servers:
            server.stop()


def test_a_server_started_in_a_thread_outlives_the_thread() -> None:
    server = EmbeddedRedis()
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        left = traces(server.url)
        assert running(left.server)
    finally:
        server.stop()
    assert left.gone()


def test_a_server_that_dies_is_noticed_and_can_be_started_again() -> None:
    with EmbeddedRedis() as server:
        first = traces(server.url)
        os.kill(first.server, signal.SIGKILL)
        until((first.folder / "ended").exists, "the watchdog notices")
        with pytest.raises(EmbeddedRedisError, match="has ended by itself"):
            _ = server.url
        server.start()
        assert first.gone()
        with connect(server.url) as client:
            assert client.ping()


def test_a_killed_watchdog_does_not_keep_the_server_alive() -> None:
    with EmbeddedRedis() as server:
        left = traces(server.url)
        os.kill(left.watchdog, signal.SIGKILL)
    until(left.gone, "the server and its folder are gone")


def test_a_named_server_is_served_with_the_modules_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = next(candidate for candidate in find_candidates() if starts(candidate.server))
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib").mkdir()
    server = shutil.copy(candidate.server, tmp_path / "bin")
    for module in candidate.modules:
        (tmp_path / "lib" / module.name).symlink_to(module)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv(SERVER_VARIABLE, str(server))
    with EmbeddedRedis() as embedded_redis, connect(embedded_redis.url) as client:
        assert client.info("server")["executable"] == str(server)
        index_and_add(client)
        assert nearest(client) == ["docs:near"]


def test_a_named_server_without_search_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    server = next(candidate.server for candidate in find_candidates() if starts(candidate.server))
    monkeypatch.setenv(SERVER_VARIABLE, str(server))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr(candidates, "_modules_in", lambda _folder: ())
    with pytest.raises(EmbeddedRedisError, match=rf"{SERVER_VARIABLE} is set, but .*lacks search or JSON"):
        EmbeddedRedis().start()
