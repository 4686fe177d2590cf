"""``redisvl-adapters mcp``: what the server is told, and its run."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, cast, get_args

import orjson

from redisvl_adapters.agents.mcp.embedding import load_embedding
from redisvl_adapters.agents.mcp.tools import IndexTools, ServerSettings, check_names
from redisvl_adapters.agents.options import ToolSearchType
from redisvl_adapters.agents.search_tool import DEFAULT_K, DEFAULT_MAX_K, check_tool_settings
from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Operator, matches_everything
from redisvl_adapters.core.filters.mongo import read_mongo_filter
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.schema.foreign_options import existing_options
from redisvl_adapters.core.schema.options import ExistingOptions
from redisvl_adapters.errors import ArgumentError, MissingExtraError

TOKEN_VARIABLE = "REDISVL_ADAPTERS_MCP_TOKEN"  # noqa: S105  # the name of a variable
_HOST, _PORT = "127.0.0.1", 8000
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EXAMPLES = """\
examples:
  redisvl-adapters mcp --index docs --embedding my_models:embedding
  redisvl-adapters mcp --index docs --search-type text --filter '{"public": true}'
  redisvl-adapters mcp --index docs --embedding my_models:embedding --scope tenant=acme --write
  REDISVL_ADAPTERS_MCP_TOKEN=... redisvl-adapters mcp --index docs --embedding my_models:embedding --http
  redisvl-adapters mcp --index docs --embedding my_models:embedding --http --host 0.0.0.0 \\
      --verifier my_auth:verifier --scope-claim tenant=tenant_id --write
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the server is told, but for the URL of Redis, to a parser."""
    parser.epilog, parser.formatter_class = _EXAMPLES, argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--index", required=True, metavar="NAME", help="the index, or an alias of it; of any application")
    add(
        "--embedding",
        metavar="MODULE:NAME",
        help="the model that made its vectors, what makes it, or a function of texts",
    )
    add("--name", help="the name of the search tool (search_<index>)")
    add("--description", help="what the model is told that it is for")
    add("--fields", metavar="KEY,KEY", help="the metadata keys that have arguments; by default those with few values")
    add("--filter", metavar="JSON", help="what all documents match; the model neither sees nor widens it")
    add(
        "--scope",
        action="append",
        default=[],
        metavar="KEY=TEXT",
        help="what all documents have that are read or written",
    )
    add("--search-type", choices=get_args(ToolSearchType), default="vector", help="how it searches (%(default)s)")
    add("--search-options", metavar="JSON", help='what else its searches take, such as {"ef_runtime": 400}')
    add("-k", type=int, default=DEFAULT_K, help="how many documents a search finds that does not say (%(default)s)")
    add("--max-k", type=int, default=DEFAULT_MAX_K, help="how many a model can ask for (%(default)s)")
    add("--filter-argument", action="store_true", help="let models write filters of their own, within the others")
    add(
        "--max-age",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long arguments stay as they are (%(default)s)",
    )
    add("--text-field", metavar="NAME", help="an index of another application: its text")
    add("--vector-field", metavar="NAME", help="an index of another application: its vector")
    add("--write", action="store_true", help="add tools that add documents and delete them")
    add("--learn", action="store_true", help="let documents that are added have metadata keys that are new")
    add("--http", action="store_true", help="serve streamable HTTP at /mcp, instead of stdio")
    add("--host", help=f"the address to listen at; another one than {_HOST} needs a token")
    add("--port", type=int, help=f"the port ({_PORT}); 0 for any that is free")
    add("--verifier", metavar="MODULE:NAME", help="a TokenVerifier of the SDK, which says who has a token")
    claim = "a metadata key that equals a verified claim of the caller's token"
    add("--scope-claim", action="append", default=[], metavar="KEY=CLAIM", help=claim)


def run(args: argparse.Namespace) -> None:
    """Serve, until stdin ends or the process is told to.

    Raises:
        AdapterError: If what was told cannot be done; nothing is served then.
    """
    try:
        asyncio.run(_serve(args))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("mcp", "uvicorn", "starlette"):
            raise
        raise MissingExtraError('the MCP server needs its SDK: pip install "redisvl-adapters[mcp]"') from error


async def _serve(args: argparse.Namespace) -> None:
    from redisvl_adapters.agents.mcp import http, server, stdio  # noqa: PLC0415  # the extra may be missing

    claims = _pairs("--scope-claim", args.scope_claim)
    token = os.environ.get(TOKEN_VARIABLE)
    if claims and args.verifier is None:
        raise ArgumentError("--scope-claim needs --verifier, which says what the claims of a token are")
    if not args.http and args.verifier is not None:
        raise ArgumentError("--verifier is for --http; over stdio the caller is whoever started the server")
    if not args.http and (args.host, args.port) != (None, None):
        raise ArgumentError("--host and --port are for --http; over stdio nothing is listened at")
    if args.learn and not args.write:
        raise ArgumentError("--learn is for --write; without that no documents are added")
    host = _HOST if args.host is None else args.host
    port = _PORT if args.port is None else args.port
    if args.http and host not in _LOOPBACK and token is None and args.verifier is None:
        raise ArgumentError(f"--host {host} is open to others: set ${TOKEN_VARIABLE}, or give a --verifier")
    if token == "":
        raise ArgumentError(f"${TOKEN_VARIABLE} is empty, so nobody has it; set it to a long random text, or unset it")
    if not 0 <= port < 2**16:
        raise ArgumentError(f"--port is from 0 to {2**16 - 1}; not {port}")
    if not args.max_age >= 0:
        raise ArgumentError(f"--max-age is 0 or more seconds; not {args.max_age}")
    with nullcontext() if args.http else stdio.stdout_to_stderr():
        tools = make_tools(args)
    try:
        if not args.http:
            with stdio.stdout_to_stderr():
                await tools.check()
            await stdio.serve_stdio(server.make_server(args.index, lambda: tools), tools.aclose)
            return
        verifier = None
        if args.verifier is not None or token is not None:
            verifier = http.load_verifier(args.verifier) if args.verifier is not None else http.OneToken(token or "")
        await tools.check()
        of_caller = http.ToolsByClaim(tools, claims) if claims else lambda: tools
        app = http.make_app(server.make_server(args.index, of_caller), tools, host, verifier)
        await http.serve_http(app, host, port, _say)
    finally:
        await tools.aclose()


def make_tools(args: argparse.Namespace) -> IndexTools:
    """Return the tools of a server that was told this.

    Raises:
        AdapterError: If it cannot be done.
    """
    filter = _filter(args.filter)
    scopes: list[Mapping[str, Any]] = [_pairs("--scope", args.scope)]
    if args.write and filter is not None:
        scopes.append(_equalities(filter))
        filter = None
    fields = None if args.fields is None else [key for key in args.fields.split(",") if key]
    if fields == []:
        raise ArgumentError("--fields names no key; leave it out for those with few values")
    search = check_tool_settings(
        args.index,
        args.name,
        args.description,
        filter,
        {
            "fields": fields,
            "search_type": args.search_type,
            "k": args.k,
            "max_k": args.max_k,
            "filter_argument": args.filter_argument,
        },
    )
    options = _json("--search-options", args.search_options) or {}
    if args.write:
        check_names(search.name, args.index)
    settings = ServerSettings(search, options, writes=args.write, learns=args.learn, max_age=args.max_age)
    if args.embedding is None and (args.search_type != "text" or args.write):
        why = (
            "--write embeds what is added"
            if args.search_type == "text"
            else f"a {args.search_type} search embeds the query"
        )
        raise ArgumentError(f"{why}: name the model, --embedding module:name, or search by words: --search-type text")
    embedding = None if args.embedding is None else load_embedding(args.embedding)
    names = {"text_field": args.text_field, "vector_field": args.vector_field}
    told: dict[str, Any] = {name: value for name, value in names.items() if value is not None}
    if args.write:
        told["writable"] = True
    told["redis_url"] = args.redis_url
    index = RedisIndex(**existing_options(args.index, cast("ExistingOptions", told)))
    for scope in scopes:
        if scope:
            index = index.scoped(scope)
    return IndexTools(index, embedding, settings)


def _filter(text: str | None) -> Filter | None:
    given = _json("--filter", text)
    if given is None:
        return None
    filter = read_mongo_filter(given)
    if matches_everything(filter):
        raise ArgumentError('--filter locks nothing; write a condition, such as {"public": true}, or leave it out')
    return filter


def _equalities(filter: Filter) -> Mapping[str, Any]:
    """Return the one value that each key must have.

    Raises:
        ArgumentError: If the filter says something else, of which it cannot be told whether a new document matches.
    """
    parts = filter.children if isinstance(filter, And) else (filter,)
    told: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, Compare) or part.operator is not Operator.EQ or part.key in told:
            raise ArgumentError(
                'with --write, --filter is equalities alone, such as {"tenant": "acme"}: what is added gets them, '
                "and of other conditions nobody can tell whether it matches"
            )
        told[part.key] = part.value
    return told


def _json(name: str, text: str | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ArgumentError(f"{name} is a JSON object; not {text!r:.80} ({error})") from error
    if not isinstance(given, dict):
        raise ArgumentError(f"{name} is a JSON object; not {text!r:.80}")
    return given


def _pairs(name: str, given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in given:
        key, _, value = pair.partition("=")
        if not key or not value or key in pairs:
            raise ArgumentError(f"{name} is KEY=VALUE, each key once; not {pair!r:.80}")
        pairs[key] = value
    return pairs


def _say(url: str) -> None:
    sys.stderr.write(f"Serving MCP at {url}\n")
