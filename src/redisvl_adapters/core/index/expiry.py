"""Times to live of records: read, set, and renewed when a record is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.index.changes import is_settled, reading, send_changes, until_settled
from redisvl_adapters.core.index.readiness import current_snapshot, snapshot_in_scope
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.own_records import is_record_command, on_record, read_is_record
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Steps, batched
from redisvl_adapters.core.server.replies import ok


def renew_ttl(state: IndexState, ids: Sequence[str]) -> Steps[None]:
    """Let records live on, if they were found and their time to live is counted from the last read."""
    if not state.spec.sliding_ttl:
        return
    # XX leaves those alone that were told never to expire.
    renewal = state.spec.ttl_ms or 0, "XX"

    def renew(snapshot: Snapshot, chunk: Sequence[str]) -> Steps[tuple[None, bool]]:
        schema = snapshot.schema
        if state.scope is None:
            keys = map(schema.key_of, chunk)
            commands = [Command(("PEXPIRE", key, *renewal), key) for key in keys]
        else:
            held = state.scope.held(schema, alone=False)
            commands = [on_record(schema, each, "PEXPIRE", *renewal, held=held) for each in chunk]
        replies, (registry,) = yield from send_changes(state, snapshot, commands, chunk)
        for reply in replies:
            ok(reply)
        return None, is_settled(snapshot, registry)

    for chunk in batched(ids, BATCH_SIZE):
        yield from until_settled(state, partial(renew, chunk=chunk))


def without_renewal(state: IndexState) -> IndexState:
    """Return a state to read with: what is read through it does not live longer."""
    same = {each.name: getattr(state, each.name) for each in fields(IndexState)}
    return IndexState(**{**same, "spec": replace(state.spec, sliding_ttl=False)})


def remaining_ttl(state: IndexState, ids: Sequence[str]) -> Steps[list[float | None]]:
    """Return in how many seconds records expire; None where a record does not expire, or there is none."""
    check_ids(ids)
    snapshot = yield from snapshot_in_scope(state, (yield from current_snapshot(state)))
    if snapshot is None:
        return [None for _ in ids]
    return (yield from reading(state, snapshot, lambda found: _remaining_ttl(state, found.schema, ids)))


def _remaining_ttl(state: IndexState, schema: Schema, ids: Sequence[str]) -> Steps[list[float | None]]:
    left: list[float | None] = []
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

    def change(snapshot: Snapshot, chunk: Sequence[str]) -> Steps[tuple[int, bool]]:
        schema = snapshot.schema
        schema.check_writable()
        held = state.scope.held(schema, alone=True) if state.scope else ()
        if ttl_ms is None:
            names = ("PERSIST", "EXISTS")
            commands = [on_record(schema, record_id, name, held=held) for record_id in chunk for name in names]
        else:
            commands = [on_record(schema, record_id, "PEXPIRE", ttl_ms, held=held) for record_id in chunk]
        replies, (registry,) = yield from send_changes(state, snapshot, commands, chunk)
        counts = list(map(ok, replies))
        return sum(counts[1::2] if ttl_ms is None else counts), is_settled(snapshot, registry)

    there = 0
    for chunk in batched(ids, BATCH_SIZE):
        there += max((yield from until_settled(state, partial(change, chunk=chunk))), default=0)
    return there
