"""Commands as the debug log and ``explain`` tell them: lengths instead of texts, values and vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from redisvl_adapters.core.server.commands import Argument, Command, Pause
from redisvl_adapters.core.server.replies import shortened

_MAX_NAME = 80


class ToldCommands:
    """A round trip in one line, written when it is read.

    Args:
        commands: What was sent.
        seconds: How long it took.
        error: How it failed, if it did.
    """

    __slots__ = ("_commands", "_error", "_seconds")

    def __init__(self, commands: Sequence[Command], seconds: float, error: Exception | None = None) -> None:
        self._commands, self._seconds, self._error = commands, seconds, error

    def __str__(self) -> str:
        """Return what was sent, and how long it took."""
        took = f"{self._seconds * 1e3:.2f} ms"
        if type(self._commands) is Pause:
            return f"waited {took}"
        failed = "" if self._error is None else f", failed: {type(self._error).__name__}"
        return f"{described_batch(self._commands)} in {took}{failed}"


def described_batch(commands: Sequence[Command]) -> str:
    """Return which commands there are, on which key or index the first of each name is, and how long they are."""
    first: dict[str, Command] = {}
    counts: Counter[str] = Counter()
    for command in commands:
        name = str(command.args[0])
        first.setdefault(name, command)
        counts[name] += 1
    told = []
    for name, command in first.items():
        rest = f" and {counts[name] - 1} more" if counts[name] > 1 else ""
        of_name = [each for each in commands if each.args[0] == name]
        arguments = sum(len(each.args) - 1 for each in of_name)
        size = sum(length_of(argument) for each in of_name for argument in each.args)
        told.append(f"{name}{target_of(command)}{rest}: {arguments} arguments, {size} bytes")
    return "; ".join(told)


def target_of(command: Command) -> str:
    """Return the key or the index of a command, behind a blank; nothing if it has none."""
    name, target = str(command.args[0]), command.key
    if name.startswith("FT.") and len(command.args) > 1:
        target = str(command.args[2 if name == "FT.CURSOR" else 1])
    return "" if target is None else f" {shortened(target, _MAX_NAME)!r}"


def length_of(argument: Argument) -> int:
    """Return how many bytes an argument has."""
    return len(argument) if isinstance(argument, bytes) else len(str(argument).encode("utf-8", "replace"))
