"""The MCP server over both transports, asked by the client of the official SDK."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("mcp")

import httpx2
from jsonschema import Draft202012Validator
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from integration_tests.agents.mcp.mcp_support import EMBEDDING, NOISY, VERIFIER, command, environment, fill, served
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.agents.mcp.command import TOKEN_VARIABLE
from redisvl_adapters.langchain import RedisVectorStore

LOCKED = ("--filter", '{"tenant": "mine"}')


def ids_of(result: Any) -> list[str]:
    """Return the ids of what a search found."""
    assert not result.is_error, result.content
    return [document["id"] for document in result.structured_content["documents"]]


def text_of(result: Any) -> str:
    """Return what a model reads."""
    return str(result.content[0].text)


def health(url: str) -> tuple[int, Any]:
    """Ask a server how it is."""
    try:
        with urllib.request.urlopen(url.replace("/mcp", "/health")) as response:  # noqa: S310  # ours
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


async def over_stdio(redis_url: str, *arguments: str) -> Client:
    told = command("--embedding", EMBEDDING, *arguments)
    return Client(stdio_client(StdioServerParameters(command=told[0], args=told[1:], env=environment(redis_url))))


@asynccontextmanager
async def with_token(url: str, token: str) -> AsyncIterator[Client]:
    """Connect with a token."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


async def test_over_stdio_a_model_searches_adds_and_deletes(redis_url: str, index_name: str, storage: str) -> None:
    fill(redis_url, index_name, storage)
    search, add, delete = f"search_{index_name}", f"add_to_{index_name}", f"delete_from_{index_name}"
    with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as store:
        wanted = store.scoped(tenant="mine").as_tool()
        async with await over_stdio(redis_url, "--index", index_name, *LOCKED, "--write") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert [*tools] == [search, add, delete]
            assert tools[search].input_schema == wanted.args_schema
            assert tools[search].description == wanted.description
            for tool in tools.values():
                Draft202012Validator.check_schema(tool.input_schema)
                Draft202012Validator.check_schema(tool.output_schema or {})
            hints = {name: tool.annotations for name, tool in tools.items()}
            assert [each and each.read_only_hint for each in hints.values()] == [True, False, False]

            asked = {"query": "text 3", "topic": "sets", "min_year": 2000, "k": 20}
            found = await client.call_tool(search, asked)
            same = wanted.invoke({"type": "tool_call", "id": "1", "name": search, "args": asked})
            assert ids_of(found) == [document.id for document, _ in same.artifact]
            assert text_of(found) == same.content
            assert all("tenant" not in document["metadata"] for document in found.structured_content["documents"])
            wrong = await client.call_tool(search, {"query": "text", "topic": "set"})
            assert wrong.is_error
            assert "topic has no value 'set' (did you mean 'sets'?)" in text_of(wrong)

            new = await client.call_tool(add, {"text": "a new one", "metadata": {"topic": "sets", "year": 2030}})
            assert ids_of(await client.call_tool(search, {"query": "x", "min_year": 2030})) == [
                new.structured_content["id"]
            ]
            assert store.get(filter={"year": 2030})[0].metadata == {"topic": "sets", "year": 2030, "tenant": "mine"}
            for refused, why in (
                ({"text": "x", "metadata": {"tenant": "theirs"}}, "metadata has no key 'tenant'"),
                ({"text": "x", "id": "text 1 of theirs"}, "is not of this scope|exists outside|scope"),
                ({"text": " "}, "text is the document"),
                ({"text": "x", "metadata": {"years": 1}}, r"has no key 'years' \(did you mean 'year'\?\)"),
                ({"text": "x", "metadata": {"topic": {"of": 1}}}, "has no key 'topic.of'"),
                ({"text": "x", "metadata": {"author": {"age": 1}}}, "has no key 'author.age'"),
                ({"text": "x", "metadata": {"tags": ["a" * 100] * 1000}}, "bytes as JSON; at most 100000"),
                ({"text": "x", "metadata": {"year": "soon"}}, "year"),
                ({"txt": "x"}, r"no argument 'txt' \(did you mean 'text'\?\)"),
            ):
                result = await client.call_tool(add, refused)
                assert result.is_error
                with pytest.raises(AssertionError, match=why):
                    raise AssertionError(text_of(result))
            newer = {"topic": "graphs", "author": {"name": "Cid"}}
            for text in ("x", "y"):
                told = {"text": text, "id": "newer", "metadata": newer}
                assert (await client.call_tool(add, told)).structured_content == {"id": "newer"}
            asked = {"query": "x", "topic": "graphs", "author_name": "Cid"}
            assert text_of(await client.call_tool(search, asked)).endswith("\ny")
            assert (await client.call_tool(delete, {"ids": ["newer"]})).structured_content == {"deleted": 1}
            gone = await client.call_tool(delete, {"ids": [new.structured_content["id"], "text 1 of theirs", "none"]})
            assert gone.structured_content == {"deleted": 1}
            assert store.count() == 60
            assert (await client.call_tool("search", {})).is_error


async def test_over_http_with_a_token_and_in_good_health(redis_url: str, index_name: str) -> None:
    fill(redis_url, index_name, "hash")
    with served(redis_url, "--index", index_name, *LOCKED, **{TOKEN_VARIABLE: "s3cret"}) as url:
        assert health(url) == (200, {"status": "ok"})
        async with with_token(url, "s3cret") as client:
            found = await client.call_tool(f"search_{index_name}", {"query": "text", "k": 20})
            assert len(ids_of(found)) == 20
            assert all(record_id.endswith("of mine") for record_id in ids_of(found))
            assert [tool.name for tool in (await client.list_tools()).tools] == [f"search_{index_name}"]
            many = [client.call_tool(f"search_{index_name}", {"query": "text", "k": 1 + n % 20}) for n in range(50)]
            assert [len(ids_of(found)) for found in await asyncio.gather(*many)] == [1 + n % 20 for n in range(50)]
        for token in ("wrong", "", "s3cret "):
            with pytest.raises((MCPError, ExceptionGroup, httpx2.HTTPError)):
                async with with_token(url, token) as client:
                    pytest.fail(str(await client.list_tools()))
        with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as store:
            store.drop()
        status, told = health(url)
        assert (status, told["status"]) == (503, "unavailable")
        assert index_name in told["reason"]


