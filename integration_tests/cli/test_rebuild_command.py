"""``redisvl-adapters rebuild``: the plan, the rebuild, its end, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from redisvl_adapters.cli.main import main
from redisvl_adapters.core import Compare, Operator, Record, RedisIndex, operations


@pytest.fixture
def index(redis_url: str, index_name: str, storage: str) -> Iterator[RedisIndex]:
    """An index of thirty records that goes on being open."""
    options: Any = {"storage": storage}
    opened = RedisIndex(index_name=index_name, redis_url=redis_url, **options)
    records = [Record(f"r{n}", "die Häuser", {"n": n, "on": f"2024-01-{n + 1:02}"}) for n in range(30)]
    opened.run(operations.upsert(opened.state, records, [[1.0, float(n)] for n in range(30)]))
    yield opened
    opened.close()


def indexes(server: redis.Redis, index_name: str) -> set[bytes]:
    return {name for name in server.execute_command("FT._LIST") if name.startswith(index_name.encode())}


def test_an_index_is_rebuilt_after_its_plan_is_shown(
    index: RedisIndex, server: redis.Redis, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["rebuild", index_name, "--redis-url", redis_url, "--algorithm", "flat", "--dtype", "float64"]
    asked += ["--language", "german", "--metadata-schema", '{"on": "timestamp"}']
    before = indexes(server, index_name)
    assert main([*asked, "--dry-run"]) == 0
    plan = capsys.readouterr().out
    assert "flat" in plan
    assert "float64" in plan
    assert indexes(server, index_name) == before
    assert main(asked) == 0
    told = capsys.readouterr()
    assert told.out == plan + "done\n"
    assert f"Rebuilding {index_name}" in told.err
    # Whoever has it open goes on with the new one.
    assert index.run(operations.count(index.state, Compare("on", Operator.GTE, "2024-01-11"))) == 20
    assert len(index.run(operations.search_text(index.state, "haus", 50))) == 30
    schema = index.state.schema
    assert schema is not None
    assert (schema.vector.algorithm, schema.vector.dtype, schema.language) == ("flat", "float64", "german")
    assert len(indexes(server, index_name)) == 2
    assert main(["rebuild", index_name, "--redis-url", redis_url, "--drop-old", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert len(indexes(server, index_name)) == 1
    assert index.run(operations.count(index.state)) == 30


def test_what_is_not_under_way_cannot_be_undone(
    index: RedisIndex, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rebuild", index_name, "--redis-url", redis_url, "--cancel"]) == 0
    assert capsys.readouterr().out == "there is no rebuild to undo\n"
    assert index.run(operations.count(index.state)) == 30


def test_what_cannot_be_done_is_told_without_a_traceback(
    index: RedisIndex, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked, message in (
        ([f"{index_name}-no"], "does not exist"),
        ([index_name, "--algorithm", "hsnw"], "did you mean 'hnsw'?"),
        ([index_name, "--algorithm", "flat", "--m", "16"], "m"),
        ([index_name, "--language", "germna"], "did you mean"),
        ([index_name, "--metadata-schema", "{"], "--metadata-schema is JSON"),
        ([index_name, "--metadata-schema", '{"year": "number"}'], "year"),
    ):
        assert main(["rebuild", *asked, "--redis-url", redis_url, "--quiet"]) == 1, asked
        told = capsys.readouterr().err
        assert told.startswith("redisvl-adapters: ")
        assert message in told
    with pytest.raises(SystemExit) as stopped:
        main(["rebuild", index_name, "--redis-url", redis_url, "--ef-construction", "many"])
    assert stopped.value.code == 2
    assert index.run(operations.count(index.state)) == 30
