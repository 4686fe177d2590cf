"""What a store can be told, what it refuses to be told, and how metadata schemas and RedisVL schemas are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from redisvl.schema import IndexSchema
from redisvl.schema.fields import VectorDataType, VectorIndexAlgorithm

from redisvl_adapters.core.schema.declarations import read_metadata_schema
from redisvl_adapters.core.schema.fields import TUNING, FieldType
from redisvl_adapters.core.schema.index_spec import LEARN_LIMIT, IndexSpec, default_prefix
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.errors import ArgumentError, SchemaError, UnknownArgumentError


def read(**options: Any) -> IndexSpec:
    return read_options(IndexOptions(**({"index_name": "docs"} | options)))  # type: ignore[typeddict-item]


def redisvl_schema(*fields: dict[str, Any], index: dict[str, Any] | None = None, **vector: Any) -> dict[str, Any]:
    attrs = {"dims": 3, "algorithm": "flat", "datatype": "float32", "distance_metric": "cosine"} | vector
    return {
        "index": {"name": "docs", "prefix": "docs", "storage_type": "hash"} | (index or {}),
        "fields": [{"name": "vec", "type": "vector", "attrs": attrs}, *fields],
    }


def test_only_the_name_is_needed_and_the_rest_is_left_open() -> None:
    assert read() == IndexSpec("docs")
    for name in ("prefix", "storage", "dims", "dtype", "metric", "algorithm", "ttl_ms"):
        assert getattr(read(), name) is None


def test_what_was_left_open_has_the_documented_defaults_when_the_index_is_created() -> None:
    schema = read().schema(7)
    assert (schema.prefix, schema.storage, schema.vector.name) == ("docs:", "hash", "embedding")
    assert (schema.vector.dims, schema.vector.dtype) == (7, "float32")
    assert (schema.vector.metric, schema.vector.algorithm) == ("cosine", "hnsw")


@pytest.mark.parametrize(
    ("option", "value", "attribute", "expected"),
    [
        ("prefix", "p", "prefix", "p:"),
        ("prefix", "p:", "prefix", "p:"),
        ("storage", "json", "storage", "json"),
        ("storage", "JSON", "storage", "json"),
        ("algorithm", "FLAT", "algorithm", "flat"),
        ("algorithm", VectorIndexAlgorithm.HNSW, "algorithm", "hnsw"),
        ("distance_metric", "COSINE", "metric", "cosine"),
        ("dtype", "FLOAT32", "dtype", "float32"),
        ("dtype", VectorDataType.BFLOAT16, "dtype", "bfloat16"),
        ("algorithm", "flat", "algorithm", "flat"),
        ("distance_metric", "ip", "metric", "ip"),
        ("dtype", "int8", "dtype", "int8"),
        ("dims", 5, "dims", 5),
        ("ttl", 1.5, "ttl_ms", 1500),
        ("create", "never", "create", "never"),
        ("wait_until_indexed", 0, "wait_until_indexed", 0),
        ("wait_until_indexed", float("inf"), "wait_until_indexed", float("inf")),
        ("learn", False, "learn_limit", 0),
        ("learn", True, "learn_limit", LEARN_LIMIT),
        ("metadata_schema", [], "learn_limit", 0),
        ("metadata_schema", {}, "learn_limit", 0),
        ("metadata_schema", {"a": "tag"}, "learn_limit", LEARN_LIMIT),
    ],
)
def test_an_option_is_taken(option: str, value: Any, attribute: str, expected: object) -> None:
    assert getattr(read(**{option: value}), attribute) == expected


def test_none_stands_for_an_option_that_was_not_given() -> None:
    every = dict.fromkeys(set(IndexOptions.__annotations__) - {"index_name", "learn", "create", "language"})
    assert read(**every) == read()


@pytest.mark.parametrize(
    ("algorithm", "option"), [(name, option) for name in TUNING for option in sorted(TUNING[name])]
)
def test_a_parameter_belongs_to_its_algorithm(algorithm: str, option: str) -> None:
    asked: dict[str, Any] = {option: 8, **({"compression": "LVQ8"} if option == "training_threshold" else {})}
    assert read(algorithm=algorithm, **asked).tuning == asked
    for other in set(TUNING) - {name for name in TUNING if option in TUNING[name]}:
        with pytest.raises(SchemaError, match=rf"{option}.*{other}"):
            read(algorithm=other, **{option: 8})


def test_a_parameter_without_an_algorithm_is_one_of_hnsw() -> None:
    assert read(m=8).tuning == {"m": 8}
    with pytest.raises(SchemaError, match=r"block_size.*hnsw"):
        read(block_size=8)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"index_name": ""}, "index_name"),
        ({"index_name": None}, "index_name"),
        ({"index_name": b"docs"}, "index_name"),
        ({"storage": "hsah"}, "did you mean 'hash'"),
        ({"algorithm": "HNSV"}, "algorithm is one of.*did you mean 'hnsw'"),
        ({"algorithm": 1}, "algorithm is one of.*not 1"),
        ({"distance_metric": "cos"}, "cosine, l2, ip"),
        ({"dtype": "float8"}, "float32, float64, float16, bfloat16, int8, uint8"),
        ({"create": True}, "if-missing, overwrite, never"),
        ({"dims": 0}, "dims"),
        ({"dims": True}, "dims"),
        ({"dims": 1.0}, "dims"),
        ({"ttl": 0}, "ttl"),
        ({"wait_until_indexed": -1}, "wait_until_indexed"),
        ({"wait_until_indexed": True}, "wait_until_indexed"),
        ({"wait_until_indexed": "soon"}, "wait_until_indexed"),
        ({"wait_until_indexed": float("nan")}, "wait_until_indexed"),
        ({"ttl": -1}, "ttl"),
        ({"ttl": True}, "ttl"),
        ({"ttl": float("nan")}, "ttl"),
        ({"ttl": float("inf")}, "ttl"),
        ({"ttl": "1"}, "ttl"),
        ({"ttl": 1e16}, "ttl is a positive number of seconds, at most 1e.15.*not 1e.16"),
        ({"ttl": 10**400}, "ttl"),
        ({"learn": "no"}, "learn is True or False; not 'no'"),
        ({"learn": 0}, "learn is True or False; not 0"),
        ({"prefix": ""}, "prefix"),
        ({"prefix": ":"}, "prefix"),
        ({"prefix": ["a"]}, "prefix"),
        ({"language_key": ""}, "language_key"),
        ({"language_key": 7}, "language_key"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        read(**options)


def test_the_key_of_the_language_is_no_number() -> None:
    with pytest.raises(SchemaError, match="language_key='lang' is declared as 'numeric'"):
        read(language_key="lang", metadata_schema={"lang": "numeric"})
    assert read(language_key="lang", metadata_schema={"lang": "tag"}).language_key == "lang"


def test_an_unknown_keyword_is_refused_with_the_nearest_known_one() -> None:
    """langchain-redis 22: unknown keyword arguments were swallowed."""
    with pytest.raises(UnknownArgumentError, match=r"'key_prefix'.*did you mean 'prefix'.*IndexOptions lists"):
        read(key_prefix="doc")
    with pytest.raises(UnknownArgumentError, match="did you mean 'storage'"):
        read(storag="json")


def test_no_default_prefix_covers_the_keys_of_another_index() -> None:
    """langchain-redis 10, llama-index 4: `docs` swallowed the records of `docs2`."""
    names = ["docs", "docs2", "docs:2", "docs:", "docs%3A2", "docs%253A2", "%", ":", "docs-2", ":docs"]
    prefixes = {name: default_prefix(name) for name in names}
    assert all(prefix.endswith(":") for prefix in prefixes.values())
    for one in names:
        assert [other for other in names if f"{prefixes[other]}id".startswith(prefixes[one])] == [one]


# The metadata schema


@pytest.mark.parametrize(
    "declared",
    [
        {"year": "numeric", "tag": "tag"},
        {"year": {"type": "numeric"}, "tag": {"type": "tag", "attrs": {}}},
        [{"name": "year", "type": "numeric"}, {"name": "tag", "type": "tag"}],
        ({"name": name, "type": type_name, "attrs": None} for name, type_name in (("year", "numeric"), ("tag", "tag"))),
    ],
    ids=["short", "mapping", "redisvl", "iterator"],
)
def test_metadata_fields_are_declared_in_any_of_these_ways(declared: Any) -> None:
    fields = read_metadata_schema(declared)
    assert [(key, field.key, field.type, field.alias) for key, field in fields.items()] == [
        ("year", "year", "numeric", "year"),
        ("tag", "tag", "tag", "_k_tag"),
    ]


def test_a_type_may_be_written_as_redis_writes_it_or_be_one() -> None:
    fields = read_metadata_schema({"year": "NUMERIC", "kind": FieldType.TAG})
    assert [field.type for field in fields.values()] == [FieldType.NUMERIC, FieldType.TAG]


def test_the_dicts_of_a_declaration_are_not_changed() -> None:
    declared = [{"name": "year", "type": "numeric", "attrs": {"sortable": True}}]
    assert read_metadata_schema(declared)["year"].attrs == {"sortable": True}
    assert declared == [{"name": "year", "type": "numeric", "attrs": {"sortable": True}}]


def test_a_key_that_is_called_like_the_vector_gets_another_alias() -> None:
    assert read_metadata_schema({"vec": "tag"}, "vec")["vec"].alias != "vec"


@pytest.mark.parametrize(
    ("declared", "named"),
    [
        ({"year": "number"}, "'year'.*'number'.*numeric"),
        ({"year": "vector"}, "'year'.*'vector'"),
        ({"year": None}, "'year'"),
        ([{"type": "tag"}], "name"),
        ([{"name": 1, "type": "tag"}], "name"),
        ([{"name": "a", "type": "tag", "path": "$.a"}], "'a'.*'path'"),
        ([{"name": "a", "type": "tag"}, {"name": "a", "type": "numeric"}], "'a' is declared twice"),
        ({"a": {"type": "tag", "attrs": {"separator": ","}}}, "'a'.*separator"),
        ({"a": {"type": "tag", "attrs": {"case_sensitive": False}}}, "'a'.*case_sensitive"),
        ("year", "metadata_schema is a mapping such as .*not 'year'"),
        (b"year", "metadata_schema is a mapping such as .*not b'year'"),
        (3, "metadata_schema is a mapping such as .*not 3"),
        (["year"], r"metadata_schema is a mapping such as .*not \['year'\]"),
        ([("year", "numeric")], "metadata_schema is a mapping such as"),
        ({1: "tag"}, "name of a field is text.*not 1"),
        ({"\ud800": "tag"}, "name of a field is text"),
        ({"year": 3}, "'year' has type 3; types are: tag"),
        ({"year": ["tag"]}, r"'year' has type \['tag'\]"),
        ({"year": {"type": "numeric", "attrs": ["sortable"]}}, r"'year' has attrs \['sortable'\]; attrs is a mapping"),
        ({"year": "numeri"}, r"\(did you mean 'numeric'\?\)"),
    ],
)
def test_a_declaration_that_cannot_be_honoured_is_refused(declared: Any, named: str) -> None:
    with pytest.raises(SchemaError, match=named):
        read_metadata_schema(declared)


def test_an_attribute_that_redisvl_does_not_have_is_refused_when_the_field_is_made() -> None:
    schema = read(metadata_schema={"a": {"type": "tag", "attrs": {"sorted": True}}}).schema(2)
    with pytest.raises(SchemaError, match=r"'a'.*'sorted'.*did you mean 'sortable'"):
        _ = schema.redisvl


# A RedisVL schema


@pytest.fixture(params=["dict", "IndexSchema", "YAML str", "YAML Path"])
def given_as(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    def give(schema: dict[str, Any]) -> Any:
        file = tmp_path / "schema.yaml"
        file.write_text(yaml.safe_dump(schema), encoding="utf-8")
        return {
            "dict": schema,
            "IndexSchema": IndexSchema.from_dict(schema),
            "YAML str": str(file),
            "YAML Path": file,
        }[request.param]

    return give


def test_a_redisvl_schema_says_everything(given_as: Any) -> None:
    fields = [
        {"name": "text", "type": "text", "attrs": {"weight": 2.0}},
        {"name": "year", "type": "numeric", "attrs": {"sortable": True}},
    ]
    schema = redisvl_schema(*fields, index={"prefix": "p", "storage_type": "json"}, algorithm="hnsw", m=8, dims=4)
    spec = read_options({"schema": given_as(schema)})
    assert (spec.name, spec.prefix, spec.storage, spec.vector_name, spec.dims) == ("docs", "p:", "json", "vec", 4)
    assert (spec.algorithm, spec.metric, spec.dtype, dict(spec.tuning)) == ("hnsw", "cosine", "float32", {"m": 8})
    assert spec.text_attrs == {"weight": 2.0}
    assert spec.fields["year"].type == "numeric"
    assert spec.fields["year"].attrs == {"sortable": True}


def test_a_key_that_redisvl_would_ignore_is_refused_in_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "schema.yaml"
    file.write_text(yaml.safe_dump(redisvl_schema(index={"storage": "json"})), encoding="utf-8")
    with pytest.raises(SchemaError, match="index has no 'storage'"):
        read_options({"schema": file})


def test_a_redisvl_schema_and_keywords_that_agree_go_together() -> None:
    spec = read(schema=redisvl_schema(), dims=3, algorithm="flat", storage="hash", ttl=5)
    assert (spec.dims, spec.ttl_ms) == (3, 5000)


def test_a_redisvl_schema_without_metadata_fields_leaves_them_to_be_learnt() -> None:
    assert read(schema=redisvl_schema()).learn_limit == LEARN_LIMIT


def test_the_key_separator_of_a_redisvl_schema_ends_the_prefix() -> None:
    assert read(schema=redisvl_schema(index={"key_separator": "/"})).prefix == "docs/"
    assert read(schema=redisvl_schema(index={"prefix": "p4:"})).prefix == "p4:"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"schema": redisvl_schema(), "dims": 4}, "dims=4 contradicts.*3"),
        ({"schema": redisvl_schema(), "storage": "json"}, "storage='json' contradicts"),
        ({"schema": redisvl_schema(), "index_name": "other"}, "index_name='other' contradicts"),
        ({"schema": redisvl_schema(), "distance_metric": "l2"}, "distance_metric='l2' contradicts"),
        ({"schema": {"index": {"name": "docs"}, "fields": []}}, "vector field.*0"),
        (
            {"schema": redisvl_schema({"name": "v2", "type": "vector", "attrs": {"dims": 2, "algorithm": "flat"}})},
            "vector.*2",
        ),
        ({"schema": redisvl_schema(index={"prefix": ["a", "b"]})}, "one prefix"),
        ({"schema": {"fields": []}}, "RedisVL cannot read"),
        ({"schema": "/no/such/file.yaml"}, "RedisVL cannot read.*file.yaml"),
        ({"schema": 3}, "schema is"),
        ({"schema": redisvl_schema() | {"versoin": "1"}}, "the schema has no 'versoin'.*mean 'version'"),
        ({"schema": redisvl_schema(index={"storage": "json"})}, "index has no 'storage'.*mean 'storage_type'"),
        ({"schema": redisvl_schema(distance_metrik="l2")}, "attrs of field 'vec' has no 'distance_metrik'.*_metric'"),
        (
            {"schema": redisvl_schema({"name": "a", "type": "tag", "attrs": {"sortble": True}})},
            "attrs of field 'a' has no 'sortble'.*mean 'sortable'",
        ),
        (
            {
                "schema": redisvl_schema(
                    {"name": "a", "type": "tag", "path": "$.deep.a"}, index={"storage_type": "json"}
                )
            },
            "'a' has path",
        ),
    ],
)
def test_a_redisvl_schema_that_cannot_be_honoured_is_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(SchemaError, match=named):
        read(**options)


def test_a_parameter_that_was_never_set_has_the_servers_default() -> None:
    """langchain-redis 9: reopening with other settings was silently ignored."""
    existing = read_options({"index_name": "docs"}).schema(2)
    assert read_options({"index_name": "docs", "ef_runtime": 10}).differences(existing) == []
    assert read_options({"index_name": "docs", "ef_runtime": 300}).differences(existing) == [
        "ef_runtime is 10, asked for 300"
    ]


def test_a_declared_field_that_an_index_lacks_is_an_addition_under_the_name_it_gets_there() -> None:
    existing = read(schema=redisvl_schema()).schema(3)
    spec = read(metadata_schema={"vec": "tag", "year": {"type": "numeric", "attrs": {"sortable": True}}})
    assert spec.differences(existing) == []
    assert [(new.key, new.alias, new.type, dict(new.attrs)) for new in spec.additions(existing)] == [
        ("vec", "_k_vec", "tag", {}),
        ("year", "year", "numeric", {"sortable": True}),
    ]
    assert spec.additions(existing.with_fields(spec.fields.values())) == []
