"""The name and the schema of every tool are within what the tool calling of providers documents.

OpenAI, developers.openai.com/api/docs/guides/structured-outputs#supported-schemas: 5,000 properties, 10 levels (once
5), 1,000 values of enumerations (once 500), 120,000 characters of names and values, and 15,000 of the values of an
enumeration with more than 250; its API reference, FunctionDefinition: names of tools have 64 letters, digits, _ and -.
Anthropic, platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools: names of tools match
^[a-zA-Z0-9_-]{1,64}$; those of arguments, as its API says where they do not, ^[a-zA-Z0-9_.-]{1,64}$.
The keywords are those that the strict modes of both take (Anthropic's:
.../build-with-claude/structured-outputs#json-schema-limitations). OpenAI's strict mode itself is for schemas in which
every argument is required.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from redisvl_adapters.agents.mcp.tools import tool_name
from redisvl_adapters.agents.search_arguments import MAX_VALUES, SearchArguments
from redisvl_adapters.agents.search_tool import check_tool_settings
from redisvl_adapters.core import FieldType
from tests.agents.agents_support import FIELDS, arguments, surveyed

EVERY = [each.field.key for each in FIELDS if each.field.type != "geo"]
NAMES = ["query", "a.b", "größe", "x" * 200, "$ref", "年", "k", "", "a b"]
WIDE = [surveyed(name, type) for name, type in zip(NAMES, [*"tag numeric bool".split()] * 3, strict=True)]
SCHEMAS: dict[str, SearchArguments] = {
    "every type": arguments(fields=EVERY),
    "names of any spelling": arguments(*WIDE, fields=NAMES),
    "64 fields of 50 values": arguments(*(surveyed(f"f{n}", "tag", [f"v{m}" for m in range(50)]) for n in range(64))),
    "64 ranges": arguments(*(surveyed(f"f{n}", "numeric", description="d" * 1000) for n in range(64))),
}
BOTH = {"type", "properties", "required", "additionalProperties", "items", "enum", "description"}
"""The keywords that the strict modes of both take."""


def nodes(schema: dict[str, Any], depth: int = 1) -> Iterator[tuple[dict[str, Any], int]]:
    yield schema, depth
    for child in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from nodes(child, depth + 1)


@pytest.mark.parametrize("taking", SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_is_within_the_limits(taking: SearchArguments) -> None:
    schema = taking.json_schema
    Draft202012Validator.check_schema(schema)
    everything = list(nodes(schema))
    names = list(schema["properties"])
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)
    assert len(names) <= 5000
    assert max(depth for _, depth in everything) <= 5
    enumerated = [value for node, _ in everything for value in node.get("enum", ())]
    assert len(enumerated) <= 500
    assert all(isinstance(value, str) for value in enumerated)
    assert MAX_VALUES <= 250
    assert all(0 < len(node["enum"]) <= MAX_VALUES for node, _ in everything if "enum" in node)
    assert sum(map(len, [*names, *enumerated])) <= 120_000
    for node, depth in everything:
        assert node.keys() <= BOTH
        assert isinstance(node["type"], str)
        assert depth == 1 or node["type"] != "object"
    assert schema["required"] == ["query"]
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema


def test_what_a_schema_allows_is_read_and_what_it_forbids_is_not() -> None:
    taking = SCHEMAS["every type"]
    validator = Draft202012Validator(taking.json_schema)
    allowed = {"query": "q", "author_name": "Ann", "tags": ["a"], "open": True, "min_year": 3.5, "sizes": [1], "k": 3}
    validator.validate(allowed)
    assert taking.read(allowed).filter is not None
    forbidden = {"author_name": "Cid", "tags": "c", "open": 1, "min_year": "3", "sizes": ["1"], "k": 1.5, "yeer": 3}
    for name, value in forbidden.items():
        with pytest.raises(ValidationError):
            validator.validate({"query": "q", name: value})
        with pytest.raises(ValueError, match=name):
            taking.read({"query": "q", name: value})


def test_the_names_of_tools_are_within_the_limits() -> None:
    for index_name in ("docs", "größe:年", "x" * 200):
        search = check_tool_settings(index_name, None, None, None, {}).name
        for name in (search, tool_name("add", index_name), tool_name("delete", index_name)):
            assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name)


def test_every_type_of_field_is_looked_at() -> None:
    assert {each.field.type for each in FIELDS} == {*FieldType} - {FieldType.UNINDEXED}
