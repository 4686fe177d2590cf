"""The LangChain store: adding, getting and deleting documents, and opening an index again."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
import redis
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import (
    Clients,
    Model,
    exact,
    find,
    ids_of,
    indexes_of,
    keys_of,
    read_in_every_way,
    store_on,
)
from redisvl_adapters import IndexNotFoundError
from redisvl_adapters.langchain import RedisVectorStore

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture


@pytest.fixture
def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    return store_on(clients, index_name, storage=storage)


async def test_records_lie_under_the_prefix_that_was_asked_for(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    """langchain-redis 1: written under ``doc:``, indexed under ``doc::``; nothing is ever found."""
    prefix = f"{index_name}/doc:"
    store = store_on(clients, index_name, storage=storage, prefix=prefix)
    (record_id,) = await call(store, "add_texts", ["a"])
    assert keys_of(server, index_name) == {prefix + record_id}
    found = await read_in_every_way(call, store, record_id, "a")
    assert all(ids_of(documents) == [record_id] for documents in found.values()), found


@pytest.mark.parametrize(
    "name",
    [
        "faq-for-us",
        "the-docs",
        "docs.at.acme",
        "a and the",
        "or",
        "q:a:b",
        "(x|y)",
        "{h}",
        "*",
        "'\"\\",
        "%41",
        "日本語",
    ],
)
async def test_an_index_can_have_any_name(
    clients: Clients, index_name: str, storage: str, call: Call, name: str
) -> None:
    """langchain-redis 2: with stopwords or punctuation in the name of the index every search is empty."""
    full = f"{index_name}-{name}"
    await call(store_on(clients, full, storage=storage), "add_texts", ["a", "b"], [{"n": 1}, {"n": 2}], ids=["1", "2"])
    again = await call(RedisVectorStore, "from_existing_index", full, Model(), **clients)
    assert await find(call, again) == {"1", "2"}
    assert await find(call, again, {"n": 2}) == {"2"}
    assert ids_of(await call(again, "get_by_ids", ["2", "1"])) == ["2", "1"]


@pytest.mark.parametrize("prefix", [None, "their/own"])
async def test_an_existing_index_is_opened_as_it_is(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call, prefix: str | None
) -> None:
    """langchain-redis 3: get_by_ids finds nothing, what is added lies outside the index, and adds to JSON fail."""
    prefix = prefix and f"{index_name}/{prefix}"
    options = {"storage": storage, "prefix": prefix, "distance_metric": "l2", "dtype": "float64", "algorithm": "flat"}
    store = store_on(clients, index_name, None, **options, metadata_schema={"when": "timestamp"})
    await call(store, "add_texts", ["a"], [{"when": 10, "ok": True, "author": {"name": "Ada"}}], ids=["1"])

    again = await call(RedisVectorStore, "from_existing_index", index_name, Model(), **clients)
    assert ids_of(await call(again, "get_by_ids", ["1"])) == ["1"]
    await call(again, "add_texts", ["b"], [{"when": "1970-01-01T00:00:20", "ok": False}], ids=["2"])
    assert await find(call, again) == {"1", "2"}
    assert await find(call, again, {"when": {"$gt": 15}}) == {"2"}
    assert await find(call, again, {"ok": True}) == {"1"}
    assert await find(call, again, {"author.name": "Ada"}) == {"1"}
    assert await find(call, store) == {"1", "2"}
    assert len(keys_of(server, f"{prefix or index_name}:")) == 2
    ((_, distance),) = await call(again, "similarity_search_with_score", "a", 1)
    assert distance == pytest.approx(0)


async def test_an_existing_index_must_exist(clients: Clients, server: redis.Redis, index_name: str, call: Call) -> None:
    with pytest.raises(IndexNotFoundError, match=index_name):
        await call(RedisVectorStore, "from_existing_index", index_name, Model(), **clients)
    assert not indexes_of(server, index_name)


async def test_ids_can_be_given_for_some_documents_alone(store: RedisVectorStore, call: Call) -> None:
    """langchain-redis 4: documents without an id collapse into one document, ``None``."""
    documents = [Document(page_content=text, id=given) for text, given in [("a", "1"), ("b", None), ("c", None)]]
    ids = await call(store, "add_documents", documents)
    assert ids[0] == "1"
    assert len({*ids}) == 3
    assert "None" not in ids
    assert [found.page_content for found in await call(store, "get_by_ids", ids)] == ["a", "b", "c"]
    ids = await call(store, "add_texts", ["d", "e"], ids=[None, "2"])
    assert [found.page_content for found in await call(store, "get_by_ids", ids)] == ["d", "e"]
    assert await call(store, "count") == 5


async def test_ids_that_are_given_go_before_those_of_the_documents(store: RedisVectorStore, call: Call) -> None:
    documents = [Document(page_content="a", id="of document"), Document(page_content="b", id="of document too")]
    first, second = await call(store, "add_documents", documents, ids=["given", None])
    assert first == "given"
    assert await find(call, store) == {"given", second}


async def test_documents_keep_their_ids(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    """langchain-redis 5: from_documents drops the id, from_texts ignores ids, and what is found has none."""
    options: dict[str, Any] = {**clients, "storage": storage}
    documents = [Document(page_content="a", id="1", metadata={"n": 1}), Document(page_content="b", id="2")]
    store = await call(RedisVectorStore, "from_documents", documents, Model(), index_name=index_name, **options)
    assert isinstance(store, RedisVectorStore)
    for document in documents:
        assert document.id is not None
        found = await read_in_every_way(call, store, document.id, document.page_content)
        assert all(read == [document] for read in found.values()), found
    texts = await call(
        RedisVectorStore, "from_texts", ["c"], Model(), [{"n": 3}], ids=["3"], index_name=f"{index_name}-t", **options
    )
    assert await call(texts, "get_by_ids", ["3"]) == [Document(page_content="c", id="3", metadata={"n": 3})]
    given = await call(
        RedisVectorStore, "from_documents", documents, Model(), ids=["x", None], index_name=f"{index_name}-i", **options
    )
    assert "x" in await find(call, given)


@pytest.mark.parametrize(
    "record_id",
    [
        "1",
        "00710",
        "None",
        "a b",
        " ",
        "a:b",
        "日本語",
        "{x}",
        "*?[]",
        "a,b|c",
        "\n",
        "'\"\\",
        "x" * 3000,
        "http://a/b?c=d#e",
    ],
)
async def test_any_text_can_be_an_id(store: RedisVectorStore, call: Call, record_id: str) -> None:
    assert await call(store, "add_texts", ["a", "b"], ids=[record_id, "other"]) == [record_id, "other"]
    found = await read_in_every_way(call, store, record_id, "a")
    assert all(ids_of(documents) == [record_id] for documents in found.values()), found
    assert await call(store, "delete", [record_id]) is True
    assert await find(call, store) == {"other"}


async def test_an_id_that_looks_like_a_key_is_an_id(store: RedisVectorStore, index_name: str, call: Call) -> None:
    await call(store, "add_texts", ["a", "b"], ids=["1", f"{index_name}:1"])
    assert await find(call, store) == {"1", f"{index_name}:1"}
    await call(store, "delete", [f"{index_name}:1"])
    assert await find(call, store) == {"1"}


async def test_adding_an_id_again_replaces_all_of_it(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call
) -> None:
    """langchain-redis 7: a metadata key that the new record lacks stays filterable."""
    await call(store, "add_texts", ["old"], [{"draft": "yes", "n": 1, "tags": ["x"]}], ids=["1"], ttl=1000)
    await call(store, "add_texts", ["new"], [{"n": 2}], ids=["1"])
    assert await call(store, "get_by_ids", ["1"]) == [Document(page_content="new", id="1", metadata={"n": 2})]
    assert await call(store, "count") == 1
    for stale in ({"draft": "yes"}, {"draft": {"$exists": True}}, {"n": 1}, {"tags": "x"}):
        assert await find(call, store, stale) == set(), stale
    assert await find(call, store, {"n": 2}) == {"1"}
    assert server.ttl(f"{index_name}:1") == -1
    ((_, distance),) = await call(store, "similarity_search_with_score", "new", 1)
    assert distance == pytest.approx(0, abs=1e-6)


async def test_of_several_records_with_one_id_the_last_one_wins(store: RedisVectorStore, call: Call) -> None:
    metadatas = [{"n": 1, "first": True}, {"n": 2}, {"n": 3}]
    assert await call(store, "add_texts", ["a", "b", "c"], metadatas, ids=["1", "2", "1"]) == ["1", "2", "1"]
    assert await call(store, "count") == 2
    assert await call(store, "get_by_ids", ["1"]) == [Document(page_content="c", id="1", metadata={"n": 3})]
    assert await find(call, store, {"n": {"$in": [1, 3]}}) == {"1"}
    assert await find(call, store, {"n": 1}) == set()


async def test_a_prefix_covers_its_own_records_alone(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    """langchain-redis 10: prefix ``foo`` indexes ``foobar:*``, and index ``docs`` returns documents of ``docs-2``."""
    names = [index_name, f"{index_name}-2", f"{index_name}:2", f"{index_name}%3A2"]
    stores = {name: store_on(clients, name, storage=storage) for name in names}
    for end in ("foo", "foobar", "foo:bar"):
        stores[end] = store_on(clients, f"{index_name}.{end}", storage=storage, prefix=f"{index_name}/{end}")
    del stores["foo:bar"]  # whose prefix lies within that of foo, as its user has said
    for name, store in stores.items():
        await call(store, "add_texts", ["a"], ids=[name])
    for name, store in stores.items():
        assert await find(call, store) == {name}
    await call(stores[index_name], "clear")
    await call(stores["foo"], "drop")
    for name, store in stores.items():
        assert await find(call, store) == (set() if name in (index_name, "foo") else {name})


async def test_get_by_ids_keeps_the_order_and_leaves_out_what_is_missing(store: RedisVectorStore, call: Call) -> None:
    """langchain-redis 15: ``get_by_ids([])`` is an error on JSON."""
    assert await call(store, "get_by_ids", ["1"]) == []
    await call(store, "add_texts", ["a", "b", "c"], ids=["1", "2", "3"])
    assert await call(store, "get_by_ids", []) == []
    assert ids_of(await call(store, "get_by_ids", ["3", "missing", "1", "3"])) == ["3", "1", "3"]
    assert ids_of(await call(store, "get_by_ids", ("2",))) == ["2"]


async def test_a_record_of_others_without_text_harms_no_search(
    store: RedisVectorStore, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    """langchain-redis 16: one indexed record without text kills every search that meets it."""
    await call(store, "add_texts", ["a"], ids=["1"])
    vector = Model().vector("b")
    if storage == "hash":
        server.hset(f"{index_name}:alien", "embedding", np.array(vector, dtype=np.float32).tobytes())
    else:
        server.execute_command("JSON.SET", f"{index_name}:alien", "$", json.dumps({"embedding": vector}))
    with pytest.warns(RuntimeWarning, match=f"'{index_name}:alien' .*is not a record of this library, and is left out"):
        assert await find(call, store) == {"1"}
    with pytest.warns(RuntimeWarning, match="alien"):
        found = await read_in_every_way(call, store, "1", "b")
    assert all(ids_of(documents) in ([], ["1"]) for documents in found.values())
    assert ids_of(found["get_by_ids"]) == ["1"]


async def test_numbers_in_strings_stay_strings(store: RedisVectorStore, call: Call) -> None:
    """langchain-redis 17: "00710" comes back as 710."""
    metadata = {"zip": "00710", "version": "1.10", "flag": "true", "nothing": "null", "exp": "1e5", "list": ["1", "2"]}
    await call(store, "add_texts", ["007"], [metadata], ids=["0012"])
    for way, (document,) in (await read_in_every_way(call, store, "0012", "007", {"zip": "00710"})).items():
        assert (document.id, document.page_content) == ("0012", "007"), way
        assert exact(document.metadata) == exact(metadata), way
    assert await find(call, store, {"zip": "710"}) == set()


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\x01", "a\r\n\tb", '{"json": [1]}', "日本語 🙂 e\u0301", "\u2028", "x" * 100_000]
)
async def test_any_text_comes_back_as_it_was(store: RedisVectorStore, call: Call, text: str) -> None:
    await call(store, "add_texts", [text], ids=["1"])
    for way, documents in (await read_in_every_way(call, store, "1", text)).items():
        assert documents == [Document(page_content=text, id="1")], way


async def test_texts_are_embedded_in_batches_of_the_size_asked_for(
    clients: Clients, index_name: str, call: Call
) -> None:
    """langchain-redis 22: the documented ``batch_size`` is never used."""
    model = Model()
    store = store_on(clients, index_name, model)
    texts = [f"text {number}" for number in range(7)]
    await call(store, "add_texts", texts, batch_size=3)
    assert [batch for _, batch in model.calls] == [texts[:3], texts[3:6], texts[6:]]
    model.calls.clear()
    await call(store, "add_documents", [Document(page_content=text) for text in texts])
    assert [batch for _, batch in model.calls] == [texts]


async def test_several_batches_of_records_are_written_and_read(store: RedisVectorStore, call: Call) -> None:
    ids = [str(number) for number in range(1201)]
    texts = (f"text {record_id}" for record_id in ids)
    metadatas = [{"n": number, "even": number % 2 == 0} for number in range(1201)]
    assert await call(store, "add_texts", texts, metadatas, ids=ids) == ids
    assert await call(store, "count") == 1201
    assert ids_of(await call(store, "get_by_ids", ids)) == ids
    assert len(await call(store, "similarity_search", "anything", 1201)) == 1201
    await call(store, "delete", filter={"even": True})
    assert await call(store, "count") == 600
    await call(store, "delete", ids)
    assert await call(store, "count") == 0


@pytest.mark.parametrize("method", ["add_texts", "add_documents"])
async def test_adding_nothing_does_nothing(
    store: RedisVectorStore, server: redis.Redis, index_name: str, call: Call, method: str
) -> None:
    assert await call(store, method, []) == []
    assert not indexes_of(server, index_name)


async def test_what_is_given_is_not_changed(store: RedisVectorStore, call: Call) -> None:
    inner = {"list": [1, (2, 3)], "dict": {"a": {"b"}}}
    documents = [Document(page_content="a", id="1", metadata=inner), Document(page_content="b")]
    texts, metadatas, ids = ["c", "d"], [{"n": 1, "id": "x"}, None], ["3", None]
    search_kwargs: Any = {"k": 2, "filter": {"$not": {"n": {"$in": [7, 8]}}}, "score_threshold": 0}
    given = (documents, texts, metadatas, ids, search_kwargs)
    before = copy.deepcopy(given)
    await call(store, "add_documents", documents, ids=ids)
    await call(store, "add_documents", documents)
    await call(store, "add_texts", texts, metadatas, ids=ids)
    retriever = store.as_retriever(search_type="similarity_score_threshold", search_kwargs=search_kwargs)
    await call(retriever, "invoke", "c")
    await call(store, "get_by_ids", ["3"])
    await call(store, "delete", ["3"], filter=search_kwargs["filter"])
    assert given == before


async def test_records_expire_as_they_were_told(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage, ttl=500)
    await call(store, "add_texts", ["a"], ids=["store's"])
    await call(store, "add_texts", ["b"], ids=["call's"], ttl=0.5e6)
    await call(store, "add_documents", [Document(page_content="c", id="document's")], ttl=9.5)
    assert 490 < server.ttl(f"{index_name}:store's") <= 500
    assert 499_990 < server.ttl(f"{index_name}:call's") <= 500_000
    assert 5000 < server.pttl(f"{index_name}:document's") <= 9500
