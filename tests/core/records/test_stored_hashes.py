"""Which hashes are carried into another index as they are, and that they are what a record would be written as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.stored_hashes import HashCheck, StoredHash, are_hashes_alike
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec

LONG_KEY = "k" * 5000
METADATA = {"n": 3, "kind": "x", "deep": {"list": []}, "odd": "more"}
PLAIN = IndexSpec("docs").schema(2)


def known(*keys: str, untyped: tuple[str, ...] = ("deep", "deep.list")) -> Schema:
    types = {"n": FieldType.NUMERIC}
    fields = [PLAIN.learnt_field(key, types.get(key, FieldType.TAG)) for key in keys]
    return replace(PLAIN.with_fields(fields), untyped_keys=frozenset(untyped))


SCHEMA = known("n", "kind", "odd")


def stored(schema: Schema, metadata: Mapping[str, Any], ttl_ms: int | None = None) -> StoredHash:
    record = Record("a", "Ein Text", dict(metadata), "doc", '{"relationships":{"1":{"node_id":"doc"}}}')
    vector = np.asarray([0.5, 1.0], np.float32)
    write = layout_of(schema).write(record, check_metadata(metadata, "it"), vector, ttl_ms, "it")
    parts = [part.encode() if isinstance(part, str) else part for part in write.args]
    return StoredHash("a", dict(zip(parts[::2], parts[1::2], strict=True)), ttl_ms)  # type: ignore[arg-type]  # bytes by now


def test_a_hash_is_written_as_the_record_would_be_and_decoded_to_it() -> None:
    other = replace(SCHEMA, name="more", prefix="more:")
    found = stored(SCHEMA, METADATA, 700)
    assert HashCheck(SCHEMA).is_plain(found.fields)
    assert found.write(other, 5000)[:2] == ("more:a", 700)
    assert found._replace(ttl_ms=None).write(other, 5000)[:2] == ("more:a", 5000)
    again = dict(zip(found.write(other, None).args[::2], found.write(other, None).args[1::2], strict=True))
    assert again == stored(other, METADATA).fields
    record = found.decode(SCHEMA)
    assert (record.id, record.text, record.metadata, record.source, record.ttl_ms) == (
        "a",
        "Ein Text",
        METADATA,
        "doc",
        700,
    )
    assert record.vector is not None
    assert record.vector.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("change", "is_plain"),
    [
        ({}, True),
        ({b"alien": b"1"}, False),
        ({b"embedding": b"1234"}, False),
        ({b"embedding": None}, False),
        ({b"metadata": None}, False),
        ({b"_keys": None}, False),
        ({b"_text": None}, False),
        ({b"_doc_id": None, b"_node": None}, True),
    ],
)
def test_what_is_not_just_a_record_is_not_carried_over(change: dict[bytes, bytes | None], is_plain: bool) -> None:
    fields = {**stored(SCHEMA, METADATA).fields, **change}
    assert HashCheck(SCHEMA).is_plain({name: value for name, value in fields.items() if value is not None}) is is_plain


@pytest.mark.parametrize(
    ("schema", "metadata", "is_plain"),
    [
        (known("n", "kind"), METADATA, False),
        (known("n", "kind", "odd", untyped=()), METADATA, False),
        (SCHEMA, {"n": 1}, True),
        (SCHEMA, {"n": 1, "new": None}, False),
        # Of so long a key the record has no more than a digest.
        (known(LONG_KEY), {LONG_KEY: "x"}, False),
    ],
)
def test_a_record_with_a_key_that_its_index_does_not_know_is_not_carried_over(
    schema: Schema, metadata: dict[str, Any], is_plain: bool
) -> None:
    assert HashCheck(schema).is_plain(stored(schema, metadata).fields) is is_plain


@pytest.mark.parametrize(
    ("changes", "are_alike"),
    [
        ({"name": "more", "prefix": "more:", "stopwords": ("a",), "embedding_id": "m"}, True),
        ({"vector": replace(SCHEMA.vector, algorithm="flat", tuning={})}, True),
        ({"untyped_keys": frozenset({"deep", "deep.list", "more"})}, True),
        ({"untyped_keys": frozenset()}, False),
        ({"storage": "json"}, False),
        ({"language": "german"}, False),
        ({"language_key": "lang"}, False),
        ({"vector": replace(SCHEMA.vector, metric="l2")}, False),
        ({"vector": replace(SCHEMA.vector, dtype="float16")}, False),
        ({"vector": replace(SCHEMA.vector, dims=3)}, False),
        ({"fields": known("n", "kind").fields}, False),
        ({"fields": known("n", "kind", "odd", "more").fields}, False),
        ({"fields": {**SCHEMA.fields, "n": replace(SCHEMA.fields["n"], learnt=False)}}, False),
    ],
)
def test_hashes_are_alike_where_records_are_laid_out_alike(changes: dict[str, Any], are_alike: bool) -> None:
    assert are_hashes_alike(SCHEMA, replace(SCHEMA, **changes)) is are_alike
