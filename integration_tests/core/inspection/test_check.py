"""A check names each key that is not as it should be, mends what can be, and touches nothing of others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import redis

from integration_tests.core.core_support import Indexes, opened_indexes, vectors_for, where
from integration_tests.core.foreign_support import make_index, put_record
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.index.moves import MOVING, Rebuild
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.core.inspection.check import CheckedPage, check_index
from redisvl_adapters.errors import ArgumentError, IndexNotFoundError

VALUES: list[dict[str, Any]] = [
    {"n": 1, "tags": ["b", "a"], "flag": True, "deep": {"x": 0.1}},
    {"n": 1 / 3, "tags": "one", "none": None, "empty": [], "mixed": "2"},
    {"n": 2**60 + 1, "mixed": 2, "text": "x" * 600, "at": "2024-01-02"},
    {"tags": ["\t odd, |value"], "flag": False, "n": -0.0, "list": [1, "a", {"b": 1}]},
]


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


@pytest.fixture
def index(make: Indexes) -> RedisIndex:
    """An index with records of every kind of value."""
    made = make(metadata_schema={"at": "timestamp", "where": "geo", "words": "text"})
    records = [Record(f"r{place}", f"text {place}", values) for place, values in enumerate(VALUES)]
    records.append(Record("r4", "houses", {"where": "13.4,52.5", "words": "houses of many"}))
    made.run(operations.upsert(made.state, records, vectors_for(records)))
    return made


def checked(index: RedisIndex, *, fix: bool = False) -> CheckedPage:
    pages = list(check_index(index, fix=fix))
    findings = sorted(finding for page in pages for finding in page.findings)
    return CheckedPage(sum(page.keys for page in pages), findings, sum(page.fixed for page in pages))


def kinds(page: CheckedPage, name: str) -> dict[str, str]:
    return {finding.key.removeprefix(f"{name}:"): str(finding.kind) for finding in page.findings}


def set_value(server: redis.Redis, storage: str, key: str, field: str, value: str) -> None:
    if storage == "json":
        server.execute_command("JSON.SET", key, f'$.index["{field}"]', json.dumps(value))
    else:
        server.hset(key, field, value)


def test_an_index_that_is_as_it_should_be_has_no_findings(index: RedisIndex) -> None:
    assert checked(index, fix=True) == CheckedPage(5, [], 0)


def test_each_that_is_not_is_named_and_mended_if_it_can_be(
    index: RedisIndex, server: redis.Redis, index_name: str, storage: str
) -> None:
    name = index_name
    set_value(server, storage, f"{name}:r0", "tags", "other")
    if storage == "json":
        server.execute_command("JSON.SET", f"{name}:r1", "$.embedding", "[1, 2]")
        server.execute_command("JSON.SET", f"{name}:alien", "$", '{"text": "secret"}')
        server.execute_command("JSON.SET", f"{name}:r3", "$.metadata.new", '"value"')
    else:
        server.hset(f"{name}:r1", "embedding", b"12345")
        server.hset(f"{name}:alien", "text", "secret")
        metadata = json.loads(server.hget(f"{name}:r3", "metadata") or b"")
        server.hset(f"{name}:r3", "metadata", json.dumps({**metadata, "new": "value"}))
    server.set(f"{name}:string", "secret")
    server.set(name.encode() + b":\xff", "secret")
    page = checked(index)
    assert page.keys == 8
    expected = {
        "r0": "stale",
        "r1": "unindexed",
        "r3": "stale",
        "alien": "foreign",
        "string": "foreign",
        "\\xff": "foreign",
    }
    assert kinds(page, name) == expected
    said = {finding.key: finding.why for finding in page.findings}
    assert "'tags' is not that of its metadata" in said[f"{name}:r0"]
    assert "does not know its metadata key 'new'" in said[f"{name}:r3"]
    assert "secret" not in str(page)
    assert index.run(operations.count(index.state, where("tags", "eq", "other"))) == 1
    page = checked(index, fix=True)
    assert page.fixed == 2
    left = {key: kind for key, kind in expected.items() if key not in ("r0", "r3")}
    assert kinds(page, name) == left
    assert kinds(checked(index), name) == left
    assert index.run(operations.count(index.state, where("tags", "eq", "other"))) == 0
    assert index.run(operations.count(index.state, where("tags", "eq", "a"))) == 1
    assert index.run(operations.count(index.state, where("new", "eq", "value"))) == 1
    (record,) = index.run(operations.fetch(index.state, ["r0"], vectors=True))
    assert record is not None
    assert (record.metadata, np.asarray(record.vector).tolist()) == (VALUES[0], [1.0, 0.0, 0.0, 0.0])
    assert server.get(f"{name}:string") == b"secret"
    server.unlink(name.encode() + b":\xff")


def test_a_lost_registry_is_told_and_nothing_is_mended_during_a_rebuild(
    index: RedisIndex, make: Indexes, server: redis.Redis, index_name: str, storage: str
) -> None:
    set_value(server, storage, f"{index_name}:r0", "tags", "other")
    mark = Rebuild(f"{index_name}@2", copies=True, token="t", asked="x")  # noqa: S106  # no secret
    server.hset(registry_key(index_name), MOVING, mark.dumps())
    page = checked(make(create="never"), fix=True)
    assert (kinds(page, index_name), page.fixed) == ({"r0": "stale"}, 0)
    server.delete(registry_key(index_name))
    page = checked(make(create="never"))
    (lost,) = [finding for finding in page.findings if finding.key == registry_key(index_name)]
    assert lost.kind == "stale"
    assert "it is lost" in lost.why
    assert not server.exists(registry_key(index_name))


def test_an_index_of_another_application_is_told_what_it_lacks(
    server: redis.Redis, make: Indexes, redis_url: str, index_name: str, storage: Any
) -> None:
    path = "$.title" if storage == "json" else "title"
    make_index(server, index_name, storage, [(path, "title", ["TEXT"])], [f"{index_name}:"])
    put_record(server, f"{index_name}:good", storage, {"title": "a", "vec": [1.0, 0.0, 0.0, 0.0]})
    put_record(server, f"{index_name}:bad", storage, {"title": "a", "vec": [1.0]})
    server.set(f"{index_name}:string", "x")
    index = RedisIndex(
        index_name=index_name,
        redis_url=redis_url,
        create="never",
        foreign=True,
        on_bad_record="skip",
    )
    assert kinds(checked(index, fix=True), index_name) == {"bad": "unindexed"}
    index.close()


def test_what_cannot_be_checked_is_refused(index: RedisIndex, make: Indexes, index_name: str) -> None:
    with pytest.raises(ArgumentError, match="scoped"):
        checked(index.scoped({"tags": "one"}))
    with pytest.raises(IndexNotFoundError):
        checked(make(index_name=f"{index_name}-no", create="never"))
