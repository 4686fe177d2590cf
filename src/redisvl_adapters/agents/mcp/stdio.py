"""Serving over stdin and stdout, to the program that started the server."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server


async def serve_stdio(server: Server[Any], close: Callable[[], Awaitable[None]]) -> None:
    """Serve until stdin ends, or the process is told to end by SIGTERM.

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

    loop.add_signal_handler(signal.SIGTERM, lambda: ending.append(loop.create_task(end())))
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
