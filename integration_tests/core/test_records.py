"""Records: written, replaced, expired, found by id, filter and vector, counted, deleted; and what is learnt of them."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
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
from redisvl_adapters.core import Filter, Or, operations
from redisvl_adapters.core.schema.index_spec import LEARN_LIMIT
from redisvl_adapters.errors import ArgumentError, FilterError, RecordError, UnknownFieldError


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


# Writing


async def test_what_goes_in_comes_out(make: Indexes, call: Call) -> None:
    """langchain-redis 6, 13, 17: reserved keys, types and strings that look like numbers came back changed."""
    metadata = {
        "text": "t",
        "embedding": [1],
        "id": 3,
        "metadata": {},
        "_keys": "k",
        "_node": 1,
        "index": 2,
        "": "empty",
        "zip": "00710",
        "yes": True,
        "none": None,
        "list": [],
        "deep": {"a.b": [{"c": None}]},
        "vector_distance": 0.5,
        "float": 1.0,
        "big": 2**64 - 1,
        "small": -(2**63),
        "minus zero": -0.0,
        "lines": "a\nb\x00c",
        "日本": "🦜",
    }
    index = make()
    given = record("an id: with *everything* {in} it\n\té ", **metadata)
    await call(index, "run", operations.upsert(index.state, [given], [[0.5, 0.25, -1.0, 2.0]]))
    (fetched,) = await call(index, "run", operations.fetch(index.state, [given.id]))
    (matched,) = await call(index, "run", operations.fetch_matching(index.state, where("zip", "eq", "00710")))
    (hit,) = await call(index, "run", operations.search_by_vector(index.state, [1.0] * DIMS, 1, vectors=True))
    for found in (fetched, matched, hit.record):
        assert (found.id, found.text, found.metadata) == (given.id, given.text, metadata)
        assert list(found.metadata) == list(metadata)
        assert {key: type(value) for key, value in found.metadata.items()} == {k: type(v) for k, v in metadata.items()}
        assert math.copysign(1, found.metadata["minus zero"]) == -1
    assert hit.record.vector.tolist() == [0.5, 0.25, -1.0, 2.0]


def test_every_float_comes_back_exactly_and_is_found_by_it(make: Indexes) -> None:
    """RedisJSON by itself rounds one random double in five, and shortens lists of narrow floats from version 8 on."""
    dice = random.Random(7)
    values = [dice.uniform(-1, 1) * 10.0 ** dice.randint(-300, 300) for _ in range(400)]
    values += [0.1 + 0.2, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1 / 3, 123456789.123456789]
    values += [0.0999755859375, -1.7082843780517578, 1.0097419586828951e-28]
    index = make(algorithm="flat")  # all of them are asked for, which a graph does not promise
    add(index, *(record(str(place), x=value, nested={"list": [value]}) for place, value in enumerate(values)))
    found = index.run(operations.fetch(index.state, [str(place) for place in range(len(values))]))
    assert [(one.metadata["x"], one.metadata["nested"]["list"]) for one in found if one] == [(v, [v]) for v in values]
    for place, value in enumerate(values):
        assert ids_of(index, where("x", "eq", value)) == {str(place)}
    hits = index.run(operations.search_by_vector(index.state, [1.0] * DIMS, len(values)))
    assert {hit.record.id: hit.record.metadata["x"] for hit in hits} == {str(p): v for p, v in enumerate(values)}


async def test_an_upsert_replaces_the_record_wholly(
    make: Indexes, call: Call, server: redis.Redis, index_name: str
) -> None:
    """langchain-redis 7: re-adding an id without a metadata key left the old value filterable."""
    index = make(ttl=1000)
    first, second = record("a", kind="old", n=1), record("a", other="new")
    first.source, first.frame = "document", "{}"
    await call(index, "run", operations.upsert(index.state, [first], [[1.0, 0, 0, 0]]))
    assert 0 < server.pttl(f"{index_name}:a") <= 1_000_000
    plain = make()
    await call(plain, "run", operations.upsert(plain.state, [second], [[0, 1.0, 0, 0]]))
    assert server.pttl(f"{index_name}:a") == -1
    for gone in (where("kind", "eq", "old"), where("n", "eq", 1), where("kind", "exists", True)):
        assert await call(plain, "run", operations.count(plain.state, gone)) == 0
    (hit,) = await call(plain, "run", operations.search_by_vector(plain.state, [0, 1.0, 0, 0], 5, frame=True))
    assert hit.distance == pytest.approx(0, abs=1e-6)
    assert (hit.record.metadata, hit.record.frame) == ({"other": "new"}, None)


def test_records_expire(make: Indexes) -> None:
    index = make()
    add(index, record("kept", n=1))
    add(index, *(record(str(place), n=1) for place in range(300)), ttl_ms=30)
    # While they expire, whatever is asked is answered: with them, without them, or with some of them.
    until(lambda: {"kept"} == ids_of(index, where("n", "eq", 1)))
    until(lambda: near(index, 500) == ["kept"])
    until(lambda: count(index) == 1)
    assert index.run(operations.fetch(index.state, ["0"])) == [None]
    assert index.run(operations.delete_matching(index.state, where("n", "eq", 1))) == 1


def test_the_ttl_of_a_call_goes_before_that_of_the_index(make: Indexes, server: redis.Redis, index_name: str) -> None:
    index = make(ttl=10)
    add(index, record("a"))
    add(index, record("b"), ttl_ms=1_000_000)
    assert server.pttl(f"{index_name}:a") <= 10_000 < server.pttl(f"{index_name}:b")


@pytest.mark.parametrize(
    "bad",
    [
        (record("bad", n="text"), [1.0] * DIMS),
        (record("bad", n=2**64), [1.0] * DIMS),
        (record("bad", x=object()), [1.0] * DIMS),
        (record("bad"), [1.0] * 3),
        (record("bad"), [0.0] * DIMS),
        (record("bad"), [math.nan] * DIMS),
        (record(""), [1.0] * DIMS),
    ],
    ids=["type", "2^64", "object", "dims", "zero", "NaN", "id"],
)
async def test_one_bad_record_among_many_leaves_nothing_behind(make: Indexes, call: Call, bad: Any) -> None:
    """langchain-redis 8, 14; llama-index 11, 12: the others were written, or the bad one was and is never found."""
    index = make(metadata_schema={"n": "numeric"})
    await call(index, "run", operations.upsert(index.state, [record("first", n=1)], vectors_for("f")))
    many = [record(str(place), new=place) for place in range(700)]
    wrong, vector = bad
    with pytest.raises((RecordError, ArgumentError)):
        await call(index, "run", operations.upsert(index.state, [*many, wrong], [*([[1.0] * DIMS] * 700), vector]))
    assert await call(index, "run", operations.count(index.state)) == 1
    assert await call(index, "run", operations.count(index.state, where("new", "exists", True))) == 0
    with pytest.raises(UnknownFieldError):
        await call(index, "run", operations.count(index.state, where("new", "ne", 1)))


# Learning


def test_learning_stops_at_its_bound_and_what_is_beyond_can_still_be_read_and_asked_for(make: Indexes) -> None:
    index = make()
    keys = [f"k{place}" for place in range(LEARN_LIMIT + 2)]
    add(index, record("a", **dict.fromkeys(keys, "x")), record("b"))
    assert ids_of(index, where(keys[LEARN_LIMIT - 1], "eq", "x")) == {"a"}
    for filter in (where(keys[-1], "eq", "x"), where(keys[-1], "ne", "x")):
        with pytest.raises(FilterError, match=f"'{keys[-1]}' is in records .* at most {LEARN_LIMIT} keys are learnt"):
            ids_of(index, filter)
    assert ids_of(index, where(keys[-1], "exists", True)) == {"a"}
    assert ids_of(make(), where(keys[-1], "exists", False)) == {"b"}
    assert index.run(operations.fetch(index.state, ["a"]))[0].metadata == dict.fromkeys(keys, "x")  # type: ignore[union-attr]


def test_an_index_with_many_declared_fields_learns_as_many_more_whoever_opens_it(make: Indexes) -> None:
    add(make(metadata_schema={f"d{place}": "tag" for place in range(LEARN_LIMIT + 6)}), record("a", one=1))
    index = make()
    add(index, record("b", two=2))
    assert ids_of(index, where("two", "eq", 2)) == {"b"}


@pytest.mark.parametrize(
    "options", [{"learn": False}, {"metadata_schema": []}, {"metadata_schema": {"kind": "tag"}, "learn": False}]
)
def test_without_learning_only_declared_keys_are_filterable(make: Indexes, options: Any) -> None:
    index = make(**options)
    add(index, record("a", kind="x", other=1), record("b"))
    with pytest.raises(FilterError, match=r"'other' is in records of index .* neither declared nor learnt"):
        ids_of(index, where("other", "eq", 1))
    assert ids_of(index, where("other", "exists", True)) == {"a"}
    if "kind" in (options.get("metadata_schema") or ()):
        assert ids_of(index, where("kind", "eq", "x")) == {"a"}
    # Another writer can learn it, and the older records are covered.
    other = make()
    add(other, record("c", other=1, fresh=2))
    assert ids_of(other, where("fresh", "eq", 2)) == {"c"}
    assert ids_of(other, where("other", "eq", 1)) == {"a", "c"}


def test_a_key_that_is_declared_unindexed_takes_anything(make: Indexes) -> None:
    index = make(metadata_schema={"blob": "unindexed"})
    add(index, record("a", blob=1, n=1), record("b", blob={"x": [1, "y"]}), record("c", blob=2**60), record("d"))
    with pytest.raises(FilterError, match=r"'blob'.*not indexed"):
        ids_of(index, where("blob", "eq", 1))
    assert ids_of(index, where("blob", "exists", True)) == {"a", "b", "c"}
    assert ids_of(index, where("n", "eq", 1)) == {"a"}


def test_an_empty_text_is_a_value_also_when_it_was_the_first(make: Indexes) -> None:
    index = make()
    add(index, record("a", kind=""), record("b"))
    add(index, record("c", kind="x"), record("d", kind=""))
    assert ids_of(index, where("kind", "eq", "")) == {"a", "d"}
    assert ids_of(index, where("kind", "ne", "")) == {"b", "c"}


def test_a_key_that_somebody_else_taught_the_index_survives_clearing(make: Indexes) -> None:
    index, other = make(), make()
    add(index, record("a", n=1))
    add(other, record("b", k="x"))
    index.run(operations.clear(index.state))
    assert count(other) == 0
    add(other, record("c", k="x", n=2))
    for one in (index, other, make()):
        assert ids_of(one, where("k", "eq", "x") & where("n", "eq", 2)) == {"c"}


async def test_clearing_keeps_the_index_with_its_fields(make: Indexes, call: Call) -> None:
    index = make(metadata_schema={"when": "timestamp"})
    await call(index, "run", operations.upsert(index.state, [record("a", when=1, k="x")], vectors_for("a")))
    await call(index, "run", operations.clear(index.state))
    assert await call(index, "run", operations.count(index.state)) == 0
    assert await call(index, "run", operations.fetch(index.state, ["a"])) == [None]
    await call(index, "run", operations.upsert(index.state, [record("b", when="1970-01-01", k="x")], vectors_for("b")))
    assert ids_of(index, where("when", "lt", 1) & where("k", "eq", "x")) == {"b"}


# Reading and deleting


async def test_thousands_are_found_and_deleted_by_a_filter(make: Indexes, call: Call) -> None:
    """llama-index 13: more than 250 ids in get or delete overflowed the stack of the parser."""
    index = make()
    many = [record(f"id {place}", n=place, odd=bool(place % 2)) for place in range(3000)]
    await call(index, "run", operations.upsert(index.state, many, np.ones((3000, DIMS))))
    odd = where("odd", "eq", True)
    ids = [one.id for one in many]
    assert len(await call(index, "run", operations.fetch_matching(index.state, odd))) == 1500
    assert len(await call(index, "run", operations.fetch_matching(index.state, odd, ids[:1200]))) == 600
    assert await call(index, "run", operations.delete_matching(index.state, odd, ids[:1200])) == 600
    assert await call(index, "run", operations.delete_matching(index.state, odd)) == 900
    assert await call(index, "run", operations.count(index.state)) == 1500
    assert await call(index, "run", operations.count(index.state, odd)) == 0
    assert await call(index, "run", operations.delete(index.state, ids)) == 1500


def test_long_lists_and_deep_trees_are_asked(make: Indexes) -> None:
    index = make()
    add(index, *(record(str(place), n=place, kind=f"k-{place}") for place in range(50)))
    assert len(ids_of(index, where("kind", "in", [f"k-{place}" for place in range(10, 5000)]))) == 40
    assert len(ids_of(index, where("n", "nin", list(range(10, 1500))))) == 10
    wide = Or(tuple(where("n", "eq", place) for place in range(1000)))
    assert len(ids_of(index, wide)) == 50
    deep: Filter = where("n", "lt", 10)
    for _ in range(32):
        deep = ~~(deep & where("n", "gte", 0))
    assert len(ids_of(index, deep)) == 10


async def test_a_search_is_nearest_first_and_as_long_as_asked(make: Indexes, call: Call) -> None:
    index = make()
    await call(index, "run", operations.upsert(index.state, [record(c, c=c) for c in "abcde"], vectors_for("abcde")))
    for k, expected in ((0, ""), (1, "a"), (3, "abc"), (99, "abcde")):
        hits = await call(index, "run", operations.search_by_vector(index.state, [1.0, 0, 0, 0], k))
        assert "".join(hit.record.id for hit in hits) == expected
        assert [hit.distance for hit in hits] == sorted(hit.distance for hit in hits)
    wrong: Any
    for wrong in (-1, 1_000_001, 2.0, True):
        with pytest.raises(ArgumentError, match="k is an integer"):
            await call(index, "run", operations.search_by_vector(index.state, [1.0, 0, 0, 0], wrong))


def test_a_search_among_ids_finds_the_nearest_of_those(make: Indexes) -> None:
    index = make()
    add(index, *(record(str(place), odd=bool(place % 2)) for place in range(60)))
    far = [str(place) for place in range(59, 50, -1)]
    assert near(index, 3, ids=far) == ["51", "52", "53"]
    assert near(index, 3, where("odd", "eq", True), ids=far) == ["51", "53", "55"]
    assert near(index, 3, ids=["missing", "7"]) == ["7"]
    assert near(index, 3, ids=[]) == []


def test_an_id_that_the_server_would_cut_is_never_taken_for_another_one(make: Indexes) -> None:
    """INKEYS and LOAD read a key up to its first NUL."""
    index = make()
    add(index, record("a", n=1))
    with pytest.raises(RecordError, match="record 0"):
        add(index, record("a\x00b", n=1))
    for operation in (
        operations.search_by_vector(index.state, [1.0] * DIMS, 3, ids=["a\x00b"]),
        operations.fetch_matching(index.state, where("n", "eq", 1), ["a\x00b"]),
        operations.delete_matching(index.state, where("n", "eq", 1), ["a\x00b"]),
    ):
        with contextlib.suppress(ArgumentError):
            assert not index.run(operation)
    assert ids_of(index) == {"a"}


def test_the_order_and_the_gaps_of_ids_are_kept(make: Indexes) -> None:
    index = make()
    add(index, record("a"), record("b"))
    found = index.run(operations.fetch(index.state, ["b", "x", "a", "b"]))
    assert [one and one.id for one in found] == ["b", None, "a", "b"]
    assert index.run(operations.fetch(index.state, [])) == []
