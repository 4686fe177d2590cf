"""Metadata of the LangChain store: what goes in comes out, types kept, and every key can be filtered."""

from __future__ import annotations

import datetime as dt
import random
import struct
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, exact, find, read_in_every_way, store_on
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

KEYS = [
    *("text", "embedding", "metadata", "id", "score", "payload", "vector_distance", "self"),
    *("_keys", "_doc_id", "_node", "_exact", "index", "content", "page_content", "__key", "_k_x"),
    *(
        "",
        " ",
        "a b",
        "a.b",
        ".",
        "a..b",
        "a:b|c",
        "@x",
        "x{y}",
        "a,b",
        "a-b",
        "-a",
        "+a",
        "0",
        "12.5",
        "$",
        "\\",
        "'\"",
        "*",
        "%",
    ),
    *(
        "as",
        "TAG",
        "vector",
        "sortable",
        "weight",
        "NOINDEX",
        "and",
        "or",
        "not",
        "ключ",
        "键",
        "🙂",
        "\n",
        "\x00",
        "\x1f",
        "k" * 500,
    ),
]

# What JSON can hold, with everything that a store of this kind is known to bend.
AWKWARD: dict[str, Any] = {
    "a.b": "literal",
    "a": {"b": "nested", "": {"c.d": [{"e": None}]}},
    "none": None,
    "empty": {"text": "", "list": [], "dict": {}, "lists": [[], [[]], {}]},
    "unicode": "日本語 🙂 e\u0301 \u2028 \u200f \x7f",
    "control": "\x00\x01\t\r\n\x1f",
    "blank": "  a  ",
    "markup": "a,b|c {d} @e:[f] \\ ' \" <g> $h `i`",
    "long": "x" * 10_000,
    "like other types": ["1", "1.0", "true", "null", "None", "[]", "{}", "2024-01-01"],
    "bools": [True, False],
    "true": True,
    "false": False,
    "ints": [0, -1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**64 - 1],
    "int": 3,
    "float": 3.0,
    "floats": [0.0, -0.0, 0.1, 1 / 3, 1e22, 1e23, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, -1.5e300],
    "mixed": [1, "1", 1.0, True, None, [1], {"1": 1}],
    "big float": 123456789.123456789,
    "exact float": 9007199254740993.0,
    "small": 4.35e-05,
}


@pytest.fixture
def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    return store_on(clients, index_name, storage=storage)


async def test_awkward_metadata_comes_back_equal_and_of_the_same_types(store: RedisVectorStore, call: Call) -> None:
    """langchain-redis 13: metadata of bool, dict, list of int, None: errors, some after a partial write."""
    await call(store, "add_documents", [Document(page_content="a", id="1", metadata=AWKWARD)])
    for way, (document,) in (await read_in_every_way(call, store, "1", "a")).items():
        assert exact(document.metadata) == exact(AWKWARD), way


async def test_keys_that_mean_something_elsewhere_are_keys_like_any_other(store: RedisVectorStore, call: Call) -> None:
    """langchain-redis 6: ``text`` overwrites the page content, ``embedding`` makes the document unindexed."""
    metadata: dict[str, Any] = {key: f"value of {key}" for key in KEYS}
    await call(store, "add_texts", ["a"], [metadata], ids=["1"])
    for way, (document,) in (await read_in_every_way(call, store, "1", "a")).items():
        assert (document.page_content, document.id) == ("a", "1"), way
        assert exact(document.metadata) == exact(metadata), way


@pytest.mark.parametrize(
    "value", ["text", 7, True, ["x", "y"], {"inner": "text"}], ids=lambda value: type(value).__name__
)
async def test_every_key_can_be_filtered(store: RedisVectorStore, call: Call, value: Any) -> None:
    """langchain-redis 6: metadata keys with a name of its own corrupt metadata, or leave it unsearchable."""
    keys = {key: f"id {place}" for place, key in enumerate(key for key in KEYS if not key.startswith("$"))}
    await call(store, "add_texts", [f"{key}!" for key in keys], [{key: value} for key in keys], ids=list(keys.values()))
    asked = value[0] if isinstance(value, list) else value
    for key, record_id in keys.items():
        condition = {f"{key}.inner": "text"} if isinstance(value, dict) else {key: asked}
        assert await find(call, store, condition) == {record_id}, key
        assert await find(call, store, {key: {"$exists": True}}) == {record_id}, key


async def test_a_key_with_a_dot_goes_before_a_nested_one(store: RedisVectorStore, call: Call) -> None:
    metadatas: list[dict[str, Any]] = [
        {"a.b": "x", "a": {"b": "y"}},
        {"a": {"b": "y"}},
        {"a": {"b": "x"}},
        {"a.b": "y"},
    ]
    await call(store, "add_texts", list("pqrs"), metadatas, ids=list("pqrs"))
    assert await find(call, store, {"a.b": "x"}) == {"p", "r"}
    assert await find(call, store, {"a.b": "y"}) == {"q", "s"}


async def test_what_is_nested_under_an_empty_key_is_not_taken_for_a_key_of_its_own(
    store: RedisVectorStore, call: Call
) -> None:
    await call(store, "add_texts", ["a", "b"], [{"": {"tenant": "x"}}, {"tenant": "x"}], ids=["1", "2"])
    assert await find(call, store, {"tenant": "x"}) == {"2"}


