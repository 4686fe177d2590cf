"""Metadata: what is accepted and in which form, what is refused and how, and what becomes filterable."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from redisvl_adapters.core.arguments import MAX_NESTING
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.projection import infer_type, presence_tags, project, typed_texts
from redisvl_adapters.core.schema.fields import FieldType, MetadataField, VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.tag_encoding import encode_tag
from redisvl_adapters.errors import RecordError

EXACT = 2**53


class Colour(StrEnum):
    RED = "red"


class OldColour(str, Enum):  # noqa: UP042 (what many people have)
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()


def plain(value: Any) -> Any:
    return check_metadata({"key": value}, "record 0").plain["key"]


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"deep": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "text",
        "00710",
        True,
        False,
        None,
        0,
        -(2**63),
        2**64 - 1,
        0.1,
        -0.0,
        1e308,
        [],
        {},
        [1, [2, {"a": None}]],
        {"": {}},
    ],
)
def test_what_json_holds_stays_as_it_is(value: Any) -> None:
    stored = plain(value)
    assert stored == value
    assert type(stored) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2024, 1, 2, 3, 4, tzinfo=UTC), "2024-01-02T03:04:00+00:00"),
        (date(2024, 1, 2), "2024-01-02"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("0.5"), 0.5),
        (Decimal("0.1"), 0.1),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        ((1, "a"), [1, "a"]),
        ({"b", "a"}, ["a", "b"]),
        (frozenset({2, 1}), [1, 2]),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        (Colour.RED, "red"),
        (OldColour.RED, "red"),
        (Level.HIGH, 3),
        (Text("a"), "a"),
    ],
)
def test_other_values_take_their_documented_form(value: Any, expected: Any) -> None:
    """langchain-redis 13, llama-index 11: values of these types raised, after a partial write."""
    stored = plain(value)
    assert stored == expected
    assert type(stored) is type(expected)


def test_a_set_of_different_types_has_a_fixed_order() -> None:
    assert plain({"a", 1, None}) == plain({None, "a", 1})


def test_the_metadata_given_is_not_changed() -> None:
    given = {"a": (1, 2), "b": {"c": {3}}}
    check_metadata(given, "record 0")
    assert given == {"a": (1, 2), "b": {"c": {3}}}


@pytest.mark.parametrize(
    ("metadata", "named"),
    [
        ({"a": {"b": object()}}, ["'a.b'", "object"]),
        ({"a": [1, b"raw"]}, ["'a[]'", "bytes"]),
        ({"a": 1j}, ["'a'", "complex"]),
        ({"a": math.nan}, ["'a'", "nan"]),
        ({"a": [math.inf]}, ["'a[]'", "inf"]),
        ({"a": np.float64("nan")}, ["'a'", "nan"]),
        ({"a": Decimal("0.1234567890123456789")}, ["'a'", "Decimal"]),
        ({"a": Decimal("NaN")}, ["'a'", "Decimal"]),
        ({"a": 2**64}, ["'a'", "64 bits"]),
        ({"a": -(2**63) - 1}, ["'a'", "64 bits"]),
        ({1: "a"}, ["strings", "1"]),
        ({"a": {None: 1}}, ["'a'|a has", "None"]),
        ({"a": "\ud800"}, ["surrogate"]),
        ({"a": {"\udfff": 1}}, ["a ", "surrogate"]),
        ({"a": ["\ud800"]}, ["a ", "surrogate"]),
    ],
)
def test_what_json_cannot_hold_is_refused_by_record_key_and_type(metadata: Any, named: list[str]) -> None:
    with pytest.raises(RecordError, match="record 7") as refusal:
        check_metadata(metadata, "record 7")
    for words in named:
        assert any(word in str(refusal.value) for word in words.split("|"))


def test_metadata_is_nested_no_deeper_than_redisjson_can_hold() -> None:
    assert check_metadata(nested(MAX_NESTING), "record 0").plain == nested(MAX_NESTING)
    with pytest.raises(RecordError, match=r"record 0: .*deeper"):
        check_metadata(nested(MAX_NESTING + 1), "record 0")
    deep: list[Any] = []
    deep.append(deep)
    with pytest.raises(RecordError, match="deeper"):
        check_metadata({"endless": deep}, "record 0")


def test_nested_keys_are_dotted_and_a_literal_key_goes_first() -> None:
    values = check_metadata({"a": {"b": 1, "c": {"d": 2}}, "a.b": 3, "list": [{"x": 1}]}, "record 0").values
    assert values == {"a": {"b": 1, "c": {"d": 2}}, "a.b": 3, "a.c": {"d": 2}, "a.c.d": 2, "list": [{"x": 1}]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "tag"),
        (["a", "b"], "tag"),
        (("a",), "tag"),
        ("", "tag"),
        (True, "bool"),
        (3, "numeric"),
        (EXACT, "numeric"),
        (0.5, "numeric"),
        (datetime(2024, 1, 1, tzinfo=UTC), "timestamp"),
        (date(2024, 1, 1), "timestamp"),
        (UUID(int=1), "tag"),
        (np.int32(1), "numeric"),
        (np.datetime64("2024-01-01"), "timestamp"),
        (EXACT + 1, "numeric"),
        ([1, 2], "numbers"),
        (["a", 1], "tag"),
        ([True, 1], "bool"),
        ([None, 1], "numbers"),
        ([None], None),
        ([1, [2]], "unindexed"),
        ([{"a": 1}], "unindexed"),
        ([True], "bool"),
        (None, None),
        ([], None),
        ({"a": 1}, None),
    ],
)
def test_the_first_value_of_a_key_tells_its_type(value: Any, expected: str | None) -> None:
    """An empty text is a value, which equals the empty text; None, [] and a mapping tell nothing."""
    assert infer_type(check_metadata({"key": value}, "record 0").values["key"]) == expected


def test_presence_tells_which_keys_there_are_and_which_are_empty_or_not_indexed() -> None:
    values = check_metadata({"a": 0, "b": None, "c": "", "d": [], "e": {"f": False}, " ": 1}, "record 0").values
    assert set(presence_tags(schema("numeric", "a"), values, "french")) == {
        "=french",
        *("+a", "+e", "+e.f", encode_tag("+ ")),
        *("-b", "-c", "-d"),
        *("~c", "~e.f", encode_tag("~ ")),
    }


def schema(type_name: str, key: str = "key") -> Schema:
    return Schema("docs", "docs:", "hash", VectorField("embedding", 2, "float32", "cosine", "flat"), {}).with_fields(
        [MetadataField(key, FieldType(type_name), f"alias_of_{key}")]
    )


@pytest.mark.parametrize(
    ("type_name", "value", "expected"),
    [
        ("tag", "a", ["a"]),
        ("tag", ["a", " b"], ["a", encode_tag(" b")]),
        ("tag", "", [encode_tag("")]),
        ("numeric", 3, 3),
        ("numeric", 1 - EXACT, 1 - EXACT),
        ("numeric", 0.5, 0.5),
        ("bool", True, ["true"]),
        ("bool", "False", ["false"]),
        ("bool", 1, ["true"]),
        ("timestamp", datetime(1970, 1, 2, tzinfo=UTC), 86400),
        ("timestamp", "1970-01-02", 86400),
        ("timestamp", 5, 5),
        ("text", "a b", "a b"),
        ("geo", "1.5,2", "1.5,2.0"),
        ("geo", (1, 2), "1.0,2.0"),
        ("geo", {"lon": 1, "lat": 2}, "1.0,2.0"),
    ],
)
def test_a_value_is_projected_by_the_type_of_its_field(type_name: str, value: Any, expected: Any) -> None:
    values = check_metadata({"key": value, "other": "ignored"}, "record 0").values
    assert project(schema(type_name), values, "record 0") == {"alias_of_key": expected}


@pytest.mark.parametrize("type_name", FieldType)
def test_what_is_no_value_is_not_projected(type_name: FieldType) -> None:
    empty: list[dict[str, Any]] = [{}, {"key": None}, {"key": []}]
    for metadata in empty:
        assert project(schema(type_name), check_metadata(metadata, "").values, "") == {}
    assert project(schema("unindexed"), {"key": object()}, "") == {}


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("tag", 1),
        ("tag", True),
        ("tag", ["a", 1]),
        ("tag", {"a": 1}),
        ("numeric", "1"),
        ("numeric", True),
        ("numeric", [1]),
        ("numeric", "1.5"),
        ("bool", 2),
        ("bool", "yes"),
        ("bool", 1.5),
        ("timestamp", "yesterday"),
        ("timestamp", True),
        ("timestamp", EXACT + 1),
        ("text", 1),
        ("text", ["a"]),
        ("geo", "1"),
        ("geo", (181, 0)),
        ("geo", (0, 86)),
        ("geo", {"lon": 1}),
        ("geo", "a,b"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_remedy(type_name: str, value: Any) -> None:
    with pytest.raises(RecordError) as refusal:
        project(schema(type_name), check_metadata({"key": value}, "").values, "record 3 (id 'x')")
    message = str(refusal.value)
    for part in ("record 3 (id 'x')", "'key'", repr(type_name), "'docs'", "metadata_schema="):
        assert part in message


def learnt(type_name: str) -> Schema:
    field = MetadataField("key", FieldType(type_name), "alias_of_key", learnt=True)
    return schema(type_name).with_fields([field])


@pytest.mark.parametrize(
    ("type_name", "value", "own", "typed"),
    [
        ("tag", 2, None, ["n2.0"]),
        ("tag", True, None, ["btrue"]),
        ("tag", ["a", 2, None, {"x": 1}], ["a"], ["n2.0"]),
        ("tag", {"x": 1}, None, []),
        ("numeric", "2", None, ["t2"]),
        ("numeric", [2], 2.0, []),
        ("numeric", [1, 2], None, ["n1.0", "n2.0"]),
        ("numeric", EXACT + 1, float(EXACT), [f"n{EXACT + 1}"]),
        ("numeric", float(EXACT), float(EXACT), [f"n{float(EXACT)!r}"]),
        ("numbers", 3, ["3.0"], []),
        ("numbers", [EXACT + 1, "a"], [str(EXACT + 1)], ["ta"]),
        ("bool", 1, None, ["n1.0"]),
        ("bool", "true", None, ["ttrue"]),
        ("timestamp", "soon", None, ["tsoon"]),
        ("timestamp", ["1970-01-02", "1970-01-03"], None, ["n86400.0", "n172800.0"]),
    ],
)
def test_values_of_another_kind_are_kept_beside_a_learnt_field(
    type_name: str, value: Any, own: Any, typed: list[str]
) -> None:
    values = check_metadata({"key": value}, "record 0").values
    projection = project(learnt(type_name), values, "record 0")
    assert projection.get("alias_of_key") == own
    assert projection.get("_typed", []) == [f"alias_of_key:{each}" for each in typed]
    assert typed_texts(learnt(type_name), values) == [f"alias_of_key:{each}" for each in typed]
