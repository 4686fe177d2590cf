"""The incumbents, in processes and virtual environments of their own: they cannot share one with us."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.incumbents.workload import Workload

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".bench"
REQUIREMENTS = {
    "langchain-redis": ("langchain-redis==0.2.6", "benchmarks.incumbents.for_langchain"),
    "llama-index-redis": ("llama-index-vector-stores-redis==0.9.0", "benchmarks.incumbents.for_llama_index"),
}


class IncumbentError(Exception):
    """An incumbent could not be installed, or failed."""


class Incumbent:
    """An incumbent on one workload, driven line by line.

    Args:
        name: One of ``REQUIREMENTS``.
        workload: The workload.

    Raises:
        IncumbentError: If it cannot be installed, or does not start.
    """

    def __init__(self, name: str, workload: Workload) -> None:
        requirement, module = REQUIREMENTS[name]
        self._name = name
        self._process = subprocess.Popen(  # noqa: S603  # all of it is ours
            [_install(name, requirement), "-W", "ignore", "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._ask({"open": asdict(workload)})

    def time(self, task: str, times: int) -> float:
        """Return the seconds that a task takes there, done so many times on end."""
        return self._ask({"task": task, "times": times})

    def close(self) -> None:
        """End its process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _ask(self, request: dict[str, Any]) -> float:
        assert self._process.stdin
        assert self._process.stdout
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise IncumbentError(f"{self._name} ended") from None
        line = self._process.stdout.readline()
        if not line:
            raise IncumbentError(f"{self._name} ended")
        answer = json.loads(line)
        if "error" in answer:
            raise IncumbentError(f"{self._name}: {answer['error']}")
        seconds: float = answer["seconds"]
        return seconds


def _install(name: str, requirement: str) -> str:
    """Return the Python of a virtual environment that has a requirement; it is made once and kept."""
    folder = CACHE / name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != requirement:
        CACHE.mkdir(exist_ok=True)
        (CACHE / ".gitignore").write_text("*\n")
        print(f"Installing {requirement} into {folder.relative_to(ROOT)}", file=sys.stderr)
        try:
            venv.EnvBuilder(clear=True, with_pip=True).create(folder)
            command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
            subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # all of it is ours
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            said = said.decode() if isinstance(said, bytes) else said
            raise IncumbentError(f"{requirement} cannot be installed: {said.strip().splitlines()[-1]}") from error
        stamp.write_text(requirement)
    return str(python)
