"""The errors that a cache survives: a lookup that failed is a miss, an answer that cannot be stored is not stored."""

from __future__ import annotations

from redis.exceptions import ResponseError

from redisvl_adapters.core.server.commands import Reply
from redisvl_adapters.errors import PartialWriteError, RecordError, ServerUnavailableError

DAMAGE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an entry raises if its stored form is damaged."""

_WRONG_TYPE = ("wrongtype", "wrong redis type")


class DamagedEntryError(Exception):
    """An entry cannot be read back. It never leaves a cache: it is a miss, with a warning."""


MISSES = (ServerUnavailableError, DamagedEntryError)
"""What a lookup can fail with and still be a miss."""
UNKEPT = (ServerUnavailableError, PartialWriteError, RecordError)
"""What storing an answer can fail with without losing the answer."""


def is_wrong_type(reply: Reply) -> bool:
    """Tell whether something else lies where an entry was expected."""
    return isinstance(reply, ResponseError) and any(sign in str(reply).lower() for sign in _WRONG_TYPE)
