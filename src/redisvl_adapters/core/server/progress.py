"""How far something that takes long is, and the bar that shows it."""

from __future__ import annotations

from typing import Any, NamedTuple, Self


class Progress(NamedTuple):
    """How far something is: ``done`` of ``total``."""

    done: int
    total: int


class ProgressBar:
    """A bar that shows how far something is, or none. It is a context manager, which takes the bar away.

    Args:
        title: What stands before the bar; None draws none.
        unit: What is counted.
    """

    def __init__(self, title: str | None, unit: str = " records") -> None:
        self._bar: Any = None
        if title is not None:
            from tqdm.auto import tqdm  # noqa: PLC0415  # slow to import, and for those alone who ask for it

            self._bar = tqdm(unit=unit, desc=title)

    def __enter__(self) -> Self:
        """Return the bar."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it as it is."""
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Draw how far it is."""
        if self._bar is not None:
            self._bar.total = max(progress.total, progress.done)
            self._bar.update(progress.done - self._bar.n)
