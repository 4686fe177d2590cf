"""Writers and readers in processes of their own run through rebuilds of each kind, some of which are killed.

``REBUILDS=10`` lets each of four kinds be made ten times, on both storages, sync and async, as a soak.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis

from integration_tests.core.moving.soak_process import STEADY, open_store

REBUILDS = int(os.environ.get("REBUILDS", "0"))
RUNS = [("hash", False), ("json", True)] + ([("hash", True), ("json", False)] if REBUILDS else [])
LEASE = 0.6


class Processes:
    """The processes of a soak."""

    def __init__(self, url: str, name: str, folder: Path, *, is_async: bool) -> None:
        self._told = {"url": url, "name": name, "stop": str(folder / "stop"), "is_async": is_async}
        self._folder = folder
        self.running: list[subprocess.Popen[str]] = []

    def start(self, role: str, **told: Any) -> subprocess.Popen[str]:
        """Start a process."""
        arguments = orjson.dumps({**self._told, "role": role, **told}).decode()
        process = subprocess.Popen(
            [sys.executable, "-m", "integration_tests.core.moving.soak_process", arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def stop(self) -> None:
        """Let those that go on come to their end."""
        (self._folder / "stop").touch()


def ended(process: subprocess.Popen[str]) -> str:
    """Return what a process said, which has come to its end without an error."""
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return said


@pytest.mark.parametrize(("storage", "is_async"), RUNS, ids=str)
def test_nothing_is_lost_nothing_comes_back_and_no_search_fails(
    redis_url: str, index_name: str, storage: str, tmp_path: Path, server: redis.Redis, *, is_async: bool
) -> None:
    there: list[dict[str, Any]] = [{"algorithm": "flat"}, {"dtype": "float64"}, {"algorithm": "hnsw"}]
    there.append({"storage": {"hash": "json", "json": "hash"}[storage]})
    back: list[dict[str, Any]] = [{"m": 20}, {"dtype": "float32"}, {"m": 24}, {"storage": storage}]
    processes, dice = Processes(redis_url, index_name, tmp_path, is_async=is_async), random.Random(7)
    store = open_store(redis_url, index_name, storage=storage)
    steady = [{"n": number, "who": "steady", "own": f"steady{number}"} for number in range(STEADY)]
    store.add_texts([f"a steady fox {number}" for number in range(STEADY)], steady)
    more = [{"n": number, "who": "more", "own": f"more{number}"} for number in range(600)]
    store.add_texts([f"more {number}" for number in range(600)], more)
    try:
        writers = [processes.start("writer", who=who, seed=seed) for seed, who in enumerate("ab")]
        readers = [processes.start("reader")]
        for number in range(REBUILDS or 1):
            kinds = there if number % 2 == 0 else back
            for options in kinds if REBUILDS else kinds[:2]:
                killed = processes.start("rebuilder", options=options, lease=LEASE)
                time.sleep(dice.uniform(0.3, 2.5))
                killed.send_signal(signal.SIGKILL)
                killed.communicate()
                ended(processes.start("rebuilder", options=options, lease=LEASE))
                assert all(process.poll() is None for process in (*writers, *readers)), "all go on"
        processes.stop()
        known: dict[str, int | None] = {}
        for writer in writers:
            known |= orjson.loads(ended(writer))
        assert int(ended(readers[0])) > 0
    finally:
        for process in processes.running:
            if process.poll() is None:
                process.kill()
                process.communicate()
    fresh = open_store(redis_url, index_name)
    found = {each.id: each.metadata["n"] for each in fresh.get(filter={"who": {"$in": ["a", "b"]}})}
    assert found == {record_id: n for record_id, n in known.items() if n is not None}
    assert fresh.count({"who": "steady"}) == STEADY
    assert fresh.count({"who": "more"}) == 600
    indexes = {name.decode() for name in server.execute_command("FT._LIST") if name.decode().startswith(index_name)}
    fresh.rebuild(drop_old=True)
    left = {name.decode() for name in server.execute_command("FT._LIST") if name.decode().startswith(index_name)}
    assert left < indexes
    assert len(left) == 1
    assert not list(server.scan_iter(f"*{index_name}*@journal", count=1000))
    assert fresh.count() == STEADY + 600 + len(found)
    for opened in (store, fresh):
        opened.close()
