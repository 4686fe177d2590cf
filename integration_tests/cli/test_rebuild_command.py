"""``redisvl-adapters rebuild``: the plan, the rebuild, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import redis

from redisvl_adapters.cli.main import main
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.filters.mongo import read_mongo_filter
from redisvl_adapters.core.index.moves import MOVING, Rebuild
from redisvl_adapters.core.moving import job, rebuild
from redisvl_adapters.core.records.record import new_id

COUNT = 60


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for processes that there are not."""
    monkeypatch.setattr(rebuild, "SETTLED", 0.0)
    monkeypatch.setattr(job, "LEASE", 0.0)


@pytest.fixture
def index(redis_url: str, index_name: str, storage: str) -> Iterator[RedisIndex]:
    """An index with records, whose key ``kind`` is not indexed."""
    options: Any = {"storage": storage, "algorithm": "flat", "unindexed": ["kind"]}
    made = RedisIndex(index_name=index_name, redis_url=redis_url, **options)
    records = [Record(f"r{n}", "die Häuser", {"n": n, "kind": "x"}) for n in range(COUNT)]
    made.run(operations.upsert(made.state, records, [[1.0, float(n)] for n in range(COUNT)]))
    yield made
    made.close()


def generations(server: redis.Redis, name: str) -> set[str]:
    listed = (index.decode() for index in server.execute_command("FT._LIST"))
    return {index.removeprefix(name) for index in listed if index.startswith(name)}


def test_an_index_is_rebuilt_after_its_plan_is_shown(
    index: RedisIndex, server: redis.Redis, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call = partial(command, redis_url, index_name)
    asked = ["--algorithm", "hnsw", "--m", "8", "--dtype", "float64", "--language", "german"]
    assert call(*asked, "--dry-run") == 0
    plan = capsys.readouterr().out
    assert plan.startswith(f"index {index_name!r} has {COUNT} records\n")
    for line in ("algorithm: 'flat' -> 'hnsw'", "dtype: 'float32' -> 'float64'", "language: 'english' -> 'german'"):
        assert f"  {line}\n" in plan
    assert f"the records are copied into index '{index_name}@2'" in plan
    assert generations(server, index_name) == {""}
    assert call(*asked, "--alias", f"{index_name}-live") == 0
    told = capsys.readouterr()
    assert told.out == f"{plan}done\n"
    assert f"Rebuilding {index_name}: 100%" in told.err
    assert f"{COUNT}/{COUNT}" in told.err
    assert generations(server, index_name) == {"", "@2"}
    assert server.execute_command("FT.SEARCH", f"{index_name}-live", "*", "LIMIT", 0, 0)[0] == COUNT
    assert call("--metadata-schema", '{"kind": "tag"}', "--drop-old", "--quiet") == 0
    told = capsys.readouterr()
    assert f"index '{index_name}' is dropped" in told.out
    assert told.err == ""
    assert generations(server, index_name) == {"@2"}
    with_filter = operations.count(index.state, read_mongo_filter({"kind": "x"}))
    assert index.run(with_filter) == COUNT
    assert (index.state.schema.vector.tuning["m"], index.state.schema.language) == (8, "german")  # type: ignore[union-attr]  # it was counted
    assert call("--language", "german", "--dry-run") == 0
    assert "nothing changes" in capsys.readouterr().out


def command(redis_url: str, index_name: str, *options: str) -> int:
    return main(["rebuild", index_name, "--redis-url", redis_url, *options])


def test_a_rebuild_that_ended_early_is_undone(
    index: RedisIndex, server: redis.Redis, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    left = Rebuild(f"{index_name}@2", copies=True, token=new_id(), asked="something")
    server.hset(f"redisvl-adapters/{index_name}", MOVING, left.dumps())
    assert command(redis_url, index_name, "--cancel") == 0
    assert command(redis_url, index_name, "--cancel") == 0
    assert capsys.readouterr().out == "the rebuild is undone\nthere is no rebuild to undo\n"
    assert not server.hexists(f"redisvl-adapters/{index_name}", MOVING)


def test_what_cannot_be_done_is_told_without_a_traceback(
    index: RedisIndex, server: redis.Redis, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, message in (
        (["--dtype", "float33"], "dtype is one of"),
        (["--metadata-schema", "year"], "--metadata-schema is JSON"),
        (["--m", "0"], "m "),
        (["--algorithm", "hsnw"], "did you mean 'hnsw'?"),
        (["--algorithm", "flat", "--m", "16"], "m"),
        (["--language", "germna"], "did you mean"),
        (["--storage", "disk"], "storage is"),
        (["--metadata-schema", '{"kind": "numeric"}'], "'kind'"),
    ):
        assert command(redis_url, index_name, *options, "--quiet") == (1 if "kind" in options[1] else 2)
        told = capsys.readouterr().err
        assert told.startswith("redisvl-adapters: ")
        assert message in told
        assert generations(server, index_name) == {""}
    assert command(redis_url, f"{index_name}-no") == 1
    assert "does not exist" in capsys.readouterr().err
    for wrong in (["--m", "many"], ["--dims", "8"]):
        with pytest.raises(SystemExit) as ended:
            command(redis_url, index_name, *wrong)
        assert ended.value.code == 2


def test_an_interrupted_rebuild_ends_with_its_own_code(
    index: RedisIndex,
    redis_url: str,
    index_name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rebuild, "copy_all", interrupt)
    assert command(redis_url, index_name, "--dtype", "float64", "--quiet") == 130
    assert capsys.readouterr().err == "redisvl-adapters: interrupted\n"
    monkeypatch.undo()
    monkeypatch.setattr(job, "LEASE", 0.0)
    monkeypatch.setattr(rebuild, "SETTLED", 0.0)
    assert command(redis_url, index_name, "--dtype", "float64", "--quiet") == 0
    assert index.run(operations.count(index.state)) == COUNT
