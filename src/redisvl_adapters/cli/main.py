"""The entry point of the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from redisvl_adapters import __version__
from redisvl_adapters.cli import copy, mcp, rebuild
from redisvl_adapters.errors import AdapterError

COMMANDS: Sequence[Callable[[Any], None]] = (copy.add_command, rebuild.add_command, mcp.add_command)
"""What adds each command to the parser. A command sets ``run``, which takes what was parsed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments; by default those of the process.

    Returns:
        0 if it succeeded, 1 if it failed, 130 if it was interrupted.
    """
    parser = argparse.ArgumentParser(prog="redisvl-adapters", description="Work on the indexes of redisvl-adapters.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add_command in COMMANDS:
        add_command(commands)
    args = parser.parse_args(argv)
    try:
        args.run(args)
    except AdapterError as error:
        print(f"redisvl-adapters: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("redisvl-adapters: interrupted", file=sys.stderr)
        return 130
    return 0
