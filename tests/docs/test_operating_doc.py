"""docs/operating.md tells each limit as the code has it, and each test that it names is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from redisvl_adapters import errors
from redisvl_adapters.agents import argument_names, argument_values, search_arguments, search_tool
from redisvl_adapters.core import arguments
from redisvl_adapters.core.filters import algebra, conditions, field_queries
from redisvl_adapters.core.filters.mongo import read_mongo_filter
from redisvl_adapters.core.keyvalue import json_values
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.schema import declarations, fields, index_spec, option_parsing, tag_encoding
from redisvl_adapters.core.search import describe, index_info, tuning
from redisvl_adapters.core.server import waits
from redisvl_adapters.core.server.clients import _POOL
from redisvl_adapters.core.text import analysis
from redisvl_adapters.llama_index import RedisKVStore
from tests.core.filters.render_support import is_, text

http = pytest.importorskip("redisvl_adapters.agents.mcp.http", reason="needs the SDK of MCP", exc_type=ImportError)
tools = pytest.importorskip("redisvl_adapters.agents.mcp.tools")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text()
TABLES = PAGE.partition("\n## Limits\n")[2]
ROWS = {
    what: (limit, beyond)
    for what, limit, beyond in re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", TABLES, re.MULTILINE)
    if limit != "limit"
}
LIMITS: Mapping[str, tuple[object, ...]] = {
    "metadata keys that are learnt": (index_spec.LEARN_LIMIT, option_parsing.MAX_LEARN_LIMIT),
    "dimensions of a vector": (option_parsing.MAX_DIMS,),
    "`m`, `graph_max_degree`": (option_parsing.MAX_NEIGHBOURS,),
    "other parameters of algorithms, `ef_runtime` of a search included": (option_parsing.MAX_TUNING,),
    "`scale` of int8 and uint8": (1 / option_parsing.MAX_SCALE, option_parsing.MAX_SCALE),
    "the name of a named vector": (64,),
    "the description of a field": (declarations.MAX_DESCRIPTION,),
    "nesting of metadata": (arguments.MAX_NESTING,),
    "integers in metadata": (64,),
    "a text that becomes a tag when its key is met": (fields.MAX_LEARNT_TEXT,),
    "a tag that is compared by itself": (tag_encoding._MAX_TAG_BYTES,),
    "a word of a text": (analysis._MAX_TERM_BYTES,),
    "time to live": (float(arguments.MAX_TTL),),
    "time to live in LlamaIndex's storage": (float(json_values.MAX_TTL),),
    "`k`, `fetch_k` and the like": (arguments.MAX_K,),
    "nesting of a filter": (algebra.MAX_DEPTH,),
    "clauses of a filter (ANDs with negations, joined by OR, multiply)": (conditions.MAX_CLAUSES,),
    "values of a field that a pattern or an order of texts looks through": (field_queries.MAX_VALUES,),
    "of these, values that match": (field_queries.MAX_MATCHES,),
    "an integer that is compared": (64,),
    "values of a field that `attribute_info` lists": (describe.MAX_TOLD, describe.MAX_LENGTH),
    "values of a field that `info` counts": (index_info.MAX_COUNTED,),
    "results": (search_tool.DEFAULT_K, search_tool.DEFAULT_MAX_K),
    "a query, a text to compare with": (argument_values.MAX_TEXT,),
    "items of a list": (argument_values.MAX_ITEMS,),
    "values that an argument enumerates": (search_arguments.MAX_VALUES, search_arguments.MAX_ENUMERATED),
    "the name of an argument": (argument_names.MAX_NAME,),
    "a request over HTTP": (http.MAX_BODY,),
    "a document that is added, its metadata as JSON": (tools.MAX_DOCUMENT,),
    "`retry` as a number": (100,),
    "`socket_timeout`, `socket_connect_timeout`": (waits.LONGEST_TIMEOUT,),
    "connections of a pool": (_POOL["max_connections"],),
    "an error's message of what a server said": (300,),
}


def spec(**options: Any) -> Callable[[], object]:
    given: Any = {"index_name": "docs", **options}
    return lambda: option_parsing.read_options(given)


def nested(levels: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {"a": 1}
    for _ in range(levels):
        metadata = {"a": metadata}
    return metadata


def drafts(parts: int) -> algebra.Filter:
    alike = [algebra.And((is_("kind", "eq", f"a{n}"), is_("kind", "ne", f"b{n}"))) for n in range(parts)]
    return algebra.Or(tuple(alike))


def not_of(levels: int) -> dict[str, Any]:
    asked: dict[str, Any] = {"kind": "a"}
    for _ in range(levels):
        asked = {"$not": asked}
    return asked


BEYOND: Mapping[str, Callable[[], object]] = {
    "metadata keys that are learnt": spec(learn_limit=1_001),
    "dimensions of a vector": spec(dims=32_769),
    "`m`, `graph_max_degree`": spec(algorithm="hnsw", m=513),
    "other parameters of algorithms, `ef_runtime` of a search included": lambda: tuning.read_tuning(
        {"ef_runtime": 1_000_001}
    ),
    "`scale` of int8 and uint8": spec(dtype="int8", scale=2e30),
    "the name of a named vector": spec(vectors={"a" * 65: {"dims": 2}}),
    "the description of a field": spec(metadata_schema={"a": {"type": "tag", "description": "a" * 1_001}}),
    "nesting of metadata": lambda: check_metadata(nested(101), "record"),
    "integers in metadata": lambda: check_metadata({"a": 2**64}, "record"),
    "time to live": lambda: arguments.check_ttl(1.1e15),
    "time to live in LlamaIndex's storage": lambda: RedisKVStore(ttl=5.1e10),
    "`k`, `fetch_k` and the like": lambda: arguments.check_k(1_000_001),
    "nesting of a filter": lambda: read_mongo_filter(not_of(101)),
    "clauses of a filter (ANDs with negations, joined by OR, multiply)": lambda: text(drafts(10)),
    "an integer that is compared": lambda: text(is_("n", "eq", 2**64)),
    "`retry` as a number": lambda: waits.check_retry(101),
    "`socket_timeout`, `socket_connect_timeout`": lambda: waits.check_timeout(100_000_001, "socket_timeout"),
}


def test_each_limit_is_that_of_the_code() -> None:
    assert ROWS.keys() == LIMITS.keys()
    for what, numbers in LIMITS.items():
        said = re.findall(r"\d+(?:,\d+)*(?:e[+-]\d+)?", ROWS[what][0])
        for number in numbers:
            assert (f"{number:.0e}" if isinstance(number, float) else f"{number:,}") in said, what


@pytest.mark.parametrize("what", BEYOND)
def test_beyond_a_limit_there_is_the_error_that_the_page_names(what: str) -> None:
    named = re.findall(r"`(\w+Error)`", ROWS[what][1])
    with pytest.raises(getattr(errors, named[-1])):
        BEYOND[what]()


def test_an_error_that_the_page_names_is_tried_here_or_needs_a_server() -> None:
    told = {what for what, (_, beyond) in ROWS.items() if "Error`" in beyond}
    assert told - BEYOND.keys() == {
        "a text that becomes a tag when its key is met",
        "values of a field that a pattern or an order of texts looks through",
        "of these, values that match",
    }


def test_each_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:[\w/]+/)?test_\w+\.py)`", PAGE))
    places = [ROOT, ROOT / "integration_tests", ROOT / "integration_tests" / "core" / "server"]
    assert len(named) > 10
    assert {name for name in named if not any((place / name).is_file() for place in places)} == set()
