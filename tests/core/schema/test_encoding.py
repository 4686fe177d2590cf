"""The spellings under which Redis holds names, tags and numbers exactly."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redisvl_adapters.core.records.json_numbers import is_respelled, json_number, json_parse_error, json_vector, spelled
from redisvl_adapters.core.schema.field_names import escape_field_name, field_alias
from redisvl_adapters.core.schema.fields import MAX_EXACT_INT
from redisvl_adapters.core.schema.tag_encoding import TAG_SEPARATOR, encode_tag
from redisvl_adapters.core.schema.timestamps import epoch_seconds

RESERVED = frozenset({"text", "metadata", "vector_distance", "embedding"})
CONTROLS = [chr(code) for code in [*range(0x20), 0x7F]]
# The words after which FT.CREATE reads an option instead of the next field.
OPTION_WORDS = [
    "as",
    "tag",
    "text",
    "numeric",
    "geo",
    "vector",
    "sortable",
    "unf",
    "noindex",
    "nostem",
    "weight",
    "separator",
    "withsuffixtrie",
]
finite = st.floats(allow_nan=False, allow_infinity=False)
# Of few characters, so that two of them are often nearly the same.
awkward_tags = st.text(st.sampled_from("a \n\x1f\U0010fe0a\U0010fe20\U0010fe80"), max_size=4) | st.text()
awkward_keys = st.text(st.sampled_from("ak2f_./- "), max_size=6) | st.text()


@pytest.mark.parametrize(
    "tag", ["a", "a b", "a,b", "a|b", "Ärger", "日本", "{x}", "-", "*", "a\u00a0", "\u2003x", "%_"]
)
def test_an_ordinary_tag_stays_as_it_is(tag: str) -> None:
    assert encode_tag(tag) == tag


@pytest.mark.parametrize("char", CONTROLS, ids=ascii)
def test_a_control_character_becomes_one_other_character(char: str) -> None:
    for tag in (f"a{char}b", char, f"{char}a", f"a{char}"):
        encoded = encode_tag(tag)
        assert len(encoded) == len(tag)
        assert not re.search(r"[\x00-\x1f\x7f]", encoded)
        assert encoded.replace("a", "").replace("b", "") not in ("", char)


def test_blanks_are_kept_inside_and_encoded_at_both_ends() -> None:
    encoded = encode_tag("  a b ")
    assert encoded[2:5] == "a b"
    assert len(encoded) == 6
    assert " " not in encoded[:2] + encoded[5:]
    assert encode_tag("   ").count(" ") == 0


def test_the_empty_tag_has_a_spelling_of_its_own() -> None:
    assert len(encode_tag("")) == 1
    assert encode_tag("") not in {encode_tag(char) for char in [*CONTROLS, " ", "a"]}


def test_a_tag_that_redis_would_cut_is_known_by_its_digest() -> None:
    longest = "é" * 2047 + "a"  # 4095 bytes
    assert encode_tag(longest) == longest
    too_long = {encode_tag(longest + "a"), encode_tag(longest + "b"), encode_tag("x" * 100_000)}
    assert len(too_long) == 3
    assert all(len(tag) < 100 for tag in too_long)


def test_a_tag_that_looks_encoded_is_told_from_one_that_is() -> None:
    for tag in ("", "\x00", " ", "x" * 5000):
        assert encode_tag(encode_tag(tag)) != encode_tag(tag)


@given(awkward_tags, awkward_tags)
@example("\n", "\U0010fe0a")
@example(" a", "\U0010fe20a")
def test_tags_are_encoded_one_for_one(one: str, other: str) -> None:
    assert (encode_tag(one) == encode_tag(other)) is (one == other)
    assert TAG_SEPARATOR not in encode_tag(one)


@pytest.mark.parametrize("key", ["year", "author.name", "a-b", "a_b", "Größe", "名前", "x1", "K"])
def test_a_key_of_words_dots_and_hyphens_is_its_own_alias(key: str) -> None:
    assert field_alias(key, RESERVED) == key


@pytest.mark.parametrize(
    "key", [*RESERVED, *OPTION_WORDS, "SORTABLE", "_keys", "_doc_id", "_node", "__key", "", "a b", "."]
)
def test_any_other_key_gets_a_plain_alias_that_no_key_has(key: str) -> None:
    alias = field_alias(key, RESERVED)
    assert re.fullmatch(r"_k_[A-Za-z0-9_]*", alias)
    assert field_alias(alias, RESERVED) != alias


def test_an_alias_spells_other_characters_by_their_code_points() -> None:
    assert field_alias("a/b") == "_k_a_2f_b"


@given(awkward_keys, awkward_keys)
@example("a/b", "a_2f_b")
@example("a/b", "_k_a_2f_b")
@example("text", "_k_text")
def test_aliases_are_injective(one: str, other: str) -> None:
    assert (field_alias(one, RESERVED) == field_alias(other, RESERVED)) is (one == other)


def test_dots_and_hyphens_of_a_name_are_escaped_in_a_query() -> None:
    assert escape_field_name("a.b-c_d") == r"a\.b\-c_d"


def redisjson_parse(spelling: str) -> float:
    """Read a number as RedisJSON does: float(digits) * 10 ** exponent, rounded at each step."""
    sign, whole, fraction, power = re.fullmatch(  # type: ignore[union-attr]  # a spelling always matches
        r"(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?", spelling
    ).groups(default="")
    value, exponent = float(int(whole + fraction)), int(power or 0) - len(fraction)
    if exponent < -308:
        value, exponent = value / 1e308, exponent + 308
    value = value / float(f"1e{-exponent}") if exponent < 0 else value * float(f"1e{exponent}")
    return -value if sign else value


@given(finite)
@example(0.1 + 0.2)
@example(-0.0)
@example(5e-324)
@example(1.7976931348623157e308)
@example(2.0**63)
def test_a_number_is_spelled_so_that_redisjson_reads_it_exactly(value: float) -> None:
    spelling = json_number(value)
    if spelling is None:
        # One addition puts it right, whatever rounding that brings.
        assert redisjson_parse(repr(value)) + json_parse_error(value) == value
    else:
        assert redisjson_parse(spelling) == float(spelling) == value
        assert math.copysign(1, float(spelling)) == math.copysign(1, value)


@pytest.mark.parametrize(
    ("numbers", "is_spelled_otherwise"),
    [
        ([0.0999755859375, 0.5], True),  # of float16, where it is 0.1
        ([1.0097419586828951e-28], True),  # of bfloat16
        ([-1.7082843780517578], True),  # of float32
        ([123456792.0], True),
        ([-1.7082843780517578, 0.1], False),  # of float64, for the second
        ([0.1, 0.2], False),
        ([0.5, 0.25, 0.125, -3.0, 0.0, 2049.0], False),
        ([1e300, 1e-300], False),
    ],
)
def test_a_list_of_floats_that_redisjson_spells_shorter_is_kept_as_text_too(
    numbers: list[float], *, is_spelled_otherwise: bool
) -> None:
    assert is_respelled(numbers) is is_spelled_otherwise
    assert spelled({"a": [numbers, 1]})[1] is not is_spelled_otherwise
    # With something else in it, it is no list of floats.
    assert spelled([*numbers, None])[1]
    _, rounded = json_vector(np.array(numbers), "float64")
    kept = {} if rounded is None else json.loads(rounded)
    assert all(numbers[int(place)] == number for place, number in kept.items())
    assert bool(kept) or not is_spelled_otherwise


@given(st.lists(st.floats(width=16, allow_nan=False, allow_infinity=False), min_size=1, max_size=3))
def test_a_list_that_is_not_kept_as_text_has_no_shorter_spelling(numbers: list[float]) -> None:
    shortest = [float(str(np.float16(number))) for number in numbers]
    assert shortest == numbers or is_respelled(numbers)


@given(st.integers(-MAX_EXACT_INT, MAX_EXACT_INT), st.integers(0, 6))
def test_ordinary_decimals_keep_their_ordinary_spelling(digits: int, places: int) -> None:
    value = digits / 10**places
    if abs(digits) < 10**15:
        assert json_number(value) == repr(value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (datetime(1970, 1, 2), 86400),
        (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 0),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), -0.5),
        (datetime.max.replace(tzinfo=UTC), 253402300799.999999),
        (date(1970, 1, 2), 86400),
        ("1970-01-02", 86400),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        (1.5, 1.5),
        (7, 7),
    ],
)
def test_a_point_in_time_becomes_epoch_seconds(value: Any, seconds: float) -> None:
    assert epoch_seconds(value) == seconds


@pytest.mark.parametrize(
    "value",
    [True, None, "yesterday", math.nan, math.inf, [1], "", 1 << 2000, MAX_EXACT_INT + 1],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_point_in_time_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"point in time|isoformat|2\^53"):
        epoch_seconds(value)


# Within these years a double holds every microsecond.
moments = st.datetimes(datetime(1700, 1, 1), datetime(2239, 12, 31))


@given(moments, moments)
def test_epoch_seconds_keep_order_and_microseconds(one: datetime, other: datetime) -> None:
    assert (epoch_seconds(one) < epoch_seconds(other)) is (one < other)
    assert (epoch_seconds(one) == epoch_seconds(other.replace(tzinfo=UTC))) is (one == other)
