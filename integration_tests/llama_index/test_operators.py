"""All fourteen operators of LlamaIndex's ``MetadataFilters``, on every type of field that has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilters

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import ask, filters, ids_of, open_store, text_node, where
from redisvl_adapters.errors import FilterError
from redisvl_adapters.llama_index import RedisVectorStore

ANY, ALL, CONTAINS = FilterOperator.ANY, FilterOperator.ALL, FilterOperator.CONTAINS
MATCH, FOLDED, IS_EMPTY = FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE, FilterOperator.IS_EMPTY
EQ, NE, IN, NIN = FilterOperator.EQ, FilterOperator.NE, FilterOperator.IN, FilterOperator.NIN
GT, GTE, LT, LTE = FilterOperator.GT, FilterOperator.GTE, FilterOperator.LT, FilterOperator.LTE
OR, NOT = FilterCondition.OR, FilterCondition.NOT

NODES: dict[str, dict[str, Any]] = {
    "a": {
        "colour": "Dark Red",
        "n": 1,
        "tags": ["x", "y"],
        "sizes": [1, 2.5],
        "body": "The running dogs, in Ünter-Berg!",
        "good": True,
        "day": datetime(2024, 1, 1, tzinfo=UTC),
        "author": {"name": "Ada", "scores": [3]},
    },
    "b": {"colour": "red", "n": 2.5, "tags": "y", "sizes": 2, "body": "a dog runs, a red one"},
    "c": {"colour": "", "n": -3, "tags": [], "sizes": [], "body": ""},
    "d": {"colour": None, "n": None, "tags": None, "sizes": None, "body": None, "author": None},
    "e": {},
}
EVERY = "abcde"
DECLARED = {"body": "text"}


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """A store with the nodes above; all of their keys but the text are learnt."""
    async with open_store(redis_url, index_name, storage, metadata_schema=DECLARED) as store:
        store.add([text_node(node_id, **metadata) for node_id, metadata in NODES.items()])
        yield store


MEANINGS: list[tuple[str, FilterOperator, Any, str]] = [
    ("tags", ANY, ["x", "z"], "a"),
    ("tags", ANY, ["y", "x"], "ab"),
    ("tags", ANY, [], ""),
    ("tags", ALL, ["x", "y"], "a"),
    ("tags", ALL, ["y"], "ab"),
    ("tags", ALL, ["y", "z"], ""),
    ("tags", ALL, [], EVERY),
    ("tags", CONTAINS, "y", "ab"),
    ("tags", CONTAINS, "Y", ""),
    ("colour", ANY, ["red", "green"], "b"),
    ("colour", ALL, ["red"], "b"),
    ("colour", ALL, ["red", "Dark Red"], ""),
    ("colour", CONTAINS, "red", "b"),
    ("colour", CONTAINS, "", "c"),
    ("colour", GT, "Dark Red", "b"),
    ("colour", GTE, "Dark Red", "ab"),
    ("colour", LT, "a", "ac"),
    ("colour", LTE, "", "c"),
    ("colour", MATCH, "red", "b"),
    ("colour", MATCH, "Red", "a"),
    ("colour", MATCH, "k R", "a"),
    ("colour", MATCH, "", "abc"),
    ("colour", MATCH, "%", ""),
    ("colour", FOLDED, "RED", "ab"),
    ("colour", FOLDED, "dark", "a"),
    ("colour", FOLDED, "*", ""),
    ("tags", MATCH, "x", "a"),
    ("tags", FOLDED, "Y", "ab"),
    ("author.name", FOLDED, "ADA", "a"),
    ("n", ANY, [1, 2.5], "ab"),
    ("n", ANY, [], ""),
    ("n", ALL, [1], "a"),
    ("n", ALL, [1, 2], ""),
    ("n", ALL, [], EVERY),
    ("n", CONTAINS, -3, "c"),
    ("n", CONTAINS, "-3", "c"),
    ("n", ANY, ["1", "2.50"], "ab"),
    ("sizes", EQ, 2.5, "a"),
    ("sizes", EQ, 2, "b"),
    ("sizes", NE, 1, "bcde"),
    ("sizes", IN, [1, 2], "ab"),
    ("sizes", NIN, [1.0], "bcde"),
    ("sizes", ANY, [2.5, 7], "a"),
    ("sizes", ALL, [1, 2.5], "a"),
    ("sizes", ALL, [1, 2], ""),
    ("sizes", ALL, [], EVERY),
    ("sizes", CONTAINS, 2.0, "b"),
    ("sizes", ALL, ["1"], "a"),
    ("sizes", GT, 2, "a"),
    ("sizes", GT, "2", "a"),
    ("sizes", GTE, 2, "ab"),
    ("sizes", LT, 2, "a"),
    ("sizes", LTE, 0.5, ""),
    ("author.scores", CONTAINS, 3, "a"),
    ("body", EQ, "running dogs", "a"),
    ("body", EQ, "RUNNING, dogs", "a"),
    ("body", EQ, "dogs running", "b"),
    ("body", EQ, "run dog", "a"),
    ("body", NE, "running dogs", "bcde"),
    ("body", IN, ["running dogs", "red one"], "ab"),
    ("body", NIN, ["running dogs"], "bcde"),
    ("body", MATCH, "dog runs", "ab"),
    ("body", MATCH, "red dog", "b"),
    ("body", MATCH, "red cat", ""),
    ("body", MATCH, "dog | cat", ""),
    ("body", MATCH, "dog*", "ab"),
    ("body", MATCH, "-dog", "ab"),
    ("body", FOLDED, "ünter BERG", "a"),
    ("good", EQ, "true", "a"),
    ("day", GTE, "2024-01-01", "a"),
    *((key, IS_EMPTY, None, "cde") for key in ("colour", "tags", "sizes", "body")),
    *((key, IS_EMPTY, None, "bcde") for key in ("good", "day", "author.name", "author.scores")),
    ("n", IS_EMPTY, None, "de"),
    ("author", IS_EMPTY, None, "bcde"),
    ("colou", IS_EMPTY, None, EVERY),
]


def test_every_operator_is_asked() -> None:
    """llama-index 19: six of fourteen filter operators were missing."""
    assert {operator for _, operator, _, _ in MEANINGS} == {*FilterOperator}


async def expect(call: Call, store: RedisVectorStore, given: MetadataFilters, ids: str) -> None:
    """Check that query, get_nodes and count agree on what filters match."""
    found = ("".join(sorted((await ask(call, store, filters=given)).ids)), await ids_of(call, store, filters=given))
    assert (*found, await call(store, "count", given)) == (ids, {*ids}, len(ids)), str(given)


async def test_each_operator_means_one_thing_on_each_field(store: RedisVectorStore, call: Call) -> None:
    """llama-index 6: TEXT_MATCH was raw query syntax."""
    for key, operator, value, ids in MEANINGS:
        given = where(key, value, operator)
        await expect(call, store, filters(given), ids)
        await expect(call, store, filters(given, condition=None), ids)
        rest = "".join(node_id for node_id in EVERY if node_id not in ids)
        await expect(call, store, filters(given, condition=NOT), rest)
        await expect(
            call, store, filters(filters(given, condition=NOT), where("n", 1), condition=NOT), ids.replace("a", "")
        )
        await expect(call, store, filters(filters(given), filters(given, condition=NOT), condition=OR), EVERY)


REFUSED: dict[str, list[tuple[FilterOperator, Any]]] = {
    "colour": [(GT, 1), (ANY, "red"), (ALL, None), (CONTAINS, 1), (CONTAINS, ["red"]), (MATCH, 1), (MATCH, None)],
    "n": [(MATCH, "1"), (FOLDED, "1"), (ANY, ["one"]), (ALL, 1), (CONTAINS, "one"), (CONTAINS, None)],
    "sizes": [(MATCH, "1"), (ANY, 1), (ALL, ["one"]), (GT, "one"), (GT, [1]), (EQ, [1, 2.5])],
    "body": [(ANY, ["dog"]), (ALL, ["dog"]), (CONTAINS, "dog"), (GT, "dog"), (EQ, ""), (MATCH, "?!"), (MATCH, ["dog"])],
    "good": [(CONTAINS, "true"), (ANY, ["true"]), (MATCH, "true"), (LT, 1)],
    "day": [(CONTAINS, "2024-01-01"), (MATCH, "2024"), (ANY, ["2024-01-01"])],
    "author": [(CONTAINS, "Ada"), (MATCH, "Ada")],
    "colou": [(NE, "red"), (NIN, []), (ALL, [])],
}


async def test_what_a_field_cannot_be_asked_is_refused(store: RedisVectorStore, call: Call) -> None:
    for key, questions in REFUSED.items():
        for operator, value in questions:
            wrong = where(key, value, operator)
            for given in (filters(wrong), filters(filters(wrong), where("n", 1), condition=OR)):
                for name in ("get_nodes", "count", "delete_nodes"):
                    with pytest.raises(FilterError, match=f"'{key}'"):
                        pytest.fail(f"{name} {wrong}: {await call(store, name, filters=given)}")
    assert await call(store, "count") == len(NODES)


@pytest.mark.parametrize(
    ("operator", "value", "rest"),
    [
        (ANY, ["x"], "bcde"),
        (ALL, ["x", "y"], "bcde"),
        (CONTAINS, "y", "cde"),
        (MATCH, "x", "bcde"),
        (IS_EMPTY, None, "ab"),
    ],
)
async def test_nodes_are_deleted_by_any_operator(
    store: RedisVectorStore, call: Call, operator: FilterOperator, value: Any, rest: str
) -> None:
    await call(store, "delete_nodes", filters=filters(where("tags", value, operator)))
    assert await ids_of(call, store) == {*rest}


async def test_all_of_nothing_is_refused_in_a_delete(store: RedisVectorStore, call: Call) -> None:
    """llama-index 2: an empty list deleted everything."""
    with pytest.raises(ValueError, match="always true"):
        await call(store, "delete_nodes", filters=filters(where("tags", [], ALL)))
    await call(store, "delete_nodes", filters=filters(where("tags", [], ANY)))
    assert await ids_of(call, store) == {*EVERY}


async def test_a_key_that_never_had_a_value_has_no_element(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node("f", blank=None)])
    for operator, value, ids in ((ALL, [], "abcdef"), (ALL, ["x"], ""), (ANY, [], ""), (IS_EMPTY, None, "abcdef")):
        await expect(call, store, filters(where("blank", value, operator)), ids)
