"""LlamaIndex's ``MetadataFilters``: each operator, nested to any depth, exact, and never failing open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from redisvl.query.filter import Num, Tag

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import ask, filters, ids_of, open_store, text_node, where
from redisvl_adapters.errors import FilterError, UnknownFieldError, UnknownFieldWarning
from redisvl_adapters.llama_index import RedisVectorStore

EQ, NE, GT, GTE = FilterOperator.EQ, FilterOperator.NE, FilterOperator.GT, FilterOperator.GTE
LT, LTE, IN, NIN = FilterOperator.LT, FilterOperator.LTE, FilterOperator.IN, FilterOperator.NIN
AND, OR, NOT = FilterCondition.AND, FilterCondition.OR, FilterCondition.NOT

NODES: dict[str, dict[str, Any]] = {
    "a": {"colour": "red", "n": 1, "good": True, "tags": ["x", "y"], "author": {"name": "Ada"}},
    "b": {"colour": "Red", "n": 2.5, "good": False, "tags": ["y"], "day": datetime(2024, 1, 1, tzinfo=UTC)},
    "c": {"colour": "blue", "n": -3, "good": True, "tags": [], "day": datetime(2024, 6, 1, 12)},  # naive means UTC
    "d": {"colour": "", "n": 2, "good": None, "tags": None},
    "e": {},
}


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """A store with the nodes above."""
    async with open_store(redis_url, index_name, storage) as store:
        store.add([text_node(node_id, **metadata) for node_id, metadata in NODES.items()])
        yield store


async def expect(call: Call, store: RedisVectorStore, given: Any, ids: str) -> None:
    """Check that query, get_nodes and count agree on what a filter matches."""
    assert set((await ask(call, store, filters=given)).ids) == set(ids)
    assert await ids_of(call, store, filters=given) == set(ids)
    assert await call(store, "count", given) == len(ids)


@pytest.mark.parametrize(
    ("key", "operator", "value", "ids"),
    [
        ("colour", EQ, "red", "a"),
        ("colour", EQ, "re", ""),
        ("colour", EQ, "", "d"),
        ("colour", EQ, " red", ""),
        ("colour", NE, "red", "bcde"),
        ("colour", NE, "", "abce"),
        ("colour", IN, ["red", "blue", "gone"], "ac"),
        ("colour", IN, [], ""),
        ("colour", NIN, ["red", "blue"], "bde"),
        ("colour", NIN, [], "abcde"),
        ("n", EQ, 1, "a"),
        ("n", EQ, 1.0, "a"),
        ("n", NE, 1, "bcde"),
        ("n", GT, 1, "bd"),
        ("n", GTE, 1, "abd"),
        ("n", LT, 2, "ac"),
        ("n", LTE, 2, "acd"),
        ("n", GT, -3.5, "abcd"),
        ("n", IN, [1, 2], "ad"),
        ("n", IN, [2.5, -3.0], "bc"),
        ("n", IN, [], ""),
        ("n", NIN, [1, 2], "bce"),
        ("tags", EQ, "y", "ab"),
        ("tags", NE, "y", "cde"),
        ("tags", IN, ["x", "z"], "a"),
        ("tags", NIN, ["x"], "bcde"),
        ("author.name", EQ, "Ada", "a"),
        ("author.name", NE, "Ada", "bcde"),
        ("day", EQ, "2024-01-01", "b"),
        ("day", GT, "2024-01-01T00:00:00+00:00", "c"),
        ("day", LTE, "2024-06-01T12:00:00Z", "bc"),
        ("day", GTE, 1704067200, "bc"),
        ("day", IN, ["2024-06-01T14:00:00+02:00"], "c"),
        ("good", EQ, "true", "ac"),
        ("good", EQ, "True", "ac"),
        ("good", EQ, 1, "ac"),
        ("good", EQ, "false", "b"),
        ("good", EQ, 0, "b"),
        ("good", NE, "true", "bde"),
        ("good", NE, 1, "bde"),
        ("good", IN, ["true", "false"], "abc"),
        ("good", IN, [0, 1], "abc"),
        ("good", NIN, ["false"], "acde"),
    ],
)
async def test_each_operator_means_one_thing(
    store: RedisVectorStore, call: Call, key: str, operator: FilterOperator, value: Any, ids: str
) -> None:
    """llama-index 5: ``IN []``, ``EQ ""`` and the like matched everything."""
    await expect(call, store, filters(where(key, value, operator)), ids)


RED, BLUE, EMPTY = where("colour", "red"), where("colour", "blue"), where("colour", "")
POSITIVE = where("n", 0, GT)


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (filters(RED, POSITIVE), "a"),
        (filters(RED, POSITIVE, condition=None), "a"),
        (filters(RED, BLUE, condition=OR), "ac"),
        (filters(RED, BLUE), ""),
        (filters(RED, condition=NOT), "bcde"),
        (filters(RED, BLUE, condition=NOT), "bde"),
        (filters(filters(RED, BLUE, condition=NOT), condition=NOT), "ac"),
        (filters(POSITIVE, filters(RED, EMPTY, condition=OR)), "ad"),
        (filters(POSITIVE, filters(RED, EMPTY, condition=NOT)), "b"),
        (filters(filters(POSITIVE, RED), filters(BLUE, condition=None), condition=OR), "ac"),
        (filters(filters(POSITIVE, RED), BLUE, condition=NOT), "bde"),
        (filters(filters(where("colour", [], IN)), RED, condition=OR), "a"),
        (filters(filters(where("colour", [], IN), condition=NOT), RED), "a"),
        (filters(where("colour", [], NIN), condition=NOT), ""),
        (filters(), "abcde"),
        (filters(condition=None), "abcde"),
    ],
)
async def test_conditions_nest(store: RedisVectorStore, call: Call, given: MetadataFilters, ids: str) -> None:
    """llama-index 5: NOT was compiled as OR."""
    await expect(call, store, given, ids)


async def test_conditions_nest_deeply_and_widely(store: RedisVectorStore, call: Call) -> None:
    deep = filters(RED)
    for _ in range(40):
        deep = filters(deep, condition=NOT)
    await expect(call, store, deep, "a")
    wide = filters(*(where("n", number) for number in range(1000)), condition=OR)
    await expect(call, store, wide, "ad")
    await expect(call, store, filters(where("colour", [f"c{n}" for n in range(1000)] + ["red"], IN)), "a")


async def test_a_key_that_was_never_met_finds_nothing_and_never_widens(store: RedisVectorStore, call: Call) -> None:
    """llama-index 5: a filter on an unindexed field was dropped."""
    never, others = where("color", "red"), [where("color", "red", NE), where("color", [], NIN)]
    nothing = [filters(never), filters(never, RED), *(filters(filters(other), condition=NOT) for other in others)]
    with pytest.warns(UnknownFieldWarning, match=r"'color'.*did you mean 'colour'"):
        await expect(call, store, nothing[0], "")
    # One warning is enough: another one would be an error here.
    for given in nothing:
        await expect(call, store, given, "")
    await expect(call, store, filters(never, RED, condition=OR), "a")
    widening: list[MetadataFilter | MetadataFilters] = [filters(never, condition=NOT), *others]
    for other in widening:
        for given in (
            filters(other),
            filters(other, RED),
            filters(other, RED, condition=OR),
            filters(where("colour", [], IN), filters(other)),
        ):
            for name in ("get_nodes", "count"):
                with pytest.raises(UnknownFieldError, match="'color'"):
                    await call(store, name, filters=given)
            with pytest.raises(UnknownFieldError, match="'color'"):
                await ask(call, store, filters=given)
            nothing.append(given)
    for given in nothing:
        with pytest.raises(UnknownFieldError, match="'color'"):
            await call(store, "delete_nodes", filters=given)
    assert await ids_of(call, store) == set(NODES)


WRONG: dict[str, MetadataFilter] = {
    "None": where("colour", None),
    "not None": where("colour", None, NE),
    "None for a number": where("n", None),
    "in None": where("colour", None, IN),
    "not in None": where("colour", None, NIN),
    "in text": where("colour", "red", IN),
    "not in text": where("colour", "red", NIN),
    "a list to be equal to": where("colour", ["red"]),
    "an empty list to be equal to": where("colour", []),
    "an empty list to differ from": where("colour", [], NE),
    "a number for a tag": where("colour", 1),
    "numbers for a tag": where("colour", [1, 2], IN),
    "text for a number": where("n", "one"),
    "text for a number, negated": where("n", "one", NE),
    "texts for a number": where("n", ["one"], NIN),
    "an order of a text and a number": where("colour", 1, GT),
    "an order on a boolean": where("good", 1, GTE),
    "a list in an order": where("n", [1], LT),
    "NaN": where("n", float("nan")),
    "infinity": where("n", float("inf"), LT),
    "an int beyond 64 bits": where("n", 2**64),
    "a number for a boolean": where("good", 2),
    "text for a boolean": where("good", "yes"),
    "no time": where("day", "soon", GT),
    "a field that is a mapping": where("author", "Ada"),
}


UNKNOWN = [kind for kind in WRONG if kind.startswith("an unknown field")]


@pytest.mark.parametrize("kind", WRONG)
async def test_what_cannot_be_honoured_is_refused_and_never_widened(
    store: RedisVectorStore, call: Call, kind: str
) -> None:
    """llama-index 5: ``EQ None`` matched everything."""
    wrong = WRONG[kind]
    refused = [
        filters(wrong),
        filters(wrong, RED),
        filters(wrong, RED, condition=OR),
        filters(where("colour", [], IN), filters(wrong)),
    ]
    if kind not in UNKNOWN:
        refused.append(filters(filters(wrong), RED, condition=NOT))
    for given in refused:
        for name in ("get_nodes", "count", "delete_nodes"):
            with pytest.raises(FilterError, match=wrong.key):
                await call(store, name, filters=given)
        with pytest.raises(FilterError, match=wrong.key):
            await ask(call, store, filters=given)
    assert await ids_of(call, store) == set(NODES)


@pytest.mark.parametrize("kind", UNKNOWN)
async def test_an_unknown_field_that_is_negated_twice_finds_nothing(
    store: RedisVectorStore, call: Call, kind: str
) -> None:
    given = filters(filters(WRONG[kind]), RED, condition=NOT)
    with pytest.warns(UnknownFieldWarning, match="did you mean 'colour'"):
        assert await call(store, "get_nodes", filters=given) == []
    assert (await ask(call, store, filters=given)).ids == []
    with pytest.raises(UnknownFieldError, match="did you mean 'colour'"):
        await call(store, "delete_nodes", filters=given)
    assert await ids_of(call, store) == set(NODES)


async def test_a_comparison_alone_is_a_filter(store: RedisVectorStore, call: Call) -> None:
    await expect(call, store, RED, "a")


@pytest.mark.parametrize("given", [{"colour": "red"}, [RED], "colour == 'red'", 7, [], {}, "", 0, False], ids=repr)
async def test_what_is_no_filter_is_refused(store: RedisVectorStore, call: Call, given: Any) -> None:
    for name in ("get_nodes", "count", "delete_nodes"):
        with pytest.raises(FilterError):
            await call(store, name, filters=given)
    with pytest.raises(FilterError):
        await ask(call, store, filters=given)
    assert await ids_of(call, store) == set(NODES)


ODD = [
    *("a,b", "a|b", "A|B", "a", "b", "what?", "back`tick", "line\nbreak", "tab\t", " outer ", "outer", "two words"),
    *(
        "*",
        "a*",
        "-a",
        "@colour:{a}",
        "{a}",
        "a} | @n:[-inf inf] | @colour:{b",
        "(a)",
        '"a"',
        "'",
        "\\",
        "\\a",
        "$x",
        "%a%",
    ),
    *(
        "a:b",
        "a;b",
        "a.b",
        "a-b",
        "~",
        "ä",
        "Ä",
        "日本",
        "🙂",
        "\x00",
        "\x1f",
        "x" * 5000,
        "x" * 5000 + "y",
        "true",
        "1",
        "None",
    ),
]


async def test_text_of_any_spelling_is_matched_exactly(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    """llama-index 6 and 7: "A|B" matched both; commas, pipes, "?", backticks, newlines and blanks never did."""
    async with open_store(redis_url, index_name, storage, metadata_schema={"tenant": "tag"}) as store:
        await call(store, "add", [text_node(f"n{place}", tenant=value) for place, value in enumerate(ODD)])
        for place, value in enumerate(ODD):
            assert (await ask(call, store, filters=filters(where("tenant", value)))).ids == [f"n{place}"]
            assert await call(store, "count", filters(where("tenant", value, NE))) == len(ODD) - 1
            assert await call(store, "count", filters(where("tenant", [value], IN))) == 1
        assert await call(store, "count", filters(where("tenant", ODD, IN))) == len(ODD)
        assert await call(store, "count", filters(where("tenant", ODD, NIN))) == 0
        assert await call(store, "count", filters(where("tenant", "y" * 5000))) == 0


KEYS = [
    "a b",
    "a-b",
    "a.b",
    "a,b",
    "@x",
    "x:y",
    "",
    "text",
    "embedding",
    "id",
    "_keys",
    "ä",
    "*",
    "sortable",
    "{k}",
    "_k_x",
]


async def test_keys_of_any_spelling_can_be_filtered(redis_url: str, index_name: str, storage: str, call: Call) -> None:
    async with open_store(redis_url, index_name, storage) as store:
        await call(
            store,
            "add",
            [text_node(f"n{place}").model_copy(update={"metadata": {key: "v"}}) for place, key in enumerate(KEYS)],
        )
        for place, key in enumerate(KEYS):
            assert (await ask(call, store, filters=filters(where(key, "v")))).ids == [f"n{place}"]
            assert await call(store, "count", filters(where(key, "v", NE))) == len(KEYS) - 1


@pytest.mark.parametrize("empty", [None, []])
async def test_a_key_that_never_had_a_value_equals_nothing(
    redis_url: str, index_name: str, storage: str, call: Call, empty: Any
) -> None:
    async with open_store(redis_url, index_name, storage) as store:
        await call(store, "add", [text_node("a", key=empty), text_node("b")])
        await expect(call, store, filters(where("key", "x")), "")
        await expect(call, store, filters(where("key", ["x"], IN)), "")
        await expect(call, store, filters(where("key", "x", NE)), "ab")
        await expect(call, store, filters(where("key", ["x"], NIN)), "ab")
        await call(store, "add", [text_node("c", key="x")])
        await expect(call, store, filters(where("key", "x")), "c")
        await expect(call, store, filters(where("key", "x", NE)), "ab")


async def test_an_empty_text_is_matched_though_it_was_the_first_value(
    redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    async with open_store(redis_url, index_name, storage) as store:
        await call(store, "add", [text_node("a", key="")])
        await call(store, "add", [text_node("b", key="x"), text_node("c", key=""), text_node("d")])
        await expect(call, store, filters(where("key", "")), "ac")
        await expect(call, store, filters(where("key", "", NE)), "bd")
        await expect(call, store, filters(where("key", ["", "x"], IN)), "abc")


async def test_redisvl_expressions_are_taken_and_combined(store: RedisVectorStore, call: Call) -> None:
    await expect(call, store, (Num("n") > 0) & (Tag("colour") != "red"), "bd")
    await expect(call, store, Num("n") > 2, "b")
    for everything in (Tag("colour") == "", Tag("colour") == [], Num("n") == None):  # noqa: E711  # RedisVL's spelling
        with pytest.raises(FilterError):
            await call(store, "delete_nodes", filters=everything)
    assert await ids_of(call, store) == set(NODES)
