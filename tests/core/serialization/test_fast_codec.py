"""The quick codec reads what the exact one writes, and gives the very same."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.core.serialization.fast_codec import FastCodec
from redisvl_adapters.errors import RecordError


class Leaf(BaseModel):
    """A model without extras."""

    name: str
    tags: list[Any] = Field(default_factory=lambda: ["new"])
    note: Any = None


class Tree(BaseModel):
    """A model with extras."""

    model_config = ConfigDict(extra="allow")

    first: Any = None
    leaf: Leaf | None = None
    held: dict[str, Any] = {}


def tree(**parts: Any) -> Tree:
    """Return a model with extras."""
    return Tree(**parts)


KINDS: list[type[BaseModel]] = [Leaf, Tree]
QUICK, EXACT = FastCodec(KINDS), Codec(KINDS)

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from(["$", "$Leaf", '"$"', " ", "lc"])
    | st.binary()
    | st.datetimes()
    | st.uuids(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from(["a", "$Leaf", "$dict", "$tuple", "name"]) | st.text(max_size=3), inner)
        | st.builds(Leaf, name=st.text(max_size=3), note=inner)
        | st.builds(Tree, first=inner, extra=inner)
    ),
    max_leaves=12,
)


@given(plain)
def test_what_is_written_is_read_back(value: Any) -> None:
    text = QUICK.encode(value, "it")
    for read in (QUICK.decode(text), QUICK.decode(text.encode()), EXACT.decode(text)):
        assert read == value
        assert repr(read) == repr(EXACT.decode(EXACT.encode(value, "it")))


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**400, math.inf, -math.inf, 1e308, 5e-324, -0.0, 0.1])
def test_numbers_stay_as_they_are(number: float) -> None:
    (read,) = QUICK.decode(QUICK.encode([number], "it"))
    assert (type(read), repr(read)) == (type(number), repr(number))
    (nan,) = QUICK.decode(QUICK.encode([math.nan], "it"))
    assert math.isnan(nan)


def test_a_model_knows_which_fields_were_set() -> None:
    for value in (Leaf(name="a"), Leaf(name="a", tags=[]), tree(first=1, more=2), Tree()):
        read = QUICK.decode(QUICK.encode(value, "it"))
        assert read == value
        assert read.model_fields_set >= value.model_fields_set - {"more"}
        assert read.model_extra == value.model_extra
        assert read.model_dump_json() == value.model_dump_json()


def test_defaults_are_nobody_elses() -> None:
    text = QUICK.encode([Leaf(name="a"), Tree()], "it")
    leaf, tree = QUICK.decode(text)
    leaf.tags.append("changed")
    tree.held["changed"] = True
    assert QUICK.decode(text) == [Leaf(name="a"), Tree()]


def test_a_model_can_be_used_as_any_other() -> None:
    read = QUICK.decode(QUICK.encode(tree(first=1, more=[2]), "it"))
    assert read.model_copy(update={"first": 3}) == tree(first=3, more=[2])
    assert read.model_copy(deep=True) == tree(first=1, more=[2])
    read.first = 4
    assert Tree.model_validate(read.model_dump()) == tree(first=4, more=[2])


@pytest.mark.parametrize(
    "text",
    ["", " ", "no", "[", " [", '{"$Leaf":{}}', '{"$Leaf":1}', '{"$None":1}', '{"$dict":1}', '[{"$datetime":"x"}]'],
)
def test_text_that_is_damaged_is_a_value_error(text: str) -> None:
    for given_text in (text, text.encode()):
        with pytest.raises(ValueError, match=r"."):
            QUICK.decode(given_text)


def test_what_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(RecordError, match=r"it\[0\]\.a is a builtin_function_or_method"):
        QUICK.encode([{"a": print}], "it")


def test_values_that_are_no_json_come_back() -> None:
    value = {"at": datetime(2024, 1, 1, tzinfo=UTC), "id": UUID(int=1), "raw": b"\0\xff", "pair": (1, [2, (3,)])}
    assert QUICK.decode(QUICK.encode(value, "it")) == value
