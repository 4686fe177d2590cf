"""A sharded database behind one address: what stands before a Redis and refuses commands with keys of several slots.

``python -m integration_tests.sharded redis://localhost:6379`` serves one until Ctrl-C, and prints its URL.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from redis.crc import key_slot

_REFUSAL = b"CROSSSLOT Keys in request don't hash to the same slot"
# The server says it in the place of the command, so that replies stay in order.
_REFUSED = (b"EVAL", b'return redis.error_reply("' + _REFUSAL + b'")', b"0")


def _script_keys(parts: Sequence[bytes]) -> Sequence[bytes]:
    return parts[3 : 3 + int(parts[2])]


def _all_keys(parts: Sequence[bytes]) -> Sequence[bytes]:
    return parts[1:]


_KEYS: dict[bytes, Callable[[Sequence[bytes]], Sequence[bytes]]] = {
    **dict.fromkeys((b"EVAL", b"EVALSHA"), _script_keys),
    **dict.fromkeys((b"DEL", b"UNLINK", b"EXISTS", b"TOUCH", b"MGET", b"RENAME"), _all_keys),
    b"MSET": lambda parts: parts[1::2],
    b"JSON.MGET": lambda parts: parts[1:-1],
}


def _permitted(parts: Sequence[bytes]) -> Sequence[bytes]:
    """Return a command, or what stands in its place if its keys are of several slots."""
    keys_of = _KEYS.get(parts[0].upper())
    return parts if keys_of is None or len(set(map(key_slot, keys_of(parts)))) < 2 else _REFUSED


@contextlib.contextmanager
def sharded(url: str) -> Iterator[str]:
    """Serve a sharded database in front of a Redis; yields its URL."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    serving: list[tuple[asyncio.AbstractEventLoop, int]] = []
    started, ended = threading.Event(), asyncio.Event()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        backend, behind = await asyncio.open_connection(parts.hostname, parts.port or 6379)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            async with asyncio.TaskGroup() as tasks:
                replies = tasks.create_task(_copy(backend, writer))
                await _filter(reader, behind)
                replies.cancel()
        for each in (writer, behind):
            each.close()

    async def serve() -> None:
        async with await asyncio.start_server(meet, "127.0.0.1", 0, limit=2**30) as server:
            serving.append((asyncio.get_running_loop(), server.sockets[0].getsockname()[1]))
            started.set()
            await ended.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    started.wait(10)
    ((loop, port),) = serving
    try:
        yield parts._replace(netloc=f"{credentials}{at}127.0.0.1:{port}").geturl()
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _filter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on commands, of which each is an array of strings, until the client goes."""
    while head := await reader.readline():
        parts: list[bytes] = []
        for _ in range(int(head[1:])):
            size = int((await reader.readline())[1:])
            parts.append((await reader.readexactly(size + 2))[:size])
        sent = _permitted(parts)
        writer.write(b"*%d\r\n" % len(sent) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in sent))
        await writer.drain()


if __name__ == "__main__":
    with sharded(sys.argv[1]) as address, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        threading.Event().wait()
