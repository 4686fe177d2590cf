"""The command line: what ``--help`` of each command shows can be typed."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from redisvl_adapters import AdapterWarning
from redisvl_adapters.cli.main import COMMANDS, make_parser
from redisvl_adapters.cli.process import run

(SUBPARSERS,) = [
    each for each in make_parser()._actions if isinstance(each, argparse._SubParsersAction)
]  # argparse has no other way


def examples_of(parser: argparse.ArgumentParser) -> list[list[str]]:
    joined = (parser.epilog or "").replace("\\\n", " ")
    commands = [shlex.split(line) for line in joined.splitlines() if " redisvl-adapters " in f" {line.strip()}"]
    typed = [words[words.index("redisvl-adapters") + 1 :] for words in commands]
    # What a shell does with the output is its own.
    return [words[: next((place for place, word in enumerate(words) if word in "|>"), None)] for words in typed]


@pytest.mark.parametrize("name", SUBPARSERS.choices)
def test_the_examples_of_a_command_can_be_typed(name: str) -> None:
    examples = examples_of(SUBPARSERS.choices[name])
    assert examples
    for example in examples:
        assert example[0] == name
        assert callable(make_parser().parse_args(example).run)


def test_every_command_is_listed_with_what_it_does() -> None:
    assert len(SUBPARSERS.choices) == len(COMMANDS)
    told = make_parser().format_help()
    assert all(f"\n    {name} " in told for name in SUBPARSERS.choices)
    with pytest.raises(SystemExit, match="2"):
        make_parser().parse_args(["infos"])


def test_an_output_that_nobody_reads_to_its_end_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "redisvl_adapters", "acl", "storage", "--json"]
    with os.fdopen(writing) as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_an_output_that_cannot_be_written_is_told_in_one_line() -> None:
    command = [sys.executable, "-m", "redisvl_adapters", "acl", "storage", "--json"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"redisvl-adapters: the operating system refused it: ")
    closed = subprocess.run(["/bin/sh", "-c", f"exec {shlex.join(command)} >&-"], stderr=subprocess.PIPE, check=False)
    assert (closed.returncode, closed.stderr) == (0, b"")


def test_a_process_shows_warnings_in_one_line_and_ends_in_order_when_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(argv: object) -> int:
        warnings.warn("mind the\x1b[31m gap", AdapterWarning, stacklevel=1)
        raise KeyboardInterrupt

    monkeypatch.setattr("redisvl_adapters.cli.main.main", interrupted)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert run(["acl"]) == 130
    told = capsys.readouterr().err.splitlines()
    assert told == ["redisvl-adapters: warning: mind the\\x1b[31m gap", "redisvl-adapters: interrupted"]
