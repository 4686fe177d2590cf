"""Replies of the server: refusals as errors of this library, and maps that RESP2 and RESP3 spell differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core.server.commands import Reply
from redisvl_adapters.errors import AuthenticationError, MissingModuleError, ServerError

_MAX_SAID = 150
_SERVERS = "Redis 8 or newer (docker run -p 6379:6379 redis:8), Redis Stack, or redisvl_adapters.embedded"


def ok(reply: Reply) -> Reply:
    """Return a reply, unless the server refused the command.

    Raises:
        ServerError: What the server said.
    """
    if isinstance(reply, ResponseError):
        raise server_error(reply)
    return reply


def readable(error: Exception) -> str:
    """Return what the server or redis-py said, in one line of bounded length: it may repeat values and vectors."""
    said = "".join(char if char.isprintable() else "?" for char in str(error).strip())
    return said if len(said) <= _MAX_SAID else f"{said[:_MAX_SAID]}..."


def server_error(error: ResponseError) -> ServerError:
    """Return what a refusal by the server means here."""
    text = readable(error)
    lowered = text.lower()
    if "unknown command" in lowered and ("ft." in lowered or "json." in lowered):
        module = "search" if "ft." in lowered else "JSON"
        return MissingModuleError(f"the server lacks the {module} module ({text.strip()}); use {_SERVERS}")
    if "invalid rule type: json" in lowered:
        return MissingModuleError(f"the server lacks the JSON module ({text}); use storage='hash', or {_SERVERS}")
    if "cannot create index on db" in lowered:
        return ServerError(f"search is in database 0 alone ({text}); let the URL end in /0, or in no number")
    if lowered.startswith(("noperm", "noauth", "wrongpass")) or "no permissions" in lowered:
        return AuthenticationError(f"the server does not permit this: {text}")
    return ServerError(f"the server refused a command: {text}")


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


def is_cross_slot(reply: Reply) -> bool:
    """Tell whether a server with several slots refused a command since its keys are not all of one slot."""
    text = str(reply).lower() if isinstance(reply, ResponseError) else ""
    return "crossslot" in text or "hash to the same slot" in text


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
