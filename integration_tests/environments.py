"""Virtual environments of other libraries, which could not be installed beside what the tests need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_OFFLINE = ("dns error", "connection", "timed out", "failed to fetch", "network", "could not find a version")
_NO_WHEELS = "building from source is disabled"


def make_environment(folder: Path, *packages: str) -> Path:
    """Make an environment with some packages and return its Python.

    The test is skipped without a package index, and where old packages have no wheels for a Python that is newer.
    """
    python = folder / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        commands: list[list[str | Path]] = [
            [uv, "venv", "--clear", "--python", sys.executable, folder],
            [uv, "pip", "install", "--only-binary", ":all:", "--python", python, *packages],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", "--clear", folder],
            [python, "-m", "pip", "install", "--only-binary", ":all:", *packages],
        ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode and any(sign in done.stderr.lower() for sign in (*_OFFLINE, _NO_WHEELS)):
            pytest.skip(f"{', '.join(packages)} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
    return python


def run_in(python: Path, script: str, *args: str) -> str:
    """Run a script in an environment and return what it printed."""
    done = subprocess.run([python, "-c", script, *args], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
