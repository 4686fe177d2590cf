"""Names of arguments: what every model and framework takes, each once."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redisvl_adapters.agents.argument_names import argument_names


@pytest.mark.parametrize(
    ("keys", "ranges", "names"),
    [
        (["year", "author.name"], ["year"], {"year": "year", "author.name": "author_name"}),
        (["a.b", "a_b", "a b"], [], {"a_b": "a_b", "a b": "a_b_2", "a.b": "a_b_3"}),
        (["query", "k", "filter"], [], {"query": "query_2", "k": "k_2", "filter": "filter_2"}),
        (["config", "self"], ["config"], {"config": "config", "self": "self_2"}),
        (["min_year", "year"], ["year"], {"min_year": "min_year", "year": "year_2"}),
        (["größe", "年"], [], {"größe": "gr__e", "年": "_"}),
        (["x" * 70, "x" * 71], [], {"x" * 70: "x" * 64, "x" * 71: "x" * 62 + "_2"}),
        (["x" * 64], ["x" * 64], {"x" * 64: "x" * 60}),
        ([""], [], {"": "_"}),
    ],
)
def test_a_name_is_the_key_as_far_as_it_can_be(keys: list[str], ranges: list[str], names: dict[str, str]) -> None:
    assert argument_names(keys, ranges) == names


@given(st.lists(st.text(max_size=80), unique=True, max_size=12), st.data())
def test_names_are_valid_and_differ(keys: list[str], data: st.DataObject) -> None:
    ranges = data.draw(st.sets(st.sampled_from(keys))) if keys else set()
    names = argument_names(keys, ranges)
    assert names.keys() == set(keys)
    used = [start + name for key, name in names.items() for start in (("min_", "max_") if key in ranges else ("",))]
    assert len(set(used)) == len(used)
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for name in used)
    assert not {"query", "k", "filter", "config", "run_manager", "self"} & set(used)
