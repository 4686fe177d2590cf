"""Virtual environments of the incumbents, each made once, in which they write what this library reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import redis
from ulid import ULID

from integration_tests.environments import make_environment

Write: TypeAlias = Callable[[tuple[str, ...], str], Any]
"""Runs one of the scripts of this folder once with the packages of an incumbent, and returns what it printed."""

OLDEST_REDIS = "redis<6"
"""What the first versions need, which do not say so."""


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory, server: redis.Redis, redis_url: str) -> Iterator[Write]:
    """Write by an incumbent; the test is skipped where no package index can be reached."""
    folder = tmp_path_factory.mktemp("incumbents")
    told: dict[tuple[str, ...], Any] = {}
    # langchain-redis finds nothing in an index whose name has punctuation.
    name = f"incumbent{ULID()}".lower()

    def run(packages: tuple[str, ...], script: str) -> Any:
        if packages not in told:
            python = make_environment(folder / str(len(told)), *packages)
            command: list[str | Path] = [python, Path(__file__).with_name(script), redis_url, f"{name}{len(told)}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
            assert done.returncode == 0, done.stderr
            told[packages] = json.loads(done.stdout)
        return told[packages]

    yield run
    for index in server.execute_command("FT._LIST"):
        if index.decode().startswith(name):
            server.execute_command("FT.DROPINDEX", index, "DD")
