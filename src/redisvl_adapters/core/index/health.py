"""Health: whether an index can be asked, now and by this user, as a readiness probe wants to know it."""

from __future__ import annotations

import math
from typing import NamedTuple

from redisvl_adapters.core.index.background_scan import info_command, scan_progress
from redisvl_adapters.core.index.moves import moved_to
from redisvl_adapters.core.index.registry import read_registry_command
from redisvl_adapters.core.server.commands import Command, Steps
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, ok
from redisvl_adapters.errors import IndexNotFoundError, IndexNotReadyError


class Health(NamedTuple):
    """Whether an index can be asked. As a condition it is true if so.

    Attributes:
        is_healthy: Whether it can.
        reason: What is wrong, in one line; empty if nothing is.
        round_trip_ms: How long the server took to answer, in milliseconds; None if it did not.
    """

    is_healthy: bool
    reason: str
    round_trip_ms: float | None

    def __bool__(self) -> bool:
        return self.is_healthy


def check_health(name: str) -> Steps[None]:
    """See whether an index is there, whole, and can be searched. Nothing is created, and nothing is remembered.

    Args:
        name: The name of the index, an alias, or the name that it had before it was rebuilt.

    Raises:
        IndexNotFoundError: If it does not exist.
        IndexNotReadyError: If the server still scans it.
        ServerError: If the server does not let it be asked.
    """
    (registry,) = yield [read_registry_command(name)]
    current = moved_to(as_mapping(ok(registry))) or name
    info, found = yield [
        info_command(current),
        Command(("FT.SEARCH", current, "*", "LIMIT", 0, 0, "DIALECT", 2)),
    ]
    if is_missing_index(info):
        raise IndexNotFoundError(f"index {name!r} does not exist")
    scan = scan_progress(ok(info))
    if scan.is_running:
        done = "a part" if math.isnan(scan.percent) else f"{scan.percent:.0f} %"
        raise IndexNotReadyError(
            f"the server has scanned {done} of the records of index {name!r}", percent=scan.percent
        )
    ok(found)
