"""Changing the metadata of records, found by their ids or by a filter, without embedding or writing anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core.arguments import check_ids
from redisvl_adapters.core.filters.algebra import Filter, matches_everything
from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.index.changes import is_settled, send_changes
from redisvl_adapters.core.index.readiness import asking, confirm_unchanged, current_snapshot, writable_snapshot
from redisvl_adapters.core.index.registry import read_registry_command
from redisvl_adapters.core.index.schema_changes import learn
from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.index.snapshot import ATTEMPTS, IndexState, Snapshot
from redisvl_adapters.core.records.foreign_updates import foreign_update_command, read_whole
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.metadata_updates import (
    Changes,
    MetadataUpdate,
    merged_metadata,
    read_for_update,
    update_command,
)
from redisvl_adapters.core.records.named_vectors import NO_VECTORS, check_changed_texts
from redisvl_adapters.core.records.projection import project, record_language
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.filter_compiler import compile_for_delete, is_always_true
from redisvl_adapters.core.search.find_ids import find_ids, storable_ids
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Steps, batched
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, is_wrong_type, ok, server_error
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import (
    AdapterError,
    ArgumentError,
    PartialWriteError,
    RecordError,
    ServerError,
)

_CHANGES = "changes"


def update_metadata(
    state: IndexState,
    changes: Mapping[str, Any],
    ids: Sequence[str] | None = None,
    filter: Filter | None = None,
    vectors: Mapping[str, Vector] = NO_VECTORS,
) -> Steps[int]:
    """Merge changes into the metadata of records, each in one step; None removes a key, and a mapping is replaced.

    Their texts, vectors, frames and times to live stay. What others change meanwhile is kept, unless it is a key of the
    changes. The index learns new keys as in ``upsert``.

    Args:
        state: The index.
        changes: The changes.
        ids: The records. Those that do not exist do no harm.
        filter: Only records that match this.
        vectors: The named vectors that are made of texts among the changes, by their names.

    Returns:
        How many records there were.

    Raises:
        ArgumentError: If there are no changes, neither ids nor a filter, or the filter matches everything.
        RecordError: If the changes could not be stored, indexed and read back exactly, or contradict the scope.
        UnknownFieldError: If the filter names a key that no record has had.
        PartialWriteError: If something failed after some records were changed, or may have been.
    """
    found = _checked(changes, vectors)
    if state.scope is not None:
        state.scope.applied(found, _CHANGES)
    if ids is not None:
        check_ids(ids)
    if filter is None:
        if ids is None:
            raise ArgumentError("update_metadata needs ids or a filter that says which records to change")
        updated: dict[str, None] = {}
        yield from _update(state, storable_ids(ids), found, updated)
        tell(batch=len(ids), written=len(updated))
        return len(updated)
    if matches_everything(filter):
        raise ArgumentError("an empty filter would change every record; a condition that can fail is needed")
    done: dict[str, None] = {}
    # What somebody else made of the index a moment ago must not widen what is changed.
    yield from asking(state, lambda: _update_where(state, filter, ids, found, done), anew=True)
    tell(written=len(done))
    return len(done)


def _checked(changes: Mapping[str, Any], vectors: Mapping[str, Vector]) -> Changes:
    if not isinstance(changes, Mapping) or not changes:
        raise ArgumentError(f"changes is a mapping of metadata keys to their new values; not {changes!r:.80}")
    found = check_metadata(changes, _CHANGES)
    return Changes(found.plain, found.values, found.json, vectors)


def _update_where(
    state: IndexState,
    filter: Filter,
    ids: Sequence[str] | None,
    changes: Changes,
    updated: dict[str, None],
) -> Steps[None]:
    # Unless the index is still as the filter was compiled for, nothing is changed.
    condition, snapshot = yield from compile_for_delete(state, filter)
    where = query_text(condition)
    if ids is None and (yield from is_always_true(state, condition)):
        raise ArgumentError("the filter is always true and would change every record")
    if snapshot is not None and (found := (yield from find_ids(state, where, ids))):
        yield from confirm_unchanged(state, snapshot)
        yield from _update(state, found, changes, updated)


def _update(state: IndexState, ids: Sequence[str], changes: Changes, updated: dict[str, None]) -> Steps[None]:
    """Change records by their ids, and note which there were."""
    wanted = list(dict.fromkeys(ids))
    for chunk in batched(wanted, BATCH_SIZE):
        try:
            there = yield from _update_chunk(state, chunk, changes)
        except AdapterError as error:
            partial = error if isinstance(error, PartialWriteError) else None
            if not updated and partial is None:
                raise
            updated |= dict.fromkeys(partial.written if partial else ())
            rest = [record_id for record_id in wanted if record_id not in updated]
            message = f"the metadata of {len(updated)} records are changed, of {len(rest)} not known to be: {error}"
            raise PartialWriteError(message, written=list(updated), unwritten=rest) from (error.__cause__ or error)
        updated |= dict.fromkeys(there)


def _update_chunk(state: IndexState, ids: Sequence[str], changes: Changes) -> Steps[list[str]]:
    """Change some records, until each was changed as it was read, and return the ids of those that there were."""
    left, done, anew = list(ids), set[str](), False
    for _ in range(ATTEMPTS):
        yield from current_snapshot(state, anew=anew)
        snapshot = yield from writable_snapshot(state)
        if snapshot is None:
            return []
        if snapshot.schema.foreign is not None:
            return (yield from _update_foreign(snapshot.schema, state.scope, left, changes))
        _refuse_wrong_types(snapshot, changes)
        updates = yield from _read(state, snapshot, left, changes)
        snapshot = yield from learn(state, snapshot, [update.after for update in updates])
        written = None if snapshot is None else (yield from _write(state, snapshot, updates, changes))
        anew = written is None
        if written is None:
            # Somebody taught the index a key meanwhile, or made it anew.
            left, done = list(ids), set()
            continue
        done |= written
        left = [update.record_id for update in updates if update.record_id not in written]
        if not left:
            return [record_id for record_id in ids if record_id in done]
    raise ServerError(f"records of index {state.spec.name!r} were changed by others in every attempt; try again")


def _update_foreign(schema: Schema, scope: Scope | None, ids: Sequence[str], changes: Changes) -> Steps[list[str]]:
    """Change some records of another application, until each was changed as it was read. See ``_update_chunk``."""
    schema.check_writable()

    def is_changeable(metadata: Mapping[str, Any]) -> bool:
        return scope is None or scope.holds(schema, metadata, alone=True)

    left, done = list(ids), set[str]()
    for _ in range(ATTEMPTS):
        replies = yield [read_whole(schema, record_id) for record_id in left]
        read = dict(zip(left, replies, strict=True))
        # Made for all before one is sent, so that one that cannot be leaves nothing behind.
        made = {
            each: foreign_update_command(schema, each, reply, changes.plain, is_changeable)
            for each, reply in read.items()
        }
        commands = {record_id: command for record_id, command in made.items() if command is not None}
        if not commands:
            break
        try:
            written = yield list(commands.values())
        except ServerError as error:
            raise PartialWriteError(str(error), written=sorted(done), unwritten=list(commands)) from error
        done |= {record_id for record_id, reply in zip(commands, written, strict=True) if reply == 1}
        if refusals := [reply for reply in written if isinstance(reply, ResponseError)]:
            refusal = server_error(refusals[0])
            raise PartialWriteError(str(refusal), written=sorted(done)) from refusal
        left = [record_id for record_id in commands if record_id not in done]
        if not left:
            break
    else:
        raise ServerError(f"records of index {schema.name!r} were changed by others in every attempt; try again")
    return [record_id for record_id in ids if record_id in done]


def _refuse_wrong_types(snapshot: Snapshot, changes: Changes) -> None:
    """Refuse values that are not of the type of their declared field before any record is read."""
    project(snapshot.schema, changes.values, _CHANGES)
    record_language(snapshot.schema, changes.values, _CHANGES)
    check_changed_texts(snapshot.schema, changes.values, changes.vectors)


def _read(state: IndexState, snapshot: Snapshot, ids: Sequence[str], changes: Changes) -> Steps[list[MetadataUpdate]]:
    """Return the changes of those of some records that there are, within the scope of the state."""
    schema, scope = snapshot.schema, state.scope
    replies = yield [read_for_update(schema, record_id) for record_id in ids]
    # As they were given: a datetime makes its key one of points in time.
    given = {key: changes.values[key] for key in changes.plain}
    found = [merged_metadata(schema, record_id, reply, given) for record_id, reply in zip(ids, replies, strict=True)]
    updates = [update for update in found if update is not None]
    if scope is not None:
        # Whoever is within it now is so when it is written, or is read once more.
        updates = [update for update in updates if scope.holds(schema, update.before.plain, alone=True)]
        for update in updates:
            if not scope.holds(schema, update.after.plain, alone=True):
                raise RecordError(
                    f"the changes would take the record {update.record_id!r:.80} out of the scope of the store, {scope}"
                )
    return updates


def _write(
    state: IndexState, snapshot: Snapshot, updates: Sequence[MetadataUpdate], changes: Changes
) -> Steps[set[str] | None]:
    """Send changes, and return those that were made; None if the index is not what they were made for."""
    if not updates:
        return set()
    schema = snapshot.schema
    commands = [update_command(schema, update, changes) for update in updates]
    # Asked after the writes: whatever changed before or between them shows.
    guard = [read_registry_command(schema.name), Command(("FT.EXPLAIN", schema.name, "*"))]
    ids = [update.record_id for update in updates]
    try:
        replies, (registry, exists) = yield from send_changes(state, snapshot, commands, ids, *guard)
        is_gone = is_missing_index(exists) or ok(exists) is None or as_mapping(ok(registry)) != snapshot.registry
        is_gone = is_gone or not is_settled(snapshot, registry)
    except ServerError as error:
        raise PartialWriteError(str(error), unwritten=ids) from error
    # Something else that took the place of a record is none.
    written = {record_id for record_id, reply in zip(ids, replies, strict=True) if reply == 1}
    refusals = [reply for reply in replies if isinstance(reply, ResponseError) and not is_wrong_type(reply)]
    if refusals:
        refusal = server_error(refusals[0])
        raise PartialWriteError(str(refusal), written=sorted(written)) from refusal
    return None if is_gone else written
