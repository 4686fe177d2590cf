"""Parts of Markdown pages that benchmarks write: each stands between two marks of its own."""

from __future__ import annotations

from pathlib import Path


def write_part(page: Path, mark: str, text: str) -> None:
    """Replace the part of a page between its marks, or add it at the end."""
    said = page.read_text() if page.exists() else f"# {page.stem.capitalize()}\n\n"
    before, _, rest = said.partition(mark)
    _, _, after = rest.partition(f"{mark}\n")
    page.write_text(f"{before}{mark}\n{text}{mark}\n{after}")
