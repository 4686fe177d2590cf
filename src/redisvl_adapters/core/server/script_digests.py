"""Scripts by their digests: the text of a script goes to a node once in a batch, and then its digest alone.

On a cluster a script writes one record. On a single server it writes ten, and its text does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha1

from redis.exceptions import NoPermissionError, NoScriptError

from redisvl_adapters.core.server.commands import Argument, Command, Reply


def by_digest(commands: Sequence[Command], nodes: Sequence[object]) -> Iterator[tuple[Argument, ...]]:
    """Yield what is sent for commands.

    Nothing is remembered from one batch to the next, so a server that restarts is sent the text again. Where one of the
    commands must not be sent twice, all scripts are sent with their texts, since a digest may be unknown.

    Args:
        commands: The commands of a batch.
        nodes: For each, the node that it goes to, which takes the commands of a batch in their order.
    """
    known: set[tuple[object, Argument]] = set()
    repeatable = len(commands) > 1 and all(command.repeatable for command in commands)
    for command, node in zip(commands, nodes, strict=True):
        args = command.args
        if repeatable and args[0] == "EVAL":
            if (node, args[1]) in known:
                args = ("EVALSHA", _digest(args[1]), *args[2:])
            known.add((node, args[1]))
        yield args


@lru_cache(256)
def _digest(text: str) -> str:
    return sha1(text.encode()).hexdigest()  # noqa: S324  # what the server calls it by


def places_to_repeat(commands: Sequence[Command], replies: Sequence[Reply]) -> list[int]:
    """Return the places of what is to be sent again with the texts of scripts, since a server does not know one.

    It happens when the server restarts, another one takes its place, or somebody flushes its scripts; and for a user
    who may run EVAL alone. These are the scripts that did not run, and whatever else came behind the first of them, as
    it was meant to.
    """
    forgotten = [place for place, reply in enumerate(replies) if _is_unknown(reply)]
    if not forgotten:
        return forgotten
    behind = range(forgotten[0], len(commands))
    return [place for place in behind if place in forgotten or commands[place].args[0] != "EVAL"]


def _is_unknown(reply: Reply) -> bool:
    return isinstance(reply, NoScriptError) or (isinstance(reply, NoPermissionError) and "'evalsha'" in str(reply))
