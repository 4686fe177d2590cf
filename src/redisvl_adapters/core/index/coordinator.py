"""Whether the search module of a cluster has a coordinator, which asks all nodes and puts their answers together."""

from __future__ import annotations

from redis.exceptions import ResponseError

from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.errors import MissingModuleError


def check_coordinator() -> Steps[None]:
    """Refuse a cluster on which one node would answer a search alone, with its own records.

    A user who may not ask what commands there are is not refused.

    Raises:
        MissingModuleError: If the search module has no coordinator.
    """
    (reply,) = yield [Command(("COMMAND", "INFO", "FT.SEARCH"))]
    if _is_keyed(reply):
        raise MissingModuleError(
            "the search module of this cluster has no coordinator, so that one node alone would answer a search, with "
            "the records that it has; use Redis 8 or newer on all nodes, or a single server"
        )


def _is_keyed(reply: Reply) -> bool:
    """Tell whether a command goes to the node of its first key, from the reply to COMMAND INFO."""
    if isinstance(reply, ResponseError) or not reply or reply[0] is None:
        return False
    return int(reply[0][3]) > 0
