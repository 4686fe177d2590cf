"""Keys that do not become filterable by being met: those with long texts, and those that a store was told."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.core import core_support
from integration_tests.core.core_support import Indexes, add, ids_of, record, where
from redisvl_adapters.core import FieldType, RedisIndex, operations
from redisvl_adapters.core.schema.fields import MAX_LEARNT_TEXT
from redisvl_adapters.errors import ArgumentError, FilterError

LONG = "x" * (MAX_LEARNT_TEXT + 1)


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> Any:
    async with core_support.opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as made:
        yield made


def types(index: RedisIndex) -> dict[str, FieldType]:
    snapshot = index.state.snapshot
    assert snapshot is not None
    return {key: field.type for key, field in snapshot.schema.fields.items()}


def presence(index: RedisIndex, key: str) -> list[set[str]]:
    return [ids_of(index, where(key, "exists", True)), ids_of(index, where(key, "is_empty", True))]


@pytest.mark.parametrize("value", [LONG, ["short", LONG], "ä" * (MAX_LEARNT_TEXT + 1)])
def test_a_key_that_is_met_with_a_long_text_is_stored_and_not_indexed(make: Indexes, value: Any) -> None:
    index = make()
    add(index, record("a", window="short", kind="k"), record("b", window=value, kind="k"), record("c", kind="k"))
    assert types(index) == {"window": "unindexed", "kind": "tag"}
    # Short ones that come later do not change that, whoever writes them.
    add(make(), record("d", window="short", kind="k"))
    for each in (index, make()):
        for operator, operand in (("eq", "short"), ("ne", "short"), ("in", ["short"]), ("like", "s%"), ("gt", "a")):
            with pytest.raises(FilterError, match=r"'window' .* more than 512 characters .* declare it"):
                ids_of(each, where("window", operator, operand))
        assert presence(each, "window") == [{"a", "b", "d"}, {"c"}]
        assert ids_of(each, where("kind", "eq", "k")) == {"a", "b", "c", "d"}
    (found,) = index.run(operations.fetch(index.state, ["b"]))
    assert found is not None
    assert found.metadata["window"] == value


def test_a_text_of_just_the_length_is_indexed_and_so_are_longer_ones_of_a_key_that_is(make: Indexes) -> None:
    index = make()
    add(index, record("a", note="y" * MAX_LEARNT_TEXT))
    add(index, record("b", note=LONG))
    assert types(index) == {"note": "tag"}
    assert ids_of(index, where("note", "eq", LONG)) == {"b"}
    assert ids_of(index, where("note", "ne", LONG)) == {"a"}


def test_nested_keys_are_told_apart(make: Indexes) -> None:
    index = make()
    add(index, record("a", page={"body": LONG, "number": 1}))
    assert {"page.body": "unindexed", "page.number": "numeric"}.items() <= types(index).items()
    assert ids_of(index, where("page.number", "eq", 1)) == {"a"}


def test_keys_that_a_store_was_told_are_not_indexed_whatever_they_hold(make: Indexes) -> None:
    index = make(unindexed=["window", "original_text"])
    add(index, record("a", window="short", original_text=1, kind="k"))
    assert types(index) == {"window": "unindexed", "original_text": "unindexed", "kind": "tag"}
    with pytest.raises(FilterError, match="is in unindexed="):
        ids_of(index, where("original_text", "gt", 0))
    assert presence(index, "original_text") == [{"a"}, set()]


def test_a_key_that_is_declared_is_what_it_is_declared_as(make: Indexes) -> None:
    index = make(unindexed=["window"], metadata_schema={"window": "tag", "body": "text"})
    add(index, record("a", window="short", body=f"quick {LONG}"))
    assert ids_of(index, where("window", "eq", "short")) == {"a"}
    assert ids_of(index, where("body", "text_match", "quick")) == {"a"}


def test_a_key_that_is_declared_later_is_indexed_with_what_was_written_before(make: Indexes) -> None:
    add(make(), record("a", window=LONG), record("b", window="short"), record("c"))
    declared = make(metadata_schema={"window": "tag"})
    add(declared, record("d", window=LONG))
    for index in (declared, make()):
        assert ids_of(index, where("window", "eq", LONG)) == {"a", "d"}
        assert ids_of(index, where("window", "ne", LONG)) == {"b", "c"}


def test_a_key_that_was_indexed_before_stays_indexed(make: Indexes) -> None:
    add(make(), record("a", window="short"))
    index = make(unindexed=["window"])
    add(index, record("b", window="other"))
    assert ids_of(index, where("window", "ne", "short")) == {"b"}


@pytest.mark.parametrize("given", ["window", [3]])
def test_what_is_no_list_of_keys_is_refused(make: Indexes, given: Any) -> None:
    with pytest.raises(ArgumentError, match="unindexed"):
        make(unindexed=given)
