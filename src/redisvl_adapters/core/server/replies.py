"""Replies of the server: refusals as errors of this library, and maps that RESP2 and RESP3 spell differently."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from redis.exceptions import ClusterDownError, NoPermissionError, ReadOnlyError, ResponseError, TryAgainError

from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.errors import AuthenticationError, MissingModuleError, ServerError, ServerUnavailableError

_MAX_SAID = 100
_MAX_NAME = 50
_SERVERS = "Redis 8 or newer (docker run -p 6379:6379 redis:8), Redis Stack, or redisvl_adapters.embedded"

# What servers and redis-py quote of commands can be of a text, of a filter or of a vector. Compiled at the first error.
_QUOTED = (
    # Names of commands, fields and settings alone are told.
    r"(?<!command )(?<!run the )(?<!arguments for )(?<!memory > )(?<!Property )(?<!field )([`'\"]).*?\1"
    # The rest of a query, or of what a number was expected in.
    r"|(?<=\bnear ).*|(?<=\bgot ).*|(?<=Invalid attribute ).*"
    # Numbers in a row, and what is no text.
    r"|(?:[-+]?\d[-+.\de]*[\s,;]+){3,}[-+]?\d[-+.\de]*|\S*(?:\\x[0-9a-fA-F]{2}|\ufffd|[^\x20-\uffff])\S*"
)
# redis-py says no more than the slot and the node, or as clients of a single server of old do, the code too.
_REDIRECTED = re.compile(r"(?:(?:MOVED|ASK) )?\d+ \S+:\d+")
_NOISE = re.compile(
    r", with args beginning with:.*"
    r"|^Command # \d+ \(.*\) of pipeline caused error: "
    r"| script: [0-9a-f]{40}, on @user_script:\d+\.?",
    re.DOTALL,
)


def ok(reply: Reply) -> Reply:
    """Return a reply, unless the server refused the command.

    Raises:
        ServerError: What the server said.
    """
    if isinstance(reply, ResponseError):
        raise server_error(reply)
    return reply


def note_commands(commands: Sequence[Command], replies: Sequence[Reply]) -> bool:
    """Let the refusals among replies know what was refused, for ``server_error``.

    Returns:
        Whether a write was refused since the server is a replica.
    """
    is_replica = False
    for place, reply in enumerate(replies):
        if isinstance(reply, ResponseError):
            note_command(reply, commands[place])
            is_replica = is_replica or isinstance(reply, ReadOnlyError)
    return is_replica


def note_command(refusal: ResponseError, command: Command) -> None:
    """Let a refusal know what was refused. Nothing but the name of the command and its key is kept."""
    name, key = str(command.args[0]), command.key
    if name.startswith("FT.") and len(command.args) > 1:
        key = str(command.args[2 if name == "FT.CURSOR" else 1])
    said: Any = refusal
    said.refused = name if key is None else f"{name} on {shortened(key, _MAX_NAME)!r}"


def shortened(name: str, most: int = 80) -> str:
    """Return a name or an address for a message, of bounded length."""
    return name if len(name) <= most else f"{name[:most]}..."


def readable(error: Exception, most: int = _MAX_SAID) -> str:
    """Return what the server or redis-py said: one line of bounded length, without what it quotes of commands."""
    said = re.sub(_QUOTED, "...", _NOISE.sub("", " ".join(str(error).split())))
    return shortened("".join(char if char.isprintable() else "?" for char in said), most)


def server_error(error: ResponseError) -> ServerError:
    """Return what a refusal by the server means here: at most 300 characters, without values and vectors."""
    text, refused = readable(error), getattr(error, "refused", "a command")
    lowered = text.lower()
    if _REDIRECTED.fullmatch(str(error)):
        return ServerError(
            f"{refused} is for another node of a cluster ({text}): write ?cluster=true in redis_url, or "
            "give a redis.RedisCluster client"
        )
    if isinstance(error, ClusterDownError) or lowered.startswith(("clusterdown", "masterdown")):
        return ServerUnavailableError(
            f"{refused}: the cluster does not serve this key now ({text}); see CLUSTER INFO for the nodes that are "
            "away, and write ?cluster=true in redis_url if it is not there"
        )
    if "unknown command" in lowered and ("ft." in lowered or "json." in lowered):
        module = "search" if "ft." in lowered else "JSON"
        return MissingModuleError(f"the server lacks the {module} module ({text.strip()}); use {_SERVERS}")
    if "invalid rule type: json" in lowered:
        return MissingModuleError(f"the server lacks the JSON module ({text}); use storage='hash', or {_SERVERS}")
    if "cannot create index on db" in lowered:
        return ServerError(f"search is in database 0 alone ({text}); let the URL end in /0, or in no number")
    if is_no_permission(error):
        return AuthenticationError(
            f"the server does not permit {refused}: {text}; docs/operating.md has the rules that a user needs"
        )
    return ServerError(f"the server refused {refused}: {text}")


def is_no_permission(reply: Reply) -> bool:
    """Tell whether the server refused a command, or what a script calls, since the user may not run it."""
    if not isinstance(reply, ResponseError):
        return False
    lowered = str(reply).lower()
    return (
        isinstance(reply, NoPermissionError)
        or "no permissions" in lowered
        or lowered.startswith(("noperm", "noauth", "wrongpass"))
    )


def is_missing_index(reply: Reply) -> bool:
    """Tell whether the server refused a command because the index does not exist."""
    if not isinstance(reply, ResponseError):
        return False
    text = str(reply).lower()
    return "unknown index name" in text or "no such index" in text or "index not found" in text


def is_duplicate(reply: Reply) -> bool:
    """Tell whether the server refused to create what already exists."""
    return isinstance(reply, ResponseError) and ("already exists" in str(reply) or "Duplicate field" in str(reply))


def is_wrong_type(reply: Reply) -> bool:
    """Tell whether the server refused a command because something of another type lies at its key."""
    return isinstance(reply, ResponseError) and any(sign in str(reply).lower() for sign in _WRONG_TYPE)


def is_between_shards(reply: Reply) -> bool:
    """Tell whether the shards of a cluster do not agree on an index, which is being changed."""
    return isinstance(reply, ResponseError) and "inconsistent index state" in str(reply).lower()


def is_split(reply: Reply) -> bool:
    """Tell whether a server refused a command since its keys lie apart: in several slots, or as their slot moves."""
    text = str(reply).lower() if isinstance(reply, ResponseError) else ""
    return isinstance(reply, TryAgainError) or "crossslot" in text or "hash to the same slot" in text


_WRONG_TYPE = ("wrongtype", "wrong redis type")


def as_mapping(reply: Reply) -> dict[bytes, Any]:
    """Return a reply of names and values: a map in RESP3, a flat array in RESP2."""
    if isinstance(reply, dict):
        return reply
    parts = iter(reply)
    return dict(zip(parts, parts, strict=True))


def as_sequence(reply: Reply) -> Sequence[Any]:
    """Return a reply of names and values in turn: the reverse of ``as_mapping``."""
    return [part for pair in reply.items() for part in pair] if isinstance(reply, dict) else reply or ()
