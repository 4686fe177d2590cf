"""``redisvl-adapters info``: what an index is and holds, in figures."""

from __future__ import annotations

import argparse
from contextlib import closing
from typing import Any

from redisvl_adapters.cli.connection import add_index, open_index
from redisvl_adapters.cli.output import add_json, examples, print_facts, print_json, print_table, size_text
from redisvl_adapters.core.search.index_info import IndexInfo, index_info


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "info",
        help="tell what an index is and holds",
        description="Tell what an index is and holds: records, memory, fields, failures, algorithm, versions.",
        **examples("info docs", "info docs --json | jq .memory.total", "info products --text-field title"),
    )
    add_index(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Tell it."""
    with closing(open_index(args)) as index:
        info = index.run(index_info(index.state))
    if args.json:
        print_json(info.to_dict())
        return
    print_facts(_facts(info))
    if info.fields:
        print()
        print_table(
            ("field", "type", "values", "description"),
            [(field.key, field.type, field.values, field.description) for field in info.fields],
        )


def _facts(info: IndexInfo) -> dict[str, object]:
    parameters = ", ".join(f"{name}={value}" for name, value in info.parameters.items())
    sizes = ", ".join(f"{part} {size_text(size)}" for part, size in info.memory.items() if size and part != "total")
    modules = ", ".join(f"{name} {version}" for name, version in info.modules.items())
    indexed = "a part" if info.percent_indexed is None else f"{info.percent_indexed:.0f} %"
    facts: dict[str, object] = {"index": info.name}
    if info.handle != info.name:
        facts["asked for as"] = info.handle
    facts |= {
        "records": info.records,
        "indexed": indexed,
        "failures": 0 if info.failures is None else info.failures.count,
    }
    if info.failures is not None:
        facts["last failure"] = f"{info.failures.key}: {info.failures.error}"
    return facts | {
        "memory": f"{size_text(info.memory.get('total'))} ({sizes})" if sizes else size_text(info.memory.get("total")),
        "storage": f"{info.storage}, keys {info.prefix}*",
        "vectors": f"{info.dims} {info.dtype}, {info.distance_metric}",
        "algorithm": f"{info.algorithm} ({parameters})" if parameters else info.algorithm,
        **{
            f"vector {name}": f"{each.dims} {each.dtype}, {each.distance_metric}, {each.algorithm}"
            for name, each in info.vectors.items()
        },
        "language": info.language,
        "model": info.embedding_id,
        "layout": "of another application" if info.layout_version is None else f"version {info.layout_version}",
        "server": f"{info.server or 'not told'}{', a cluster' if info.is_cluster else ''}",
        "modules": modules or "not told",
    }
