"""Removal: deleting records by their ids, or all records of an index, and nothing else that lies there."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.index.changes import is_settled, send_changes
from redisvl_adapters.core.index.record_keys import open_cursor_command, read_cursor_command, read_cursor_page
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.own_records import REMOVED_AT_ONCE, Held, remove_commands
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps
from redisvl_adapters.core.server.replies import is_split, ok
from redisvl_adapters.core.server.slots import script_chunks


def remove(
    state: IndexState,
    snapshot: Snapshot,
    ids: Sequence[str],
    at_once: int = REMOVED_AT_ONCE,
    must_have: Sequence[Held] = (),
) -> Steps[tuple[int, bool]]:
    """Delete records by their ids; all else, out of scope too, is left alone.

    Args:
        state: The index.
        snapshot: What is known of it.
        ids: The ids.
        at_once: How many one script deletes at most.
        must_have: What a record must have to be deleted, beside what the scope says.

    Returns:
        How many there were, and whether that is settled. See ``changes.is_settled``.
    """
    schema, spans_slots = snapshot.schema, state.spans_slots
    schema.check_writable()
    keys = list(map(schema.key_of, ids))
    places = script_chunks(keys, at_once, spans_slots=spans_slots)
    chunks = [[keys[place] for place in chunk] for chunk in places]
    held = [*(state.scope.held(schema, alone=True) if state.scope else ()), *must_have]
    replies, (registry,) = yield from send_changes(state, snapshot, remove_commands(schema, chunks, held), ids)
    split = [at_once > 1 and is_split(reply) for reply in replies]
    there = sum(int(ok(reply)) for reply, is_refused in zip(replies, split, strict=True) if not is_refused)
    if not any(split):
        return there, is_settled(snapshot, registry)
    state.spans_slots = False
    left = [ids[place] for chunk, is_refused in zip(places, split, strict=True) if is_refused for place in chunk]
    # One by one, if they are of one slot and it moves.
    more, settled = yield from remove(state, snapshot, left, at_once if spans_slots else 1, must_have)
    return there + more, settled and is_settled(snapshot, registry)


def remove_records(state: IndexState, snapshot: Snapshot) -> Steps[bool]:
    """Delete all records of an index, and nothing else that lies there.

    Returns:
        Whether that is settled. See ``changes.is_settled``.
    """
    schema, deleted, settled = snapshot.schema, 1, True
    # Once more, for records that a cursor missed, until nothing is left.
    while deleted:
        deleted = 0
        (reply,) = yield [open_cursor_command(schema, "*", BATCH_SIZE)]
        keys, cursor = read_cursor_page(ok(reply))
        while keys or cursor:
            if keys:
                ours = (key for key in keys if key.startswith(schema.prefix_bytes))
                there, is_right = yield from remove(state, snapshot, list(map(schema.id_of, ours)))
                deleted, settled = deleted + there, settled and is_right
            keys = []
            if cursor:
                (reply,) = yield [read_cursor_command(schema, cursor, BATCH_SIZE)]
                keys, cursor = read_cursor_page(ok(reply))
    return settled
