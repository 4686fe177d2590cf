"""Virtual environments of other libraries, which could not be installed beside what the tests need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_OFFLINE = ("dns error", "connection", "timed out", "failed to fetch", "network", "could not find a version")


def make_environment(folder: Path, *packages: str) -> Path:
    """Make an environment with some packages and return its Python; without a package index the test is skipped."""
    python = folder / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        commands: list[list[str | Path]] = [
            [uv, "venv", "--python", sys.executable, folder],
            [uv, "pip", "install", "--python", python, *packages],
        ]
    else:
        commands = [[sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", *packages]]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode and any(sign in done.stderr.lower() for sign in _OFFLINE):
            pytest.skip(f"{', '.join(packages)} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
    return python


def run_in(python: Path, script: str, *args: str) -> str:
    """Run a script in an environment and return what it printed."""
    done = subprocess.run([python, "-c", script, *args], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
