"""Writing records that are encoded, in batches; they are written once nothing of the index changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.changes import is_settled, send_changes
from redisvl_adapters.core.index.registry import read_registry_command
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.own_records import held_arguments
from redisvl_adapters.core.records.replace_script import Write, refusal_error, replace_commands
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, is_split, ok
from redisvl_adapters.core.server.slots import script_chunks
from redisvl_adapters.errors import PartialWriteError, RecordError, ServerError

PER_SCRIPT = 10
"""How many records one script writes: more would keep others waiting while a graph takes them in, and gain nothing."""


def write_batches(
    state: IndexState, snapshot: Snapshot, ids: Sequence[str], writes: Sequence[Write], done: int = 0
) -> Steps[int]:
    """Write records from a place on, and return up to which place they are known to be written and indexed.

    Args:
        state: The index.
        snapshot: What is known of it.
        ids: The ids of the records.
        writes: What writes each of them.
        done: The place.

    Raises:
        RecordError: If the first of them is refused for what it is.
        PartialWriteError: If the server failed after some records may have been written.
    """
    name, layout = snapshot.schema.name, layout_of(snapshot.schema)
    per_script, scope = PER_SCRIPT, state.scope
    held = held_arguments(snapshot.schema, scope.held(snapshot.schema, alone=True) if scope else ())
    while done < len(writes):
        batch = writes[done : done + BATCH_SIZE]
        spans_slots = state.spans_slots
        chunks = script_chunks([write.key for write in batch], per_script, spans_slots=spans_slots)
        commands = replace_commands(layout.script, batch, chunks, held)
        # Asked after the writes: whatever changed before or between them shows.
        guard = [read_registry_command(name), Command(("FT.EXPLAIN", name, "*"))]
        noted = ids[done : done + BATCH_SIZE]
        try:
            replies, (registry, exists) = yield from send_changes(state, snapshot, commands, noted, *guard)
            is_gone = is_missing_index(exists) or ok(exists) is None
        except ServerError as error:
            message = f"{done} of {len(ids)} records are written, then: {error}"
            raise PartialWriteError(message, written=ids[:done], unwritten=ids[done:]) from error
        if per_script > 1 and any(map(is_split, replies)):
            if spans_slots:
                state.spans_slots = False
            else:
                # Their slot is moving, and some have gone before others.
                per_script = 1
            continue
        refusals, lost = _refusals(replies, chunks)
        if refusals:
            gone = {done + place for place in lost}
            written = [record_id for place, record_id in enumerate(ids[: done + len(batch)]) if place not in gone]
            there = set(written)
            unwritten = [record_id for record_id in ids if record_id not in there]
            culprit = ids[done + min(refusals)]
            reason = refusal_error(refusals[min(refusals)], snapshot.schema.key_of(culprit))
            if not written and isinstance(reason, RecordError):
                raise reason
            message = f"{len(written)} of {len(ids)} records are written; {culprit!r:.80} is not: {reason}"
            raise PartialWriteError(message, written=written, unwritten=unwritten) from reason
        if is_gone or as_mapping(ok(registry)) != snapshot.registry or not is_settled(snapshot, registry):
            # These may lack an index entry: they are to be written again.
            break
        done += len(batch)
    return done


def _refusals(
    replies: Sequence[Reply], chunks: Sequence[Sequence[int]]
) -> tuple[dict[int, str | ResponseError], set[int]]:
    """Return which records of a batch the server refused, with its reasons, and all that are not written therefore."""
    refusals: dict[int, str | ResponseError] = {}
    lost: set[int] = set()
    for places, reply in zip(chunks, replies, strict=True):
        if isinstance(reply, ResponseError):
            refusals[places[0]] = reply
            lost.update(places)
        elif len(reply) > 1:
            written = int(reply[0])
            refusals[places[written]] = reply[1].decode()
            lost.update(places[written:])
    return refusals, lost
