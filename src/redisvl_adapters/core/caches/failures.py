"""The errors that a cache survives: a lookup that failed is a miss, an answer that cannot be stored is not stored."""

from __future__ import annotations

from redisvl_adapters.errors import PartialWriteError, RecordError, ServerUnavailableError

DAMAGE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an entry raises if its stored form is damaged."""


class DamagedEntryError(Exception):
    """An entry cannot be read back. It never leaves a cache: it is a miss, with a warning."""


MISSES = (ServerUnavailableError, DamagedEntryError)
"""What a lookup can fail with and still be a miss."""
UNKEPT = (ServerUnavailableError, PartialWriteError, RecordError)
"""What storing an answer can fail with without losing the answer."""
