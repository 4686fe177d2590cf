"""What a cluster replied to operations, and its replay.

Recorded on Redis 8.6.3 with search 8.8.0: three masters, each command as the driver sent it. ``recorded_cluster.txt``
has the operations by name; each is the batches that it sent, as the names of their commands, with the replies. Layout
version, NOSTEM and the registry that is read behind deletes were brought up to date by hand.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Pause, Steps, T
from tests.core.fake_server import make_state

NAME = "docs"


def cluster_state() -> IndexState:
    """Return the state of an index on a cluster that nobody has looked at yet."""
    state = make_state(index_name=NAME)
    state.spans_slots = False
    return state


class RecordedCluster:
    """The cluster: whoever sends something else than was recorded fails."""

    def __init__(self) -> None:
        text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
        self._batches: dict[str, list[tuple[list[str], list[Any]]]] = ast.literal_eval(text)

    def run(self, name: str, steps: Steps[T]) -> T:
        """Run an operation on what was recorded of it."""
        batches = iter(self._batches[name])
        try:
            commands = next(steps)
            while True:
                if isinstance(commands, Pause):
                    commands = steps.send([])
                    continue
                sent, replies = next(batches, ([], []))
                assert [str(command.args[0]) for command in commands] == sent
                commands = steps.send(replies)
        except StopIteration as stop:
            assert next(batches, None) is None
            return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic
