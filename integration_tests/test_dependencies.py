"""What can be imported where a framework, or both, are not installed: every time in a Python of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRAMEWORKS = ("langchain_core", "llama_index")

# Found before the real finders, so that it does not matter what is installed.
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


def run(program: str, absent: tuple[str, ...] = FRAMEWORKS) -> str:
    """Run a program without some packages and with warnings as errors, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT.format(absent=absent) + program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module",
    [
        "redisvl_adapters",
        "redisvl_adapters.agents",
        "redisvl_adapters.agents.mcp.command",
        "redisvl_adapters.cli.main",
        "redisvl_adapters.core",
        "redisvl_adapters.embedded",
    ],
)
def test_needs_no_framework(module: str) -> None:
    run(f"import {module}", (*FRAMEWORKS, "mcp", "selenium", "uvicorn", "starlette"))


def test_without_its_sdk_the_mcp_server_names_the_extra() -> None:
    program = """
from redisvl_adapters.cli.main import main
import contextlib, io
told = io.StringIO()
with contextlib.redirect_stderr(told):
    assert main(["mcp", "--index", "docs", "--search-type", "text"]) == 1
print(told.getvalue())
"""
    assert 'pip install "redisvl-adapters[mcp]"' in run(program, ("mcp",))


def test_the_package_brings_only_its_errors() -> None:
    ours = "sorted(name for name in sys.modules if name.startswith('redisvl_adapters'))"
    assert run(f"import redisvl_adapters; print({ours})") == "['redisvl_adapters', 'redisvl_adapters.errors']"


@pytest.mark.parametrize(
    ("module", "absent"),
    [("redisvl_adapters.langchain", "llama_index"), ("redisvl_adapters.llama_index", "langchain_core")],
)
def test_an_adapter_needs_only_its_own_framework(module: str, absent: str) -> None:
    run(f"import {module}; assert not any(name.partition('.')[0] == {absent!r} for name in sys.modules)", (absent,))


@pytest.mark.parametrize(("module", "extra"), [("langchain", "langchain"), ("llama_index", "llama-index")])
def test_without_its_framework_an_adapter_names_the_extra(module: str, extra: str) -> None:
    program = f"""
from redisvl_adapters import MissingExtraError
try:
    import redisvl_adapters.{module}
except MissingExtraError as error:
    print(error)
"""
    assert f'pip install "redisvl-adapters[{extra}]"' in run(program)
