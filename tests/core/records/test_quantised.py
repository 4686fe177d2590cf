"""Indexes of int8 and uint8 vectors, without a server that has them: what is asked, stored, sent and told."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import orjson
import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.info import read_schema
from redisvl_adapters.core.index.registry import HEADER, new_registry, scale_commands
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import as_matrix, check_matrix
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.errors import ArgumentError, SchemaError, SchemaMismatchError
from tests.core.fake_server import FakeServer, make_state, record

SCALED = VectorField("embedding", 2, "int8", "l2", "flat", scale=100.0)


def make_schema(storage: str = "hash", vector: VectorField = SCALED) -> Schema:
    return Schema("docs", "docs:", storage, vector, {})


def test_a_scale_is_asked_of_an_index_of_integers() -> None:
    asked = read_options({"index_name": "docs", "dtype": "int8", "distance_metric": "l2", "scale": 100})
    assert read_options({"index_name": "docs", "scale": 100}).scale == 100.0  # of an index that exists
    assert asked.scale == 100.0
    assert asked.schema(2).vector.scale == 100.0


@pytest.mark.parametrize("dtype", [None, "float32", "float16"])
def test_a_scale_is_refused_where_numbers_are_not_rounded(dtype: Any) -> None:
    with pytest.raises(SchemaError, match=f"scale is for int8 and uint8; dtype is '{dtype or 'float32'}'"):
        read_options({"index_name": "docs", "dtype": dtype, "scale": 100}).schema(2)


@pytest.mark.parametrize("scale", [0, -1, True, "127", float("inf"), float("nan"), 1e200, 1e-200])
def test_a_scale_is_a_positive_number(scale: Any) -> None:
    with pytest.raises(ArgumentError, match="scale is a positive number"):
        read_options({"index_name": "docs", "dtype": "int8", "scale": scale})


def test_the_scale_is_kept_with_the_index_and_compared() -> None:
    header = new_registry(make_schema())[HEADER]
    (scale,) = scale_commands(make_schema())
    assert scale.args == ("HSETNX", "redisvl-adapters/docs", b"scale", b"100.0")
    info: list[Any] = [
        *(b"index_name", b"docs", b"index_definition", [b"key_type", b"HASH", b"prefixes", [b"docs:"]], b"attributes"),
        [
            [b"attribute", b"_text", b"type", b"TEXT", b"NOSTEM"],
            *([b"attribute", name, b"type", b"TAG"] for name in (b"_keys", b"_doc_id", b"_typed")),
            [
                *(b"attribute", b"embedding", b"type", b"VECTOR", b"algorithm", b"FLAT", b"data_type", b"INT8"),
                *(b"dim", 2, b"distance_metric", b"L2"),
            ],
        ],
        *(b"num_docs", 0),
    ]
    schema, _ = read_schema(info, {b"layout": header, b"scale": b"100.0"})
    assert schema.vector == SCALED
    assert IndexSpec("docs", dtype="int8", scale=100.0).differences(schema) == []
    assert IndexSpec("docs", dtype="int8", scale=127.0).differences(schema) == ["scale is 100.0, asked for 127.0"]
    with pytest.raises(SchemaMismatchError, match=r"scale of its int8 vectors is lost.*redisvl-adapters/docs"):
        read_schema(info, {})
    assert not schema.lays_out_like(make_schema(vector=VectorField("embedding", 2, "int8", "l2", "flat")))


@pytest.mark.parametrize("storage", ["hash", "json"])
def test_integers_are_stored_and_come_back_as_the_numbers_that_were_given(storage: str) -> None:
    layout = layout_of(make_schema(storage))
    (row,) = check_matrix(as_matrix([[0.1, -0.2]], ["a"]), ["a"], SCALED)
    write = layout.write(Record("a", "text"), check_metadata({}, "a"), row, None, "a")
    if storage == "hash":
        stored: Any = write.args[write.args.index("embedding") + 1]
        assert stored == np.array([10, -20], np.int8).tobytes()
    else:
        stored = orjson.dumps(orjson.loads(str(write.args[0], "utf-8"))["embedding"])  # type: ignore[arg-type]  # bytes
        assert stored == b"[10,-20]"
    if storage == "hash":
        fetched: Any = [b"text", b"{}", None, stored]
    else:
        fetched = b'{"$.text":["text"],"$.metadata":[{}],"$[\\"embedding\\"]":[[10,-20]],"$._exact_vector":[]}'
    for found in (layout.reader([b"embedding"])("a", [stored]), layout.decode_reply("a", fetched)):
        assert found is not None
        assert found.vector is not None
        assert found.vector.tolist() == [0.1, -0.2]


def test_a_search_compares_scaled_vectors_and_tells_true_distances() -> None:
    state = IndexState(IndexSpec("docs"), Snapshot(make_schema(), {}, 1), opened=True)
    steps = operations.search_by_vector(state, [0.1, -0.2], 3, distance_threshold=0.05)
    (command,) = next(steps)
    assert np.array([10, -20], np.int8).tobytes() in command.args
    cut = next(re.fullmatch(r"@vector_distance <= (\S+)", str(arg)) for arg in command.args if "<=" in str(arg))
    assert cut is not None
    assert float(cut[1]) == pytest.approx(500)
    row = [b"__key", b"docs:a", b"vector_distance", b"400", b"text", b"one", b"metadata", b"{}"]
    with pytest.raises(StopIteration) as stop:
        steps.send([[1, row]])
    ((hit,),) = [stop.value.value]
    assert (hit.record.id, hit.distance) == ("a", pytest.approx(0.04))


def test_of_two_that_create_an_index_the_first_scale_holds() -> None:
    server = FakeServer()
    first, second = (
        make_state(dtype="int8", distance_metric="l2", scale=scale, metadata_schema=[]) for scale in (127.0, 64.0)
    )
    for state in (first, second):
        # Both have looked at a server without an index.
        server.run(state, operations.count(state))
    server.run(first, operations.upsert(first, [record("a")], [[0.5, 0.5]]))
    with pytest.raises(SchemaMismatchError, match=r"scale is 127\.0, asked for 64\.0"):
        server.run(second, operations.upsert(second, [record("b")], [[0.5, 0.5]]))
    assert list(server.records) == ["a"]
    server.run(first, operations.clear(first))
    reader = make_state()
    server.run(reader, operations.count(reader))
    assert reader.schema is not None
    assert reader.schema.vector.scale == 127.0
    server.run(first, operations.drop(first))
    assert server.registry == {}


def test_a_range_that_the_server_would_refuse_is_refused_here() -> None:
    vector = VectorField("embedding", 2, "int8", "ip", "hnsw", scale=100.0)
    state = IndexState(IndexSpec("docs"), Snapshot(make_schema(vector=vector), {}, 1), opened=True)
    with pytest.raises(ArgumentError, match=r"distance_threshold is at least 0\.9999 here; not 0\.5"):
        next(operations.search_by_vector(state, [0.1, -0.2], 3, distance_threshold=0.5, epsilon=0.1))
    (command,) = next(operations.search_by_vector(state, [0.1, -0.2], 3, distance_threshold=0.5))
    assert command.args[0] == "FT.AGGREGATE"
