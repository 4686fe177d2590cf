"""Whether an index can be asked: its snapshot is not too old, no scan is running, and all that lies there is records.

Operations that go by the ids of records need to know where records lie: ``known_snapshot`` and ``current_snapshot``.
Operations that ask the index are decorated by ``asks_index`` or ``searches_index``, and are made again if the index
changes under them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from redis.exceptions import ResponseError

from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.index.background_scan import OnScan, wait_for_scan
from redisvl_adapters.core.index.moves import MOVING, PAUSED, before_move
from redisvl_adapters.core.index.ownership import check_ownership
from redisvl_adapters.core.index.record_keys import count_command, read_total
from redisvl_adapters.core.index.registry import (
    HEADER,
    describe_command,
    name_model_commands,
    read_registry_command,
    restore_command,
)
from redisvl_adapters.core.index.snapshot import ATTEMPTS, IndexState, Snapshot, past_pause, read_snapshot
from redisvl_adapters.core.schema.index_schema import StaleSchemaError
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, ok, server_error
from redisvl_adapters.core.server.steps import pipelined
from redisvl_adapters.errors import FilterError, IndexNotFoundError, ServerError, did_you_mean

P = ParamSpec("P")
_log = logging.getLogger(__name__)

_PAUSES = (0.01, 0.04, 0.1)
"""How long to wait before each further look for an index that is gone: it may be about to be made anew."""


def known_snapshot(state: IndexState, *, anew: bool = False) -> Steps[Snapshot | None]:
    """Return what is known of an index; None if it does not exist.

    Args:
        state: The index.
        anew: Whether to ask the server in any case. Else it is asked if the last time is long ago, or if the index is
            known by an alias, which may stand for another one by now.
    """
    snapshot = state.snapshot
    if snapshot is None or anew or snapshot.is_old or snapshot.schema.alias is not None:
        return (yield from read_snapshot(state))
    return snapshot


def writable_snapshot(state: IndexState, *, anew: bool = False) -> Steps[Snapshot | None]:
    """Return what is known of an index that is to be written to. See ``known_snapshot``.

    Its registry is written back if it was lost, and learns the embedding model if it has none.
    The first time, the descriptions of declared fields are registered, in the place of those that others gave.
    """
    snapshot = yield from known_snapshot(state, anew=anew)
    snapshot = yield from past_pause(state, snapshot)
    while snapshot is not None and snapshot.schema.foreign is None:
        naming = name_model_commands(replace(snapshot.schema, embedding_id=state.spec.embedding_id))
        if snapshot.is_restored:
            (reply,) = yield [restore_command(snapshot.schema.name, snapshot.registry)]
            ok(reply)
        elif naming and snapshot.schema.embedding_id is None and state.names_model:
            (reply,) = yield naming
            if isinstance(reply, ResponseError):
                # A user who may write records alone.
                state.names_model = False
                _log.info("index %r has no embedding_id yet: %s", snapshot.schema.name, server_error(reply))
        else:
            break
        snapshot = yield from read_snapshot(state)
    if snapshot is not None and not state.is_described:
        # Once, so that two stores that say different things do not take turns.
        state.is_described = True
        command = describe_command(snapshot.schema.name, snapshot.registry, state.spec.fields.values())
        if command is not None:
            (reply,) = yield [command]
            if isinstance(reply, ResponseError):
                _log.info(
                    "index %r has not the new descriptions of its fields: %s", state.spec.name, server_error(reply)
                )
            snapshot = yield from read_snapshot(state)
    return snapshot


def changeable_snapshot(state: IndexState, *, anew: bool = False) -> Steps[Snapshot | None]:
    """Return what is known of an index whose records are to be changed. See ``current_snapshot``."""
    return (yield from past_pause(state, (yield from current_snapshot(state, anew=anew))))


def current_snapshot(state: IndexState, *, anew: bool = False) -> Steps[Snapshot | None]:
    """Return what is known of an index; None if it does not exist yet. See ``known_snapshot``.

    Raises:
        IndexNotFoundError: If it existed and is gone, or is never to be created.
    """
    snapshot = yield from known_snapshot(state, anew=anew)
    if snapshot is not None or not (state.was_there or state.spec.create == "never"):
        return snapshot
    for seconds in _PAUSES:
        yield Pause(seconds)
        if (snapshot := (yield from read_snapshot(state))) is not None:
            return snapshot
    yield from check_may_create(state)
    raise IndexNotFoundError(
        f"index {state.spec.name!r} existed when this store was opened and does not exist any more; somebody dropped "
        "it, or the server came back without its data. The next write creates it anew"
    )


def snapshot_in_scope(state: IndexState, snapshot: Snapshot | None) -> Steps[Snapshot | None]:
    """Return what is known of an index; None too if no record can be within the scope, whose keys none has had.

    Args:
        state: The index.
        snapshot: What is known of it already.

    Raises:
        FilterError: If records have such a key, and cannot be told apart by it.
    """
    if state.scope is None or snapshot is None or not state.scope.lacks(snapshot.schema):
        return snapshot
    # Others may have written the first record with it.
    snapshot = yield from current_snapshot(state, anew=True)
    if snapshot is None or not (lacking := state.scope.lacks(snapshot.schema)):
        return snapshot
    for key, reply in zip(lacking, (yield [_unindexed(snapshot, key) for key in lacking]), strict=True):
        if not is_missing_index(reply) and read_total(ok(reply)):
            raise FilterError(
                f"records of index {snapshot.schema.name!r} have {key!r:.80}, a key of the scope, and are not found by "
                f"it; declare it: metadata_schema={{{key!r:.80}: 'tag'}}"
            )
    return None


def _unindexed(snapshot: Snapshot, key: str) -> Command:
    return count_command(snapshot.schema, presence_query(key, "~"))


def check_may_create(state: IndexState) -> Steps[None]:
    """Refuse to create an index that is never to be created, or under the name of an alias that is gone.

    Raises:
        IndexNotFoundError: If so; the message names the nearest index that there is.
    """
    spec = state.spec
    if state.alias_of is not None:
        raise IndexNotFoundError(
            f"{spec.name!r} was an alias of index {state.alias_of!r} and is none any more; set it again with "
            "FT.ALIASADD, or open an index by its own name"
        )
    if spec.create != "never":
        return
    (reply,) = yield [Command(("FT._LIST",))]
    # A user may not be allowed to list them.
    names = [] if isinstance(reply, ResponseError) else [name.decode("utf-8", "replace") for name in reply]
    raise IndexNotFoundError(
        f"index {spec.name!r} does not exist on this server{did_you_mean(spec.name, names)}; from_existing_index() and "
        "create='never' only open an index that exists. Check index_name and redis_url, or let a store create it"
    )


def whole_snapshot(state: IndexState, *, anew: bool = False, follows: bool = False) -> Steps[Snapshot | None]:
    """Return what is known of an index once it can be asked; None if it does not exist yet.

    Args:
        state: The index.
        anew: Whether to ask the server in any case.
        follows: Whether an alias is no reason to ask, since the operation sees for itself what it stands for.

    Raises:
        IndexNotFoundError: If it existed and is gone, or is never to be created.
        IndexNotReadyError: If the server takes longer to scan it than the store was told to wait.
        SchemaMismatchError: If there are keys of somebody else under its prefix.
    """
    snapshot = state.snapshot
    if not anew and snapshot is not None and snapshot.is_whole and not snapshot.is_old:
        follows = follows and snapshot.schema.foreign is None
        is_certain = follows or snapshot.schema.alias is None
        if is_certain:
            return snapshot
    while True:
        snapshot = yield from current_snapshot(state, anew=True)
        if snapshot is None or snapshot.is_whole:
            return snapshot
        if snapshot.scan.is_running:
            yield from wait_for_scan(snapshot.schema.name, state.spec.wait_until_indexed)
        elif not (yield from check_ownership(snapshot.schema)):
            state.snapshot = replace(snapshot, is_unchecked=False)
            return state.snapshot


def wait_until_indexed(state: IndexState, seconds: float | None = None, on_scan: OnScan | None = None) -> Steps[None]:
    """Wait until an index can be asked.

    Args:
        state: The index.
        seconds: How long to wait at most; by default as the store was told.
        on_scan: Is told how far it is.

    Raises:
        IndexNotReadyError: If it takes longer.
    """
    snapshot = yield from current_snapshot(state, anew=True)
    if snapshot is not None:
        most = state.spec.wait_until_indexed if seconds is None else seconds
        yield from wait_for_scan(snapshot.schema.name, most, on_scan)
        yield from whole_snapshot(state, anew=True)


def asks_index(
    operation: Callable[Concatenate[IndexState, P], Steps[T]],
) -> Callable[Concatenate[IndexState, P], Steps[T]]:
    """Let an operation that asks the index wait until it can be asked, and be made again if the index changes."""
    return _asking(operation, follows=False)


def searches_index(
    operation: Callable[Concatenate[IndexState, P], Steps[T]],
) -> Callable[Concatenate[IndexState, P], Steps[T]]:
    """Let a search, whose commands follow an alias at once, wait and be made again as ``asks_index`` does.

    Its rows tell whether an alias still stands for the same index. Where there are none, the server is asked.
    """
    return _asking(operation, follows=True)


def _asking(
    operation: Callable[Concatenate[IndexState, P], Steps[T]], *, follows: bool
) -> Callable[Concatenate[IndexState, P], Steps[T]]:
    @wraps(operation)
    def steps(state: IndexState, /, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        snapshot, anew = state.snapshot, False
        if (
            snapshot is not None
            and snapshot.is_whole
            and not snapshot.is_old
            and snapshot.schema.alias is None
            and MOVING not in snapshot.registry
        ):
            # By far the most.
            try:
                return (yield from operation(state, *args, **kwargs))
            except StaleSchemaError:
                anew = True

        def start() -> Steps[T]:
            started = operation(state, *args, **kwargs)
            return _verified(state, started) if follows else started

        return (yield from asking(state, start, anew=anew, follows=follows))

    return steps


def asking(state: IndexState, start: Callable[[], Steps[T]], *, anew: bool = False, follows: bool = False) -> Steps[T]:
    """Run an operation that asks the index as soon as it can be asked, and again whenever the index changes under it.

    Args:
        state: The index.
        start: Starts the operation.
        anew: See ``whole_snapshot``.
        follows: See ``whole_snapshot``.
    """
    for _ in range(ATTEMPTS):
        snapshot = yield from whole_snapshot(state, anew=anew, follows=follows)
        try:
            if snapshot is None or MOVING not in snapshot.registry:
                return (yield from start())
            return (yield from before_move(snapshot.schema.name, start(), spans_slots=state.spans_slots))
        except StaleSchemaError:
            anew = True
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to ask it; try again")


def asking_together(state: IndexState, operations: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Run searches side by side, after looking at the index for all of them at once if need be. See ``pipelined``."""
    yield from whole_snapshot(state, follows=True)
    return (yield from pipelined(operations))


