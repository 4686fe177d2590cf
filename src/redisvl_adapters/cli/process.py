"""The process of the command line: how it is begun and interrupted, and how its warnings look."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import TextIO


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command in a process of its own. See ``main``.

    Args:
        argv: The arguments; by default those of the process.
    """
    warnings.showwarning = _show_warning
    try:
        # What it imports takes a while, in which it can be interrupted too.
        from redisvl_adapters.cli.main import main  # noqa: PLC0415

        return main(argv)
    except KeyboardInterrupt:
        print("redisvl-adapters: interrupted", file=sys.stderr)
        return 130


def _show_warning(
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001  # as Python calls it
    filename: str,  # noqa: ARG001  # as above
    lineno: int,  # noqa: ARG001  # as above
    file: TextIO | None = None,
    line: str | None = None,  # noqa: ARG001  # as above
) -> None:
    """Show a warning in one line, as errors are."""
    from redisvl_adapters.cli.output import shown  # noqa: PLC0415  # what warns has imported more

    print(f"redisvl-adapters: warning: {shown(message)}", file=file or sys.stderr)
