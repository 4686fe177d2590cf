"""What MkDocs is told beside ``mkdocs.yml``: the changelog and the examples are pages, and links to them hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
_OF_EXAMPLE = re.compile(r"\]\(\.\./examples/(\w+)\.py\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Return a page whose links hold on the site as they do in the repository."""
    path: str = page.file.src_uri
    if path == "changelog.md":
        return (ROOT / "CHANGELOG.md").read_text().replace("](docs/", "](")
    if path == "examples.md":
        return "\n\n".join([markdown, *map(_example, sorted((ROOT / "examples").glob("*.py")))])
    return _OF_EXAMPLE.sub(rf"]({'../' * path.count('/')}examples.md#\1)", markdown)


def _example(file: Path) -> str:
    code = file.read_text()
    title = (ast.get_docstring(ast.parse(code)) or file.name).partition("\n")[0]
    return f"## {file.name} {{ #{file.stem} }}\n\n{title}\n\n````python\n{code}````\n"
