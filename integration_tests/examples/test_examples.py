"""The README's examples, the quickstarts and the demo, run as a user runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path, folder: Path, **environment: str) -> str:
    """Run Python in a folder, with warnings about what is left open as errors, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "ResourceWarning" not in done.stderr
    return done.stdout


def test_what_the_readme_says_can_be_pasted(tmp_path: Path) -> None:
    langchain, llama_index, *_ = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "pasted.py").write_text(langchain + llama_index)
    printed = run("pasted.py", folder=tmp_path).splitlines()
    assert all("Redis is quick." in line for line in printed[:3])
    assert printed[-4] == "1"
    assert any("An index of both." in line for line in printed)
    assert printed[-1] == "2"


def test_the_langchain_quickstart_runs(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/langchain_quickstart.py", folder=tmp_path).splitlines()
    assert printed[0].endswith("A list keeps its items in order.")
    assert printed[2:] == [
        "filtered: ['groups']",
        "retrieved: ['A list keeps its items in order.', 'A set holds each item once, in no order.']",
        "async: ['groups']",
        "left: 2",
    ]


def test_notes_are_found_by_their_titles_and_their_texts(tmp_path: Path) -> None:
    assert run(ROOT / "examples/several_vectors.py", folder=tmp_path).splitlines() == [
        "by title: ['Errors', 'Reading a file']",
        "by text: ['Errors', 'Waiting for tasks']",
        "by both: ['Errors', 'Reading a file']",
    ]


def test_spans_are_printed(tmp_path: Path) -> None:
    embedded, written, asked, searched = run(ROOT / "examples/tracing.py", folder=tmp_path).splitlines()
    assert embedded.startswith("    embeddings")
    assert written.startswith("upsert docs: {'written': 2, 'round_trips': ")
    assert asked.startswith("    embeddings")
    assert searched == "search_by_vector docs: {'k': 1, 'returned_rows': 1, 'round_trips': 1}"


def test_the_llama_index_quickstart_runs(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/llama_index_quickstart.py", folder=tmp_path).splitlines()
    assert printed[0].endswith("A list keeps its items in order.")
    assert printed[2:] == ["filtered: ['groups']", "updated: ['A set has no duplicates.']", "left: 3"]


def test_the_demo_answers_a_question_through_both_frameworks(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/demo.py", folder=tmp_path, ASK="read rows from a CSV file")
    for title in ("LangChain, everything", "LangChain, short functions", "LlamaIndex, everything"):
        assert title in printed
    assert printed.count("csv.reader: ") == 2
