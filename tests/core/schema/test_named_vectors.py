"""What can be said of vectors beside the main one, and what they are in an index that is made."""

from __future__ import annotations

from typing import Any

import pytest

from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.named_vectors import name_of_vector_field, named_vector_field, spec_of
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.errors import AdapterError, ArgumentError, SchemaError, UnknownArgumentError


def read(vectors: Any, **options: Any) -> IndexSpec:
    return read_options(IndexOptions(**({"index_name": "docs", "vectors": vectors} | options)))  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("vectors", "options", "error", "said"),
    [
        ({"text": {}}, {}, SchemaError, "'text' is the main vector"),
        ({"embedding": {}}, {}, SchemaError, "'embedding' is the main vector"),
        ({"my-title": {}}, {}, SchemaError, "a letter and at most 63 more .* not 'my-title'"),
        ({"": {}}, {}, SchemaError, "the name of a vector"),
        ({3: {}}, {}, SchemaError, "the name of a vector .* not 3"),
        ({"t" * 65: {}}, {}, SchemaError, "the name of a vector"),
        (["title"], {}, ArgumentError, r"vectors is a mapping .* not \['title'\]"),
        ({"title": 64}, {}, ArgumentError, "'title' is a mapping, such as .* not 64"),
        (
            {"title": {"dim": 64}},
            {},
            UnknownArgumentError,
            r"has no argument 'dim' \(did you mean 'dims'",
        ),
        ({"title": {"dims": 0}}, {}, ArgumentError, "dims is an integer"),
        ({"title": {"key": ""}}, {}, ArgumentError, "the key of vector 'title' is a non-empty string"),
        ({"title": {"dtype": "float"}}, {}, ArgumentError, "dtype is one of"),
        ({"title": {"scale": 0.0}}, {}, ArgumentError, "scale is a positive number"),
        ({"title": {"scale": 2, "dtype": "float32"}}, {}, SchemaError, "scale is for int8 and uint8"),
        ({"title": {"m": 9, "algorithm": "flat"}}, {}, SchemaError, "m is no parameter of algorithm 'flat'"),
        ({"title": {"m": 9}}, {"algorithm": "flat"}, SchemaError, "m is no parameter of algorithm 'flat'"),
    ],
)
def test_a_wrong_declaration_is_told(vectors: Any, options: Any, error: type[AdapterError], said: str) -> None:
    with pytest.raises(error, match=said):
        read(vectors, **options)


def test_what_is_left_open_is_as_the_main_vector_is() -> None:
    image = {"algorithm": "hnsw", "dtype": "float64", "dims": 9}
    spec = read({"title": {}, "image": image}, algorithm="flat", dtype="float16")
    schema = spec.schema(3, {"title": 5})
    title, other = (schema.vectors[name].field for name in ("title", "image"))
    assert (title.name, title.dims, title.metric) == ("_v_title", 5, "cosine")
    assert (title.dtype, title.algorithm) == ("float16", "flat")
    assert (other.dims, other.dtype, other.algorithm) == (9, "float64", "hnsw")
    assert read({"title": {}}, m=30).schema(3, {"title": 5}).vectors["title"].field.tuning == {"m": 30}
    with pytest.raises(ArgumentError, match="'title' needs its dims"):
        spec.schema(3)
    assert spec.draft().vectors["title"].field.dims == 1
    assert [spec_of(each).vector(1, schema.vector) for each in schema.vectors.values()] == [*schema.vectors.values()]


def test_the_fields_of_an_index_have_all_vectors() -> None:
    schema = read({"title": {"dims": 2}}, storage="json").schema(3)
    made: Any = schema.redisvl.fields["_v_title"]
    assert (made.path, made.attrs.dims) == ('$["_v_title"]', 2)
    seen = schema.seen_by("title", ("text",))
    assert (seen.vector.name, [*seen.vectors], seen.vectors["text"].field.name) == ("_v_title", ["text"], "embedding")
    assert not schema.lays_out_like(read({}, storage="json").schema(3))
    with pytest.raises(ArgumentError, match="no vector 'titl'"):
        schema.seen_by("titl")


@pytest.mark.parametrize("name", ["title", "my_title", "T1"])
def test_the_field_of_a_vector_tells_its_name(name: str) -> None:
    assert name_of_vector_field(named_vector_field(name)) == name
    for other in (name, f"_k_{name}", "_v_", "_v_a-b", "embedding"):
        assert name_of_vector_field(other) is None
