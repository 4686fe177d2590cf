"""Values as text and back: equal, of the same types all the way down, and never anything that the text names."""

from __future__ import annotations

import io
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, ConfigDict, Field

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.errors import RecordError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    size: int = 1


class Thing(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str
    tags: list[str] = Field(default_factory=list)
    part: Any = None


class Stranger(BaseModel):
    part: Part
    unset: int = 3


CODEC = Codec([Thing, Part, Colour])


def again(value: Any) -> Any:
    return CODEC.decode(CODEC.encode(value, "value").encode())


def typed(value: Any) -> Any:
    """Return a value in a form that is equal only where types are the same all the way down, and NaN is itself."""
    match value:
        case BaseModel():
            return type(value), typed(dict(value)), value.model_fields_set, list(dict(value))
        case dict():
            return dict, [(typed(key), typed(item)) for key, item in value.items()]
        case list() | tuple():
            return type(value), [typed(item) for item in value]
        case _:
            return type(value), repr(value)


KEYS = st.text(max_size=4) | st.integers() | st.none() | st.tuples(st.integers())
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.datetimes(timezones=st.none() | st.just(UTC)).map(lambda at: at.replace(fold=0))
    | st.dates()
    | st.timedeltas()
    | st.uuids()
    | st.decimals()
    | st.sampled_from(Colour),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS | st.sampled_from(["$dict", "$tuple", "$Thing", "$"]), inner, max_size=4)
        | st.builds(Thing, name=st.text(), part=inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_what_goes_in_comes_out_with_its_types(value: Any) -> None:
    assert typed(again(value)) == typed(value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -math.inf,
        -0.0,
        2**70,
        "a\ud800b",
        "\0",
        b"\xff\x00",
        (1, (2,), [3]),
        {1: "a", None: "b", (1, 2): "c"},
        {"$bytes": "not really"},
        {"$dict": [1]},
        {"$bytes": 1, "b": 2},
        datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2))),
        date(2024, 1, 2),
        time(1, 2, 3, 4),
        timedelta(days=-1, microseconds=5),
        UUID(int=7),
        Decimal("1.10"),
        Path("/a/b.png"),
        AnyUrl("https://example.com/a?b=c"),
        Colour.BLUE,
        {"deep": [{"in": (Thing(name="t"), Colour.RED)}]},
    ],
    ids=repr,
)
def test_values_that_json_lacks_come_back(value: Any) -> None:
    assert typed(again(value)) == typed(value)


def test_sets_come_back() -> None:
    assert again({1, "a"}) == {1, "a"}
    assert again(frozenset({(1, 2)})) == frozenset({(1, 2)})


def test_a_file_comes_back_as_one_and_stays_where_it_was() -> None:
    file = io.BytesIO(b"content")
    file.seek(3)
    read = again(file)
    assert isinstance(read, io.BytesIO)
    assert read.getvalue() == b"content"
    assert file.tell() == 3


def test_numpy_scalars_come_back_as_those_of_python() -> None:
    assert typed(again([np.float32(0.5), np.int64(3), np.bool_(True)])) == typed([0.5, 3, True])


def test_a_model_keeps_its_extras_its_order_and_which_fields_were_set() -> None:
    thing = Thing.model_validate({"name": "t", "colour": Colour.RED, "$odd": 1})
    read = again(thing)
    assert read == thing
    assert read.model_extra == {"colour": Colour.RED, "$odd": 1}
    assert read.model_fields_set & set(Thing.model_fields) == {"name"}
    assert list(read.model_dump()) == list(thing.model_dump())


def test_a_default_that_was_changed_in_place_is_kept() -> None:
    thing = Thing(name="t")
    thing.tags.append("a")
    assert again(thing).tags == ["a"]


def test_a_model_that_is_not_valid_any_more_comes_back_as_it_was() -> None:
    thing = Thing(name="t")
    thing.__dict__["name"] = 3
    assert again(thing).name == 3


def test_a_model_of_another_kind_becomes_a_dict() -> None:
    assert again(Stranger(part=Part(size=2))) == {"part": Part(size=2), "unset": 3}


class Mode(StrEnum):
    ON = "on"


def test_an_enumeration_of_strings_of_another_kind_becomes_a_string() -> None:
    assert typed(again(Mode.ON)) == typed("on")


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


class Plain(Enum):
    A = 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), r"value is a object"),
        ({"a": [1, {"b": object()}]}, r"value\.a\[1\]\.b is a object"),
        (np.zeros(2), "value is a ndarray"),
        (Plain.A, "value is a Plain"),
        (nested(101), "deeper than 100"),
        (10**5000, "value cannot be written down"),
        (Thing(name="t", part=object()), r"value\.part is a object"),
    ],
    ids=["object", "inside", "array", "enumeration", "deep", "digits", "field"],
)
def test_what_could_not_be_read_back_is_refused(value: Any, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        CODEC.encode(value, "value")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"{",
        b'{"$Path": "/etc"}',
        b'{"$Thing": {}}',
        b'{"$Thing": 3}',
        b'{"$Colour": "green"}',
        b'{"$bytes": "*"}',
        b'{"$bytes": 3}',
        b'{"$dict": [[[], 1]]}',
        b'{"$decimal": "x"}',
        b'{"$datetime": 3}',
        b"[" * 100_000,
    ],
)
def test_text_that_is_damaged_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        CODEC.decode(text)
