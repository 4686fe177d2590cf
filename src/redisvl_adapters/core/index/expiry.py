"""Times to live of records: read, set, and renewed when a record is read."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.index.readiness import current_snapshot, snapshot_in_scope
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.own_records import is_record_command, on_record, read_is_record
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Steps, batched
from redisvl_adapters.core.server.replies import ok


def renew_ttl(state: IndexState, ids: Sequence[str]) -> Steps[None]:
    """Let records live on, if they were found and their time to live is counted from the last read."""
    if state.spec.sliding_ttl and state.schema is not None:
        for chunk in batched(ids, BATCH_SIZE):
            # XX leaves those alone that were told never to expire.
            renewal = state.spec.ttl_ms or 0, "XX"
            if state.scope is None:
                keys = map(state.schema.key_of, chunk)
                commands = [Command(("PEXPIRE", key, *renewal), key) for key in keys]
            else:
                held = state.scope.held(state.schema, alone=False)
                commands = [on_record(state.schema, each, "PEXPIRE", *renewal, held=held) for each in chunk]
            for reply in (yield commands):
                ok(reply)


def remaining_ttl(state: IndexState, ids: Sequence[str]) -> Steps[list[float | None]]:
    """Return in how many seconds records expire; None where a record does not expire, or there is none."""
    check_ids(ids)
    snapshot = yield from snapshot_in_scope(state, (yield from current_snapshot(state)))
    if snapshot is None:
        return [None for _ in ids]
    schema, left = snapshot.schema, []
    for chunk in batched(ids, BATCH_SIZE):
        if state.scope is not None:
            held = state.scope.held(schema, alone=False)
            # Zero where there is none.
            replies = yield [on_record(schema, record_id, "PTTL", held=held) for record_id in chunk]
            left += [reply / 1000 if ok(reply) > 0 else None for reply in replies]
            continue
        asked = [is_record_command(schema, record_id) for record_id in chunk]
        replies = yield [*asked, *(Command(("PTTL", command.key or ""), command.key) for command in asked)]
        for there, reply in zip(replies[: len(chunk)], replies[len(chunk) :], strict=True):
            left.append(reply / 1000 if read_is_record(there) and ok(reply) >= 0 else None)
    return left


def expire(state: IndexState, ids: Sequence[str], ttl_ms: int | None) -> Steps[int]:
    """Let records expire after a number of milliseconds from now, or never; return how many there were."""
    check_ids(ids)
    snapshot = yield from snapshot_in_scope(state, (yield from current_snapshot(state)))
    if snapshot is None:
        return 0
    schema, there = snapshot.schema, 0
    schema.check_writable()
    held = state.scope.held(schema, alone=True) if state.scope else ()
    for chunk in batched(ids, BATCH_SIZE):
        if ttl_ms is None:
            commands = [
                on_record(schema, record_id, name, held=held) for record_id in chunk for name in ("PERSIST", "EXISTS")
            ]
            there += sum([ok(reply) for reply in (yield commands)][1::2])
        else:
            commands = [on_record(schema, record_id, "PEXPIRE", ttl_ms, held=held) for record_id in chunk]
            there += sum(map(ok, (yield commands)))
    return there
