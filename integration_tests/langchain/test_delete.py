"""Deleting from the LangChain store: what was named, and never more."""

from __future__ import annotations

from typing import Any

import pytest
from redisvl.query.filter import Num, Tag

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, find, ids_of, store_on
from redisvl_adapters import AdapterError, FilterError
from redisvl_adapters.core import MATCH_ALL, MATCH_NONE, And, Compare, Not, Operator
from redisvl_adapters.langchain import RedisVectorStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture

IDS = {"1", "2", "3", "4"}
METADATAS: list[dict[str, Any]] = [
    {"n": 1, "tenant": "a"},
    {"n": 2, "tenant": "a"},
    {"n": 3, "tenant": "b"},
    {"tenant": "B", "extra": None},
]


@pytest.fixture
async def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    store = store_on(clients, index_name, storage=storage)
    await store.aadd_texts(list("wxyz"), METADATAS, ids=sorted(IDS))
    return store


@pytest.mark.parametrize(
    ("ids", "filter", "deleted"),
    [
        (["1", "3"], None, {"1", "3"}),
        (["1", "1", "missing"], None, {"1"}),
        (["missing"], None, set()),
        ([], None, set()),
        ([], {"tenant": "a"}, set()),
        (("2",), None, {"2"}),
        (None, {"tenant": "a"}, {"1", "2"}),
        (None, {"n": {"$gte": 2}}, {"2", "3"}),
        (None, {"n": "1"}, {"1"}),
        (None, {"tenant": {"$gt": "a"}}, {"3"}),
        (None, {"n": {"$ne": 1}}, {"2", "3", "4"}),
        (None, {"n": {"$exists": False}}, {"4"}),
        (None, {"$or": [{"n": 1}, {"tenant": "B"}]}, {"1", "4"}),
        (None, {"$not": {"tenant": "a"}}, {"3", "4"}),
        (None, {"tenant": {"$in": []}}, set()),
        (None, {"$or": []}, set()),
        (None, MATCH_NONE, set()),
        (None, {"tenant": "nobody"}, set()),
        (None, Tag("tenant") == "b", {"3"}),
        (None, (Num("n") > 1) & (Tag("tenant") == "a"), {"2"}),
        (None, Compare("n", Operator.LT, 2) | Compare("tenant", Operator.EQ, "B"), {"1", "4"}),
        (["1", "3", "4"], {"tenant": {"$in": ["a", "B"]}}, {"1", "4"}),
        (["3"], {"tenant": "a"}, set()),
        (["missing"], {"tenant": "a"}, set()),
    ],
    ids=lambda value: "" if isinstance(value, set) else repr(value),
)
async def test_what_is_named_is_deleted(
    store: RedisVectorStore, call: Call, ids: Any, filter: Any, deleted: set[str]
) -> None:
    """langchain-redis 25: no delete by filter. Deleting what is not there is a success."""
    assert await call(store, "delete", ids, filter=filter) is True
    assert await find(call, store) == IDS - deleted
    assert await call(store, "delete", ids, filter=filter) is True
    assert await find(call, store) == IDS - deleted


async def test_a_key_that_the_index_has_met_stays_known(store: RedisVectorStore, call: Call) -> None:
    """Exists may be asked of any key that the index has met, also when the last record that had it is gone."""
    for _ in ("the first time", "and again"):
        await call(store, "delete", filter={"extra": {"$exists": True}})
        assert await find(call, store) == IDS - {"4"}


