"""How a command is told which index it is about, and where its server is."""

from __future__ import annotations

import argparse
import os
from typing import cast

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.schema.foreign_options import existing_options
from redisvl_adapters.core.schema.options import ExistingOptions
from redisvl_adapters.core.search.iterate import check_batch_size
from redisvl_adapters.core.server.commands import BATCH_SIZE

DEFAULT_URL = "redis://localhost:6379"


def add_url(parser: argparse.ArgumentParser) -> None:
    """Add ``--redis-url``, or ``--url``, to a command."""
    parser.add_argument(
        "--redis-url",
        "--url",
        metavar="URL",
        default=os.environ.get("REDIS_URL", DEFAULT_URL),
        help=f"the server; by default $REDIS_URL, where others do not see its password, or {DEFAULT_URL}",
    )


def add_batch_size(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--batch-size`` to a command.

    Args:
        parser: The command.
        what: What is done with so many records at once.
    """
    parser.add_argument(
        "--batch-size", type=_batch_size, default=BATCH_SIZE, help=f"how many records are {what} at once (%(default)s)"
    )


def _batch_size(text: str) -> int:
    try:
        return check_batch_size(int(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is not an integer from 1 to 1000000") from None


def add_index(parser: argparse.ArgumentParser) -> None:
    """Add the index that a command reads, with what says where the parts of its records lie."""
    parser.add_argument("index", help="the name of the index, or an alias of it")
    add_url(parser)
    parser.add_argument("--text-field", metavar="NAME", help="of an index of another application: its text field")
    parser.add_argument("--vector-field", metavar="NAME", help="of one with several vectors: the one that is meant")


def open_index(args: argparse.Namespace) -> RedisIndex:
    """Return the index that a command reads; it is never created, and may be of another application."""
    given = {"redis_url": args.redis_url, "text_field": args.text_field, "vector_field": args.vector_field}
    told = {name: value for name, value in given.items() if value is not None}
    return RedisIndex(**existing_options(args.index, cast("ExistingOptions", told)))
