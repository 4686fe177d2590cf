"""What bad input gets from the LangChain store: a clear error of our own, before anything is written."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import redis
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, ids_of, indexes_of, keys_of, store_on
from redisvl_adapters import ArgumentError, RecordError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

GOOD = [1.0, 2.0, 3.0]
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    return store_on(clients, index_name, storage=storage)


def named(position: int, record_id: str) -> str:
    """Return the pattern of a message that names a record."""
    return rf"record {position} \(id '{record_id}'\)"


@pytest.mark.parametrize("exists", [False, True], ids=["new index", "existing index"])
@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        ([1.0, 2.0], "2 dimensions"),
        ([1.0, 2.0, 3.0, 4.0], "4 dimensions"),
        ([], "shape"),
        (None, "no vector"),
        ("abc", "not made of numbers|shape"),
        (["a", "b", "c"], "not made of numbers"),
        ([GOOD], "shape"),
        ([1.0, NAN, 3.0], "NaN"),
        ([1.0, INF, 3.0], "infinity"),
        ([1.0, -INF, 3.0], "infinity"),
        ([0.0, 0.0, 0.0], "zero vector"),
        ([1e-60, 0.0, 0.0], "zero vector"),
        ([1.0, 1e39, 3.0], "beyond float32"),
    ],
    ids=repr,
)
async def test_a_vector_that_could_not_be_found_again_is_refused(
    clients: Clients,
    server: redis.Redis,
    index_name: str,
    storage: str,
    call: Call,
    exists: bool,
    vector: Any,
    reason: str,
) -> None:
    """langchain-redis 8: with a wrong dimension or type ids are returned, and nothing is searchable."""
    store = store_on(clients, index_name, Model({"bad": vector}, dims=3), storage=storage)
    if exists:
        await call(store, "add_texts", ["there"], ids=["there"])
    with pytest.raises(RecordError, match=f"{named(2, 'culprit')}.*({reason})"):
        await call(store, "add_texts", ["a", "b", "bad", "c"], ids=["1", "2", "culprit", "3"])
    assert keys_of(server, f"{index_name}:") == ({f"{index_name}:there"} if exists else set())


@pytest.mark.parametrize("dims", [3, 9])
async def test_vectors_of_another_length_than_the_index_has_are_refused(
    store: RedisVectorStore, clients: Clients, server: redis.Redis, index_name: str, call: Call, dims: int
) -> None:
    """langchain-redis 8: with a wrong dimension or type on an existing index nothing is searchable."""
    await call(store, "add_texts", ["there"], ids=["there"])
    other = store_on(clients, index_name, Model(dims=dims))
    with pytest.raises(RecordError, match=rf"{dims} dimensions, the index has 8"):
        await call(other, "add_texts", ["a", "b"])
    with pytest.raises(ArgumentError, match=f"the query has a vector of {dims} dimensions, the index has 8"):
        await call(other, "similarity_search", "a")
    assert keys_of(server, f"{index_name}:") == {f"{index_name}:there"}


@pytest.mark.parametrize(
    "vector", [[1.0, 2.0], [1.0, NAN, 3.0], [INF, 2.0, 3.0], [0.0, 0.0, 0.0], [], "abc", None, [GOOD]], ids=repr
)
async def test_a_query_vector_that_is_near_to_nothing_is_refused(
    clients: Clients, index_name: str, storage: str, call: Call, vector: Any
) -> None:
    store = store_on(clients, index_name, Model({"bad": vector}, dims=3), storage=storage)
    await call(store, "add_texts", ["a"])
    for search in ("similarity_search", "similarity_search_with_score", "max_marginal_relevance_search"):
        with pytest.raises(ArgumentError, match=r"the query|not a list of lists"):
            await call(store, search, "bad")
    for search in ("similarity_search_by_vector", "max_marginal_relevance_search_by_vector"):
        with pytest.raises(ArgumentError, match=r"the query|not a list of lists"):
            await call(store, search, vector)


@pytest.mark.parametrize("metric", ["l2", "ip"])
async def test_a_zero_vector_has_a_distance_where_that_is_no_angle(
    clients: Clients, index_name: str, storage: str, call: Call, metric: str
) -> None:
    store = store_on(clients, index_name, Model({"zero": [0, 0, 0]}, dims=3), storage=storage, distance_metric=metric)
    await call(store, "add_texts", ["zero", "other"], ids=["0", "1"])
    assert await find(call, store, query="zero") == {"0", "1"}


@pytest.mark.parametrize("record_id", ["", 7, b"1", Decimal(1)], ids=repr)
async def test_an_id_is_a_text_that_is_not_empty(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call, record_id: Any
) -> None:
    with pytest.raises(RecordError, match=r"record 1 has the id .*non-empty string"):
        await call(store, "add_texts", ["a", "b"], ids=["1", record_id])
    assert not keys_of(server, index_name)
    await call(store, "add_texts", ["a"], ids=["1"])
    for method in ("get_by_ids", "delete"):
        with pytest.raises(ArgumentError, match="non-empty string"):
            await call(store, method, ["1", record_id])
    assert await call(store, "count") == 1


@pytest.mark.parametrize(
    ("metadatas", "ids"),
    [([{}], None), ([{}] * 3, None), ([], None), (None, ["1"]), (None, ["1", "2", "3"]), (None, []), ([{}] * 2, ["1"])],
)
async def test_texts_metadatas_and_ids_have_one_length(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call, metadatas: Any, ids: Any
) -> None:
    with pytest.raises(ArgumentError, match=r"2 texts came with \d (metadatas|ids)"):
        await call(store, "add_texts", ["a", "b"], metadatas, ids=ids)
    if ids is not None:
        with pytest.raises(ArgumentError, match=r"2 documents came with \d ids"):
            await call(store, "add_documents", [Document(page_content="a"), Document(page_content="b")], ids=ids)
    assert not keys_of(server, index_name)


class Unknown:
    """A type that JSON cannot hold."""


CYCLE: dict[str, Any] = {}
CYCLE["again"] = CYCLE
LIST_CYCLE: list[Any] = []
LIST_CYCLE.append(LIST_CYCLE)


@pytest.mark.parametrize(
    ("metadata", "key", "reason"),
    [
        ({"x": Unknown()}, "x", "type Unknown"),
        ({"x": {"y": Unknown()}}, "x.y", "type Unknown"),
        ({"x": [1, [Unknown()]]}, "x", "type Unknown"),
        ({"x": [{"y": Unknown()}]}, "x", "type Unknown"),
        ({"x": Unknown}, "x", "type type"),
        ({"x": b"bytes"}, "x", "type bytes"),
        ({"x": 1j}, "x", "type complex"),
        ({"x": np.arange(3)}, "x", "type ndarray"),
        ({"x": object}, "x", "type type"),
        ({"x": NAN}, "x", "nan"),
        ({"x": {"y": [INF]}}, "x.y", "inf"),
        ({"x": np.float32("nan")}, "x", "nan"),
        ({"x": Decimal("NaN")}, "x", "NaN"),
        ({"x": Decimal("0.1234567890123456789")}, "x", "exactly"),
        ({"x": 2**64}, "x", "64 bits"),
        ({"x": -(2**63) - 1}, "x", "64 bits"),
        ({1: "x"}, "metadata", "keys are strings.*1"),
        ({"x": {None: 1}}, "x", "keys are strings.*None"),
        ({"x": [{("a",): 1}]}, "x", "keys are strings"),
        ({"x": "\ud800"}, "metadata", "surrogate"),
        ({"x": {"y": ["\ud800"]}}, "x.y", "surrogate"),
        ({"\ud800": 1}, "metadata", "surrogate"),
        (CYCLE, "again", "nested deeper"),
        ({"x": LIST_CYCLE}, "x", "nested deeper"),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, dict) else "",
)
async def test_metadata_that_json_cannot_hold_is_refused(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call, metadata: Any, key: str, reason: str
) -> None:
    """langchain-redis 13: errors for some metadata, some of them after a partial write."""
    with pytest.raises(RecordError, match=f"{named(1, 'culprit')}(?=.*{re.escape(key)})(?=.*{reason})"):
        await call(store, "add_texts", ["a", "b", "c"], [{"n": 1}, metadata, {}], ids=["1", "culprit", "3"])
    assert not keys_of(server, f"{index_name}:")


@pytest.mark.parametrize("metadata", ["text", 7, [("a", 1)], ["a"]], ids=repr)
async def test_metadata_is_a_mapping(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call, metadata: Any
) -> None:
    with pytest.raises((RecordError, ArgumentError), match=r"(?i)metadata.*(mapping|dict)"):
        await call(store, "add_texts", ["a", "b"], [{}, metadata])
    assert not keys_of(server, f"{index_name}:")


@pytest.mark.parametrize("text", [7, None, b"bytes"], ids=repr)
async def test_a_text_is_a_string(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call, text: Any
) -> None:
    model = store.embeddings
    assert isinstance(model, Model)
    model.told[text] = model.vector("some")
    with pytest.raises(RecordError, match=f"{named(1, 'culprit')}.*{type(text).__name__}"):
        await call(store, "add_texts", ["a", text], ids=["1", "culprit"])
    assert not keys_of(server, f"{index_name}:")


async def test_one_text_is_not_taken_for_a_list_of_letters(store: RedisVectorStore, call: Call) -> None:
    with pytest.raises(ArgumentError, match="list of texts"):
        await call(store, "add_texts", "abc")
    with pytest.raises(ArgumentError, match="list of ids"):
        await call(store, "get_by_ids", "abc")
    with pytest.raises(ArgumentError, match="list of ids"):
        await call(store, "delete", "abc")
    with pytest.raises(ArgumentError):
        await call(store, "add_texts", ["a", "b", "c"], ids="abc")


DECLARED = {"tag": "tag", "num": "numeric", "flag": "bool", "when": "timestamp", "body": "text", "place": "geo"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("tag", value) for value in (7, 1.5, True, ["a", 7], {"a": 1})),
        *(("num", value) for value in ("7", True, [7], "", {"a": 1})),
        *(("flag", value) for value in ("maybe", 2, 1.5, ["maybe"], {"a": 1})),
        *(("when", value) for value in ("tomorrow", True, ["2024-01-01"], {"a": 1})),
        *(("body", value) for value in (7, ["a"], {"a": 1})),
        *(("place", value) for value in ("here", "1,2,3", [200, 0], [0, 89], 7, {"x": 1})),
    ],
    ids=repr,
)
async def test_a_value_that_its_field_cannot_index_is_refused(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call, key: str, value: Any
) -> None:
    """langchain-redis 8: with a wrong type on an existing index ids are returned, nothing is searchable."""
    store = store_on(clients, index_name, storage=storage, metadata_schema=DECLARED)
    with pytest.raises(RecordError, match=f"{named(1, 'culprit')}.*metadata '{key}'.*'{DECLARED[key]}'.*declare it"):
        await call(store, "add_texts", ["a", "b"], [{}, {key: value}], ids=["1", "culprit"])
    assert not keys_of(server, f"{index_name}:")


@pytest.mark.parametrize(
    ("first", "later"),
    [(1, "1"), ("1", 1), (True, "yes"), ("x", True), (1.5, [2.5, 3]), (["a"], 1), (1, 2**53 + 1), (1, {"a": 1})],
    ids=repr,
)
@pytest.mark.parametrize("together", [False, True], ids=["later call", "one call"])
async def test_a_later_value_of_another_type_than_was_learnt_is_kept_and_found_like_the_first(
    store: RedisVectorStore, call: Call, first: Any, later: Any, together: bool
) -> None:
    documents = [Document("a", id="1", metadata={"x": first}), Document("b", id="2", metadata={"x": later})]
    for batch in [documents] if together else [[each] for each in documents]:
        await call(store, "add_documents", batch)
    assert await call(store, "get_by_ids", ["1", "2"]) == documents
    for record_id, value, other in (("1", first, "2"), ("2", later, "1")):
        asked = {"x.a": 1} if isinstance(value, dict) else {"x": value[0] if isinstance(value, list) else value}
        assert await find(call, store, asked) == {record_id}
        assert await find(call, store, {"$not": asked}) == {other}


async def test_one_bad_document_of_many_leaves_nothing_behind(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    """langchain-redis 14: a bad document at position 450 of 500 raises with 400 written."""
    store = store_on(clients, index_name, storage=storage, metadata_schema={"n": "numeric"})
    documents = [Document(page_content=str(place), id=str(place), metadata={"n": place}) for place in range(1500)]
    documents[1450].metadata["n"] = "bad"
    with pytest.raises(RecordError, match=named(1450, "1450")):
        await call(store, "add_documents", documents, batch_size=100)
    assert not keys_of(server, f"{index_name}:")


class Forgetful(Model):
    """A model that leaves out the last text."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return super().embed_documents(texts)[:-1]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return (await super().aembed_documents(texts))[:-1]


