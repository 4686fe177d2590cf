"""The code on the pages of the documentation, run from the first block of a page to its last one.

What a page takes for granted, such as a store with records, is made by Python in a comment of the page, which readers
do not see: ``<!-- python ... -->``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain_classic")
pytest.importorskip("llama_index.core")

DOCS = Path(__file__).parents[2] / "docs"
RUN_ELSEWHERE = {
    "agents.md",  # lines of the examples: test_agent_examples
    "filters.md",  # retrievers with models that write filters: test_models_that_write_filters
}
CODE = re.compile(r"^(?:```python|<!-- python)\n(.*?)^(?:```|-->)$", re.DOTALL | re.MULTILINE)
PAGES = {page.name: CODE.findall(page.read_text()) for page in sorted(DOCS.glob("*.md"))}


@pytest.mark.parametrize("page", [page for page, code in PAGES.items() if code and page not in RUN_ELSEWHERE])
def test_the_code_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDIS_URL", raising=False)
    names: dict[str, Any] = {"__name__": "pasted"}
    try:
        for number, code in enumerate(PAGES[page], 1):
            exec(compile(code, f"{page}, block {number}", "exec"), names)  # noqa: S102  # our page
    finally:
        for made in reversed(list(names.values())):
            if not isinstance(made, type) and hasattr(made, "close"):
                made.close()


def test_no_code_of_a_page_is_missed() -> None:
    shown = {page.name: page.read_text().count("```python") for page in DOCS.glob("*.md")}
    assert {name for name, number in shown.items() if number} == {name for name, code in PAGES.items() if code}
    assert all(len(PAGES[name]) >= number for name, number in shown.items())
