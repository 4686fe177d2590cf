"""The life of an index: created, opened, compared, overwritten, dropped, by one process or by several at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import (
    DIMS,
    Indexes,
    add,
    count,
    ids_of,
    near,
    opened_indexes,
    record,
    until,
    vectors_for,
    where,
)
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.errors import (
    ArgumentError,
    FilterError,
    IndexNotFoundError,
    RecordError,
    SchemaMismatchError,
    UnknownFieldError,
    UnknownFieldWarning,
)

WRITERS = 8


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


def exists(server: redis.Redis, name: str) -> bool:
    return name.encode() in server.execute_command("FT._LIST")


def at_once(*actions: Callable[[], object]) -> None:
    """Run actions in threads that start together; raise the first error."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            action()
        except BaseException as error:  # noqa: BLE001 (raised again below)
            errors.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


async def test_an_index_is_created_by_the_first_write_and_not_before(
    make: Indexes, call: Call, server: redis.Redis, index_name: str
) -> None:
    index = make()
    assert await call(index, "run", operations.count(index.state)) == 0
    asked = where("any", "eq", "x")
    with pytest.warns(UnknownFieldWarning, match="'any' is not in index"):
        assert await call(index, "run", operations.search_by_vector(index.state, [1.0] * DIMS, 3, asked)) == []
    assert await call(index, "run", operations.fetch(index.state, ["a"])) == [None]
    assert await call(index, "run", operations.delete(index.state, ["a"])) == 0
    with pytest.raises(UnknownFieldError, match="'any'"):
        await call(index, "run", operations.delete_matching(index.state, asked))
    await call(index, "run", operations.clear(index.state))
    assert not exists(server, index_name)
    await call(index, "run", operations.upsert(index.state, [record("a")], vectors_for("a")))
    assert exists(server, index_name)
    assert await call(index, "run", operations.count(index.state)) == 1


async def test_an_index_can_be_created_before_its_first_record(
    make: Indexes, call: Call, server: redis.Redis, index_name: str
) -> None:
    with pytest.raises(ArgumentError, match="dims"):
        await call(index := make(), "run", operations.create(index.state))
    index = make(dims=DIMS)
    await call(index, "run", operations.create(index.state))
    assert exists(server, index_name)
    with pytest.raises(RecordError, match="3 dimensions, the index has 4"):
        await call(index, "run", operations.upsert(index.state, [record("a")], [[1.0, 2.0, 3.0]]))


def test_an_index_that_is_never_to_be_created_is_missed(make: Indexes) -> None:
    with pytest.raises(IndexNotFoundError, match="does not exist"):
        count(make(create="never"))
    add(make(), record("a"))
    assert count(make(create="never")) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"dims": 3}, "dims is 4, asked for 3"),
        ({"dtype": "float64"}, "dtype is 'float32', asked for 'float64'"),
        ({"distance_metric": "l2"}, "distance_metric is 'cosine', asked for 'l2'"),
        ({"algorithm": "flat"}, "algorithm is 'hnsw', asked for 'flat'"),
        ({"algorithm": "hnsw", "m": 32}, "m is 8, asked for 32"),
        ({"ef_runtime": 99}, "ef_runtime is 50, asked for 99"),
        ({"prefix": "elsewhere"}, "prefix is .*, asked for 'elsewhere:'"),
        ({"metadata_schema": {"n": "tag"}}, "'n' is 'numeric', asked for 'tag'"),
        ({"metadata_schema": {"flag": "tag"}}, "'flag' is 'bool', asked for 'tag'"),
    ],
)
def test_opening_an_index_that_is_another_one_names_the_difference(make: Indexes, asked: Any, said: str) -> None:
    """langchain-redis 9, llama-index 17: reopening with another metric, prefix or schema was silently ignored."""
    add(make(m=8, ef_runtime=50), record("a", n=1, flag=True))
    other = make(**asked)
    for _ in range(2):
        with pytest.raises(SchemaMismatchError, match=said):
            add(other, record("b"))
    assert count(make()) == 1


def test_opening_an_index_of_the_other_storage_is_refused(make: Indexes, storage: str) -> None:
    add(make(), record("a"))
    with pytest.raises(SchemaMismatchError, match=f"storage is '{storage}'"):
        count(make(storage="hash" if storage == "json" else "json"))


def test_an_index_of_somebody_else_is_refused(make: Indexes, server: redis.Redis, index_name: str) -> None:
    server.execute_command("FT.CREATE", index_name, "PREFIX", 1, f"{index_name}:", "SCHEMA", "title", "TEXT")
    for operation in (operations.count, operations.clear):
        index = make()
        with pytest.raises(SchemaMismatchError, match=r"was not made by this library.*title"):
            index.run(operation(index.state))


