"""docs/errors.md lists every error and every warning, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import redisvl_adapters
from redisvl_adapters import AdapterError, AdapterWarning, errors

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
ROWS = re.findall(r"^\| `(\w+)`(?: \(`(\w+)`\))? \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AdapterError | AdapterWarning)
]


def test_the_page_lists_all_of_them_and_no_other() -> None:
    listed = [name for name, *_ in ROWS]
    bases = {"AdapterError", "AdapterWarning"}
    assert sorted(listed) == sorted({kind.__name__ for kind in KINDS} - bases)
    assert {kind.__name__ for kind in KINDS} <= {*redisvl_adapters.__all__}


@pytest.mark.parametrize(("name", "also"), [(name, also) for name, also, *_ in ROWS if also])
def test_one_is_also_what_the_page_says(name: str, also: str) -> None:
    assert issubclass(getattr(redisvl_adapters, name), getattr(__import__("builtins"), also))


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_in_the_docstring_has_it_below_its_base(kind: type) -> None:
    lines = (errors.__doc__ or "").splitlines()
    (place,) = [number for number, line in enumerate(lines) if re.search(rf"\b{kind.__name__}\b", line)]
    depth = len(lines[place]) - len(lines[place].lstrip(" │├└─"))
    base = next(each for each in kind.__mro__[1:])
    above = [line for line in lines[:place] if len(line) - len(line.lstrip(" │├└─")) < depth]
    if depth:
        assert re.search(rf"\b{base.__name__}\b", above[-1])
