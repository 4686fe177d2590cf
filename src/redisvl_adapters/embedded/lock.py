"""The lock on a data folder, which the server inherits: one server at a time."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from redisvl_adapters.errors import EmbeddedRedisError

if sys.platform != "win32":  # importing this works on Windows; start says what to do there
    import fcntl

LOCK_NAME = "embedded-redis.lock"
OWNER_SECONDS = 20.0  # until the server of an owner that was killed has ended


@contextlib.contextmanager
def locked(path: Path | None) -> Iterator[int | None]:
    """Lock the data folder while a server is started, which inherits the lock and keeps it until it has ended."""
    if path is None:
        yield None
        return
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EmbeddedRedisError(f"cannot keep data in '{path}': {error}") from error
    try:
        _take(lock, path)
        yield lock
    finally:
        os.close(lock)


def _take(lock: int, path: Path) -> None:
    give_up = time.monotonic() + OWNER_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            # If the owner was killed, its server is on its way down.
            owner = os.pread(lock, 20, 0).decode()
            if _alive(owner) or time.monotonic() > give_up:
                raise EmbeddedRedisError(
                    f"'{path}' is in use by another EmbeddedRedis (process {owner or 'unknown'}); stop that one, "
                    "use another path, or share its server: pass its url to the store"
                ) from error
            time.sleep(0.01)
        else:
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            return


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):  # another user's; or one that has the lock and is about to say who it is
        return True
    return True
