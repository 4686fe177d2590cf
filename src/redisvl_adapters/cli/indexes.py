"""``redisvl-adapters indexes``: the indexes of this library on a server."""

from __future__ import annotations

import argparse
from typing import Any

from redisvl_adapters.cli.connection import add_url
from redisvl_adapters.cli.output import add_json, examples, print_json, print_table, size_text
from redisvl_adapters.core.inspection.listing import IndexSummary, indexes

_HEADS = ("index", "kind", "records", "memory", "vectors", "storage", "state")


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "indexes",
        help="list the indexes on a server",
        description="List the indexes of this library on a server: those of stores, caches and conversations.",
        **examples("indexes", "indexes --redis-url redis://db:6379 --json"),
    )
    add_url(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """List them."""
    found = indexes(args.redis_url)
    if args.json:
        print_json([summary.to_dict() for summary in found])
    elif found:
        print_table(_HEADS, map(_row, found))
    else:
        print("there are no indexes of this library")


def _row(summary: IndexSummary) -> list[object]:
    vectors = f"{summary.dims} {summary.dtype} {summary.algorithm}"
    memory = size_text(summary.memory)
    return [summary.name, summary.kind, summary.records, memory, vectors, summary.storage, _state(summary)]


def _state(summary: IndexSummary) -> str:
    if summary.moved_to is not None:
        return f"moved to {summary.moved_to}"
    states = []
    if summary.is_indexing:
        states.append("indexing" if summary.percent_indexed is None else f"indexing, {summary.percent_indexed:.0f} %")
    if summary.is_rebuilding:
        states.append("rebuilding")
    if summary.failures:
        states.append(f"{summary.failures} failures")
    return ", ".join(states) or "ready"
