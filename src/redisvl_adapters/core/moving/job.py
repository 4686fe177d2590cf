"""A rebuild that goes on: begun, kept alive, taken over from a process that ended, undone, and finished."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from redisvl_adapters.core.index.background_scan import info_command, wait_for_scan
from redisvl_adapters.core.index.dropping import drop_generation
from redisvl_adapters.core.index.index_commands import create_command, drop_command
from redisvl_adapters.core.index.info import is_older_layout, read_schema, snapshot_commands
from redisvl_adapters.core.index.moves import (
    GENERATION,
    JOURNAL_START,
    MOVED,
    MOVING,
    Rebuild,
    generation_name,
    generation_names,
    journal_key,
    moved_to,
    next_generation_command,
    rebuild_of,
    replace_entries_command,
    unmark_command,
)
from redisvl_adapters.core.index.readiness import writable_snapshot
from redisvl_adapters.core.index.registry import (
    Registry,
    made_of,
    name_model_commands,
    new_registry,
    read_registry_command,
    register_command,
    scale_commands,
)
from redisvl_adapters.core.index.snapshot import ATTEMPTS, IndexState, Snapshot, read_snapshot
from redisvl_adapters.core.ingest.bad_records import BadRecords
from redisvl_adapters.core.moving.plan import Change
from redisvl_adapters.core.records.record import new_id
from redisvl_adapters.core.schema.index_schema import Origin, Schema
from redisvl_adapters.core.schema.index_spec import LEARN_LIMIT, IndexSpec
from redisvl_adapters.core.server.commands import Command, Pause, Steps
from redisvl_adapters.core.server.replies import as_mapping, is_duplicate, is_missing_index, ok
from redisvl_adapters.errors import IndexNotFoundError, ServerError

LEASE = 20.0
"""After how many seconds without a sign of life another call takes a rebuild over."""
_BEATS = 0.25


@dataclass(slots=True)
class Job:
    """A rebuild.

    Attributes:
        state: The index, of which nothing is asked but its name.
        schema: The index that is rebuilt.
        target: The index that is made.
        change: What is to be otherwise.
        mark: What stands in the registry while it goes on.
        beat: The last sign of life.
        began: When everybody could see it at the latest, by the monotonic clock.
        prior: An index that an earlier attempt has made in part, with vectors of the same model; None without one.
        bad: What is done with records that cannot be copied.
    """

    state: IndexState
    schema: Schema
    target: IndexState
    change: Change
    mark: Rebuild
    beat: int = 0
    began: float = field(default_factory=time.monotonic)
    prior: IndexState | None = None
    bad: BadRecords = field(default_factory=BadRecords)


def bare_state(state: IndexState, name: str | None = None, *, create: str = "if-missing") -> IndexState:
    """Return the state of an index of which nothing is asked, and which waits for scans as long as they take."""
    spec = IndexSpec(name or state.spec.name, learn_limit=0, create=create, wait_until_indexed=math.inf)
    return IndexState(spec, opened=True, spans_slots=state.spans_slots)


def open_for_rebuild(state: IndexState) -> Steps[tuple[Snapshot, bool]]:
    """Return what is known of an index that is to be rebuilt, and whether its records have an older layout.

    Args:
        state: The index, of which nothing is asked but its name.

    Raises:
        IndexNotFoundError: If there is no such index.
    """
    name = state.spec.name
    _, info, registry = yield snapshot_commands(name, name)
    entries = as_mapping(ok(registry))
    if not is_missing_index(info) and moved_to(entries) is None and is_older_layout(ok(info), entries):
        schema, records = read_schema(info, entries, older=True)
        return Snapshot(schema, entries, records), True
    snapshot = yield from writable_snapshot(state, anew=True)
    if snapshot is None:
        raise IndexNotFoundError(f"index {name!r} does not exist: there is nothing to rebuild")
    return snapshot, False


def begin(state: IndexState, snapshot: Snapshot, change: Change) -> Steps[Job]:
    """Make the new index, and let everybody know; or go on with a rebuild whose process has ended.

    Args:
        state: The index, of which nothing is asked but its name.
        snapshot: What is known of it.
        change: What is to be otherwise.

    Raises:
        ServerError: If another process is rebuilding it.
    """
    running = rebuild_of(snapshot.registry)
    if running is not None:
        yield from _wait_for_end(snapshot.schema.handle, running)
    token, key = new_id(), change.key
    is_same = running is not None and running.asked == key
    target = None
    if running is not None and is_same and not running.copies:
        target = yield from _existing(state, running.target)
    if target is None:
        target = yield from _make_target(state, snapshot, change, token)
    mark = Rebuild(target.spec.name, change.copies, token, key)
    journal = journal_key(mark.target)
    for reply in (yield [Command(("HSET", journal, JOURNAL_START, 0), journal)]):
        ok(reply)
    name = snapshot.schema.name
    for _ in range(ATTEMPTS):
        (reply,) = yield [read_registry_command(name)]
        registry = as_mapping(ok(reply))
        if registry.get(MOVING) != snapshot.registry.get(MOVING) or moved_to(registry) is not None:
            yield from drop_generation(state, mark.target, spared=snapshot.schema.prefix)
            raise ServerError(f"somebody else has begun to rebuild index {snapshot.schema.handle!r}; try again later")
        (done,) = yield [replace_entries_command(name, registry, {MOVING: mark.dumps()})]
        if ok(done):
            break
    else:
        raise ServerError(f"index {name!r} was changed by others in every attempt to rebuild it; try again")
    job = Job(state, snapshot.schema, target, change, mark)
    if running is not None and is_same and change.embeds:
        job.prior = yield from _existing(state, running.target)
    kept = {mark.target, *([job.prior.spec.name] if job.prior else [])}
    yield from drop_unfinished(state, snapshot.schema, kept)
    return job


def _wait_for_end(handle: str, running: Rebuild) -> Steps[None]:
    """Wait until the process of a rebuild has given no sign of life for a while.

    Raises:
        ServerError: If it gives one.
    """
    journal, first, waited = journal_key(running.target), None, 0.0
    while waited < LEASE:
        (reply,) = yield [Command(("HGET", journal, JOURNAL_START), journal)]
        beat = ok(reply)
        if beat is None:
            return
        if first not in (None, beat):
            raise ServerError(
                f"another process is rebuilding index {handle!r}; wait for it, or stop it with cancel_rebuild()"
            )
        first = beat
        yield Pause(_BEATS)
        waited += _BEATS


def _existing(state: IndexState, name: str) -> Steps[IndexState | None]:
    """Return the state of an index that an earlier attempt has made, if it is there."""
    found = bare_state(state, name, create="never")
    return found if (yield from read_snapshot(found)) is not None else None


def _make_target(state: IndexState, snapshot: Snapshot, change: Change, token: str) -> Steps[IndexState]:
    schema = snapshot.schema
    for _ in range(ATTEMPTS):
        (number,) = yield [next_generation_command(schema.handle)]
        made = _target_schema(snapshot, change, int(ok(number)), token)
        # Refused, if so, before anything is written.
        creation = create_command(made)
        registry, info = yield [read_registry_command(made.name), info_command(made.name)]
        if ok(registry) or (not is_missing_index(info) and ok(info)):
            continue
        registered = [
            register_command(made.name, new_registry(made)),
            *scale_commands(made),
            *name_model_commands(made),
        ]
        for reply in (yield registered):
            ok(reply)
        (created,) = yield [creation]
        if is_duplicate(created):
            continue
        ok(created)
        target = bare_state(state, made.name, create="never")
        if made_of(snapshot.registry) is None:
            # Lost, and of an older layout: the records tell.
            target.spec = replace(target.spec, learn_limit=LEARN_LIMIT)
        if not change.copies:
            yield from read_snapshot(target)
            return target
        yield from wait_for_scan(made.name, math.inf)
        found = yield from read_snapshot(target)
        if found is not None and not found.records:
            return target
        # What lies there is not ours to take in.
        yield [drop_command(made.name, with_records=False)]
    raise ServerError(f"no name is free for the index that a rebuild of {schema.handle!r} makes")


def _target_schema(snapshot: Snapshot, change: Change, number: int, token: str) -> Schema:
    schema, made = snapshot.schema, change.schema
    before = schema.origin or Origin(schema.handle)
    rebuilt = [*before.rebuilt, *(name for name, _, _ in change.differences if name not in ("dims", "embedding_id"))]
    prefix = schema.prefix
    if change.copies:
        bare = re.sub(r"@\d+$", "", prefix[:-1]) if schema.origin else prefix[:-1]
        prefix = f"{bare}@{number}{prefix[-1]}"
        rebuilt.append("prefix")
    origin = Origin(
        before.handle,
        made_of(snapshot.registry),
        tuple(dict.fromkeys(rebuilt)),
        token if change.embeds else before.vectors,
    )
    return replace(made, name=generation_name(before.handle, number), prefix=prefix, alias=None, origin=origin)


def own_registry(job: Job) -> Steps[Registry]:
    """Give a sign of life, and return the registry of the index that is rebuilt.

    Raises:
        ServerError: If somebody took the rebuild over, or cancelled it.
    """
    journal = journal_key(job.mark.target)
    beat, reply = yield [
        Command(("HINCRBY", journal, JOURNAL_START, 1), journal),
        read_registry_command(job.schema.name),
    ]
    job.beat = int(ok(beat))
    registry = as_mapping(ok(reply))
    if registry.get(MOVING) != job.mark.dumps() and moved_to(registry) != job.mark.target:
        raise ServerError(
            f"the rebuild of index {job.schema.handle!r} was cancelled, or taken over by another call of rebuild()"
        )
    return registry


def undo(job: Job) -> Steps[None]:
    """Take away all that a rebuild has made."""
    yield [unmark_command(job.schema.name, MOVING, job.mark.dumps())]
    yield from drop_unfinished(job.state, job.schema, ())


def cancel(state: IndexState) -> Steps[bool]:
    """Undo the rebuild of an index, whoever made it, and return whether there was one."""
    bare = bare_state(state)
    snapshot, _ = yield from open_for_rebuild(bare)
    mark = snapshot.registry.get(MOVING)
    if mark is not None:
        yield [unmark_command(snapshot.schema.name, MOVING, mark)]
    yield from drop_unfinished(bare, snapshot.schema, ())
    return mark is not None


def drop_unfinished(state: IndexState, schema: Schema, kept: Collection[str]) -> Steps[None]:
    """Drop the indexes that rebuilds of an index began, and which never took its place.

    Args:
        state: The index, of which nothing is asked but its name.
        schema: The index that is there.
        kept: The names of those that are kept.
    """
    names = yield from _generations(schema)
    for name in names[names.index(schema.name) + 1 :]:
        if name not in kept:
            yield from _drop(state, name, schema)


def drop_older(state: IndexState, schema: Schema) -> Steps[tuple[str, ...]]:
    """Drop the indexes whose place others have taken, and return their names."""
    names = yield from _generations(schema)
    older = names[: names.index(schema.name)]
    dropped: tuple[str, ...] = ()
    for name in older:
        if (yield from _drop(state, name, schema)):
            dropped += (name,)
    return dropped


def older_names(schema: Schema) -> Steps[tuple[str, ...]]:
    """Return the names of the indexes whose place others have taken, and that are there."""
    names = yield from _generations(schema)
    older = names[: names.index(schema.name)]
    infos = (yield [info_command(name) for name in older]) if older else []
    return tuple(name for name, info in zip(older, infos, strict=True) if not is_missing_index(info))


def _generations(schema: Schema) -> Steps[list[str]]:
    (reply,) = yield [read_registry_command(schema.handle)]
    names = generation_names(schema.handle, as_mapping(ok(reply)))
    return names if schema.name in names else [*names, schema.name]


def _drop(state: IndexState, name: str, schema: Schema) -> Steps[bool]:
    """Drop an index, and its records unless they lie where those of the index that is read do."""
    kept = (MOVED, GENERATION) if name == schema.handle else ()
    return (yield from drop_generation(state, name, spared=schema.prefix, kept=kept))


def finish(state: IndexState, aliases: Collection[str]) -> Steps[Schema]:
    """Let the handle and aliases stand for the newest index, end its journal, and return what it is."""
    snapshot = yield from read_snapshot(state)
    if snapshot is None:
        raise IndexNotFoundError(f"index {state.spec.name!r} was dropped while it was rebuilt")
    schema = snapshot.schema
    if schema.name != schema.handle:
        journal = journal_key(schema.name)
        pointer = register_command(schema.handle, {MOVED: schema.name.encode()})
        for reply in (yield [pointer, Command(("DEL", journal), journal)]):
            ok(reply)
    if state.alias_of is not None:
        aliases = {*aliases, state.spec.name}
    if aliases:
        for reply in (yield [Command(("FT.ALIASUPDATE", alias, schema.name)) for alias in sorted(aliases)]):
            ok(reply)
    return schema
