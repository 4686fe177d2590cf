"""The entry point of the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from redisvl_adapters import __version__
from redisvl_adapters.cli import acl, check, copy, exporting, importing, indexes, info, mcp, rebuild, serve
from redisvl_adapters.cli.output import HelpFormatter
from redisvl_adapters.errors import AdapterError, ArgumentError, FilterError, IndexNotFoundError, SchemaError

COMMANDS: Sequence[Callable[[Any], None]] = (
    info.add_command,
    indexes.add_command,
    check.add_command,
    exporting.add_command,
    importing.add_command,
    copy.add_command,
    rebuild.add_command,
    acl.add_command,
    serve.add_command,
    mcp.add_command,
)
"""What adds each command to the parser. A command sets ``run``, which takes what was parsed.

``run`` returns nothing, or the exit code of a command that did what it was to do and found something.
"""

_CODES = """exit codes:
  0    it is done
  1    it failed, or check has found something
  2    the arguments are wrong
  130  it was interrupted

redisvl-adapters COMMAND --help says more of each, with examples."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="redisvl-adapters",
        description="Work on the indexes of redisvl-adapters.",
        epilog=_CODES,
        allow_abbrev=False,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add_command in COMMANDS:
        add_command(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments; by default those of the process.

    Returns:
        0 if it succeeded, 1 if it failed or ``check`` has found something, 130 if it was interrupted. Arguments that
        are wrong end the process with 2.
    """
    args = make_parser().parse_args(argv)
    try:
        code = args.run(args)
        # Not by flush(): there is no output at all if it was closed.
        print(end="", flush=True)
    except BrokenPipeError:
        # Who reads it, such as head, has enough. Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if isinstance(error, AdapterError):
            return _failed(error)
        # Such as an output that is full.
        return _failed(f"the operating system refused it: {error.strerror or error}")
    except IndexNotFoundError as error:
        return _failed(f"{str(error).partition(';')[0]}; redisvl-adapters indexes lists those that do")
    except AdapterError as error:
        return _failed(error)
    except KeyboardInterrupt:
        print("redisvl-adapters: interrupted", file=sys.stderr)
        return 130
    return int(code or 0)


def _failed(why: object) -> int:
    """Say why a command failed, and return its exit code."""
    print(f"redisvl-adapters: {why}", file=sys.stderr)
    return 2 if isinstance(why, ArgumentError | FilterError | SchemaError) else 1
