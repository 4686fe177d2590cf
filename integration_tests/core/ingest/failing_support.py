"""A server that can be stopped, paused, restarted, filled, made read-only, and made to drop its connections."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_tests.core.core_support import own_server, until
from redisvl_adapters.core import RedisIndex

NAME = "docs"
"""The name of the index, and of the connections of the store under test."""


class Victim:
    """A server of the test's own.

    Attributes:
        url: Its URL, under which connections are named.
        client: A client that does not retry.
    """

    def __init__(self, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}?client_name={NAME}"
        self.client = redis.Redis(port=port, retry=Retry(NoBackoff(), 0))

    def stored(self) -> set[str]:
        """Return the ids of the records that lie there."""
        return {key.decode().removeprefix(f"{NAME}:") for key in self.client.scan_iter(f"{NAME}:*", count=1000)}

    def stop(self) -> None:
        """Shut it down; what it was told to keep is kept."""
        with contextlib.suppress(redis.ConnectionError):
            self.client.shutdown(nosave=True)

    def restart(self) -> None:
        """Restart it, and wait until it answers; without persistence its data are gone."""
        with contextlib.suppress(redis.ConnectionError):
            self.client.execute_command("DEBUG", "RESTART")
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def pause(self) -> Callable[[], None]:
        """Stop its process where it stands, and return what lets it go on."""
        process = int(self.client.info("server")["process_id"])
        os.kill(process, signal.SIGSTOP)
        return lambda: os.kill(process, signal.SIGCONT)

    def fill(self) -> None:
        """Let its memory be full."""
        self.client.config_set("maxmemory", self.client.info("memory")["used_memory"] - 1)

    def free(self) -> None:
        """Let its memory be enough again."""
        self.client.config_set("maxmemory", 0)

    def follow_nobody(self) -> None:
        """Make it the read-only replica of a master that does not exist."""
        self.client.execute_command("REPLICAOF", "127.0.0.1", "1")

    def lead(self) -> None:
        """Make it a master again."""
        self.client.execute_command("REPLICAOF", "NO", "ONE")

    def drop_connections(self) -> int:
        """Drop the connections of the store under test, and return how many there were."""
        ours = [each for each in self.client.client_list() if each["name"] == NAME]
        for each in ours:
            self.client.client_kill_filter(_id=each["id"])
        return len(ours)

    @contextlib.contextmanager
    def dropping_a_blocked_writer(self) -> Iterator[list[int]]:
        """Hold back writes until a connection of the store waits for its reply, drop its connections, and let go on.

        Yields how many were dropped, which is known in the end.
        """
        dropped: list[int] = []
        self.client.client_pause(20_000, all=False)

        def drop() -> None:
            until(lambda: any(each["name"] == NAME and "b" in each["flags"] for each in self.client.client_list()))
            dropped.append(self.drop_connections())
            self.client.client_unpause()

        dropper = threading.Thread(target=drop)
        dropper.start()
        try:
            yield dropped
        finally:
            dropper.join()


@contextlib.contextmanager
def victim(*arguments: str) -> Iterator[Victim]:
    """Run a server."""
    with own_server("--enable-debug-command", "yes", *arguments) as (port, _):
        server = Victim(port)
        with server.client:
            yield server


def settle(index: RedisIndex, server: Victim, records: int, act: Callable[[], object]) -> Callable[[], None]:
    """Return what does something once so many records are written, and nothing else is: it may go on in a thread."""
    running = 0
    lock = threading.Lock()
    run, arun = index.run, index.arun

    @contextlib.contextmanager
    def counted() -> Iterator[None]:
        nonlocal running
        with lock:
            running += 1
        try:
            yield
        finally:
            with lock:
                running -= 1

    def run_counted(steps: Any, on_sent: Any = None) -> Any:
        with counted():
            return run(steps, on_sent)

    async def arun_counted(steps: Any) -> Any:
        with counted():
            return await arun(steps)

    index.run = run_counted  # type: ignore[method-assign]  # to watch it
    index.arun = arun_counted  # type: ignore[method-assign]  # as above

    def when_settled() -> None:
        until(lambda: len(server.stored()) == records and not running)
        act()

    return when_settled
