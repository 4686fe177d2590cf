"""CHANGELOG.md begins with the version that the package says it is."""

from __future__ import annotations

import re
from pathlib import Path

from redisvl_adapters import __version__


def test_the_first_section_is_of_this_version() -> None:
    text = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
    sections = re.findall(r"^## (\S+)(?: - (\d{4}-\d\d-\d\d))?$", text, re.MULTILINE)
    # What is not released yet stands above it.
    released = [(version, date) for version, date in sections if version != "Unreleased"]
    assert released[0][0] == __version__
    assert all(date for _, date in released)
    assert [date for _, date in released] == sorted((date for _, date in released), reverse=True)
