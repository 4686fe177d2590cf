"""What the tests of the embedded server share: servers and their traces, programs, and waiting."""

from __future__ import annotations

import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest
import redis

Launch: TypeAlias = Callable[..., subprocess.Popen[str]]

DEADLINE = 30.0  # seconds; what is waited for takes a tenth of one

SERVE = """
import sys
from redisvl_adapters.embedded import EmbeddedRedis
server = EmbeddedRedis(*sys.argv[1:]).start()
print(server.url, flush=True)
sys.stdin.readline()
"""


class Traces(NamedTuple):
    """What a running server has in the system."""

    server: int
    watchdog: int
    folder: Path

    def gone(self) -> bool:
        return not running(self.server) and not running(self.watchdog) and not self.folder.exists()


def until(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as the condition holds, or fail at the deadline."""
    give_up = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > give_up:
            pytest.fail(f"not within {DEADLINE:.0f} seconds: {what}")
        time.sleep(0.01)


def ps(*arguments: str) -> str:
    return subprocess.run(["ps", "-ww", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def running(process: int) -> bool:
    state = ps("-o", "stat=", "-p", str(process))
    return state != "" and not state.startswith("Z")  # where process 1 reaps nobody, what has ended stays as a zombie


def traces(url: str) -> Traces:
    with connect(url) as client:
        info = client.info("server")
    server = int(info["process_id"])
    return Traces(server, int(ps("-o", "ppid=", "-p", str(server))), Path(info["config_file"]).parent)


def connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, protocol=2)


def first_line(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    line = program.stdout.readline().strip()
    assert line, f"no output; stderr: {program.communicate()[1]}"
    return line


def index_and_add(client: redis.Redis) -> None:
    run: Callable[..., object] = client.execute_command
    vector = ["$.v", "AS", "v", "VECTOR", "FLAT", "6", "TYPE", "FLOAT32", "DIM", "2", "DISTANCE_METRIC", "L2"]
    run("FT.CREATE", "docs", "ON", "JSON", "PREFIX", "1", "docs:", "SCHEMA", *vector)
    run("JSON.SET", "docs:near", "$", '{"v": [1, 0]}')
    run("JSON.SET", "docs:far", "$", '{"v": [9, 9]}')


def nearest(client: redis.Redis) -> object:
    run: Callable[..., Any] = client.execute_command
    query = ["*=>[KNN 1 @v $q]", "PARAMS", "2", "q", struct.pack("2f", 1, 1), "NOCONTENT", "DIALECT", "2"]
    return run("FT.SEARCH", "docs", *query)[1:]


def starts(server: Path) -> bool:
    return subprocess.run([server, "--version"], capture_output=True, check=False).returncode == 0
