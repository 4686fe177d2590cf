"""What commands print: tables for people, and JSON for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_UNITS = ("B", "KB", "MB", "GB", "TB")


class HelpFormatter(argparse.HelpFormatter):
    """Fills a paragraph, and leaves a list as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json`` to a command."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def examples(*lines: str) -> dict[str, Any]:
    """Return what lets ``--help`` of a command end with examples."""
    shown = "\n".join(f"  redisvl-adapters {line}" for line in lines)
    return {"epilog": f"examples:\n{shown}", "formatter_class": HelpFormatter}


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows below their heads, numbers to the right."""
    rows = list(rows)
    cells = [list(heads), *([shown(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [all(isinstance(row[place], int | float | None) for row in rows) for place in range(len(heads))]
    for line in cells:
        padded = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        )
        print("  ".join(padded).rstrip())


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, one a line."""
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name.ljust(width)}  {shown(value)}".rstrip())


def size_text(size: float | None) -> str:
    """Return a number of bytes in words: ``3.4 MB``."""
    if size is None:
        return "-"
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def shown(value: object) -> str:
    """Return a value as a terminal can show it: a name from a server can hold what would steer it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
