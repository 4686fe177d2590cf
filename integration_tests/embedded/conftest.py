"""Fixtures of the tests of the embedded server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.embedded.embedded_support import Launch
from redisvl_adapters.embedded.candidates import SERVER_VARIABLE


@pytest.fixture(autouse=True)
def _servers_from_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVER_VARIABLE, raising=False)


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Run a Python program that is ended after the test, if it has not ended by itself."""
    programs: list[subprocess.Popen[str]] = []

    def run(*arguments: str | Path, start_new_session: bool = False) -> subprocess.Popen[str]:
        program = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=start_new_session,
        )
        programs.append(program)
        return program

    yield run
    for program in programs:
        program.kill()
        program.communicate()
