"""Scopes in indexes of other applications: a tag or a number keeps them, and nothing of others is told or touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import redis
from langchain_core.documents import Document
from llama_index.core.vector_stores.types import VectorStoreQuery

from integration_tests.conftest import Call
from integration_tests.core.foreign_support import Field, make_index, put_record
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import text_node
from redisvl_adapters import ArgumentError, FilterError, ReadOnlyError, RecordError
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as NodeStore

clients = langchain_support.clients  # a fixture

MODEL = Model(dims=4)
FIELDS: dict[str, list[Field]] = {
    "hash": [
        ("text", "text", ["TEXT"]),
        ("who", "tenant", ["TAG", "CASESENSITIVE"]),
        ("loose", "loose", ["TAG", "SORTABLE"]),
        ("year", "year", ["NUMERIC", "SORTABLE"]),
        ("at", "at", ["GEO"]),
        ("hidden", "hidden", ["TAG", "NOINDEX", "SORTABLE"]),
    ],
    "json": [
        ("$.text", "text", ["TEXT"]),
        ("$.of.who", "tenant", ["TAG", "CASESENSITIVE"]),
        ("$.loose", "loose", ["TAG"]),
        ("$.year", "year", ["NUMERIC"]),
        ("$.at", "at", ["GEO"]),
        ("$.hidden", "hidden", ["TAG", "NOINDEX", "SORTABLE"]),
    ],
}
OTHERS: Mapping[str, dict[str, Any]] = {
    "theirs": {"tenant": "theirs", "loose": "theirs", "year": 2023},
    "case": {"tenant": "MINE", "loose": "other", "year": 20},
    "none": {"year": 2024.5},
    "longer": {"tenant": "mine2", "loose": "mine 2", "year": -2024},
}


def lying(storage: str, text: str, tenant: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a record as the application lays it out."""
    told = {"text": text, "vec": MODEL.vector(text), **fields}
    if tenant is not None:
        told |= {"of": {"who": tenant}} if storage == "json" else {"who": tenant}
    return told


@pytest.fixture
def made(server: redis.Redis, index_name: str, storage: str) -> str:
    """An index of another application, with records of several tenants."""
    make_index(server, index_name, storage, FIELDS[storage], [f"{index_name}:"])
    for name, fields in OTHERS.items():
        put_record(server, f"{index_name}:{name}", storage, lying(storage, f"a text {name}", **fields))
    return index_name


def sorted_ids(documents: Iterable[Document]) -> list[str]:
    return sorted(document.id or "" for document in documents)


def opened(clients: Clients, name: str, **options: Any) -> RedisVectorStore:
    return RedisVectorStore.from_existing_index(name, MODEL, **clients, **{"writable": True, **options})


@pytest.mark.parametrize(
    "scope", [{"tenant": "mine"}, {"loose": "mine"}, {"year": 2024}, {"tenant": "mine", "year": 7}]
)
async def test_a_scope_reads_writes_and_deletes_what_is_within_and_nothing_else(
    call: Call, clients: Clients, made: str, server: redis.Redis, storage: str, scope: Any
) -> None:
    whole = opened(clients, made)
    own = whole.scoped(**scope)
    keys = [f"{made}:{name}" for name in OTHERS]
    before = [server.dump(key) for key in keys]
    assert await call(own, "get") == await call(own, "similarity_search", "a text") == []
    await call(own, "add_texts", ["a text", "more text"], [{"note": "x"}, scope], ids=["1", "2"])
    expected = {"note": "x", **scope}
    (found,) = await call(own, "similarity_search", "a text", 1)
    assert (found.id, found.metadata) == ("1", expected)
    assert await call(own, "get_by_ids", ["1", *OTHERS]) == [found]
    everyone = ["1", "2"]
    for method, args in (("get", ()), ("text_search", ("text", 9)), ("hybrid_search", ("text", 9))):
        assert sorted_ids(await call(own, method, *args)) == everyone
    for filter in ({"$not": {"year": 5}}, {"$or": [{"year": {"$gt": -9999}}, {"tenant": {"$ne": "mine"}}]}):
        assert set(ids_of(await call(own, "similarity_search", "a", 9, filter=filter))) <= {*everyone}
    assert sorted_ids(own.iterate()) == everyone
    assert await call(own, "count") == 2
    assert set(ids_of(await call(own, "max_marginal_relevance_search", "a", 9))) == {*everyone}
    assert {*scope} & {each["name"] for each in await call(own, "attribute_info")} == set()
    # Another one's record is nothing that is there, whatever is done to it.
    for name in OTHERS:
        with pytest.raises(RecordError, match="not within the scope"):
            await call(own, "add_texts", ["taken"], ids=[name])
    ids = [*OTHERS]
    assert await call(own, "update_metadata", [*ids, "1"], {"note": "y"}) == 1
    assert await call(own, "update_metadata", changes={"note": "z"}, filter={"year": {"$gt": -9999}}) <= 2
    assert await call(own, "expire", ids, 1000) == 0
    assert await call(own, "ttl", ids) == await call(own, "get_embeddings", ids) == [None] * len(ids)
    await call(own, "delete", ids)
    key, value = next(iter(scope.items()))
    with pytest.raises(RecordError, match="scope"):
        await call(own, "add_texts", ["x"], [{key: value + value}])
    with pytest.raises(RecordError, match="scope"):
        await call(own, "update_metadata", ["1"], {key: None})
    with pytest.raises(ArgumentError, match="of the whole index"):
        await call(own, "drop")
    await call(own, "delete", ["2"])
    assert await call(own, "count") == 1
    await call(own, "clear")
    assert await call(own, "count") == 0
    assert [server.dump(key) for key in keys] == before
    assert await call(whole, "count") == len(OTHERS)
    assert not server.exists(f"redisvl-adapters/{made}")


