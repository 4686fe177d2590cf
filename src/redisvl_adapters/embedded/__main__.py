"""``python -m redisvl_adapters.embedded`` prints the URL of a Redis and serves until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.errors import AdapterError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM, and return the exit code: 1 if the server cannot be started or ends by itself."""
    parser = argparse.ArgumentParser(
        "python -m redisvl_adapters.embedded", description="A Redis with search and JSON: prints its URL and serves."
    )
    add_arguments(parser)
    try:
        serve(parser.parse_args(arguments))
    except AdapterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a server can be told."""
    parser.add_argument("--path", help="the folder that keeps the data; without it, nothing is kept")
    parser.add_argument("--port", type=int, help="the TCP port; without it, a free one")


def serve(options: argparse.Namespace) -> None:
    """Print the URL of a server, and serve until Ctrl-C or SIGTERM.

    Raises:
        EmbeddedRedisError: If it cannot be started, or ends by itself.
    """
    # Both by hand: a shell starts what it runs in the background with SIGINT ignored.
    signal.signal(signal.SIGINT, _end)
    signal.signal(signal.SIGTERM, _end)
    try:
        with EmbeddedRedis(options.path, options.port) as server:
            print(server.url, flush=True)
            print("Redis with search and JSON is running; Ctrl-C stops it.", file=sys.stderr)
            while server.url:  # raises if the server has ended by itself
                time.sleep(0.5)
    except KeyboardInterrupt:
        pass


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    # A second Ctrl-C must not interrupt the cleaning up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