def test_a_reopened_index_knows_the_fields_that_only_the_registry_can_tell(make: Indexes) -> None:
    when = datetime(2024, 1, 2, tzinfo=UTC)
    add(make(), record("a", flag=True, when=when, author={"name": "Ann"}, **{"x y": "z", "note": [1, 2]}), record("b"))
    index = make()
    for key, value in (("flag", 1), ("when", "2024-01-02"), ("author.name", "Ann"), ("x y", "z")):
        assert ids_of(index, where(key, "eq", value)) == {"a"}
        assert ids_of(index, where(key, "ne", value)) == {"b"}
    assert ids_of(index, where("note", "exists", True)) == {"a"}


def test_a_reopened_index_keeps_its_parameters_and_declared_attributes(
    make: Indexes, server: redis.Redis, index_name: str
) -> None:
    declared = {"n": {"type": "numeric", "attrs": {"sortable": True}}, "body": {"type": "text", "attrs": {"weight": 3}}}
    add(
        make(metadata_schema=declared, algorithm="hnsw", m=8, ef_construction=100, ef_runtime=50),
        record("a", n=1, body="x"),
    )
    index = make()
    index.run(operations.clear(index.state))
    told = str(server.execute_command("FT.INFO", index_name))
    assert "'M', 8" in told.replace("b'", "'")
    assert "SORTABLE" in told
    assert "b'WEIGHT', b'3'" in told
    assert count(make(metadata_schema=declared, m=8, ef_construction=100, ef_runtime=50)) == 0


def test_without_its_registry_an_index_still_works(make: Indexes, server: redis.Redis, index_name: str) -> None:
    index = make()
    add(index, record("a", n=1, tag="x", kind="k"))
    server.delete(registry_key(index_name))
    for other in (index, make()):
        assert ids_of(other, where("n", "gte", 1) & where("kind", "eq", "k")) == {"a"}
    add(index, record("b", n=2, kind="k", new="y"))
    assert ids_of(make(), where("n", "eq", 2) & where("new", "eq", "y")) == {"b"}
    assert ids_of(make(), where("kind", "eq", "k")) == {"a", "b"}


@pytest.mark.parametrize("first", ["run", "arun"])
async def test_overwriting_happens_once_whatever_the_first_call(make: Indexes, first: str) -> None:
    """llama-index 1: with overwrite=True, the first async call after an add wiped the data."""
    add(make(), record("old", n=1))
    index = make(create="overwrite")
    writing = operations.upsert(index.state, [record("new", n="now a text")], vectors_for("n"))
    if first == "run":
        index.run(writing)
    else:
        await index.arun(writing)
    assert await index.arun(operations.count(index.state)) == 1
    assert index.run(operations.count(index.state)) == 1
    assert ids_of(index, where("n", "eq", "now a text")) == {"new"}


def test_overwriting_happens_once_for_all_threads(make: Indexes) -> None:
    add(make(), record("old"))
    index = make(create="overwrite")
    at_once(*(lambda name=str(n): add(index, record(name)) for n in range(WRITERS)))
    assert ids_of(index) == {str(n) for n in range(WRITERS)}


def test_overwriting_replaces_an_index_of_another_kind(make: Indexes, redis_url: str, storage: str) -> None:
    add(make(), record("old", n=1))
    index = make(create="overwrite", storage="hash" if storage == "json" else "json", distance_metric="l2")
    add(index, record("new", n="x"))
    assert near(index, 5) == ["new"]


async def test_a_dropped_index_is_created_anew_by_the_next_write(
    make: Indexes, call: Call, server: redis.Redis, index_name: str
) -> None:
    """llama-index 14: after delete_index, add succeeded and queries said "no such index"."""
    index = make()
    for _ in range(2):
        await call(index, "run", operations.upsert(index.state, [record("a", n=1)], vectors_for("a")))
        assert near(index, 3, where("n", "eq", 1)) == ["a"]
        await call(index, "run", operations.drop(index.state))
        assert not exists(server, index_name)
        assert not server.keys(f"*{index_name}*")
        assert await call(index, "run", operations.count(index.state)) == 0


@pytest.mark.parametrize("with_registry", [True, False])
def test_an_index_that_somebody_else_dropped_is_made_again_and_all_is_found(
    make: Indexes, server: redis.Redis, index_name: str, with_registry: bool
) -> None:
    index = make()
    add(index, record("old", n=1, flag=True))
    server.execute_command("FT.DROPINDEX", index_name, "DD")
    if with_registry:
        server.delete(registry_key(index_name))
    add(index, record("new", n=1, flag=True, k="x"))
    assert near(index, 5, where("n", "eq", 1) & where("flag", "eq", True) & where("k", "eq", "x")) == ["new"]
    assert ids_of(index, where("n", "eq", 1)) == {"new"}


