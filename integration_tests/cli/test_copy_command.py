"""``redisvl-adapters copy``: the plan, the copy, and what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from redisvl_adapters.cli.main import main
from redisvl_adapters.core import Record, RedisIndex, operations


@pytest.fixture
def source(redis_url: str, index_name: str, storage: str) -> Iterator[RedisIndex]:
    """An index with three records, unlike what an index is by default."""
    options: Any = {"storage": storage, "algorithm": "flat", "distance_metric": "l2", "dtype": "float64"}
    index = RedisIndex(index_name=index_name, redis_url=redis_url, language="german", **options)
    records = [Record(f"r{n}", "die Häuser", {"n": n}) for n in range(3)]
    index.run(operations.upsert(index.state, records, [[1.0, float(n)] for n in range(3)]))
    yield index
    index.close()


def copied(redis_url: str, name: str) -> RedisIndex:
    return RedisIndex(index_name=name, redis_url=redis_url, create="never")


def test_an_index_is_copied_after_its_plan_is_shown(
    source: RedisIndex,
    server: redis.Redis,
    redis_url: str,
    index_name: str,
    storage: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = f"{index_name}-copy"
    assert main(["copy", index_name, target, "--redis-url", redis_url, "--dry-run"]) == 0
    plan = f"copy 3 records ({storage}) of index {index_name!r} into index {target!r}, which is made; vectors of 2"
    assert capsys.readouterr().out.startswith(plan)
    assert target.encode() not in server.execute_command("FT._LIST")
    assert main(["copy", index_name, target, "--redis-url", redis_url]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(plan)
    assert "3 records copied" in told.out
    assert "Copying" in told.err
    made = copied(redis_url, target)
    assert made.run(operations.count(made.state)) == 3
    schema, like = made.state.schema, source.state.schema
    assert schema is not None
    assert like is not None
    assert (schema.vector, schema.language, schema.storage) == (like.vector, "german", storage)
    made.close()
    assert main(["copy", index_name, target, "--redis-url", redis_url, "--quiet"]) == 0
    told = capsys.readouterr()
    assert "which has 3 records" in told.out
    assert "0 records copied (0 embedded anew), 3 were there already" in told.out
    assert told.err == ""


def test_the_target_is_made_as_it_was_asked_for(source: RedisIndex, redis_url: str, index_name: str) -> None:
    target = f"{index_name}-copy"
    options = ["--storage", "json", "--algorithm", "hnsw", "--prefix", f"{index_name}-other", "--to-url", redis_url]
    assert main(["copy", index_name, target, "--redis-url", redis_url, "--quiet", *options]) == 0
    made = copied(redis_url, target)
    assert made.run(operations.count(made.state)) == 3
    schema = made.state.schema
    assert schema is not None
    assert (schema.storage, schema.vector.algorithm) == ("json", "hnsw")
    assert schema.prefix == f"{index_name}-other:"
    made.close()


def test_what_cannot_be_done_is_told_without_a_traceback(
    source: RedisIndex, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = RedisIndex(index_name=f"{index_name}-copy", redis_url=redis_url)
    other.run(operations.upsert(other.state, [Record("a", "a")], [[1.0, 2.0, 3.0]]))
    other.close()
    where = ["--redis-url", redis_url]
    for names, code, message in (
        ([f"{index_name}-no", "x"], 1, f"(did you mean '{index_name}'?); redisvl-adapters indexes lists those"),
        ([index_name, index_name], 2, "into itself"),
        ([index_name, f"{index_name}-copy"], 2, "copy from Python, with the model"),
    ):
        assert main(["copy", *names, *where]) == code
        told = capsys.readouterr().err
        assert told.startswith("redisvl-adapters: ")
        assert message in told
    with pytest.raises(SystemExit, match="2"):
        main(["copy", index_name, "x", *where, "--batch-size", "0"])
    assert "'0' is not an integer from 1 to 1000000" in capsys.readouterr().err


def test_the_module_is_a_command() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "redisvl_adapters", "copy", "--help"], capture_output=True, check=True
    )
    assert b"--dry-run" in asked.stdout
    wrong = subprocess.run([sys.executable, "-m", "redisvl_adapters", "copi"], capture_output=True, check=False)
    assert wrong.returncode == 2
