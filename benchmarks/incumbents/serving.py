"""The loop in an incumbent's process: a JSON line in, a JSON line out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.incumbents.workload import Workload, timed


def serve(make: Callable[[Workload], Any]) -> None:
    """Answer until there is no more input.

    ``{"open": {...}}`` makes a contestant for a workload, ``{"task": name, "times": n}`` runs a task of it. Each answer
    is ``{"seconds": s}`` or ``{"error": text}``.

    Args:
        make: From a workload to a contestant.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the incumbent prints is no answer
    contestant: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "open" in request:
                contestant = make(Workload(**request["open"]))
                answer: dict[str, Any] = {"seconds": 0.0}
            else:
                answer = {"seconds": timed(contestant, request["task"], request["times"])}
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side reports it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
