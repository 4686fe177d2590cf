"""Serving over stdin and stdout, to the program that started the server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Let what is written to stdout go to stderr: stdout is for the protocol, and models tell of being loaded there.

    While it serves, the SDK does the same.
    """
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


async def serve_stdio(server: Server[Any], close: Callable[[], Awaitable[None]]) -> None:
    """Serve until stdin ends, or the process is told to end, by SIGTERM or Ctrl-C.

    Args:
        server: The server.
        close: Closes what the process has open, if it is told to end.
    """
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    async def end() -> None:
        await close()
        # A thread waits for stdin, and nothing else would wake it up.
        os._exit(0)

    signals = (signal.SIGTERM, signal.SIGINT)
    for each in signals:
        loop.add_signal_handler(each, lambda: ending.append(loop.create_task(end())))
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        for each in signals:
            loop.remove_signal_handler(each)
