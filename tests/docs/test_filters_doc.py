"""docs/filters.md says what the code does: every spelling in it is read, and its tables list what there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain_core")
pytest.importorskip("llama_index.core")

from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter, MetadataFilters

from redisvl_adapters.core import And, Compare, FieldType, Filter, Not, Operator, Or
from redisvl_adapters.core.filters.algebra import MAX_DEPTH
from redisvl_adapters.core.filters.comparisons import compare
from redisvl_adapters.core.filters.conditions import EVERYTHING, NOTHING
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.field_queries import MAX_MATCHES, MAX_VALUES
from redisvl_adapters.core.filters.operators import operators_of
from redisvl_adapters.core.schema.index_spec import LEARN_LIMIT, IndexSpec
from redisvl_adapters.langchain import filters as langchain
from redisvl_adapters.llama_index import filters as llama_index

PAGE = (Path(__file__).parents[2] / "docs" / "filters.md").read_text()
NAMES = {
    **{kind.__name__: kind for kind in (Compare, And, Or, Not, MetadataFilter, MetadataFilters)},
    "Operator": Operator,
}


def table(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, its own head left out."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def spellings() -> Iterator[tuple[str, Any, Any, Filter]]:
    """Yield the rows of the table of spellings: the operator, the dict, LlamaIndex's or None, and the algebra."""
    for name, *cells in table("Spellings"):
        as_dict, llama, ours = (eval(cell.strip("`") or "None", dict(NAMES)) for cell in cells)  # noqa: S307  # our page
        yield name, as_dict, llama, ours


@pytest.mark.parametrize(("name", "as_dict", "llama", "ours"), list(spellings()))
def test_the_spellings_of_a_row_are_one_filter(name: str, as_dict: Any, llama: Any, ours: Filter) -> None:
    assert (ours.operator.name if isinstance(ours, Compare) else type(ours).__name__.upper()) == name
    assert langchain.read_filter(as_dict) == ours
    assert langchain.read_filter(ours) == llama_index.read_filter(ours) == ours
    if llama is not None:
        assert llama_index.read_filter(llama) == ours


def test_every_operator_of_every_spelling_is_on_the_page() -> None:
    rows = list(spellings())
    operators = [operator.name for operator in Operator]
    assert {name for name, *_ in table("Operators")} == {*operators}
    assert {name for name, *_ in rows} == {*operators, "AND", "OR", "NOT"}
    assert {llama.operator for _, _, llama, _ in rows if isinstance(llama, MetadataFilter)} == {*FilterOperator}
    spelt = " ".join(str(as_dict) for _, as_dict, _, _ in rows)
    assert [name for name in (*Operator, "and", "or", "not") if f"'${name}'" not in spelt] == []


@pytest.mark.parametrize(("name", "no_value", "types"), [(row[0], row[2], row[3]) for row in table("Operators")])
def test_an_operator_has_the_types_and_the_meaning_without_a_value_that_are_said(
    name: str, no_value: str, types: str
) -> None:
    operator = Operator[name]
    having = [str(type) for type in FieldType if operator in operators_of(type)]
    assert types == ("any" if len(having) == len(FieldType) else ", ".join(having))
    if types != "any":
        # A key that records have had, but never with a value.
        scope = RenderContext(replace(IndexSpec("docs").schema(4), untyped_keys=frozenset({"key"})), fresh=True)
        assert compare(Compare("key", operator, ["x"]), scope) == {"true": EVERYTHING, "false": NOTHING}[no_value]


def test_every_type_of_field_is_on_the_page() -> None:
    assert [row[0] for row in table("Types of field")] == [str(type) for type in FieldType]


def test_the_limits_are_those_of_the_code() -> None:
    assert f"nest to {MAX_DEPTH} levels" in PAGE
    assert f"more than {MAX_VALUES:,} different values" in PAGE
    assert f"more than {MAX_MATCHES:,} of them" in PAGE
    assert f"At most {LEARN_LIMIT} keys are learnt" in PAGE
