"""Points in time as epoch seconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from redisvl_adapters.core.schema.fields import MAX_EXACT_INT


def epoch_seconds(value: object) -> float:
    """Return a point in time as seconds since 1970-01-01T00:00Z.

    Args:
        value: A datetime (naive means UTC), a date (its first moment, UTC), ISO 8601 text of either, or the seconds.

    Raises:
        ValueError: If the value is none of these.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime.combine(value, time.min, UTC).timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_EXACT_INT:
        return value
    raise ValueError("a point in time is a datetime, a date, ISO 8601 text or epoch seconds up to 2^53")
