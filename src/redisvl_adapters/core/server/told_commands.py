"""Commands as they are told: lengths alone in the debug log, and all of them by ``explain``, to be read or pasted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from redisvl_adapters.core.server.commands import Argument, Command, Pause
from redisvl_adapters.core.server.replies import shortened

_MAX_NAME = 80
_PLAIN = re.compile(r"[\w@.,:;/=<>()*+$%^&|~-]+", re.ASCII)
"""What redis-cli reads as it is."""
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


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


def redis_cli_text(args: Sequence[Argument]) -> str:
    """Return a command as it is pasted into redis-cli, whole: bytes are written by their numbers."""
    return " ".join(_quoted_bytes(each) if isinstance(each, bytes) else _quoted(_written(each)) for each in args)


def readable_text(args: Sequence[Argument]) -> str:
    """Return a command as a person reads it, with the length of each vector in its place: ``<1536 bytes>``."""
    return " ".join(f"<{len(each)} bytes>" if isinstance(each, bytes) else _quoted(_written(each)) for each in args)


def _written(argument: Argument) -> str:
    # As redis-py writes a number.
    return repr(argument) if isinstance(argument, float) else str(argument)


def _quoted_bytes(value: bytes) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in value) + '"'


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES or char.isprintable():
        return _ESCAPES.get(char, char)
    return "".join(f"\\x{byte:02x}" for byte in char.encode())