async def test_a_model_makes_one_vector_of_each_text(
    clients: Clients, server: redis.Redis, index_name: str, call: Call
) -> None:
    with pytest.raises(ArgumentError, match="1 vectors of 2 texts"):
        await call(store_on(clients, index_name, Forgetful()), "add_texts", ["a", "b"])
    assert not keys_of(server, index_name)


@pytest.mark.parametrize("option", [{"batch_size": value} for value in (0, -1, 2.5, True, "3")], ids=repr)
async def test_a_batch_has_at_least_one_text(store: RedisVectorStore, call: Call, option: Any) -> None:
    with pytest.raises(ArgumentError, match="batch_size"):
        await call(store, "add_texts", ["a"], **option)


@pytest.mark.parametrize("ttl", [0, -1, 0.0001, NAN, INF, True, "60"], ids=repr)
async def test_a_time_to_live_is_a_positive_number_of_seconds(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call, ttl: Any
) -> None:
    with pytest.raises(ArgumentError, match="ttl"):
        await call(store, "add_texts", ["a"], ttl=ttl)
    assert not keys_of(server, index_name)


@pytest.mark.parametrize("k", [-1, 1_000_001, 2.5, "3", True, None], ids=repr)
async def test_k_is_an_integer_that_is_not_negative(store: RedisVectorStore, call: Call, k: Any) -> None:
    """langchain-redis 15: k = -1 is a server error."""
    vector = Model().vector("a")
    for _ in ("without an index", "with one"):
        for search in ("similarity_search", "max_marginal_relevance_search"):
            for name, query in ((search, "a"), (f"{search}_by_vector", vector)):
                with pytest.raises(ArgumentError, match="k is an integer"):
                    await call(store, name, query, k)
        for name, query in (
            ("similarity_search_with_score", "a"),
            ("similarity_search_with_score_by_vector", vector),
            ("similarity_search_with_relevance_scores", "a"),
        ):
            with pytest.raises(ArgumentError, match="k is an integer"):
                await call(store, name, query, k)
        await call(store, "add_texts", ["a"])


async def test_k_of_zero_finds_nothing(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add_texts", ["a"])
    assert await call(store, "similarity_search", "a", 0) == []
    assert await call(store, "similarity_search_with_score", "a", 0) == []
    assert await call(store, "similarity_search_with_relevance_scores", "a", 0) == []
    assert await call(store, "max_marginal_relevance_search", "a", 0) == []


async def test_a_refused_call_leaves_the_store_as_it_was(
    store: RedisVectorStore, index_name: str, server: redis.Redis, call: Call
) -> None:
    await call(store, "add_texts", ["a"], [{"n": 1}], ids=["1"])
    with pytest.raises(RecordError):
        await call(store, "add_texts", ["b", "c"], [{"n": 2}, {"n": Unknown()}], ids=["1", "2"])
    (document,) = await call(store, "get_by_ids", ["1", "2"])
    assert document == Document(page_content="a", id="1", metadata={"n": 1})
    assert ids_of([document]) == ["1"]
    assert indexes_of(server, index_name) == {index_name}
