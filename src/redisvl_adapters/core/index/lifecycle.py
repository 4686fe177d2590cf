"""The life of an index: opened, created, emptied and dropped."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.background_scan import info_command, wait_for_scan
from redisvl_adapters.core.index.coordinator import check_coordinator
from redisvl_adapters.core.index.index_commands import create_command, drop_command, sweep_command, sweep_name
from redisvl_adapters.core.index.info import attributes_of, bare_schema, check_ours, index_name, is_ours
from redisvl_adapters.core.index.neighbours import check_prefix_is_free
from redisvl_adapters.core.index.ownership import (
    check_ownership,
    others_commands,
    read_others,
    remove_records,
    warn_of_unindexed,
)
from redisvl_adapters.core.index.readiness import check_may_create, current_snapshot, whole_snapshot, writable_snapshot
from redisvl_adapters.core.index.registry import (
    HEADER,
    Registry,
    check_version,
    forget_command,
    is_of,
    mark_command,
    name_model_commands,
    new_registry,
    put_back_command,
    read_registry_command,
    register_command,
    registered_fields,
    registered_language,
    registered_model,
    registry_header,
    scale_commands,
)
from redisvl_adapters.core.index.schema_changes import SchemaChange, apply_schema_change
from redisvl_adapters.core.index.snapshot import (
    ATTEMPTS,
    IndexState,
    Snapshot,
    check_matches,
    check_model,
    read_snapshot,
)
from redisvl_adapters.core.records.own_records import warn_of_others
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.option_parsing import check_dims
from redisvl_adapters.core.server.commands import Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping, is_duplicate, is_missing_index, ok, readable, server_error
from redisvl_adapters.errors import (
    ArgumentError,
    IndexNotReadyError,
    MissingModuleError,
    ReadOnlyError,
    SchemaMismatchError,
    ServerError,
)


def open_index(state: IndexState) -> Steps[None]:
    """Look at the index, after dropping it if it is to be overwritten.

    Raises:
        MissingModuleError: If it is on a cluster whose search module has no coordinator.
        IndexNotFoundError: If it does not exist and is never to be created.
        SchemaMismatchError: If it is not what was asked for, or is to be overwritten and was made by somebody else.
    """
    if not state.spans_slots:
        yield from check_coordinator()
    if state.spec.create == "overwrite":
        existed = yield from drop(state)
        if not existed:
            yield from _sweep(state)
    snapshot = yield from current_snapshot(state, anew=True)
    if snapshot is not None and snapshot.schema.foreign is not None:
        yield from warn_of_unindexed(snapshot.schema)
    state.opened = True


def create(state: IndexState, dims: int | None = None) -> Steps[Snapshot]:
    """Create the index, if it does not exist, and add the declared fields that it lacks.

    Args:
        state: The index.
        dims: The number of dimensions of its vectors, if the index was not told.

    Raises:
        IndexNotFoundError: If it is never to be created.
        SchemaMismatchError: If another one of that name exists, or its prefix covers what is not its own.
        ArgumentError: If nobody said how many dimensions its vectors have, or dims is out of range or contradicts what
            the index was told.
    """
    dims = check_dims(dims)
    if dims is not None and state.spec.dims not in (None, dims):
        raise ArgumentError(f"dims={dims} contradicts the dims={state.spec.dims} that the index was told")
    for _ in range(ATTEMPTS):
        snapshot = yield from writable_snapshot(state, anew=True)
        if snapshot is None:
            snapshot = yield from _create(state, dims)
        if snapshot is not None and dims not in (None, snapshot.schema.vector.dims):
            differences = [f"dims is {snapshot.schema.vector.dims!r}, asked for {dims!r:.80}"]
            check_matches(state.spec, snapshot.schema, differences)
        if snapshot is not None:
            snapshot = yield from apply_schema_change(
                state, snapshot, SchemaChange(state.spec.additions(snapshot.schema))
            )
        if snapshot is not None:
            return snapshot
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to create it; try again")


def _create(state: IndexState, dims: int | None) -> Steps[Snapshot | None]:
    yield from check_may_create(state)
    schema = state.spec.schema(dims)
    yield from check_prefix_is_free(schema)
    (reply,) = yield [read_registry_command(schema.name)]
    before = as_mapping(ok(reply))
    check_version(schema.name, before)
    if is_of(before, schema):
        check_model(state.spec, registered_model(before))
        # If somebody dropped an earlier index and left its records, then these are indexed by what was known of them.
        language, key = registered_language(before) if HEADER in before else (schema.language, schema.language_key)
        schema = replace(
            schema,
            fields={**registered_fields(before, schema.reserved), **schema.fields},
            language=state.spec.language or language,
            language_key=state.spec.language_key or key,
        )
    # Refused, if so, before anything is registered.
    creation, entries = create_command(schema), new_registry(schema)
    forgotten = [] if is_of(before, schema) else [forget_command(schema.name, registry_header(before))]
    # Registered first, so that nobody finds the index without its registry.
    registered = [*scale_commands(schema), *name_model_commands(schema), mark_command(schema.name, unchecked=True)]
    for reply in (yield [*forgotten, *registered, register_command(schema.name, entries)]):
        ok(reply)
    (created,) = yield [creation]
    if is_duplicate(created):
        return (yield from read_snapshot(state))
    undo = put_back_command(schema.name, entries[HEADER], before)
    if isinstance(created, ResponseError):
        yield [undo]
        raise _cannot_create(schema, created)
    try:
        # Somebody may have made another one at the same time.
        yield from check_prefix_is_free(schema)
        # If it takes too long, then whoever is the first to ask the index sees what lies there.
        with suppress(IndexNotReadyError):
            yield from wait_for_scan(schema.name, state.spec.wait_until_indexed)
            yield from check_ownership(schema)
    except SchemaMismatchError:
        yield [drop_command(schema.name, with_records=False)]
        yield [undo]
        raise
    return (yield from read_snapshot(state))


def _cannot_create(schema: Schema, error: ResponseError) -> ServerError:
    vector = schema.vector
    if vector.algorithm == "svs-vamana" or vector.dtype in ("int8", "uint8"):
        return MissingModuleError(
            f"the server cannot make an index of {vector.dtype} vectors by {vector.algorithm} ({readable(error)}); "
            "int8 and uint8 need Redis 8.0 or newer, svs-vamana needs Redis 8.2 or newer"
        )
    return server_error(error)


def clear(state: IndexState) -> Steps[None]:
    """Delete all records, one by one. The index stays, with its fields and aliases.

    Raises:
        ArgumentError: If the state is within a scope.
        ReadOnlyError: If it was made by another application.
    """
    refuse_in_scope(state, "clear")
    yield from writable_snapshot(state, anew=True)
    snapshot = yield from whole_snapshot(state)
    if snapshot is None:
        return
    if snapshot.schema.foreign is not None:
        raise ReadOnlyError(
            f"index {snapshot.schema.name!r} was made by another application and is not cleared; delete records by "
            "their ids or by a filter"
        )
    yield from remove_records(state, snapshot.schema)
    # So that whoever is writing sees that what was written before is gone.
    header = {HEADER: new_registry(snapshot.schema)[HEADER]}
    (registered,) = yield [register_command(snapshot.schema.name, header)]
    ok(registered)
    state.snapshot = None


def drop(state: IndexState, *, keep_records: bool = False) -> Steps[bool]:
    """Drop the index with all its records, and nothing else that lies there. It does not need to exist.

    Args:
        state: The index.
        keep_records: Whether the records stay, and what is registered of them: an index of the same name and prefix
            that is made later takes them in as they were.

    Returns:
        Whether it existed.

    Raises:
        ArgumentError: If the state is within a scope.
        ReadOnlyError: If it was opened as one of another application.
        SchemaMismatchError: If it was made by somebody else or by a newer version, or its name is an alias.
        IndexNotReadyError: If it is still being scanned: the server would drop the records that it knows.
    """
    refuse_in_scope(state, "drop" if state.opened else "create='overwrite'")
    name = state.spec.name
    registry, info = yield [read_registry_command(name), info_command(name)]
    exists = not is_missing_index(info)
    check_version(name, as_mapping(ok(registry)), to_drop=True)
    if exists:
        if state.spec.is_foreign and not is_ours(ok(info)):
            raise ReadOnlyError(
                f"index {index_name(info)!r} was made by another application and is not dropped; FT.DROPINDEX drops it"
            )
        check_ours(ok(info))
        if index_name(info) != name:
            raise SchemaMismatchError(
                f"{name!r} is an alias of index {index_name(info)!r}, which is not dropped or overwritten by it; "
                "do that by the name of the index, or take the alias away with FT.ALIASDEL"
            )
        _check_mark(state, info, as_mapping(ok(registry)))
        if keep_records:
            (dropped,) = yield [drop_command(name, with_records=False)]
            if not is_missing_index(dropped):
                ok(dropped)
        else:
            yield from wait_for_scan(name, state.spec.wait_until_indexed)
            yield from _drop_with_records(state, bare_schema(info))
    if not keep_records:
        (forgotten,) = yield [forget_command(name, registry_header(as_mapping(ok(registry))))]
        ok(forgotten)
    state.snapshot, state.was_there = None, False
    return exists


def refuse_in_scope(state: IndexState, what: str) -> None:
    """Refuse what is of the whole index in a scope.

    Raises:
        ArgumentError: If the state is within one.
    """
    if state.scope is not None:
        raise ArgumentError(
            f"{what} is of the whole index, and this store is scoped to {state.scope}; do it through the store that "
            "scoped() was called on, or call clear() to delete what is within the scope"
        )


def _check_mark(state: IndexState, info: Reply, registry: Registry) -> None:
    if state.mark is None:
        return
    field = registered_fields(registry, frozenset()).get(state.mark)
    if state.mark not in attributes_of(info) or (field is not None and field.learnt):
        raise SchemaMismatchError(
            f"index {state.spec.name!r} is not dropped or overwritten: it was not made for this, and holds the records "
            "of something else; choose another index_name"
        )


def _drop_with_records(state: IndexState, schema: Schema) -> Steps[None]:
    """Drop an index that was scanned, with the records under it."""
    replies = yield others_commands(schema)
    if any(map(is_missing_index, replies)):
        return
    others = read_others(replies)
    if others:
        warn_of_others(schema, *others)
        yield from remove_records(state, schema)
    (dropped,) = yield [drop_command(schema.name, with_records=not others)]
    if not is_missing_index(dropped):
        ok(dropped)


def _sweep(state: IndexState) -> Steps[None]:
    """Delete the records that outlived their index, which a new one would take in again."""
    schema = state.spec.schema(state.spec.dims or 1)
    yield from check_prefix_is_free(schema)
    swept = replace(schema, name=sweep_name(schema.prefix))
    (created,) = yield [sweep_command(swept)]
    ok(created)
    try:
        yield from wait_for_scan(swept.name, state.spec.wait_until_indexed)
    except IndexNotReadyError:
        yield [drop_command(swept.name, with_records=False)]
        raise
    yield from _drop_with_records(state, swept)
