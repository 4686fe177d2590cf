"""An interpreter in which a package that is installed cannot be imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Blocker(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, fullname: str, _: Sequence[str] | None, __: ModuleType | None = None, /) -> ModuleSpec | None:
        """Refuse the package and what is in it."""
        if fullname.partition(".")[0] == self._package:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def block(package: str) -> None:
    """Let imports of a package fail from now on, as if it were not installed."""
    assert package not in sys.modules
    sys.meta_path.insert(0, _Blocker(package))
