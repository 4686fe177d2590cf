"""How a command is told where its server is."""

from __future__ import annotations

import argparse
import os

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
