"""Rebuilding an index beside the one that is there, which is read and written meanwhile, and the switch to it.

While it goes on, reads are answered by the index that is there. What changes its records notes them in a journal if
they are copied, by which the copy follows; if they are only indexed again, then both indexes have them. At the switch,
what changes records waits for some milliseconds, the last changes are copied, and one script lets the old index point
to the new one, if nothing has changed meanwhile. Whoever has changed records, or read them, sees that it has moved, and
does it again there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.background_scan import ScanProgress, info_command, scan_progress
from redisvl_adapters.core.index.lifecycle import create
from redisvl_adapters.core.index.moves import (
    MOVED,
    MOVING,
    PAUSED,
    generation_names,
    moved_to,
    pause_mark,
    replace_entries_command,
    unmark_command,
)
from redisvl_adapters.core.index.readiness import whole_snapshot
from redisvl_adapters.core.index.record_keys import count_command, read_total
from redisvl_adapters.core.index.registry import Registry, read_registry_command
from redisvl_adapters.core.index.snapshot import ATTEMPTS, MAX_AGE, IndexState
from redisvl_adapters.core.ingest.bad_records import BadRecords, find_unindexed
from redisvl_adapters.core.ingest.tasks import ToEmbed
from redisvl_adapters.core.moving.copying import copy_all, copy_changed, copy_missed, is_journal_empty, learn_from
from redisvl_adapters.core.moving.job import (
    Job,
    bare_state,
    begin,
    drop_older,
    drop_unfinished,
    finish,
    older_names,
    open_for_rebuild,
    own_registry,
    undo,
)
from redisvl_adapters.core.moving.plan import Change, RebuildOptions, RebuildPlan, RebuildSettings, plan_change
from redisvl_adapters.core.moving.task import Task
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.server.commands import Pause, Steps
from redisvl_adapters.core.server.progress import Progress
from redisvl_adapters.core.server.replies import as_mapping, ok
from redisvl_adapters.errors import ArgumentError, RecordError, SchemaError, SchemaMismatchError, ServerError

_BY_DEFAULT = RebuildSettings()
_FEW = 50
"""With how few changes to copy an index moves."""
_FIRST_PAUSE = 3.0
"""For how many seconds at most what changes records waits at the first attempt to move; twice as long at each other."""
_POLL = 0.1
SETTLED = 1.2 * MAX_AGE
"""After how many seconds everybody knows what stands in the registry."""


def rebuild(
    state: IndexState,
    options: RebuildOptions,
    settings: RebuildSettings = _BY_DEFAULT,
    *,
    embeds: bool = False,
) -> Task[RebuildPlan]:
    """Rebuild an index, and return what was done.

    Args:
        state: The index.
        options: What it is to be.
        settings: How it is rebuilt.
        embeds: Whether there is a new embedding model.

    Raises:
        IndexNotFoundError: If there is no such index.
        ArgumentError: If an option is out of its range or would need a new embedding model, or an alias is an index.
        SchemaError: If options contradict each other.
        RecordError: If a record cannot be what is asked for; then all is as it was.
        ServerError: If another process is rebuilding it, took it over, or cancelled it, or the server failed.
    """
    bare = bare_state(state)
    yield _check_aliases(settings.aliases)
    snapshot, is_older = yield open_for_rebuild(bare)
    model = settings.embedding_id
    embeds = embeds and (model is None or model != snapshot.schema.embedding_id)
    if embeds and options.get("dims") is None:
        vectors = yield ToEmbed([Record("-", "dimensions")])
        options = {**options, "dims": len(vectors[0])}
    change = plan_change(snapshot.schema, options, embeds=embeds, model=model, is_older=is_older)
    handle, records = snapshot.schema.handle, snapshot.records
    plan = RebuildPlan(handle, None, records, change.copies, embeds, change.differences)
    if settings.dry_run:
        target = (yield _next_name(handle)) if change.needs_index else None
        older = yield older_names(snapshot.schema)
        dropped = [*older, *([snapshot.schema.name] if target else [])] if settings.drop_old else []
        return replace(plan, target=target, dropped=tuple(dropped))
    if change.additions and not change.copies:
        yield _add_fields(bare, change)
        snapshot, _ = yield open_for_rebuild(bare)
        change = plan_change(snapshot.schema, options)
    if change.needs_index:
        bad = BadRecords(settings.on_bad_record)
        if change.copies:
            yield find_unindexed(snapshot.schema, bad)
        job = yield begin(bare, snapshot, change)
        job.bad = bad
        plan = replace(plan, target=job.mark.target)
        try:
            yield from _make(job, records)
        except (RecordError, SchemaError, SchemaMismatchError):
            yield undo(job)
            raise
        bad.tell()
        if embeds:
            state.model = bare.model = job.mark.token
            state.spec = replace(state.spec, embedding_id=model, dims=None)
    schema = yield finish(bare, settings.aliases)
    yield drop_unfinished(bare, schema, ())
    state.snapshot = None
    if settings.drop_old and (yield older_names(schema)):
        # Until nobody reads the old one any more.
        yield _pause(SETTLED)
        plan = replace(plan, dropped=(yield drop_older(bare, schema)))
    return plan


def _check_aliases(aliases: Sequence[str]) -> Steps[None]:
    """Refuse what cannot be an alias, which the server would tell when all is made."""
    infos = (yield [info_command(alias) for alias in aliases]) if aliases else []
    for alias, info in zip(aliases, infos, strict=True):
        if not isinstance(info, ResponseError) and as_mapping(info)[b"index_name"] == alias.encode():
            raise ArgumentError(f"{alias!r:.80} cannot be an alias: it is the name of an index")


def _next_name(handle: str) -> Steps[str]:
    (reply,) = yield [read_registry_command(handle)]
    return f"{handle}@{len(generation_names(handle, as_mapping(ok(reply)))) + 1}"


def _add_fields(state: IndexState, change: Change) -> Steps[None]:
    """Add fields to an index, and index its records under them."""
    spec = replace(state.spec, fields={field.key: field for field in change.additions})
    added = IndexState(spec, opened=True, spans_slots=state.spans_slots)
    yield from create(added)
    yield from whole_snapshot(added, anew=True)


def _make(job: Job, records: int) -> Task[None]:
    if job.change.copies:
        yield from copy_all(job, records)
        yield from copy_missed(job)
    else:
        yield from _wait_for_scan(job, records)
    left = SETTLED - (time.monotonic() - job.began)
    if left > 0:
        yield _pause(left)
    seconds = _FIRST_PAUSE
    for _ in range(ATTEMPTS):
        if job.change.copies:
            if (yield from _switch_copied(job, seconds)):
                return
            seconds *= 2
        elif (yield from _switch_indexed(job, records)):
            return
    raise ServerError(
        f"index {job.schema.name!r} was changed by others in every attempt to switch to {job.mark.target!r}; call "
        "rebuild again"
    )


def _pause(seconds: float) -> Steps[None]:
    yield Pause(seconds)


def _wait_for_scan(job: Job, records: int) -> Task[None]:
    """Wait until the server has indexed all records again."""
    while True:
        scan: ScanProgress = yield _scan(job)
        if not scan.is_running:
            yield Progress(records, records)
            return
        yield Progress(int(records * scan.percent / 100) if scan.percent <= 100 else 0, records)
        yield own_registry(job)
        yield _pause(_POLL)


def _scan(job: Job) -> Steps[ScanProgress]:
    (info,) = yield [info_command(job.mark.target)]
    return scan_progress(ok(info))


def _switch_indexed(job: Job, records: int) -> Task[bool]:
    """Switch to an index over the same records, and return whether that was done."""
    registry = yield own_registry(job)
    if moved_to(registry) == job.mark.target:
        return True
    yield learn_from(job, registry)
    yield from _wait_for_scan(job, records)
    yield _check_counts(job)
    return (yield _replace(job, registry, {MOVED: job.mark.target.encode(), MOVING: b""}))  # type: ignore[no-any-return]  # of Steps[bool]


def _check_counts(job: Job) -> Steps[None]:
    """See to it that the new index has all records.

    Raises:
        SchemaMismatchError: If it has not, time after time.
    """
    target = job.target.schema
    if target is None:
        return
    has = there = 0
    for _ in range(ATTEMPTS):
        new, old = yield [count_command(target, "*"), count_command(job.schema, "*")]
        has, there = read_total(ok(new)), read_total(ok(old))
        if has >= there:
            return
        yield Pause(_POLL)
    raise SchemaMismatchError(
        f"index {job.mark.target!r}, which a rebuild has made, has {has} records, and index {job.schema.name!r} has "
        f"{there}: the server cannot index some of them in that way"
    )


def _switch_copied(job: Job, seconds: float) -> Task[bool]:
    """Switch to an index over copied records, and return whether that was done.

    Args:
        job: The rebuild.
        seconds: For how long at most what changes records may wait.
    """
    while (yield from copy_changed(job)) > _FEW:
        pass
    registry = yield own_registry(job)
    if moved_to(registry) == job.mark.target:
        return True
    yield learn_from(job, registry)
    mark = pause_mark(seconds)
    if not (yield _replace(job, registry, {PAUSED: mark})):
        return False
    try:
        # Whoever sees the mark does again what was done before, and notes nothing more that counts.
        while not (yield is_journal_empty(job)):
            yield from copy_changed(job)
        registry = {**registry, PAUSED: mark}
        moves = {MOVED: job.mark.target.encode(), MOVING: b"", PAUSED: b""}
        is_done: bool = yield _replace(job, registry, moves)
    except Exception:
        yield _unpause(job, mark)
        raise
    if not is_done:
        yield _unpause(job, mark)
    return is_done


def _replace(job: Job, registry: Registry, entries: dict[bytes, bytes]) -> Steps[bool]:
    (done,) = yield [replace_entries_command(job.schema.name, registry, entries)]
    return bool(ok(done))


def _unpause(job: Job, mark: bytes) -> Steps[None]:
    yield [unmark_command(job.schema.name, PAUSED, mark)]