async def test_tags_that_do_not_tell_case_are_told_apart_or_the_search_is_refused(
    call: Call, clients: Clients, made: str, server: redis.Redis, storage: str
) -> None:
    several: Any = ["a", "Mine"] if storage == "json" else "a, Mine ,"
    put_record(server, f"{made}:a", storage, lying(storage, "a text", loose="Mine"))
    put_record(server, f"{made}:b", storage, lying(storage, "b text", loose="mine"))
    put_record(server, f"{made}:c", storage, lying(storage, "c text", loose=several))
    before = server.dump(f"{made}:b")
    own = opened(clients, made).scoped(loose="Mine")
    assert sorted_ids(await call(own, "get")) == sorted_ids(own.iterate()) == ["a", "c"]
    assert await call(own, "count") == 2
    assert ids_of(await call(own, "get_by_ids", ["a", "b", "c"])) == ["a", "c"]
    for method in ("similarity_search", "text_search", "max_marginal_relevance_search"):
        with pytest.raises(FilterError, match="takes a record of others for one within the scope loose='Mine'") as told:
            await call(own, method, "text", 3)
        assert not {"'mine'", "'b'"} & {*str(told.value).split()}
    assert ids_of(await call(own, "similarity_search", "a text", 1)) == ["a"]
    # One that has several values is read within each, and changed within none.
    assert await call(own, "update_metadata", ["a", "b", "c"], {"note": "y"}) == 1
    assert await call(own, "expire", ["b", "c"], 100) == 0
    target = store_on(clients, f"{made}-copy", MODEL)
    assert (await call(own, "copy_to", target)).copied == 2
    await call(own, "delete", ["b", "c"])
    await call(own, "delete", filter={"loose": {"$ne": "x"}})
    await call(own, "clear")
    assert sorted_ids(await call(own, "get")) == ["c"]
    assert server.dump(f"{made}:b") == before


async def test_a_document_with_several_values_is_within_each(
    call: Call, clients: Clients, index_name: str, server: redis.Redis
) -> None:
    made = index_name
    make_index(server, made, "json", [*FIELDS["json"], ("$.tags[*]", "tags", ["TAG"])], [f"{made}:"])
    put_record(server, f"{made}:one", "json", lying("json", "a", year=[2024, 2025], tags=["x", None, "y"]))
    put_record(server, f"{made}:two", "json", lying("json", "b", year=[2024], loose=True, tags=["x,y"]))
    for scope, within in (({"year": 2024}, ["one", "two"]), ({"year": 2025}, ["one"]), ({"tags": "y"}, ["one"])):
        own = opened(clients, made).scoped(**scope)
        assert sorted_ids(await call(own, "similarity_search", "a", 9)) == within
        assert await call(own, "count") == len(await call(own, "get_by_ids", ["one", "two"])) == len(within)
        await call(own, "delete", ["one"])
        assert await call(own, "add_texts", ["new"], ids=["one"], skip_existing=True) == ["one"]
    own = opened(clients, made).scoped(loose="true")
    assert await call(own, "count") == 0
    with pytest.raises(FilterError, match="takes a record of others for one within"):
        await call(own, "similarity_search", "a")
    await call(own, "clear")
    await call(opened(clients, made).scoped(year=2024), "clear")
    assert sorted_ids(await call(opened(clients, made), "get")) == ["one"]


