"""Search commands and their replies, in the shapes that RediSearch 2.10.5 gave over RESP2 and RESP3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.index.record_keys import count_command, read_cursor_page, read_keys, read_total
from redisvl_adapters.core.records.layouts import Layout, layout_of
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.complete_replies import RowsWithoutFieldsError
from redisvl_adapters.core.search.results import ReturnFields, read_vector_hits
from redisvl_adapters.core.search.vector_query import VectorRequest, vector_command
from redisvl_adapters.core.server.replies import as_mapping, is_duplicate, is_missing_index, ok, server_error
from redisvl_adapters.errors import ArgumentError, AuthenticationError, MissingModuleError, ServerError


def make_schema(storage: str = "hash", name: str = "docs") -> Schema:
    return Schema(name, f"{name}:", storage, VectorField("embedding", 2, "float32", "cosine", "flat"), {})


HASH_FIELDS = [
    *(b"vector_distance", b"5.96046447754e-08", b"text", b"x0", b"metadata", b'{"a":"0","n":0.1}'),
    *(b"_node", b"{}", b"embedding", b"\x00\x00\x80?\x00\x00\x00@"),
]
JSON_FIELDS = [
    *(b"vector_distance", b"5.96046447754e-08", b"text", b"x0", b"metadata", b'{"a":"0","n":0.2}'),
    *(b"_exact", b'{"a":"0","n":0.1}', b"_node", b"{}", b"embedding", b"[1.0,2.0]"),
]


def search_reply(protocol: int, *rows: tuple[bytes, list[Any] | None]) -> Any:
    """Return what FT.SEARCH answers; a record without fields has expired."""
    if protocol == 2:
        return [len(rows), *(part for row in rows for part in row)]
    results = [{b"id": key, b"extra_attributes": fields and as_mapping(fields), b"values": []} for key, fields in rows]
    return {b"attributes": [], b"total_results": len(rows), b"format": b"STRING", b"results": results, b"warning": []}


def page_reply(protocol: int, *keys: bytes | None, cursor: int) -> Any:
    """Return what FT.AGGREGATE and FT.CURSOR answer; a record without a key has expired."""
    if protocol == 2:
        return [[1, *(None if key is None else [b"__key", key] for key in keys)], cursor]
    rows: list[Any] = [{b"extra_attributes": None if key is None else {b"__key": key}, b"values": []} for key in keys]
    page = {b"attributes": [], b"total_results": 1, b"format": b"STRING", b"results": rows, b"warning": []}
    return [page, cursor]


both_protocols = pytest.mark.parametrize("protocol", [2, 3])


@both_protocols
@pytest.mark.parametrize(("storage", "fields"), [("hash", HASH_FIELDS), ("json", JSON_FIELDS)])
def test_hits_are_read(protocol: int, storage: str, fields: list[bytes]) -> None:
    schema = make_schema(storage)
    (hit,) = read_vector_hits(search_reply(protocol, (b"docs:r:0", fields)), schema, layout_of(schema))
    assert hit.distance == 5.96046447754e-08
    assert (hit.record.id, hit.record.text, hit.record.metadata) == ("r:0", "x0", {"a": "0", "n": 0.1})
    assert hit.record.frame == "{}"
    assert hit.record.vector is not None
    assert hit.record.vector.tolist() == [1.0, 2.0]


@both_protocols
@pytest.mark.parametrize("storage", ["hash", "json"])
def test_hits_without_fields_are_told(protocol: int, storage: str) -> None:
    schema = make_schema(storage)
    there = [b"vector_distance", b"1", b"text", b"a", b"metadata", b"{}"]
    reply = search_reply(protocol, (b"docs:0", None), (b"docs:1", there), (b"docs:2", None))
    with pytest.raises(RowsWithoutFieldsError) as error:
        read_vector_hits(reply, schema, layout_of(schema))
    assert (error.value.keys, error.value.rows) == ([b"docs:0", b"docs:2"], 3)
    assert [(hit.record.id, hit.record.text, hit.record.metadata) for hit in error.value.hits] == [("1", "a", {})]


@both_protocols
def test_a_row_of_an_aggregation_without_a_key_is_asked_for_again(protocol: int) -> None:
    """The server may not have taken the record out of the index yet."""
    there = {b"__key": b"docs:a", b"vector_distance": b"0.25", b"text": b"x", b"metadata": b"{}"}
    gone = {b"vector_distance": b"0.5"}
    rows: list[Any] = [there, gone]
    reply: Any = {b"total_results": 2, b"results": [{b"extra_attributes": row, b"values": []} for row in rows]}
    if protocol == 2:
        reply = [2, *([part for pair in row.items() for part in pair] for row in rows)]
    schema = make_schema()
    with pytest.raises(RowsWithoutFieldsError) as error:
        read_vector_hits(reply, schema, layout_of(schema))
    assert (error.value.keys, error.value.rows) == ([b""], 2)


@both_protocols
def test_the_key_is_cut_by_the_bytes_of_the_prefix(protocol: int) -> None:
    schema = make_schema(name="dökü")
    reply = search_reply(protocol, ("dökü:é".encode(), [b"vector_distance", b"1", b"metadata", b"{}"]))
    assert [hit.record.id for hit in read_vector_hits(reply, schema, layout_of(schema))] == ["é"]


@both_protocols
def test_a_page_of_a_cursor_is_read(protocol: int) -> None:
    assert read_cursor_page(page_reply(protocol, b"docs:0", b"docs:1", cursor=9)) == ([b"docs:0", b"docs:1"], 9)
    assert read_cursor_page(page_reply(protocol, cursor=0)) == ([], 0)


@both_protocols
def test_a_record_that_expired_meanwhile_is_not_on_a_page(protocol: int) -> None:
    assert read_cursor_page(page_reply(protocol, b"docs:0", None, b"docs:1", cursor=9)) == ([b"docs:0", b"docs:1"], 9)


@pytest.mark.parametrize(
    ("reply", "total", "keys"),
    [
        ([2, b"docs:0", b"docs:2"], 2, [b"docs:0", b"docs:2"]),
        ([0], 0, []),
        (
            {b"total_results": 2, b"results": [{b"id": b"docs:0", b"values": []}, {b"id": b"docs:2", b"values": []}]},
            2,
            [b"docs:0", b"docs:2"],
        ),
        ({b"total_results": 0, b"results": []}, 0, []),
    ],
)
def test_totals_and_keys_are_read(reply: Any, total: int, keys: list[bytes]) -> None:
    assert read_total(reply) == total
    assert read_keys(reply) == keys


# The commands


def command(request: VectorRequest, k: int, storage: str = "hash", **wanted: bool) -> list[Any]:
    schema = make_schema(storage)
    layout: Layout = layout_of(schema)
    return list(vector_command(request, ReturnFields(k=k, **wanted), schema, layout).command(request.vector).args)


def test_a_search_asks_for_what_is_needed_and_never_times_out_with_half_an_answer() -> None:
    args = command(VectorRequest(b"\x00\x01"), 7)
    assert args[:2] == ["FT.SEARCH", "docs"]
    assert "KNN 7 @embedding" in args[2]
    assert args[2].startswith("*=>")
    assert b"\x00\x01" in args
    assert args[args.index("TIMEOUT") + 1] == 0
    assert args[args.index("DIALECT") + 1] == 2
    returned = args[args.index("RETURN") :]
    assert {"text", "metadata", "vector_distance"} <= set(returned)
    assert not {"_node", "embedding"} & set(returned)
    assert {"_node", "embedding"} <= set(command(VectorRequest(b""), 7, frame=True, vectors=True))


def test_a_search_in_json_asks_for_paths() -> None:
    args = command(VectorRequest(b""), 1, "json", frame=True)
    assert {"$.text", "$.metadata", "$._exact", "$._node"} <= set(args)


def test_a_search_with_a_filter_and_ids_is_restricted_by_both() -> None:
    args = command(VectorRequest(b"", "@n:[(1 +inf]", ["a", "b c"]), 3)
    assert args[2].startswith("(@n:[(1 +inf])=>[KNN 3 @embedding")
    assert args[args.index("INKEYS") :][:4] == ["INKEYS", 2, "docs:a", "docs:b c"]


@pytest.mark.parametrize(
    ("where", "beside"),
    [
        ("@kind:{a|b}", False),
        ("(@n:[1 1] | @n:[2 2])", False),
        ("(@kind:{a} | (@kind:{b} @n:[1 1]))", True),
        ("((@kind:{b} @n:[1 1]) | @kind:{a})", True),
    ],
)
def test_a_union_of_compounds_has_a_condition_beside_it_that_is_always_true(where: str, beside: bool) -> None:
    text = str(command(VectorRequest(b"", where), 3)[2])
    assert where in text
    assert ("(-@_keys:{none})" in text) is beside


def test_a_count_returns_no_records() -> None:
    args = list(count_command(make_schema(), "(@n:[1 2])").args)
    assert args[2] == "(@n:[1 2])"
    assert args[args.index("LIMIT") + 1 :][:2] == [0, 0]


@pytest.mark.parametrize("k", [-1, 1_000_001, True, 1.0, "4", None])
def test_k_is_an_integer_that_the_server_takes(k: Any) -> None:
    """langchain-redis 15: k = -1 was a server error."""
    with pytest.raises(ArgumentError, match="top_k is an integer from 0 to 1000000"):
        check_k(k, "top_k")


def test_k_may_be_zero_and_a_million() -> None:
    assert [check_k(k) for k in (0, 1, 1_000_000)] == [0, 1, 1_000_000]


# Refusals


@pytest.mark.parametrize(
    ("text", "kind", "named"),
    [
        ("unknown command 'FT.INFO', with args beginning with: 'docs' ", MissingModuleError, "search module.*redis:8"),
        ("unknown command 'JSON.GET', with args", MissingModuleError, "JSON module.*redisvl_adapters.embedded"),
        ("NOPERM User x has no permissions to run the 'ft.info' command", AuthenticationError, "ft.info"),
        ("No permissions to access a key", AuthenticationError, "permit"),
        ("Cannot create index on db != 0", ServerError, "database 0 alone.*end in /0"),
        ("OOM command not allowed when used memory > 'maxmemory'", ServerError, "OOM"),
    ],
)
def test_a_refusal_by_the_server_is_explained(text: str, kind: type[ServerError], named: str) -> None:
    with pytest.raises(kind, match=named):
        ok(ResponseError(text))
    assert type(server_error(ResponseError(text))) is kind


@pytest.mark.parametrize("text", ["Unknown index name", "docs: no such index", "No such index docs", "Index not found"])
def test_a_missing_index_is_known_by_what_any_version_says(text: str) -> None:
    assert is_missing_index(ResponseError(text))
    assert not is_missing_index([0])
    assert not is_missing_index(ResponseError("Syntax error"))


def test_a_duplicate_is_known() -> None:
    assert is_duplicate(ResponseError("Index already exists"))
    assert is_duplicate(ResponseError("Duplicate field in schema - n"))
    assert not is_duplicate(b"OK")
    assert ok(b"OK") == b"OK"


def test_a_vector_comes_back_in_double_precision_whatever_its_dtype() -> None:
    for dtype in ("float16", "float32", "float64"):
        schema = Schema("docs", "docs:", "hash", VectorField("v", 2, dtype, "ip", "flat"), {})
        raw = np.array([0.5, -2], dtype=dtype).tobytes()
        vector = layout_of(schema).reader([b"v"])("a", [raw]).vector
        assert vector is not None
        assert vector.dtype == np.float64
        assert vector.tolist() == [0.5, -2]
