"""Aliases: an index is read, written and emptied by an alias, which can be moved, and never dropped by it."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, find, ids_of, indexes_of, keys_of, store_on
from integration_tests.llama_index.llama_index_support import AHEAD, ask, open_store, text_node, where
from redisvl_adapters.errors import FilterError, SchemaMismatchError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture


class Versions:
    """Two versions of an index, and a store on the alias that stands for one of them.

    Attributes:
        first: A store on the first version, whose record is ``one``, of the year 1.
        second: A store on the second version, whose record is ``two``; it has no years, and another storage.
        alias: A store on the alias.
    """

    def __init__(self, clients: Clients, server: redis.Redis, name: str, storage: str) -> None:
        self._server, self._name = server, name
        other = {"hash": "json", "json": "hash"}[storage]
        self.first = store_on(clients, f"{name}-v1", storage=storage)
        self.first.add_texts(["one"], [{"year": 1}], ids=["one"])
        self.second = store_on(clients, f"{name}-v2", storage=other)
        self.second.add_texts(["two"], [{"kind": "x"}], ids=["two"])
        server.execute_command("FT.ALIASADD", f"{name}-prod", f"{name}-v1")
        self.alias = store_on(clients, f"{name}-prod")

    def switch(self, version: int = 2) -> None:
        """Let the alias stand for a version."""
        self._server.execute_command("FT.ALIASUPDATE", f"{self._name}-prod", f"{self._name}-v{version}")

    def names(self) -> set[str]:
        """Return the keys of both versions, and of whatever else has such a name."""
        keys = keys_of(self._server, self._name) | keys_of(self._server, f"redisvl-adapters/{self._name}")
        return {key.replace(self._name, "") for key in keys}


@pytest.fixture
def versions(clients: Clients, server: redis.Redis, index_name: str, storage: str) -> Versions:
    return Versions(clients, server, index_name, storage)


async def test_writes_and_reads_go_to_what_the_alias_stands_for_now(versions: Versions, call: Call) -> None:
    alias, before = versions.alias, versions.names()
    assert await find(call, alias, {"year": 1}) == {"one"}
    await call(alias, "add_texts", ["more"], [{"year": 2, "new": "x"}], ids=["more"])
    assert await find(call, versions.first, {"new": "x", "year": {"$gte": 2}}) == {"more"}
    versions.switch()
    await call(alias, "add_texts", ["again"], [{"kind": "y"}], ids=["more"])
    assert versions.names() - before == {"-v1:more", "-v2:more"}
    assert await find(call, versions.second, {"kind": "y"}) == {"more"}
    assert [document.page_content for document in await call(alias, "get_by_ids", ["more"])] == ["again"]
    await call(alias, "delete", ["more"])
    assert await find(call, versions.second) == {"two"}
    assert await find(call, versions.first) == {"one", "more"}


async def test_every_search_follows_the_alias_at_once(versions: Versions, call: Call) -> None:
    alias = versions.alias
    searches: list[tuple[str, list[Any], dict[str, Any]]] = [
        ("similarity_search", ["two"], {}),
        ("similarity_search", ["two"], {"distance_threshold": 2.0}),
        ("max_marginal_relevance_search", ["two"], {}),
        ("text_search", ["two"], {}),
        ("hybrid_search", ["two"], {}),
        ("similarity_search", ["two"], {"filter": {"kind": {"$exists": True}}}),
        ("get", [], {}),
    ]
    for name, arguments, options in searches:
        await call(alias, name, *arguments)
        versions.switch()
        assert ids_of(await call(alias, name, *arguments, **options)) == ["two"], (name, options)
        assert await call(alias, "count") == 1
        versions.switch(1)
        assert ids_of(await call(alias, "similarity_search", "one")) == ["one"]


async def test_a_filter_is_read_anew_for_the_index_that_it_is_asked_of(versions: Versions, call: Call) -> None:
    """The second version has no years: a negation of what its index does not know would match everything."""
    alias = versions.alias
    for filter in ({"year": {"$ne": 5}}, {"year": {"$lt": 5}}):
        assert await find(call, alias, filter) == {"one"}
    versions.switch()
    for attempt in (find(call, alias, {"year": {"$ne": 5}}), call(alias, "delete", filter={"year": {"$ne": 5}})):
        with pytest.raises(FilterError, match="'year' is not in index"):
            await attempt
    assert await call(versions.second, "count") == 1


async def test_a_llama_index_store_goes_by_an_alias_too(
    redis_url: str, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    async with open_store(redis_url, f"{index_name}-v1", storage) as nodes:
        await call(nodes, "add", [text_node("a", source="doc", n=1)])
    server.execute_command("FT.ALIASADD", f"{index_name}-prod", f"{index_name}-v1")
    async with open_store(redis_url, f"{index_name}-prod", storage) as nodes:
        await call(nodes, "add", [text_node("b", source="doc", n=2)])
        assert set((await ask(call, nodes, query_embedding=AHEAD, filters=where("n", 2))).ids) == {"b"}
        await call(nodes, "delete", "doc")
        assert await call(nodes, "count") == 0


async def test_nothing_is_dropped_or_overwritten_by_an_alias(
    versions: Versions, clients: Clients, server: redis.Redis, index_name: str, call: Call
) -> None:
    before = versions.names()
    with pytest.raises(SchemaMismatchError, match=f"'{index_name}-prod' is an alias of index '{index_name}-v1'"):
        await call(versions.alias, "drop")
    overwriting = store_on(clients, f"{index_name}-prod", create="overwrite")
    with pytest.raises(SchemaMismatchError, match="is an alias"):
        await call(overwriting, "add_texts", ["x"])
    assert versions.names() == before
    assert indexes_of(server, index_name) == {f"{index_name}-v1", f"{index_name}-v2"}


@pytest.mark.parametrize("by", ["name", "alias"])
async def test_emptying_an_index_keeps_its_aliases(versions: Versions, call: Call, by: str) -> None:
    await call(versions.first if by == "name" else versions.alias, "clear")
    assert await call(versions.first, "count") == 0
    await call(versions.first, "add_texts", ["new"], [{"year": 3}], ids=["new"])
    assert await find(call, versions.alias, {"year": 3}) == {"new"}
    assert await find(call, versions.second) == {"two"}


async def test_an_existing_index_is_opened_by_an_alias(
    versions: Versions, clients: Clients, index_name: str, call: Call
) -> None:
    store: RedisVectorStore = await call(
        RedisVectorStore, "from_existing_index", f"{index_name}-prod", langchain_support.Model(), **clients
    )
    assert await find(call, store) == {"one"}
    documents: Any = store.iterate()
    assert ids_of(list(documents)) == ["one"]
    for other in (versions.first, store_on(clients, f"{index_name}-v1", dims=8)):
        assert await find(call, other) == {"one"}