async def test_an_index_that_is_only_read_keeps_its_scope_too(
    call: Call, clients: Clients, made: str, server: redis.Redis, storage: str
) -> None:
    own = opened(clients, made, writable=False).scoped(tenant="theirs")
    assert ids_of(await call(own, "similarity_search", "a", 9)) == ["theirs"]
    for method, args in (
        ("add_texts", (["a"],)),
        ("delete", (["theirs"],)),
        ("clear", ()),
        ("expire", (["theirs"], 1)),
    ):
        with pytest.raises(ReadOnlyError, match="writable=True"):
            await call(own, method, *args)
    # What another one takes out of the scope is not read from then on.
    put_record(server, f"{made}:theirs", storage, lying(storage, "a text", tenant="sold"))
    assert await call(own, "get_by_ids", ["theirs"]) == await call(own, "similarity_search", "a", 9) == []


async def test_copies_keep_to_scopes(call: Call, clients: Clients, made: str, server: redis.Redis) -> None:
    whole, ours = opened(clients, made), store_on(clients, f"{made}-ours", MODEL)
    assert (await call(whole.scoped(tenant="theirs"), "copy_to", ours)).copied == 1
    await call(ours, "delete", ["theirs"])
    await call(ours, "add_texts", ["a text"], [{"year": 2023}], ids=["back"])
    assert (await call(ours, "copy_to", whole.scoped(tenant="mine"))).copied == 1
    assert [each.metadata for each in await call(whole, "get_by_ids", ["back"])] == [{"year": 2023, "tenant": "mine"}]


@pytest.mark.parametrize(
    ("scope", "options", "reason"),
    [
        ({"tenat": "a"}, {}, r"field 'tenat' is not in index .* \(did you mean 'tenant'\?\)"),
        ({"text": "a"}, {}, "its field is text, which has no exact equality"),
        ({"at": "1,2"}, {}, "its field is geo, which has no exact equality"),
        ({"hidden": "a"}, {}, "is not indexed for filters"),
        ({"tenant": 7}, {}, "its field is tag, and the value is no text"),
        ({"tenant": True}, {}, "its field is tag, and the value is no text"),
        ({"tenant": ""}, {}, "an empty value is like none"),
        ({"tenant": "a\nb"}, {}, "no control characters"),
        ({"year": "2024"}, {}, "its field is numeric, and the value is no number"),
        ({"year": True}, {}, "its field is numeric, and the value is no number"),
        ({"tenant": "a"}, {"metadata_fields": ["year"]}, "metadata_fields= of this store does not name that field"),
        ({"tenant": "a"}, {"metadata_fields": {"tenant": "year"}}, "metadata_fields= of this store does not name"),
    ],
)
def test_what_keeps_no_scope_is_refused_with_the_reason(
    clients: Clients, made: str, scope: Any, options: Any, reason: str
) -> None:
    store = opened(clients, made, **options)
    with pytest.raises(ArgumentError, match=f"cannot keep a scope of .*{reason}"):
        store.scoped(**scope)


def test_a_tag_that_is_parted_keeps_none_of_its_separators(clients: Clients, made: str, storage: str) -> None:
    store = opened(clients, made)
    for value in ("a,b", " a"):
        if storage == "json":
            assert store.scoped(tenant=value).scope == {"tenant": value}
            continue
        with pytest.raises(ArgumentError, match=r"cannot keep a scope .* its index"):
            store.scoped(tenant=value)


async def test_nodes_keep_to_a_scope_of_their_metadata(
    call: Call, redis_url: str, server: redis.Redis, index_name: str
) -> None:
    names = ["id", "doc_id", "tenant"]
    fields: list[Field] = [("text", "text", ["TEXT"]), *((name, name, ["TAG"]) for name in names)]
    make_index(server, index_name, "hash", fields, [index_name], vectors=["vector"])
    async with NodeStore.from_existing_index(index_name, redis_url=redis_url, writable=True) as whole:
        own, other = whole.scoped(tenant="mine"), whole.scoped(tenant="theirs")
        await call(own, "add", [text_node("a", source="doc")])
        await call(other, "add", [text_node("b", source="doc")])
        assert server.hget(f"{index_name}_a", "tenant") == b"mine"
        assert (await call(own, "query", VectorStoreQuery([1.0] * 4, 9))).ids == ["a"]
        assert [node.node_id for node in await call(other, "get_nodes")] == ["b"]
        await call(other, "delete_nodes", ["a"])
        await call(other, "delete", "doc")
        assert await call(whole, "count") == await call(own, "count") == 1
        with pytest.raises(ArgumentError, match="no metadata of its records"):
            whole.scoped(doc_id="doc")
