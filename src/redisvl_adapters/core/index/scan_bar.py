"""The bar that shows how far a scan is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from redisvl_adapters.core.arguments import check_flag
from redisvl_adapters.core.index.background_scan import OnScan, ScanProgress
from redisvl_adapters.core.server.progress import Progress, ProgressBar


@contextmanager
def scan_bar(name: str, show_progress: object) -> Iterator[OnScan | None]:
    """Return what draws how far the scan of an index is, in percent; None if nothing is to be drawn.

    Raises:
        ArgumentError: If ``show_progress`` is neither True nor False.
    """
    if not check_flag(show_progress, "show_progress"):
        yield None
        return
    with ProgressBar(f"Indexing {name}", " %") as bar:

        def show(scan: ScanProgress) -> None:
            # After a restart the server's figure can be none.
            if not math.isnan(scan.percent):
                bar.show(Progress(int(scan.percent) if scan.is_running else 100, 100))

        yield show
