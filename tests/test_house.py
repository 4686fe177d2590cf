"""The rules of the house that no linter knows: short files, documented packages, tests in matching folders."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "redisvl_adapters"
LONGEST = {"src": 350, "tests": 400, "integration_tests": 400}
NOT_IN_SRC = {"docs", "examples", "typing"}


def folders(parent: Path) -> list[str]:
    """Return the folders that have Python files in them, at any depth, by their paths below the parent."""
    return sorted({str(file.parent.relative_to(parent)) for file in parent.rglob("*.py")} - {"."})


@pytest.mark.parametrize(("parent", "most"), LONGEST.items())
def test_no_file_is_long(parent: str, most: int) -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in (ROOT / parent).rglob("*.py")}
    assert {file.name: length for file, length in lengths.items() if length > most} == {}


@pytest.mark.parametrize("package", folders(SRC))
def test_a_package_says_what_it_is(package: str) -> None:
    assert ast.get_docstring(ast.parse((SRC / package / "__init__.py").read_text()))


@pytest.mark.parametrize("tests", ["tests", "integration_tests"])
def test_tests_lie_in_the_folders_of_what_they_test(tests: str) -> None:
    assert {folder for folder in folders(ROOT / tests) if not (SRC / folder).is_dir()} <= NOT_IN_SRC


def test_it_is_said_for_each_package_which_tests_to_run() -> None:
    rows = [row.split("|") for row in (ROOT / "CONTRIBUTING.md").read_text().splitlines() if row.startswith("| `")]
    changed = {name for row in rows for name in re.findall("`(.+?)`", row[1])}
    assert set(folders(SRC)) - {"core"} <= changed
    assert [name for row in rows for name in re.findall("`(.+?)`", row[3]) if not (ROOT / name).is_dir()] == []
