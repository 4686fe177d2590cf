"""``redisvl-adapters serve``: the embedded Redis."""

from __future__ import annotations

import argparse
from typing import Any

from redisvl_adapters.cli.output import examples
from redisvl_adapters.embedded.__main__ import add_arguments, serve


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="run a Redis with search and JSON, for development",
        description="Run a Redis with search and JSON from pip, for development and tests: prints its URL, in which "
        "its password is, and serves until Ctrl-C.",
        **examples("serve", "serve --path ./data --port 6379"),
    )
    add_arguments(parser)
    parser.set_defaults(run=serve)
