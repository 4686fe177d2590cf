"""How long the server is waited for: time limits of connections and replies, and when round trips are made again."""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TypeAlias

from redisvl_adapters.errors import ArgumentError

Retry: TypeAlias = "int | timedelta"
"""How many times a round trip is made again if the connection fails, or for how long."""

DEFAULT_RETRY = 3
DEFAULT_TIMEOUT = 5.0
"""Seconds, for a connection to be made and for a reply to come: what redis-py has by default from version 8 on."""
SENTINEL_TIMEOUT = 0.5
"""Seconds in which a Sentinel must have answered, before the next one is asked."""

LONGEST_TIMEOUT = 100_000_000
"""Seconds: what every system's clock can count."""
_WRITTEN = re.compile(r"PT(\d+(?:\.\d+)?)S")
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 2.0


def check_retry(retry: object) -> Retry:
    """Return how often, or for how long, round trips are made again.

    Raises:
        ArgumentError: If it is neither an integer from 0 to 100 nor a time from 0 on.
    """
    if isinstance(retry, str) and (written := _WRITTEN.fullmatch(retry)):
        return timedelta(seconds=float(written[1]))
    if isinstance(retry, timedelta) and retry >= timedelta():
        return retry
    if isinstance(retry, bool) or not isinstance(retry, int) or not 0 <= retry <= 100:
        raise ArgumentError(
            f"retry is an integer from 0 to 100, or a datetime.timedelta for as long as that; not {retry!r:.80}"
        )
    return retry


def write_retry(retry: Retry) -> int | str:
    """Return how often, or for how long, as JSON can hold it: a time in ISO 8601, which ``check_retry`` reads."""
    return retry if isinstance(retry, int) else f"PT{retry.total_seconds():f}S"


def check_timeout(seconds: object, name: str) -> float | None:
    """Return a time limit in seconds, as redis-py takes it: None for none.

    Raises:
        ArgumentError: If it is no positive number.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ArgumentError(f"{name} is a positive number of seconds, or math.inf for no limit; not {seconds!r:.80}")
    if seconds != math.inf and seconds > LONGEST_TIMEOUT:
        raise ArgumentError(
            f"{name} is at most {LONGEST_TIMEOUT:,} seconds, or math.inf for no limit; not {seconds!r:.80}"
        )
    return None if seconds == math.inf else float(seconds)


def retry_waits(retry: Retry) -> Iterator[float]:
    """Yield how long to wait before each further attempt. A time is counted from the first failure on."""
    if isinstance(retry, int):
        yield from (_wait(attempt) for attempt in range(retry))
        return
    until, attempt = time.monotonic() + retry.total_seconds(), 0
    while (left := until - time.monotonic()) > 0:
        yield min(left, _wait(attempt))
        attempt += 1


def _wait(attempt: int) -> float:
    # Not all clients at once.
    return min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempt, 10)) * (0.5 + random.random() / 2)  # noqa: S311
