"""What is said of fields to language models, where frameworks differ and where fields have values of several kinds."""

from __future__ import annotations

import pytest

from redisvl_adapters.core.filters.descriptions import Spelling, Value, describe_field
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField

pytest.importorskip("langchain_core")
pytest.importorskip("llama_index.core")

from redisvl_adapters.langchain.model_filters import STRUCTURED_QUERIES
from redisvl_adapters.llama_index.model_filters import METADATA_FILTERS

BOTH = pytest.mark.parametrize("spelling", [STRUCTURED_QUERIES, METADATA_FILTERS], ids=["LangChain", "LlamaIndex"])


def told(
    spelling: Spelling, type: FieldType, *others: Kind, key: str = "key", values: list[Value] | None = None
) -> str:
    """Return the description of a field."""
    found = describe_field(MetadataField(key, type, key, other_kinds=frozenset(others)), spelling, values or ())
    assert found is not None
    assert found["name"] == key
    return found["description"]


@BOTH
@pytest.mark.parametrize("type", [each for each in FieldType if each not in (FieldType.GEO, FieldType.UNINDEXED)])
def test_each_type_is_described_with_its_equality_first(spelling: Spelling, type: FieldType) -> None:
    assert ("; operators: eq, ne, " if spelling is STRUCTURED_QUERIES else "; operators: ==, !=, ") in told(
        spelling, type
    )


@BOTH
def test_kinds_that_a_field_has_anyhow_are_not_said_twice(spelling: Spelling) -> None:
    assert told(spelling, FieldType.NUMERIC, Kind.NUMBER) == told(spelling, FieldType.NUMERIC)
    assert told(spelling, FieldType.TIMESTAMP, Kind.NUMBER) == told(spelling, FieldType.TIMESTAMP)


@BOTH
def test_a_field_of_several_kinds_is_described_by_each(spelling: Spelling) -> None:
    moments = told(spelling, FieldType.TIMESTAMP, Kind.TEXT)
    assert moments.startswith('a point in time: "2024-01-31"')
    assert "; or text, in quotes; operators: " in moments
    numbers = told(spelling, FieldType.NUMBERS, Kind.TEXT)
    assert numbers.startswith("a number, without quotes; operators: ")
    assert moments.count("operators") == numbers.count("operators") == 2


def test_what_cannot_be_written_is_said_or_left_out() -> None:
    assert "cannot be asked for" not in told(STRUCTURED_QUERIES, FieldType.TAG, Kind.BOOL)
    description = told(METADATA_FILTERS, FieldType.BOOL, Kind.NUMBER, values=[True, 1, 2.5])
    assert description.startswith("a number, without quotes; operators: ==, ")
    assert description.endswith("; its true and false cannot be asked for; values: 1, 2.5")
    assert "is_empty" in description
    place = MetadataField("place", FieldType.GEO, "place")
    assert describe_field(place, STRUCTURED_QUERIES) is None
    assert describe_field(place, METADATA_FILTERS) == {
        "name": "place",
        "type": "string",
        "description": "a point on the globe; operators: is_empty (with the value null)",
    }


@pytest.mark.parametrize("name", ['a"b', "a\\b", "'a", "a'", "2024-01-31", "a\nb"])
def test_a_name_that_the_grammar_cannot_read_is_left_out(name: str) -> None:
    assert describe_field(MetadataField(name, FieldType.TAG, "alias"), STRUCTURED_QUERIES) is None
    assert told(METADATA_FILTERS, FieldType.TAG, key=name)


def test_numbers_are_written_as_both_parsers_read_them() -> None:
    values: list[Value] = [3.0, -2, 2.5, 1e-7, 2**60, 1e300]
    for spelling in (STRUCTURED_QUERIES, METADATA_FILTERS):
        listed = told(spelling, FieldType.NUMBERS, values=values).partition("; values: ")[2]
        assert listed == "3, -2, 2.5, 1e-07, 1152921504606846976, 1e+300"