@pytest.mark.parametrize(
    "filter",
    [
        None,
        {},
        {"$and": []},
        {"$and": [{}, {"$and": []}]},
        {"$or": [{}]},
        {"$or": [{"n": 1}, {}]},
        {"$not": []},
        {"$not": {"$or": []}},
        {"n": {"$nin": []}},
        {"$or": [{"tenant": "a"}, {"n": {"$nin": []}}]},
        MATCH_ALL,
        And((MATCH_ALL,)),
        Not((MATCH_NONE,)),
        Tag("tenant") == "",
        Tag("tenant") == [],
        Tag("tenant") == None,  # noqa: E711  # as RedisVL users write it
        Tag("tenant") != None,  # noqa: E711  # as RedisVL users write it
        Num("n") == None,  # noqa: E711  # as RedisVL users write it
        (Tag("tenant") == "a") | (Tag("tenant") == ""),
    ],
    ids=repr,
)
async def test_a_filter_that_is_always_true_deletes_nothing(store: RedisVectorStore, call: Call, filter: Any) -> None:
    """langchain-redis 18: ``Tag == ""``, ``[]`` and ``None`` match everything, other tenants included."""
    with pytest.raises(AdapterError):
        await call(store, "delete", filter=filter)
    assert await find(call, store) == IDS


@pytest.mark.parametrize("filter", [{}, {"$and": []}, MATCH_ALL], ids=repr)
async def test_an_empty_filter_is_refused_with_ids_too(store: RedisVectorStore, call: Call, filter: Any) -> None:
    """An empty filter object handed to a delete is refused: a condition on the ids was meant, and got lost."""
    with pytest.raises(AdapterError):
        await call(store, "delete", ["1", "2"], filter=filter)
    assert await find(call, store) == IDS


async def test_delete_without_arguments_points_to_clear(store: RedisVectorStore, call: Call) -> None:
    with pytest.raises(AdapterError, match=r"clear\(\)"):
        await call(store, "delete")
    with pytest.raises(AdapterError, match=r"clear\(\)"):
        await call(store, "delete", None, filter={})
    assert await find(call, store) == IDS


@pytest.mark.parametrize(
    "filter",
    [
        {"tenatn": "a"},
        {"$not": {"tenatn": "a"}},
        {"n": "one"},
        {"n": {"$gte": None}},
        {"tenant": None},
        {"tenant": {"$ne": None}},
        {"tenant": {"$gt": 1}},
        {"tenant": {"$in": "a"}},
        {"tenant": {"$nin": None}},
        {"tenant": {}},
        {"$nor": [{"tenant": "a"}]},
        {"tenant": {"$regex": "a"}},
        "tenant = a",
        ["tenant", "a"],
        7,
        Tag("tenatn") != "a",
    ],
    ids=repr,
)
async def test_a_filter_that_cannot_be_honoured_deletes_nothing(
    store: RedisVectorStore, call: Call, filter: Any
) -> None:
    """langchain-redis 18: what a filter cannot express matches everything."""
    for ids in (None, ["1", "2"]):
        with pytest.raises(FilterError):
            await call(store, "delete", ids, filter=filter)
    assert await find(call, store) == IDS


async def test_records_that_expire_meanwhile_disturb_neither_a_search_nor_a_delete(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage)
    await call(store, "add_texts", ["a"], [{"n": 1}], ids=["kept"])
    for _ in range(10):
        # Some of them are gone, and some are still in the index although they are gone.
        await call(store, "add_texts", [str(number) for number in range(300)], [{"n": 2}] * 300, ttl=0.02)
        assert "kept" in await find(call, store)
        assert await call(store, "delete", filter={"n": 2}) is True
    assert ids_of(await call(store, "get_by_ids", ["kept"])) == ["kept"]


async def test_deleting_reaches_no_other_store(
    clients: Clients, store: RedisVectorStore, index_name: str, call: Call
) -> None:
    """langchain-redis 10: prefix ``foo`` indexes ``foobar:*``."""
    neighbour = store_on(clients, f"{index_name}-2")
    await call(neighbour, "add_texts", ["a"], [{"tenant": "a"}], ids=["1"])
    await call(store, "delete", ["1"])
    await call(store, "delete", filter={"tenant": "a"})
    await call(store, "clear")
    assert await find(call, neighbour) == {"1"}