NAIVE = dt.datetime(2024, 5, 17, 12, 30, 0, 123456)
AWARE = dt.datetime(2024, 5, 17, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
UUID4 = UUID("12345678-1234-4678-9234-567812345678")


@pytest.mark.parametrize(
    ("given", "comes_back"),
    [
        (NAIVE, "2024-05-17T12:30:00.123456"),
        (AWARE, "2024-05-17T12:30:00+02:00"),
        (dt.date(2024, 5, 17), "2024-05-17"),
        (UUID4, str(UUID4)),
        (Decimal("1.5"), 1.5),
        (Decimal(3), 3.0),
        ((1, 2), [1, 2]),
        (("a", ("b",)), ["a", ["b"]]),
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (frozenset({3, 1, 2}), [1, 2, 3]),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.uint8(7), 7),
        (np.bool_(True), True),  # numpy's name for it
        (np.str_("a"), "a"),
        ([AWARE, {"x": UUID4}], ["2024-05-17T12:30:00+02:00", {"x": str(UUID4)}]),
        ({"x": (Decimal("0.25"), np.int32(1))}, {"x": [0.25, 1]}),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
async def test_other_types_come_back_in_their_documented_form(
    store: RedisVectorStore, call: Call, given: Any, comes_back: Any
) -> None:
    """langchain-redis 13: metadata of tuple, datetime, UUID, numpy scalar: errors, some after a partial write."""
    await call(store, "add_texts", ["a"], [{"x": given}], ids=["1"])
    for way, (document,) in (await read_in_every_way(call, store, "1", "a")).items():
        assert exact(document.metadata) == exact({"x": comes_back}), way


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        (NAIVE, {"$eq": NAIVE.replace(tzinfo=dt.UTC)}),
        (AWARE, {"$gt": "2024-05-17T10:29:59", "$lt": "2024-05-17T10:30:01"}),
        (AWARE, {"$eq": AWARE.timestamp()}),
        (dt.date(2024, 5, 17), {"$eq": dt.datetime(2024, 5, 17, tzinfo=dt.UTC)}),
        (dt.date(2024, 5, 17), {"$gte": dt.date(2024, 5, 17), "$lte": "2024-05-17"}),
        (UUID4, str(UUID4)),
        (Decimal("1.5"), {"$gte": 1.5, "$lte": 1.5}),
        (("a", "b"), "b"),
        ({"a", "b"}, {"$in": ["b"]}),
        (np.float64(0.1), 0.1),
        (np.int64(7), {"$lt": 8}),
        (np.bool_(True), True),  # numpy's name for it
    ],
    ids=lambda value: f"{type(value).__name__}",
)
async def test_other_types_can_be_filtered(store: RedisVectorStore, call: Call, given: Any, condition: Any) -> None:
    await call(store, "add_texts", ["a", "b"], [{"x": given}, {}], ids=["1", "2"])
    assert await find(call, store, {"x": condition}) == {"1"}
    assert await find(
        call, store, {"x": {"$not": condition if isinstance(condition, dict) else {"$eq": condition}}}
    ) == {"2"}


async def test_every_double_comes_back_as_it_was(store: RedisVectorStore, call: Call) -> None:
    generator = random.Random(7)  # no secret
    doubles = [struct.unpack("<d", generator.randbytes(8))[0] for _ in range(3000)]
    doubles = [double for double in doubles if np.isfinite(double)]
    doubles += [generator.uniform(-1e6, 1e6) for _ in range(3000)]
    await call(store, "add_texts", ["a"], [{"list": doubles, "nested": {"x": doubles[0]}}], ids=["1"])
    (document,) = await call(store, "get_by_ids", ["1"])
    assert document.metadata == {"list": doubles, "nested": {"x": doubles[0]}}


async def test_every_double_is_filtered_as_it_is(store: RedisVectorStore, call: Call) -> None:
    generator = random.Random(8)  # no secret
    doubles = [generator.uniform(-1, 1) * 10 ** generator.randint(-12, 12) for _ in range(40)]
    ids = [str(place) for place in range(40)]
    await call(store, "add_texts", ids, [{"x": double} for double in doubles], ids=ids)
    for record_id, double in zip(ids, doubles, strict=True):
        assert await call(store, "count", {"x": double}) == 1, double
        below = {other for other, value in zip(ids, doubles, strict=True) if value < double}
        assert await find(call, store, {"x": {"$lt": double}}) == below, double
        assert await find(call, store, {"x": {"$gte": double}}) == {*ids} - below, double
        assert record_id not in below


async def test_metadata_may_be_left_out(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add_texts", ["a", "b", "c"], [{}, None, {"n": None}], ids=["1", "2", "3"])
    found = await call(store, "get_by_ids", ["1", "2", "3"])
    assert [document.metadata for document in found] == [{}, {}, {"n": None}]


async def test_more_keys_than_are_learnt_are_stored_all_the_same(store: RedisVectorStore, call: Call) -> None:
    metadata = {f"key{number}": number for number in range(200)}
    await call(store, "add_texts", ["a"], [metadata], ids=["1"])
    (document,) = await call(store, "get_by_ids", ["1"])
    assert exact(document.metadata) == exact(metadata)
    assert await find(call, store, {"key0": 0}) == {"1"}
    assert await find(call, store, {"key199": {"$exists": True}}) == {"1"}
