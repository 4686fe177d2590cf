"""What an index is on the server: FT.CREATE, registry, FT.INFO of either protocol, and how it is compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import orjson
import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.index_commands import alter_command, create_command
from redisvl_adapters.core.index.info import read_schema
from redisvl_adapters.core.index.registry import HEADER, LAYOUT, claim_commands, new_registry, registry_key
from redisvl_adapters.core.schema.declarations import read_metadata_schema
from redisvl_adapters.core.schema.field_names import field_alias, key_of_alias
from redisvl_adapters.core.schema.fields import FieldType, MetadataField, VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.errors import FilterError, SchemaMismatchError, UnknownFieldError
from tests.core.fake_server import FakeServer, make_state, record

DECLARED: dict[str, Any] = {
    "n": {"type": "numeric", "attrs": {"sortable": True}},
    "a.b": "tag",
    "flag": "bool",
    "when": "timestamp",
    "note": "unindexed",
    "sortable": "tag",
}
VECTOR = VectorField("embedding", 2, "float32", "cosine", "hnsw", {"m": 20, "ef_runtime": 30})


def make_schema(storage: str = "hash", **options: Any) -> Schema:
    return Schema("docs", "docs:", storage, options.pop("vector", VECTOR), read_metadata_schema(DECLARED), **options)


# As RediSearch 2.10.5 answered for that schema, without its statistics.
EXACT_TAG = [b"type", b"TAG", b"SEPARATOR", b"\x1f", b"CASESENSITIVE"]
VECTOR_ROW = [
    *(b"type", b"VECTOR", b"algorithm", b"HNSW", b"data_type", b"FLOAT32", b"dim", 2),
    *(b"distance_metric", b"COSINE", b"M", 20, b"ef_construction", 200),
]
RESP2: list[Any] = [
    *(b"index_name", b"docs", b"index_options", []),
    *(b"index_definition", [b"key_type", b"HASH", b"prefixes", [b"docs:"], b"default_score", b"1"]),
    b"attributes",
    [
        [b"identifier", b"_text", b"attribute", b"_text", b"type", b"TEXT", b"WEIGHT", b"1", b"NOSTEM"],
        [b"identifier", b"embedding", b"attribute", b"embedding", *VECTOR_ROW],
        [b"identifier", b"_keys", b"attribute", b"_keys", *EXACT_TAG],
        [b"identifier", b"_doc_id", b"attribute", b"_doc_id", *EXACT_TAG],
        [b"identifier", b"_typed", b"attribute", b"_typed", *EXACT_TAG],
        [b"identifier", b"n", b"attribute", b"n", b"type", b"NUMERIC", b"SORTABLE", b"UNF"],
        [b"identifier", b"a.b", b"attribute", b"a.b", *EXACT_TAG],
        [b"identifier", b"flag", b"attribute", b"flag", *EXACT_TAG],
        [b"identifier", b"when", b"attribute", b"when", b"type", b"NUMERIC"],
        [b"identifier", b"_k_sortable", b"attribute", b"_k_sortable", *EXACT_TAG],
    ],
    *(b"num_docs", 3, b"percent_indexed", b"1"),
]


def as_resp3(value: Any) -> Any:
    """Return FT.INFO of RESP2 as RESP3 tells it: maps, doubles, and the flags of a field in a list of their own."""
    told = dict(zip(value[::2], value[1::2], strict=True))
    definition = told[b"index_definition"]
    told[b"index_definition"] = dict(zip(definition[::2], definition[1::2], strict=True))
    rows = []
    for row in told[b"attributes"]:
        flags = [part for part in row if part in (b"SORTABLE", b"UNF", b"CASESENSITIVE", b"NOSTEM")]
        rest = [part for part in row if part not in flags]
        rows.append({**dict(zip(rest[::2], rest[1::2], strict=True)), b"flags": flags})
    return {**told, b"attributes": rows, b"percent_indexed": 1.0}


@pytest.fixture(params=["RESP2", "RESP3"])
def info(request: pytest.FixtureRequest) -> Any:
    return RESP2 if request.param == "RESP2" else as_resp3(RESP2)


def test_an_index_is_read_back_as_it_was_created(info: Any) -> None:
    made = make_schema()
    schema, records = read_schema(info, new_registry(made))
    assert records == 3
    assert schema.fields == made.fields
    assert replace(schema.vector, tuning={}) == replace(made.vector, tuning={})
    assert schema.vector.tuning == {"m": 20, "ef_construction": 200, "ef_runtime": 30}


def test_the_stopwords_and_the_text_attributes_are_read_back(info: Any) -> None:
    made = make_schema(text_attrs={"weight": 2.0}, stopwords=("the",))
    schema, _ = read_schema(info, new_registry(made))
    assert (schema.text_attrs, schema.stopwords) == ({"weight": 2.0}, ("the",))


def test_a_registered_field_that_the_index_lacks_is_no_field_of_it(info: Any) -> None:
    registry = new_registry(make_schema()) | {b"key:new": orjson.dumps({"type": "tag", "attrs": {}, "learnt": True})}
    schema, _ = read_schema(info, registry)
    assert "new" not in schema.fields
    assert schema.fields["note"].type == "unindexed"


def test_an_index_that_is_not_ours_is_refused_with_its_fields() -> None:
    foreign = [*RESP2[:6], b"attributes", [RESP2[7][0], RESP2[7][1]], b"num_docs", 0]
    with pytest.raises(SchemaMismatchError, match=r"'docs' exists, but was not made by this library.*_text, embedding"):
        read_schema(foreign, {})


def test_an_index_with_two_prefixes_is_refused() -> None:
    definition = [b"key_type", b"HASH", b"prefixes", [b"a:", b"b:"], b"default_score", b"1"]
    with pytest.raises(SchemaMismatchError, match="a:, b:"):
        read_schema([*RESP2[:5], definition, *RESP2[6:]], {})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"dims": 3}, "dims is 2, asked for 3"),
        ({"dtype": "float64"}, "dtype is 'float32', asked for 'float64'"),
        ({"metric": "l2"}, "distance_metric is 'cosine', asked for 'l2'"),
        ({"algorithm": "flat"}, "algorithm is 'hnsw', asked for 'flat'"),
        ({"storage": "json"}, "storage is 'hash', asked for 'json'"),
        ({"prefix": "p:"}, "prefix is 'docs:', asked for 'p:'"),
        ({"tuning": {"m": 8}}, "m is 20, asked for 8"),
        ({"tuning": {"ef_runtime": 8}}, "ef_runtime is 30, asked for 8"),
        ({"fields": read_metadata_schema({"n": "tag"})}, "metadata field 'n' is 'numeric', asked for 'tag'"),
        ({"fields": read_metadata_schema({"flag": "tag"})}, "metadata field 'flag' is 'bool', asked for 'tag'"),
    ],
)
def test_each_difference_to_what_was_asked_is_named(asked: dict[str, Any], said: str) -> None:
    """langchain-redis 9, llama-index 17: an index with another schema was silently accepted."""
    (difference,) = IndexSpec("docs", **asked).differences(make_schema())
    assert said in difference


def test_all_differences_are_named_at_once() -> None:
    asked = IndexSpec("docs", dims=3, metric="l2", fields=read_metadata_schema({"n": "tag"}))
    assert len(asked.differences(make_schema())) == 3


def test_what_was_left_open_is_no_difference() -> None:
    assert IndexSpec("docs").differences(make_schema()) == []
    same = IndexSpec(
        "docs", "docs:", "hash", "embedding", 2, "float32", "cosine", "hnsw", {"m": 20}, None, make_schema().fields
    )
    assert same.differences(make_schema()) == []


@pytest.mark.parametrize("storage", ["hash", "json"])
def test_an_index_is_created_with_exact_tags_and_every_indexed_field(storage: str) -> None:
    args = list(create_command(make_schema(storage)).args)
    assert args[:10] == ["FT.CREATE", "docs", "ON", storage.upper(), "PREFIX", 1, "docs:", "STOPWORDS", 0, "SCHEMA"]
    assert args.count("CASESENSITIVE") == args.count("TAG") == 6
    assert args.count("\x1f") == 6
    assert ("$.index._keys" in args, '$.index["a.b"]' in args) == (storage == "json", storage == "json")
    assert "note" not in args


def test_a_learnt_field_is_added_without_a_scan() -> None:
    schema = make_schema("json")
    args = alter_command(schema, schema.learnt_field("x.y", FieldType.NUMERIC)).args
    assert args[:5] == ("FT.ALTER", "docs", "SKIPINITIALSCAN", "SCHEMA", "ADD")
    assert args[5:9] == ('$.index["x.y"]', "AS", "x.y", "NUMERIC")


def test_a_claim_gives_way_to_an_earlier_one_and_reads_what_holds() -> None:
    field = MetadataField("a b", FieldType.BOOL, "alias")
    *renewed, claim, met, read = claim_commands("docs", [field], ["none yet"])
    assert [command.args[0] for command in renewed] == ["EVAL", "EVAL"]
    assert [orjson.loads(cast("bytes", command.args[5])) for command in renewed] == [
        {"type": "unindexed", "attrs": attrs, "learnt": True} for attrs in ({}, {"long": True})
    ]
    assert claim.args[:3] == ("HSETNX", "redisvl-adapters/docs", b"key:a b")
    assert claim.args[3] == orjson.dumps({"type": "bool", "attrs": {}, "learnt": False})
    assert met.args[0] == "HSETNX"
    assert read.args[0] == "HGETALL"


def test_a_key_that_was_met_with_long_texts_is_renewed_by_being_declared_alone() -> None:
    field = MetadataField("a", FieldType.TAG, "a", learnt=True)
    renewed, *_ = claim_commands("docs", [field], [])
    assert orjson.loads(cast("bytes", renewed.args[5])) == {"type": "unindexed", "attrs": {}, "learnt": True}
    assert len(claim_commands("docs", [field], [])) == 3


def test_the_registry_lies_outside_every_default_prefix() -> None:
    assert not registry_key("docs").startswith("docs:")


def test_an_unknown_key_is_told_with_those_that_can_be_filtered() -> None:
    with pytest.raises(
        UnknownFieldError, match=r"'fleg'.*'docs'.*did you mean 'flag'.*a\.b \(tag\).*when \(timestamp\)"
    ) as e:
        make_schema().indexed("fleg")
    assert e.value.key == "fleg"
    assert "note" not in str(e.value)


def test_a_key_that_is_not_indexed_says_what_it_can_be_asked() -> None:
    with pytest.raises(FilterError, match=r"'note'.*not indexed.*EXISTS"):
        make_schema().indexed("note")


def test_an_index_of_a_newer_layout_is_refused_with_both_versions(info: Any) -> None:
    registry = new_registry(make_schema())
    newer = {**registry, HEADER: orjson.dumps({**orjson.loads(registry[HEADER]), "version": LAYOUT + 1})}
    with pytest.raises(
        SchemaMismatchError, match=r"'docs' has layout version 3.*newer version.*version 2\. Use a newer"
    ):
        read_schema(info, newer)


@pytest.mark.parametrize("operation", [operations.count, operations.drop, lambda state: operations.create(state, 2)])
def test_nothing_is_done_to_an_index_of_a_newer_layout(operation: Any) -> None:
    server, state = FakeServer(), make_state()
    server.run(state, operations.upsert(state, [record("a")], [[1.0, 2.0]]))
    server.registry[HEADER] = orjson.dumps({"version": LAYOUT + 1})
    before = {key: dict(fields) for key, fields in server.keys.items()}
    for other in (make_state(), make_state(create="overwrite")):
        with pytest.raises(SchemaMismatchError, match="layout version 3"):
            server.run(other, operation(other))
    assert server.fields is not None
    # Not even by whoever finds its registry alone.
    server.fields = None
    other = make_state()
    for create_or_drop in (operations.create(other, 2), operations.drop(other)):
        with pytest.raises(SchemaMismatchError, match="layout version 3"):
            server.run(other, create_or_drop)
    assert server.keys == before


def test_a_registry_that_is_left_of_another_index_tells_nothing_of_a_new_one() -> None:
    """As after FT.DROPINDEX: its types are those of records that lie elsewhere."""
    elsewhere: list[dict[str, Any]] = [{"prefix": "elsewhere:"}, {"storage": "json"}]
    for options in elsewhere:
        server = FakeServer()
        left = new_registry(make_state(**options, metadata_schema={"n": "bool"}).spec.schema(2))
        server.keys["redisvl-adapters/docs"] = dict(left)
        state = make_state()
        server.run(state, operations.upsert(state, [record("a", n="a text")], [[1.0, 2.0]]))
        assert state.schema is not None
        assert state.schema.fields["n"].type == "tag"


@pytest.mark.parametrize("key", ["n", "a.b", "a/b", "a//b", "tag", "_k_x", "ä ö", "", "text", "_keys", "x_2f_y"])
def test_the_key_of_an_indexed_name_is_known_from_it(key: str) -> None:
    assert key_of_alias(field_alias(key, make_schema().reserved)) == key
