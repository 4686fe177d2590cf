"""What a model reads of the documents that a tool found."""

from __future__ import annotations

from redisvl_adapters.agents.answers import NOTHING_FOUND, Found, answer_text
from redisvl_adapters.agents.search_tool import hide


def test_each_document_has_a_number_its_id_metadata_and_text() -> None:
    found = [Found("a", "First.", {"year": 2020, "tags": ["x"]}), Found("b", "Second.\nMore.", {})]
    assert answer_text(found) == '[1] a\n{"year":2020,"tags":["x"]}\nFirst.\n\n[2] b\nSecond.\nMore.'


def test_nothing_is_said_to_be_nothing() -> None:
    assert answer_text([]) == NOTHING_FOUND


def test_hidden_keys_are_left_out_nested_ones_too() -> None:
    metadata = {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}, "b.c": 5}
    assert hide(metadata, ["a", "b.c", "b.d.e"]) == {"b": {"d": {"f": 4}}}
    assert hide(metadata, []) == metadata
    assert answer_text([Found("x", "t", {"a": 1})], ["a"]) == "[1] x\nt"
