"""Scans: how far the server is with the records that were there before, and waiting for the end of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, ok
from redisvl_adapters.errors import IndexNotReadyError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.1


class ScanProgress(NamedTuple):
    """How far a scan is.

    Attributes:
        is_running: Whether the server still looks for records that were there before, or reads them for a new field.
        percent: How much of it is done, from 0 to 100; NaN where the server's figure is none, as after a restart.
    """

    is_running: bool
    percent: float


OnScan: TypeAlias = Callable[[ScanProgress], None]
"""Is told how far a scan is, each time that the server was asked."""

DONE = ScanProgress(is_running=False, percent=100.0)
RUNNING = ScanProgress(is_running=True, percent=0.0)


def info_command(name: str) -> Command:
    """Return the command that tells what an index is and does."""
    return Command(("FT.INFO", name))


def scan_progress(info: Reply) -> ScanProgress:
    """Return how far the scan of an index is, from the reply to ``info_command``."""
    told = as_mapping(info)
    percent = 100 * float(told.get(b"percent_indexed", 1))
    return ScanProgress(float(told.get(b"indexing", 0)) > 0, percent if percent <= 100 else math.nan)


def wait_for_scan(name: str, seconds: float, on_scan: OnScan | None = None) -> Steps[None]:
    """Wait until an index is scanned, or there is none.

    Args:
        name: The name of the index.
        seconds: How long to wait at most.
        on_scan: Is told how far it is.

    Raises:
        IndexNotReadyError: If it takes longer.
    """
    until, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while True:
        (info,) = yield [info_command(name)]
        if is_missing_index(info):
            return
        scan = scan_progress(ok(info))
        if on_scan is not None:
            on_scan(scan)
        if not scan.is_running:
            return
        left = until - time.monotonic()
        if left <= 0:
            done = "a part" if math.isnan(scan.percent) else f"{scan.percent:.0f} %"
            raise IndexNotReadyError(
                f"index {name!r} is not to be asked yet: the server has scanned {done} of the records that were there "
                f"before, after {seconds:g} seconds of waiting. Try again later, wait for it with "
                "wait_until_indexed(timeout=...), or give the store more seconds with wait_until_indexed=",
                percent=scan.percent,
            )
        yield Pause(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)