async def test_over_http_the_tenant_is_a_verified_claim(redis_url: str, index_name: str, storage: str) -> None:
    fill(redis_url, index_name, storage)
    claims = ("--verifier", VERIFIER, "--scope-claim", "tenant=tenant_id")
    with served(redis_url, "--index", index_name, *claims, "--fields", "secret,topic", "--write") as url:
        for mine, theirs in (("mine", "theirs"), ("theirs", "mine")):
            async with with_token(url, f"of {mine}") as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                told = json.dumps([tool.model_dump(mode="json") for tool in tools.values()])
                assert f"only {mine}" in told
                assert f"only {theirs}" not in told
                found = ids_of(await client.call_tool(f"search_{index_name}", {"query": f"of {theirs}", "k": 20}))
                assert len(found) == 20
                assert all(record_id.endswith(f"of {mine}") for record_id in found)
                gone = await client.call_tool(f"delete_from_{index_name}", {"ids": [f"text 1 of {theirs}"]})
                assert gone.structured_content == {"deleted": 0}
                await client.call_tool(f"add_to_{index_name}", {"text": "new", "id": f"new of {mine}"})
        for token in ("of none", "of a list"):
            async with with_token(url, token) as client:
                refused = await client.call_tool(f"search_{index_name}", {"query": "text"})
                assert refused.is_error
                assert "has no claim 'tenant_id' that is one value" in text_of(refused)
                with pytest.raises(MCPError, match="No tools: the token of the caller has no claim 'tenant_id'"):
                    await client.list_tools()
    with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as store:
        assert store.count() == 62
        assert [document.metadata["tenant"] for document in store.get_by_ids(["new of mine", "new of theirs"])] == [
            "mine",
            "theirs",
        ]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "required: --index"),
        (("--index", "none"), 2, "name the model, --embedding module:name"),
        (("--index", "none", "--embedding", "none:none"), 2, "there is no module 'none'"),
        (("--index", "none", "--embedding", EMBEDDING), 1, "index 'none' does not exist"),
        (("--index", "x", "--embedding", EMBEDDING, "--filter", "{"), 2, "--filter is a JSON object"),
        (("--index", "x", "--embedding", EMBEDDING, "--filter", "{}"), 2, "locks nothing"),
        (("--index", "x", "--embedding", EMBEDDING, "--write", "--filter", '{"$and": []}'), 2, "locks nothing"),
        (("--index", "x", "--embedding", EMBEDDING, "--filter", '{"a": {"$foo": 1}}'), 2, r"\$foo"),
        (
            ("--index", "x", "--embedding", EMBEDDING, "--write", "--filter", '{"a": "b"}', "--scope", "a=c"),
            2,
            "within a='c', and cannot be scoped to 'a'='b'",
        ),
        (("--index", "x", "--embedding", EMBEDDING, "--write", "--name", "add_to_x"), 2, "the name of another tool"),
        (("--index", "x", "--embedding", EMBEDDING, "--http", "--port", "65536"), 2, "--port is from 0 to 65535"),
        (("--index", "x", "--embedding", EMBEDDING, "--max-age", "nan"), 2, "--max-age is 0 or more seconds"),
        (
            ("--index", "x", "--embedding", EMBEDDING, "--write", "--filter", '{"a": {"$gt": 1}}'),
            2,
            "--filter is equalities alone",
        ),
        (("--index", "x", "--embedding", EMBEDDING, "--scope", "tenant"), 2, "--scope is KEY=VALUE"),
        (("--index", "x", "--embedding", EMBEDDING, "--scope-claim", "a=b"), 2, "--scope-claim needs --verifier"),
        (("--index", "x", "--embedding", EMBEDDING, "--verifier", VERIFIER), 2, "--verifier is for --http"),
        (("--index", "x", "--embedding", EMBEDDING, "--http", "--host", "0.0.0.0"), 2, "is open to others"),  # noqa: S104
        (("--index", "x", "--search-type", "text", "--search-options", '{"alpha": 1}'), 2, "has no option 'alpha'"),
        (("--index", "x", "--embedding", EMBEDDING, "-k", "30"), 2, "k is from 1 to max_k"),
        (("--index", "x", "--embedding", EMBEDDING, "--learn"), 2, "--learn is for --write"),
        (("--index", "x", "--embedding", EMBEDDING, "--port", "80"), 2, "--host and --port are for --http"),
        (("--index", "x", "--embedding", EMBEDDING, "--fields", ",,"), 2, "--fields names no key"),
        (("--index", "x", "--search-typ", "texts"), 2, "invalid choice: 'texts'"),
    ],
)
def test_what_cannot_be_served_is_told_at_once(
    redis_url: str, arguments: tuple[str, ...], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from redisvl_adapters.cli.main import main  # noqa: PLC0415  # as the command does

    try:
        ended = main(["mcp", "--redis-url", redis_url, *arguments])
    except SystemExit as stop:
        ended = stop.code  # type: ignore[assignment]  # a number
    out, told = capsys.readouterr()
    assert not out
    assert ended == status, told
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(told)
    assert "Traceback" not in told


def test_a_model_of_other_dimensions_is_told_at_once(redis_url: str, index_name: str) -> None:
    fill(redis_url, index_name, "hash")
    told = command("--index", index_name, "--embedding", "integration_tests.agents.mcp.mcp_support:small_model")
    done = subprocess.run(
        told, env=environment(redis_url), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "dimensions" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_token_is_refused(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from redisvl_adapters.cli.main import main  # noqa: PLC0415  # as the command does

    monkeypatch.setenv(TOKEN_VARIABLE, "")
    open_to_all = ["--http", "--host", "0.0.0.0"]  # noqa: S104
    assert main(["mcp", "--url", redis_url, "--index", "x", "--search-type", "text", *open_to_all]) == 2
    assert f"${TOKEN_VARIABLE} is empty" in capsys.readouterr().err


def test_over_stdio_the_server_ends_with_its_input_or_when_told_to(redis_url: str, index_name: str) -> None:
    fill(redis_url, index_name, "hash")
    told = command("--index", index_name, "--embedding", NOISY, "--scope", "tenant=mine")
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        # All are started before one is waited for.
        processes = [subprocess.Popen(told, env=environment(redis_url), **pipes) for _ in range(3)]
        for process in processes:
            stack.enter_context(process)
            stack.callback(process.kill)
        for process, ending in zip(processes, (None, signal.SIGTERM, signal.SIGINT), strict=True):
            assert process.stdin is not None
            assert process.stdout is not None
            ping = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
            process.stdin.write(json.dumps(ping) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == 1
            process.stdin.close() if ending is None else process.send_signal(ending)
            assert process.wait(20) == 0
            assert process.stdout.read() == ""


INITIALIZE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
