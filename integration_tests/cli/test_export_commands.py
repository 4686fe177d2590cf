"""``export`` and ``import``: what was exported comes back, in either storage, also after an interruption."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from redisvl_adapters.cli import exporting
from redisvl_adapters.cli.main import main
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.inspection.exporting import export_records
from redisvl_adapters.errors import SkippedRecordWarning

COUNT = 7
FRAME = json.dumps({"relationships": {"1": {"node_id": "source", "node_type": "4", "metadata": {}}}})


@pytest.fixture
def index(redis_url: str, index_name: str, storage: Any) -> Iterator[RedisIndex]:
    """An index unlike what an index is by default, with records of which one expires and one has a frame."""
    options: Any = {"algorithm": "flat", "distance_metric": "l2", "language": "german", "embedding_id": "m-1"}
    fields: Any = {"at": "timestamp", "flag": "bool"}
    vectors: Any = {"title": {"dims": 2}}
    made = RedisIndex(
        index_name=index_name, redis_url=redis_url, storage=storage, metadata_schema=fields, vectors=vectors, **options
    )
    records = [Record(f"r{n}", f"die Häuser {n}", {"n": n / 3, "at": "2024-01-02", "mixed": "x"}) for n in range(COUNT)]
    records[1].metadata["mixed"] = 1
    records[2].ttl_ms = 600_000
    records[3].frame, records[3].source = FRAME, "source"
    records[4].vectors = {"title": np.array([0.1, 0.2])}
    rows = np.random.default_rng(0).normal(size=(COUNT, 3))
    made.run(operations.upsert(made.state, records, rows))
    yield made
    made.close()


def everything(redis_url: str, name: str) -> tuple[dict[str, Record], RedisIndex]:
    index = RedisIndex(index_name=name, redis_url=redis_url, create="never")
    found = index.run(operations.fetch_matching(index.state, None, vectors=True))
    index.close()
    return {record.id: record for record in found}, index


def test_what_was_exported_comes_back(
    index: RedisIndex,
    server: redis.Redis,
    redis_url: str,
    index_name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "docs.jsonl"
    run = partial(call, redis_url)
    assert run("export", index_name, "--output", str(file)) == 0
    told = capsys.readouterr()
    assert f"{COUNT} records of index {index_name!r} exported into {file}" in told.out
    assert "Exporting" in told.err
    assert [path.name for path in tmp_path.iterdir()] == ["docs.jsonl"]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[-1] == {"end": True, "records": COUNT}
    before, _ = everything(redis_url, index_name)
    for storage in ("hash", "json"):
        target = f"{index_name}-{storage}"
        assert run("import", target, "--input", str(file), "--storage", storage, "--quiet") == 0
        assert f"{COUNT} records imported into index {target!r}, 0 were there already" in capsys.readouterr().out
        after, made = everything(redis_url, target)
        assert after.keys() == before.keys()
        for record_id, record in before.items():
            other = after[record_id]
            assert (other.text, other.metadata, other.frame) == (record.text, record.metadata, record.frame)
            assert np.array_equal(np.asarray(other.vector), np.asarray(record.vector))
        named = (after["r4"].vectors or {})["title"]
        assert np.array_equal(named, (before["r4"].vectors or {})["title"])
        schema, like = made.state.schema, index.state.schema
        assert schema is not None
        assert like is not None
        assert (schema.vector, schema.language, schema.embedding_id) == (like.vector, "german", "m-1")
        assert {key: field.type for key, field in schema.fields.items()} == {
            key: field.type for key, field in like.fields.items()
        }
        assert 500_000 < server.pttl(f"{target}:r2") <= 600_000
        assert server.pttl(f"{target}:r1") == -1
        assert run("import", target, "--input", str(file), "--quiet") == 0
        assert f"0 records imported into index {target!r}, {COUNT} were there already" in capsys.readouterr().out


def call(redis_url: str, *args: str) -> int:
    return main([*args, "--url", redis_url])


def test_an_export_that_was_interrupted_goes_on(
    index: RedisIndex,
    redis_url: str,
    index_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, partial_file = tmp_path / "docs.jsonl", tmp_path / "docs.jsonl.partial"
    export = partial(call, redis_url, "export", index_name, "--output", str(file), "--quiet", "--batch-size", "2")
    asked, fails = list[str](), [True]

    def watched(state: Any, ids: Any) -> Any:
        if fails[0] and len(asked) >= 4:
            raise KeyboardInterrupt
        asked.extend(ids)
        return export_records(state, ids)

    monkeypatch.setattr(exporting, "export_records", watched)
    assert export() == 130
    assert not file.exists()
    # As a process that is killed leaves it.
    with partial_file.open("ab") as cut:
        cut.write(b'{"id":"r9","te')
    before = list(asked)
    asked.clear()
    fails[0] = False
    assert export() == 0
    assert sorted([*before, *asked]) == [f"r{n}" for n in range(COUNT)]
    assert "4 of them before" in capsys.readouterr().out
    assert not partial_file.exists()
    written = [json.loads(line).get("id") for line in file.read_text().splitlines()[1:-1]]
    assert sorted(written) == [f"r{n}" for n in range(COUNT)]
    assert export() == 2
    assert "is there already" in capsys.readouterr().err
    assert export("--overwrite") == 0
    other = tmp_path / "other.jsonl"
    part = tmp_path / "other.jsonl.partial"
    part.write_text(file.read_text().replace(index_name, "another"))
    assert call(redis_url, "export", index_name, "--output", str(other), "--quiet") == 2
    assert "is a part of an export of index 'another'" in capsys.readouterr().err
    # The same name on another server, or made anew.
    part.write_text(re.sub('"source":"[^"]+"', '"source":"another"', file.read_text()))
    assert call(redis_url, "export", index_name, "--output", str(other), "--quiet") == 2
    assert "as it was, or of another server" in capsys.readouterr().err
    assert call(redis_url, "export", index_name, "--output", str(other), "--quiet", "--overwrite") == 0
    assert len(other.read_text().splitlines()) == COUNT + 2


def test_what_is_gone_since_an_export_was_interrupted_is_not_in_it(
    index: RedisIndex, redis_url: str, index_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "docs.jsonl"
    export = partial(call, redis_url, "export", index_name, "--output", str(file), "--quiet")
    assert export() == 0
    lines = file.read_text().splitlines(keepends=True)
    file.unlink()
    (tmp_path / "docs.jsonl.partial").write_text("".join([*lines[:5], lines[2]]))
    gone = json.loads(lines[2])["id"]
    index.run(operations.delete(index.state, [gone]))
    capsys.readouterr()
    assert export() == 0
    assert f"{COUNT - 1} records" in (told := capsys.readouterr().out)
    assert "3 of them before" in told
    written = [json.loads(line).get("id") for line in file.read_text().splitlines()[1:-1]]
    assert sorted(written) == sorted({f"r{n}" for n in range(COUNT)} - {gone})


def test_a_file_is_written_by_one_export_at_a_time_and_is_a_file(
    index: RedisIndex, redis_url: str, index_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = partial(call, redis_url, "export", index_name, "--quiet", "--overwrite", "--output")
    with exporting._locked(tmp_path / "docs.jsonl.partial"):
        assert export(str(tmp_path / "docs.jsonl")) == 2
    assert "another export writes the file" in capsys.readouterr().err
    for name in ("", ".", "/", "-", "/dev/null", str(tmp_path)):
        assert export(name) == 2
        assert f"{name!r} is no file" in capsys.readouterr().err
    assert export("x" * 300) == 2
    assert "cannot be written" in capsys.readouterr().err
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "docs.jsonl")
    assert export(str(tmp_path / "link.jsonl")) == 0
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "docs.jsonl").is_file()


def test_what_cannot_be_imported_is_refused(
    index: RedisIndex, redis_url: str, index_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, target = tmp_path / "docs.jsonl", f"{index_name}-2"
    assert call(redis_url, "export", index_name, "--output", str(file), "--quiet") == 0
    whole = file.read_bytes().splitlines(keepends=True)
    options: Any = {"vectors": {"title": {"dims": 2}}, "distance_metric": "l2", "algorithm": "flat"}
    differing: Any = {"-model": {"embedding_id": "m-2", "dims": 3}, "-dims": {"dims": 5}}
    for suffix, differs in differing.items():
        made: Any = {**options, **differs, "language": "german"}
        other = RedisIndex(index_name=index_name + suffix, redis_url=redis_url, **made)
        other.run(operations.create(other.state))
        other.close()
    capsys.readouterr()

    def refusal(name: str, lines: list[bytes], code: int = 2) -> str:
        file.write_bytes(b"".join(lines))
        assert call(redis_url, "import", name, "--input", str(file), "--quiet") == code
        return capsys.readouterr().err

    assert "are of model 'm-1', and those of index" in refusal(f"{index_name}-model", whole)
    assert "dims" in refusal(f"{index_name}-dims", whole, 1)
    assert "no export of this library" in refusal(target, whole[1:])
    assert "no export of this library" in refusal(target, [b"\x7fELF\n"])
    assert f"has {COUNT} records up to line {COUNT + 1}" in refusal(target, whole[:-1])
    # What comes before it is there.
    assert len(everything(redis_url, target)[0]) == COUNT
    assert "was cut off" in refusal(target, [*whole[:3], whole[3][:20]])
    assert "is not as it was exported" in refusal(target, [*whole, whole[1]])
    wrong = [*whole[:2], whole[2].replace(b'"id":"', b'"id":5,"x":"'), *whole[3:]]
    assert "line 3 of the file is no record" in refusal(target, wrong)
    assert "was cut off" in refusal(target, [*whole[:3], whole[-1]])
    assert "line 3 of the file is no record" in refusal(target, [*whole[:2], b'{"id": "a"}\n', *whole[3:]])
    assert call(redis_url, "import", target, "--input", str(tmp_path / "none"), "--quiet") == 2
    assert "cannot be read" in capsys.readouterr().err
    assert call(redis_url, "export", index_name, "--output", str(tmp_path / "no" / "x"), "--quiet") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_has_expired_since_is_left_out(
    index: RedisIndex, redis_url: str, index_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, target = tmp_path / "docs.jsonl", f"{index_name}-2"
    assert call(redis_url, "export", index_name, "--output", str(file), "--quiet") == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        if "expires_at" in line:
            line["expires_at"] = 1_000
    file.write_text("".join(json.dumps(line) + "\n" for line in lines).replace('{"end": ', '{"end":'))
    assert call(redis_url, "import", target, "--input", str(file), "--quiet") == 0
    assert "1 have expired" in capsys.readouterr().out
    after, _ = everything(redis_url, target)
    assert "r2" not in after
    assert len(after) == COUNT - 1


def test_what_the_index_could_not_take_in_is_told(
    index: RedisIndex, server: redis.Redis, redis_url: str, index_name: str, storage: str, tmp_path: Path
) -> None:
    if storage == "json":
        server.execute_command("JSON.SET", f"{index_name}:r5", "$.embedding", "[1.0]")
    else:
        server.hset(f"{index_name}:r5", "embedding", b"12345")
    with pytest.warns(SkippedRecordWarning, match="could not take in the record 'r5' .* is left out"):
        assert call(redis_url, "export", index_name, "--output", str(tmp_path / "docs.jsonl"), "--quiet") == 0
    with pytest.warns(SkippedRecordWarning, match="'r5' .* is left out"):
        assert call(redis_url, "copy", index_name, f"{index_name}-2", "--quiet", "--on-bad-record", "warn") == 0
    assert call(redis_url, "copy", index_name, f"{index_name}-3", "--quiet") == 1
