"""The command line: what ``--help`` of each command shows can be typed."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys

import pytest

from redisvl_adapters.cli.main import COMMANDS, make_parser

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
    command = [sys.executable, "-m", "redisvl_adapters", "acl", "reader", "--json"]
    with os.fdopen(writing) as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
