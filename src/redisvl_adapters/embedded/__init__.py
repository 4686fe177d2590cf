"""A real Redis with search and JSON, from pip, for a laptop, a notebook or a test.

    with EmbeddedRedis() as server:
        store = RedisVectorStore(embedding, index_name="docs", redis_url=server.url)

or, for any program, ``python -m redisvl_adapters.embedded``, which prints the URL and serves until Ctrl-C.

The server is a child of a small shell script, the watchdog, which holds the reading end of a pipe. The writing end is
ours, so it closes whenever this process ends, even by SIGKILL; then the watchdog stops the server and removes its
temporary folder. ``stop`` closes the same pipe: there is one way down, and it is the one that always works.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from redisvl_adapters.embedded.candidates import ELSEWHERE, SERVER_VARIABLE, Candidate, find_candidates, runnable
from redisvl_adapters.embedded.lock import locked
from redisvl_adapters.errors import ArgumentError, EmbeddedRedisError, known_keywords

__all__ = ["SERVER_VARIABLE", "EmbeddedRedis"]

START_SECONDS = 20.0  # until the server answers at all; a cold disk has 40 MB to read
LOADING_SECONDS = 600.0  # until it has read its append-only file, which indexes every record anew
PORT_ATTEMPTS = 10
MAX_PORT = 65535

# A shell and not Python: it starts in a millisecond, needs no sys.executable (a frozen program has none), and outlives
# 'killall -9 python'. Its stdin is the pipe. Its stdout is no stream but the lock on the data folder, which the server
# inherits: so the folder is locked exactly as long as anything runs on it, whatever became of us.
WATCHDOG = r"""
scratch=$1 signal=$2; shift 2
umask 077
exec 3<&0 4>&1 </dev/null >/dev/null
"$@" 3<&- >"$scratch/log" 2>&1 &
server=$!
(
  exec 4>&-
  read -r line <&3
  tick=0
  while [ ! -e "$scratch/ended" ] && kill -0 "$server"; do
    case $tick in 0) kill -"$signal" "$server" ;; 1000) kill -KILL "$server" ;; esac
    tick=$((tick + 1))
    sleep 0.01
  done
) &
exec 3<&-
trap 'kill -TERM "$server"' TERM
wait "$server"
while kill -0 "$server"; do wait "$server"; done
: >"$scratch/ended"
wait
rm -rf "$scratch"
"""


class EmbeddedRedis:
    """A private Redis server with search and JSON that ends with this process, however that ends.

    It listens on 127.0.0.1 only and wants a random password, which is in ``url``. A child that this process forks may
    use ``url``, but cannot stop the server. An object that is stopped can be started again, with another password and,
    unless ``port`` names one, on another port: read ``url`` again then, and make the stores anew.

    Args:
        path: The folder that keeps the data, created if missing. A write is on disk within a second. One server at
            a time can use it. None keeps nothing.
        port: The TCP port to listen on. None takes a free one.

    Raises:
        ArgumentError: If the path is not that of a folder, or the port is not an integer within 1 to 65535.
    """

    @known_keywords
    def __init__(self, path: str | os.PathLike[str] | None = None, port: int | None = None) -> None:
        if path is not None and not (isinstance(path, str | os.PathLike) and os.fspath(path)):
            raise ArgumentError(
                f"EmbeddedRedis: path is {path!r:.80}; name a folder by a str or a Path, or pass None to keep nothing"
            )
        if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= MAX_PORT):
            raise ArgumentError(
                f"EmbeddedRedis: port is an integer within 1 to {MAX_PORT}, or None for a free one; not {port!r:.80}"
            )
        # Absolute now, so that a later chdir does not move the data.
        self._path = None if path is None else Path(path).expanduser().absolute()
        self._port = port
        self._server: _Server | None = None
        self._mutex = threading.RLock()
        _objects.add(self)

    @property
    def url(self) -> str:
        """The ``redis://`` URL with the password, for ``redis_url=`` or any Redis client. Each start makes a new one.

        Raises:
            EmbeddedRedisError: If the server is not running.
        """
        server = self._server
        if server is None:
            raise EmbeddedRedisError("the embedded Redis is not running; use it in a 'with' block, or call start()")
        if server.ended:
            raise EmbeddedRedisError(f"the embedded Redis has ended by itself: {server.last_words()}")
        return server.url

    def start(self) -> Self:
        """Start the server and return when it answers; do nothing if it is running.

        Returns:
            This object.

        Raises:
            MissingExtraError: If the wheels with the server are not installed.
            EmbeddedRedisError: If there are none for this platform, if none starts (the message has the reasons), if
                the port is in use, or if another server is using the path.
        """
        with self._mutex:
            if self._server is None or self._server.ended:
                self.stop()
                candidates = find_candidates()
                with locked(self._path) as lock:
                    self._server = _launch(candidates, self._path, self._port, lock)
        return self

    def stop(self) -> None:
        """Stop the server and return when it has ended; do nothing if it is not running."""
        with self._mutex:
            server, self._server = self._server, None
            if server is not None:
                server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class _StartError(Exception):
    """One attempt to start one candidate failed, for the reason in the message."""


class _Server:
    """One running server with its watchdog and its temporary folder."""

    def __init__(self, candidate: Candidate, path: Path | None, port: int, lock: int | None) -> None:
        password = secrets.token_urlsafe(24)
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self._scratch = Path(tempfile.mkdtemp(prefix="redisvl-adapters-"))  # made with mode 0700
        self._watchdog: subprocess.Popen[bytes] | None = None
        try:
            executable = runnable(candidate.server, self._scratch)
            # In a file of ours, since everybody can read the arguments.
            config = self._scratch / "redis.conf"
            config.touch(mode=0o600)
            text = render_config(port, password, path or self._scratch, candidate.modules, keep=path is not None)
            config.write_text(text, encoding="utf-8", errors="surrogateescape")
            # With nothing to keep there is nothing to wait for: SIGTERM takes Redis a tenth of a second to notice.
            arguments = [self._scratch, "KILL" if path is None else "TERM", executable, config]
            self._watchdog = subprocess.Popen(  # noqa: S603 (no shell expands the arguments)
                ["/bin/sh", "-c", WATCHDOG, "redisvl-adapters-watchdog", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL if lock is None else lock,
                stderr=subprocess.DEVNULL,
                cwd="/",  # the user's folder can be removed or unmounted meanwhile
                start_new_session=True,  # Ctrl-C is for us, and we may still need the server to clean up
            )
            _servers.add(self)
            self._await_ready(port, password, config)
        except BaseException:
            self.close()
            raise

    def _await_ready(self, port: int, password: str, config: Path) -> None:
        """Return when the server answers, has its data loaded and is known to search."""
        began = time.monotonic()
        give_up = began + START_SECONDS
        # Without retries of its own: a server that is not there yet is asked again in 2 ms, not in a second.
        client = redis.Redis(port=port, password=password, socket_timeout=1, retry=Retry(NoBackoff(), 0))
        with contextlib.closing(client):
            while True:
                if self.ended:
                    raise _StartError(self.last_words())
                try:
                    client.ping()
                    # Somebody may have taken the port before us, and a Redis without a password takes any.
                    if client.info("server")["config_file"] == str(config):
                        break
                except (redis.BusyLoadingError, redis.TimeoutError):
                    give_up = began + LOADING_SECONDS
                except redis.RedisError:
                    pass
                if time.monotonic() > give_up:
                    raise _StartError(f"no answer after {give_up - began:.0f} seconds: {self.last_words()}")
                time.sleep(0.002)
            execute: Callable[..., object] = client.execute_command
            try:
                execute("FT._LIST")
                execute("JSON.GET", "no-such-key")
            except redis.ResponseError as error:
                raise _StartError(f"it lacks search or JSON: {error}") from error

    @property
    def ended(self) -> bool:
        """Whether the server has ended by itself."""
        return (self._scratch / "ended").exists()

    def last_words(self) -> str:
        """Return the end of the log, on one line."""
        lines: list[str] = []
        with contextlib.suppress(OSError):
            lines = (self._scratch / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        # Redis puts the process, the time and a sign for the level before each line.
        words = [re.sub(r"^\d+:\w (\S+ ){4}[.\-*#] ", "", line).strip() for line in lines]
        return " | ".join([word for word in words if word][-3:])[-500:] or "it left no log"

    def close(self) -> None:
        """Stop the server and remove the temporary folder, unless they belong to the process that forked us."""
        _servers.discard(self)
        if self._watchdog is None:
            shutil.rmtree(self._scratch, ignore_errors=True)
        elif self._watchdog.stdin is not None and self._watchdog.returncode is None:
            self._watchdog.stdin.close()
            self._watchdog.wait()
            shutil.rmtree(self._scratch, ignore_errors=True)  # in case that somebody killed the watchdog

    def disown(self) -> None:
        """Let go of the pipe in a forked child, so that the server ends with the parent alone."""
        if self._watchdog is not None and self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
            self._watchdog.returncode = 0  # not a child of this process, so nothing to wait for


_servers: set[_Server] = set()  # strong: a server outlives the object that started it, and ends with the process
_objects: weakref.WeakSet[EmbeddedRedis] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    for server in list(_servers):
        server.close()


def _after_fork_in_child() -> None:
    for server in _servers:
        server.disown()
    _servers.clear()
    for embedded in _objects:
        embedded._mutex = threading.RLock()  # noqa: SLF001 (another thread of the parent may hold the old one)


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _launch(candidates: Sequence[Candidate], path: Path | None, port: int | None, lock: int | None) -> _Server:
    """Return the first candidate's server that starts, or raise with the reason of each that did not."""
    reasons: list[str] = []
    for candidate in candidates:
        reason = ""
        for _ in range(PORT_ATTEMPTS):  # a free port may be taken before the server binds it
            try:
                return _Server(candidate, path, port or _free_port(), lock)
            except (_StartError, OSError) as error:
                reason = str(error)
            if "Address already in use" not in reason:
                break
            if port is not None:
                raise EmbeddedRedisError(f"port {port} on 127.0.0.1 is in use; pass another, or None for a free one")
        reasons.append(f"{candidate.server}: {reason}")
    told = f"no Redis with search and JSON could be started: {'; '.join(reasons)}"
    if os.environ.get(SERVER_VARIABLE):
        raise EmbeddedRedisError(f"{SERVER_VARIABLE} is set, but {told}")
    raise EmbeddedRedisError(f"{told}; {ELSEWHERE}")


def render_config(port: int, password: str, folder: Path, modules: Sequence[Path], *, keep: bool) -> str:
    """Return the server's configuration: its working folder, and whether to keep an append-only file there."""
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        "protected-mode yes",
        f"requirepass {password}",
        f"dir {_quoted(folder)}",
        'save ""',
        f"appendonly {'yes' if keep else 'no'}",
        "appendfsync everysec",
        *[f"loadmodule {_quoted(module)}" for module in modules],
    ]
    return "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)  # Redis has the same escapes for quotes, backslashes, newlines


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
