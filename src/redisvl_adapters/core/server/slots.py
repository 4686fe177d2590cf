"""Slots: which keys one script may have on a server that spreads keys over nodes or shards."""

from __future__ import annotations

from collections.abc import Sequence

from redis.crc import key_slot

from redisvl_adapters.core.server.commands import batched


def script_chunks(keys: Sequence[str], size: int, *, spans_slots: bool) -> list[Sequence[int]]:
    """Return the places of the keys of each script.

    Args:
        keys: The keys of all scripts.
        size: How many one script has at most.
        spans_slots: Whether a script may have keys of several slots.
    """
    if spans_slots:
        return list(batched(range(len(keys)), size))
    by_slot: dict[int, list[int]] = {}
    for place, key in enumerate(keys):
        by_slot.setdefault(key_slot(key.encode()), []).append(place)
    return [chunk for places in by_slot.values() for chunk in batched(places, size)]
