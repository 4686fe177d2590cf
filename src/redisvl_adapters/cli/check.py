"""``redisvl-adapters check``: the records of an index against it and its registry."""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import closing
from typing import Any

from redisvl_adapters.cli.connection import add_index, open_index
from redisvl_adapters.cli.output import add_json, examples, print_json, shown
from redisvl_adapters.core.inspection.check import Finding, check_index


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="check the records of an index against it",
        description="Check all keys under the prefix of an index against it and its registry. Named is each that is "
        "unindexed (a record that no search finds), foreign (no record of this library) or stale (a record whose "
        "indexed values are not those of its metadata). The exit code is 1 if there are any.",
        **examples("check docs", "check docs --fix", "check docs --json > findings.json"),
    )
    add_index(parser)
    parser.add_argument(
        "--fix",
        action="store_true",
        help="write indexed values anew where that mends it; nothing is deleted, and nothing of others is touched",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check it, and return 1 if something is found that is not mended."""
    keys = fixed = 0
    found: list[Finding] = []
    with closing(open_index(args)) as index:
        for page in check_index(index, fix=args.fix):
            keys, fixed = keys + page.keys, fixed + page.fixed
            found += page.findings
            if not args.json:
                for finding in page.findings:
                    print(f"{finding.kind}  {shown(finding.key)}  {finding.why}")
    kinds = Counter(str(finding.kind) for finding in found)
    if args.json:
        print_json({"keys": keys, "fixed": fixed, **kinds, "findings": [finding._asdict() for finding in found]})
    else:
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "all as they should be"
        print(f"{keys} keys: {told}{f'; {fixed} mended' if fixed else ''}")
    return 1 if found else 0
