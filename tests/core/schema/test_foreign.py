"""Foreign indexes without a server: ids and keys, JSON paths, and what a store may be told."""

from __future__ import annotations

from typing import Any

import pytest

from redisvl_adapters import ArgumentError, UnknownArgumentError
from redisvl_adapters.core import RedisIndex
from redisvl_adapters.core.schema.foreign import ForeignIndex, key_of_path, list_steps, path_steps


def foreign(*prefixes: str, separator: str = "") -> ForeignIndex:
    """Return an index with these prefixes."""
    return ForeignIndex(prefixes, separator, "text", ("text",), "vec", ("vec",))


@pytest.mark.parametrize(
    ("index", "key", "record_id"),
    [
        (foreign("doc:"), "doc:1", "1"),
        (foreign("doc:"), "doc:doc:1", "doc:1"),
        (foreign(""), "anything", "anything"),
        (foreign("doc", separator=":"), "doc:1", "1"),
        # A neighbour's, and those that would be taken for another key: whole.
        (foreign("doc", separator=":"), "docs:1", "docs:1"),
        (foreign("doc", separator=":"), "doc:doc:1", "doc:doc:1"),
        (foreign("doc", separator=":"), "doc:docs", "doc:docs"),
        (foreign("a:", "b:"), "a:1", "a:1"),
        (foreign("a", "ab"), "ab1", "ab1"),
    ],
)
def test_an_id_is_that_of_one_key(index: ForeignIndex, key: str, record_id: str) -> None:
    assert index.id_of(key) == record_id
    assert index.key_of(record_id) == key


def test_an_id_that_no_key_of_several_prefixes_has_is_refused() -> None:
    with pytest.raises(ArgumentError, match="a:, b:"):
        foreign("a:", "b:").key_of("1")


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$.item.name", ("item", "name")),
        ("$.a", ("a",)),
        ('$["a b"].c', ("a b", "c")),
        ("$['x.y']", ("x.y",)),
        ("$.größe", ("größe",)),
        ("$.first name", ("first name",)),
        (".a.b", ("a", "b")),
        ("$..a", None),
        ("$.a[*]", None),
        ("$.a[0]", None),
        ("$.a[?(@.b>1)]", None),
        ("$", None),
    ],
)
def test_a_path_to_one_value_is_known(path: str, steps: tuple[str, ...] | None) -> None:
    assert path_steps(path) == steps


def test_a_path_to_all_values_of_a_list_leads_to_that_list() -> None:
    assert list_steps("$.item.tags[*]") == ("item", "tags")
    assert list_steps("$.items[*].tag") is None
    assert key_of_path("$.item.tags[*]") == "item.tags"
    assert key_of_path("title") == "title"
    assert key_of_path("$..a") == "$..a"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"text_field": "a"}, UnknownArgumentError, "from_existing_index"),
        ({"metadata_fields": ["a"]}, UnknownArgumentError, "'metadata_fields'; it is one of from_existing_index"),
        ({"foreign": True}, ArgumentError, "create='never'"),
        ({"foreign": True, "create": "overwrite"}, ArgumentError, "create='never'"),
        ({"foreign": True, "create": "never", "text_field": ""}, ArgumentError, "text_field"),
        ({"foreign": True, "create": "never", "vector_field": 1}, ArgumentError, "vector_field"),
        ({"foreign": True, "create": "never", "metadata_fields": "a"}, ArgumentError, "metadata_fields"),
        ({"foreign": True, "create": "never", "metadata_fields": {"a": 1}}, ArgumentError, "metadata_fields"),
        ({"foreign": True, "create": "never", "writable": 1}, ArgumentError, "writable"),
        ({"foreign": True, "create": "never", "on_bad_record": "skp"}, ArgumentError, "did you mean 'skip'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        RedisIndex(index_name="docs", **options)
