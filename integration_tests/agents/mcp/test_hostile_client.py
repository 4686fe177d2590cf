"""A hostile client of the MCP server: wrong kinds, hostile strings, oversized calls, many at once."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("mcp")

from mcp import Client

from integration_tests.agents.mcp.mcp_support import EMBEDDING, fill, served
from integration_tests.core.filters.hostile_strings import HOSTILE
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.agents.mcp.command import add_arguments, make_tools
from redisvl_adapters.agents.mcp.http import MAX_BODY
from redisvl_adapters.agents.mcp.server import make_server
from redisvl_adapters.langchain import RedisVectorStore

WRONG: list[Any] = [None, True, -1, 0, 21, 1.5, 10**30, "", " ", "x" * 20_000, [], {}, [[]], {"$ne": 1}, [None]]
WRONG += [["a"] * 101]


@asynccontextmanager
async def connected(redis_url: str, index_name: str, storage: str) -> AsyncIterator[Client]:
    """Connect, in this process, to a server that is locked to one tenant and may write."""
    fill(redis_url, index_name, storage)
    told = f"--index {index_name} --embedding {EMBEDDING} --write --filter-argument --max-k 20".split()
    parser = argparse.ArgumentParser()
    parser.set_defaults(redis_url=redis_url)
    add_arguments(parser)
    tools = make_tools(parser.parse_args([*told, "--filter", '{"tenant": "mine"}']))
    try:
        async with Client(make_server(index_name, lambda: tools)) as client:
            yield client
    finally:
        await tools.aclose()


async def called(client: Client, name: str, arguments: Any) -> Any:
    """Call a tool, and see to it that nothing of the other tenant is told."""
    result = await client.call_tool(name, arguments)
    told = json.dumps(result.model_dump(mode="json")["structured_content"])
    assert "of theirs" not in told
    assert "only theirs" not in told
    return result


async def test_arguments_of_every_wrong_kind_are_told_in_one_sentence(
    redis_url: str, index_name: str, storage: str
) -> None:
    async with connected(redis_url, index_name, storage) as client:
        (search, *_) = (await client.list_tools()).tools
        for name, value in itertools.product([*search.input_schema["properties"], "no_such", "tenant"], WRONG):
            result = await called(client, search.name, {"query": "text", name: value})
            if result.is_error:
                (told,) = result.content
                assert told.text.startswith("Nothing was searched: ")
                assert len(told.text) < 2000
                assert "\n" not in told.text
        for name in ("add_to", "delete_from"):
            for given in ({each: value} for each in ("text", "ids", "id", "metadata", "x") for value in WRONG):
                if given != {"text": "x" * 20_000}:
                    assert (await called(client, f"{name}_{index_name}", given)).is_error, given


async def test_hostile_strings_see_and_change_nothing_of_others(redis_url: str, index_name: str, storage: str) -> None:
    wider: list[Any] = [
        {"tenant": "theirs"},
        {"$or": [{"tenant": "theirs"}, {"year": {"$gte": 0}}]},
        {"$not": {"year": 1}},
    ]
    async with connected(redis_url, index_name, storage) as client:
        (search, *_) = (await client.list_tools()).tools
        names = [name for name in search.input_schema["properties"] if name != "k"]
        with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as store:
            before = {document.id: document for document in store.iterate({"tenant": "theirs"})}
            for number, text in enumerate(HOSTILE):
                name = names[number % len(names)]
                given: Any = {"tenant": text} if name == "filter" else text
                await called(client, search.name, {"query": "text", name: given})
                await called(client, f"delete_from_{index_name}", {"ids": [text, "text 1 of theirs"]})
                if number % 5 == 0:
                    new = {"text": text, "metadata": {"topic": text, "secret": "x"}}
                    await called(client, f"add_to_{index_name}", new)
            for each in wider:
                await called(client, search.name, {"query": "text", "k": 20, "filter": each})
            assert {document.id: document for document in store.iterate({"tenant": "theirs"})} == before


async def test_fifty_calls_at_once_are_answered(redis_url: str, index_name: str, storage: str) -> None:
    async with connected(redis_url, index_name, storage) as client:
        asked = [{"query": f"text {number}", "min_year": 1990 + number % 30} for number in range(50)]
        results = await asyncio.gather(*(called(client, f"search_{index_name}", each) for each in asked))
    for number, result in enumerate(results):
        assert not result.is_error
        years = [document["metadata"]["year"] for document in result.structured_content["documents"]]
        assert years
        assert min(years) >= 1990 + number % 30


async def test_a_value_that_somebody_else_has_written_is_no_wrong_one(
    redis_url: str, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redisvl_adapters.agents.mcp.tools._FRESH", 0)
    asked = {"query": "x", "topic": "trees"}
    async with connected(redis_url, index_name, "hash") as client:
        assert (await called(client, f"search_{index_name}", asked)).is_error
        with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as store:
            store.add_texts(["a", "b"], [{"tenant": tenant, "topic": "trees"} for tenant in ("mine", "theirs")])
        found = (await called(client, f"search_{index_name}", asked)).structured_content["documents"]
        assert [document["text"] for document in found] == ["a"]


def test_what_is_no_call_is_refused_and_the_server_goes_on(redis_url: str, index_name: str) -> None:
    fill(redis_url, index_name, "hash")
    head = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    odd = json.dumps({**call, "params": {"name": f"search_{index_name}", "arguments": {"query": "?"}}}).encode()
    odd = odd.replace(b'"?"', b"%b")
    with served(redis_url, "--index", index_name) as url:
        for body, headers, statuses in (
            (b"{" * 100, head, {400}),
            (b'{"jsonrpc": "2.0"}', head, {400}),
            # Refused by the length that it says; a client that sends it all may see a broken connection instead.
            (b"", {**head, "Content-Length": str(MAX_BODY + 1)}, {413}),
            (json.dumps({**call, "params": {"name": "x", "arguments": "y"}}).encode(), head, {200, 400}),
            (json.dumps([[]] * 1000).encode(), head, {400}),
            (b"[" * 100_000, head, {400}),
            (b'{"jsonrpc": "2.0", "id": 1, "method": ' + b'{"a":' * 50_000, head, {400}),
            (odd % b'"\\ud800"', head, {200, 400}),
            (odd % b"NaN", head, {200, 400}),
            (odd % (b'{"a":' * 500 + b"1" + b"}" * 500), head, {200, 400}),
            (b"", {**head, "Host": "evil.example"}, {421}),
            (b"{}", {**head, "Origin": "http://evil.example"}, {403}),
        ):
            request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  # ours
            try:
                with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # ours
                    status, told = response.status, response.read()
            except urllib.error.HTTPError as error:
                with error:
                    status, told = error.code, error.read()
            assert status in statuses, (body[:20], status, told[:200])
            assert b"Traceback" not in told
            assert b"of mine" not in told
        with urllib.request.urlopen(url.replace("/mcp", "/health")) as response:  # noqa: S310  # ours
            assert response.status == 200