def test_records_that_outlived_their_index_are_found_again_and_never_filtered_wrongly(
    make: Indexes, server: redis.Redis, index_name: str
) -> None:
    index = make()
    add(index, record("old", n=1), record("old too", n=2))
    server.execute_command("FT.DROPINDEX", index_name)
    add(index, record("new", n=1))
    until(lambda: count(index) == 3)
    assert ids_of(index) == {"old", "old too", "new"}
    with contextlib.suppress(FilterError):
        assert ids_of(index, where("n", "eq", 1)) == {"old", "new"}


async def test_an_index_that_somebody_else_dropped_is_missed(
    make: Indexes, call: Call, server: redis.Redis, index_name: str
) -> None:
    for operation in (
        lambda index: operations.count(index.state, where("n", "eq", 1)),
        lambda index: operations.search_by_vector(index.state, [1.0] * DIMS, 3, where("n", "eq", 1)),
        lambda index: operations.fetch_matching(index.state, where("n", "eq", 1)),
        lambda index: operations.fetch_matching(index.state, where("n", "eq", 1), ["a"]),
        lambda index: operations.delete_matching(index.state, where("n", "eq", 1)),
        lambda index: operations.delete_matching(index.state, where("n", "eq", 1), ["a"]),
        lambda index: operations.clear(index.state),
    ):
        index = make(metadata_schema={"n": "numeric"})
        add(index, record("a", n=1))
        server.execute_command("FT.DROPINDEX", index_name, "DD")
        for _ in range(2):
            with pytest.raises(IndexNotFoundError, match=f"{index_name}.*somebody dropped it"):
                await call(index, "run", operation(index))
        await call(index, "run", operations.drop(index.state))
        assert not await call(index, "run", operation(index))


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize(
    "options", [{}, {"metadata_schema": {"flag": "bool", "when": "timestamp"}}], ids=["learnt", "declared"]
)
def test_processes_that_create_the_index_at_once_all_succeed(make: Indexes, options: Any, attempt: int) -> None:
    indexes = [make(**options) for _ in range(WRITERS)]
    when = datetime(2024, 1, 2, tzinfo=UTC)

    def write(index: RedisIndex, n: int) -> None:
        add(index, record(f"{n}", flag=bool(n % 2), when=when, **{f"own{n}": n}))

    at_once(*(lambda index=index, n=n: write(index, n) for n, index in enumerate(indexes)))
    for index in (indexes[0], make()):
        assert len(ids_of(index, where("when", "eq", when))) == WRITERS
        assert ids_of(index, where("flag", "eq", True)) == {str(n) for n in range(1, WRITERS, 2)}
        assert all(ids_of(index, where(f"own{n}", "eq", n)) == {str(n)} for n in range(WRITERS))


def test_writers_that_learn_keys_at_once_all_succeed(make: Indexes) -> None:
    add(make(), record("first"))
    indexes = [make() for _ in range(WRITERS)]
    assert [count(index) for index in indexes] == [1] * WRITERS
    at_once(
        *(
            lambda index=index, n=n: add(index, record(f"{n}", same=f"s{n}", **{f"own{n}": n}))
            for n, index in enumerate(indexes)
        )
    )
    for n in range(WRITERS):
        assert ids_of(indexes[-1], where("same", "eq", f"s{n}") & where(f"own{n}", "eq", n)) == {f"{n}"}


def test_no_index_swallows_its_neighbours(redis_url: str, server: redis.Redis, index_name: str, storage: Any) -> None:
    """langchain-redis 10, llama-index 4: `docs` returned and deleted the records of `docs2`."""
    names = [index_name, f"{index_name}2", f"{index_name}:2", f"{index_name}-2", f"{index_name}:"]
    indexes = {name: RedisIndex(index_name=name, redis_url=redis_url, storage=storage) for name in names}
    try:
        for name, index in indexes.items():
            add(index, record("same id", name=name), record("2:same id", name=name))
        for name, index in indexes.items():
            assert count(index) == 2
            assert ids_of(index, where("name", "eq", name)) == {"same id", "2:same id"}
        emptied = indexes[index_name]
        emptied.run(operations.clear(emptied.state))
        assert [count(index) for index in indexes.values()] == [0, 2, 2, 2, 2]
        emptied.run(operations.drop(emptied.state))
        assert [count(index) for index in indexes.values()] == [0, 2, 2, 2, 2]
    finally:
        for index in indexes.values():
            index.run(operations.drop(index.state))
            index.close()
