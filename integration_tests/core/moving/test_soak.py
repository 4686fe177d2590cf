"""Writers and readers in processes of their own run through rebuilds of each kind, each of which is killed once.

One writer is of LangChain and sync, the other one of LlamaIndex and async; the reader searches in all four ways, and
they rebuild in turn. ``REBUILDS=10`` lets each kind be made ten times, on both storages, as a soak.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding

from integration_tests.core.moving.soak_faces import STEADY
from redisvl_adapters.langchain import RedisVectorStore

REBUILDS = int(os.environ.get("REBUILDS", "0"))
SIZE, OTHER_SIZE = 8, 12
MORE = 600 if REBUILDS else 200
LEASE = 0.6
OTHER = {"hash": "json", "json": "hash"}


def kinds(storage: str) -> Mapping[str, list[dict[str, Any]]]:
    """Return by kind what is asked of the rebuilds, in turn."""
    return {
        "in place": [{"algorithm": "flat"}, {"algorithm": "hnsw", "m": 20}],
        "dtype": [{"dtype": "float64"}, {"dtype": "float32"}],
        "language": [{"language": "german"}, {"language": "english"}],
        "storage": [{"storage": OTHER[storage]}, {"storage": storage}],
        "model": [{"size": OTHER_SIZE}, {"size": SIZE}],
        # What runs in CI: one of each that goes another way.
        "all": [{"algorithm": "flat"}, {"storage": OTHER[storage]}, {"size": OTHER_SIZE}],
    }


RUNS = (
    [(storage, kind) for storage in OTHER for kind in kinds(storage) if kind != "all"]
    if REBUILDS
    else [("hash", "all")]
)


class Processes:
    """The processes of a soak."""

    def __init__(self, folder: Path, **told: Any) -> None:
        self._told = {"stop": str(folder / "stop"), **told}
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

    def rebuild(self, number: int, options: Mapping[str, Any]) -> subprocess.Popen[str]:
        """Start a process that rebuilds, by each framework and in each way in turn, and wait until it begins."""
        face, is_async = ("langchain", "llama_index")[number % 2], number % 4 >= 2
        process = self.start("rebuilder", face=face, is_async=is_async, options=options, lease=LEASE)
        assert process.stdout is not None
        if process.stdout.readline() != "begun\n":
            pytest.fail(process.communicate(timeout=60)[1])
        return process

    def stop(self) -> None:
        """Let those that go on come to their end."""
        (self._folder / "stop").touch()


def ended(process: subprocess.Popen[str]) -> str:
    """Return what a process said, which has come to its end without an error."""
    said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return said


@pytest.fixture
def processes(redis_url: str, index_name: str, tmp_path: Path) -> Iterator[Processes]:
    """What starts processes, none of which is left."""
    made = Processes(tmp_path, url=redis_url, name=index_name, size=SIZE, other_size=None)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(("storage", "kind"), RUNS, ids=str)
def test_nothing_is_lost_nothing_comes_back_and_no_search_fails(
    redis_url: str, index_name: str, storage: str, kind: str, processes: Processes, server: redis.Redis
) -> None:
    dice = random.Random(f"{storage} {kind}")
    wanted = kinds(storage)[kind]
    fill(redis_url, index_name, storage)
    other = OTHER_SIZE if any("size" in options for options in wanted) else None
    writers = [
        processes.start("writer", who=who, seed=seed, face=face, is_async=is_async, other_size=other)
        for seed, (who, face, is_async) in enumerate([("a", "langchain", False), ("b", "llama_index", True)])
    ]
    reader = processes.start("reader", other_size=other)
    seconds = 2.0
    for number in range(REBUILDS or len(wanted)):
        options = wanted[number % len(wanted)]
        killed = processes.rebuild(number, options)
        time.sleep(dice.uniform(0, seconds))
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        begun = time.monotonic()
        ended(processes.rebuild(number + 1, options))
        seconds = min(time.monotonic() - begun, 5.0)
        for process in (*writers, reader):
            if process.poll() is not None:
                pytest.fail(f"after rebuild {number}: {process.communicate()[1]}")
    processes.stop()
    known: dict[str, int | None] = {}
    for writer in writers:
        known |= orjson.loads(ended(writer))
    assert int(ended(reader)) > 0
    size = SIZE if other is None or wanted[(REBUILDS - 1) % len(wanted)].get("size") != OTHER_SIZE else OTHER_SIZE
    check(redis_url, index_name, size, known, server)


def opened(url: str, name: str, size: int, **options: Any) -> RedisVectorStore:
    given: Any = {"index_name": name, "redis_url": url, "embedding_id": f"m{size}", **options}
    return RedisVectorStore(DeterministicFakeEmbedding(size=size), **given)


def fill(url: str, name: str, storage: str) -> None:
    """Write the records that nobody changes."""
    with opened(url, name, SIZE, storage=storage) as store:
        for who, count in (("steady", STEADY), ("more", MORE)):
            metadatas = [{"n": number, "who": who, "own": f"{who}{number}"} for number in range(count)]
            store.add_texts([f"a {who} fox {number}" for number in range(count)], metadatas)


def check(url: str, name: str, size: int, known: Mapping[str, int | None], server: redis.Redis) -> None:
    """See to it that all that was told done is there, nothing that was deleted, and one index in the end."""
    with opened(url, name, size) as fresh:
        found = {each.id: each.metadata["n"] for each in fresh.get(filter={"who": {"$in": ["a", "b"]}})}
        assert found == {record_id: n for record_id, n in known.items() if n is not None}
        assert fresh.count({"who": "steady"}) == STEADY
        assert fresh.count({"who": "more"}) == MORE
        indexes = generations(server, name)
        fresh.rebuild(drop_old=True)
        left = generations(server, name)
        assert left < indexes
        assert len(left) == 1
        assert not list(server.scan_iter(f"*{name}*@journal", count=1000))
        assert fresh.count() == STEADY + MORE + len(found)


def generations(server: redis.Redis, name: str) -> set[str]:
    return {index.decode() for index in server.execute_command("FT._LIST") if index.decode().startswith(name)}
