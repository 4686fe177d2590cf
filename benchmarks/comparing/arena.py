"""Everybody on one workload, taking turns: medians of ratios, so that neither the machine nor the minute matters."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.comparing.contestants import MissingError, Ours, OursInLlamaIndex, Raw
from benchmarks.comparing.incumbent import REQUIREMENTS, Incumbent, IncumbentError
from benchmarks.comparing.weighted import Weighted
from benchmarks.incumbents.workload import Workload, timed
from redisvl_adapters.core.server.clients import open_client
from redisvl_adapters.core.server.cluster_transport import is_cluster


class Turn(NamedTuple):
    """What somebody does in an experiment."""

    contestant: str
    task: str


@dataclass(frozen=True)
class Target:
    """How much of somebody's time our task may take.

    Attributes:
        what: Names the row of the table.
        over: Who we are held against, as the experiment calls it.
        most: The most that our time may be, as a share of theirs.
        ours: Our task, as the experiment calls it.
    """

    what: str
    over: str
    most: float
    ours: str = "ours"


@dataclass(frozen=True)
class Experiment:
    """Tasks that take turns.

    Attributes:
        turns: Who does what, by a name.
        targets: The rows of the table that come of it.
        rounds: How often each has its turn.
        times: How often a task is done in one turn.
        reset: Whether each turn begins with an empty index.
    """

    turns: Mapping[str, Turn]
    targets: tuple[Target, ...]
    rounds: int
    times: int = 1
    reset: bool = False


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        what: What was measured.
        measured: The figure, or why there is none.
        target: What it should be.
        met: Whether it is; None if it was not measured.
        detail: The times behind it.
    """

    what: str
    measured: str
    target: str
    met: bool | None
    detail: str = ""


class Arena:
    """The contestants on one workload. Each is made, and its index filled, when it has its first turn."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._sides: dict[str, Any] = {}
        client: Any = open_client(workload.url, {})
        # Any node of a cluster can be asked for its indexes.
        self._client: Any = client.get_redis_connection(client.get_default_node()) if is_cluster(client) else client

    def run(self, experiment: Experiment) -> Iterator[Row]:
        """Run an experiment; whoever cannot take part leaves its rows without a figure."""
        missing: dict[str, str] = {}
        for name, turn in experiment.turns.items():
            try:
                side = self._side(turn.contestant)
                if experiment.reset:
                    self._reset(side)
                _time(side, turn.task, 1)  # the first one opens connections and fills caches
            except (IncumbentError, MissingError) as error:
                missing[name] = str(error)
        turns = {name: turn for name, turn in experiment.turns.items() if name not in missing}
        samples: dict[str, list[float]] = {name: [] for name in turns}
        for round_number in range(experiment.rounds):
            # Each goes first as often as the others.
            order = list(turns)
            shift = round_number % len(order) if order else 0
            for name in order[shift:] + order[:shift]:
                side = self._side(turns[name].contestant)
                if experiment.reset:
                    self._reset(side)
                samples[name].append(_time(side, turns[name].task, experiment.times) / experiment.times)
        for target in experiment.targets:
            yield _row(target, samples, missing)

    def close(self) -> None:
        """Drop all indexes and end all processes."""
        for side in reversed(self._sides.values()):
            _time(side, "drop", 1)
            if isinstance(side, Incumbent):
                side.close()
        self._client.close()

    def _side(self, name: str) -> Any:
        if name not in self._sides:
            made: Any = Raw(self._side("ours")) if name == "raw" else _MAKE[name](self._workload)
            self._sides[name] = made
            if name != "raw":
                self._reset(made)
                _time(made, "ingest", 1)
        return self._sides[name]

    def _reset(self, side: Any) -> None:
        _time(side, "reset", 1)
        # A new index looks through all keys in the background, which would take time from whoever comes next.
        for index in self._client.execute_command("FT._LIST"):
            while _indexing(self._client, index):
                time.sleep(0.01)


@contextmanager
def arena(workload: Workload) -> Iterator[Arena]:
    """Yield an arena that is cleared away at the end."""
    opened = Arena(workload)
    try:
        yield opened
    finally:
        opened.close()


_MAKE: dict[str, Callable[[Workload], Any]] = {
    "ours": Ours,
    "ours in llama": OursInLlamaIndex,
    "weighted": Weighted,
    **{name: lambda workload, name=name: Incumbent(name, workload) for name in REQUIREMENTS},  # type: ignore[misc]
}


def _time(side: Any, task: str, times: int) -> float:
    if isinstance(side, Incumbent):
        return side.time(task, times)
    return timed(side, task, times)


def _indexing(client: Any, index: bytes) -> bool:
    reply = client.execute_command("FT.INFO", index)
    said = dict(zip(reply[::2], reply[1::2], strict=True))
    return int(said[b"indexing"]) != 0


def _row(target: Target, samples: Mapping[str, list[float]], missing: Mapping[str, str]) -> Row:
    said = f"<= {target.most:.2f}"
    for name in (target.ours, target.over):
        if name in missing:
            return Row(target.what, "skipped", said, None, missing[name])
    ours, theirs = samples[target.ours], samples[target.over]
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    detail = f"{statistics.median(ours) * 1000:.2f} ms against {statistics.median(theirs) * 1000:.2f} ms"
    return Row(target.what, f"{ratio:.2f}", said, ratio <= target.most, detail)