def _verified(state: IndexState, search: Steps[T]) -> Steps[T]:
    """Run a search by an alias, and see to it that what it finds is not what another index has."""
    before = state.snapshot
    if before is None or before.schema.alias is None:
        return (yield from search)
    error: ServerError | None = None
    found: Any = None
    try:
        found = yield from search
    except ServerError as refusal:
        error = refusal
    if error is not None or not found or not all(found):
        after = yield from whole_snapshot(state, anew=True)
        if after is None or after.schema.name != before.schema.name:
            raise StaleSchemaError
    if error is not None:
        raise error
    return found  # type: ignore[no-any-return]  # what the search returned


def confirm_unchanged(state: IndexState, snapshot: Snapshot) -> Steps[None]:
    """See to it that what was asked of an index was asked of it as it is: not made anew, and taught nothing, meanwhile.

    Raises:
        StaleSchemaError: If it was.
    """
    (reply,) = yield [read_registry_command(snapshot.schema.name)]
    registry = as_mapping(ok(reply))
    if registry != snapshot.registry and not (snapshot.is_restored and HEADER not in registry):
        raise StaleSchemaError
    if PAUSED in registry:
        yield from past_pause(state, snapshot)
        raise StaleSchemaError


def from_index(reply: Reply) -> Reply:
    """Return a reply of the index.

    Raises:
        StaleSchemaError: If the index is gone.
        ServerError: If the server refused the command.
    """
    if is_missing_index(reply):
        raise StaleSchemaError
    return ok(reply)
