"""docs/retrieving.md says what the code does: its examples compile, and its tables list what there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytest.importorskip("langchain_core")
pytest.importorskip("llama_index.core")

from redisvl_adapters.core.search.fusion import FUSIONS, Fusion
from redisvl_adapters.core.search.mmr_search import mmr_fetch_k
from redisvl_adapters.core.search.options import HybridOptions, SearchOptions, TextOptions
from redisvl_adapters.core.search.recency import RecencyOptions
from redisvl_adapters.core.search.search_checks import MIN_CANDIDATES
from redisvl_adapters.core.search.tuning import MIN_EF, default_ef
from redisvl_adapters.langchain import RedisVectorStore, SimilarityOptions
from redisvl_adapters.langchain.search_types import SEARCH_TYPES
from redisvl_adapters.llama_index.query_modes import MODES

PAGE = (Path(__file__).parents[2] / "docs" / "retrieving.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
OPTIONS = {
    "By vector": SearchOptions,
    "By text": TextOptions,
    "By both": HybridOptions,
    "Ranked anew": SimilarityOptions,
}


def section(heading: str) -> str:
    """Return the text below a heading."""
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """Return the first cells of the rows of a table, its head left out."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [row.split("|")[1].strip(" `") for row in rows[2:]]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_compiles(example: str) -> None:
    compile(example, "retrieving.md", "exec")


def test_the_examples_call_methods_that_there_are() -> None:
    calls = [node for node in ast.walk(ast.parse("\n".join(EXAMPLES))) if isinstance(node, ast.Attribute)]
    names = {node.attr for node in calls if isinstance(node.value, ast.Name) and node.value.id == "store"}
    assert len(names) > 10
    assert {name for name in names if not hasattr(RedisVectorStore, name)} == set()


@pytest.mark.parametrize("heading", OPTIONS)
def test_a_table_lists_the_options_that_there_are(heading: str) -> None:
    # What hybrid search takes of both sides is in their tables, and so is what a vector search does not rank by.
    others: dict[str, set[str]] = {
        "By both": {*SearchOptions.__annotations__, *TextOptions.__annotations__},
        "Ranked anew": {*SearchOptions.__annotations__},
    }
    listed = first_cells(section(heading).split("| `recency` | |")[0])
    assert {*listed} == {*OPTIONS[heading].__annotations__} - others.get(heading, set())


def test_the_parts_of_recency_are_those_that_there_are() -> None:
    table = section("Ranked anew").split("| `recency` | |")[1]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [*RecencyOptions.__annotations__]


def test_every_search_type_and_mode_is_on_the_page() -> None:
    ways = PAGE.split("\n## ")[0]
    assert [name for name in SEARCH_TYPES if f"`{name}`" not in ways] == []
    assert [mode.name for mode in MODES if f"`{mode.name}`" not in ways] == []


def test_the_defaults_are_those_of_the_code() -> None:
    assert f"keeps {MIN_EF} candidates, or twice k if that is more" in section("By vector")
    assert default_ef(MIN_EF) == 2 * MIN_EF
    both, fusion = section("By both"), Fusion()
    rows = {name: row for name in FUSIONS for row in re.split(r"[|;] ", both) if row.startswith(f"`{name}`:")}
    assert [name for name, row in rows.items() if "(default)" in row] == [fusion.method]
    assert f"from 0 to 1 ({fusion.alpha})" in both
    assert f"added to the ranks ({fusion.rrf_constant})" in both
    assert f"({MIN_CANDIDATES}, or twice k if that is more)" in both
    assert f"({MIN_CANDIDATES}, or twice k if that is more; with MMR {mmr_fetch_k(1, None)}, or k)" in section(
        "Ranked anew"
    )
