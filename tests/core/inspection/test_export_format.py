"""What a line of an export holds reads back as it was; what is none is refused with its number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest

from redisvl_adapters.core.inspection.export_format import (
    ExportHeader,
    read_end,
    read_header,
    read_record,
    record_id_of,
    write_end,
    write_header,
    write_record,
)
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.errors import ArgumentError

FIELDS = {
    "year": MetadataField("year", FieldType.NUMERIC, "year", learnt=True, other_kinds=frozenset({Kind.TEXT})),
    "a/b": MetadataField("a/b", FieldType.TAG, "_k_a_2f_b", {"sortable": True}, description="what"),
}


def schema(dtype: str = "float32") -> Schema:
    made = IndexSpec("docs").schema(3)
    vector = replace(made.vector, dtype=dtype, tuning={"m": 8})
    return replace(
        made, vector=vector, fields=FIELDS, untyped_keys=frozenset({"none"}), language="german", embedding_id="m-1"
    )


def test_a_header_reads_back() -> None:
    header = ExportHeader(schema(), 7, "2026-01-02T03:04:05+00:00", "01H")
    found = read_header(write_header(header))
    assert found == header
    assert found.schema.fields["a/b"].description == "what"


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8"])
def test_a_record_reads_back(dtype: str) -> None:
    numbers: Any = np.array([1 / 3, -0.1, 2e-5], "f4" if dtype == "float32" else "f8").astype("f8")
    numbers = numbers.astype("f2").astype("f8") if dtype == "float16" else numbers
    frame = orjson.dumps({"relationships": {"1": {"node_id": "source"}}}).decode()
    record = Record("é/1", "text\u2028\n", {"n": 2**53 + 1, "deep": {"x": [1, None]}}, None, frame, numbers, 5000)
    line = write_record(record, schema(dtype), 1_000)
    assert line.count(b"\n") == 1
    found = read_record(line, 2, 2_000)
    assert found is not None
    assert (found.id, found.text, found.metadata, found.frame) == (record.id, record.text, record.metadata, frame)
    assert (found.source, found.ttl_ms) == ("source", 4000)
    # As the index stores them.
    stored = {"float32": "f4", "float16": "f2"}.get(dtype, "f8")
    assert np.array_equal(np.asarray(found.vector, stored), numbers.astype(stored))
    assert read_record(line, 2, 6_000) is None
    assert record_id_of(line) == record.id
    assert record_id_of(line[:-5]) is None


def test_the_end_counts_and_is_no_record() -> None:
    assert read_end(write_end(3)) == 3
    assert record_id_of(write_end(3)) is None
    record = Record("end", "", {"end": True}, vector=np.zeros(3))
    assert read_end(write_record(record, schema(), 0)) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "is no export of this library"),
        (b"[1]\n", "is no export of this library"),
        (b'{"id": "a"}\n', "is no export of this library"),
        (b'{"format": "redisvl-adapters export", "version": 2}\n', "an export of version 2"),
        (b'{"format": "redisvl-adapters export", "version": 1}\n', "the first line of the file is damaged"),
    ],
)
def test_what_is_no_header_is_refused(line: bytes, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        read_header(line)


@pytest.mark.parametrize("line", [b"{", b'{"id": "a"}', b'{"id": "a", "text": "", "metadata": 1, "vector": ["x"]}'])
def test_what_is_no_record_is_refused_with_its_number(line: bytes) -> None:
    with pytest.raises(ArgumentError, match="line 5 of the file"):
        read_record(line, 5, 0)
