"""A registry that is lost: the types of fields are restored from the records, and written back by the next write."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import Indexes, add, ids_of, opened_indexes, record, where
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.errors import FilterError, SchemaMismatchError

EVERYTHING: dict[str, Any] = {
    "flag": True,
    "flags": [True, False],
    "kind": "x",
    "kinds": ["x", "y"],
    "n": 1,
    "ratio": 1.5,
    "sizes": [1, 2.5],
    "when": datetime(2024, 1, 2, tzinfo=UTC),
    "day": date(2024, 1, 2),
    "a/b c": "z",
    "tag": "an option word",
    "author": {"name": "Ann", "born": 1950},
    "mixed": [1, "x"],
    "nothing": None,
    "empty": [],
    "blank": "",
}
DECLARED: dict[str, Any] = {"body": "text", "place": "geo", "sizes": "numbers", "note": "unindexed"}


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


def types_of(index: RedisIndex) -> dict[str, str]:
    """Return the type of each field, and which keys have none, as the index has them now."""
    assert index.state.schema is not None
    fields = {key: str(field.type) for key, field in index.state.schema.fields.items()}
    return fields | dict.fromkeys(index.state.schema.untyped_keys, "no type")


async def test_all_types_are_restored_from_the_records_and_written_back(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    index = make(metadata_schema=DECLARED)
    extra = {"body": "running dogs", "place": "13.4,52.5", "note": "not to be filtered"}
    add(index, record("a", **EVERYTHING, **extra), record("b", kind="y", n=2), record("c"))
    types = types_of(index)
    assert types["flag"] == "bool"
    assert types["when"] == "timestamp"
    server.delete(registry_key(index_name))
    other = make()
    assert await call(other, "run", operations.count(other.state)) == 3
    assert types_of(other) == types
    assert not server.exists(registry_key(index_name))
    for key, value in (
        ("flag", True),
        ("when", "2024-01-02"),
        ("n", 1),
        ("sizes", 2.5),
        ("author.name", "Ann"),
        ("mixed", 1),
        ("mixed", "x"),
    ):
        assert ids_of(other, where(key, "eq", value)) == {"a"}
        assert ids_of(other, where(key, "ne", value)) == {"b", "c"}
    with pytest.raises(FilterError):
        await call(other, "run", operations.count(other.state, where("flag", "gt", 1)))
    await call(other, "run", operations.upsert(other.state, [record("d", flag=False)], [[1.0, 0.0, 0.0, 0.0]]))
    assert server.exists(registry_key(index_name))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        third = make()
        assert ids_of(third, where("flag", "eq", False)) == {"d"}
        assert types_of(third) == types


async def test_whoever_knew_the_index_before_writes_back_what_it_knew(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    """Also what no record tells any more."""
    index = make()
    add(index, record("a", flag=True, n=1))
    index.run(operations.delete(index.state, ["a"]))
    add(index, record("b"))
    types = types_of(index)
    server.delete(registry_key(index_name))
    await call(index, "run", operations.upsert(index.state, [record("c", flag=False)], [[1.0, 0.0, 0.0, 0.0]]))
    other = make()
    assert ids_of(other, where("flag", "eq", False)) == {"c"}
    assert types_of(other) == types


async def test_a_type_that_no_record_tells_is_named_in_a_warning(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    add(make(metadata_schema={"flag": "bool", "when": "timestamp"}), record("a", n=1))
    server.delete(registry_key(index_name))
    index = make()
    with pytest.warns(
        RuntimeWarning, match="lost its registry, and no record tells the types of flag, when: .*declare"
    ):
        await call(index, "run", operations.count(index.state))
    assert types_of(index) == {"flag": "tag", "when": "numeric", "n": "numeric"}
    # Who declares them, has them.
    index = make(metadata_schema={"flag": "bool", "when": "timestamp"})
    await call(index, "run", operations.count(index.state))
    assert types_of(index) == {"flag": "bool", "when": "timestamp", "n": "numeric"}


async def test_what_is_declared_otherwise_than_the_records_are_is_refused(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    add(make(), record("a", n=1))
    server.delete(registry_key(index_name))
    index = make(metadata_schema={"n": "tag"})
    with pytest.raises(SchemaMismatchError, match="'n' is 'numeric', asked for 'tag'"):
        await call(index, "run", operations.count(index.state))


def test_several_who_write_it_back_at_once_agree(make: Indexes, server: redis.Redis, index_name: str) -> None:
    add(make(), record("a", flag=True))
    server.delete(registry_key(index_name))
    indexes = [make() for _ in range(3)]
    for index in indexes:
        index.run(operations.count(index.state))
    for number, index in enumerate(indexes):
        add(index, record(f"new {number}", flag=False, **{f"own{number}": number}))
    for index in (*indexes, make()):
        assert ids_of(index, where("flag", "eq", False)) == {"new 0", "new 1", "new 2"}
        assert ids_of(index, where("own1", "eq", 1)) == {"new 1"}


async def test_emptying_an_index_does_not_lose_it_again(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    add(make(), record("a", flag=True))
    server.delete(registry_key(index_name))
    index = make()
    await call(index, "run", operations.clear(index.state))
    other = make()
    other.run(operations.count(other.state))
    assert types_of(other) == {"flag": "bool"}
