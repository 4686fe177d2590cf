"""``redisvl-adapters mcp``: an index as an MCP server."""

from __future__ import annotations

import argparse
from typing import Any

from redisvl_adapters.agents.mcp import command
from redisvl_adapters.cli.connection import add_url


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "mcp",
        help="serve an index to models, by the Model Context Protocol",
        description="Serve an index to models, by the Model Context Protocol: a search tool with typed arguments from "
        "the index, and with --write tools that add and delete. Over stdio, or HTTP.",
    )
    add_url(parser)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run)
