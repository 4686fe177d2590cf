"""What becomes of failures in a cache: raised, or a miss with a warning."""

from __future__ import annotations

import warnings

from redis.exceptions import ResponseError

from redisvl_adapters.core.caches.cache_options import OnError
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


class FailureHandling:
    """A cache that knows what to do when it fails: raise, or miss with a warning."""

    _on_error: OnError

    def _missed(self, error: Exception) -> None:
        """Warn of a lookup that failed, and so is a miss, unless its error is to be raised."""
        if isinstance(error, ServerUnavailableError) and self._on_error == "raise":
            raise error
        warnings.warn(f"the cache was not read, which counts as a miss: {error}", RuntimeWarning, stacklevel=4)

    def _unkept(self, error: Exception) -> None:
        """Warn of an answer that could not be stored, unless its error is to be raised."""
        if not isinstance(error, RecordError) and self._on_error == "raise":
            raise error
        warnings.warn(f"the answer was not cached: {error}", RuntimeWarning, stacklevel=4)


def is_wrong_type(reply: Reply) -> bool:
    """Tell whether something else lies where an entry was expected."""
    return isinstance(reply, ResponseError) and any(sign in str(reply).lower() for sign in _WRONG_TYPE)
